import { describe, expect, test } from '@jest/globals';
import {
  DROP_ND_CACHE_FULL,
  DROP_ND_CODE,
  DROP_ND_DESTINATION,
  DROP_ND_FRAGMENTED,
  DROP_ND_HOP_LIMIT,
  DROP_ND_NO_LINK_ADDRESS,
  DROP_ND_NOT_FOR_US,
  DROP_ND_OPTION,
  DROP_ND_QUEUE_FULL,
  DROP_ND_SHORT,
  DROP_ND_SOURCE,
  DROP_ND_TARGET,
  DROP_ND_UNKNOWN_NEIGHBOUR,
  DROP_ND_UNRESOLVED,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ND_DELAY, ND_INCOMPLETE, ND_PROBE, ND_REACHABLE, ND_STALE, netxIpPolicy } from '../src/index.ts';
import { MAC_OTHER } from './frames.ts';
import {
  ALL_NODES,
  advertisement,
  bytes6,
  echoRequest,
  fragmentHeader,
  Host6,
  icmp6,
  icmpPacket,
  ipv6,
  linkOption,
  MAC_OURS,
  MAC_PEER,
  OURS,
  OURS_GLOBAL,
  PEER,
  PEER_GLOBAL,
  solicitation,
  solicited,
  UNSPECIFIED,
} from './ipv6-host.ts';

const quietListener = { pinged: (_: number, response: { release(): number } | null) => response?.release() };

function ping(host: Host6, to: string, seconds = 60): number {
  return host.ip.icmp.echo.ping(host.address(to), new Uint8Array(4), seconds * SECOND, quietListener);
}

describe('a Neighbor Solicitation for our address (RFC 4861 7.2.3, 7.2.4)', () => {
  test('to the solicited-node group is answered with our link address, solicited and override', () => {
    const host = new Host6();
    host.inject(solicitation(OURS));
    const answer = host.next();
    expect(answer).toMatchObject({ type: 136, code: 0, source: OURS, destination: PEER, hopLimit: 255, to: MAC_PEER });
    expect(answer.rest.slice(0, 4)).toEqual(Uint8Array.of(0x60, 0, 0, 0));
    expect(answer.target).toBe(OURS);
    expect(Array.from(answer.rest.slice(20))).toEqual(linkOption(2, MAC_OURS));
    host.finish();
  });

  test('to the address itself is answered too, and teaches the sender as STALE', () => {
    const host = new Host6();
    host.inject(solicitation(OURS, { destination: OURS }));
    expect(host.next().type).toBe(136);
    expect(host.ip.nd.findEntry(host.address(PEER))?.msw).toBe(0x0011);
    host.finish();
  });

  test('without a link address in it makes us resolve the sender before we answer', () => {
    const host = new Host6();
    host.inject(solicitation(OURS, { destination: OURS }, null));
    expect(host.next()).toMatchObject({ type: 135, target: PEER, destination: solicited(PEER), source: OURS });
    expect(host.state(PEER)).toBe(ND_INCOMPLETE);
    host.inject(advertisement(PEER, 0x60));
    expect(host.next()).toMatchObject({ type: 136, destination: PEER, to: MAC_PEER });
    expect(host.state(PEER)).toBe(ND_REACHABLE);
    host.finish();
  });

  test('from :: is answered to all nodes, unsolicited', () => {
    const host = new Host6();
    host.inject(solicitation(OURS, { source: UNSPECIFIED }, null));
    const answer = host.next();
    expect(answer).toMatchObject({ type: 136, source: OURS, destination: ALL_NODES, to: '33:33:00:00:00:01' });
    expect(answer.rest[0]).toBe(0x20);
    host.finish();
  });

  test('with a new link address of a known sender makes it STALE; with the same one leaves it', () => {
    const host = new Host6();
    ping(host, PEER);
    host.take();
    host.inject(advertisement(PEER, 0x60));
    host.take();
    host.inject(solicitation(OURS));
    expect(host.state(PEER)).toBe(ND_REACHABLE);
    host.take();
    host.inject(solicitation(OURS, {}, MAC_OTHER), MAC_OTHER);
    expect(host.next().to).toBe(MAC_OTHER);
    expect(host.state(PEER)).toBe(ND_DELAY);
    host.finish();
  });

  const refused: readonly (readonly [why: string, packet: Uint8Array, reason: number])[] = [
    ['a hop limit of 254', solicitation(OURS, { hopLimit: 254 }), DROP_ND_HOP_LIMIT],
    ['a code', icmpPacket({ destination: OURS }, 135, [0, 0, 0, 0, ...bytes6(OURS)], 1), DROP_ND_CODE],
    ['20 octets', icmpPacket({}, 135, new Uint8Array(16)), DROP_ND_SHORT],
    ['a multicast target', icmpPacket({}, 135, [0, 0, 0, 0, ...bytes6(ALL_NODES)]), DROP_ND_TARGET],
    [
      'an option of length 0',
      icmpPacket({}, 135, [0, 0, 0, 0, ...bytes6(OURS), 1, 0, 0, 0, 0, 0, 0, 0]),
      DROP_ND_OPTION,
    ],
    [
      'an option beyond the end',
      icmpPacket({}, 135, [0, 0, 0, 0, ...bytes6(OURS), 1, 2, 0, 0, 0, 0, 0, 0]),
      DROP_ND_OPTION,
    ],
    ['half an option', icmpPacket({}, 135, [0, 0, 0, 0, ...bytes6(OURS), 1, 1, 0, 0]), DROP_ND_OPTION],
    [
      'source :: and our address as destination',
      solicitation(OURS, { source: UNSPECIFIED, destination: OURS }, null),
      DROP_ND_DESTINATION,
    ],
    ['source :: and a link address', solicitation(OURS, { source: UNSPECIFIED }), DROP_ND_SOURCE],
    ["somebody else's target", solicitation(PEER_GLOBAL, { destination: OURS }), DROP_ND_NOT_FOR_US],
  ];
  test.each(refused)('with %s is ignored', (_, packet, reason) => {
    const host = new Host6();
    host.inject(packet);
    expect(host.drops(reason)).toBe(1);
    expect(host.ip.nd.findEntry(host.address(PEER))).toBeNull();
    host.finish();
  });

  test('with a wrong checksum is ignored', () => {
    const host = new Host6();
    host.inject(icmpPacket({}, 135, [0, 0, 0, 0, ...bytes6(OURS)], 0, 0x1234));
    host.finish();
  });

  test('in a fragment is ignored, atomic or not (RFC 6980)', () => {
    const host = new Host6();
    const message = icmp6({}, 135, 0, [0, 0, 0, 0, ...bytes6(OURS), ...linkOption(1, MAC_PEER)]);
    host.inject(ipv6({ next: 44 }, [...fragmentHeader(58, 0, false, 7), ...message]));
    expect(host.drops(DROP_ND_FRAGMENTED)).toBe(1);
    host.inject(ipv6({ next: 44 }, [...fragmentHeader(58, 0, true, 8), ...message.slice(0, 16)]));
    host.inject(ipv6({ next: 44 }, [...fragmentHeader(58, 16, false, 8), ...message.slice(16)]));
    expect(host.drops(DROP_ND_FRAGMENTED)).toBe(2);
    host.finish();
  });

  test('with unknown options, and the known one twice, is understood', () => {
    const host = new Host6();
    const options = [200, 1, 0, 0, 0, 0, 0, 0, ...linkOption(1, MAC_PEER), ...linkOption(1, MAC_OTHER)];
    host.inject(icmpPacket({ destination: solicited(OURS) }, 135, [0, 0, 0, 0, ...bytes6(OURS), ...options]));
    expect(host.next().to).toBe(MAC_PEER);
    host.finish();
  });
});

describe('address resolution (RFC 4861 7.2.2)', () => {
  test('asks three times a second apart, from the address that the packet is from, and gives up', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    expect(ping(host, PEER_GLOBAL)).toBe(NX_SUCCESS);
    const first = host.next();
    expect(first).toMatchObject({ type: 135, source: OURS_GLOBAL, destination: solicited(PEER_GLOBAL), hopLimit: 255 });
    expect(first.to).toBe('33:33:ff:00:00:02');
    expect(Array.from(first.rest.slice(20))).toEqual(linkOption(1, MAC_OURS));
    host.seconds(10);
    expect(host.lines()).toEqual([`1 135 ${PEER_GLOBAL}`, `2 135 ${PEER_GLOBAL}`]);
    expect(host.drops(DROP_ND_UNRESOLVED)).toBe(1);
    expect(host.state(PEER_GLOBAL)).toBe(0);
    host.finish();
  });

  test('keeps so many packets, the newest, and sends them in order when the answer comes', () => {
    const host = new Host6();
    for (let i = 0; i < 6; i++) ping(host, PEER);
    expect(host.take()).toHaveLength(1);
    expect(host.drops(DROP_ND_QUEUE_FULL)).toBe(2);
    host.inject(advertisement(PEER, 0x60));
    expect(host.take().map((each) => each.rest[3])).toEqual([2, 3, 4, 5]);
    host.finish();
  });

  test('honours the RetransTimer of a router', () => {
    const host = new Host6();
    host.ip.ipv6.set({ retransTimerMs: 3000 });
    ping(host, PEER);
    host.seconds(20);
    expect(host.lines()).toEqual([`0 135 ${PEER}`, `3 135 ${PEER}`, `6 135 ${PEER}`]);
    host.finish();
  });

  test("keeps to NetX's fast timer in NetX's profile: solicitations at 0, 1.03 and 2.13 s of a run that began at tick 7", () => {
    const host = new Host6({ policy: netxIpPolicy });
    host.seconds(0.07);
    ping(host, PEER);
    host.seconds(10);
    expect(host.lines()).toEqual([`0.07 135 ${PEER}`, `1.1 135 ${PEER}`, `2.2 135 ${PEER}`]);
    host.finish();
  });

  test('is bounded: a flood of destinations pushes out strangers and not the neighbor in use', () => {
    const host = new Host6({ policy: netxIpPolicy, addresses: [OURS_GLOBAL] });
    ping(host, PEER_GLOBAL);
    host.inject(advertisement(PEER_GLOBAL, 0x60, MAC_PEER, { destination: OURS_GLOBAL }));
    for (let i = 0; i < 1000; i++) ping(host, `2001:db8::${(i + 16).toString(16)}`);
    expect(host.state(PEER_GLOBAL)).toBe(ND_REACHABLE);
    expect(host.ip.nd.cache.all.filter((each) => each.state !== 0)).toHaveLength(16);
    host.take();
    host.ip.nd.invalidate();
    host.finish();
  });

  test('says that the cache is full when every entry was set by hand', () => {
    const host = new Host6({ ipv6: { cacheSize: 2 } });
    host.ip.nd.setEntry(host.eth0, host.address('fe80::a'), 0x0011, 1);
    host.ip.nd.setEntry(host.eth0, host.address('fe80::b'), 0x0011, 2);
    ping(host, PEER);
    expect(host.drops(DROP_ND_CACHE_FULL)).toBe(1);
    host.silent();
    host.finish();
  });
});

describe('a Neighbor Advertisement (RFC 4861 7.2.5)', () => {
  test('nobody asked for is ignored', () => {
    const host = new Host6();
    host.inject(advertisement(PEER, 0x60));
    expect(host.drops(DROP_ND_UNKNOWN_NEIGHBOUR)).toBe(1);
    expect(host.state(PEER)).toBe(0);
    host.finish();
  });

  const invalid: readonly (readonly [why: string, packet: Uint8Array, reason: number])[] = [
    ['a hop limit of 64', advertisement(PEER, 0x60, MAC_PEER, { hopLimit: 64 }), DROP_ND_HOP_LIMIT],
    ['a code', icmpPacket({}, 136, [0x60, 0, 0, 0, ...bytes6(PEER), ...linkOption(2, MAC_PEER)], 3), DROP_ND_CODE],
    ['16 octets', icmpPacket({}, 136, new Uint8Array(12)), DROP_ND_SHORT],
    ['a multicast target', icmpPacket({}, 136, [0x60, 0, 0, 0, ...bytes6(ALL_NODES)]), DROP_ND_TARGET],
    ['solicited, to a group', advertisement(PEER, 0x40, MAC_PEER, { destination: ALL_NODES }), DROP_ND_DESTINATION],
    [
      'an option of length 0',
      icmpPacket({}, 136, [0x60, 0, 0, 0, ...bytes6(PEER), 2, 0, 0, 0, 0, 0, 0, 0]),
      DROP_ND_OPTION,
    ],
    ['no link address while none is known', advertisement(PEER, 0x60, null), DROP_ND_NO_LINK_ADDRESS],
  ];
  test.each(invalid)('with %s leaves an INCOMPLETE neighbor as it is', (_, packet, reason) => {
    const host = new Host6();
    ping(host, PEER);
    host.take();
    host.inject(packet);
    expect(host.drops(reason)).toBe(1);
    expect(host.state(PEER)).toBe(ND_INCOMPLETE);
    host.silent();
    host.ip.nd.invalidate();
    host.finish();
  });

  /** RFC 4861 appendix C: state, flags, same or other or no link address; then state and whether the address is taken. */
  const table: readonly (readonly [
    from: number,
    flags: number,
    mac: 'same' | 'other' | 'none',
    to: number,
    taken: boolean,
  ])[] = [
    [ND_INCOMPLETE, 0x00, 'other', ND_DELAY, true],
    [ND_INCOMPLETE, 0x20, 'other', ND_DELAY, true],
    [ND_INCOMPLETE, 0x40, 'other', ND_REACHABLE, true],
    [ND_INCOMPLETE, 0x60, 'other', ND_REACHABLE, true],
    [ND_REACHABLE, 0x40, 'same', ND_REACHABLE, false],
    [ND_REACHABLE, 0x40, 'none', ND_REACHABLE, false],
    [ND_REACHABLE, 0x00, 'other', ND_STALE, false],
    [ND_REACHABLE, 0x40, 'other', ND_STALE, false],
    [ND_REACHABLE, 0x20, 'other', ND_STALE, true],
    [ND_REACHABLE, 0x60, 'other', ND_REACHABLE, true],
    [ND_REACHABLE, 0x00, 'same', ND_REACHABLE, false],
    [ND_STALE, 0x00, 'other', ND_STALE, false],
    [ND_STALE, 0x40, 'other', ND_STALE, false],
    [ND_STALE, 0x20, 'other', ND_STALE, true],
    [ND_STALE, 0x60, 'other', ND_REACHABLE, true],
    [ND_STALE, 0x40, 'same', ND_REACHABLE, false],
    [ND_STALE, 0x40, 'none', ND_REACHABLE, false],
    [ND_STALE, 0x20, 'same', ND_STALE, false],
    [ND_PROBE, 0x40, 'same', ND_REACHABLE, false],
    [ND_PROBE, 0x40, 'none', ND_REACHABLE, false],
    [ND_PROBE, 0x60, 'other', ND_REACHABLE, true],
    [ND_PROBE, 0x20, 'other', ND_STALE, true],
    [ND_PROBE, 0x00, 'other', ND_PROBE, false],
    [ND_PROBE, 0x40, 'other', ND_PROBE, false],
    [ND_PROBE, 0x20, 'same', ND_PROBE, false],
    [ND_PROBE, 0x20, 'none', ND_PROBE, false],
  ];
  test.each(table)(
    'in state %i with flags %i and %s link address: state %i, address taken %s',
    (from, flags, mac, to, taken) => {
      const host = new Host6();
      if (from === ND_INCOMPLETE) ping(host, PEER);
      else {
        host.know();
        if (from === ND_REACHABLE) host.ip.nd.resolution.confirm(host.ip.nd.findEntry(host.address(PEER))!);
        if (from === ND_PROBE) {
          ping(host, PEER);
          host.seconds(5.5);
        }
      }
      expect(host.state(PEER)).toBe(from);
      host.take();
      const chosen = mac === 'none' ? null : mac === 'same' ? MAC_PEER : MAC_OTHER;
      host.inject(advertisement(PEER, flags, chosen));
      expect(host.state(PEER)).toBe(to);
      const entry = host.ip.nd.findEntry(host.address(PEER))!;
      expect(entry.lsw & 0xff).toBe(taken ? 0x58 : 0x57);
      host.take();
      host.ip.nd.invalidate();
      host.finish();
    },
  );
});

describe('Neighbor Unreachability Detection (RFC 4861 7.3)', () => {
  test('a STALE neighbor gets the packet and five seconds; then three unicast solicitations a second apart', () => {
    const host = new Host6();
    host.know();
    ping(host, PEER);
    expect(host.next()).toMatchObject({ type: 128, to: MAC_PEER });
    expect(host.state(PEER)).toBe(ND_DELAY);
    host.seconds(20);
    const probes = host.take();
    expect(probes.map((each) => [each.at / SECOND, each.type, each.destination, each.to])).toEqual([
      [5, 135, PEER, MAC_PEER],
      [6, 135, PEER, MAC_PEER],
      [7, 135, PEER, MAC_PEER],
    ]);
    expect(host.state(PEER)).toBe(0);
    host.finish();
  });

  test('packets go on to the known address while it is probed', () => {
    const host = new Host6();
    host.know();
    ping(host, PEER);
    host.seconds(5.5);
    host.take();
    ping(host, PEER);
    expect(host.next()).toMatchObject({ type: 128, to: MAC_PEER });
    host.ip.nd.invalidate();
    host.finish();
  });

  test('REACHABLE lasts for the reachable time; the first packet afterwards begins DELAY', () => {
    const host = new Host6();
    ping(host, PEER);
    host.inject(advertisement(PEER, 0x60));
    host.take();
    host.seconds(29.9);
    ping(host, PEER);
    expect(host.state(PEER)).toBe(ND_REACHABLE);
    host.seconds(0.2);
    ping(host, PEER);
    expect(host.state(PEER)).toBe(ND_DELAY);
    host.take();
    host.ip.nd.invalidate();
    host.finish();
  });

  test('progress of a transport keeps it REACHABLE and ends DELAY and PROBE', () => {
    const host = new Host6();
    host.know();
    const flow = host.ip.openFlow(host.address(PEER), 6, null)!;
    ping(host, PEER);
    host.take();
    const packet = host.ip.pool.allocate(80)!;
    packet.appendBytes(new Uint8Array(20), 0, 20);
    host.ip.send(packet, flow);
    expect(host.state(PEER)).toBe(ND_DELAY);
    host.ip.confirm(flow);
    expect(host.state(PEER)).toBe(ND_REACHABLE);
    host.seconds(20);
    expect(host.take().map((each) => each.type)).not.toContain(135);
    host.finish();
  });

  test("NetX's profile begins to probe at the fifth beat of its slow timer, on the next of the fast one", () => {
    const host = new Host6({ policy: netxIpPolicy });
    host.seconds(6.47);
    host.know();
    ping(host, PEER);
    host.take();
    host.seconds(4.7);
    expect(host.lines()).toEqual([`11.1 135 ${PEER}`]);
    host.ip.nd.invalidate();
    host.finish();
  });

  test('an address set by hand is believed whatever comes', () => {
    const host = new Host6();
    host.ip.nd.setEntry(host.eth0, host.address(PEER), 0x0011, 0x22334458);
    host.inject(advertisement(PEER, 0x60));
    host.inject(solicitation(OURS));
    expect(host.next().to).toBe(MAC_OTHER);
    host.seconds(100);
    host.inject(echoRequest());
    expect(host.next().to).toBe(MAC_OTHER);
    host.finish();
  });
});
