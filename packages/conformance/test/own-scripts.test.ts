import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';

const ROOT = fileURLToPath(new URL('../scripts', import.meta.url));
const scripts = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .sort();
const sources = new Map(scripts.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));

/** What a script says that it is for: `ipv4`, `ipv6` or both. */
function meantFor(name: string): string {
  return /^--ip_version=(\S+)/m.exec(sources.get(name) ?? '')?.[1] ?? 'both';
}

test('there are scripts', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(250);
});

describe.each(['ipv4', 'ipv6'])('over %s', (version) => {
  const other = version === 'ipv4' ? 'ipv6' : 'ipv4';
  test.each(scripts.filter((name) => meantFor(name) !== other))(
    '%s passes strictly, with nothing left over',
    (name) => {
      const result = runDrill(sources.get(name) ?? '', {
        name,
        leniency: STRICT,
        unexpectedAtEnd: 'fail',
        scriptOptions: [{ name: 'ip_version', value: version }],
      });
      expect(formatDrillResult(result)).toBe(`PASS        ${name}`);
    },
  );
});

test('each opens with the clause it checks', () => {
  expect(scripts.filter((name) => !/^\/\/ RFC [0-9]+/.test(sources.get(name) ?? ''))).toEqual([]);
});
