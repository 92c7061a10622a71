import { describe, expect, test } from '@jest/globals';
import { type CaptureEvent, CaptureReader, MemorySink, PcapWriter, readCapture } from '@strata/pcap-writer';
import fc from '../../../test/support/laws.ts';
import { capture, hex, ofKind, read } from './captures.ts';

const SECTION = '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000';
const INTERFACE = '01000000 14000000 0100 0000 00000000 14000000';

function errors(text: string): string[] {
  return ofKind(read(hex(text)), 'error').map((error) => `${error.offset} ${error.code}${error.fatal ? ' fatal' : ''}`);
}

describe('a reader names what is wrong and where', () => {
  test.each([
    ['an empty file', '', ['0 truncated fatal']],
    ['two bytes', 'd4c3', ['0 truncated fatal']],
    ['something else', '89504e470d0a1a0a', ['0 unknown-format fatal']],
    ['gzip', '1f8b08000000', ['0 unknown-format fatal']],
    ['a pcap header cut short', 'd4c3b2a1 0200 0400', ['0 truncated fatal']],
    ['pcap version 3', `d4c3b2a1 0300 0400 ${'00'.repeat(16)}`, ['0 unsupported-version fatal']],
    ['a section cut short', '0a0d0d0a 1c000000 4d3c2b1a 0100', ['0 truncated fatal']],
    ['a section without byte order', `0a0d0d0a 1c000000 00000000 ${'00'.repeat(16)}`, ['0 unknown-format fatal']],
    [
      'pcapng version 2',
      '0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000',
      ['0 unsupported-version fatal'],
    ],
    ['a section of 16 bytes', '0a0d0d0a 10000000 4d3c2b1a 10000000', ['0 bad-body']],
    ['a block length not divisible by 4', `${SECTION} 05000000 0d000000 00 0d000000`, ['28 bad-block-length fatal']],
    ['a block length below 12', `${SECTION} 05000000 08000000`, ['28 bad-block-length fatal']],
    ['a huge block', `${SECTION} 05000000 fcffffff`, ['28 block-too-long fatal']],
    ['two lengths that differ', `${SECTION} 99000000 0c000000 10000000`, ['28 trailer-mismatch']],
    [
      'a packet without interface',
      `${SECTION} 06000000 20000000 ${'00'.repeat(20)} 20000000`,
      ['28 unknown-interface'],
    ],
    ['an enhanced packet too short', `${SECTION} ${INTERFACE} 06000000 10000000 00000000 10000000`, ['48 bad-body']],
    [
      'more captured than the block holds',
      `${SECTION} ${INTERFACE} 06000000 20000000 00000000 00000000 00000000 01000000 01000000 20000000`,
      ['48 bad-body'],
    ],
    [
      'an option beyond the block',
      `${SECTION} ${INTERFACE} 06000000 24000000 00000000 00000000 00000000 00000000 00000000 01000900 24000000`,
      ['48 bad-option'],
    ],
    ['a name record beyond the block', `${SECTION} 04000000 10000000 01002000 10000000`, ['28 bad-body']],
    [
      'a name record shorter than its address',
      `${SECTION} 04000000 14000000 01000200 61620000 14000000`,
      ['28 bad-body'],
    ],
    ['secrets beyond the block', `${SECTION} 0a000000 14000000 00000000 05000000 14000000`, ['28 bad-body']],
    [
      'statistics without interface',
      `${SECTION} 05000000 18000000 ${'00'.repeat(12)} 18000000`,
      ['28 unknown-interface'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(errors(text)).toEqual(expected);
  });

  test('a big-endian section after a little-endian one changes the byte order and forgets the interfaces', () => {
    const big = '0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c';
    const events = read(hex(`${SECTION} ${INTERFACE} ${big} 00000006 00000020 ${'00'.repeat(20)} 00000020`));
    expect(events.map((event) => event.kind)).toEqual(['section', 'interface', 'section', 'error']);
    expect(events[2]).toMatchObject({ littleEndian: false, offset: 48 });
  });

  test('reading goes on behind a block whose content is wrong', () => {
    const events = read(
      hex(`${SECTION} ${INTERFACE} 06000000 10000000 00000000 10000000 06000000 20000000 ${'00'.repeat(20)} 20000000`),
    );
    expect(events.map((event) => event.kind)).toEqual(['section', 'interface', 'error', 'packet']);
  });

  test('an interface description that is too short still takes its number', () => {
    const events = read(
      hex(`${SECTION} 01000000 0c000000 0c000000 ${INTERFACE} 06000000 20000000 01000000 ${'00'.repeat(16)} 20000000`),
    );
    expect(events.map((event) => event.kind)).toEqual(['section', 'error', 'interface', 'interface', 'packet']);
  });

  test('the message tells how much is there of a packet cut short', () => {
    const sink = new MemorySink();
    const writer = new PcapWriter(sink);
    writer.writePacket(0, 0, new Uint8Array(60));
    writer.end();
    const [error] = ofKind(read(sink.bytes().subarray(0, 24 + 16 + 10)), 'error');
    expect(error).toMatchObject({ offset: 24, code: 'truncated' });
    expect(error?.explanation).toContain('10 of 60 bytes');
  });
});

describe('older and foreign blocks', () => {
  test('a simple packet has no time and is cut at the snap length', () => {
    const events = read(
      hex(`${SECTION} 01000000 14000000 0100 0000 02000000 14000000 03000000 14000000 05000000 aabb0000 14000000`),
    );
    expect(events[2]).toMatchObject({ kind: 'packet', time: null, originalLength: 5, data: hex('aabb') });
  });

  test('an obsolete packet block is a packet', () => {
    const events = read(
      hex(`${SECTION} ${INTERFACE} 02000000 24000000 0000 ffff 00000000 01000000 01000000 01000000 ee000000 24000000`),
    );
    expect(events[2]).toMatchObject({ kind: 'packet', time: 1000n, data: hex('ee') });
  });

  test.each([
    ['microseconds by default', '', 1_000_000n],
    ['a power of ten', '0900 0100 03000000', 1000n],
    ['a power of two', '0900 0100 8a000000', 1024n],
  ])('time stamps in %s', (_what, option, ticksPerSecond) => {
    const length = option === '' ? '14000000' : '1c000000';
    const events = read(
      hex(`${SECTION} 01000000 ${length} 0100 0000 00000000 ${option} ${length}
           06000000 20000000 00000000 00000000 00040000 00000000 00000000 20000000`),
    );
    expect(events[1]).toMatchObject({ ticksPerSecond });
    expect(events[2]).toMatchObject({ time: (1024n * 1_000_000_000n) / ticksPerSecond });
  });

  test('a time offset is added', () => {
    const bytes = capture({}, (writer) => {
      writer.addInterface({ timeOffsetSeconds: 1_700_000_000 });
      writer.writePacket(0, 5, new Uint8Array(0));
    });
    expect(read(bytes)[2]).toMatchObject({ time: 1_700_000_000_000_005_000n });
  });
});

/** A valid file of every block kind, to be damaged. */
function sample(littleEndian: boolean): Uint8Array {
  return capture({ littleEndian, comments: ['x'], application: 'y' }, (writer) => {
    writer.addInterface({ name: 'n' });
    writer.writeSecrets(1, new Uint8Array(10));
    writer.writeNames([{ address: new Uint8Array(4), names: ['a', 'b'] }]);
    for (let i = 0; i < 6; i++) writer.writePacket(0, i, new Uint8Array(i * 7), { comments: ['c'], packetId: i });
    writer.writeStatistics(0, 7, { startTime: 1, received: 6 });
    writer.writeBlock(0xbad, new Uint8Array(8));
  });
}

describe('no bytes make the reader throw, hang or invent data', () => {
  const pcap = (() => {
    const sink = new MemorySink();
    const writer = new PcapWriter(sink, { resolution: 'nanoseconds' });
    for (let i = 0; i < 6; i++) writer.writePacket(0, i, new Uint8Array(i * 7));
    writer.end();
    return sink.bytes();
  })();
  const bases = [sample(true), sample(false), pcap];

  test('mutated captures', () => {
    const mutation = fc.tuple(fc.nat(4000), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.array(mutation, { maxLength: 6 }),
        fc.nat(4000),
        fc.integer({ min: 1, max: 300 }),
        (base, mutations, cut, step) => {
          const bytes = base.slice(0, cut > base.length ? base.length : base.length - (cut % 50));
          for (const [at, value] of mutations) bytes[at % bytes.length] = value;
          const reader = new CaptureReader();
          const events: CaptureEvent[] = [];
          for (let at = 0; at < bytes.length; at += step) {
            reader.feed(bytes.subarray(at, at + step));
            for (let event = reader.next(); event !== null; event = reader.next()) events.push(event);
          }
          reader.end();
          for (let event = reader.next(); event !== null; event = reader.next()) events.push(event);
          expect(reader.finished).toBe(true);
          const total = ofKind(events, 'packet').reduce((sum, one) => sum + one.data.length, 0);
          expect(total).toBeLessThanOrEqual(bytes.length);
          expect(events.length).toBeLessThanOrEqual(bytes.length);
          expect(ofKind(events, 'error').filter((one) => one.fatal).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('chunking does not change what is read', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.nat(1000), fc.nat(255), fc.nat(40), (base, at, value, step) => {
        const bytes = base.slice();
        bytes[at % bytes.length] = value;
        const pieces: Uint8Array[] = [];
        for (let i = 0; i < bytes.length; i += step + 1) pieces.push(bytes.subarray(i, i + step + 1));
        expect([...readCapture(pieces)]).toEqual([...readCapture(bytes)]);
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('', SECTION, `${SECTION} ${INTERFACE}`),
        (bytes, front) => {
          const head = hex(front);
          const whole = new Uint8Array(head.length + bytes.length);
          whole.set(head);
          whole.set(bytes, head.length);
          for (const event of readCapture(whole)) expect(event.offset).toBeLessThanOrEqual(whole.length);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
