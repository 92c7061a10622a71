import { describe, expect, test } from '@jest/globals';
import { dissect, formatTree, summary } from '@strata/dissect';
import { hex } from './hex.ts';

/** Frames of NetX Duo between 192.168.100.1 (00:11:22:33:44:56) and 192.168.100.2 (…:57), typed from captures. */
const ARP_REQUEST = hex(`
  ffffffffffff 001122334456 0806
  0001 0800 06 04 0001 001122334456 c0a86401 000000000000 c0a86402`);
const SYN = hex(`
  001122334457 001122334456 0800
  45 00 0030 0001 4000 80 06 b172 c0a86401 c0a86402
  d869 075b 7cf3dc51 00000000 70 02 2000 e3c2 0000 020405b4 01 01 01 00`);
const CONNECT = hex(`
  001122334457 001122334456 0800
  45 00 003d 0003 4000 80 06 b163 c0a86401 c0a86402
  d869 075b 7cf3dc52 777f23c7 50 18 2000 0cc5 0000
  10 13 0004 4d515454 04 02 003c 0007 6e657478636c69`);
const ECHO = hex(`
  001122334456 001122334457 0800
  45 00 001f 0003 0000 80 01 f186 c0a86402 c0a86401
  08 00 a183 6402 0000 78797a`);
const DAD = hex(`
  3333ff334456 001122334456 86dd
  60000000 0018 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff334456
  87 00 d003 00000000 fe80000000000000021122fffe334456`);
const ADVERTISEMENT = hex(`
  001122334456 001122334457 86dd
  60000000 0020 3a ff fe80000000000000021122fffe334457 fe80000000000000021122fffe334456
  88 00 7cb4 60000000 fe80000000000000021122fffe334457 0201001122334457`);

describe('frames of NetX Duo are read as they were meant', () => {
  test.each([
    ['an ARP request', ARP_REQUEST, 'ARP who has 192.168.100.2? tell 192.168.100.1'],
    ['a SYN', SYN, 'TCP 55401 → 1883 [SYN] seq=2096356433 win=8192 len=0 mss=1460'],
    ['an MQTT CONNECT', CONNECT, 'MQTT CONNECT "netxcli" clean keepalive=60s'],
    ['an echo request', ECHO, 'ICMP echo request id=25602 seq=0 len=3'],
    ['duplicate address detection', DAD, 'ICMPv6 who has fe80::211:22ff:fe33:4456? (duplicate address detection)'],
    [
      'a neighbor advertisement',
      ADVERTISEMENT,
      'ICMPv6 fe80::211:22ff:fe33:4457 is here (neighbor advertisement: solicited, override)',
    ],
  ])('%s', (_what, frame, expected) => {
    expect(summary(frame)).toBe(expected);
    expect(dissect(frame).problems).toEqual([]);
  });

  test('layers come outermost first and lie one behind the other', () => {
    const { layers } = dissect(CONNECT);
    expect(layers.map((layer) => [layer.protocol, layer.offset, layer.length])).toEqual([
      ['ethernet', 0, 14],
      ['ipv4', 14, 20],
      ['tcp', 34, 20],
      ['mqtt', 54, 21],
    ]);
  });

  test('the facts for programs', () => {
    const { ip, tcp, mqtt } = dissect(SYN);
    expect(ip).toMatchObject({ version: 4, source: '192.168.100.1', destination: '192.168.100.2', protocol: 6 });
    expect(tcp).toMatchObject({
      sequence: 0x7cf3dc51,
      flags: 2,
      maximumSegment: 1460,
      windowShift: -1,
      payloadLength: 0,
    });
    expect(mqtt).toEqual([]);
    expect(dissect(CONNECT).mqtt[0]).toMatchObject({ type: 1, length: 21, complete: true });
  });

  test('the tree in full', () => {
    expect(formatTree(CONNECT)).toBe(`\
    0..14  Ethernet: 00:11:22:33:44:56 → 00:11:22:33:44:57  [IEEE 802.3 3.2]
     0..6    Destination: 00:11:22:33:44:57
    6..12    Source: 00:11:22:33:44:56
   12..14    Type: IPv4 (0x0800)
   14..34  IPv4: 192.168.100.1 → 192.168.100.2  [RFC 791 3.1]
   14..15    Version: 4
   14..15    Header length: 20 B
   15..16    DSCP: 0  [RFC 2474 3]
   15..16    ECN: not ECN-capable  [RFC 3168 5]
   16..18    Total length: 61
   18..20    Identification: 0x0003
   20..21    Flags: don't fragment
   20..22    Fragment offset: 0
   22..23    TTL: 128
   23..24    Protocol: TCP (6)
   24..26    Header checksum: 0xb163 (correct)
   26..30    Source: 192.168.100.1
   30..34    Destination: 192.168.100.2
   34..54  TCP: 55401 → 1883 [PSH, ACK]  [RFC 9293 3.1]
   34..36    Source port: 55401
   36..38    Destination port: 1883
   38..42    Sequence number: 2096356434
   42..46    Acknowledgment number: 2004820935
   46..47    Header length: 20 B
   47..48    Flags: PSH, ACK
   48..50    Window: 8192
   50..52    Checksum: 0x0cc5 (correct)
   52..54    Urgent pointer: 0 (not in use)
   54..75  MQTT CONNECT: CONNECT "netxcli" clean keepalive=60s  [MQTT 3.1.1 2.2]
   54..55    Type: CONNECT (1)  [MQTT 3.1.1 2.2.1]
   54..55    Flags: 0x0  [MQTT 3.1.1 2.2.2]
   55..56    Remaining length: 19  [MQTT 3.1.1 2.2.3]
   56..62    Protocol name: "MQTT"  [MQTT 3.1.1 3.1.2.1]
   62..63    Protocol level: 4 (MQTT 3.1.1)  [MQTT 3.1.1 3.1.2.2]
   63..64    Connect flags: clean session  [MQTT 3.1.1 3.1.2.3]
   64..66    Keep alive: 60 s  [MQTT 3.1.1 3.1.2.10]
   66..75    Client identifier: "netxcli"  [MQTT 3.1.1 3.1.3.1]
`);
  });

  test('the tree without byte ranges and references', () => {
    const text = formatTree(ARP_REQUEST, { offsets: false, references: false });
    expect(text.split('\n').slice(0, 3)).toEqual([
      'Ethernet: 00:11:22:33:44:56 → ff:ff:ff:ff:ff:ff',
      '  Destination: ff:ff:ff:ff:ff:ff (broadcast)',
      '  Source: 00:11:22:33:44:56',
    ]);
  });

  test('a wrong checksum is named with the right one', () => {
    const damaged = SYN.slice();
    damaged[50] = 0xe4;
    expect(dissect(damaged).problems).toEqual([
      { kind: 'checksum', text: 'TCP: the checksum is wrong: it should be 0xe3c2' },
    ]);
    expect(dissect(damaged).tcp?.damaged).toBe(true);
    expect(formatTree(damaged)).toContain('\n               ! checksum: the checksum is wrong: it should be 0xe3c2\n');
    expect(dissect(damaged, { checksums: false }).problems).toEqual([]);
  });

  test('IP and MQTT can be the outermost layer', () => {
    expect(summary(CONNECT.subarray(14), { link: 'ip' })).toBe('MQTT CONNECT "netxcli" clean keepalive=60s');
    expect(summary(DAD.subarray(14), { link: 'ip' })).toContain('duplicate address detection');
    expect(summary(CONNECT.subarray(54), { link: 'mqtt' })).toBe('MQTT CONNECT "netxcli" clean keepalive=60s');
  });

  test('a field is found by name', () => {
    const tcp = dissect(SYN).layers[2];
    expect(tcp?.valueOf('Window')).toBe(8192);
    expect(tcp?.valueOf('Bytes')).toBe(1460);
    expect(tcp?.find('No such field')).toBeNull();
  });
});
