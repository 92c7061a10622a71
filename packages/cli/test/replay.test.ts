import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { strata } from './recorder.ts';

const good = fileURLToPath(
  new URL('../../conformance/replays/neighbor/answers-a-solicitation-sent-to-itself.ndjson', import.meta.url),
);
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-replay-'));
  mkdirSync(join(directory, 'all'));
  symlinkSync('/nowhere', join(directory, 'all/a.ndjson'));
  writeFileSync(join(directory, 'all/b.ndjson'), 'not a sequence\n');
  copyFileSync(good, join(directory, 'all/c.ndjson'));
});

afterAll(() => rmSync(directory, { recursive: true }));

test('files that cannot be read keep no other sequence from being run', async () => {
  const { code, stdout, stderr } = await strata(['replay', 'all'], { directory });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^unreadable {2}all\/a\.ndjson$/m);
  expect(stdout).toMatch(/^unreadable {2}all\/b\.ndjson$/m);
  expect(stdout).toMatch(/^pass {2}all\/c\.ndjson/m);
  expect(stderr).toContain('1 of 3 sequences pass');
});

test('--json says of each in a line whether it passed', async () => {
  const { stdout } = await strata(['replay', 'all', '--json'], { directory });
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { pass: boolean; result: string });
  expect(results.map(({ pass, result }) => [pass, result])).toEqual([
    [false, 'unreadable'],
    [false, 'unreadable'],
    [true, 'pass'],
  ]);
});
