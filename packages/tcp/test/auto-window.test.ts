import { expect, test } from '@jest/globals';
import { MILLISECOND } from '@strata/contracts';
import { modernTcpProfile, netxTcpProfile, type TcpProfile, type TcpSocketOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const SCALED = [2, 4, 5, 0xb4, 1, 3, 3, 7];
const ROUND = 20 * MILLISECOND;

/** What the window is after some round trips in each of which the peer sends `octets`, which are read at once, or never. */
function windowAfter(profile: TcpProfile, options: TcpSocketOptions, octets: number, reads: boolean): number {
  const peer = new ScriptedPeer(profile, { packets: 1024 });
  const socket = peer.tcp.createSocket(options);
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.expect('S');
  peer.advance(ROUND);
  peer.emit('S.', { ack: 1, options: SCALED });
  let sequence = 1;
  for (let round = 0; round < 5; round++) {
    for (let sent = 0; sent < octets; sent += 1400) {
      peer.emit('.', { seq: sequence, ack: 1, len: 1400 });
      sequence += 1400;
      if (reads) peer.receive(socket);
    }
    peer.advance(ROUND);
  }
  peer.ignore();
  const { windowSize } = socket;
  peer.finish(socket);
  return windowSize;
}

test('a window that the application did not choose grows to twice what is read in a round trip', () => {
  const grown = windowAfter(modernTcpProfile, {}, 56_000, true);
  expect(grown).toBeGreaterThan(100_000);
  expect(grown).toBeLessThan(250_000);
});

test('it does not grow for a slow peer, for a reader that does not read, when chosen, or where the profile says so', () => {
  expect(windowAfter(modernTcpProfile, {}, 14_000, true)).toBe(65535);
  expect(windowAfter(modernTcpProfile, {}, 56_000, false)).toBe(65535);
  expect(windowAfter(modernTcpProfile, { windowSize: 65535 }, 56_000, true)).toBe(65535);
  expect(windowAfter({ ...modernTcpProfile, automaticWindow: 0 }, {}, 56_000, true)).toBe(65535);
  expect(windowAfter(netxTcpProfile, {}, 7000, true)).toBe(8192);
});

test('it never grows beyond a quarter of the pool', () => {
  const peer = new ScriptedPeer(modernTcpProfile, { packets: 256 });
  const socket = peer.tcp.createSocket();
  expect(socket.windowLimit).toBeGreaterThan(65535);
  expect(socket.windowLimit).toBeLessThan(64 * 1568);
  peer.finish(socket);
});
