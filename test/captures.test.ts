import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { goldenCaptures, makeCapture } from '../tools/captures.mjs';
import { peerSuite } from './support/peers.ts';
import { root } from './support/strata.ts';
import { expectCleanCapture } from './support/tshark.ts';

/** What Wireshark says of frames behind one that a fault took. */
const LOSS = /^Previous segment\(s\) not captured|^ACKed segment that wasn't captured/;

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

peerSuite(['tshark'], 'tshark opens the golden captures', () => {
  test.each(golden)('$file holds nothing wrong but what a fault did', async ({ file }) => {
    await expectCleanCapture(join(root, 'captures', file), {
      ignore: 'frame.interface_name contains "faults"',
      accept: LOSS,
    });
  });
});
