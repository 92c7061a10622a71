import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { formatDrillResult, runDrill } from '@strata/conformance';
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
