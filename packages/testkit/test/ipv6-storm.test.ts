import { describe, expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import { ipv6Storm } from '../src/index.ts';

/** `node tools/soak.mjs --ipv6 1000000` is the long run. */
const PACKETS = 25_000;

describe('strange IPv6 packets', () => {
  test.each([
    [1, netxProfile],
    [2, modernProfile],
  ])('neither break, fill nor silence a host (seed %i)', (seed, profile) => {
    const result = ipv6Storm(seed, profile, { packets: PACKETS });
    expect(result.faults).toEqual([]);
    expect(result.answers).toBeGreaterThan(PACKETS / 50);
  });

  test('do the same every time', () => {
    expect(ipv6Storm(3, modernProfile, { packets: 1000 })).toEqual(ipv6Storm(3, modernProfile, { packets: 1000 }));
  });
});
