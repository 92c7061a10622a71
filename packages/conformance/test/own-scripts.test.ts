import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';

const ROOT = fileURLToPath(new URL('../scripts', import.meta.url));
const scripts = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .sort();

test('there are scripts', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(77);
});

test.each(scripts)('%s passes strictly, with nothing left over', (name) => {
  const source = readFileSync(join(ROOT, name), 'utf8');
  const result = runDrill(source, { name, leniency: STRICT, unexpectedAtEnd: 'fail' });
  expect(formatDrillResult(result)).toBe(`PASS        ${name}`);
});

test.each(scripts)('%s opens with the clause it checks', (name) => {
  expect(readFileSync(join(ROOT, name), 'utf8')).toMatch(/^\/\/ (?:RFC [0-9]+)/);
});
