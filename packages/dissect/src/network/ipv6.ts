import type { Context } from '../context.ts';
import type { IpFacts } from '../facts.ts';
import type { Field, Layer } from '../field.ts';
import { hex, hexBytes, ipv6Text } from '../text.ts';
import { decodeTrailer } from './ethernet.ts';
import { addTrafficClass } from './ipv4.ts';
import { decodeIpPayload, ipProtocolText } from './protocols.ts';

export function decodeIpv6(context: Context, start: number, end: number): void {
  const layer = context.layer('ipv6', 'IPv6', start, end, 'RFC 8200 3');
  if (!context.holds(layer, 40)) return;
  const { bytes } = context;
  const first = context.u32(start);
  const version = first >>> 28;
  const payloadLength = context.u16(start + 4);
  const next = context.u8(start + 6);
  const source = ipv6Text(bytes, start + 8);
  const destination = ipv6Text(bytes, start + 24);
  layer.text = `${source} → ${destination}`;
  layer.summary = `IPv6 ${source} → ${destination}`;
  layer.length = 40;

  const versionField = layer.add('Version', start, 1, version);
  addTrafficClass(layer, start, 2, (first >>> 20) & 255);
  layer.add('Flow label', start + 1, 3, first & 0xfffff, hex(first & 0xfffff, 5), 'RFC 6437');
  const lengthField = layer.add('Payload length', start + 4, 2, payloadLength);
  layer.add('Next header', start + 6, 1, next, ipProtocolText(next));
  layer.add('Hop limit', start + 7, 1, context.u8(start + 7));
  const from = layer.add('Source', start + 8, 16, source);
  layer.add('Destination', start + 24, 16, destination);
  if (context.u8(start + 8) === 0xff)
    from.problem('malformed', 'a multicast address cannot be a source (RFC 4291 2.7)');
  if (version !== 6) {
    versionField.problem('malformed', 'the version is not 6');
    return;
  }
  const available = end - start - 40;
  const whole = payloadLength <= available;
  if (!whole && !context.quoted) lengthField.problem('truncated', `${available} of ${payloadLength} bytes are here`);
  const payloadEnd = start + 40 + Math.min(payloadLength, available);
  if (whole && payloadLength > 0) decodeTrailer(context, payloadEnd, end);
  const ip: IpFacts = {
    version: 6,
    source,
    destination,
    addressOffset: start + 8,
    protocol: next,
    whole,
    fragment: false,
  };
  context.ip = ip;
  decodeExtensions(context, layer, ip, start + 40, payloadEnd);
}

/** Walks the chain of extension headers (RFC 8200 4); each is a child of the IPv6 layer. */
function decodeExtensions(context: Context, layer: Layer, ip: IpFacts, start: number, end: number): void {
  let next = ip.protocol;
  let at = start;
  for (;;) {
    ip.protocol = next;
    if (next === 59) {
      layer.summary += ', no next header';
      context.data(at, end);
      return;
    }
    const isFragment = next === 44;
    const isAuthentication = next === 51;
    if (!isFragment && !isAuthentication && next !== 0 && next !== 43 && next !== 60 && next !== 135) break;
    if (end - at < 8) {
      layer.problem('truncated', `${end - at} bytes are too few for ${ipProtocolText(next)}`);
      return;
    }
    const size = isFragment ? 8 : isAuthentication ? (context.u8(at + 1) + 2) * 4 : (context.u8(at + 1) + 1) * 8;
    const field = layer.add(ipProtocolText(next).replace(/ \(\d+\)$/, ''), at, size, next, `${size} B`, 'RFC 8200 4');
    field.add('Next header', at, 1, context.u8(at), ipProtocolText(context.u8(at)));
    if (next === 0 && at !== start) field.problem('malformed', 'hop-by-hop options come first or not at all');
    if (at + size > end) {
      field.problem('truncated', `${end - at} of ${size} bytes are here`);
      return;
    }
    if (next === 0 || next === 60) decodeOptions(context, field, at + 2, at + size);
    if (next === 43) decodeRouting(context, field, at, size);
    const following = context.u8(at);
    if (isFragment) {
      const offset = decodeFragment(context, layer, field, ip, at, end);
      if (offset > 0) {
        ip.protocol = following;
        context.data(at + 8, end);
        return;
      }
    }
    layer.length = at + size - layer.offset;
    next = following;
    at += size;
  }
  decodeIpPayload(context, layer, next, at, end);
}

function decodeFragment(context: Context, layer: Layer, field: Field, ip: IpFacts, at: number, end: number): number {
  const word = context.u16(at + 2);
  const offset = word & 0xfff8;
  const more = (word & 1) !== 0;
  field.add('Fragment offset', at + 2, 2, offset);
  field.add('More fragments', at + 3, 1, more);
  field.add('Identification', at + 4, 4, context.u32(at + 4), hex(context.u32(at + 4), 8));
  field.text = `offset ${offset}${more ? ', more follow' : ''}`;
  ip.fragment = more || offset > 0;
  if (ip.fragment) {
    layer.summary += ` fragment id=${hex(context.u32(at + 4), 8)} offset=${offset} len=${end - at - 8}${more ? ' more' : ' last'}`;
    if (more && (end - at) % 8 !== 0 && ip.whole)
      field.problem('malformed', 'a fragment that is not the last carries a multiple of 8 bytes');
  }
  return offset;
}

function decodeRouting(context: Context, field: Field, at: number, size: number): void {
  const type = context.u8(at + 2);
  const typeField = field.add('Routing type', at + 2, 1, type);
  field.add('Segments left', at + 3, 1, context.u8(at + 3));
  if (type === 0) typeField.problem('unusual', 'routing type 0 is deprecated (RFC 5095)');
  if (type === 0 || type === 2) {
    for (let i = at + 8; i + 16 <= at + size; i += 16) field.add('Address', i, 16, ipv6Text(context.bytes, i));
  }
}

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [5, 'Router alert'],
  [0xc2, 'Jumbo payload'],
  [0xc9, 'Home address'],
]);

function decodeOptions(context: Context, field: Field, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const type = context.u8(at);
    if (type === 0) {
      field.add('Pad1', at, 1, 0, '');
      at++;
      continue;
    }
    const length = at + 1 < end ? context.u8(at + 1) + 2 : 0;
    if (length < 2 || at + length > end) {
      field.problem('malformed', `option ${type} does not fit the header`);
      return;
    }
    const name = type === 1 ? 'PadN' : (OPTION_NAMES.get(type) ?? `Option ${hex(type, 2)}`);
    field.add(
      name,
      at,
      length,
      type,
      type === 1 ? `${length} B` : hexBytes(context.bytes, at + 2, at + length),
      'RFC 8200 4.2',
    );
    at += length;
  }
}
