import type { Context } from '../context.ts';
import type { Field, Layer } from '../field.ts';
import { hex, hexBytes, ipv6Text, macText } from '../text.ts';
import { decodeIcmpStart, IcmpNames } from './icmp-start.ts';
import { decodeQuoted } from './quoted.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'destination unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [130, 'multicast listener query'],
  [131, 'multicast listener report'],
  [132, 'multicast listener done'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbor solicitation'],
  [136, 'neighbor advertisement'],
  [137, 'redirect'],
  [143, 'multicast listener report v2'],
]);

const CODES: ReadonlyMap<number, readonly string[]> = new Map([
  [1, ['no route', 'prohibited', 'beyond scope', 'address', 'port', 'source policy', 'reject route']],
  [3, ['in transit', 'in reassembly']],
  [4, ['erroneous field', 'unknown next header', 'unknown option']],
]);

/** Where the options of Neighbor Discovery begin, by message type (RFC 4861 4.1 to 4.5). */
const ND_OPTIONS_AT: ReadonlyMap<number, number> = new Map([
  [133, 8],
  [134, 16],
  [135, 24],
  [136, 24],
  [137, 40],
]);

export const ICMPV6_NAMES = new IcmpNames(TYPES, CODES);

export function decodeIcmpv6(context: Context, start: number, end: number): void {
  const layer = context.layer('icmpv6', 'ICMPv6', start, end, 'RFC 4443 2.1');
  if (!context.holds(layer, 4)) return;
  const type = context.u8(start);
  const checksum = decodeIcmpStart(context, layer, ICMPV6_NAMES, start);
  const ip = context.ip;
  if (ip !== null && ip.version === 6) {
    const seed = context.pseudoHeader(58, end - start);
    context.judgeChecksum(checksum, start, end, seed, ip.whole && !ip.fragment);
  }
  if (!context.holds(layer, 8)) return;
  if (type === 128 || type === 129) {
    layer.add('Identifier', start + 4, 2, context.u16(start + 4), hex(context.u16(start + 4), 4));
    layer.add('Sequence number', start + 6, 2, context.u16(start + 6));
    layer.summary += ` id=${context.u16(start + 4)} seq=${context.u16(start + 6)} len=${end - start - 8}`;
    if (end > start + 8) layer.add('Data', start + 8, end - start - 8, hexBytes(context.bytes, start + 8, end));
  } else if (type >= 1 && type <= 4) decodeError(context, layer, type, start, end);
  else if (type >= 130 && type <= 132) decodeListener(context, layer, start);
  else if (ND_OPTIONS_AT.has(type)) decodeDiscovery(context, layer, type, start, end);
}

function decodeError(context: Context, layer: Layer, type: number, start: number, end: number): void {
  if (type === 2) {
    layer.add('MTU', start + 4, 4, context.u32(start + 4));
    layer.summary += ` mtu=${context.u32(start + 4)}`;
  }
  if (type === 4) layer.add('Pointer', start + 4, 4, context.u32(start + 4));
  const about = decodeQuoted(context, layer, 0x86dd, start + 8, end);
  if (about !== '') layer.summary += `: ${about}`;
}

function decodeListener(context: Context, layer: Layer, start: number): void {
  if (!context.holds(layer, 24)) return;
  layer.add(
    'Maximum response delay',
    start + 4,
    2,
    context.u16(start + 4),
    `${context.u16(start + 4)} ms`,
    'RFC 2710 3',
  );
  const group = ipv6Text(context.bytes, start + 8);
  layer.add('Group', start + 8, 16, group);
  layer.summary += ` ${group}`;
}

function decodeDiscovery(context: Context, layer: Layer, type: number, start: number, end: number): void {
  const optionsAt = ND_OPTIONS_AT.get(type) as number;
  if (!context.holds(layer, optionsAt)) return;
  const { bytes } = context;
  if (type === 134) decodeAdvertisement(context, layer, start);
  if (type >= 135) {
    const target = ipv6Text(bytes, start + 8);
    layer.add('Target', start + 8, 16, target, target, 'RFC 4861 4.3');
    if (type === 135) {
      // From the unspecified address it asks whether the address is free (RFC 4862 5.4.2).
      const purpose = context.ip?.source === '::' ? 'duplicate address detection' : 'neighbor solicitation';
      layer.summary = `ICMPv6 who has ${target}? (${purpose})`;
    }
    if (type === 136) {
      const flags = context.u8(start + 4);
      const words = ['override', 'solicited', 'router'].filter((_, bit) => (flags & (0x20 << bit)) !== 0).reverse();
      layer.add('Flags', start + 4, 1, flags >>> 5, words.join(', '), 'RFC 4861 4.4');
      layer.summary = `ICMPv6 ${target} is here (neighbor advertisement${words.length > 0 ? `: ${words.join(', ')}` : ''})`;
    }
    if (type === 137) {
      const destination = ipv6Text(bytes, start + 24);
      layer.add('Destination', start + 24, 16, destination);
      layer.summary = `ICMPv6 redirect: ${destination} is reached by ${target}`;
    }
  }
  decodeOptions(context, layer, start + optionsAt, end);
}

function decodeAdvertisement(context: Context, layer: Layer, start: number): void {
  layer.add('Hop limit', start + 4, 1, context.u8(start + 4));
  layer.add('Managed', start + 5, 1, (context.u8(start + 5) & 0x80) !== 0);
  layer.add('Other configuration', start + 5, 1, (context.u8(start + 5) & 0x40) !== 0);
  layer.add('Router lifetime', start + 6, 2, context.u16(start + 6), `${context.u16(start + 6)} s`);
  layer.add('Reachable time', start + 8, 4, context.u32(start + 8), `${context.u32(start + 8)} ms`);
  layer.add('Retransmission timer', start + 12, 4, context.u32(start + 12), `${context.u32(start + 12)} ms`);
}

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'Source link-layer address'],
  [2, 'Target link-layer address'],
  [3, 'Prefix information'],
  [4, 'Redirected header'],
  [5, 'MTU'],
  [14, 'Nonce'],
  [25, 'Recursive DNS server'],
  [31, 'DNS search list'],
]);

function decodeOptions(context: Context, layer: Field, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const type = context.u8(at);
    const length = at + 1 < end ? context.u8(at + 1) * 8 : 0;
    if (length === 0 || at + length > end) {
      layer.problem('malformed', `neighbor discovery option ${type} does not fit the message (RFC 4861 4.6)`);
      return;
    }
    const name = OPTION_NAMES.get(type) ?? `Option ${type}`;
    const option = layer.add(name, at, length, type, hexBytes(context.bytes, at + 2, at + length), 'RFC 4861 4.6');
    if (type === 1 || type === 2) option.text = macText(context.bytes, at + 2);
    if (type === 5) option.text = String(context.u32(at + 4));
    if (type === 3 && length >= 32) decodePrefix(context, option, at);
    if (type === 25)
      for (let i = at + 8; i + 16 <= at + length; i += 16) option.add('Server', i, 16, ipv6Text(context.bytes, i));
    at += length;
  }
}

function decodePrefix(context: Context, option: Field, at: number): void {
  const prefix = `${ipv6Text(context.bytes, at + 16)}/${context.u8(at + 2)}`;
  option.text = prefix;
  option.add('Prefix length', at + 2, 1, context.u8(at + 2));
  option.add('On link', at + 3, 1, (context.u8(at + 3) & 0x80) !== 0);
  option.add('Autonomous', at + 3, 1, (context.u8(at + 3) & 0x40) !== 0);
  option.add('Valid lifetime', at + 4, 4, context.u32(at + 4), `${context.u32(at + 4)} s`);
  option.add('Preferred lifetime', at + 8, 4, context.u32(at + 8), `${context.u32(at + 8)} s`);
  option.add('Prefix', at + 16, 16, ipv6Text(context.bytes, at + 16));
}
