/**
 * The IPv6 header and its extension headers (RFC 8200). Offsets are relative to the version field; the header begins at a
 * 4-byte boundary of the slab.
 */
import {
  DROP_IPV6_EMPTY,
  DROP_IPV6_SHORT,
  DROP_IPV6_TRUNCATED,
  DROP_IPV6_VERSION,
  type IpAddress,
} from '@strata/contracts';
import { formatAddress } from './address.ts';

export const IPV6_HEADER = 40;
export const IPV6_FIRST_WORD = 0;
export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_HOP_LIMIT = 7;
export const IPV6_SOURCE = 8;
export const IPV6_DESTINATION = 24;

/** Every link must carry packets of this length (RFC 8200 5). */
export const IPV6_MINIMUM_MTU = 1280;

/** Next header values of extension headers (RFC 8200 4, RFC 7045). */
export const NEXT_HOP_BY_HOP = 0;
export const NEXT_ROUTING = 43;
export const NEXT_FRAGMENT = 44;
export const NEXT_ESP = 50;
export const NEXT_AUTHENTICATION = 51;
export const NEXT_NONE = 59;
export const NEXT_DESTINATION_OPTIONS = 60;

/** Fields of an options, routing or fragment header, relative to it. */
export const EXTENSION_NEXT = 0;
export const EXTENSION_LENGTH = 1;
export const ROUTING_TYPE = 2;
export const ROUTING_SEGMENTS_LEFT = 3;
export const FRAGMENT_OFFSET = 2;
export const FRAGMENT_IDENTIFICATION = 4;
export const FRAGMENT_HEADER = 8;
export const FRAGMENT_MORE = 1;

/** Options of the hop-by-hop and destination options headers. */
export const OPTION_PAD1 = 0;
export const OPTION_PADN = 1;
export const OPTION_ROUTER_ALERT = 5;
export const OPTION_JUMBO = 0xc2;
/** What to do about an option that is not known: the two high bits of its type (RFC 8200 4.2). */
export const OPTION_ACTION_SKIP = 0;
export const OPTION_ACTION_DISCARD = 1;
export const OPTION_ACTION_REPORT = 2;
export const OPTION_ACTION_REPORT_UNICAST = 3;

export function ipv6TrafficClass(view: DataView, offset: number): number {
  return (view.getUint16(offset) >>> 4) & 0xff;
}

export function ipv6FlowLabel(view: DataView, offset: number): number {
  return view.getUint32(offset) & 0xfffff;
}

export function ipv6PayloadLength(view: DataView, offset: number): number {
  return view.getUint16(offset + IPV6_PAYLOAD_LENGTH);
}

export function ipv6NextHeader(view: DataView, offset: number): number {
  return view.getUint8(offset + IPV6_NEXT_HEADER);
}

export function ipv6HopLimit(view: DataView, offset: number): number {
  return view.getUint8(offset + IPV6_HOP_LIMIT);
}

/** The address at `offset + field`, as an object. Not for the packet path. */
export function ipv6AddressAt(view: DataView, offset: number): IpAddress {
  return ipv6Address(
    view.getInt32(offset),
    view.getInt32(offset + 4),
    view.getInt32(offset + 8),
    view.getInt32(offset + 12),
  );
}

/** The IPv6 address of four 32-bit words, signed or not. */
export function ipv6Address(w0: number, w1: number, w2: number, w3: number): IpAddress {
  return { family: 6, w0: w0 | 0, w1: w1 | 0, w2: w2 | 0, w3: w3 | 0 };
}

/** Writes an address at `offset`. */
export function setIpv6Address(view: DataView, offset: number, address: IpAddress): void {
  view.setInt32(offset, address.w0);
  view.setInt32(offset + 4, address.w1);
  view.setInt32(offset + 8, address.w2);
  view.setInt32(offset + 12, address.w3);
}

/**
 * Judges lengths only. `held` octets lie contiguously from `offset`, `length` arrived in all (more than `held` in a chain,
 * more than the payload length says when the link pads). After 0 no getter can fail.
 */
export function checkIpv6(view: DataView, offset: number, held: number, length: number): number {
  if (held < IPV6_HEADER) return DROP_IPV6_SHORT;
  if (view.getUint8(offset) >>> 4 !== 6) return DROP_IPV6_VERSION;
  if (view.getUint16(offset + IPV6_PAYLOAD_LENGTH) + IPV6_HEADER > length) return DROP_IPV6_TRUNCATED;
  return 0;
}

/** The meaning of an IPv6 header. Reused: {@link parseIpv6} fills it in. */
export class Ipv6Repr {
  trafficClass: number;
  flowLabel: number;
  payloadLength: number;
  nextHeader: number;
  hopLimit: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;

  constructor() {
    this.trafficClass = 0;
    this.flowLabel = 0;
    this.payloadLength = 0;
    this.nextHeader = 0;
    this.hopLimit = 0;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
  }
}

/** Reads a header into `repr`. Lengths as for {@link checkIpv6}. Returns 0 or a DROP_ reason. */
export function parseIpv6(view: DataView, offset: number, held: number, length: number, repr: Ipv6Repr): number {
  const reason = checkIpv6(view, offset, held, length);
  if (reason !== 0) return reason;
  const first = view.getInt32(offset);
  const second = view.getInt32(offset + IPV6_PAYLOAD_LENGTH);
  repr.trafficClass = (first >>> 20) & 0xff;
  repr.flowLabel = first & 0xfffff;
  repr.payloadLength = second >>> 16;
  repr.nextHeader = (second >>> 8) & 0xff;
  repr.hopLimit = second & 0xff;
  repr.source0 = view.getInt32(offset + IPV6_SOURCE);
  repr.source1 = view.getInt32(offset + IPV6_SOURCE + 4);
  repr.source2 = view.getInt32(offset + IPV6_SOURCE + 8);
  repr.source3 = view.getInt32(offset + IPV6_SOURCE + 12);
  repr.destination0 = view.getInt32(offset + IPV6_DESTINATION);
  repr.destination1 = view.getInt32(offset + IPV6_DESTINATION + 4);
  repr.destination2 = view.getInt32(offset + IPV6_DESTINATION + 8);
  repr.destination3 = view.getInt32(offset + IPV6_DESTINATION + 12);
  return repr.payloadLength === 0 && repr.nextHeader !== NEXT_NONE ? DROP_IPV6_EMPTY : 0;
}

/** Writes the {@link IPV6_HEADER} octets. */
export function emitIpv6(view: DataView, offset: number, repr: Ipv6Repr): void {
  view.setInt32(offset, (6 << 28) | (repr.trafficClass << 20) | repr.flowLabel);
  view.setInt32(offset + IPV6_PAYLOAD_LENGTH, (repr.payloadLength << 16) | (repr.nextHeader << 8) | repr.hopLimit);
  view.setInt32(offset + IPV6_SOURCE, repr.source0);
  view.setInt32(offset + IPV6_SOURCE + 4, repr.source1);
  view.setInt32(offset + IPV6_SOURCE + 8, repr.source2);
  view.setInt32(offset + IPV6_SOURCE + 12, repr.source3);
  view.setInt32(offset + IPV6_DESTINATION, repr.destination0);
  view.setInt32(offset + IPV6_DESTINATION + 4, repr.destination1);
  view.setInt32(offset + IPV6_DESTINATION + 8, repr.destination2);
  view.setInt32(offset + IPV6_DESTINATION + 12, repr.destination3);
}

/** Sum of the two 16-bit words of an int32. */
function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** Sum of the 16-bit words of an address, unfolded: a part of every pseudo header (RFC 8200 8.1). */
export function ipv6AddressSum(address: IpAddress): number {
  return halves(address.w0) + halves(address.w1) + halves(address.w2) + halves(address.w3);
}

/** The same for the two addresses of a parsed header. */
export function ipv6HeaderSum(repr: Ipv6Repr): number {
  return (
    halves(repr.source0) +
    halves(repr.source1) +
    halves(repr.source2) +
    halves(repr.source3) +
    halves(repr.destination0) +
    halves(repr.destination1) +
    halves(repr.destination2) +
    halves(repr.destination3)
  );
}

/** One line for people. */
export function describeIpv6(repr: Ipv6Repr): string {
  const source = formatAddress(ipv6Address(repr.source0, repr.source1, repr.source2, repr.source3));
  const destination = formatAddress(
    ipv6Address(repr.destination0, repr.destination1, repr.destination2, repr.destination3),
  );
  return `IPv6 ${source} -> ${destination} next header ${repr.nextHeader}, ${repr.payloadLength} B, hop limit ${repr.hopLimit}`;
}
