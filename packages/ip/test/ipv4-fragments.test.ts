import { describe, expect, test } from '@jest/globals';
import {
  DROP_FRAGMENT_BEYOND,
  DROP_FRAGMENT_DATAGRAM_FULL,
  DROP_FRAGMENT_DUPLICATE,
  DROP_FRAGMENT_ECN,
  DROP_FRAGMENT_EMPTY,
  DROP_FRAGMENT_END,
  DROP_FRAGMENT_LENGTH,
  DROP_FRAGMENT_MEMORY_FULL,
  DROP_FRAGMENT_NO_PACKETS,
  DROP_FRAGMENT_OVERLAP,
  DROP_FRAGMENT_REFUSED,
  DROP_FRAGMENT_SOURCE_FULL,
  LINK_BROADCAST,
  NX_NO_PACKET,
  NX_OVERFLOW,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import fc from '../../../test/support/laws.ts';
import { type IpFlow, modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { icmp, ipv4, ipWord, text } from './frames.ts';
import { type HostOptions, ScriptedLink, type Sent, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

const PEER = '192.0.2.2';

function fragmenting(options: HostOptions = {}): [TestHost, RecordingTransport] {
  const host = new TestHost({ policy: modernIpPolicy, packets: 256, ...options });
  const transport = new RecordingTransport();
  host.ip.register(EXPERIMENT, transport);
  host.ip.enableFragments();
  return [host, transport];
}

/** Octets that say where they belong. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 97 + ((i + (i >>> 8) * 7) % 26));
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly more?: boolean;
  readonly identification?: number;
  readonly protocol?: number;
  readonly destination?: string;
  readonly source?: string;
  readonly typeOfService?: number;
  readonly options?: readonly number[];
}

function fragment(data: Uint8Array, piece: Piece): Uint8Array {
  const more = piece.more ?? piece.to < data.length;
  return ipv4(
    {
      protocol: piece.protocol ?? EXPERIMENT,
      source: piece.source ?? PEER,
      ...(piece.destination === undefined ? {} : { destination: piece.destination }),
      identification: piece.identification ?? 77,
      fragment: (more ? 0x2000 : 0) | (piece.from >> 3),
      typeOfService: piece.typeOfService ?? 0,
      options: piece.options ?? [],
    },
    data.subarray(piece.from, piece.to),
  );
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Fragments of the same size as a sender with that MTU makes. */
function cut(length: number, size: number): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < length; from += size) pieces.push({ from, to: Math.min(length, from + size) });
  return pieces;
}

describe('putting fragments together (RFC 791 3.2, RFC 815)', () => {
  test('any cut of a datagram, in any order, with any duplicates, gives the datagram once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: 6000 }),
        fc.array(fc.integer({ min: 1, max: 180 }), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        (length, steps, order) => {
          const [host, transport] = fragmenting();
          const data = pattern(length);
          const pieces: Piece[] = [];
          // At most 64 pieces, since a datagram in disorder holds no more packets.
          const smallest = Math.ceil(length / (64 * 8));
          for (let from = 0, i = 0; from < length; i++) {
            const to = Math.min(length, from + 8 * Math.max(smallest, steps[i % steps.length] as number));
            pieces.push({ from, to });
            from = to;
          }
          const again = pieces.filter((_, i) => (order.next().value + i) % 3 === 0);
          const shuffled = pieces
            .map((piece) => ({ piece, key: order.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ piece }) => piece);
          const last = shuffled.pop() as Piece;
          for (const piece of [...shuffled, ...again.filter((piece) => piece !== last), last]) {
            host.injectIp(fragment(data, piece));
          }
          expect(transport.received.map((each) => each.data)).toEqual([decode(data)]);
          expect(host.ip.reassembly.packetsHeld).toBe(0);
          host.finish();
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ['in order', (pieces: Piece[]) => pieces],
    ['last first', (pieces: Piece[]) => [...pieces].reverse()],
    ['even ones first', (p: Piece[]) => [...p.filter((_, i) => i % 2 === 0), ...p.filter((_, i) => i % 2 === 1)]],
  ])('the largest datagram, 65,535 octets, %s', (_, order) => {
    const [host, transport] = fragmenting();
    const data = pattern(65_515);
    for (const piece of order(cut(data.length, 1480))) host.injectIp(fragment(data, piece));
    expect(transport.received[0]?.data).toBe(decode(data));
    expect(host.ip.counters.datagramsReassembled).toBe(1);
    host.finish();
  });

  test('many small fragments share packets: 65,515 octets over an MTU of 68', () => {
    const [host, transport] = fragmenting({ packets: 160 });
    const data = pattern(65_515);
    for (const piece of cut(data.length, 48)) host.injectIp(fragment(data, piece));
    expect(transport.received[0]?.data).toBe(decode(data));
    host.finish();
  });

  test('fragments of 8 octets hand a transport its header in one piece', () => {
    const [host, transport] = fragmenting({ payloadSize: 256 });
    const data = pattern(300);
    for (const piece of [...cut(300, 8)].reverse()) host.injectIp(fragment(data, piece));
    expect(transport.received[0]?.data).toBe(decode(data));
    host.finish();
  });

  test('fragments of one datagram may come by different interfaces (RFC 791: the key is addresses, protocol, id)', () => {
    const [host, transport] = fragmenting();
    const second = new ScriptedLink(host.scheduler, '00:11:22:33:44:60');
    const eth1 = host.ip.attachInterface('eth1', second);
    host.ip.setAddress(eth1, ipWord('192.0.2.1'), ipWord('255.255.255.128'));
    const data = pattern(64);
    host.inject(0x0800, fragment(data, { from: 32, to: 64 }), 0, undefined, second);
    host.injectIp(fragment(data, { from: 0, to: 32 }));
    expect(transport.received).toMatchObject([{ data: decode(data), interfaceIndex: 0 }]);
    host.finish();
  });

  test('datagrams that differ in protocol or destination are kept apart', () => {
    const [host, transport] = fragmenting();
    const other = new RecordingTransport();
    host.ip.register(EXPERIMENT + 1, other);
    host.ip.joinGroup(host.eth0, ipWord('239.1.1.1'));
    const data = pattern(48);
    host.injectIp(fragment(data, { from: 0, to: 24 }));
    host.injectIp(fragment(data, { from: 24, to: 48, protocol: EXPERIMENT + 1 }));
    host.injectMulticast(fragment(data, { from: 24, to: 48, destination: '239.1.1.1' }));
    expect([transport.received, other.received, host.ip.reassembly.waiting]).toEqual([[], [], 3]);
    host.injectIp(fragment(data, { from: 0, to: 24, protocol: EXPERIMENT + 1 }));
    expect([transport.received.length, other.received.length]).toEqual([0, 1]);
    host.injectIp(fragment(data, { from: 24, to: 48 }));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('datagrams that differ in source or identification are kept apart', () => {
    const [host, transport] = fragmenting();
    const data = pattern(48);
    host.injectIp(fragment(data, { from: 0, to: 24 }));
    host.injectIp(fragment(data, { from: 24, to: 48, identification: 78 }));
    host.injectIp(fragment(data, { from: 24, to: 48, source: '192.0.2.3' }));
    expect(transport.received).toEqual([]);
    expect(host.ip.reassembly.waiting).toBe(3);
    host.injectIp(fragment(data, { from: 24, to: 48 }));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('off, as NetX begins, fragments are dropped; switching it off gives back what waits', () => {
    const [host, transport] = fragmenting();
    const data = pattern(48);
    host.injectIp(fragment(data, { from: 0, to: 24 }));
    expect(host.ip.disableFragments()).toBe(NX_SUCCESS);
    expect(host.pool.available).toBe(host.pool.total);
    host.injectIp(fragment(data, { from: 24, to: 48 }));
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('the header that others may quote is that of the whole datagram: port unreachable for one in pieces', () => {
    const [host] = fragmenting();
    host.knowPeer();
    const data = pattern(64);
    for (const piece of cut(64, 32)) {
      const bytes = ipv4(
        { protocol: 200, fragment: (piece.to < 64 ? 0x2000 : 0) | (piece.from >> 3) },
        data.subarray(piece.from, piece.to),
      );
      host.injectIp(bytes);
    }
    const sent = host.next().bytes;
    expect([sent[20], sent[21]]).toEqual([3, 2]);
    expect([(sent[30] as number) * 256 + (sent[31] as number), sent[34], sent[35]]).toEqual([84, 0, 0]);
    host.finish();
  });
});

test('below the low watermark of the pool fragments are dropped first, and whole datagrams still come (NX_ENABLE_LOW_WATERMARK)', () => {
  const host = new TestHost({ packets: 16 });
  const transport = new RecordingTransport();
  host.ip.register(EXPERIMENT, transport);
  host.ip.enableFragments();
  const half = () => host.injectIp(ipv4({ protocol: EXPERIMENT, fragment: 0x2000 }, new Uint8Array(8)));
  half();
  host.pool.setLowWatermark(15);
  half();
  host.injectIp(ipv4({ protocol: EXPERIMENT }, text('whole')));
  expect([host.ip.reassembly.packetsHeld, host.drops(DROP_FRAGMENT_MEMORY_FULL)]).toEqual([1, 1]);
  expect(transport.received.map(({ data }) => data)).toEqual(['whole']);
  host.finish();
});

test('packets that wait inside IP are known: for the rest, for an address, for an application', () => {
  const [host] = fragmenting();
  expect(host.ip.packetsWaiting).toBe(0);
  host.injectIp(fragment(pattern(2000), { from: 0, to: 1480 }));
  expect(send(host, flowTo(host, PEER), pattern(4000))).toBe(NX_SUCCESS);
  host.ip.raw.enable();
  host.injectIp(ipv4({ protocol: 200 }, [1, 2, 3]));
  expect(host.ip.packetsWaiting).toBe(host.pool.total - host.pool.available);
  expect(host.ip.packetsWaiting).toBe(5);
  host.take();
  host.finish();
});

describe('the timer (RFC 1122 3.3.2, RFC 792)', () => {
  test('60 s after the first fragment came, whichever that was, the datagram goes; the sender is told once', () => {
    const [host, transport] = fragmenting();
    host.knowPeer();
    const data = pattern(96);
    host.injectIp(fragment(data, { from: 32, to: 64 }));
    host.advance(50 * SECOND);
    host.injectIp(fragment(data, { from: 0, to: 32 }));
    host.advance(10 * SECOND - 1);
    expect(host.ip.reassembly.waiting).toBe(1);
    host.knowPeer();
    host.advance(1);
    const error = host.next().bytes;
    expect([error[20], error[21]]).toEqual([11, 1]);
    expect(Array.from(error.subarray(28, 48))).toEqual(Array.from(fragment(data, { from: 0, to: 32 }).subarray(0, 20)));
    expect(host.ip.counters.reassemblyTimeouts).toBe(1);
    host.injectIp(fragment(data, { from: 64, to: 96 }));
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('without the first fragment nobody is told', () => {
    const [host] = fragmenting();
    host.knowPeer();
    host.injectIp(fragment(pattern(96), { from: 32, to: 64 }));
    host.advance(61 * SECOND);
    expect(host.ip.counters.reassemblyTimeouts).toBe(1);
    host.finish();
  });

  test('NetX gives an IPv4 datagram 15 s', () => {
    const [host] = fragmenting({ policy: netxIpPolicy });
    host.injectIp(fragment(pattern(96), { from: 32, to: 64 }));
    host.advance(15 * SECOND - 1);
    expect(host.ip.reassembly.waiting).toBe(1);
    host.advance(1);
    expect(host.ip.reassembly.waiting).toBe(0);
    host.finish();
  });

  test('a datagram sent to a group draws no error', () => {
    const [host] = fragmenting();
    host.knowPeer();
    const bytes = ipv4({ protocol: EXPERIMENT, destination: '192.0.2.255', fragment: 0x2000 }, pattern(32));
    host.injectIp(bytes, LINK_BROADCAST);
    host.advance(61 * SECOND);
    host.finish();
  });
});

describe('hostile fragments', () => {
  const data = pattern(128);
  const overlaps: [string, Piece[]][] = [
    [
      'the second begins inside the first (teardrop)',
      [
        { from: 0, to: 64 },
        { from: 40, to: 128 },
      ],
    ],
    [
      'the second lies within the first',
      [
        { from: 0, to: 64 },
        { from: 24, to: 32, more: true },
      ],
    ],
    [
      'the second covers the first',
      [
        { from: 16, to: 32 },
        { from: 0, to: 64 },
      ],
    ],
    [
      'the second covers several',
      [
        { from: 0, to: 16 },
        { from: 32, to: 48 },
        { from: 8, to: 64 },
      ],
    ],
    [
      'the same start, another length',
      [
        { from: 0, to: 32 },
        { from: 0, to: 40 },
      ],
    ],
  ];
  test.each(overlaps)('overlap: %s: the whole datagram goes, and what comes later of it (RFC 5722)', (_, pieces) => {
    const [host, transport] = fragmenting();
    host.knowPeer();
    for (const piece of pieces) host.injectIp(fragment(data, piece));
    expect(host.drops(DROP_FRAGMENT_OVERLAP)).toBeGreaterThan(0);
    expect(host.pool.available).toBe(host.pool.total);
    for (const piece of cut(128, 64)) host.injectIp(fragment(data, piece));
    expect(host.drops(DROP_FRAGMENT_REFUSED)).toBe(2);
    expect(transport.received).toEqual([]);
    host.advance(61 * SECOND);
    for (const piece of cut(128, 64)) host.injectIp(fragment(data, piece));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('an exact copy is ignored; a copy with other octets is an overlap', () => {
    const [host, transport] = fragmenting();
    host.injectIp(fragment(data, { from: 0, to: 64 }));
    host.injectIp(fragment(data, { from: 0, to: 64 }));
    expect(host.drops(DROP_FRAGMENT_DUPLICATE)).toBe(1);
    const other = data.slice();
    other[10] = 0;
    host.injectIp(fragment(other, { from: 0, to: 64 }));
    expect(host.drops(DROP_FRAGMENT_OVERLAP)).toBe(2);
    host.injectIp(fragment(data, { from: 64, to: 128 }));
    expect(transport.received).toEqual([]);
    host.finish();
  });

  const ends: [string, Piece[]][] = [
    [
      'two last fragments that differ',
      [
        { from: 64, to: 128 },
        { from: 64, to: 96, more: false },
      ],
    ],
    [
      'data behind the end',
      [
        { from: 32, to: 64, more: false },
        { from: 64, to: 96 },
      ],
    ],
    [
      'an end before data that is here',
      [
        { from: 64, to: 96 },
        { from: 8, to: 32, more: false },
      ],
    ],
  ];
  test.each(ends)('disagreement about the end: %s', (_, pieces) => {
    const [host, transport] = fragmenting();
    for (const piece of pieces) host.injectIp(fragment(data, piece));
    expect(host.drops(DROP_FRAGMENT_END)).toBeGreaterThan(0);
    for (const piece of cut(128, 64)) host.injectIp(fragment(data, piece));
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('no data, a length that is no multiple of 8, and beyond 65,535 (ping of death): only that fragment is dropped', () => {
    const [host, transport] = fragmenting();
    host.injectIp(fragment(data, { from: 0, to: 64 }));
    host.injectIp(fragment(data, { from: 64, to: 64, more: true }));
    host.injectIp(fragment(data, { from: 64, to: 100, more: true }));
    host.injectIp(ipv4({ protocol: EXPERIMENT, identification: 77, fragment: 0x1fff }, pattern(64)));
    expect([DROP_FRAGMENT_EMPTY, DROP_FRAGMENT_LENGTH, DROP_FRAGMENT_BEYOND].map((each) => host.drops(each))).toEqual([
      1, 1, 1,
    ]);
    host.injectIp(fragment(data, { from: 64, to: 128 }));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('options of the first fragment count towards 65,535', () => {
    const [host, transport] = fragmenting();
    const large = pattern(65_515);
    const [first, ...rest] = cut(large.length, 1400) as [Piece, ...Piece[]];
    for (const piece of rest) host.injectIp(fragment(large, piece));
    host.injectIp(fragment(large, { ...first, options: [1, 1, 1, 1] }));
    expect(host.drops(DROP_FRAGMENT_BEYOND)).toBe(1);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('one datagram holds at most 64 packets, however it is cut', () => {
    const [host] = fragmenting({ packets: 512 });
    const large = pattern(65_000);
    for (let from = 0; from < 65 * 16; from += 16) host.injectIp(fragment(large, { from, to: from + 8 }));
    expect(host.drops(DROP_FRAGMENT_DATAGRAM_FULL)).toBeGreaterThan(0);
    expect(host.pool.available).toBe(host.pool.total);
    host.finish();
  });

  test('one source holds at most 128 packets: its own oldest datagram goes, others stay', () => {
    const [host, transport] = fragmenting({ packets: 512 });
    host.injectIp(fragment(data, { from: 0, to: 64, source: '192.0.2.9' }));
    const large = pattern(2000);
    for (let identification = 1; identification <= 40; identification++) {
      for (let from = 0; from < 4 * 400; from += 400) {
        host.injectIp(fragment(large, { from, to: from + 8, identification }));
        host.advance(1);
      }
    }
    expect(host.ip.reassembly.packetsHeld).toBeLessThanOrEqual(129);
    expect(host.drops(DROP_FRAGMENT_SOURCE_FULL)).toBeGreaterThan(0);
    host.injectIp(fragment(data, { from: 64, to: 128, source: '192.0.2.9' }));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('all together hold half the pool: the oldest goes, and a datagram whose fragments follow each other gets through', () => {
    const [host, transport] = fragmenting({ packets: 32 });
    for (let i = 0; i < 500; i++) {
      host.injectIp(fragment(data, { from: 0, to: 64, source: `198.51.100.${i % 250}`, identification: i }));
      host.advance(1);
      expect(host.ip.reassembly.packetsHeld).toBeLessThanOrEqual(16);
    }
    expect(host.drops(DROP_FRAGMENT_MEMORY_FULL)).toBeGreaterThan(400);
    expect(host.ip.counters.reassemblyEvictions).toBeGreaterThan(400);
    for (const piece of cut(128, 64)) host.injectIp(fragment(data, piece));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('ECN: congestion met by one fragment is congestion; beside a fragment without ECN the datagram is dropped (RFC 3168 5.3)', () => {
    const [host, transport] = fragmenting();
    host.injectIp(fragment(data, { from: 0, to: 64, typeOfService: 2 }));
    host.injectIp(fragment(data, { from: 64, to: 128, typeOfService: 3 }));
    expect(transport.received).toHaveLength(1);
    host.injectIp(fragment(data, { from: 0, to: 64, typeOfService: 0, identification: 5 }));
    host.injectIp(fragment(data, { from: 64, to: 128, typeOfService: 3, identification: 5 }));
    expect(transport.received).toHaveLength(1);
    expect(host.drops(DROP_FRAGMENT_ECN)).toBeGreaterThan(0);
    host.finish();
  });
});

/** The datagram that fragments carry, after checking what holds for every one of them. */
function joined(sent: Sent[], mtu: number): Uint8Array {
  const parts = sent.map(({ bytes }) => {
    const word = ((bytes[6] as number) << 8) | (bytes[7] as number);
    const headerLength = ((bytes[0] as number) & 15) * 4;
    return { bytes, headerLength, offset: (word & 0x1fff) * 8, more: (word & 0x2000) !== 0 };
  });
  const identifications = new Set(parts.map(({ bytes }) => ((bytes[4] as number) << 8) | (bytes[5] as number)));
  expect(identifications.size).toBe(1);
  let expected = 0;
  const data: number[] = [];
  parts.forEach((part, i) => {
    expect(part.offset).toBe(expected);
    expect(part.more).toBe(i < parts.length - 1);
    expect(part.bytes.length).toBeLessThanOrEqual(mtu);
    data.push(...part.bytes.subarray(part.headerLength));
    expected += part.bytes.length - part.headerLength;
  });
  return Uint8Array.from(data);
}

function send(host: TestHost, flow: IpFlow, data: Uint8Array): number {
  const packet = host.pool.allocate(64);
  if (packet === null) throw new Error('the pool is empty');
  if (packet.appendBytes(data, 0, data.length) !== NX_SUCCESS) throw new Error('the pool is too small');
  const status = host.ip.send(packet, flow);
  if (status !== NX_SUCCESS) {
    expect(packet.length).toBe(data.length);
    packet.release();
  }
  return status;
}

function flowTo(host: TestHost, address: string): IpFlow {
  return host.ip.openFlow(ipv4Address(ipWord(address)), EXPERIMENT, null) as IpFlow;
}

describe('cutting what is larger than the MTU', () => {
  test.each([68, 576, 1006, 1500])('over an MTU of %i every fragment but the last is as large as can be', (mtu) => {
    const [host] = fragmenting({ mtu, packets: 256 });
    host.knowPeer();
    const data = pattern(mtu === 68 ? 6000 : 65_515);
    expect(send(host, flowTo(host, PEER), data)).toBe(NX_SUCCESS);
    const sent = host.take();
    expect(sent.length).toBe(Math.ceil(data.length / ((mtu - 20) & ~7)));
    expect(decode(joined(sent, mtu))).toBe(decode(data));
    expect(host.ip.counters.totalFragmentsSent).toBe(sent.length);
    host.finish();
  });

  test('what waits for ARP waits whole, and is cut when the answer comes', () => {
    const [host] = fragmenting();
    const data = pattern(20_000);
    expect(send(host, flowTo(host, PEER), data)).toBe(NX_SUCCESS);
    expect(host.take()).toHaveLength(1);
    host.knowPeer();
    expect(decode(joined(host.take(), 1500))).toBe(decode(data));
    host.finish();
  });

  test('"do not fragment" refuses, beyond 65,535 overflows, and without packets nothing is sent at all', () => {
    const [host] = fragmenting({ packets: 64 });
    host.knowPeer();
    const flow = flowTo(host, PEER);
    flow.dontFragment = true;
    expect(send(host, flow, pattern(1481))).toBe(NX_OVERFLOW);
    flow.dontFragment = false;
    expect(send(host, flow, pattern(65_516))).toBe(NX_OVERFLOW);
    expect(send(host, flow, pattern(60_000))).toBe(NX_NO_PACKET);
    expect(host.drops(DROP_FRAGMENT_NO_PACKETS)).toBe(1);
    expect(host.ip.counters.fragmentationFailures).toBe(1);
    host.finish();
  });

  test('each datagram has an identification of its own', () => {
    const [host] = fragmenting();
    host.knowPeer();
    const flow = flowTo(host, PEER);
    const ids = new Set<number>();
    for (let i = 0; i < 20; i++) {
      send(host, flow, pattern(2000));
      const [first] = host.take() as [Sent];
      ids.add(((first.bytes[4] as number) << 8) | (first.bytes[5] as number));
    }
    expect(ids.size).toBe(20);
    host.finish();
  });

  test('a ping of 65,507 octets is answered with as many', () => {
    const [host] = fragmenting();
    host.knowPeer();
    const message = icmp({ type: 8, rest: [1, 2, 3, 4] }, pattern(65_507));
    for (const piece of cut(message.length, 1480)) {
      host.injectIp(
        ipv4(
          { protocol: 1, fragment: (piece.to < message.length ? 0x2000 : 0) | (piece.from >> 3) },
          message.subarray(piece.from, piece.to),
        ),
      );
    }
    const reply = joined(host.take(), 1500);
    expect(Array.from(reply)).toEqual(Array.from(icmp({ type: 0, rest: [1, 2, 3, 4] }, pattern(65_507))));
    host.finish();
  });

  test('to oneself a datagram of 65,507 octets goes in one piece', () => {
    const [host, transport] = fragmenting();
    expect(send(host, flowTo(host, '192.0.2.1'), pattern(60_000))).toBe(NX_SUCCESS);
    host.scheduler.runDeferred();
    expect(transport.received[0]?.data).toBe(decode(pattern(60_000)));
    host.finish();
  });
});
