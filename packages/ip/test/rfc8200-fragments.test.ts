import { describe, expect, test } from '@jest/globals';
import {
  DROP_FRAGMENT_OVERLAP,
  DROP_IPV6_FRAGMENT,
  DROP_IPV6_FRAGMENT_HEADERS,
  DROP_IPV6_FRAGMENT_LENGTH,
  DROP_IPV6_FRAGMENT_TOO_LONG,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { netxIpPolicy } from '../src/index.ts';
import {
  fragmentHeader,
  Host6,
  type Host6Options,
  icmp6,
  icmpPacket,
  ipv6,
  OURS,
  OURS_GLOBAL,
  PEER,
  PEER_GLOBAL,
  type Received6,
  ROUTER,
  ROUTER_MAC,
  redirect,
  routerAdvertisement,
  word32,
} from './ipv6-host.ts';

const ID = 0x1234_5678;

function acquainted(options: Host6Options = {}): Host6 {
  const host = new Host6(options);
  host.know();
  host.take();
  return host;
}

function message(length: number): Uint8Array {
  return icmp6({}, 128, 0, [0x12, 0x34, 0, 1, ...Uint8Array.from({ length }, (_, i) => i)]);
}

function fragment(data: ArrayLike<number>, offset: number, more: boolean, id = ID, next = 58): Uint8Array {
  return ipv6({ next: 44, hopLimit: 64 }, [...fragmentHeader(next, offset, more, id), ...Array.from(data)]);
}

/** A request in pieces of `size` octets. */
function pieces(length: number, size: number, id = ID): Uint8Array[] {
  const whole = message(length);
  const list: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += size) {
    list.push(fragment(whole.slice(at, at + size), at, at + size < whole.length, id));
  }
  return list;
}

function done(host: Host6): void {
  host.ip.nd.invalidate();
  host.finish();
}

/** Puts fragments that the host sent together. */
function join(parts: readonly Received6[]): { data: number[]; ids: Set<string>; next: number } {
  const data: number[] = [];
  const ids = new Set<string>();
  for (const { payload, next } of parts) {
    expect(next).toBe(44);
    const word = (payload[2]! << 8) | payload[3]!;
    expect(word & 0xfff8).toBe(data.length);
    expect((word & 1) === 1).toBe(parts.at(-1)!.payload !== payload);
    ids.add(Array.from(payload.slice(4, 8)).join());
    data.push(...payload.slice(8));
  }
  return { data, ids, next: parts[0]!.payload[0]! };
}

describe('reassembly (RFC 8200 4.5)', () => {
  test.each([
    ['in order', [0, 1, 2, 3]],
    ['backwards', [3, 2, 1, 0]],
    ['in any order', [2, 0, 3, 1]],
    ['with one twice', [0, 1, 1, 2, 3]],
  ])('puts fragments together that come %s', (_, order) => {
    const host = acquainted();
    const parts = pieces(1200, 304);
    for (const at of order) host.inject(parts[at]!);
    const answer = host.next();
    expect(answer).toMatchObject({ type: 129, source: OURS, destination: PEER });
    expect(answer.rest).toHaveLength(1204);
    done(host);
  });

  test('keeps datagrams apart by source and identification', () => {
    const host = acquainted();
    const one = pieces(600, 304, 1);
    const other = pieces(600, 304, 2);
    host.inject(one[0]!);
    host.inject(other[0]!);
    host.inject(one[1]!);
    host.inject(other[1]!);
    expect(host.take().map((each) => each.type)).toEqual([129, 129]);
    done(host);
  });

  test('takes the headers in front of the fragment header with it, and goes on behind it', () => {
    const host = acquainted();
    const whole = [58, 0, 1, 4, 0, 0, 0, 0, ...message(100)];
    const front = [44, 0, 1, 4, 0, 0, 0, 0];
    const part = (from: number, to: number) =>
      ipv6({ next: 0, hopLimit: 64 }, [
        ...front,
        ...fragmentHeader(60, from, to < whole.length, ID),
        ...whole.slice(from, to),
      ]);
    host.inject(part(0, 64));
    host.inject(part(64, whole.length));
    expect(host.next()).toMatchObject({ type: 129 });
    done(host);
  });

  test('a problem behind the fragment header is pointed at in the packet put together', () => {
    const host = acquainted();
    const whole = [58, 0, 0x87, 4, 0, 0, 0, 0, ...message(100)];
    const part = (from: number, to: number) => fragment(whole.slice(from, to), from, to < whole.length, ID, 60);
    host.inject(part(0, 64));
    host.inject(part(64, whole.length));
    const error = host.next();
    expect(error).toMatchObject({ type: 4, code: 2 });
    expect(Array.from(error.rest.slice(0, 4))).toEqual(word32(42));
    expect(Array.from(error.rest.slice(4))).toEqual(Array.from(ipv6({ next: 60, hopLimit: 64 }, whole)));
    done(host);
  });

  test('an atomic fragment stands alone, also beside fragments of the same identification (RFC 6946)', () => {
    const host = acquainted();
    const parts = pieces(600, 304);
    host.inject(parts[0]!);
    host.inject(fragment(message(20), 0, false));
    expect(host.next()).toMatchObject({ type: 129 });
    host.inject(parts[1]!);
    expect(host.next().rest).toHaveLength(604);
    done(host);
  });

  test('overlapping fragments take the whole datagram with them, in silence, and what still comes of it (RFC 5722)', () => {
    const host = acquainted();
    const whole = message(600);
    host.inject(fragment(whole.slice(0, 304), 0, true));
    host.inject(fragment(whole.slice(296, 400), 296, true));
    expect(host.drops(DROP_FRAGMENT_OVERLAP)).toBe(2);
    host.inject(fragment(whole.slice(304), 304, false));
    host.inject(fragment(whole.slice(0, 304), 0, true));
    host.seconds(70);
    host.silent();
    done(host);
  });

  test('after a minute tells the sender that time is over, with the first fragment as it came', () => {
    const host = acquainted();
    const [first] = pieces(600, 304);
    host.inject(first!);
    host.seconds(59);
    host.silent();
    host.seconds(2);
    const error = host.next();
    expect(error).toMatchObject({ type: 3, code: 1, source: OURS, destination: PEER });
    expect(error.at / SECOND).toBe(60);
    expect(Array.from(error.rest)).toEqual([0, 0, 0, 0, ...first!]);
    done(host);
  });

  test('without the first fragment says nothing', () => {
    const host = acquainted();
    host.inject(pieces(600, 304)[1]!);
    host.seconds(70);
    host.silent();
    done(host);
  });

  test('of a fragment to a group says nothing either', () => {
    const host = acquainted();
    host.inject(ipv6({ next: 44, destination: 'ff02::1' }, [...fragmentHeader(58, 0, true, 9), ...message(60)]));
    host.seconds(70);
    host.silent();
    done(host);
  });

  test('a length that is no multiple of 8 is a parameter problem of the payload length, unless it is the last', () => {
    const host = acquainted();
    const packet = fragment(message(301), 0, true);
    host.inject(packet);
    const error = host.next();
    expect(error).toMatchObject({ type: 4, code: 0 });
    expect(Array.from(error.rest)).toEqual([...word32(4), ...packet]);
    expect(host.drops(DROP_IPV6_FRAGMENT_LENGTH)).toBe(1);
    done(host);
  });

  test('beyond 65,535 octets is a parameter problem of the fragment offset', () => {
    const host = acquainted();
    const packet = fragment(new Uint8Array(16), 65_528, false);
    host.inject(packet);
    const error = host.next();
    expect(error).toMatchObject({ type: 4, code: 0 });
    expect(Array.from(error.rest)).toEqual([...word32(42), ...packet]);
    expect(host.drops(DROP_IPV6_FRAGMENT_TOO_LONG)).toBe(1);
    done(host);
  });

  test('a first fragment without all headers is refused (RFC 7112)', () => {
    const host = acquainted();
    const packet = fragment([58, 2, 1, 4, 0, 0, 0, 0], 0, true, ID, 60);
    host.inject(packet);
    const error = host.next();
    expect(error).toMatchObject({ type: 4, code: 3 });
    expect(Array.from(error.rest)).toEqual([0, 0, 0, 0, ...packet]);
    expect(host.drops(DROP_IPV6_FRAGMENT_HEADERS)).toBe(1);
    done(host);
  });

  test('an unknown next header in the first fragment is pointed at when the packet is whole', () => {
    const host = acquainted();
    const whole = new Uint8Array(100);
    host.inject(fragment(whole.slice(0, 64), 0, true, ID, 200));
    host.silent();
    host.inject(fragment(whole.slice(64), 64, false, ID, 200));
    const error = host.next();
    expect(error).toMatchObject({ type: 4, code: 1 });
    expect(Array.from(error.rest.slice(0, 4))).toEqual(word32(6));
    done(host);
  });

  test('switched off, drops fragments and counts them, atomic ones aside', () => {
    const host = acquainted();
    host.ip.disableFragments();
    for (const part of pieces(600, 304)) host.inject(part);
    host.silent();
    expect(host.drops(DROP_IPV6_FRAGMENT)).toBe(2);
    host.inject(fragment(message(20), 0, false));
    expect(host.next().type).toBe(129);
    done(host);
  });

  test('a request of 65,000 octets comes back in fragments', () => {
    const host = acquainted({ packets: 256 });
    for (const part of pieces(65_000, 1448)) host.inject(part);
    const answer = join(host.take());
    expect(answer.data).toHaveLength(65_008);
    expect(answer.data[0]).toBe(129);
    expect(answer.ids.size).toBe(1);
    done(host);
  });
});

describe('path MTU discovery (RFC 8201)', () => {
  /** Packet Too Big about an echo reply of ours. */
  function tooBig(mtu: number, to: string, length = 1452, from = ROUTER, source = OURS_GLOBAL): Uint8Array {
    const reply = icmp6({ source, destination: to }, 129, 0, new Uint8Array(length));
    const quoted = ipv6({ source, destination: to }, reply).slice(0, 1232);
    const fields = { source: from, destination: source, hopLimit: 64 };
    return icmpPacket(fields, 2, [...word32(mtu), ...quoted]);
  }

  function routed(options: Host6Options = {}): Host6 {
    const host = new Host6({ addresses: [OURS_GLOBAL], ...options });
    host.inject(routerAdvertisement(), ROUTER_MAC);
    host.take();
    return host;
  }

  const FAR = '2001:db8:ffff::1';
  const request = (data: number, source = FAR) =>
    icmpPacket({ source, destination: OURS_GLOBAL, hopLimit: 64 }, 128, new Uint8Array(data + 4));

  test('a reply that was too big goes out in fragments that fit next time', () => {
    const host = routed();
    host.inject(request(1452), ROUTER_MAC);
    expect(host.next()).toMatchObject({ type: 129, next: 58 });
    host.inject(tooBig(1280, FAR), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    const parts = host.take();
    expect(parts.map((each) => each.payload.length + 40)).toEqual([1280, 276]);
    expect(join(parts).next).toBe(58);
    host.inject(request(1452, '2001:db8:ffff::2'), ROUTER_MAC);
    expect(host.next().next).toBe(58);
    done(host);
  });

  test("counts identifications from 1 in NetX's profile, and from wherever it is told", () => {
    const host = routed({ policy: netxIpPolicy });
    host.inject(tooBig(1280, FAR), ROUTER_MAC);
    const id = (): number => {
      host.inject(request(1452), ROUTER_MAC);
      const [first] = host.take();
      return new DataView(first!.payload.buffer).getUint32(4);
    };
    expect([id(), id()]).toEqual([1, 2]);
    host.ip.ipv6.set({ fragmentId: 77 });
    expect([id(), id()]).toEqual([77, 78]);
    done(host);
  });

  test.each([0, 56, 1279])('an MTU of %i is no IPv6 link and changes nothing', (mtu) => {
    const host = routed();
    host.inject(tooBig(mtu, FAR), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    expect(host.next()).toMatchObject({ type: 129, next: 58 });
    done(host);
  });

  test('the MTU never rises by a message, and falls again', () => {
    const host = routed();
    for (const mtu of [1400, 1450, 1300, 9000]) host.inject(tooBig(mtu, FAR), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    expect(host.take()[0]!.payload.length + 40).toBe(1296);
    done(host);
  });

  test('after ten minutes the path is tried again', () => {
    const host = routed();
    host.inject(tooBig(1280, FAR), ROUTER_MAC);
    host.seconds(601);
    host.inject(request(1452), ROUTER_MAC);
    expect(host.take()).toHaveLength(1);
    done(host);
  });

  test("a message about somebody else's packet changes nothing", () => {
    const host = routed();
    host.inject(tooBig(1280, FAR, 1452, ROUTER, PEER_GLOBAL), ROUTER_MAC);
    const quoted = ipv6({ source: PEER_GLOBAL, destination: FAR }, new Uint8Array(100));
    host.inject(icmpPacket({ source: ROUTER, destination: OURS_GLOBAL }, 2, [...word32(1280), ...quoted]), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    expect(host.take()).toHaveLength(1);
    done(host);
  });

  test('the MTU of the link as a router says it holds for all destinations on it', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    host.inject(routerAdvertisement({ mtu: 1280 }), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    expect(host.take().map((each) => each.next)).toEqual([44, 44]);
    done(host);
  });

  test('holds on another first hop after a redirect too', () => {
    const host = routed();
    host.inject(tooBig(1280, FAR), ROUTER_MAC);
    host.inject(redirect('fe80::fe', FAR, '00:11:22:33:44:58', { destination: OURS_GLOBAL }), ROUTER_MAC);
    host.inject(request(1452), ROUTER_MAC);
    const parts = host.take();
    expect(parts.map((each) => each.to)).toEqual(['00:11:22:33:44:58', '00:11:22:33:44:58']);
    done(host);
  });
});

describe('sending more than the link takes', () => {
  test('packets that wait for a neighbor are cut when it is known', () => {
    const host = new Host6();
    expect(
      host.ip.icmp.echo.ping(host.address(PEER), new Uint8Array(3000), SECOND, { pinged: (_, r) => void r?.release() }),
    ).toBe(NX_SUCCESS);
    expect(host.next().type).toBe(135);
    host.inject(
      icmpPacket({ source: PEER }, 136, [
        0x60,
        0,
        0,
        0,
        ...ipv6({}, []).slice(8, 24),
        2,
        1,
        0,
        0x11,
        0x22,
        0x33,
        0x44,
        0x57,
      ]),
    );
    const parts = host.take();
    expect(parts.map((each) => each.payload.length + 40)).toEqual([1496, 1496, 160]);
    expect(join(parts).data).toHaveLength(3008);
    done(host);
  });
});
