/**
 * Neighbor Discovery messages and their options (RFC 4861 4). Offsets are relative to the ICMPv6 type field. A message is a
 * fixed part, by type, and options of whole multiples of 8 octets.
 */
import { DROP_ND_OPTION, DROP_ND_SHORT } from '@strata/contracts';
import {
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from './icmpv6.ts';

/** Length of the fixed part. */
export const ND_ROUTER_SOLICITATION = 8;
export const ND_ROUTER_ADVERTISEMENT = 16;
export const ND_NEIGHBOR = 24;
export const ND_REDIRECT = 40;

export const ND_FLAGS = 4;
export const ND_TARGET = 8;
export const ND_REDIRECT_DESTINATION = 24;
export const RA_HOP_LIMIT = 4;
export const RA_FLAGS = 5;
export const RA_LIFETIME = 6;
export const RA_REACHABLE_TIME = 8;
export const RA_RETRANS_TIMER = 12;

/** Flags of a Neighbor Advertisement, in the octet at {@link ND_FLAGS}. */
export const NA_ROUTER = 0x80;
export const NA_SOLICITED = 0x40;
export const NA_OVERRIDE = 0x20;

/** Flags of a Router Advertisement. */
export const RA_MANAGED = 0x80;
export const RA_OTHER = 0x40;

export const ND_OPTION_SOURCE_LINK = 1;
export const ND_OPTION_TARGET_LINK = 2;
export const ND_OPTION_PREFIX = 3;
export const ND_OPTION_REDIRECTED = 4;
export const ND_OPTION_MTU = 5;
export const ND_OPTION_NONCE = 14;
export const ND_OPTION_RDNSS = 25;

/** Fields of a prefix information option, relative to it. */
export const PREFIX_LENGTH = 2;
export const PREFIX_FLAGS = 3;
export const PREFIX_VALID = 4;
export const PREFIX_PREFERRED = 8;
export const PREFIX_ADDRESS = 16;
export const PREFIX_OPTION = 32;
export const PREFIX_ON_LINK = 0x80;
export const PREFIX_AUTONOMOUS = 0x40;

/** Length of a link-layer address option of Ethernet. */
export const ND_LINK_OPTION = 8;

/** Length of a message's fixed part, 0 for a type that is no Neighbor Discovery message. */
export function ndFixedLength(type: number): number {
  switch (type) {
    case ICMPV6_ROUTER_SOLICITATION:
      return ND_ROUTER_SOLICITATION;
    case ICMPV6_ROUTER_ADVERTISEMENT:
      return ND_ROUTER_ADVERTISEMENT;
    case ICMPV6_NEIGHBOR_SOLICITATION:
    case ICMPV6_NEIGHBOR_ADVERTISEMENT:
      return ND_NEIGHBOR;
    case ICMPV6_REDIRECT:
      return ND_REDIRECT;
    default:
      return 0;
  }
}

/** What a message's options say. Reused: {@link scanNdOptions} fills it in; of an option that comes twice, the first counts. */
export class NdOptions {
  hasSource: boolean;
  sourceMsw: number;
  sourceLsw: number;
  hasTarget: boolean;
  targetMsw: number;
  targetLsw: number;
  /** 0: no MTU option. */
  mtu: number;
  /** Prefix information options of full length. */
  prefixes: number;
  /** Offset of a nonce option in the slab, -1 without (RFC 7527). */
  nonce: number;

  constructor() {
    this.hasSource = false;
    this.sourceMsw = 0;
    this.sourceLsw = 0;
    this.hasTarget = false;
    this.targetMsw = 0;
    this.targetLsw = 0;
    this.mtu = 0;
    this.prefixes = 0;
    this.nonce = -1;
  }

  clear(): void {
    this.hasSource = false;
    this.hasTarget = false;
    this.mtu = 0;
    this.prefixes = 0;
    this.nonce = -1;
  }
}

/**
 * Walks the options between the slab offsets `from` and `end`. Unknown ones, and known ones of a strange length, are skipped
 * (RFC 4861 4.6, 6.1, 7.1). Returns 0 or a DROP_ reason: an option of length 0 or one that reaches beyond the message.
 */
export function scanNdOptions(view: DataView, from: number, end: number, options: NdOptions): number {
  options.clear();
  let at = from;
  while (at < end) {
    if (end - at < 8) return DROP_ND_OPTION;
    const length = view.getUint8(at + 1) << 3;
    if (length === 0 || length > end - at) return DROP_ND_OPTION;
    switch (view.getUint8(at)) {
      case ND_OPTION_SOURCE_LINK:
        if (!options.hasSource && length === ND_LINK_OPTION) {
          options.hasSource = true;
          options.sourceMsw = view.getUint16(at + 2);
          options.sourceLsw = view.getInt32(at + 4);
        }
        break;
      case ND_OPTION_TARGET_LINK:
        if (!options.hasTarget && length === ND_LINK_OPTION) {
          options.hasTarget = true;
          options.targetMsw = view.getUint16(at + 2);
          options.targetLsw = view.getInt32(at + 4);
        }
        break;
      case ND_OPTION_MTU:
        if (options.mtu === 0 && length === 8) options.mtu = view.getUint32(at + 4);
        break;
      case ND_OPTION_PREFIX:
        if (length === PREFIX_OPTION) options.prefixes++;
        break;
      case ND_OPTION_NONCE:
        if (options.nonce < 0) options.nonce = at;
        break;
      default:
        break;
    }
    at += length;
  }
  return 0;
}

/** Slab offset of the next option of `type` and `length` octets (0: any length) at or behind `at`; -1 when there is none. */
export function nextNdOption(view: DataView, at: number, end: number, type: number, length: number): number {
  let next = at;
  while (next + 8 <= end) {
    const found = view.getUint8(next + 1) << 3;
    if (found === 0 || found > end - next) return -1;
    if (view.getUint8(next) === type && (length === 0 || length === found)) return next;
    next += found;
  }
  return -1;
}

/** Judges the length of a message of this type: 0 or a DROP_ reason. */
export function checkNd(type: number, held: number): number {
  return held < ndFixedLength(type) ? DROP_ND_SHORT : 0;
}

/** Writes a link-layer address option (8 octets). */
export function emitLinkOption(view: DataView, offset: number, type: number, msw: number, lsw: number): void {
  view.setInt32(offset, (type << 24) | (1 << 16) | msw);
  view.setInt32(offset + 4, lsw);
}
