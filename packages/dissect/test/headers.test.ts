import { describe, expect, test } from '@jest/globals';
import { dissect, summary } from '@strata/dissect';
import {
  ethernet,
  IP_A,
  IP_B,
  IP6_A,
  IP6_B,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  long,
  MAC_A,
  MAC_B,
  segment,
  tcp,
  udp,
  word,
} from './frames.ts';
import { utf8 } from './hex.ts';

function problems(frame: Uint8Array): string[] {
  return dissect(frame).problems.map((problem) => `${problem.kind} ${problem.text}`);
}

describe('one line for every protocol', () => {
  const arp = (operation: number, sender: number[], targetMac: number[], target: number[]) =>
    ethernet(0x0806, [0, 1, 8, 0, 6, 4, ...word(operation), ...MAC_A, ...sender, ...targetMac, ...target]);
  const none = [0, 0, 0, 0, 0, 0];
  const query = [
    ...word(0x1234),
    1,
    0,
    ...word(1),
    0,
    0,
    0,
    0,
    0,
    0,
    7,
    ...utf8('example'),
    3,
    ...utf8('com'),
    0,
    0,
    28,
    0,
    1,
  ];
  const answer = [...word(0x1234), 0x81, 0x83, ...query.slice(4)];
  const dhcp = [
    1,
    1,
    6,
    0,
    ...long(0xfeedbeef),
    ...new Array<number>(228).fill(0),
    0x63,
    0x82,
    0x53,
    0x63,
    53,
    1,
    1,
    255,
  ];
  const quoted = ipv4(17, udp(4, 1000, 2000, [1, 2])).slice(0, 28);
  const quoted6 = ipv6(6, tcp(6, { flags: 2 }));
  test.each([
    ['ARP who has 192.0.2.2? tell 192.0.2.1', arp(1, IP_A, none, IP_B)],
    ['ARP 192.0.2.1 is at 02:00:5e:00:53:01', arp(2, IP_A, MAC_B, IP_B)],
    ['ARP probe for 192.0.2.2', arp(1, [0, 0, 0, 0], none, IP_B)],
    ['ARP announcement: 192.0.2.1 is at 02:00:5e:00:53:01', arp(1, IP_A, none, IP_A)],
    ['RARP who is 02:00:5e:00:53:02? tell 02:00:5e:00:53:01', arp(3, IP_A, MAC_B, IP_B)],
    ['RARP 02:00:5e:00:53:02 is 192.0.2.2', arp(4, IP_A, MAC_B, IP_B)],
    ['ICMP echo reply id=7 seq=2 len=4', ethernet(0x0800, ipv4(1, icmpv4(0, 0, [0, 7, 0, 2, 1, 2, 3, 4])))],
    [
      'ICMP destination unreachable (port): 192.0.2.1 → 192.0.2.2 UDP 1000 → 2000 len=2',
      ethernet(0x0800, ipv4(1, icmpv4(3, 3, [0, 0, 0, 0, ...quoted]))),
    ],
    [
      'ICMP destination unreachable (fragmentation needed) mtu=576: 192.0.2.1 → 192.0.2.2 UDP 1000 → 2000 len=2',
      ethernet(0x0800, ipv4(1, icmpv4(3, 4, [0, 0, 2, 64, ...quoted]))),
    ],
    ['ICMP redirect (for the host) to 192.0.2.2: ', ethernet(0x0800, ipv4(1, icmpv4(5, 1, [...IP_B, ...quoted])))],
    ['IGMP version 2 report 192.0.2.2', ethernet(0x0800, ipv4(2, icmpv4(0x16, 0, IP_B)))],
    ['UDP 1000 → 2000 len=3', ethernet(0x0800, ipv4(17, udp(4, 1000, 2000, [1, 2, 3])))],
    ['UDP 1000 → 2000 len=3', ethernet(0x86dd, ipv6(17, udp(6, 1000, 2000, [1, 2, 3])))],
    ['DNS query 0x1234 AAAA example.com', ethernet(0x0800, ipv4(17, udp(4, 5000, 53, query)))],
    ['DNS response 0x1234 AAAA example.com, no such name', ethernet(0x0800, ipv4(17, udp(4, 53, 5000, answer)))],
    ['DHCP Discover xid=0xfeedbeef', ethernet(0x0800, ipv4(17, udp(4, 68, 67, dhcp)))],
    ['ICMPv6 echo request id=1 seq=2 len=0', ethernet(0x86dd, ipv6(58, icmpv6(128, 0, [0, 1, 0, 2])))],
    [
      'ICMPv6 packet too big mtu=1280: 2001:db8::1 → 2001:db8::2 TCP 49152 → 1883 [SYN] seq=1 win=8192 len=0',
      ethernet(0x86dd, ipv6(58, icmpv6(2, 0, [...long(1280), ...quoted6]))),
    ],
    ['ICMPv6 router solicitation', ethernet(0x86dd, ipv6(58, icmpv6(133, 0, [0, 0, 0, 0, 1, 1, ...MAC_A])))],
    [
      'ICMPv6 redirect: 2001:db8::2 is reached by 2001:db8::1',
      ethernet(0x86dd, ipv6(58, icmpv6(137, 0, [0, 0, 0, 0, ...IP6_A, ...IP6_B]))),
    ],
    [
      'ICMPv6 multicast listener report 2001:db8::2',
      ethernet(0x86dd, ipv6(58, icmpv6(131, 0, [0, 0, 0, 0, ...IP6_B]))),
    ],
    [
      'IPv4 192.0.2.1 → 192.0.2.2 fragment id=0x0001 offset=1480 len=20 last',
      ethernet(0x0800, ipv4(17, new Array<number>(20).fill(0), { fragment: 185 })),
    ],
    ['IPv4 192.0.2.1 → 192.0.2.2, OSPF (89), 4 B', ethernet(0x0800, ipv4(89, [0, 0, 0, 0]))],
    ['Ethernet 02:00:5e:00:53:01 → 02:00:5e:00:53:02 type 0x88cc, 2 B', ethernet(0x88cc, [1, 2])],
    ['Ethernet 02:00:5e:00:53:01 → 02:00:5e:00:53:02 802.3 length 3', ethernet(3, [1, 2, 3])],
    [
      'TCP 49152 → 1883 [SYN] seq=1 win=8192 len=0',
      ethernet(0x0800, ipv4(6, tcp(4, { flags: 2 })), { vlan: 7, pad: true }),
    ],
    [
      'TLS ClientHello, 9 B',
      segment({ destination: 8883, flags: 24, payload: [22, 3, 1, 0, 9, 1, 0, 0, 5, 3, 3, 0, 0, 0] }),
    ],
    [
      'TLS Alert fatal unknown_ca (48), 2 B',
      segment({ destination: 8883, flags: 24, payload: [21, 3, 3, 0, 2, 2, 48] }),
    ],
  ])('%s', (expected, frame) => {
    expect(summary(frame).slice(0, expected.length)).toBe(expected);
    if (!expected.endsWith(': ')) expect(summary(frame)).toBe(expected);
    expect(dissect(frame).problems).toEqual([]);
  });

  test('a VLAN tag is a layer of its own', () => {
    const { layers } = dissect(ethernet(0x0800, ipv4(1, icmpv4(8, 0, [0, 1, 0, 1])), { vlan: 0xb007, pad: true }));
    expect(layers.map((layer) => layer.protocol)).toEqual(['ethernet', 'vlan', 'ipv4', 'icmpv4']);
    expect(layers[1]?.valueOf('VLAN')).toBe(7);
    expect(layers[1]?.valueOf('Priority')).toBe(5);
    expect(layers[1]?.valueOf('Drop eligible')).toBe(true);
    expect(layers[0]?.find('Padding')).not.toBeNull();
  });
});

describe('TCP options', () => {
  test.each([
    ['Maximum segment size', [2, 4, 5, 0xb4], ' mss=1460'],
    ['Window scale', [1, 3, 3, 7], ' ws=7'],
    ['SACK permitted', [1, 1, 4, 2], ' sack-ok'],
    ['Timestamps', [1, 1, 8, 10, ...long(4294967295), ...long(2)], ' ts=4294967295/2'],
    ['Fast Open cookie', [1, 1, 34, 2], ' fast-open?'],
    ['User timeout', [28, 4, 0x80, 5], ''],
    ['Option 77', [77, 4, 1, 2], ''],
  ])('%s', (name, options, words) => {
    const frame = segment({ flags: 2, options });
    expect(summary(frame)).toBe(`TCP 49152 → 1883 [SYN] seq=1 win=8192 len=0${words}`);
    expect(dissect(frame).layers[2]?.find(name)).not.toBeNull();
    expect(problems(frame)).toEqual([]);
  });

  test('SACK blocks', () => {
    const frame = segment({
      flags: 16,
      options: [1, 1, 5, 18, ...long(10), ...long(20), ...long(4000000000), ...long(4000000001)],
    });
    expect(summary(frame)).toBe('TCP 49152 → 1883 [ACK] seq=1 ack=0 win=8192 len=0 sack=10-20,4000000000-4000000001');
    expect(dissect(frame).tcp?.sack).toEqual([
      [10, 20],
      [4000000000, 4000000001],
    ]);
  });

  test.each([
    ['no room for its length 0', [2, 0, 0, 0]],
    ['no room for its length 9', [2, 9, 0, 0]],
    ['4 bytes long, not 3', [2, 3, 0, 0]],
    ['at most 14', [3, 3, 15, 0]],
    ['blocks of 8 bytes', [5, 3, 0, 0]],
    ['padding behind the options', [0, 1, 0, 0]],
  ])('wrong: %s', (words, options) => {
    expect(problems(segment({ flags: 2, options })).join()).toContain(words);
  });

  test('an option of a SYN elsewhere is unusual', () => {
    expect(problems(segment({ flags: 16, options: [2, 4, 5, 0xb4] }))).toEqual([
      'unusual TCP: this option belongs into a SYN',
    ]);
  });
});

describe('what is wrong with a header is in the tree', () => {
  const good = segment({ flags: 24, destination: 9, payload: [1, 2, 3] });
  const patched = (at: number, value: number, base: Uint8Array = good) => {
    const frame = base.slice();
    frame[at] = value;
    return frame;
  };
  test.each([
    ['truncated Ethernet: 10 bytes are too few', good.slice(0, 10)],
    ['malformed Ethernet: a group address cannot be a source', patched(6, 3)],
    ['truncated IPv4: 6 bytes are too few', good.slice(0, 20)],
    ['malformed IPv4: the version is not 4', patched(14, 0x55)],
    ['malformed IPv4: a header is at least 20', patched(14, 0x44)],
    ['truncated IPv4: 43 bytes are too few for the header, which takes 60', patched(14, 0x4f)],
    ['checksum IPv4: the checksum is wrong', patched(24, 0)],
    ['malformed IPv4: the packet would be shorter than its header', patched(17, 3, patched(16, 0))],
    ['truncated IPv4: 41 of 43 bytes are here', good.slice(0, 55)],
    ['malformed IPv4: a packet with TTL 0', patched(22, 0)],
    ['malformed TCP: a header of 60 bytes does not fit', patched(46, 0xf0)],
    ['malformed TCP: a header of 16 bytes does not fit', patched(46, 0x40)],
    ['unusual TCP: SYN and FIN', patched(47, 3)],
    ['unusual TCP: RST together', patched(47, 6)],
    ['malformed UDP: the length cannot be less', ethernet(0x0800, ipv4(17, [0, 1, 0, 2, 0, 7, 0, 0]))],
    ['malformed UDP: the datagram claims 99', ethernet(0x0800, ipv4(17, [0, 1, 0, 2, 0, 99, 0, 0]))],
    ['malformed UDP: UDP over IPv6 needs a checksum', ethernet(0x86dd, ipv6(17, [0, 1, 0, 2, 0, 8, 0, 0]))],
    ['unusual UDP: IP brought 1 bytes more', ethernet(0x0800, ipv4(17, [0, 1, 0, 2, 0, 8, 0, 0, 1]))],
    ['malformed ICMPv6: neighbor discovery option 1', ethernet(0x86dd, ipv6(58, icmpv6(133, 0, [0, 0, 0, 0, 1, 0])))],
    [
      'malformed IPv6: hop-by-hop options come first',
      ethernet(0x86dd, ipv6(60, [0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0])),
    ],
    ['malformed IPv6: a multicast address cannot be a source', patched(22, 0xff, ethernet(0x86dd, ipv6(59, [])))],
  ])('%s', (words, frame) => {
    expect(problems(frame).some((problem) => problem.startsWith(words))).toBe(true);
  });

  test('a checksum over bytes that are missing is not judged', () => {
    const cut = dissect(segment({ flags: 24, destination: 9, payload: new Array<number>(100).fill(1) }).slice(0, 80));
    expect(cut.problems.map((problem) => problem.kind)).toEqual(['truncated']);
    expect(cut.layers[2]?.find('Checksum')?.text).toContain('not verified');
  });

  test('no checksum in UDP over IPv4 is allowed', () => {
    expect(problems(ethernet(0x0800, ipv4(17, [0, 1, 0, 2, 0, 8, 0, 0])))).toEqual([]);
  });

  test('extension headers are passed', () => {
    const chain = [60, 0, 5, 2, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 9, ...udp(6, 1, 2, [])];
    const { layers, ip } = dissect(ethernet(0x86dd, ipv6(0, chain)));
    expect(layers.map((layer) => layer.protocol)).toEqual(['ethernet', 'ipv6', 'udp']);
    expect(layers[1]?.length).toBe(40 + 24);
    expect(ip?.protocol).toBe(17);
    expect(layers[1]?.children.slice(-3).map((child) => child.name)).toEqual([
      'Hop-by-hop options',
      'Destination options',
      'Fragment header',
    ]);
  });

  test('an error about an error is not followed without end', () => {
    let inner = ipv4(1, icmpv4(3, 1, [0, 0, 0, 0]));
    for (let i = 0; i < 20; i++) inner = ipv4(1, icmpv4(3, 1, [0, 0, 0, 0, ...inner]));
    expect(dissect(ethernet(0x0800, inner)).layers.length).toBe(3);
  });
});
