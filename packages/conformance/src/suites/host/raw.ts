import { type IpAddress, PROTOCOL_ICMPV6 } from '@strata/contracts';
import { parseAddress, sumBytes } from '@strata/wire';
import { transportSum } from '../../suite/peer/frame.ts';

/** MAC addresses as octets. */
export const HOST_MAC: readonly number[] = [2, 0, 0, 0, 0, 1];
export const PEER_MAC: readonly number[] = [2, 0, 0, 0, 0, 2];
export const OTHER_MAC: readonly number[] = [2, 0, 0, 0, 0, 3];
export const EVERYBODY: readonly number[] = [255, 255, 255, 255, 255, 255];

export function address(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (parsed === null) throw new RangeError(`"${text}" is no address`);
  return parsed;
}

/** The octets of an address of either family. */
export function octets(text: string): number[] {
  const { family, w0, w1, w2, w3 } = address(text);
  const words = family === 4 ? [w3] : [w0, w1, w2, w3];
  return words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
}

export function word16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

function sum(bytes: readonly number[]): number {
  return sumBytes(new DataView(Uint8Array.from(bytes).buffer), 0, bytes.length);
}

export interface ArpFields {
  readonly operation?: number;
  readonly senderMac?: readonly number[];
  readonly sender?: string;
  readonly targetMac?: readonly number[];
  readonly target?: string;
  readonly hardware?: number;
  readonly protocol?: number;
  readonly lengths?: readonly [number, number];
}

/** An ARP packet; by default the peer asks for the host's address. */
export function arpPacket(fields: ArpFields = {}): number[] {
  return [
    ...word16(fields.hardware ?? 1),
    ...word16(fields.protocol ?? 0x0800),
    ...(fields.lengths ?? [6, 4]),
    ...word16(fields.operation ?? 1),
    ...(fields.senderMac ?? PEER_MAC),
    ...octets(fields.sender ?? '192.0.2.2'),
    ...(fields.targetMac ?? [0, 0, 0, 0, 0, 0]),
    ...octets(fields.target ?? '192.0.2.1'),
  ];
}

export interface Ip4Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  /** Flags and offset. */
  readonly fragment?: number;
  readonly options?: readonly number[];
  readonly version?: number;
  readonly headerWords?: number;
  readonly total?: number;
  readonly checksum?: number;
}

/** An IPv4 packet, from the peer to the host unless said otherwise. */
export function ip4(protocol: number, payload: ArrayLike<number>, fields: Ip4Fields = {}): number[] {
  const options = [...(fields.options ?? [])];
  while (options.length % 4 !== 0) options.push(0);
  const header = [
    ((fields.version ?? 4) << 4) | (fields.headerWords ?? 5 + options.length / 4),
    fields.tos ?? 0,
    ...word16(fields.total ?? 20 + options.length + payload.length),
    ...word16(fields.id ?? 0x1234),
    ...word16(fields.fragment ?? 0),
    fields.ttl ?? 64,
    protocol,
    0,
    0,
    ...octets(fields.source ?? '192.0.2.2'),
    ...octets(fields.destination ?? '192.0.2.1'),
    ...options,
  ];
  const checksum = fields.checksum ?? ~sum(header) & 0xffff;
  header[10] = checksum >>> 8;
  header[11] = checksum & 255;
  return [...header, ...Array.from(payload)];
}

export interface Ip6Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly payloadLength?: number;
  readonly version?: number;
}

/** An IPv6 packet, from the peer to the host unless said otherwise. */
export function ip6(nextHeader: number, payload: ArrayLike<number>, fields: Ip6Fields = {}): number[] {
  const flow = (fields.trafficClass ?? 0) * 0x100000 + (fields.flowLabel ?? 0);
  return [
    ((fields.version ?? 6) << 4) | ((flow >>> 24) & 15),
    (flow >>> 16) & 255,
    ...word16(flow & 0xffff),
    ...word16(fields.payloadLength ?? payload.length),
    nextHeader,
    fields.hopLimit ?? 64,
    ...octets(fields.source ?? PEER_6),
    ...octets(fields.destination ?? HOST_6),
    ...Array.from(payload),
  ];
}

/** The addresses of host and peer in IPv6. */
export const HOST_6 = '2001:db8::1';
export const PEER_6 = '2001:db8::2';
export const HOST_LINK_LOCAL = 'fe80::ff:fe00:1';
export const PEER_LINK_LOCAL = 'fe80::ff:fe00:2';

/** An ICMP message. */
export function icmp4(type: number, code: number, rest: readonly number[], data: ArrayLike<number>): number[] {
  const bytes = [type, code, 0, 0, ...rest, ...Array.from(data)];
  const checksum = ~sum(bytes) & 0xffff;
  bytes[2] = checksum >>> 8;
  bytes[3] = checksum & 255;
  return bytes;
}

/** An ICMPv6 message between two addresses. */
export function icmp6(
  type: number,
  code: number,
  body: ArrayLike<number>,
  source: string = PEER_6,
  destination: string = HOST_6,
): number[] {
  const bytes = Uint8Array.from([type, code, 0, 0, ...Array.from(body)]);
  const checksum = ~transportSum(address(source), address(destination), PROTOCOL_ICMPV6, bytes) & 0xffff;
  bytes[2] = checksum >>> 8;
  bytes[3] = checksum & 255;
  return Array.from(bytes);
}

export interface UdpFields {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly length?: number;
  readonly checksum?: number;
}

/** A UDP datagram with its checksum for the addresses given. */
export function udp(data: ArrayLike<number>, fields: UdpFields = {}): number[] {
  const bytes = Uint8Array.from([
    ...word16(fields.sourcePort ?? 4000),
    ...word16(fields.destinationPort ?? 5000),
    ...word16(fields.length ?? 8 + data.length),
    0,
    0,
    ...Array.from(data),
  ]);
  const [source, destination] = [address(fields.source ?? '192.0.2.2'), address(fields.destination ?? '192.0.2.1')];
  const right = ~transportSum(source, destination, 17, bytes) & 0xffff;
  const checksum = fields.checksum ?? (right === 0 ? 0xffff : right);
  bytes[6] = checksum >>> 8;
  bytes[7] = checksum & 255;
  return Array.from(bytes);
}

/** Text as octets. */
export function text(value: string): number[] {
  return Array.from(value, (letter) => letter.charCodeAt(0));
}
