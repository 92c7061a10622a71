import { describe, expect, test } from '@jest/globals';
import {
  DROP_IPV4_FORWARD_NOT_UNICAST,
  DROP_IPV4_NOT_FOR_US,
  DROP_IPV4_OWN_SOURCE,
  DROP_IPV4_SOURCE_ADDRESS,
  DROP_IPV4_SOURCE_ROUTE,
  DROP_IPV4_TOO_BIG,
  LINK_BROADCAST,
  LINK_UNICAST,
  SECOND,
} from '@strata/contracts';
import { modernIpPolicy } from '../src/index.ts';
import { type Ipv4Fields, icmp, internetChecksum, ipBytes, ipv4, ipWord, MAC_PEER, text } from './frames.ts';
import { ScriptedLink, type Sent, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

const NEAR = '192.0.2.2';
const FAR = '198.51.100.2';
const MAC_FAR = '00:11:22:33:44:99';

/** A router at 192.0.2.1 and 198.51.100.1 that knows a host on each side. */
function router(farMtu = 1500): { host: TestHost; far: ScriptedLink } {
  const host = new TestHost({ policy: modernIpPolicy, packets: 128 });
  const far = new ScriptedLink(host.scheduler, '00:11:22:33:44:66', farMtu);
  const eth1 = host.ip.attachInterface('eth1', far);
  host.ip.setAddress(eth1, ipWord('198.51.100.1'), ipWord('255.255.255.0'));
  host.ip.forwarding = true;
  host.ip.enableFragments();
  host.knowPeer(NEAR, MAC_PEER);
  host.knowPeer(FAR, MAC_FAR);
  return { host, far };
}

function datagram(fields: Ipv4Fields = {}, payload: ArrayLike<number> = text('through')): Uint8Array {
  return ipv4({ source: NEAR, destination: FAR, protocol: EXPERIMENT, ...fields }, payload);
}

/** Type and code of an ICMP error to the near host, and what it quotes. */
function errorOf(sent: Sent): { kind: [number, number]; rest: number[]; quote: number[] } {
  expect(sent.to).toBe(MAC_PEER);
  expect(Array.from(sent.bytes.subarray(16, 20))).toEqual(ipBytes(NEAR));
  expect(sent.bytes[9]).toBe(1);
  return {
    kind: [sent.bytes[20] as number, sent.bytes[21] as number],
    rest: Array.from(sent.bytes.subarray(24, 28)),
    quote: Array.from(sent.bytes.subarray(28)),
  };
}

describe('sending on (RFC 1812 5.2)', () => {
  test('one hop less, everything else as it was, to the MAC address of the next hop', () => {
    const { host, far } = router();
    const bytes = datagram({ timeToLive: 9, typeOfService: 0xb8, identification: 4711 });
    host.injectIp(bytes);
    const [sent] = far.sent.splice(0) as [Sent];
    const expected = datagram({ timeToLive: 8, typeOfService: 0xb8, identification: 4711 });
    expect([sent.to, Array.from(sent.bytes)]).toEqual([MAC_FAR, Array.from(expected)]);
    expect(host.ip.counters.packetsForwarded).toBe(1);
    host.finish();
  });

  test('a static route leads further; a longer prefix wins', () => {
    const { host, far } = router();
    const third = '198.51.100.77';
    host.ip.addRoute(ipWord('203.0.113.0'), ipWord('255.255.255.0'), ipWord(FAR));
    host.ip.addRoute(ipWord('203.0.113.128'), ipWord('255.255.255.128'), ipWord(third));
    host.knowPeer(third, '00:11:22:33:44:77');
    host.injectIp(datagram({ destination: '203.0.113.5' }));
    host.injectIp(datagram({ destination: '203.0.113.200' }));
    expect(far.sent.splice(0).map(({ to }) => to)).toEqual([MAC_FAR, '00:11:22:33:44:77']);
    host.finish();
  });

  test('fragments are sent on one by one, not put together', () => {
    const { host, far } = router();
    host.ip.enableFragments();
    host.injectIp(datagram({ fragment: 0x2000 }, new Uint8Array(64)));
    host.injectIp(datagram({ fragment: 8 }, new Uint8Array(10)));
    expect(far.sent.splice(0)).toHaveLength(2);
    host.finish();
  });

  test('a packet for any of its own addresses is the router’s own (RFC 1812 5.2.3)', () => {
    const { host } = router();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    host.injectIp(datagram({ destination: '198.51.100.1' }));
    expect(transport.received).toMatchObject([{ toUnicast: true }]);
    host.injectIp(datagram({ destination: '198.51.100.1', protocol: 1 }, icmp({ type: 8 }, text('are you there?'))));
    const reply = host.next();
    expect([reply.to, Array.from(reply.bytes.subarray(12, 16)), reply.bytes[20]]).toEqual([
      MAC_PEER,
      ipBytes('198.51.100.1'),
      0,
    ]);
    host.finish();
  });

  test('a host that is no router drops it', () => {
    const { host, far } = router();
    host.ip.forwarding = false;
    host.injectIp(datagram());
    host.injectIp(datagram({ destination: '198.51.100.1' }));
    expect([host.drops(DROP_IPV4_NOT_FOR_US), far.sent]).toEqual([2, []]);
    host.finish();
  });
});

describe('what the sender is told', () => {
  test.each([0, 1])('time to live %i: time exceeded', (timeToLive) => {
    const { host, far } = router();
    const bytes = datagram({ timeToLive });
    host.injectIp(bytes);
    const error = errorOf(host.next());
    expect([error.kind, error.quote]).toEqual([[11, 0], Array.from(bytes)]);
    expect(far.sent).toEqual([]);
    host.finish();
  });

  test('no route: network unreachable', () => {
    const { host } = router();
    host.injectIp(datagram({ destination: '203.0.113.1' }));
    expect(errorOf(host.next()).kind).toEqual([3, 0]);
    host.finish();
  });

  test('nobody answers ARP at the last hop: host unreachable', () => {
    const { host, far } = router();
    host.injectIp(datagram({ destination: '198.51.100.50' }));
    host.advance(5 * SECOND);
    expect(far.sent.splice(0).length).toBeGreaterThan(1);
    const errors = host.take().filter(({ bytes }) => bytes[9] === 1);
    expect(errors.map((each) => errorOf(each).kind)).toEqual([[3, 1]]);
    host.finish();
  });

  test('too big and not to be fragmented: fragmentation needed, with the MTU of the next link (RFC 1191 4)', () => {
    const { host, far } = router(600);
    host.injectIp(datagram({ fragment: 0x4000 }, new Uint8Array(1000)));
    const error = errorOf(host.next());
    expect([error.kind, error.rest]).toEqual([
      [3, 4],
      [0, 0, 600 >> 8, 600 & 255],
    ]);
    expect(far.sent).toEqual([]);
    host.finish();
  });

  test('a better first hop on the same link: the packet goes on and a redirect comes back, unless switched off', () => {
    const { host } = router();
    host.ip.addRoute(ipWord('203.0.113.0'), ipWord('255.255.255.0'), ipWord('192.0.2.9'));
    host.knowPeer('192.0.2.9', '00:11:22:33:44:09');
    host.injectIp(datagram({ destination: '203.0.113.1' }));
    const [redirect, forwarded] = host.take() as [Sent, Sent];
    expect([errorOf(redirect).kind, errorOf(redirect).rest]).toEqual([[5, 1], ipBytes('192.0.2.9')]);
    expect(forwarded.to).toBe('00:11:22:33:44:09');
    host.ip.sendRedirects = false;
    host.injectIp(datagram({ destination: '203.0.113.1' }));
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test('errors keep to the rate limit', () => {
    const { host } = router();
    for (let i = 0; i < 50; i++) host.injectIp(datagram({ timeToLive: 1 }));
    expect(host.take()).toHaveLength(10);
    expect(host.ip.icmp.counters.errorsWithheld).toBe(40);
    host.finish();
  });
});

describe('cutting on the way', () => {
  test('a datagram that may be cut is; offsets and the flag of a fragment go on', () => {
    const { host, far } = router(600);
    host.injectIp(datagram({ identification: 9, fragment: 0x2000 | 100 }, new Uint8Array(1200)));
    const words = far.sent
      .splice(0)
      .map(({ bytes }) => [bytes.length, ((bytes[6] as number) << 8) | (bytes[7] as number)]);
    expect(words).toEqual([
      [596, 0x2000 | 100],
      [596, 0x2000 | 172],
      [68, 0x2000 | 244],
    ]);
    host.finish();
  });

  test('while fragmentation is off, as NetX begins, what is too large is dropped without a word', () => {
    const { host, far } = router(600);
    host.ip.disableFragments();
    host.injectIp(datagram({}, new Uint8Array(800)));
    expect([far.sent, host.take(), host.drops(DROP_IPV4_TOO_BIG)]).toEqual([[], [], 1]);
    host.finish();
  });

  test('only options with the copy flag are in every fragment (RFC 791 3.1)', () => {
    const { host, far } = router(600);
    const copied = [0x94, 4, 0, 0];
    const notCopied = [0x1e, 4, 9, 9];
    host.injectIp(datagram({ options: [...notCopied, ...copied] }, new Uint8Array(800)));
    const [first, second] = far.sent.splice(0) as [Sent, Sent];
    expect(Array.from(first.bytes.subarray(20, 28))).toEqual([...notCopied, ...copied]);
    expect([(second.bytes[0] as number) & 15, Array.from(second.bytes.subarray(20, 24))]).toEqual([6, copied]);
    host.finish();
  });
});

describe('options on the way (RFC 1812 5.2.4.1)', () => {
  test('record route gets our address of the side it leaves by; a full one stays as it is', () => {
    const { host, far } = router();
    host.injectIp(datagram({ options: [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0] }));
    host.injectIp(datagram({ options: [7, 7, 8, 1, 2, 3, 4] }));
    const [recorded, full] = far.sent.splice(0) as [Sent, Sent];
    expect(Array.from(recorded.bytes.subarray(20, 31))).toEqual([7, 11, 8, ...ipBytes('198.51.100.1'), 0, 0, 0, 0]);
    expect(Array.from(full.bytes.subarray(20, 27))).toEqual([7, 7, 8, 1, 2, 3, 4]);
    expect(internetChecksum(recorded.bytes.subarray(0, 32))).toBe(0);
    host.finish();
  });

  test('a timestamp is marked as not being the time of day; a full option counts us; the fifteenth is too many', () => {
    const { host, far } = router();
    host.injectIp(datagram({ options: [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0] }));
    host.injectIp(datagram({ options: [68, 8, 9, 0x20, 1, 2, 3, 4] }));
    host.injectIp(datagram({ options: [68, 8, 9, 0xf0, 1, 2, 3, 4] }));
    const [stamped, counted] = far.sent.splice(0) as [Sent, Sent];
    expect(Array.from(stamped.bytes.subarray(20, 29))).toEqual([68, 12, 13, 1, ...ipBytes('198.51.100.1'), 0x80]);
    expect(Array.from(counted.bytes.subarray(20, 24))).toEqual([68, 8, 9, 0x30]);
    expect(errorOf(host.next()).kind).toEqual([12, 0]);
    host.finish();
  });

  test.each([131, 137])('a source route (type %i) is refused', (type) => {
    const { host, far } = router();
    host.injectIp(datagram({ options: [type, 7, 4, 1, 2, 3, 4] }));
    expect([host.drops(DROP_IPV4_SOURCE_ROUTE), far.sent]).toEqual([1, []]);
    host.finish();
  });

  test.each([
    ['a record route whose pointer is 3', [7, 7, 3, 0, 0, 0, 0], 22],
    ['a record route of length 2', [7, 2, 0, 0], 21],
    ['a timestamp whose pointer is 4', [68, 8, 4, 0, 0, 0, 0, 0], 22],
    ['an option of length 1', [30, 1, 0, 0], 21],
    ['an option past the header', [30, 40, 0, 0], 21],
  ])('%s: parameter problem at octet %i', (_, options, pointer) => {
    const { host, far } = router();
    host.injectIp(datagram({ options }));
    const error = errorOf(host.next());
    expect([error.kind, error.rest[0]]).toEqual([[12, 0], pointer]);
    expect(far.sent).toEqual([]);
    host.finish();
  });
});

describe('what a router never sends on', () => {
  test.each<[string, Ipv4Fields, number, number]>([
    ['a frame to everybody', {}, LINK_BROADCAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['a directed broadcast (RFC 2644)', { destination: '198.51.100.255' }, LINK_UNICAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['to the loopback network', { destination: '127.0.0.9' }, LINK_UNICAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['to class E', { destination: '240.0.0.1' }, LINK_UNICAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['to a link-local address (RFC 3927)', { destination: '169.254.3.4' }, LINK_UNICAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['from a link-local address', { source: '169.254.3.4' }, LINK_UNICAST, DROP_IPV4_FORWARD_NOT_UNICAST],
    ['from the loopback network', { source: '127.0.0.1' }, LINK_UNICAST, DROP_IPV4_SOURCE_ADDRESS],
    ['from a group', { source: '224.0.0.5' }, LINK_UNICAST, DROP_IPV4_SOURCE_ADDRESS],
    ['from one of our addresses', { source: '198.51.100.1' }, LINK_UNICAST, DROP_IPV4_OWN_SOURCE],
  ])('%s', (_, fields, cast, reason) => {
    const { host, far } = router();
    host.injectIp(datagram(fields), cast);
    expect([host.drops(reason), far.sent]).toEqual([1, []]);
    host.take();
    host.finish();
  });
});
