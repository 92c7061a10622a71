import { describe, expect, test } from '@jest/globals';
import { MemorySink, type PacketDirection, PcapWriter, readCapture } from '@strata/pcap-writer';
import fc from '../../../test/support/laws.ts';
import { capture, ofKind, read, rewrite, toHex } from './captures.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const long = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const numbered = fc.option(fc.oneof(long, fc.maxSafeNat()), { nil: undefined });
const packet = fc.record({
  time: long,
  bytes: fc.uint8Array({ maxLength: 200 }),
  extra: fc.nat(2000),
  comments: fc.array(text, { maxLength: 3 }),
  direction: fc.constantFrom<PacketDirection>('unknown', 'inbound', 'outbound'),
  packetId: numbered,
  dropCount: numbered,
});
const packets = fc.array(packet, { maxLength: 12 });

describe('what is written is read back', () => {
  test('pcapng, both byte orders, any chunking', () => {
    fc.assert(
      fc.property(packets, fc.boolean(), fc.integer({ min: 1, max: 97 }), (list, littleEndian, step) => {
        const bytes = capture({ littleEndian, comments: ['c'], os: 'o', chunkBytes: 64 }, (writer) => {
          writer.addInterface({ name: 'first' });
          writer.addInterface({ name: 'second', snapLength: 65535, linkType: 101 });
          for (const [index, one] of list.entries()) {
            writer.writePacket(index & 1, one.time, one.bytes, {
              ...one,
              originalLength: one.bytes.length + one.extra,
            });
          }
        });
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step));
        const events = [...readCapture(pieces)];
        expect(ofKind(events, 'error')).toEqual([]);
        expect(events[0]).toMatchObject({ kind: 'section', littleEndian, comments: ['c'], os: 'o', application: null });
        expect(ofKind(events, 'interface').map((one) => [one.id, one.name, one.linkType])).toEqual([
          [0, 'first', 1],
          [1, 'second', 101],
        ]);
        const found = ofKind(events, 'packet');
        expect(found.length).toBe(list.length);
        for (const [index, one] of list.entries()) {
          expect(found[index]).toMatchObject({
            interfaceId: index & 1,
            linkType: (index & 1) === 0 ? 1 : 101,
            time: one.time,
            originalLength: one.bytes.length + one.extra,
            comments: one.comments,
            direction: one.direction,
            packetId: one.packetId === undefined ? null : BigInt(one.packetId),
            dropCount: one.dropCount === undefined ? null : BigInt(one.dropCount),
          });
          expect(toHex(found[index]?.data as Uint8Array)).toBe(toHex(one.bytes));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a capture that is read and written again is the same bytes', () => {
    fc.assert(
      fc.property(packets, fc.boolean(), (list, littleEndian) => {
        const bytes = capture({ littleEndian, application: 'x' }, (writer) => {
          writer.writeBlock(0xbad, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));
          writer.addInterface();
          for (const one of list) writer.writePacket(0, one.time, one.bytes, one);
          writer.writeNames([{ address: new Uint8Array([192, 0, 2, 1]), names: ['a', 'b'] }]);
          writer.writeSecrets(0x544c534b, new Uint8Array([65, 66, 67]));
          writer.writeStatistics(0, 9n, { received: 3 });
        });
        // The rewriter gives the resolution first, as the writer does, so the options keep their order.
        expect(toHex(rewrite(read(bytes), littleEndian))).toBe(toHex(bytes));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [true, 'microseconds'],
    [false, 'microseconds'],
    [true, 'nanoseconds'],
    [false, 'nanoseconds'],
  ] as const)('classic pcap, little-endian %p, %s', (littleEndian, resolution) => {
    const time = fc.bigInt({ min: 0n, max: (2n ** 32n - 1n) * 1000000000n });
    fc.assert(
      fc.property(fc.array(fc.tuple(time, fc.uint8Array({ maxLength: 100 })), { maxLength: 8 }), (list) => {
        const sink = new MemorySink();
        const writer = new PcapWriter(sink, { littleEndian, resolution, linkType: 101, snapLength: 500 });
        for (const [at, bytes] of list) writer.writePacket(0, at, bytes, { originalLength: bytes.length + 1 });
        writer.end();
        const events = read(sink.bytes());
        expect(events.slice(0, 2)).toMatchObject([
          { kind: 'section', format: 'pcap', major: 2, minor: 4, littleEndian },
          { kind: 'interface', linkType: 101, snapLength: 500 },
        ]);
        const unit = resolution === 'nanoseconds' ? 1n : 1000n;
        expect(ofKind(events, 'packet').map((one) => [one.time, toHex(one.data), one.originalLength])).toEqual(
          list.map(([at, bytes]) => [(at / unit) * unit, toHex(bytes), bytes.length + 1]),
        );
        expect(events.length).toBe(list.length + 2);
      }),
      { numRuns: 60 },
    );
  });

  test('the same calls give the same bytes', () => {
    const once = () =>
      capture({ application: 'x' }, (writer) => {
        writer.addInterface({ name: 'a' });
        for (let i = 0; i < 100; i++) writer.writePacket(0, i * 1.25, new Uint8Array(i), { packetId: i });
      });
    expect(toHex(once())).toBe(toHex(once()));
  });
});

describe('classic pcap', () => {
  test('a time after 2106 is refused', () => {
    const writer = new PcapWriter(new MemorySink());
    expect(() => writer.writePacket(0, 1n << 62n, new Uint8Array(1))).toThrow(RangeError);
  });
});
