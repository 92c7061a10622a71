import { describe, expect, test } from '@jest/globals';
import {
  DROP_IP_FILTERED,
  DROP_IPV6_BEYOND_SCOPE,
  DROP_IPV6_FORWARD_NOT_UNICAST,
  type IpAddress,
  LINK_MULTICAST,
  LINK_UNICAST,
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { parseAddress, sumBytes } from '@strata/wire';
import { modernIpPolicy, NX_IP_PACKET_OUT } from '../src/index.ts';
import { MAC_OTHER, MAC_PEER, macBytes } from './frames.ts';
import { ScriptedLink, type Sent, TestHost } from './host.ts';
import { bytes6, icmpPacket, linkOption, text6, word16 } from './ipv6-host.ts';

const IPV6 = 0x86dd;
const NEAR = '2001:db8:1::2';
const THIRD = '2001:db8:1::3';
const FAR = '2001:db8:2::2';

const address = (text: string) => parseAddress(text) as IpAddress;

/** A router between 2001:db8:1::/64 and 2001:db8:2::/64 that knows a neighbor on each side. */
function router(farMtu = 1500): { host: TestHost; far: ScriptedLink } {
  const host = new TestHost({ policy: modernIpPolicy, packets: 128 });
  const far = new ScriptedLink(host.scheduler, '00:11:22:33:44:66', farMtu);
  const eth1 = host.ip.attachInterface('eth1', far);
  host.ip.forwarding = true;
  host.ip.groups.mld.version = 0;
  host.ip.ipv6.addAddress(host.eth0, address('2001:db8:1::1'), 64);
  host.ip.ipv6.addAddress(eth1, address('2001:db8:2::1'), 64);
  host.advance(10 * SECOND);
  know(host, host.link, NEAR, MAC_PEER);
  know(host, host.link, THIRD, MAC_OTHER);
  know(host, far, FAR, '00:11:22:33:44:99');
  host.take();
  far.sent.length = 0;
  return { host, far };
}

/** The neighbor asks for the router, and so shows where it is. */
function know(host: TestHost, link: ScriptedLink, neighbor: string, mac: string): void {
  const own = neighbor.startsWith('2001:db8:1:') ? '2001:db8:1::1' : '2001:db8:2::1';
  const message = [135, 0, 0, 0, 0, 0, 0, 0, ...bytes6(own), 1, 1, ...macBytes(mac)];
  const pseudo = [...bytes6(neighbor), ...bytes6(own), ...word16(message.length), 0, 58];
  const all = Uint8Array.from([...pseudo, ...message]);
  const sum = ~sumBytes(new DataView(all.buffer), 0, all.length) & 0xffff;
  message[2] = sum >>> 8;
  message[3] = sum & 255;
  host.inject(
    IPV6,
    packet({ source: neighbor, destination: own, next: 58, hopLimit: 255 }, message),
    LINK_UNICAST,
    mac,
    link,
  );
}

interface Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly next?: number;
  readonly hopLimit?: number;
}

function packet(
  { source = NEAR, destination = FAR, next = 253, hopLimit = 64 }: Fields,
  payload: ArrayLike<number>,
): Uint8Array {
  const data = Array.from(payload);
  return Uint8Array.from([
    0x60,
    0,
    0,
    0,
    ...word16(data.length),
    next,
    hopLimit,
    ...bytes6(source),
    ...bytes6(destination),
    ...data,
  ]);
}

function errorOf(sent: Sent): [type: number, code: number, rest: number] {
  const { bytes } = sent;
  expect([bytes[6], text6(bytes.subarray(24, 40)), sent.to]).toEqual([58, NEAR, MAC_PEER]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [bytes[40] as number, bytes[41] as number, view.getUint32(44)];
}

describe('sending on (RFC 8200)', () => {
  test('one hop less, everything else as it was', () => {
    const { host, far } = router();
    host.inject(IPV6, packet({ hopLimit: 9 }, [1, 2, 3]));
    const [sent] = far.sent.splice(0) as [Sent];
    expect([sent.to, Array.from(sent.bytes)]).toEqual([
      '00:11:22:33:44:99',
      Array.from(packet({ hopLimit: 8 }, [1, 2, 3])),
    ]);
    host.finish();
  });

  test('addresses that are alike but for the order of their words are not taken for each other', () => {
    const { host, far } = router();
    host.inject(IPV6, packet({}, [1, 2, 3]));
    expect(far.sent.splice(0).length).toBe(1);
    host.inject(IPV6, packet({ destination: '2001:db8:0:0:2::2' }, [1, 2, 3]));
    expect([errorOf(host.next()), far.sent]).toEqual([[1, 0, 0], []]);
    host.finish();
  });

  test('the packet filter has the last word', () => {
    const { host, far } = router();
    host.ip.packetFilter = (_, direction) => (direction === NX_IP_PACKET_OUT ? NX_NOT_SUCCESSFUL : NX_SUCCESS);
    host.inject(IPV6, packet({}, [1, 2, 3]));
    expect([far.sent, host.drops(DROP_IP_FILTERED), host.ip.counters.packetsForwarded]).toEqual([[], 1, 0]);
    host.finish();
  });

  test('a packet for any of its own addresses is the router’s own', () => {
    const { host, far } = router();
    host.inject(IPV6, packet({ destination: '2001:db8:2::1' }, [1, 2, 3]));
    expect(errorOf(host.next())).toEqual([4, 1, 6]);
    expect(far.sent).toEqual([]);
    host.finish();
  });

  test.each<[string, Fields, number, [number, number, number]]>([
    ['hop limit 1', { hopLimit: 1 }, 3, [3, 0, 0]],
    ['no route', { destination: '2001:db8:9::9' }, 3, [1, 0, 0]],
    ['too big', {}, 1400, [2, 0, 1280]],
  ])('the sender is told: %s', (_, fields, length, error) => {
    const { host, far } = router(1280);
    host.inject(IPV6, packet(fields, new Uint8Array(length)));
    expect(errorOf(host.next())).toEqual(error);
    expect(far.sent).toEqual([]);
    host.finish();
  });

  test('a neighbor that does not answer: address unreachable', () => {
    const { host, far } = router();
    host.inject(IPV6, packet({ destination: '2001:db8:2::77' }, [1, 2, 3]));
    host.advance(5 * SECOND);
    expect(far.sent.splice(0).length).toBeGreaterThan(0);
    expect(
      host
        .take()
        .filter(({ bytes }) => bytes[40] === 1)
        .map(errorOf),
    ).toEqual([[1, 3, 0]]);
    host.finish();
  });

  test('a better first hop on the same link is told, ten times a second at most, and not when switched off', () => {
    const { host } = router();
    for (let i = 0; i < 5; i++) host.inject(IPV6, packet({ destination: THIRD }, new Uint8Array(100)));
    const sent = host.take();
    const redirects = sent.filter(({ bytes }) => bytes[40] === 137);
    expect([sent.length, redirects.length]).toEqual([6, 1]);
    const { bytes } = redirects[0] as Sent;
    expect([bytes[7], text6(bytes.subarray(48, 64)), text6(bytes.subarray(64, 80))]).toEqual([255, THIRD, THIRD]);
    expect(Array.from(bytes.subarray(80, 88))).toEqual([2, 1, ...macBytes(MAC_OTHER)]);
    expect([bytes[88], (bytes[89] as number) * 8]).toEqual([4, bytes.length - 88]);
    expect(bytes[96]).toBe(0x60);
    host.advance(SECOND);
    host.ip.sendRedirects = false;
    host.inject(IPV6, packet({ destination: THIRD }, new Uint8Array(100)));
    expect(host.take().filter((each) => each.bytes[40] === 137)).toEqual([]);
    host.finish();
  });

  test('a router listens to all routers (RFC 4291 2.8), until IPv6 is switched off; a host does not', () => {
    const { host } = router();
    const listens = () => host.ip.ipv6.isMember(host.eth0, 0xff020000 | 0, 0, 0, 2);
    expect(listens()).toBe(true);
    host.ip.ipv6.disable(host.eth0);
    expect(listens()).toBe(false);
    host.ip.forwarding = false;
    host.ip.ipv6.enable(host.eth0);
    expect(listens()).toBe(false);
    host.advance(10 * SECOND);
    host.take();
    host.finish();
  });

  test('a neighbor that asks for routers is none any more, whether it tells its link address or not (RFC 4861 6.2.6)', () => {
    const { host } = router();
    const solicitation = (options: number[]) =>
      icmpPacket({ source: NEAR, destination: 'ff02::2', hopLimit: 255 }, 133, [0, 0, 0, 0, ...options]);
    for (const options of [[], linkOption(1, MAC_PEER)]) {
      const { w0, w1, w2, w3 } = address(NEAR);
      const entry = host.ip.nd.cache.find(host.eth0.index, w0, w1, w2, w3);
      expect(entry).not.toBeNull();
      if (entry !== null) entry.isRouter = true;
      host.inject(IPV6, solicitation(options), LINK_MULTICAST);
      expect(entry?.isRouter).toBe(false);
    }
    host.take();
    host.finish();
  });

  test.each<[string, Fields, number, number]>([
    ['a frame to a group', {}, LINK_MULTICAST, DROP_IPV6_FORWARD_NOT_UNICAST],
    ['to the loopback address', { destination: '::1' }, LINK_UNICAST, DROP_IPV6_FORWARD_NOT_UNICAST],
    ['to a link-local address', { destination: 'fe80::9' }, LINK_UNICAST, DROP_IPV6_FORWARD_NOT_UNICAST],
    ['from nowhere', { source: '::' }, LINK_UNICAST, DROP_IPV6_FORWARD_NOT_UNICAST],
    ['from a link-local address', { source: 'fe80::9' }, LINK_UNICAST, DROP_IPV6_BEYOND_SCOPE],
  ])('never sent on: %s', (_, fields, cast, reason) => {
    const { host, far } = router();
    host.inject(IPV6, packet(fields, [1]), cast);
    expect([host.drops(reason), far.sent]).toEqual([1, []]);
    host.advance(10 * SECOND);
    host.take();
    host.finish();
  });
});
