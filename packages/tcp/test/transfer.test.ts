import { describe, expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { modernTcpProfile, netxTcpProfile, type TcpProfile } from '../src/index.ts';
import { Application, type Faults, Pair } from './support/lossy.ts';

function transfer(seed: number, profile: TcpProfile, peer: TcpProfile, faults: Faults, bytes: number): void {
  const pair = new Pair(seed, profile, faults, peer);
  const { a, b } = pair;
  const size = (n: number) => 1 + ((n * 7919 + seed * 31) % 1400);
  let server: Application | null = null;
  b.tcp.listen(7, {
    onConnection: (socket) => {
      server = new Application(socket, bytes, 2, 1, size);
    },
  });
  const socket = a.tcp.createSocket({ deleteWhenClosed: true });
  socket.bind(0);
  const client = new Application(socket, bytes, 1, 2, size);
  expect(socket.connect(b.address, 7)).toBe(0x37);
  const done = () => client.closedWith >= 0 && (server === null || server.closedWith >= 0);
  const finished = pair.runUntil(done, 20_000 * SECOND);
  const s = server as Application | null;
  const note = JSON.stringify({
    seed,
    faults,
    client: socket.inspect(),
    server: s?.socket.inspect(),
    cr: client.receivedCount,
    sr: s?.receivedCount,
  });
  if (!finished) throw new Error(`stalled: ${note}`);
  expect([client.mismatch, s?.mismatch ?? -1]).toEqual([-1, -1]);
  if (client.closedWith === 0 && s?.closedWith === 0) {
    if (client.receivedCount !== bytes || s.receivedCount !== bytes) throw new Error(`short: ${note}`);
  }
  pair.run(pair.time.now + 600 * SECOND);
  client.drain();
  s?.drain();
  if (a.pool.available !== a.pool.total || b.pool.available !== b.pool.total)
    throw new Error(`leak: ${a.pool.available} ${b.pool.available} ${note}`);
  expect(a.tcp.connections.count + b.tcp.connections.count).toBe(0);
}

const mixes: [string, TcpProfile, TcpProfile][] = [
  ['netx to netx', netxTcpProfile, netxTcpProfile],
  ['modern to modern', modernTcpProfile, modernTcpProfile],
  ['netx to modern', netxTcpProfile, modernTcpProfile],
];

describe.each(mixes)('%s', (_name, profile, peer) => {
  test('both directions arrive in order over a perfect wire', () => {
    transfer(1, profile, peer, {}, 60_000);
  });

  test('both directions arrive in order whatever the wire does', () => {
    for (let seed = 0; seed < 12; seed++) {
      const level = (seed % 4) / 20;
      transfer(seed, profile, peer, { loss: level, duplicate: 0.05, reorder: 0.1, corrupt: level / 3 }, 30_000);
    }
  });
});
