import { expect, test } from '@jest/globals';
import { LINK_BROADCAST, LINK_MULTICAST, NX_SUCCESS, type Packet, SECOND } from '@strata/contracts';
import { ipv4Address, parseAddress } from '@strata/wire';
import { type IpPolicy, netxIpPolicy } from '../src/index.ts';
import { arp, icmp, internetChecksum, ipBytes, ipv4, ipWord, MAC_OTHER, MAC_OURS, text } from './frames.ts';
import { TestHost } from './host.ts';
import { echoRequest, IPV6, icmpPacket } from './ipv6-host.ts';
import { EXPERIMENT, sendDatagram } from './transport.ts';

type Counts = Readonly<Record<string, number>>;

/** What of `before` is different in `after`, as differences. */
function changes(before: object, after: object): Counts {
  const old = before as Counts;
  return Object.fromEntries(
    Object.entries(after as Counts)
      .map(([name, value]) => [name, value - (old[name] ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  );
}

type Case = readonly [what: string, act: (host: TestHost) => void, counts: Counts, policy?: IpPolicy];

/** Runs an action on a host that knows its peer, and tells how a report changed. */
function run(report: (host: TestHost) => object, act: (host: TestHost) => void, policy: IpPolicy): Counts {
  const host = new TestHost({ policy, packets: 128 });
  host.knowPeer();
  host.ip.enableFragments();
  const before = report(host);
  act(host);
  const counts = changes(before, report(host));
  host.ip.packetFilter = null;
  host.ip.groups.close();
  host.take();
  host.finish();
  return counts;
}

function check(report: (host: TestHost) => object, list: readonly Case[]): void {
  for (const [what, act, counts, policy] of list) {
    expect([what, run(report, act, policy ?? netxIpPolicy)]).toEqual([what, counts]);
  }
  // Every number of the report was moved by one of the cases.
  const host = new TestHost();
  const moved = new Set(list.flatMap(([, , counts]) => Object.keys(counts)));
  expect([...moved].sort()).toEqual(Object.keys(report(host)).sort());
  host.finish();
}

const ping = icmp({ type: 8 }, text('0123456789'));
const quiet = { pinged: (_status: number, response: Packet | null) => response?.release() };
const near = ipv4Address(ipWord('192.0.2.2'));

/** An empty pool while `act` runs. */
function starved(host: TestHost, act: () => void): void {
  const taken = [];
  for (let packet = host.pool.allocate(0); packet !== null; packet = host.pool.allocate(0)) taken.push(packet);
  act();
  for (const packet of taken) packet.release();
}

test('nx_ip_info_get counts each thing once', () => {
  const received = { totalPacketsReceived: 1 };
  check(
    (host) => host.ip.info.general,
    [
      ['a datagram sent', (h) => sendDatagram(h, '192.0.2.2', '12345'), { totalPacketsSent: 1, totalBytesSent: 5 }],
      ['one to ourselves', (h) => sendDatagram(h, '192.0.2.1', '1'), { totalPacketsSent: 1, totalBytesSent: 1 }],
      [
        'one in fragments',
        (h) => sendDatagram(h, '192.0.2.2', 'x'.repeat(3000)),
        { totalPacketsSent: 1, totalBytesSent: 3000, totalFragmentsSent: 3 },
      ],
      [
        'a ping and its answer',
        (h) => h.injectIp(ipv4({ protocol: 1 }, ping)),
        { ...received, totalBytesReceived: 18, totalPacketsSent: 1, totalBytesSent: 18 },
      ],
      [
        'a datagram in fragments',
        (h) => {
          h.injectIp(ipv4({ protocol: 1, fragment: 0x2000 }, ping.subarray(0, 16)));
          h.injectIp(ipv4({ protocol: 1, fragment: 2 }, ping.subarray(16)));
        },
        {
          totalPacketsReceived: 2,
          totalBytesReceived: 18,
          totalFragmentsReceived: 2,
          totalPacketsSent: 1,
          totalBytesSent: 18,
        },
      ],
      [
        'a wrong checksum',
        (h) => h.injectIp(ipv4({ checksum: 1 }, text('x'))),
        { ...received, invalidPackets: 1, receiveChecksumErrors: 1 },
      ],
      ['a header cut off', (h) => h.injectIp(ipv4({}, []).subarray(0, 19)), { ...received, invalidPackets: 1 }],
      [
        'a source route',
        (h) => h.injectIp(ipv4({ options: [131, 7, 4, 192, 0, 2, 9] }, text('x'))),
        { ...received, totalBytesReceived: 1, invalidPackets: 1 },
      ],
      [
        'a datagram for somebody else',
        (h) => h.injectIp(ipv4({ destination: '192.0.2.9' }, text('x'))),
        { ...received, totalBytesReceived: 1, receivePacketsDropped: 1 },
      ],
      [
        'a protocol nobody has, and the error about it',
        (h) => h.injectIp(ipv4({ protocol: 200 }, text('x'))),
        { ...received, totalBytesReceived: 1, receivePacketsDropped: 1, totalPacketsSent: 1, totalBytesSent: 29 },
      ],
      [
        'a fragment while reassembly is off',
        (h) => {
          h.ip.disableFragments();
          h.injectIp(ipv4({ fragment: 0x2000 }, new Uint8Array(8)));
        },
        { ...received, totalBytesReceived: 8, totalFragmentsReceived: 1, receivePacketsDropped: 1 },
      ],
      [
        'a datagram whose rest never comes',
        (h) => {
          h.injectIp(ipv4({ protocol: EXPERIMENT, fragment: 2 }, new Uint8Array(8)));
          h.advance(20 * SECOND);
        },
        { ...received, totalBytesReceived: 8, totalFragmentsReceived: 1, receivePacketsDropped: 1 },
      ],
      [
        'a neighbour that does not answer',
        (h) => {
          sendDatagram(h, '192.0.2.77', 'x');
          h.advance(200 * SECOND);
        },
        { totalPacketsSent: 1, totalBytesSent: 1, sendPacketsDropped: 1 },
      ],
      [
        'five packets for a queue of four',
        (h) => {
          for (let i = 0; i < 5; i++) sendDatagram(h, '192.0.2.77', 'x');
        },
        { totalPacketsSent: 5, totalBytesSent: 5, sendPacketsDropped: 1 },
      ],
      [
        'what is too large to go whole',
        (h) => {
          h.ip.disableFragments();
          sendDatagram(h, '192.0.2.2', 'x'.repeat(3000));
        },
        { sendPacketsDropped: 1 },
      ],
      [
        'an empty pool, and something to cut',
        (h) => {
          const flow = h.ip.openFlow(near, EXPERIMENT, null);
          const packet = h.pool.allocate(64);
          packet?.appendBytes(new Uint8Array(3000), 0, 3000);
          starved(h, () => expect(h.ip.send(packet!, flow!)).not.toBe(NX_SUCCESS));
          packet?.release();
        },
        { sendPacketsDropped: 1 },
      ],
      ['a ping over IPv6 to a host without IPv6', (h) => h.inject(IPV6, echoRequest()), { receivePacketsDropped: 1 }],
    ],
  );
});

test('nx_arp_info_get counts each thing once', () => {
  check(
    (host) => host.ip.info.arp,
    [
      [
        'a request and its answer',
        (h) => h.injectArp(arp({ sender: '192.0.2.3', senderMac: MAC_OTHER })),
        { requestsReceived: 1, responsesSent: 1, dynamicEntries: 1 },
      ],
      ['a request for others', (h) => h.injectArp(arp({ target: '192.0.2.9' })), { requestsReceived: 1 }],
      ['an answer', (h) => h.injectArp(arp({ operation: 2, targetMac: MAC_OURS })), { responsesReceived: 1 }],
      ['a question of ours', (h) => sendDatagram(h, '192.0.2.7', 'x'), { requestsSent: 1 }],
      ['an announcement', (h) => h.ip.arp.defence.announce(h.eth0), { requestsSent: 1 }],
      [
        'a conflict and our defence',
        (h) => h.injectArp(arp({ sender: '192.0.2.1', senderMac: MAC_OTHER, target: '192.0.2.9' })),
        { requestsReceived: 1, requestsSent: 1 },
      ],
      ['another hardware', (h) => h.injectArp(arp({ hardwareType: 6 })), { invalidMessages: 1 }],
      ['half a packet', (h) => h.injectArp(arp({}).subarray(0, 20)), { invalidMessages: 1 }],
      ['a sender that is a group', (h) => h.injectArp(arp({ sender: '224.0.0.1' })), { invalidMessages: 1 }],
      ['a static entry', (h) => h.ip.arp.createStaticEntry(ipWord('192.0.2.9'), 2, 9), { staticEntries: 1 }],
      [
        'an entry that grows old',
        (h) => h.advance(61 * SECOND),
        { agedEntries: 1, dynamicEntries: -1 },
        { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, expiry: 60 * SECOND } },
      ],
    ],
  );
});

test('nx_rarp_info_get counts each thing once', () => {
  const asking = (h: TestHost) => {
    h.ip.setAddress(h.eth0, 0, 0);
    h.ip.rarp.enable();
  };
  const answer = (h: TestHost, target: string) =>
    h.inject(0x8035, arp({ operation: 4, sender: '192.0.2.254', targetMac: MAC_OURS, target }));
  check(
    (host) => host.ip.info.rarp,
    [
      ['a question', asking, { requestsSent: 1 }],
      ['an answer', (h) => [asking(h), answer(h, '192.0.2.77')], { requestsSent: 1, responsesReceived: 1 }],
      ['one that cannot be', (h) => [asking(h), answer(h, '224.0.0.1')], { requestsSent: 1, invalidMessages: 1 }],
      ['one nobody asked for', (h) => answer(h, '192.0.2.77'), {}],
      ['half of one', (h) => h.inject(0x8035, new Uint8Array(20)), { invalidMessages: 1 }],
    ],
  );
});

test('nx_icmp_info_get counts each thing once', () => {
  const sent = (h: TestHost) => h.ip.icmp.echo.ping(near, text('data'), SECOND, quiet);
  const reply = icmp({ type: 0, rest: [2, 1, 0, 0] }, text('data'));
  const six = (h: TestHost) => {
    h.ip.ipv6.addAddress(h.eth0, parseAddress('fe80::211:22ff:fe33:4456')!, 64);
    h.advance(5 * SECOND);
  };
  check(
    (host) => host.ip.info.icmp,
    [
      ['a ping that waits', sent, { pingsSent: 1, threadsSuspended: 1 }],
      ['one too late', (h) => [sent(h), h.advance(SECOND)], { pingsSent: 1, pingTimeouts: 1 }],
      [
        'one answered',
        (h) => [sent(h), h.injectIp(ipv4({ protocol: 1 }, reply))],
        { pingsSent: 1, pingResponsesReceived: 1 },
      ],
      ['an answer to nothing', (h) => h.injectIp(ipv4({ protocol: 1 }, reply)), { unhandledMessages: 1 }],
      ['somebody’s ping', (h) => h.injectIp(ipv4({ protocol: 1 }, ping)), {}],
      [
        'a ping with a code',
        (h) => h.injectIp(ipv4({ protocol: 1 }, icmp({ type: 8, code: 1 }, []))),
        { unhandledMessages: 1 },
      ],
      [
        'a ping to everybody',
        (h) => h.injectIp(ipv4({ protocol: 1, destination: '192.0.2.255' }, ping), LINK_BROADCAST),
        { unhandledMessages: 1 },
      ],
      ['another type', (h) => h.injectIp(ipv4({ protocol: 1 }, icmp({ type: 13 }, []))), { unhandledMessages: 1 }],
      ['an error', (h) => h.injectIp(ipv4({ protocol: 1 }, icmp({ type: 3 }, []))), { unhandledMessages: 1 }],
      ['half a message', (h) => h.injectIp(ipv4({ protocol: 1 }, [8, 0, 0])), { unhandledMessages: 1 }],
      [
        'a wrong checksum',
        (h) => h.injectIp(ipv4({ protocol: 1 }, icmp({ type: 8, checksum: 1 }, []))),
        { checksumErrors: 1 },
      ],
      [
        'one over IPv6',
        (h) => [six(h), h.inject(IPV6, icmpPacket({}, 128, [0, 1, 0, 1], 0, 1))],
        { checksumErrors: 1 },
      ],
      [
        'an unknown one over IPv6',
        (h) => [six(h), h.inject(IPV6, icmpPacket({}, 200, [0, 0, 0, 0]))],
        { unhandledMessages: 1 },
      ],
    ],
  );
});

test('nx_igmp_info_get counts each thing once', () => {
  const query = (checksum?: number) => {
    const bytes = [0x11, 100, 0, 0, 0, 0, 0, 0];
    const sum = checksum ?? internetChecksum(bytes);
    return Uint8Array.from([0x11, 100, sum >>> 8, sum & 255, 0, 0, 0, 0]);
  };
  const asked = (h: TestHost, message = query()) => {
    const packet = ipv4({ protocol: 2, destination: '224.0.0.1', timeToLive: 1, options: [0x94, 4, 0, 0] }, message);
    h.injectIp(packet, LINK_MULTICAST);
  };
  const join = (h: TestHost) => h.ip.groups.joinOn(0, ipv4Address(ipWord('239.1.1.1')));
  check(
    (host) => host.ip.info.igmp,
    [
      ['a group joined', join, { reportsSent: 1, groupsJoined: 1 }],
      ['one joined twice', (h) => [join(h), join(h)], { reportsSent: 1, groupsJoined: 1 }],
      [
        'one joined and left',
        (h) => [join(h), h.ip.groups.leaveOn(0, ipv4Address(ipWord('239.1.1.1')))],
        { reportsSent: 1 },
      ],
      ['a report repeated', (h) => [join(h), h.advance(11 * SECOND)], { reportsSent: 2, groupsJoined: 1 }],
      [
        'a query answered',
        (h) => [join(h), h.advance(11 * SECOND), asked(h), h.advance(11 * SECOND)],
        { reportsSent: 3, groupsJoined: 1, queriesReceived: 1 },
      ],
      ['a wrong checksum', (h) => [h.ip.groups.igmp.enable(), asked(h, query(1))], { checksumErrors: 1 }],
      ['a query to a host without IGMP', (h) => asked(h), {}],
    ],
  );
});

test('what a peer can forge moves no counter of what we did', () => {
  const host = new TestHost();
  host.injectIp(ipv4({ protocol: 1, source: '192.0.2.1' }, ping));
  host.injectIp(ipv4({ protocol: 1, source: '127.0.0.1' }, ping));
  host.injectIp(Uint8Array.from([0x45, 0, 0, 20, ...new Array<number>(8).fill(0), ...ipBytes('192.0.2.2')]));
  expect(host.ip.info.general).toMatchObject({ totalPacketsSent: 0, sendPacketsDropped: 0, totalPacketsReceived: 3 });
  host.finish();
});
