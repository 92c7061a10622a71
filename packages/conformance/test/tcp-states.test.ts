import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';
import { scripts } from '../../../tools/tcp-states.mjs';

const ROOT = fileURLToPath(new URL('../scripts/states', import.meta.url));

test('the scripts of states are those of tools/tcp-states.mjs', () => {
  const present = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pkt'));
  expect(present.sort()).toEqual([...scripts().keys()].sort());
  const others = [...scripts()].filter(([name, text]) => readFileSync(join(ROOT, name), 'utf8') !== text);
  expect(others.map(([name]) => name)).toEqual([]);
});

/** In TIME-WAIT FreeBSD takes no reset (RFC 1337), does not answer it either, and answers every strange acknowledgment. */
const NOT_OF_BSD =
  /^time-wait\/(?:reset-(?:exact|inside|last-inside|with-ack-exact|with-data-exact)|everything-and-reset|ack-old)\.pkt$/;

test('they hold with the settings of FreeBSD, too', () => {
  const failed: string[] = [];
  for (const [name, text] of scripts()) {
    const source = text.replace(/^ {4}0 /m, '    0 `sysctl -w net.inet.tcp.rfc1323=1`\n   +0 ');
    const result = runDrill(source, { name, leniency: STRICT, unexpectedAtEnd: 'fail' });
    if (result.verdict !== 'pass' && !NOT_OF_BSD.test(name)) failed.push(formatDrillResult(result));
  }
  expect(failed).toEqual([]);
});
