import type { IpAddress } from '@strata/contracts';
import { fold, sumBytes } from '@strata/wire';

/** The station at one end of the link. */
export interface Station {
  readonly mac: readonly number[];
  readonly address: IpAddress;
}

/** Fields of the IP header that a scenario may choose. */
export interface IpFields {
  /** TOS or Traffic Class. Default 0. */
  readonly tos?: number;
  /** TTL or Hop Limit. Default 64. */
  readonly ttl?: number;
  /** IPv4 options, padded to words. */
  readonly ipOptions?: readonly number[];
  /** IPv4's first fragment word: flags and offset. */
  readonly fragment?: number;
  readonly identification?: number;
}

/** A TCP segment to be made; numbers as on the wire. */
export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  /** Octets of options; padded to words with zeros. */
  readonly options: readonly number[];
  readonly data: ArrayLike<number>;
  /** Octets of header that the data offset names, when that is to be wrong. */
  readonly headerLength?: number;
}

const ETHERNET = 14;
const LETTERS = 'FSRP.UEW';
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;
export const ECE = 64;
export const CWR = 128;
export const TCP = 6;

/** Flags as bits, from packetdrill's letters. @throws RangeError for a letter that is none */
export function flagBits(letters: string): number {
  let bits = 0;
  for (const letter of letters) {
    const bit = LETTERS.indexOf(letter);
    if (bit < 0) throw new RangeError(`"${letter}" is no TCP flag; they are ${LETTERS}`);
    bits |= 1 << bit;
  }
  return bits;
}

/** Flags as packetdrill's letters: `S.`, `P.`, `F.`. */
export function flagLetters(bits: number): string {
  let text = '';
  for (const bit of [1, 0, 2, 3, 5, 6, 7, 4]) if (bits & (1 << bit)) text += LETTERS[bit];
  return text === '' ? '(none)' : text;
}

/** A whole Ethernet frame around an IP packet. */
export function emitIp(
  from: Station,
  to: Station,
  protocol: number,
  payload: ArrayLike<number>,
  ip: IpFields = {},
  destination: IpAddress = to.address,
): Uint8Array {
  const source = from.address;
  const options = padded(ip.ipOptions ?? []);
  const header = destination.family === 4 ? 20 + options.length : 40;
  const bytes = new Uint8Array(ETHERNET + header + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(linkDestination(to, destination), 0);
  bytes.set(from.mac, 6);
  if (destination.family === 4) {
    view.setUint16(12, 0x0800);
    view.setUint8(14, 0x40 | (header >> 2));
    view.setUint8(15, ip.tos ?? 0);
    view.setUint16(16, header + payload.length);
    view.setUint16(18, ip.identification ?? 0x4242);
    view.setUint16(20, ip.fragment ?? 0);
    view.setUint8(22, ip.ttl ?? 64);
    view.setUint8(23, protocol);
    view.setInt32(26, source.w3);
    view.setInt32(30, destination.w3);
    bytes.set(options, 34);
    view.setUint16(24, ~sumBytes(view, ETHERNET, header) & 0xffff);
  } else {
    view.setUint16(12, 0x86dd);
    view.setUint32(14, ((6 << 28) | ((ip.tos ?? 0) << 20)) >>> 0);
    view.setUint16(18, payload.length);
    view.setUint8(20, protocol);
    view.setUint8(21, ip.ttl ?? 64);
    for (const [at, { w0, w1, w2, w3 }] of [
      [22, source],
      [38, destination],
    ] as const) {
      view.setInt32(at, w0);
      view.setInt32(at + 4, w1);
      view.setInt32(at + 8, w2);
      view.setInt32(at + 12, w3);
    }
  }
  bytes.set(Uint8Array.from(payload), ETHERNET + header);
  return bytes;
}

/** Group addresses go to their group's MAC address, all others to the station. */
function linkDestination(to: Station, destination: IpAddress): readonly number[] {
  const { w3 } = destination;
  if (destination.family === 6) {
    return destination.w0 >>> 24 === 0xff
      ? [0x33, 0x33, w3 >>> 24, w3 >>> 16, w3 >>> 8, w3].map((x) => x & 255)
      : to.mac;
  }
  if (w3 === -1 || (w3 & 255) === 255) return [255, 255, 255, 255, 255, 255];
  return w3 >>> 28 === 14 ? [1, 0, 0x5e, (w3 >>> 16) & 0x7f, (w3 >>> 8) & 255, w3 & 255] : to.mac;
}

/** A TCP segment with its checksum. */
export function emitTcp(source: IpAddress, destination: IpAddress, tcp: TcpFields): Uint8Array {
  const options = padded(tcp.options);
  const header = 20 + options.length;
  const bytes = new Uint8Array(header + tcp.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tcp.sourcePort);
  view.setUint16(2, tcp.destinationPort);
  view.setInt32(4, tcp.sequence | 0);
  view.setInt32(8, tcp.acknowledgment | 0);
  view.setUint16(12, ((tcp.headerLength ?? header) << 10) | tcp.flags);
  view.setUint16(14, tcp.window);
  view.setUint16(18, tcp.urgent);
  bytes.set(options, 20);
  bytes.set(Uint8Array.from(tcp.data), header);
  view.setUint16(16, ~transportSum(source, destination, TCP, bytes) & 0xffff);
  return bytes;
}

/** An ICMP or ICMPv6 message with its checksum. */
export function emitIcmp(
  source: IpAddress,
  destination: IpAddress,
  type: number,
  code: number,
  rest: number,
  data: ArrayLike<number>,
): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, code);
  view.setInt32(4, rest | 0);
  bytes.set(Uint8Array.from(data), 8);
  const sum = source.family === 4 ? sumBytes(view, 0, bytes.length) : transportSum(source, destination, 58, bytes);
  view.setUint16(2, ~sum & 0xffff);
  return bytes;
}

/** The folded sum over pseudo header and segment: 0xffff when the checksum inside is right. */
export function transportSum(source: IpAddress, destination: IpAddress, protocol: number, bytes: Uint8Array): number {
  let sum = protocol + bytes.length;
  for (const { w0, w1, w2, w3 } of [source, destination]) {
    for (const word of [w0, w1, w2, w3]) sum += (word >>> 16) + (word & 0xffff);
  }
  return fold(sum + sumBytes(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length));
}

function padded(options: readonly number[]): number[] {
  return [...options, ...new Array((4 - (options.length & 3)) & 3).fill(0)];
}
