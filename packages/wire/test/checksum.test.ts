import { describe, expect, test } from '@jest/globals';
import type { Packet } from '@strata/contracts';
import { PacketMemory, PacketPool } from '@strata/packet';
import fc from '../../../test/support/laws.ts';
import { fold, sumAligned, sumBytes, sumPacket, trimPacket, updateChecksum } from '../src/index.ts';

/** RFC 1071, octet by octet. */
function slowSum(octets: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i++) sum += i % 2 === 0 ? (octets[i] as number) << 8 : (octets[i] as number);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const octets = fc.uint8Array({ maxLength: 300 });

describe('the Internet checksum (RFC 1071)', () => {
  test('by words and by octets it is the same as by hand', () => {
    fc.assert(
      fc.property(octets, fc.integer({ min: 0, max: 7 }), (data, skip) => {
        const bytes = new Uint8Array(320).fill(0xee);
        bytes.set(data, skip);
        const view = new DataView(bytes.buffer);
        expect(sumBytes(view, skip, data.length)).toBe(slowSum(data));
        if (skip % 4 === 0)
          expect(sumAligned(new Uint32Array(bytes.buffer), view, skip, data.length)).toBe(slowSum(data));
      }),
    );
  });

  test('many octets of all ones do not overflow', () => {
    const bytes = new Uint8Array(65536).fill(0xff);
    expect(sumAligned(new Uint32Array(bytes.buffer), new DataView(bytes.buffer), 0, 65535)).toBe(
      slowSum(bytes.subarray(0, 65535)),
    );
  });

  test('changing a word and updating is the same as summing again, but for the two zeroes (RFC 1624)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 0xffff }),
        (data, word, value) => {
          const view = new DataView(data.buffer, data.byteOffset, 20);
          const before = view.getUint16(2 * word);
          const checksum = ~sumBytes(view, 0, 20) & 0xffff;
          view.setUint16(2 * word, value);
          const updated = updateChecksum(checksum, before, value);
          expect(fold(sumBytes(view, 0, 20) + updated)).toBe(0xffff);
        },
      ),
    );
  });
});

/** A chain that holds `data`, cut at `cuts`, each part at some distance from a word boundary. */
function chained(pool: PacketPool, data: Uint8Array, cuts: readonly number[]): Packet {
  const ends = [...cuts.map((cut) => cut % (data.length + 1)), data.length].sort((a, b) => a - b);
  let from = 0;
  let head: Packet | null = null;
  let last: Packet | null = null;
  for (const [index, end] of ends.entries()) {
    const part = pool.allocate(8) as Packet;
    part.prepend += index % 4;
    part.append = part.prepend;
    part.bytes.set(data.subarray(from, end), part.append);
    part.append += end - from;
    if (head === null || last === null) head = part;
    else {
      last.next = part;
      head.last = part;
    }
    last = part;
    from = end;
  }
  const packet = head as Packet;
  packet.length = data.length;
  return packet;
}

describe('packets in several parts', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 });

  test('sum to what their octets sum to, however they are cut', () => {
    const pool = new PacketPool({ name: 'sum', payloadSize: 320, packets: 8, memory: new PacketMemory(8 * 320) });
    fc.assert(
      fc.property(octets, cuts, (data, at) => {
        const packet = chained(pool, data, at);
        expect(sumPacket(packet)).toBe(slowSum(data));
        packet.release();
      }),
    );
    expect(pool.available).toBe(pool.total);
  });

  test('are cut to a length and give back what lies beyond', () => {
    const pool = new PacketPool({ name: 'trim', payloadSize: 320, packets: 8, memory: new PacketMemory(8 * 320) });
    fc.assert(
      fc.property(octets, cuts, fc.nat(300), (data, at, wanted) => {
        const length = Math.min(wanted, data.length);
        const packet = chained(pool, data, at);
        trimPacket(packet, length);
        const left = new Uint8Array(length + 8);
        expect(packet.extract(0, left, 0, length + 8)).toBe(length);
        expect(left.subarray(0, length)).toEqual(data.subarray(0, length));
        expect(packet.length).toBe(length);
        if (packet.next === null) expect(packet.last).toBeNull();
        packet.release();
        expect(pool.available).toBe(pool.total);
      }),
    );
  });
});
