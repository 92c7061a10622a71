import { expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import { frameStorm } from '@strata/testkit';

/** For each profile; `node tools/soak.mjs --frames N` throws more. */
const FRAMES = 52_000;
const SEED = 1;

test.each([netxProfile, modernProfile])(
  'mutated frames of every kind are taken or dropped for a reason, and harm nobody they are not from ($name)',
  (profile) => {
    const result = frameStorm(SEED, profile, { frames: FRAMES });
    // What was thrown can be thrown again: everything follows from the seed.
    expect({ seed: SEED, faults: result.faults }).toEqual({ seed: SEED, faults: [] });
    expect(result.frames).toBe(FRAMES);
    expect(result.taken + result.dropped).toBe(FRAMES);
    // Many must get past the checksums, or nothing deep was reached; and connections must have outlived their batches.
    expect(result.taken).toBeGreaterThan(FRAMES / 4);
    expect(Object.keys(result.drops).length).toBeGreaterThan(50);
    expect(result.checks).toBeGreaterThan(FRAMES / 50);
  },
  120_000,
);
