import { describe, expect, test } from '@jest/globals';
import { LINK_BROADCAST, LINK_MULTICAST, LINK_UNICAST, type LinkSink, type Packet, SECOND } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import { modernIpPolicy } from '../src/index.ts';
import { ARP, arp, IPV4, icmp, ipv4, ipWord, text } from './frames.ts';
import { ScriptedLink, type Sent, TestHost } from './host.ts';
import { echoRequest, IPV6, OURS, PEER, solicitation } from './ipv6-host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

/** Hands a packet to the host in buffers that end at these places, as a driver with scattered buffers does. */
function injectPieces(
  host: TestHost,
  etherType: number,
  bytes: Uint8Array,
  cuts: readonly number[],
  cast: number,
): void {
  let head: Packet | null = null;
  let tail: Packet | null = null;
  for (let i = 0; i <= cuts.length; i++) {
    const part = host.pool.allocate(16) as Packet;
    part.appendBytes(bytes, cuts[i - 1] ?? 0, (cuts[i] ?? bytes.length) - (cuts[i - 1] ?? 0));
    part.length = bytes.length;
    if (tail === null) head = part;
    else tail.next = part;
    tail = part;
  }
  (head as Packet).last = tail === head ? null : tail;
  (host.link.sink as LinkSink).accept(head as Packet, etherType, cast, 0x0011, 0x22334457);
  host.scheduler.runDeferred();
}

function makeHost(payloadSize: number): { host: TestHost; far: ScriptedLink; transport: RecordingTransport } {
  const ipv6 = { ...modernIpPolicy.ipv6, opaqueIdentifiers: false };
  const icmp = { ...modernIpPolicy.icmp, errorsPerSecond: 0 };
  const host = new TestHost({ policy: { ...modernIpPolicy, ipv6, icmp }, payloadSize, packets: 256 });
  const far = new ScriptedLink(host.scheduler, '00:11:22:33:44:66');
  host.ip.setAddress(host.ip.attachInterface('eth1', far), ipWord('198.51.100.1'), ipWord('255.255.255.0'));
  host.ip.forwarding = false;
  host.ip.ipv6.enable(host.eth0);
  host.ip.enableFragments();
  host.advance(4 * SECOND);
  host.knowPeer();
  host.knowPeer('198.51.100.2', '00:11:22:33:44:99');
  host.ip.nd.setEntry(host.eth0, parseAddress(PEER)!, 0x0011, 0x22334457);
  const transport = new RecordingTransport();
  host.ip.register(EXPERIMENT, transport);
  host.take();
  host.link.sent.length = 0;
  return { host, far, transport };
}

const OPTIONS = [7, 7, 4, 0, 0, 0, 0, 0];
const cases: readonly [string, number, Uint8Array, number][] = [
  ['a datagram', IPV4, ipv4({ protocol: EXPERIMENT }, text('the quick brown fox')), LINK_UNICAST],
  [
    'one with options',
    IPV4,
    ipv4({ protocol: EXPERIMENT, options: OPTIONS }, text('the quick brown fox')),
    LINK_UNICAST,
  ],
  ['a ping', IPV4, ipv4({ protocol: 1 }, icmp({ type: 8, rest: [1, 2, 3, 4] }, text('jumps over'))), LINK_UNICAST],
  ['what nobody wants', IPV4, ipv4({ protocol: EXPERIMENT + 1 }, text('the lazy dog, and so on')), LINK_UNICAST],
  ['an ARP request', ARP, arp({}), LINK_BROADCAST],
  ['a ping over IPv6', IPV6, echoRequest({}, text('jumps over')), LINK_UNICAST],
  ['a solicitation', IPV6, solicitation(OURS), LINK_MULTICAST],
];

describe('a packet in several buffers is the same packet, wherever they end', () => {
  test.each(cases)('%s, cut in two at every octet', (_name, etherType, bytes, cast) => {
    const whole = makeHost(1600);
    injectPieces(whole.host, etherType, bytes, [], cast);
    const answers = whole.host.take().map(({ bytes: sent }) => sent);
    expect(answers.length + whole.transport.received.length).toBe(1);
    const { host, transport } = makeHost(1600);
    for (let at = 1; at < bytes.length; at++) {
      injectPieces(host, etherType, bytes, [at], cast);
      const sent = host.take().map((each: Sent) => each.bytes);
      expect([at, sent.map(stripped)]).toEqual([at, answers.map(stripped)]);
      expect(transport.received.splice(0)).toEqual(whole.transport.received);
    }
    expect(host.ip.info.general.invalidPackets).toBe(0);
    host.finish();
  });

  test('in buffers of one, two, three … octets', () => {
    const { host, transport } = makeHost(1600);
    const bytes = ipv4({ protocol: EXPERIMENT }, text('x'.repeat(100)));
    for (let size = 1; size < 40; size++) {
      const cuts = Array.from({ length: Math.ceil(bytes.length / size) - 1 }, (_, i) => (i + 1) * size);
      injectPieces(host, IPV4, bytes, cuts, LINK_UNICAST);
    }
    expect(transport.received).toHaveLength(39);
    expect(host.take()).toEqual([]);
    host.finish();
  });

  test('on their way through a router, also from buffers of 64 octets and when the pool has no other', () => {
    const { host, far } = makeHost(1600);
    host.ip.forwarding = true;
    const bytes = ipv4({ destination: '198.51.100.2', protocol: EXPERIMENT, timeToLive: 9 }, text('y'.repeat(90)));
    const through = ipv4({ destination: '198.51.100.2', protocol: EXPERIMENT, timeToLive: 8 }, text('y'.repeat(90)));
    for (let at = 1; at < bytes.length; at++) {
      injectPieces(host, IPV4, bytes, [at], LINK_UNICAST);
      expect([at, far.sent.splice(0).map((each) => Array.from(each.bytes))]).toEqual([at, [Array.from(through)]]);
    }
    host.finish();
    const tiny = makeHost(128);
    tiny.host.ip.forwarding = true;
    injectPieces(tiny.host, IPV4, bytes, [30, 60, 90], LINK_UNICAST);
    expect(tiny.far.sent.splice(0).map((each) => Array.from(each.bytes))).toEqual([Array.from(through)]);
    tiny.host.finish();
  });

  test('fragments too', () => {
    const { host, transport } = makeHost(1600);
    const data = text('z'.repeat(160));
    const first = ipv4({ protocol: EXPERIMENT, fragment: 0x2000, identification: 5 }, data.subarray(0, 80));
    const last = ipv4({ protocol: EXPERIMENT, fragment: 10, identification: 5 }, data.subarray(80));
    for (let at = 1; at < first.length; at += 7) {
      injectPieces(host, IPV4, last, [at], LINK_UNICAST);
      injectPieces(host, IPV4, first, [at], LINK_UNICAST);
    }
    expect(transport.received.map(({ data: got }) => got)).toEqual(new Array(15).fill('z'.repeat(160)));
    host.finish();
  });
});

/** Without identification and checksum, which count packets. */
function stripped(bytes: Uint8Array): number[] {
  const copy = Array.from(bytes);
  if (copy[0] === 0x45) copy.splice(4, 8, ...new Array(8).fill(0));
  return copy;
}
