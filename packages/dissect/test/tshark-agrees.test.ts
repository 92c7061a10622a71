import { describe, expect, test } from '@jest/globals';
import { ConversationFollower, type Dissection, dissect, type Field, type Layer, type Protocol } from '@strata/dissect';
import {
  ethernet,
  IP_A,
  IP_B,
  IP6_A,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  long,
  MAC_A,
  MAC_B,
  mqtt,
  segment,
  tcp,
  udp,
  word,
} from './frames.ts';
import { random, utf8 } from './hex.ts';
import { tsharkFields } from './wireshark.ts';

const next = random(42);
const below = (limit: number) => Math.floor(next() * limit);
const u32 = () => below(4294967296);
const some = (count: number) => Array.from({ length: count }, () => below(256));
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
const maybe = (options: number[]) => (next() < 0.5 ? options : []);

function padTo4(options: number[]): number[] {
  const padded = [...options];
  while (padded.length % 4 !== 0) padded.push(1);
  return padded;
}

function randomTcp(version: 4 | 6): number[] {
  const options = padTo4([
    ...maybe([2, 4, ...word(below(65536))]),
    ...maybe([3, 3, below(15)]),
    ...maybe([4, 2]),
    ...maybe([8, 10, ...long(u32()), ...long(u32())]),
    ...maybe([5, 10, ...long(u32()), ...long(u32())]),
  ]);
  return tcp(version, {
    source: 1024 + below(60000),
    destination: 40000 + below(1000),
    sequence: u32(),
    acknowledgment: u32(),
    flags: below(256),
    window: below(65536),
    options,
    payload: some(below(40)),
  });
}

function randomFrame(): Uint8Array {
  const version = pick([4, 6] as const);
  const parts = { id: below(65536), ttl: 1 + below(255), tos: below(256) };
  const wrap = (protocol: number, bytes: number[]) =>
    version === 4
      ? ethernet(0x0800, ipv4(protocol, bytes, parts), { pad: true })
      : ethernet(
          0x86dd,
          ipv6(protocol, bytes, { hopLimit: 1 + below(255), flow: below(0x100000), traffic: below(256) }),
          { pad: true },
        );
  switch (below(6)) {
    case 0: {
      const mac = pick([MAC_A, MAC_B]);
      return ethernet(0x0806, [0, 1, 8, 0, 6, 4, 0, 1 + below(2), ...MAC_A, ...IP_A, ...mac, ...IP_B], { pad: true });
    }
    case 1:
      return wrap(17, udp(version, 20000 + below(10000), 40000 + below(1000), some(below(50))));
    case 2: {
      const echo = [...some(4), ...some(below(40))];
      return version === 4 ? wrap(1, icmpv4(pick([0, 8]), 0, echo)) : wrap(58, icmpv6(pick([128, 129]), 0, echo));
    }
    case 3:
      return ethernet(0x0800, ipv4(6, randomTcp(4), parts), { vlan: below(4095), pad: true });
    default:
      return wrap(6, randomTcp(version));
  }
}

/** The value of a field of a layer as tshark prints it. */
type Reader = (dissection: Dissection) => string;

function layerOf(dissection: Dissection, protocol: Protocol): Layer | undefined {
  return dissection.layers.find((layer) => layer.protocol === protocol);
}

function allNamed(field: Field | undefined, name: string): Field[] {
  if (field === undefined) return [];
  return field.children.flatMap((child) => [...(child.name === name ? [child] : []), ...allNamed(child, name)]);
}

const number =
  (protocol: Protocol, name: string): Reader =>
  (dissection) =>
    allNamed(layerOf(dissection, protocol), name)
      .map((field) => String(field.value))
      .join(',');

const hexadecimal =
  (protocol: Protocol, name: string, digits: number): Reader =>
  (dissection) =>
    allNamed(layerOf(dissection, protocol), name)
      .map((field) => `0x${(field.value as number).toString(16).padStart(digits, '0')}`)
      .join(',');

/** 1 for good, 0 for bad, as tshark numbers it; 2 when it was not judged. */
const verdict =
  (protocol: Protocol, name: string): Reader =>
  (dissection) =>
    allNamed(layerOf(dissection, protocol), name)
      .map((field) =>
        field.problems.some((problem) => problem.kind === 'checksum')
          ? '0'
          : field.text.includes('(correct)')
            ? '1'
            : '2',
      )
      .join(',');

const FIELDS: Readonly<Record<string, Reader>> = {
  'eth.dst': number('ethernet', 'Destination'),
  'eth.src': number('ethernet', 'Source'),
  'vlan.id': number('vlan', 'VLAN'),
  'arp.opcode': number('arp', 'Operation'),
  'arp.src.proto_ipv4': number('arp', 'Sender address'),
  'arp.dst.hw_mac': number('arp', 'Target MAC'),
  'ip.len': number('ipv4', 'Total length'),
  'ip.id': hexadecimal('ipv4', 'Identification', 4),
  'ip.ttl': number('ipv4', 'TTL'),
  'ip.dsfield.dscp': number('ipv4', 'DSCP'),
  'ip.dsfield.ecn': number('ipv4', 'ECN'),
  'ip.proto': number('ipv4', 'Protocol'),
  'ip.checksum': hexadecimal('ipv4', 'Header checksum', 4),
  'ip.checksum.status': verdict('ipv4', 'Header checksum'),
  'ipv6.flow': hexadecimal('ipv6', 'Flow label', 6),
  'ipv6.tclass.dscp': number('ipv6', 'DSCP'),
  'ipv6.plen': number('ipv6', 'Payload length'),
  'ipv6.hlim': number('ipv6', 'Hop limit'),
  'ipv6.dst': number('ipv6', 'Destination'),
  'udp.srcport': number('udp', 'Source port'),
  'udp.length': number('udp', 'Length'),
  'udp.checksum.status': verdict('udp', 'Checksum'),
  'icmp.type': number('icmpv4', 'Type'),
  'icmp.seq': number('icmpv4', 'Sequence number'),
  'icmp.checksum.status': verdict('icmpv4', 'Checksum'),
  'icmpv6.type': number('icmpv6', 'Type'),
  'icmpv6.echo.sequence_number': number('icmpv6', 'Sequence number'),
  'icmpv6.checksum.status': verdict('icmpv6', 'Checksum'),
  'tcp.srcport': number('tcp', 'Source port'),
  'tcp.dstport': number('tcp', 'Destination port'),
  'tcp.seq': number('tcp', 'Sequence number'),
  'tcp.ack': number('tcp', 'Acknowledgment number'),
  'tcp.hdr_len': number('tcp', 'Header length'),
  'tcp.window_size_value': number('tcp', 'Window'),
  'tcp.checksum.status': verdict('tcp', 'Checksum'),
  'tcp.len': (dissection) => (dissection.tcp === null ? '' : String(dissection.tcp.payloadLength)),
  'tcp.options.mss_val': number('tcp', 'Bytes'),
  'tcp.options.wscale.shift': number('tcp', 'Shift'),
  'tcp.options.sack_le': number('tcp', 'Left edge'),
  'tcp.options.sack_re': number('tcp', 'Right edge'),
  'tcp.options.timestamp.tsval': number('tcp', 'Value'),
  'tcp.options.timestamp.tsecr': number('tcp', 'Echo reply'),
};

describe('tshark reads the same', () => {
  test('400 frames of all kinds, some with a damaged octet', () => {
    const frames = Array.from({ length: 400 }, (_, index) => {
      const frame = randomFrame();
      // The last octet of a packet that is not padding: only checksums can tell.
      if (index % 5 === 4 && frame.length > 60) frame[frame.length - 1]! ^= 0x55;
      return frame;
    });
    const rows = tsharkFields(frames, Object.keys(FIELDS), [
      'tcp.relative_sequence_numbers:FALSE',
      'tcp.analyze_sequence_numbers:FALSE',
    ]);
    if (rows === null) return;
    expect(rows.length).toBe(frames.length);
    for (const [index, row] of rows.entries()) {
      const dissection = dissect(frames[index] as Uint8Array);
      const mine = Object.fromEntries(Object.entries(FIELDS).map(([field, read]) => [field, read(dissection)]));
      expect({ frame: index, ...mine }).toEqual({ frame: index, ...row });
    }
  });

  test('neighbor discovery and quoted datagrams', () => {
    const frames = [
      ethernet(0x86dd, ipv6(58, icmpv6(135, 0, [0, 0, 0, 0, ...IP6_A, 1, 1, ...MAC_A]), { hopLimit: 255 })),
      ethernet(0x86dd, ipv6(58, icmpv6(136, 0, [0x60, 0, 0, 0, ...IP6_A, 2, 1, ...MAC_A]), { hopLimit: 255 })),
      ethernet(0x0800, ipv4(1, icmpv4(3, 4, [0, 0, 5, 0xdc, ...ipv4(17, udp(4, 7, 9, some(8)))]))),
    ];
    const rows = tsharkFields(frames, [
      'icmpv6.nd.ns.target_address',
      'icmpv6.nd.na.target_address',
      'icmpv6.opt.linkaddr',
      'icmp.mtu',
      'udp.dstport',
    ]);
    if (rows === null) return;
    const trees = frames.map((frame) => dissect(frame).layers[2] as Layer);
    const target = (index: number) => trees[index]?.valueOf('Target');
    expect(target(0)).toBe(rows[0]?.['icmpv6.nd.ns.target_address']);
    expect(target(1)).toBe(rows[1]?.['icmpv6.nd.na.target_address']);
    expect(trees[0]?.find('Source link-layer address')?.text).toBe(rows[0]?.['icmpv6.opt.linkaddr']);
    expect(String(trees[2]?.valueOf('Next-hop MTU'))).toBe(rows[2]?.['icmp.mtu']);
    expect(String(trees[2]?.valueOf('Destination port'))).toBe(rows[2]?.['udp.dstport']);
  });

  test('MQTT, cut into segments at random', () => {
    const text = (value: string) => utf8(value, true);
    const stream = [
      mqtt(0x10, [
        ...text('MQTT'),
        4,
        0xee,
        0,
        60,
        ...text('device'),
        ...text('will/t'),
        ...text('gone'),
        ...text('u'),
        ...text('p'),
      ]),
      mqtt(0x82, [...word(1), ...text('plant/#'), 1, ...text('a/+/b'), 0]),
      ...Array.from({ length: 30 }, (_, index) => {
        const qos = index % 3;
        return mqtt(0x30 | (qos << 1), [
          ...text(`plant/${index}`),
          ...(qos > 0 ? word(index + 1) : []),
          ...utf8('x'.repeat(below(400))),
        ]);
      }),
      mqtt(0xa2, [...word(9), ...text('plant/#')]),
      mqtt(0xc0, []),
      mqtt(0xe0, []),
    ].flat();
    const frames = [segment({ flags: 2, sequence: 999 })];
    for (let at = 0; at < stream.length; ) {
      const size = 1 + below(200);
      const payload = stream.slice(at, at + size);
      frames.push(segment({ flags: 24, sequence: 1000 + at, acknowledgment: 1, payload }));
      at += payload.length;
    }
    const rows = tsharkFields(frames, [
      'tcp.seq',
      'mqtt.msgtype',
      'mqtt.topic',
      'mqtt.msgid',
      'mqtt.len',
      'mqtt.clientid',
      '_ws.malformed',
    ]);
    if (rows === null) return;
    const follower = new ConversationFollower();
    const joined = (parts: readonly (string | number)[]) => parts.join(',');
    for (const [index, frame] of frames.entries()) {
      const { messages, sequence } = follower.follow(frame);
      const topics = messages.flatMap((message) => [
        ...allNamed(message.layer, 'Topic name').map((field) => field.value as string),
        ...allNamed(message.layer, 'Topic filter').map((field) => field.value as string),
      ]);
      expect({
        'tcp.seq': String(sequence),
        'mqtt.msgtype': joined(messages.map((message) => message.type)),
        'mqtt.topic': joined(topics),
        'mqtt.msgid': joined(messages.flatMap((message) => (message.packetId < 0 ? [] : [message.packetId]))),
        'mqtt.len': joined(messages.map((message) => message.layer.valueOf('Remaining length') as number)),
        'mqtt.clientid': joined(
          messages.flatMap((message) =>
            message.type === 1 ? [message.layer.valueOf('Client identifier') as string] : [],
          ),
        ),
        '_ws.malformed': '',
      }).toEqual(rows[index]);
    }
  });
});
