import type { Context } from '../context.ts';
import type { Field } from '../field.ts';
import { hex, hexBytes, ipv4Text } from '../text.ts';
import { decodeTrailer } from './ethernet.ts';
import { decodeIpPayload, ipProtocolText } from './protocols.ts';

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [7, 'Record route'],
  [68, 'Timestamp'],
  [130, 'Security'],
  [131, 'Loose source route'],
  [136, 'Stream identifier'],
  [137, 'Strict source route'],
  [148, 'Router alert'],
]);

const ECN: readonly string[] = ['not ECN-capable', 'ECT(1)', 'ECT(0)', 'congestion experienced'];

/** The former type-of-service octet: six bits of DSCP (RFC 2474 3), two of ECN (RFC 3168 5). */
export function addTrafficClass(parent: Field, at: number, length: number, value: number): void {
  parent.add('DSCP', at, length, value >>> 2, String(value >>> 2), 'RFC 2474 3');
  parent.add('ECN', at, length, value & 3, ECN[value & 3] as string, 'RFC 3168 5');
}

export function decodeIpv4(context: Context, start: number, end: number): void {
  const layer = context.layer('ipv4', 'IPv4', start, end, 'RFC 791 3.1');
  if (!context.holds(layer, 20)) return;
  const { bytes } = context;
  const version = context.u8(start) >>> 4;
  const headerLength = (context.u8(start) & 15) * 4;
  const totalLength = context.u16(start + 2);
  const fragmentWord = context.u16(start + 6);
  const protocol = context.u8(start + 9);
  const source = ipv4Text(bytes, start + 12);
  const destination = ipv4Text(bytes, start + 16);
  layer.text = `${source} → ${destination}`;
  layer.summary = `IPv4 ${source} → ${destination}`;

  const versionField = layer.add('Version', start, 1, version);
  if (version !== 4) versionField.problem('malformed', 'the version is not 4');
  const headerField = layer.add('Header length', start, 1, headerLength, `${headerLength} B`);
  addTrafficClass(layer, start + 1, 1, context.u8(start + 1));
  const totalField = layer.add('Total length', start + 2, 2, totalLength);
  layer.add('Identification', start + 4, 2, context.u16(start + 4), hex(context.u16(start + 4), 4));
  const flags = layer.add('Flags', start + 6, 1, fragmentWord >>> 13, flagText(fragmentWord));
  if ((fragmentWord & 0x8000) !== 0) flags.problem('malformed', 'the reserved flag must be zero');
  const offset = (fragmentWord & 0x1fff) * 8;
  layer.add('Fragment offset', start + 6, 2, offset);
  const ttl = layer.add('TTL', start + 8, 1, context.u8(start + 8));
  if (ttl.value === 0 && !context.quoted) ttl.problem('malformed', 'a packet with TTL 0 must not travel');
  layer.add('Protocol', start + 9, 1, protocol, ipProtocolText(protocol));
  const checksum = layer.add(
    'Header checksum',
    start + 10,
    2,
    context.u16(start + 10),
    hex(context.u16(start + 10), 4),
  );
  const from = layer.add('Source', start + 12, 4, source);
  layer.add('Destination', start + 16, 4, destination);
  if (context.u8(start + 12) >= 224 && !context.quoted)
    from.problem('malformed', 'this address cannot be a source (RFC 1122 3.2.1.3)');

  if (version !== 4 || headerLength < 20) {
    if (headerLength < 20) headerField.problem('malformed', 'a header is at least 20 bytes long');
    layer.length = 20;
    return;
  }
  if (!context.holds(layer, headerLength)) return;
  context.judgeChecksum(checksum, start, start + headerLength, 0, true);
  decodeOptions(context, layer, start + 20, start + headerLength);
  layer.length = headerLength;
  const available = end - start;
  if (totalLength < headerLength) {
    totalField.problem('malformed', 'the packet would be shorter than its header');
    return;
  }
  const whole = totalLength <= available;
  if (!whole && !context.quoted) totalField.problem('truncated', `${available} of ${totalLength} bytes are here`);
  const payloadEnd = start + Math.min(totalLength, available);
  if (whole) decodeTrailer(context, payloadEnd, end);
  const more = (fragmentWord & 0x2000) !== 0;
  const fragment = more || offset > 0;
  context.ip = { version: 4, source, destination, addressOffset: start + 12, protocol, whole, fragment };
  const payloadStart = start + headerLength;
  if (fragment) {
    const size = totalLength - headerLength;
    layer.summary += ` fragment id=${hex(context.u16(start + 4), 4)} offset=${offset} len=${size}${more ? ' more' : ' last'}`;
    if (more && size % 8 !== 0)
      totalField.problem('malformed', 'a fragment that is not the last carries a multiple of 8 bytes');
    if (offset + size > 65535) totalField.problem('malformed', 'the fragment reaches beyond the longest datagram');
  }
  if (offset > 0) {
    context.data(payloadStart, payloadEnd);
    return;
  }
  decodeIpPayload(context, layer, protocol, payloadStart, payloadEnd);
}

function flagText(word: number): string {
  const set: string[] = [];
  if ((word & 0x8000) !== 0) set.push('reserved');
  if ((word & 0x4000) !== 0) set.push("don't fragment");
  if ((word & 0x2000) !== 0) set.push('more fragments');
  return set.length === 0 ? 'none' : set.join(', ');
}

function decodeOptions(context: Context, layer: Field, start: number, end: number): void {
  if (start === end) return;
  const list = layer.add('Options', start, end - start, null, `${end - start} B`, 'RFC 791 3.1');
  let at = start;
  while (at < end) {
    const type = context.u8(at);
    if (type === 0) {
      list.add('End of options', at, end - at, 0, '');
      return;
    }
    if (type === 1) {
      list.add('No operation', at, 1, 1, '');
      at++;
      continue;
    }
    const length = at + 1 < end ? context.u8(at + 1) : 0;
    if (length < 2 || at + length > end) {
      list.problem('malformed', `option ${type} has no room for its length ${length}`);
      return;
    }
    const name = OPTION_NAMES.get(type) ?? `Option ${type}`;
    const option = list.add(name, at, length, type, hexBytes(context.bytes, at + 2, at + length));
    if (type === 7 || type === 131 || type === 137) decodeRoute(context, option, at, length);
    if (type === 148 && length !== 4) option.problem('malformed', 'a router alert is 4 bytes long (RFC 2113 2.1)');
    at += length;
  }
}

function decodeRoute(context: Context, option: Field, at: number, length: number): void {
  if (length < 3) {
    option.problem('malformed', 'a route has a pointer');
    return;
  }
  option.add('Pointer', at + 2, 1, context.u8(at + 2));
  const addresses: string[] = [];
  for (let i = at + 3; i + 4 <= at + length; i += 4) {
    const address = ipv4Text(context.bytes, i);
    addresses.push(address);
    option.add('Address', i, 4, address);
  }
  option.text = addresses.join(', ');
}
