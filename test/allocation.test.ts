import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * A process of its own and the built packages, since jest's transform and module loader change what V8 makes of the code. One
 * thread, since code that waits for a busy machine's compiler thread allocates heap numbers until it is compiled.
 */
const MEASURE = `
  import { netxProfile } from '@strata/stack';
  import { connectedPair, heapPerUnit, transfer } from './packages/stack/bench/two-hosts.mjs';
  const [, profile, family] = process.argv;
  const SEGMENTS = family === '6' ? 15_000 : 50_000;
  const options = { family: Number(family) };
  const pair = connectedPair(profile === 'netx' ? { ...options, profile: netxProfile, windowSize: 32 * 1024 } : options);
  for (const socket of [pair.client, pair.server]) {
    for (const counters of [socket, socket.service.counters, socket.service.network.counters]) {
      for (const name in counters) if (/bytes(Sent|Received)$/i.test(name)) counters[name] += 2 ** 31;
    }
  }
  transfer(pair, SEGMENTS * 4000);
  process.stdout.write(String(heapPerUnit(() => transfer(pair, pair.payload * SEGMENTS), SEGMENTS)));
`;

describe('an established TCP connection', () => {
  test.each([
    ['modern', 4],
    ['netx', 4],
    ['modern', 6],
  ])(
    'allocates no heap per segment with the %s profile over IPv%i, also when its counters are past 2^31',
    (profile, family) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--single-threaded', '--input-type=module', '--eval', MEASURE, profile, String(family)],
        { cwd: root, encoding: 'utf8' },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(Number(stdout)).toBeLessThan(1);
    },
    60_000,
  );
});
