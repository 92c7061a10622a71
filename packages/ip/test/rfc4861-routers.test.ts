import { describe, expect, test } from '@jest/globals';
import {
  DROP_ND_NOT_FIRST_HOP,
  DROP_ND_SOURCE,
  NX_DUPLICATED_ENTRY,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_FOUND,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ND_STALE, netxIpPolicy } from '../src/index.ts';
import { MAC_OTHER } from './frames.ts';
import {
  ALL_NODES,
  advertisement,
  bytes6,
  Host6,
  icmpPacket,
  linkOption,
  MAC_OURS,
  OURS,
  OURS_GLOBAL,
  PEER,
  ROUTER,
  ROUTER_MAC,
  redirect,
  routerAdvertisement,
  solicited,
  word32,
} from './ipv6-host.ts';

const FAR = '2001:db8:ffff::1';
const OTHER_ROUTER = 'fe80::fe';
const quietListener = { pinged: (_: number, response: { release(): number } | null) => response?.release() };

function ping(host: Host6, to: string): number {
  return host.ip.icmp.echo.ping(host.address(to), new Uint8Array(4), 60 * SECOND, quietListener);
}

/** A host with a global address and a router that it has heard of. */
function routed(ra = {}): Host6 {
  const host = new Host6({ addresses: [OURS_GLOBAL] });
  host.inject(routerAdvertisement(ra), ROUTER_MAC);
  host.take();
  return host;
}

describe('Router Solicitations (RFC 4861 6.3.7)', () => {
  const asking = { solicitations: 3, solicitationDelay: 0 };

  test('go three times, four seconds apart, from the link-local address with our link address', () => {
    const host = new Host6({ ipv6: asking });
    const first = host.next();
    expect(first).toMatchObject({
      type: 133,
      source: OURS,
      destination: 'ff02::2',
      hopLimit: 255,
      to: '33:33:00:00:00:02',
    });
    expect(Array.from(first.rest)).toEqual([0, 0, 0, 0, ...linkOption(1, MAC_OURS)]);
    host.seconds(60);
    expect(host.take().map((each) => each.at / SECOND)).toEqual([4, 8]);
    host.finish();
  });

  test('wait at random up to a second first', () => {
    const host = new Host6({ ipv6: { solicitations: 1 } });
    host.silent();
    host.seconds(1);
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test('end with the advertisement of a router', () => {
    const host = new Host6({ ipv6: asking });
    host.take();
    host.inject(routerAdvertisement());
    host.seconds(60);
    host.silent();
    host.finish();
  });

  test('do not end with one that is no default router, or that is not valid', () => {
    const host = new Host6({ ipv6: asking });
    host.inject(routerAdvertisement({ lifetime: 0 }));
    host.inject(routerAdvertisement({}, { hopLimit: 254 }));
    host.seconds(60);
    expect(host.take()).toHaveLength(3);
    host.finish();
  });

  test('begin when the link-local address is usable, and not before', () => {
    const host = new Host6({ ipv6: { ...asking, dadTransmits: 1, dadDelay: 0 } });
    host.seconds(3);
    expect(host.lines()).toEqual([`0 135 ${OURS}`, '1 133 ff02::2']);
    host.finish();
  });

  test("keep to NetX's slow timer in NetX's profile", () => {
    const host = new Host6({ policy: netxIpPolicy, ipv6: { solicitations: 3, dadTransmits: 3 } });
    host.seconds(20);
    expect(host.take().flatMap((each) => (each.type === 133 ? [each.at / SECOND] : []))).toEqual([3, 7, 11]);
    host.finish();
  });
});

describe('a Router Advertisement (RFC 4861 6.1.2, 6.3.4)', () => {
  test('gives hop limit, timers and MTU', () => {
    const host = routed({ hopLimit: 33, reachable: 10_000, retrans: 2500, mtu: 1400 });
    const own = host.eth0.ipv6;
    expect([own.hopLimit, own.reachableTime, own.retransTimer, own.linkMtu]).toEqual([
      33,
      10 * SECOND,
      2.5 * SECOND,
      1400,
    ]);
    ping(host, PEER);
    host.inject(advertisement(PEER, 0x60));
    expect(host.take().at(-1)).toMatchObject({ type: 128, hopLimit: 33 });
    host.finish();
  });

  test('that says nothing leaves hop limit and timers', () => {
    const host = routed({ hopLimit: 33, reachable: 10_000, retrans: 2500 });
    host.inject(routerAdvertisement({ hopLimit: 0, reachable: 0, retrans: 0 }));
    const own = host.eth0.ipv6;
    expect([own.hopLimit, own.reachableTime, own.retransTimer]).toEqual([33, 10 * SECOND, 2.5 * SECOND]);
    host.finish();
  });

  test.each([0, 68, 1279, 1501, 9000, 0xffffffff])(
    'with an MTU of %i, which the link does not have, leaves the MTU',
    (mtu) => {
      const host = routed({ mtu });
      expect(host.eth0.ipv6.linkMtu).toBe(1500);
      host.finish();
    },
  );

  const invalid: readonly (readonly [why: string, packet: Uint8Array])[] = [
    ['a hop limit of 254', routerAdvertisement({}, { hopLimit: 254 })],
    ['a global source', routerAdvertisement({}, { source: '2001:db8::ff' })],
    ['the unspecified source', routerAdvertisement({}, { source: '::' })],
    ['a code', icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, [0, 0, 7, 8, ...new Uint8Array(8)], 1)],
    [
      'a wrong checksum',
      icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, [0, 0, 7, 8, ...new Uint8Array(8)], 0, 1),
    ],
    ['12 octets', icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, [0, 0, 7, 8, 0, 0, 0, 0])],
    [
      'an option of length 0',
      icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, [
        0,
        0,
        7,
        8,
        ...new Uint8Array(8),
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ]),
    ],
  ];
  test.each(invalid)('with %s is ignored', (_, packet) => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    host.inject(packet, ROUTER_MAC);
    expect(host.ip.ipv6.routes.routers).toEqual([]);
    expect(ping(host, FAR)).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('makes a default router whose link address is known as STALE', () => {
    const host = routed();
    expect(host.state(ROUTER)).toBe(ND_STALE);
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 128, source: OURS_GLOBAL, destination: FAR, to: ROUTER_MAC });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('without a link address leaves the router to be resolved', () => {
    const host = routed({ mac: null });
    expect(host.state(ROUTER)).toBe(0);
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 135, target: ROUTER, destination: solicited(ROUTER) });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('with a lifetime of 0 takes the router away', () => {
    const host = routed();
    host.inject(routerAdvertisement({ lifetime: 0 }), ROUTER_MAC);
    expect(ping(host, FAR)).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('is good for its lifetime', () => {
    const host = routed({ lifetime: 10 });
    host.seconds(9);
    expect(ping(host, FAR)).toBe(NX_SUCCESS);
    host.take();
    host.ip.nd.invalidate();
    host.seconds(2);
    expect(ping(host, FAR)).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('says which destinations are on the link, and for how long', () => {
    const host = routed({ prefixes: [{ prefix: '2001:db8:2::', flags: 0x80, valid: 30, preferred: 30 }] });
    ping(host, '2001:db8:2::5');
    expect(host.next()).toMatchObject({ type: 135, target: '2001:db8:2::5' });
    host.ip.nd.invalidate();
    host.inject(routerAdvertisement(), ROUTER_MAC);
    host.seconds(31);
    host.take();
    ping(host, '2001:db8:2::5');
    expect(host.next()).toMatchObject({ type: 128, to: ROUTER_MAC });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('without the on-link flag says nothing of that, and does not take it back either', () => {
    const host = routed({ prefixes: [{ prefix: '2001:db8:2::', flags: 0x40 }] });
    expect(host.ip.ipv6.routes.prefixes).toEqual([]);
    host.inject(routerAdvertisement({ prefixes: [{ prefix: '2001:db8:3::', flags: 0x80 }] }), ROUTER_MAC);
    host.inject(
      routerAdvertisement({ prefixes: [{ prefix: '2001:db8:3::', flags: 0, valid: 0, preferred: 0 }] }),
      ROUTER_MAC,
    );
    expect(host.ip.ipv6.routes.prefixes).toHaveLength(1);
    host.inject(
      routerAdvertisement({ prefixes: [{ prefix: '2001:db8:3::', flags: 0x80, valid: 0, preferred: 0 }] }),
      ROUTER_MAC,
    );
    expect(host.ip.ipv6.routes.prefixes).toEqual([]);
    host.finish();
  });

  test('in a flood of routers fills the list and no more', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    for (let i = 1; i < 300; i++)
      host.inject(routerAdvertisement({}, { source: `fe80::a:${i.toString(16)}` }), ROUTER_MAC);
    expect(host.ip.ipv6.routes.routers).toHaveLength(16);
    host.finish();
  });
});

describe('DNS servers in advertisements (RFC 8106)', () => {
  function advertised(lifetime: number, ...servers: string[]): Uint8Array {
    const body = [0, 0, ...word32(lifetime), ...servers.flatMap(bytes6)];
    const option = [25, 1 + 2 * servers.length, ...body];
    return icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, [0, 0, 7, 8, ...new Uint8Array(8), ...option]);
  }

  test('are known for their lifetime, and taken back with 0', () => {
    const host = new Host6();
    const known = () => host.ip.ipv6.nameServers.addresses.map((each) => each.w3);
    host.inject(advertised(60, '2001:db8::53', '2001:db8::54'), ROUTER_MAC);
    expect(known()).toEqual([0x53, 0x54]);
    host.inject(advertised(0, '2001:db8::53'), ROUTER_MAC);
    expect(known()).toEqual([0x54]);
    host.seconds(61);
    expect(known()).toEqual([]);
    host.finish();
  });

  test('of a length that is no list are passed over, and a flood keeps to the bound', () => {
    const host = new Host6();
    const broken = [0, 0, 7, 8, ...new Uint8Array(8), 25, 2, 0, 0, 0, 0, 0, 60, ...new Uint8Array(8)];
    host.inject(icmpPacket({ source: ROUTER, destination: ALL_NODES }, 134, broken), ROUTER_MAC);
    expect(host.ip.ipv6.nameServers.addresses).toEqual([]);
    for (let i = 1; i < 100; i++) host.inject(advertised(60, `2001:db8::${i.toString(16)}`), ROUTER_MAC);
    expect(host.ip.ipv6.nameServers.addresses).toHaveLength(8);
    host.finish();
  });
});

describe('the choice of a default router (RFC 4861 6.3.6, RFC 4191)', () => {
  function two(first = {}, second = {}): Host6 {
    const host = routed({ mac: null, ...first });
    host.inject(routerAdvertisement({ mac: null, ...second }, { source: OTHER_ROUTER }), MAC_OTHER);
    return host;
  }

  test('falls on one that may be reachable', () => {
    const host = two({}, { mac: MAC_OTHER });
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 128, to: MAC_OTHER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('goes round while none is known to be', () => {
    const host = two();
    ping(host, FAR);
    ping(host, '2001:db8:ffff::2');
    expect(host.take().map((each) => each.target)).toEqual([ROUTER, OTHER_ROUTER]);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('stays with one destination while its router is being resolved', () => {
    const host = two();
    for (let i = 0; i < 3; i++) ping(host, FAR);
    expect(host.take().map((each) => each.target)).toEqual([ROUTER]);
    host.seconds(5);
    host.take();
    ping(host, FAR);
    expect(host.next().target).toBe(OTHER_ROUTER);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('changes when the router in use stops answering', () => {
    const host = two({ mac: ROUTER_MAC }, { mac: MAC_OTHER });
    ping(host, FAR);
    expect(host.next().to).toBe(ROUTER_MAC);
    host.seconds(9);
    host.take();
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 128, to: MAC_OTHER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('changes to one of which nothing is known, too', () => {
    const host = two({ mac: ROUTER_MAC });
    ping(host, FAR);
    host.seconds(9);
    host.take();
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 135, target: OTHER_ROUTER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('prefers the higher preference', () => {
    const host = two({ mac: ROUTER_MAC, flags: 0x18 }, { mac: MAC_OTHER, flags: 0x08 });
    ping(host, FAR);
    expect(host.next().to).toBe(MAC_OTHER);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('leaves out a router whose advertisement says that it is none any more (RFC 4861 7.2.5)', () => {
    const host = two({ mac: ROUTER_MAC }, { mac: MAC_OTHER });
    host.inject(advertisement(ROUTER, 0x60, ROUTER_MAC, { destination: OURS }), ROUTER_MAC);
    expect(host.ip.ipv6.routes.routers).toHaveLength(1);
    ping(host, FAR);
    expect(host.next().to).toBe(MAC_OTHER);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('can be made by hand: added once, found, deleted', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    const { ipv6 } = host.ip;
    expect(ipv6.addDefaultRouter(host.address(ROUTER), 0xffff, host.eth0)).toBe(NX_SUCCESS);
    expect(ipv6.addDefaultRouter(host.address(ROUTER), 0xffff, host.eth0)).toBe(NX_DUPLICATED_ENTRY);
    expect(ipv6.addDefaultRouter(host.address('ff02::2'), 0xffff, host.eth0)).toBe(NX_IP_ADDRESS_ERROR);
    expect(ipv6.addDefaultRouter(host.address(OURS), 0xffff, host.eth0)).toBe(NX_IP_ADDRESS_ERROR);
    host.inject(routerAdvertisement({ lifetime: 0 }), ROUTER_MAC);
    expect(ping(host, FAR)).toBe(NX_SUCCESS);
    expect(ipv6.defaultRouters(host.eth0)).toEqual([{ address: host.address(ROUTER), lifetime: 0xffff, manual: true }]);
    expect(ipv6.deleteDefaultRouter(host.address(ROUTER))).toBe(NX_SUCCESS);
    expect(ipv6.deleteDefaultRouter(host.address(ROUTER))).toBe(NX_NOT_FOUND);
    expect(ipv6.defaultRouters(host.eth0)).toEqual([]);
    expect(ping(host, FAR)).toBe(NX_IP_ADDRESS_ERROR);
    host.take();
    host.ip.nd.invalidate();
    host.finish();
  });
});

describe('a Redirect (RFC 4861 8)', () => {
  test('to another router sends what follows over it, at its link address', () => {
    const host = routed();
    host.inject(redirect(OTHER_ROUTER, FAR, MAC_OTHER), ROUTER_MAC);
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 128, to: MAC_OTHER });
    ping(host, '2001:db8:ffff::2');
    expect(host.next().to).toBe(ROUTER_MAC);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('to the destination itself says that it is on the link', () => {
    const host = routed();
    host.inject(redirect(FAR, FAR), ROUTER_MAC);
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 135, target: FAR });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('without a link address leaves the new router to be resolved', () => {
    const host = routed();
    host.inject(redirect(OTHER_ROUTER, FAR), ROUTER_MAC);
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 135, target: OTHER_ROUTER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('that leads nowhere is forgotten when the neighbor does not answer', () => {
    const host = routed();
    host.inject(redirect(OTHER_ROUTER, FAR), ROUTER_MAC);
    ping(host, FAR);
    host.seconds(4);
    host.take();
    ping(host, FAR);
    expect(host.next()).toMatchObject({ type: 128, to: ROUTER_MAC });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('changes a flow that is in use', () => {
    const host = routed();
    const flow = host.ip.openFlow(host.address(FAR), 17, null)!;
    const send = () => {
      const packet = host.ip.pool.allocate(80)!;
      packet.appendBytes(Uint8Array.of(0, 1, 0, 2, 0, 8, 0, 0), 0, 8);
      host.ip.send(packet, flow);
      return host.host.next().to;
    };
    expect(send()).toBe(ROUTER_MAC);
    host.inject(redirect(OTHER_ROUTER, FAR, MAC_OTHER), ROUTER_MAC);
    expect(send()).toBe(MAC_OTHER);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('from a router that is not the first hop of the destination is ignored', () => {
    const host = routed();
    host.inject(redirect(OTHER_ROUTER, FAR, MAC_OTHER, { source: PEER }));
    expect(host.drops(DROP_ND_NOT_FIRST_HOP)).toBe(1);
    host.inject(redirect(OTHER_ROUTER, FAR, MAC_OTHER, { source: '2001:db8::ff' }));
    expect(host.drops(DROP_ND_SOURCE)).toBe(1);
    ping(host, FAR);
    expect(host.next().to).toBe(ROUTER_MAC);
    host.ip.nd.invalidate();
    host.finish();
  });

  const invalid: readonly (readonly [why: string, packet: Uint8Array])[] = [
    ['a hop limit of 254', redirect(OTHER_ROUTER, FAR, MAC_OTHER, { hopLimit: 254 })],
    ['a multicast destination', redirect(OTHER_ROUTER, 'ff02::5', MAC_OTHER)],
    ['a global target that is not the destination', redirect('2001:db8::9', FAR, MAC_OTHER)],
    ['a multicast target', redirect('ff02::9', FAR, MAC_OTHER)],
    ['a code', icmpPacket({ source: ROUTER }, 137, redirect(OTHER_ROUTER, FAR, MAC_OTHER).slice(44), 1)],
    ['32 octets', icmpPacket({ source: ROUTER }, 137, redirect(OTHER_ROUTER, FAR).slice(44, 72))],
    [
      'an option of length 0',
      icmpPacket({ source: ROUTER }, 137, [...redirect(OTHER_ROUTER, FAR).slice(44), 2, 0, 0, 0, 0, 0, 0, 0]),
    ],
  ];
  test.each(invalid)('with %s is ignored', (_, packet) => {
    const host = routed();
    host.inject(packet, ROUTER_MAC);
    expect(host.ip.ipv6.destinations.all).toEqual([]);
    host.finish();
  });

  test('is forgotten with the router it names, and bounded in number', () => {
    const host = routed();
    for (let i = 0; i < 1200; i++)
      host.inject(redirect(OTHER_ROUTER, `2001:db8:f::${(i + 1).toString(16)}`, MAC_OTHER), ROUTER_MAC);
    expect(host.ip.ipv6.destinations.all).toHaveLength(1024);
    host.inject(advertisement(OTHER_ROUTER, 0x60, MAC_OTHER, { destination: OURS }), MAC_OTHER);
    expect(host.ip.ipv6.destinations.all).toEqual([]);
    host.finish();
  });
});
