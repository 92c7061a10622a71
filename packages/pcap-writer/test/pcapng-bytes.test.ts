import { describe, expect, test } from '@jest/globals';
import { LINKTYPE_USER0, MemorySink, PACKET_FLAG_CRC_ERROR, PcapngWriter } from '@strata/pcap-writer';
import { CountingSink, capture, hex, read, toHex } from './captures.ts';

const SECTION = `
  0a0d0d0a 1c000000                    ; section header, 28 bytes
  4d3c2b1a 0100 0000 ffffffffffffffff  ; little-endian, 1.0, length unknown
  1c000000`;
const INTERFACE = `
  01000000 20000000                    ; interface, 32 bytes
  0100 0000 00000000                   ; Ethernet, no snap length
  0900 0100 09000000                   ; time in 10^-9 s
  0000 0000
  20000000`;

describe('pcapng blocks are written as the draft lays them out', () => {
  test('a section header alone has no options, not even an end of options', () => {
    expect(toHex(capture({}, () => {}))).toBe(toHex(hex(SECTION)));
  });

  test('a section header carries comments, hardware, os and application in that order', () => {
    const bytes = capture({ comments: ['a', 'bc'], hardware: 'h', os: 'os', application: 'apps!' }, () => {});
    expect(toHex(bytes)).toBe(
      toHex(
        hex(`
        0a0d0d0a 4c000000 4d3c2b1a 0100 0000 ffffffffffffffff
        0100 0100 61000000  0100 0200 62630000
        0200 0100 68000000  0300 0200 6f730000  0400 0500 6170707321000000
        0000 0000
        4c000000`),
      ),
    );
  });

  test('an interface has name, description and nanosecond resolution', () => {
    const bytes = capture({}, (writer) => {
      expect(
        writer.addInterface({ linkType: LINKTYPE_USER0, snapLength: 96, name: 'a/eth0', description: 'tap' }),
      ).toBe(0);
      expect(writer.interfaceCount).toBe(1);
    });
    expect(toHex(bytes)).toBe(
      toHex(
        hex(`${SECTION}
        01000000 34000000 9300 0000 60000000
        0200 0600 612f657468300000
        0300 0300 74617000
        0900 0100 09000000
        0000 0000 34000000`),
      ),
    );
  });

  test('an enhanced packet has its time upper half first, padded data and its options', () => {
    const bytes = capture({}, (writer) => {
      writer.addInterface();
      writer.writePacket(0, 0x0123456789abcdefn, hex('0102030405'), {
        comments: ['why', 'because'],
        direction: 'outbound',
        flags: PACKET_FLAG_CRC_ERROR,
        packetId: 7,
        dropCount: 2n,
        originalLength: 9,
      });
    });
    expect(toHex(bytes)).toBe(
      toHex(
        hex(`${SECTION}${INTERFACE}
        06000000 60000000 00000000 67452301 efcdab89 05000000 09000000
        0102030405000000
        0100 0300 77687900
        0100 0700 6265636175736500
        0200 0400 02000001
        0400 0800 0200000000000000
        0500 0800 0700000000000000
        0000 0000
        60000000`),
      ),
    );
  });

  test('names, secrets, statistics and unknown blocks', () => {
    const bytes = capture({}, (writer) => {
      writer.addInterface();
      writer.writeNames([
        { address: hex('c0000201'), names: ['dev', 'd'] },
        { address: hex('20010db8000000000000000000000001'), names: ['b'] },
      ]);
      writer.writeTlsKeyLog('CLIENT_RANDOM 00 11');
      writer.writeStatistics(0, 5n, { startTime: 1n, endTime: 0x200000003n, received: 4, dropped: 0 });
      writer.writeBlock(0x80000001, hex('aabbcc'));
    });
    expect(toHex(bytes)).toBe(
      toHex(
        hex(`${SECTION}${INTERFACE}
        04000000 38000000
        0100 0a00 c0000201 64657600 6400 0000
        0200 1200 20010db8000000000000000000000001 6200 0000
        0000 0000 38000000
        0a000000 28000000 4b534c54 14000000
        434c49454e545f52414e444f4d2030302031310a
        28000000
        05000000 4c000000 00000000 00000000 05000000
        0200 0800 0000000001000000
        0300 0800 0200000003000000
        0400 0800 0400000000000000
        0500 0800 0000000000000000
        0000 0000 4c000000
        01000080 10000000 aabbcc00 10000000`),
      ),
    );
  });
});

describe('time stamps lose nothing', () => {
  test.each([
    [0, 0n],
    [1, 1000n],
    [1.5, 1500n],
    [0.0004, 0n],
    [4294967295, 4294967295000n],
    [4294967.296, 4294967296n],
    [1_700_000_000_123_456, 1_700_000_000_123_456_000n],
    [Number.MAX_SAFE_INTEGER, BigInt(Number.MAX_SAFE_INTEGER) * 1000n],
    [1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('%p is %p ns', (time, nanoseconds) => {
    const bytes = capture({}, (writer) => {
      writer.addInterface();
      writer.writePacket(0, time, new Uint8Array(0));
    });
    expect(read(bytes)[2]).toMatchObject({ kind: 'packet', time: nanoseconds });
  });
});

describe('misuse is refused and leaves the file whole', () => {
  const refusals: [string, (writer: PcapngWriter) => void][] = [
    ['a packet on an interface that was not added', (writer) => writer.writePacket(1, 0, new Uint8Array(1))],
    ['a negative time', (writer) => writer.writePacket(0, -1, new Uint8Array(1))],
    ['a time that is no number', (writer) => writer.writePacket(0, Number.NaN, new Uint8Array(1))],
    ['a time beyond 64 bits', (writer) => writer.writePacket(0, 1n << 64n, new Uint8Array(1))],
    ['a fractional packet id', (writer) => writer.writePacket(0, 0, new Uint8Array(1), { packetId: 1.5 })],
    ['an address of 5 bytes', (writer) => writer.writeNames([{ address: new Uint8Array(5), names: ['x'] }])],
    [
      'an option too long',
      (writer) => writer.writePacket(0, 0, new Uint8Array(1), { options: [{ code: 3, value: new Uint8Array(65536) }] }),
    ],
  ];
  test.each(refusals)('%s', (_what, misuse) => {
    const bytes = capture({}, (writer) => {
      writer.addInterface();
      expect(() => misuse(writer)).toThrow(RangeError);
      writer.writePacket(0, 1, hex('ff'));
    });
    expect(read(bytes).map((event) => event.kind)).toEqual(['section', 'interface', 'packet']);
  });

  test('writing after the end', () => {
    const writer = new PcapngWriter(new MemorySink());
    writer.end();
    expect(() => writer.addInterface()).toThrow('ended');
  });

  test('a comment longer than an option can hold is cut between characters', () => {
    const bytes = capture({}, (writer) => {
      writer.addInterface();
      writer.writePacket(0, 0, new Uint8Array(0), { comments: ['ü'.repeat(40000)] });
    });
    const [, , packet] = read(bytes);
    expect(packet).toMatchObject({ kind: 'packet', comments: [`${'ü'.repeat(32766)}…`] });
  });
});

describe('the sink', () => {
  test('gets whole blocks in chunks of at least the size asked for, and the rest at the end', () => {
    const sink = new CountingSink(false);
    const writer = new PcapngWriter(sink, { chunkBytes: 1000 });
    writer.addInterface();
    for (let i = 0; i < 31; i++) writer.writePacket(0, i, new Uint8Array(68));
    writer.end();
    writer.end();
    expect(sink.sizes).toEqual([1060, 1000, 1000, 100]);
    expect(writer.length).toBe(3160);
    expect(sink.ends).toBe(1);
  });

  test('gets every block at once when it is live', () => {
    const sink = new CountingSink(true);
    const writer = new PcapngWriter(sink);
    writer.addInterface();
    writer.writePacket(0, 0, new Uint8Array(4));
    expect(sink.sizes).toEqual([28, 32, 36]);
  });

  test('a block larger than the buffer goes through in one piece', () => {
    const sink = new CountingSink(false);
    const writer = new PcapngWriter(sink, { chunkBytes: 100 });
    writer.addInterface();
    writer.writePacket(0, 0, new Uint8Array(100_000));
    expect(sink.sizes).toEqual([28 + 32 + 32 + 100_000]);
  });

  test('chunks already handed on are not touched again', () => {
    const sink = new MemorySink();
    const writer = new PcapngWriter(sink, { chunkBytes: 1 });
    writer.addInterface();
    const first = toHex(sink.chunks[0] as Uint8Array);
    writer.writePacket(0, 0, new Uint8Array(10).fill(255));
    expect(toHex(sink.chunks[0] as Uint8Array)).toBe(first);
  });
});
