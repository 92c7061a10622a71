import { expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import { ipv4Storm } from '../src/index.ts';

/** `node tools/soak.mjs --ipv4 1000000` is the long run. */
const PACKETS = 6_000;

test.each([
  ['netx', 1, netxProfile],
  ['netx', 2, netxProfile],
  ['modern', 3, modernProfile],
  ['modern', 4, modernProfile],
])('strange IPv4 packets do the profile %s no harm, seed %i', (_, seed, profile) => {
  const result = ipv4Storm(seed, profile, { packets: PACKETS });
  expect({ seed, faults: result.faults }).toEqual({ seed, faults: [] });
  expect(result.answers).toBeGreaterThan(PACKETS / 20);
});

test('the same seed throws the same packets', () => {
  expect(ipv4Storm(6, modernProfile, { packets: 500 })).toEqual(ipv4Storm(6, modernProfile, { packets: 500 }));
});
