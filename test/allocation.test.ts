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
  import { connectedPair, datagramPair, datagrams, heapPerUnit, transfer } from './packages/stack/bench/two-hosts.mjs';
  const [, what, profile, family] = process.argv;
  const options = { family: Number(family), routed: what !== 'stream' };
  let growth;
  if (what !== 'datagrams') {
    const SEGMENTS = options.routed ? 6_000 : family === '6' ? 15_000 : 25_000;
    const pair = connectedPair(profile === 'netx' ? { ...options, profile: netxProfile, windowSize: 32 * 1024 } : options);
    for (const socket of [pair.client, pair.server]) {
      for (const counters of [socket, socket.service.counters, socket.service.network.counters]) {
        for (const name in counters) if (/bytes(Sent|Received)$/i.test(name)) counters[name] += 2 ** 31;
      }
    }
    transfer(pair, SEGMENTS * 4000);
    growth = heapPerUnit(() => transfer(pair, pair.payload * SEGMENTS), SEGMENTS);
  } else {
    const DATAGRAMS = 8_000;
    const pair = datagramPair(options);
    datagrams(pair, 2 * DATAGRAMS);
    growth = heapPerUnit(() => datagrams(pair, DATAGRAMS), DATAGRAMS);
  }
  process.stdout.write(String(growth));
`;

function growthPerPacket(what: string, profile: string, family: number): number {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--single-threaded', '--input-type=module', '--eval', MEASURE, what, profile, String(family)],
    { cwd: root, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return Number(stdout);
}

describe('an established TCP connection', () => {
  test.each([
    ['modern', 4],
    ['netx', 4],
    ['modern', 6],
  ])(
    'allocates no heap per segment with the %s profile over IPv%i, also when its counters are past 2^31',
    (profile, family) => {
      expect(growthPerPacket('stream', profile, family)).toBeLessThan(1);
    },
    60_000,
  );
});

describe.each([4, 6])('a router between two hosts with IPv%i', (family) => {
  test('allocates no heap for the segments that it forwards', () => {
    expect(growthPerPacket('forwarding', 'modern', family)).toBeLessThan(1);
  }, 60_000);

  test('allocates no heap for the datagrams that it forwards, nor do the hosts', () => {
    expect(growthPerPacket('datagrams', 'modern', family)).toBeLessThan(1);
  }, 60_000);
});
