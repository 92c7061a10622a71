import { describe, expect, test } from '@jest/globals';
import { NX_NO_PACKET, NX_PACKET_OFFSET_ERROR, NX_SUCCESS } from '@strata/contracts';
import { PacketMemory, type PacketPool, type PoolPacket, packetFault } from '@strata/packet';
import fc from '../../../test/support/laws.ts';
import { filled, makePool, pattern, take } from './helpers.ts';

const pool = makePool({ payloadSize: 40, packets: 400 });

function expectBytes(packet: PoolPacket, expected: Uint8Array): void {
  expect(packetFault(packet)).toBeNull();
  expect(packet.toBytes()).toEqual(expected);
}

describe('chained packets', () => {
  test('what was appended in any pieces is what comes out in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 10 }),
        fc.constantFrom(0, 16, 40),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        (pieces, headroom, reads) => {
          const packet = take(pool, headroom);
          const all = pattern(pieces.reduce((sum, n) => sum + n, 0));
          let at = 0;
          for (const n of pieces) {
            expect(packet.appendBytes(all, at, n)).toBe(NX_SUCCESS);
            at += n;
          }
          expectBytes(packet, all);
          const target = new Uint8Array(all.length);
          for (let i = 0, from = 0; from < all.length; i++) {
            from += packet.extract(from, target, from, reads[i % reads.length] as number);
          }
          expect(target).toEqual(all);
          packet.release();
          expect(pool.available).toBe(pool.total);
        },
      ),
    );
  });

  test('trimming the front and the end, at any place, leaves the bytes in between', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 210 }),
        fc.integer({ min: 0, max: 210 }),
        (count, front, end) => {
          const packet = filled(pool, count, 8);
          packet.trimStart(front);
          expectBytes(packet, pattern(count).subarray(Math.min(front, count)));
          packet.trimEnd(end);
          const from = Math.min(front, count);
          expectBytes(packet, pattern(count).subarray(from, Math.max(from, count - end)));
          expect(packet.appendBytes(pattern(70, 3), 0, 70)).toBe(NX_SUCCESS);
          expect(packetFault(packet)).toBeNull();
          packet.release();
          expect(pool.available).toBe(pool.total);
        },
      ),
    );
  });

  test('trimming gives the packets that became empty back at once', () => {
    const packet = filled(pool, 160);
    expect(packet.parts).toBe(4);
    packet.trimStart(80);
    expect(packet.parts).toBe(3);
    packet.trimEnd(80);
    expect([packet.parts, packet.length, packet.last]).toEqual([1, 0, null]);
    packet.release();
    expect(pool.available).toBe(pool.total);
  });

  test('split and concat are each other’s inverse, at any place and with any head-room', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 16, 36),
        (count, where, headroom) => {
          const packet = filled(pool, count, 8);
          const offset = Math.round(count * where);
          const rest = packet.split(offset, headroom)!;
          expect(rest.prependRoom).toBeGreaterThanOrEqual(headroom);
          expectBytes(packet, pattern(count).subarray(0, offset));
          expectBytes(rest, pattern(count).subarray(offset));
          packet.concat(rest);
          expectBytes(packet, pattern(count));
          packet.release();
          expect(pool.available).toBe(pool.total);
        },
      ),
    );
  });

  test('a split between two packets of the chain copies nothing when no head-room is asked for', () => {
    const packet = filled(pool, 80);
    const second = packet.next;
    expect(packet.split(40, 0)).toBe(second);
    expect(second).toMatchObject({ length: 40, last: null });
    packet.release();
    second!.release();
  });

  test('a split that needs a packet and finds none changes nothing', () => {
    const two = makePool({ payloadSize: 40, packets: 2 });
    const packet = filled(two, 80);
    expect(packet.split(10, 0)).toBeNull();
    expect(packet.split(81, 0)).toBeNull();
    expectBytes(packet, pattern(80));
    packet.release();
  });

  test('a split whose rest outgrows one packet because of head-room takes two, or none', () => {
    const three = makePool({ payloadSize: 40, packets: 3 });
    const packet = filled(three, 40);
    const rest = packet.split(4, 20)!;
    expect([rest.parts, rest.prependRoom]).toEqual([2, 20]);
    expectBytes(rest, pattern(40).subarray(4));
    packet.release();
    rest.release();
    const two = makePool({ payloadSize: 40, packets: 2 });
    const other = filled(two, 40);
    expect(other.split(4, 20)).toBeNull();
    expectBytes(other, pattern(40));
    expect(two.available).toBe(1);
    other.release();
  });

  test('bytes move from packet to packet, any range, within one memory or between two', () => {
    const memory = new PacketMemory(64 * 1024);
    const from = makePool({ name: 'from', payloadSize: 40, packets: 64, memory });
    const near = makePool({ name: 'near', payloadSize: 72, packets: 64, memory });
    const far = makePool({ name: 'far', payloadSize: 72, packets: 64 });
    fc.assert(
      fc.property(
        fc.constantFrom<PacketPool>(near, far),
        fc.integer({ min: 0, max: 300 }),
        fc.nat(300),
        fc.nat(300),
        (to, count, a, b) => {
          const source = filled(from, count, 12);
          const packet = filled(to, 10, 8);
          const [low, high] = [Math.min(a, b, count), Math.min(Math.max(a, b), count)];
          expect(packet.appendPacketBytes(source, low, high - low)).toBe(NX_SUCCESS);
          expect(packetFault(packet)).toBeNull();
          expect(packet.toBytes().subarray(10)).toEqual(pattern(count).subarray(low, high));
          source.release();
          packet.release();
          expect([from.available, to.available]).toEqual([64, 64]);
        },
      ),
    );
  });

  test('bytes that the source does not hold are refused, and so is what the pool cannot hold', () => {
    const two = makePool({ payloadSize: 40, packets: 2 });
    const source = filled(pool, 100);
    const packet = take(two);
    expect(packet.appendPacketBytes(source, 1, 100)).toBe(NX_PACKET_OFFSET_ERROR);
    expect(packet.appendPacketBytes(source, 0, 81)).toBe(NX_NO_PACKET);
    expect([packet.length, two.available]).toEqual([0, 1]);
    source.release();
    packet.release();
  });

  test('extract into the slab itself copies within it', () => {
    const source = filled(pool, 100);
    const target = take(pool);
    target.append += source.extract(50, target.bytes, target.append, 30);
    target.length = 30;
    expectBytes(target, pattern(100).subarray(50, 80));
    source.release();
    target.release();
  });

  test('packetFault names each way in which a packet can be broken', () => {
    const packet = filled(pool, 60);
    const { append, last, length } = packet;
    packet.append = packet.dataEnd + 1;
    expect(packetFault(packet)).toMatch(/not in order within 0\.\.40/);
    packet.append = append;
    last!.prepend = last!.dataStart - 1;
    expect(packetFault(packet)).toMatch(/packet 1 of the chain/);
    last!.prepend++;
    packet.length = 59;
    expect(packetFault(packet)).toBe('length says 59 bytes, the chain holds 60');
    packet.length = length;
    packet.last = null;
    expect(packetFault(packet)).toMatch(/last/);
    packet.last = last;
    expect(packetFault(packet)).toBeNull();
    packet.release();
  });
});
