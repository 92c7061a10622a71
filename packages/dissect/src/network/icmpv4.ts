import type { Context } from '../context.ts';
import { hex, hexBytes, ipv4Text } from '../text.ts';
import { decodeIcmpStart, IcmpNames } from './icmp-start.ts';
import { decodeQuoted } from './quoted.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'echo reply'],
  [3, 'destination unreachable'],
  [4, 'source quench'],
  [5, 'redirect'],
  [8, 'echo request'],
  [9, 'router advertisement'],
  [10, 'router solicitation'],
  [11, 'time exceeded'],
  [12, 'parameter problem'],
  [13, 'timestamp request'],
  [14, 'timestamp reply'],
  [15, 'information request'],
  [16, 'information reply'],
  [17, 'address mask request'],
  [18, 'address mask reply'],
]);

const CODES: ReadonlyMap<number, readonly string[]> = new Map([
  [
    3,
    [
      'network',
      'host',
      'protocol',
      'port',
      'fragmentation needed',
      'source route failed',
      'network unknown',
      'host unknown',
      'source host isolated',
      'network prohibited',
      'host prohibited',
      'network for this service',
      'host for this service',
      'administratively prohibited',
      'host precedence violation',
      'precedence cutoff',
    ],
  ],
  [5, ['for the network', 'for the host', 'for service and network', 'for service and host']],
  [11, ['in transit', 'in reassembly']],
  [12, ['pointer', 'missing option', 'bad length']],
]);

export const ICMP_NAMES = new IcmpNames(TYPES, CODES);

export function decodeIcmpv4(context: Context, start: number, end: number): void {
  const layer = context.layer('icmpv4', 'ICMP', start, end, 'RFC 792');
  if (!context.holds(layer, 4)) return;
  const type = context.u8(start);
  const code = context.u8(start + 1);
  const checksum = decodeIcmpStart(context, layer, ICMP_NAMES, start);
  const ip = context.ip;
  context.judgeChecksum(checksum, start, end, 0, ip?.whole === true && !ip.fragment);
  if (!context.holds(layer, 8)) return;
  if (type === 0 || type === 8 || (type >= 13 && type <= 18)) {
    layer.add('Identifier', start + 4, 2, context.u16(start + 4), hex(context.u16(start + 4), 4));
    layer.add('Sequence number', start + 6, 2, context.u16(start + 6));
    layer.summary += ` id=${context.u16(start + 4)} seq=${context.u16(start + 6)}`;
    if (type === 0 || type === 8) {
      layer.summary += ` len=${end - start - 8}`;
      if (end > start + 8) layer.add('Data', start + 8, end - start - 8, hexBytes(context.bytes, start + 8, end));
    }
    return;
  }
  if (type === 5) {
    layer.add('Gateway', start + 4, 4, ipv4Text(context.bytes, start + 4));
    layer.summary += ` to ${ipv4Text(context.bytes, start + 4)}`;
  }
  if (type === 12) layer.add('Pointer', start + 4, 1, context.u8(start + 4));
  if (type === 3 && code === 4) {
    const mtu = context.u16(start + 6);
    layer.add('Next-hop MTU', start + 6, 2, mtu, String(mtu), 'RFC 1191 4');
    layer.summary += ` mtu=${mtu}`;
  }
  if (type === 3 || type === 4 || type === 5 || type === 11 || type === 12) {
    const about = decodeQuoted(context, layer, 0x0800, start + 8, end);
    if (about !== '') layer.summary += `: ${about}`;
  }
}

const IGMP_TYPES: ReadonlyMap<number, string> = new Map([
  [0x11, 'membership query'],
  [0x12, 'version 1 report'],
  [0x16, 'version 2 report'],
  [0x17, 'leave group'],
  [0x22, 'version 3 report'],
]);

export function decodeIgmp(context: Context, start: number, end: number): void {
  const layer = context.layer('igmp', 'IGMP', start, end, 'RFC 2236 2');
  if (!context.holds(layer, 8)) return;
  const type = context.u8(start);
  const name = IGMP_TYPES.get(type) ?? `type ${hex(type, 2)}`;
  layer.add('Type', start, 1, type, name);
  layer.add('Maximum response time', start + 1, 1, context.u8(start + 1), `${context.u8(start + 1) / 10} s`);
  const checksum = layer.add('Checksum', start + 2, 2, context.u16(start + 2), hex(context.u16(start + 2), 4));
  context.judgeChecksum(checksum, start, end, 0, context.ip?.whole === true && !context.ip.fragment);
  layer.text = name;
  layer.summary = `IGMP ${name}`;
  if (type === 0x22) return;
  const group = ipv4Text(context.bytes, start + 4);
  layer.add('Group', start + 4, 4, group);
  layer.summary += ` ${group}`;
}
