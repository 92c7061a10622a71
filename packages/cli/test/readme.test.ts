import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { strata } from './recorder.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const lines = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));
const here = lines.filter((line) => !line.includes('--tap'));

/** Splits a line at blanks outside of single quotes. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-readme-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('the lines of the README', () => {
  test('are all lines of strata', () => {
    expect(here.length).toBeGreaterThan(8);
    expect(lines.every((line) => line.startsWith('strata '))).toBe(true);
  });

  test.each(here)('%s', async (line) => {
    const { code, stdout } = await strata(split(line).slice(1), { directory });
    expect(code).toBe(0);
    expect(stdout === '' && !line.includes('--quiet')).toBe(false);
  });
});
