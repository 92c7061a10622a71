import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { DrillSyntaxError, formatDrillResult, parseScript, runDrill } from '@strata/conformance';
import { SeededRandom } from '@strata/time';

const ROOT = fileURLToPath(new URL('../scripts', import.meta.url));
const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .sort()
  .map((name) => readFileSync(join(ROOT, name), 'utf8'));

/** Drops, repeats, swaps and misnumbers lines, so that what is left still reads as a script. */
function damage(source: string, random: SeededRandom): string {
  const lines = source.split('\n');
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(lines.length);
    const line = lines[at] as string;
    switch (random.below(5)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, line);
        break;
      case 2:
        lines[at] = lines[random.below(lines.length)] as string;
        break;
      case 3:
        lines[at] = line.replace(/[0-9]+/, () => String(random.below(2 ** 32)));
        break;
      default:
        lines[at] = line.replace(/ack [0-9]+|\([0-9]+\)|= -?[0-9]+/, (old) =>
          old.replace(/[0-9]+/, String(random.below(70000))),
        );
    }
  }
  return lines.join('\n');
}

test('damaged scripts get a verdict, never break the stack and leave no packet behind', () => {
  const random = new SeededRandom('damaged scripts');
  const verdicts = { pass: 0, fail: 0, unsupported: 0 };
  for (let i = 0; i < 250; i++) {
    const source = damage(sources[random.below(sources.length)] as string, random);
    const result = runDrill(source);
    const text = formatDrillResult(result);
    if (/broke down|still holds/.test(text)) throw new Error(`${text}\n${source}`);
    verdicts[result.verdict]++;
  }
  expect(verdicts.fail).toBeGreaterThan(50);
  expect(verdicts.pass).toBeGreaterThan(20);
});

const ALPHABET = '<>[](){}|,.:;~*+-=0123456789 \n\t`%"\'!#/\\ackwinSFRPEWAUmssTSvalecrnopudpicmp...';

/** What may come of reading: a script, or an error with a place. */
function read(source: string): boolean {
  try {
    parseScript(source);
    return true;
  } catch (error) {
    if (error instanceof DrillSyntaxError && error.location.line > 0 && error.location.column > 0) return false;
    throw new Error(`reading broke down: ${String(error)}\n${source.slice(0, 500)}`);
  }
}

test('random octets, cut scripts and foreign pieces are read or refused with a place, never more', () => {
  const random = new SeededRandom('what is not a script');
  const pick = () => sources[random.below(sources.length)] as string;
  const letter = () =>
    random.below(4) > 0
      ? (ALPHABET[random.below(ALPHABET.length)] as string)
      : String.fromCharCode(random.below(65536));
  let readable = 0;
  for (let i = 0; i < 3400; i++) {
    let noise = '';
    for (let length = random.below(100); length > 0; length--) noise += letter();
    if (read(noise)) readable++;
    const source = pick();
    if (read(source.slice(0, random.below(source.length)))) readable++;
    const at = random.below(source.length);
    const other = pick();
    const from = random.below(other.length);
    const mixed = `${source.slice(0, at)}${letter()}${other.slice(from, from + random.below(40))}${source.slice(at)}`;
    if (read(mixed)) readable++;
  }
  expect(readable).toBeGreaterThan(500);
});

test('scripts with tokens missing, doubled, exchanged or foreign are read or refused with a place', () => {
  const random = new SeededRandom('tokens');
  const foreign = [
    '0',
    '-1',
    '99999999999',
    '...',
    '{',
    '}',
    '(',
    ')',
    '<',
    '>',
    '=',
    '%{',
    '}%',
    '`',
    'nop',
    'TS',
    'win',
    'icmp',
  ];
  let readable = 0;
  for (let i = 0; i < 1500; i++) {
    const tokens = (sources[random.below(sources.length)] as string).match(/\s+|\w+|\.\.\.|[^\s\w]/g) ?? [];
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      const at = random.below(tokens.length);
      const other = random.below(tokens.length);
      const kind = random.below(4);
      if (kind === 0) tokens.splice(at, 1);
      else if (kind === 1) tokens.splice(at, 0, tokens[at] as string);
      else if (kind === 2) [tokens[at], tokens[other]] = [tokens[other] as string, tokens[at] as string];
      else tokens.splice(at, 0, foreign[random.below(foreign.length)] as string);
    }
    if (read(tokens.join(''))) readable++;
  }
  expect(readable).toBeGreaterThan(100);
});

test.each([
  ['brackets', `0 f(${'['.repeat(20_000)}`],
  ['structures', `0 f(${'{'.repeat(20_000)}`],
  ['calls', `0 ${'f('.repeat(20_000)}`],
  ['parentheses in code', `0 %{ assert ${'('.repeat(20_000)} }%`],
  ['signs in code', `0 %{ assert ${'-'.repeat(50_000)}1 }%`],
  ['negations in code', `0 %{ assert ${'not '.repeat(50_000)}1 }%`],
  ['numbers without end', '0 %{ x = 10**400; y = x << 64 }%'],
  ['texts without end', '0 %{ x = "a" * 1000; x = x * 1000; x = x * 1000 }%'],
  ['shells in shells', `0 \`${'sh -c '.repeat(2000)}\``],
  ['options', `0 > . 1:1(0) <${'nop,'.repeat(50_000)}`],
])('%s in great number get a verdict', (_what, source) => {
  expect(['fail', 'pass', 'unsupported']).toContain(runDrill(source).verdict);
});
