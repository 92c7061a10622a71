import { describe, expect, test } from '@jest/globals';
import {
  DROP_ICMP_CHECKSUM,
  DROP_ICMP_SHORT,
  DROP_ICMP_TYPE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_TIME_EXCEEDED,
  LINK_BROADCAST,
  LINK_MULTICAST,
  type NetworkError,
  NX_NOT_SUCCESSFUL,
  SECOND,
} from '@strata/contracts';
import { netxIpPolicy } from '../src/index.ts';
import {
  ALL_NODES,
  echoRequest,
  Host6,
  icmp6,
  icmpPacket,
  ipv6,
  OURS,
  OURS_GLOBAL,
  PEER,
  PEER_GLOBAL,
  solicited,
  word32,
} from './ipv6-host.ts';

function acquainted(options = {}): Host6 {
  const host = new Host6(options);
  host.know();
  host.take();
  return host;
}

/** A packet that draws a parameter problem. */
function unknownHeader(fields = {}, length = 8): Uint8Array {
  return ipv6({ next: 200, hopLimit: 64, ...fields }, new Uint8Array(length));
}

describe('echo (RFC 4443 4.1, 4.2)', () => {
  test.each([0, 1, 2, 1000, 1452])('a request with %i octets of data comes back with them', (length) => {
    const host = acquainted();
    const data = Uint8Array.from({ length }, (_, i) => i);
    host.inject(echoRequest({}, data));
    const answer = host.next();
    expect(answer).toMatchObject({ type: 129, code: 0, source: OURS, destination: PEER });
    expect(Array.from(answer.rest)).toEqual([0x12, 0x34, 0, 1, ...data]);
    host.ip.nd.invalidate();
    host.finish();
  });

  test.each([ALL_NODES, solicited(OURS)])('a request to %s is answered from an address of ours', (destination) => {
    const host = acquainted();
    host.inject(echoRequest({ destination }));
    expect(host.next()).toMatchObject({ type: 129, source: OURS, destination: PEER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('a request from elsewhere to a group is answered from the address that fits it', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    host.inject(echoRequest({ source: PEER_GLOBAL, destination: ALL_NODES }));
    expect(host.next()).toMatchObject({ type: 135, source: OURS_GLOBAL, target: PEER_GLOBAL });
    host.ip.nd.invalidate();
    host.finish();
  });

  const refused: readonly (readonly [why: string, packet: Uint8Array, reason: number])[] = [
    ['a wrong checksum', icmpPacket({}, 128, [0, 0, 0, 0], 0, 0xbeef), DROP_ICMP_CHECKSUM],
    ['seven octets', ipv6({}, [128, 0, 0, 0, 0, 0, 0]), DROP_ICMP_SHORT],
    ['an informational type that nobody knows', icmpPacket({}, 200, [0, 0, 0, 0]), DROP_ICMP_TYPE],
  ];
  test.each(refused)('%s is dropped in silence', (_, packet, reason) => {
    const host = acquainted();
    host.inject(packet);
    host.silent();
    expect(host.drops(reason)).toBe(1);
    host.finish();
  });

  test('our pings carry data, identifier and sequence, and know their answer', () => {
    const host = acquainted();
    const statuses: number[] = [];
    const listener = {
      pinged: (status: number, response: { release(): number } | null) => {
        statuses.push(status);
        response?.release();
      },
    };
    host.ip.icmp.echo.ping(host.address(PEER), Uint8Array.of(7, 8), SECOND, listener);
    const request = host.next();
    expect(request).toMatchObject({ type: 128, source: OURS, destination: PEER });
    expect(Array.from(request.rest)).toEqual([0x44, 0x56, 0, 0, 7, 8]);
    host.inject(icmpPacket({ source: PEER_GLOBAL }, 129, request.rest));
    expect(statuses).toEqual([]);
    host.inject(icmpPacket({}, 129, request.rest));
    expect(statuses).toEqual([0]);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('we ping ourselves over the loopback, by ::1 and by our own address', () => {
    const host = new Host6();
    const statuses: number[] = [];
    const listener = {
      pinged: (status: number, response: { release(): number } | null) => {
        statuses.push(status);
        response?.release();
      },
    };
    for (const to of ['::1', OURS]) host.ip.icmp.echo.ping(host.address(to), new Uint8Array(4), SECOND, listener);
    for (let i = 0; i < 4; i++) host.host.scheduler.runDeferred();
    expect(statuses).toEqual([0, 0]);
    host.finish();
  });
});

describe('errors that we send (RFC 4443 2.4)', () => {
  test('quote as much of the packet as 1280 octets hold', () => {
    const host = acquainted();
    const packet = unknownHeader({}, 1400);
    host.inject(packet);
    const error = host.next();
    expect(error.payload.length + 40).toBe(1280);
    expect(Array.from(error.rest.slice(4))).toEqual(Array.from(packet.slice(0, 1232)));
    host.ip.nd.invalidate();
    host.finish();
  });

  test('come from the address that the packet was sent to', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    host.know();
    host.inject(unknownHeader({ destination: OURS_GLOBAL }));
    expect(host.take().at(-1)).toMatchObject({ type: 4, source: OURS_GLOBAL });
    host.ip.nd.invalidate();
    host.finish();
  });

  const silent: readonly (readonly [why: string, packet: Uint8Array, cast: number | undefined])[] = [
    ['a packet to a group', unknownHeader({ destination: ALL_NODES }), undefined],
    ['a multicast frame', unknownHeader(), LINK_MULTICAST],
    ['a broadcast frame', unknownHeader(), LINK_BROADCAST],
    ['the unspecified source', unknownHeader({ source: '::' }), undefined],
    ['a multicast source', unknownHeader({ source: 'ff02::9' }), undefined],
    [
      'an error in an extension chain',
      ipv6({ next: 60 }, [58, 0, 0x87, 4, 0, 0, 0, 0, ...icmp6({}, 1, 0, [0, 0, 0, 0])]),
      undefined,
    ],
    [
      'a redirect in an extension chain',
      ipv6({ next: 60 }, [58, 0, 0x87, 4, 0, 0, 0, 0, ...icmp6({}, 137, 0, new Uint8Array(36))]),
      undefined,
    ],
  ];
  test.each(silent)('are not sent about %s', (_, packet, cast) => {
    const host = acquainted();
    host.inject(packet, undefined, cast);
    host.silent();
    host.finish();
  });

  test('are sent about an echo request behind a bad option', () => {
    const host = acquainted();
    host.inject(ipv6({ next: 60 }, [58, 0, 0x87, 4, 0, 0, 0, 0, ...icmp6({}, 128, 0, [0, 0, 0, 0])]));
    expect(host.next().type).toBe(4);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('are limited to a burst and a rate', () => {
    const host = acquainted();
    for (let i = 0; i < 50; i++) host.inject(unknownHeader());
    expect(host.take()).toHaveLength(10);
    host.seconds(0.05);
    for (let i = 0; i < 50; i++) host.inject(unknownHeader());
    expect(host.take()).toHaveLength(5);
    expect(host.ip.icmp.counters.errorsWithheld).toBe(85);
    host.ip.nd.invalidate();
    host.finish();
  });
});

describe('errors that we receive (RFC 4443 3)', () => {
  /** An error that quotes a UDP datagram of ours. */
  function about(type: number, code: number, rest: number, quoted: Uint8Array): Uint8Array {
    return icmpPacket({ hopLimit: 64 }, type, [...word32(rest), ...quoted], code);
  }
  const datagram = ipv6(
    { source: OURS, destination: PEER, next: 17, hopLimit: 64 },
    [1, 2, 3, 4, 0, 12, 0, 0, 9, 9, 9, 9],
  );

  function listening(policy = {}): { host: Host6; errors: Partial<NetworkError>[] } {
    const host = acquainted(policy);
    const errors: Partial<NetworkError>[] = [];
    host.ip.register(17, { accept: () => 1, networkError: (error: NetworkError) => errors.push({ ...error }) });
    return { host, errors };
  }

  const kinds: readonly (readonly [type: number, code: number, kind: number])[] = [
    [1, 0, ERROR_NETWORK_UNREACHABLE],
    [1, 4, ERROR_PORT_UNREACHABLE],
    [3, 0, ERROR_TIME_EXCEEDED],
  ];
  test.each(kinds)('type %i code %i reaches the transport', (type, code, kind) => {
    const { host, errors } = listening();
    host.inject(about(type, code, 0, datagram));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ family: 6, kind, protocol: 17, localPort: 0x0102, remotePort: 0x0304 });
    host.finish();
  });

  test('behind extension headers of the quote too', () => {
    const { host, errors } = listening();
    const quoted = ipv6(
      { source: OURS, destination: PEER, next: 60 },
      [17, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4, 0, 8, 0, 0],
    );
    host.inject(about(1, 4, 0, quoted));
    expect(errors[0]).toMatchObject({ localPort: 0x0102 });
    host.finish();
  });

  test.each([0, 8, 39, 40, 47])('a quote cut to %i octets reaches nobody', (length) => {
    const { host, errors } = listening();
    host.inject(about(1, 4, 0, datagram.slice(0, length)));
    expect(errors).toEqual([]);
    host.silent();
    host.finish();
  });

  test("a quote of somebody else's packet reaches nobody", () => {
    const { host, errors } = listening();
    host.inject(about(1, 4, 0, ipv6({ source: PEER_GLOBAL, destination: PEER, next: 17 }, new Uint8Array(12))));
    expect(errors).toEqual([]);
    host.finish();
  });

  test("NetX's profile tells transports nothing", () => {
    const { host, errors } = listening({ policy: netxIpPolicy });
    host.inject(about(1, 4, 0, datagram));
    expect(errors).toEqual([]);
    host.finish();
  });

  test('an error about our ping ends it', () => {
    const host = acquainted();
    const statuses: number[] = [];
    const pinged = (status: number) => statuses.push(status);
    host.ip.icmp.echo.ping(host.address(PEER), new Uint8Array(4), SECOND, { pinged });
    const request = host.host.next();
    host.inject(about(1, 0, 0, request.bytes));
    expect(statuses).toEqual([NX_NOT_SUCCESSFUL]);
    host.ip.nd.invalidate();
    host.finish();
  });
});
