import { expect, test } from '@jest/globals';
import type { Packet } from '@strata/contracts';
import fc from '../../../test/support/laws.ts';
import { netxTcpProfile, TcpSocket } from '../src/index.ts';
import { flushReassembly, keepOutOfOrder, takeReady } from '../src/receive/reassembly.ts';
import { pattern } from './support/lossy.ts';
import { ScriptedPeer } from './support/peer.ts';

function packetOf(peer: ScriptedPeer, base: number, from: number, length: number): Packet {
  const packet = peer.pool.allocate(56);
  if (packet === null) throw new Error('no packet');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = pattern(from + i, 0);
  packet.appendBytes(bytes, 0, length);
  packet.sequence = (base + from) | 0;
  packet.sequenceLength = length;
  return packet;
}

test('segments that overlap in any way give every octet once and in order', () => {
  const segments = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 80 })), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(segments, fc.integer({ min: -0x80000000, max: 0x7fffffff }), (list, base) => {
      const peer = new ScriptedPeer(netxTcpProfile, { packets: 64, payload: 256 });
      const socket = peer.tcp.createSocket();
      socket.rcvNxt = base;
      const have = new Set<number>();
      for (const [from, length] of list) {
        for (let i = from; i < from + length; i++) have.add(i);
        keepOutOfOrder(socket, packetOf(peer, base, from, length));
      }
      let kept = 0;
      let end = Number.NEGATIVE_INFINITY;
      let packets = 0;
      for (let packet = socket.reassemblyHead; packet !== null; packet = packet.queueNext) {
        const from = (packet.sequence - base) | 0;
        expect(from).toBeGreaterThanOrEqual(end);
        expect(packet.length).toBe(packet.sequenceLength);
        const bytes = new Uint8Array(packet.length);
        packet.extract(0, bytes, 0, packet.length);
        for (const [i, byte] of bytes.entries()) expect(byte).toBe(pattern(from + i, 0));
        end = from + packet.length;
        kept += packet.length;
        packets++;
      }
      expect(kept).toBe(have.size);
      expect(socket.reassemblyBytes).toBe(kept);
      expect(socket.reassemblyPackets).toBe(packets);
      let next = 0;
      for (let ready = takeReady(socket); ready !== null; ready = takeReady(socket)) {
        expect((ready.sequence - base) | 0).toBe(next);
        next += ready.sequenceLength;
        socket.rcvNxt = (socket.rcvNxt + ready.sequenceLength) | 0;
        ready.release();
      }
      let contiguous = 0;
      while (have.has(contiguous)) contiguous++;
      expect(next).toBe(contiguous);
      flushReassembly(socket);
      expect(peer.pool.available).toBe(peer.pool.total);
    }),
    { numRuns: 120 },
  );
});

test('chained packets are cut as well', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { packets: 64, payload: 128 });
  const socket = peer.tcp.createSocket();
  socket.rcvNxt = 0;
  keepOutOfOrder(socket, packetOf(peer, 0, 100, 300));
  keepOutOfOrder(socket, packetOf(peer, 0, 50, 100));
  keepOutOfOrder(socket, packetOf(peer, 0, 350, 200));
  keepOutOfOrder(socket, packetOf(peer, 0, 0, 60));
  let next = 0;
  for (let ready = takeReady(socket); ready !== null; ready = takeReady(socket)) {
    const bytes = new Uint8Array(ready.length);
    expect(ready.extract(0, bytes, 0, ready.length)).toBe(ready.sequenceLength);
    for (const byte of bytes) expect(byte).toBe(pattern(next++, 0));
    socket.rcvNxt = next;
    ready.release();
  }
  expect(next).toBe(550);
  expect(peer.pool.available).toBe(peer.pool.total);
});

test('a limit on out-of-order packets and a pool that runs low both shed what comes last', () => {
  const peer = new ScriptedPeer({ ...netxTcpProfile, maximumOutOfOrder: 3 }, { packets: 64 });
  const socket = peer.tcp.createSocket();
  for (let i = 0; i < 6; i++) keepOutOfOrder(socket, packetOf(peer, 0, 100 + 20 * i, 10));
  expect(socket.reassemblyPackets).toBe(3);
  flushReassembly(socket);
  const small = new ScriptedPeer(netxTcpProfile, { packets: 20 });
  const other = new TcpSocket(small.tcp, netxTcpProfile, small.time, {});
  for (let i = 0; i < 30; i++) keepOutOfOrder(other, packetOf(small, 0, 100 + 20 * i, 10));
  expect(small.pool.available).toBeGreaterThanOrEqual(7);
  flushReassembly(other);
  expect(small.pool.available).toBe(20);
});
