import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { goldenCaptures, makeCapture } from '../tools/captures.mjs';
import { root } from './support/strata.ts';

const golden = goldenCaptures();
const folder = mkdtempSync(join(tmpdir(), 'strata-captures-'));

afterAll(() => rmSync(folder, { recursive: true }));

test('every capture in the folder is explained, and every one explained is there', () => {
  const files = readdirSync(join(root, 'captures')).filter((file) => file.endsWith('.pcapng'));
  expect(golden.map(({ file }) => file).sort()).toEqual(files.sort());
  expect(files.length).toBeGreaterThan(0);
});

describe('a golden capture comes out of its command byte for byte', () => {
  test.each(golden)('$file', ({ file, words }) => {
    const made = join(folder, file);
    makeCapture(words, made);
    const same = readFileSync(made).equals(readFileSync(join(root, 'captures', file)));
    expect(same ? 'unchanged' : 'different: run node tools/captures.mjs, look at the change, commit it').toBe(
      'unchanged',
    );
  });
});
