/**
 * The IPv4 header (RFC 791 3.1). Offsets are relative to the version field; the header begins at a 4-byte boundary of the
 * slab, so its checksum runs over 32-bit words.
 */
import {
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_HEADER_LENGTH,
  DROP_IPV4_SHORT,
  DROP_IPV4_TOTAL_LENGTH,
  DROP_IPV4_TRUNCATED,
  DROP_IPV4_VERSION,
} from '@strata/contracts';
import { formatIpv4 } from './address.ts';
import { fold, sumAligned, sumBytes } from './checksum.ts';

/** Length of a header without options, and with the most options. */
export const IPV4_HEADER = 20;
export const IPV4_HEADER_MAXIMUM = 60;
export const IPV4_VERSION_LENGTH = 0;
export const IPV4_TYPE_OF_SERVICE = 1;
export const IPV4_TOTAL_LENGTH = 2;
export const IPV4_IDENTIFICATION = 4;
export const IPV4_FRAGMENT = 6;
export const IPV4_TIME_TO_LIVE = 8;
export const IPV4_PROTOCOL = 9;
export const IPV4_CHECKSUM = 10;
export const IPV4_SOURCE = 12;
export const IPV4_DESTINATION = 16;
export const IPV4_OPTIONS = 20;

/** Bits of the fragment word. */
export const IPV4_RESERVED_FLAG = 0x8000;
export const IPV4_DONT_FRAGMENT = 0x4000;
export const IPV4_MORE_FRAGMENTS = 0x2000;
export const IPV4_OFFSET_MASK = 0x1fff;

export function ipv4HeaderLength(view: DataView, offset: number): number {
  return (view.getUint8(offset) & 15) << 2;
}

export function ipv4TotalLength(view: DataView, offset: number): number {
  return view.getUint16(offset + IPV4_TOTAL_LENGTH);
}

export function ipv4Identification(view: DataView, offset: number): number {
  return view.getUint16(offset + IPV4_IDENTIFICATION);
}

/** Flags and fragment offset together. */
export function ipv4Fragment(view: DataView, offset: number): number {
  return view.getUint16(offset + IPV4_FRAGMENT);
}

export function ipv4TimeToLive(view: DataView, offset: number): number {
  return view.getUint8(offset + IPV4_TIME_TO_LIVE);
}

export function ipv4Protocol(view: DataView, offset: number): number {
  return view.getUint8(offset + IPV4_PROTOCOL);
}

export function ipv4Source(view: DataView, offset: number): number {
  return view.getInt32(offset + IPV4_SOURCE);
}

export function ipv4Destination(view: DataView, offset: number): number {
  return view.getInt32(offset + IPV4_DESTINATION);
}

/** The checksum that belongs into the header, whatever the field holds now. */
export function ipv4HeaderChecksum(view: DataView, offset: number): number {
  const length = ipv4HeaderLength(view, offset);
  const held = view.getUint16(offset + IPV4_CHECKSUM);
  return ~fold(sumBytes(view, offset, length) + (~held & 0xffff)) & 0xffff;
}

export function setIpv4Checksum(view: DataView, offset: number): void {
  view.setUint16(offset + IPV4_CHECKSUM, ipv4HeaderChecksum(view, offset));
}

/**
 * Judges lengths only. `held` octets lie contiguously from `offset`, `length` arrived in all (more than `held` in a chain,
 * more than the total length when the link pads). After 0 no getter can fail.
 */
export function checkIpv4(view: DataView, offset: number, held: number, length: number): number {
  if (held < IPV4_HEADER) return DROP_IPV4_SHORT;
  const first = view.getUint8(offset);
  if (first >>> 4 !== 4) return DROP_IPV4_VERSION;
  const headerLength = (first & 15) << 2;
  if (headerLength < IPV4_HEADER || headerLength > held) return DROP_IPV4_HEADER_LENGTH;
  const total = view.getUint16(offset + IPV4_TOTAL_LENGTH);
  if (total < headerLength) return DROP_IPV4_TOTAL_LENGTH;
  if (total > length) return DROP_IPV4_TRUNCATED;
  return 0;
}

/** The meaning of an IPv4 header. Reused: {@link parseIpv4} fills it in. */
export class Ipv4Repr {
  headerLength: number;
  typeOfService: number;
  totalLength: number;
  identification: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** In octets. */
  fragmentOffset: number;
  timeToLive: number;
  protocol: number;
  source: number;
  destination: number;

  constructor() {
    this.headerLength = IPV4_HEADER;
    this.typeOfService = 0;
    this.totalLength = 0;
    this.identification = 0;
    this.dontFragment = false;
    this.moreFragments = false;
    this.fragmentOffset = 0;
    this.timeToLive = 0;
    this.protocol = 0;
    this.source = 0;
    this.destination = 0;
  }
}

/**
 * Reads a header into `repr`. Lengths as for {@link checkIpv4}; `verify` false when the link has verified the checksum.
 * Returns 0 or a DROP_ reason. Options are judged by `scanIpv4Options`, addresses by whoever knows the interface.
 */
export function parseIpv4(
  words: Uint32Array,
  view: DataView,
  offset: number,
  held: number,
  length: number,
  verify: boolean,
  repr: Ipv4Repr,
): number {
  const reason = checkIpv4(view, offset, held, length);
  if (reason !== 0) return reason;
  const first = view.getInt32(offset);
  const second = view.getInt32(offset + IPV4_IDENTIFICATION);
  const third = view.getInt32(offset + IPV4_TIME_TO_LIVE);
  const source = view.getInt32(offset + IPV4_SOURCE);
  const destination = view.getInt32(offset + IPV4_DESTINATION);
  const headerLength = (first >>> 22) & 0x3c;
  if (verify) {
    const sum =
      headerLength === IPV4_HEADER
        ? sumOfFive(first, second, third, source, destination)
        : (offset & 3) === 0
          ? sumAligned(words, view, offset, headerLength)
          : sumBytes(view, offset, headerLength);
    if (sum !== 0xffff) return DROP_IPV4_CHECKSUM;
  }
  repr.headerLength = headerLength;
  repr.typeOfService = (first >>> 16) & 0xff;
  repr.totalLength = first & 0xffff;
  repr.identification = second >>> 16;
  repr.dontFragment = (second & IPV4_DONT_FRAGMENT) !== 0;
  repr.moreFragments = (second & IPV4_MORE_FRAGMENTS) !== 0;
  repr.fragmentOffset = (second & IPV4_OFFSET_MASK) << 3;
  repr.timeToLive = third >>> 24;
  repr.protocol = (third >>> 16) & 0xff;
  repr.source = source;
  repr.destination = destination;
  return 0;
}

/** The folded sum of the ten 16-bit words of a header without options. */
function sumOfFive(a: number, b: number, c: number, d: number, e: number): number {
  let sum = (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff) + (c >>> 16) + (c & 0xffff);
  sum += (d >>> 16) + (d & 0xffff) + (e >>> 16) + (e & 0xffff);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/** Writes a header without options, checksum included. The caller has made room for {@link IPV4_HEADER} octets. */
export function emitIpv4(view: DataView, offset: number, repr: Ipv4Repr): void {
  const flags = (repr.dontFragment ? IPV4_DONT_FRAGMENT : 0) | (repr.moreFragments ? IPV4_MORE_FRAGMENTS : 0);
  view.setInt32(offset, (0x45 << 24) | (repr.typeOfService << 16) | repr.totalLength);
  view.setInt32(offset + IPV4_IDENTIFICATION, (repr.identification << 16) | flags | (repr.fragmentOffset >>> 3));
  view.setInt32(offset + IPV4_TIME_TO_LIVE, (repr.timeToLive << 24) | (repr.protocol << 16));
  view.setInt32(offset + IPV4_SOURCE, repr.source);
  view.setInt32(offset + IPV4_DESTINATION, repr.destination);
  setIpv4Checksum(view, offset);
}

/** Sum of the four 16-bit words of two addresses, unfolded: the address part of every pseudo header. */
export function ipv4AddressSum(source: number, destination: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
}

/** One line for people. */
export function describeIpv4(repr: Ipv4Repr): string {
  const fragment =
    repr.moreFragments || repr.fragmentOffset !== 0
      ? `, fragment ${repr.fragmentOffset}${repr.moreFragments ? '+' : ' (last)'}`
      : '';
  return (
    `IPv4 ${formatIpv4(repr.source)} -> ${formatIpv4(repr.destination)} protocol ${repr.protocol}, ` +
    `${repr.totalLength} B, ttl ${repr.timeToLive}, id ${repr.identification}${fragment}`
  );
}
