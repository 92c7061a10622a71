import { describe, expect, test } from '@jest/globals';
import {
  type DatagramInfo,
  DROP_IPV6_EMPTY,
  DROP_IPV6_NO_NEXT_HEADER,
  DROP_IPV6_NOT_FOR_US,
  DROP_IPV6_OPTION,
  DROP_IPV6_OWN_SOURCE,
  DROP_IPV6_SHORT,
  DROP_IPV6_SOURCE_ADDRESS,
  DROP_IPV6_TRUNCATED,
  DROP_IPV6_VERSION,
  HANDLED,
  type Packet,
} from '@strata/contracts';
import {
  ALL_NODES,
  checksum6,
  echoRequest,
  type Fields6,
  Host6,
  icmp6,
  ipv6,
  OURS,
  PEER,
  PEER_GLOBAL,
  word16,
  word32,
} from './ipv6-host.ts';

/** A host that knows its peer, so that answers go out at once. */
function acquainted(): Host6 {
  const host = new Host6();
  host.know();
  host.take();
  return host;
}

/** An echo request behind extension headers, each `[next header value, octets behind the next header field]`. */
function behind(headers: readonly (readonly [number, readonly number[]])[], fields: Fields6 = {}): Uint8Array {
  const message = icmp6(fields, 128, 0, [0x12, 0x34, 0, 1, 9, 9]);
  const octets: number[] = [];
  for (const [i, [, body]] of headers.entries()) octets.push(headers[i + 1]?.[0] ?? 58, ...body);
  return ipv6({ hopLimit: 64, next: headers[0]![0], ...fields }, [...octets, ...message]);
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION = 60;
const PADDING = [0, 1, 4, 0, 0, 0, 0];

function expectEcho(host: Host6): void {
  expect(host.next()).toMatchObject({ type: 129, source: OURS, destination: PEER });
  host.silent();
  host.ip.nd.invalidate();
  host.finish();
}

/** The host answers with one parameter problem that quotes the packet. */
function expectProblem(host: Host6, packet: Uint8Array, code: number, pointer: number): void {
  const error = host.next();
  expect(error).toMatchObject({ type: 4, code, destination: PEER });
  expect(Array.from(error.rest.slice(0, 4))).toEqual(word32(pointer));
  expect(Array.from(error.rest.slice(4))).toEqual(Array.from(packet.slice(0, 1232)));
  host.silent();
  host.ip.nd.invalidate();
  host.finish();
}

describe('the IPv6 header (RFC 8200 3)', () => {
  test.each([0, 1, 64, 255])('a hop limit of %i is good for us', (hopLimit) => {
    const host = acquainted();
    host.inject(echoRequest({ hopLimit }));
    expectEcho(host);
  });

  test('traffic class and flow label are taken as they are and answered with 0', () => {
    const host = acquainted();
    host.inject(echoRequest({ trafficClass: 0xff, flowLabel: 0xfffff }));
    const answer = host.next();
    expect(answer).toMatchObject({ type: 129, trafficClass: 0 });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('octets behind the payload are padding of the link', () => {
    const host = acquainted();
    host.inject(Uint8Array.from([...echoRequest(), 0xaa, 0xaa, 0xaa]));
    expectEcho(host);
  });

  const malformed: readonly (readonly [why: string, packet: Uint8Array, reason: number])[] = [
    ['39 octets', echoRequest().slice(0, 39), DROP_IPV6_SHORT],
    ['version 5', ipv6({ version: 5 }, new Uint8Array(8)), DROP_IPV6_VERSION],
    ['a payload length beyond the frame', ipv6({ payloadLength: 100 }, new Uint8Array(99)), DROP_IPV6_TRUNCATED],
    ['a payload length of 0', ipv6({ payloadLength: 0 }, new Uint8Array(16)), DROP_IPV6_EMPTY],
    ['no next header', ipv6({ next: 59 }, new Uint8Array(8)), DROP_IPV6_NO_NEXT_HEADER],
    ['a multicast source', echoRequest({ source: 'ff02::5' }), DROP_IPV6_SOURCE_ADDRESS],
    ['the loopback source', echoRequest({ source: '::1' }), DROP_IPV6_SOURCE_ADDRESS],
    ['the unspecified source', echoRequest({ source: '::' }), DROP_IPV6_SOURCE_ADDRESS],
    ['our own source', echoRequest({ source: OURS }), DROP_IPV6_OWN_SOURCE],
    ["somebody else's destination", echoRequest({ destination: PEER_GLOBAL }), DROP_IPV6_NOT_FOR_US],
    ['the loopback destination', echoRequest({ destination: '::1' }), DROP_IPV6_NOT_FOR_US],
    ['the unspecified destination', echoRequest({ destination: '::' }), DROP_IPV6_NOT_FOR_US],
    ['a group nobody joined', echoRequest({ destination: 'ff02::1234' }), DROP_IPV6_NOT_FOR_US],
    ['a group of interface scope', echoRequest({ destination: 'ff01::1' }), DROP_IPV6_NOT_FOR_US],
  ];
  test.each(malformed)('%s is dropped in silence', (_, packet, reason) => {
    const host = acquainted();
    host.inject(packet);
    host.silent();
    expect(host.drops(reason)).toBe(1);
    host.finish();
  });

  test.each([1, 2, 50, 51, 135, 253, 255])('next header %i, which nobody knows, is a parameter problem', (next) => {
    const host = acquainted();
    const packet = ipv6({ next, hopLimit: 64 }, new Uint8Array(40));
    host.inject(packet);
    expectProblem(host, packet, 1, 6);
  });
});

describe('extension headers (RFC 8200 4)', () => {
  test('are taken in every order that is allowed', () => {
    for (const chain of [
      [[HOP_BY_HOP, PADDING]],
      [[DESTINATION, PADDING]],
      [[ROUTING, [0, 0, 0, 0, 0, 0, 0]]],
      [
        [HOP_BY_HOP, PADDING],
        [DESTINATION, PADDING],
        [ROUTING, [0, 2, 0, 0, 0, 0, 0]],
        [DESTINATION, PADDING],
      ],
      [
        [DESTINATION, PADDING],
        [DESTINATION, PADDING],
        [DESTINATION, PADDING],
      ],
    ] as const) {
      const host = acquainted();
      host.inject(behind(chain));
      expectEcho(host);
    }
  });

  test('a hop-by-hop header that is not first is an unknown next header', () => {
    const host = acquainted();
    const packet = behind([
      [DESTINATION, PADDING],
      [HOP_BY_HOP, PADDING],
    ]);
    host.inject(packet);
    expectProblem(host, packet, 1, 40);
  });

  test('an unknown next header behind one is pointed at there', () => {
    const host = acquainted();
    const packet = ipv6({ next: DESTINATION, hopLimit: 64 }, [143, ...PADDING, ...new Uint8Array(8)]);
    host.inject(packet);
    expectProblem(host, packet, 1, 40);
  });

  test('no next header behind one is silence', () => {
    const host = acquainted();
    host.inject(ipv6({ next: DESTINATION }, [59, ...PADDING, ...new Uint8Array(8)]));
    host.silent();
    host.finish();
  });

  test('that reach beyond the packet are a parameter problem', () => {
    const host = acquainted();
    const packet = ipv6({ next: DESTINATION, hopLimit: 64 }, [58, 5, 1, 4, 0, 0, 0, 0, ...new Uint8Array(16)]);
    host.inject(packet);
    expectProblem(host, packet, 0, 41);
  });

  test.each([0, 1, 2, 3, 33, 253])('a routing header of type %i with segments left is refused (RFC 5095)', (type) => {
    const host = acquainted();
    const packet = behind([[ROUTING, [2, type, 1, 0, 0, 0, 0, ...new Uint8Array(16)]]]);
    host.inject(packet);
    expectProblem(host, packet, 0, 42);
  });

  test('a routing header without segments left is passed over, whatever its type', () => {
    const host = acquainted();
    host.inject(behind([[ROUTING, [2, 33, 0, 0, 0, 0, 0, ...new Uint8Array(16)]]]));
    expectEcho(host);
  });
});

describe('options (RFC 8200 4.2)', () => {
  /** Type of an unknown option: two high bits say what to do about it. */
  for (const header of [HOP_BY_HOP, DESTINATION]) {
    const name = header === HOP_BY_HOP ? 'hop-by-hop' : 'destination';
    test(`${name}: 00 is skipped`, () => {
      const host = acquainted();
      host.inject(behind([[header, [0, 0x07, 4, 1, 2, 3, 4]]]));
      expectEcho(host);
    });

    test(`${name}: 01 is dropped in silence`, () => {
      const host = acquainted();
      host.inject(behind([[header, [0, 0x47, 4, 1, 2, 3, 4]]]));
      host.silent();
      expect(host.drops(DROP_IPV6_OPTION)).toBe(1);
      host.finish();
    });

    test.each([0x87, 0xc7, 0xc2, 0xc9])(`${name}: %i, to us alone, is a parameter problem`, (type) => {
      const host = acquainted();
      const packet = behind([[header, [0, type, 4, 1, 2, 3, 4]]]);
      host.inject(packet);
      expectProblem(host, packet, 2, 42);
    });

    test(`${name}: 10 to a group is a parameter problem from our address`, () => {
      const host = acquainted();
      const packet = behind([[header, [0, 0x87, 4, 1, 2, 3, 4]]], { destination: ALL_NODES });
      host.inject(packet);
      expectProblem(host, packet, 2, 42);
    });

    test(`${name}: 11 to a group is dropped in silence`, () => {
      const host = acquainted();
      host.inject(behind([[header, [0, 0xc7, 4, 1, 2, 3, 4]]], { destination: ALL_NODES }));
      host.silent();
      host.finish();
    });

    test(`${name}: the first one that stands against the packet counts, and is pointed at`, () => {
      const host = acquainted();
      const packet = behind([[header, [1, 0x07, 4, 1, 2, 3, 4, 0, 0x87, 4, 1, 2, 3, 4, 0]]]);
      host.inject(packet);
      expectProblem(host, packet, 2, 49);
    });

    test(`${name}: every padding is padding`, () => {
      const host = acquainted();
      host.inject(behind([[header, [0, 0, 0, 0, 0, 0, 0]]]));
      host.inject(behind([[header, [0, 0, 1, 0, 0, 1, 0]]]));
      expect(host.take().map((each) => each.type)).toEqual([129, 129]);
      host.ip.nd.invalidate();
      host.finish();
    });

    test(`${name}: one that reaches beyond its header is a parameter problem`, () => {
      const host = acquainted();
      const packet = behind([[header, [0, 1, 4, 0, 0, 0, 0]]]).slice();
      packet[43] = 5;
      host.inject(packet);
      expectProblem(host, packet, 0, 43);
    });
  }

  test('a router alert asks nothing of a host', () => {
    const host = acquainted();
    host.inject(behind([[HOP_BY_HOP, [0, 5, 2, 0, 0, 1, 0]]]));
    expectEcho(host);
  });
});

describe('transports', () => {
  function udp(fields: Fields6, checksum?: number): Uint8Array {
    const source = fields.source ?? PEER;
    const destination = fields.destination ?? OURS;
    const datagram = [...word16(4000), ...word16(5000), ...word16(12), 0, 0, 1, 2, 3, 4];
    const sum = checksum ?? checksum6(source, destination, 17, datagram);
    datagram[6] = sum >>> 8;
    datagram[7] = sum & 255;
    return ipv6({ hopLimit: 64, ...fields, next: 17 }, datagram);
  }

  test('get datagrams with everything about them, behind extension headers too', () => {
    const host = acquainted();
    const seen: Partial<DatagramInfo>[] = [];
    host.ip.register(17, {
      accept: (packet: Packet, info: DatagramInfo) => {
        seen.push({ ...info });
        packet.release();
        return HANDLED;
      },
      networkError: () => {},
    });
    host.inject(udp({ trafficClass: 0x28 }));
    expect(seen[0]).toMatchObject({
      family: 6,
      protocol: 17,
      timeToLive: 64,
      typeOfService: 0x28,
      toUnicast: true,
      interfaceIndex: 0,
    });
    expect(seen[0]!.source3).toBe(0xfe334457 | 0);
    host.finish();
  });

  test('hear what their own host sends to a group that it has joined; it leaves with a hop limit of 1', () => {
    const host = new Host6();
    const seen: number[] = [];
    host.ip.register(17, {
      accept: (packet: Packet, info: DatagramInfo) => {
        seen.push(info.destination3);
        expect(info.toUnicast).toBe(false);
        packet.release();
        return HANDLED;
      },
      networkError: () => {},
    });
    const group = host.address('ff02::1234');
    const flow = host.ip.openFlow(group, 17, null)!;
    const send = () => {
      const packet = host.ip.pool.allocate(80)!;
      packet.appendBytes(udp({ source: OURS, destination: 'ff02::1234' }).slice(40), 0, 12);
      host.ip.send(packet, flow);
      host.host.scheduler.runDeferred();
      return host.next();
    };
    send();
    expect(seen).toEqual([]);
    host.ip.ipv6.joinGroup(host.eth0, group);
    expect(send()).toMatchObject({ next: 17, hopLimit: 1, to: '33:33:00:00:12:34' });
    expect(seen).toEqual([0x1234]);
    host.finish();
  });

  test('that have no use for a datagram leave it to an ICMPv6 error, but never for a group', () => {
    const host = acquainted();
    host.ip.register(17, { accept: () => 1, networkError: () => {} });
    const packet = udp({});
    host.inject(packet);
    const error = host.next();
    expect(error).toMatchObject({ type: 1, code: 4, source: OURS, destination: PEER });
    expect(Array.from(error.rest)).toEqual([0, 0, 0, 0, ...packet]);
    host.inject(udp({ destination: ALL_NODES }));
    host.silent();
    host.ip.nd.invalidate();
    host.finish();
  });
});
