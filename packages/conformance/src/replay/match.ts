import { ETHERNET_HEADER } from '@strata/wire';
import type { ExpectStep } from './steps.ts';

const ETHERTYPE = 12;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const IPV6_HEADER = 40;
const ICMPV6 = 58;
/** Extension headers with a length in units of eight octets: hop-by-hop, routing, destination options. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const FRAGMENT = 44;

/**
 * The first octet that differs from what is expected, or -1 when the frame is as it should be. Octets that may be any are
 * counted from the Ethernet header, or, when the comparison begins at the IP header, from there.
 */
export function firstDifference(actual: Uint8Array, { frame, fromIp, ignore }: ExpectStep): number {
  const [ours, wanted] = [withoutPadding(actual), withoutPadding(frame)];
  const start = fromIp ? ETHERNET_HEADER : 0;
  const found = differenceFrom(start, ours, wanted, ignore);
  if (found < 0 || !fromIp || ignore.length === 0) return found;
  const fromThere = ignore.map(([from, to]) => [from + start, to + start] as const);
  return differenceFrom(start, ours, wanted, fromThere) < 0 ? -1 : found;
}

function differenceFrom(start: number, ours: Uint8Array, wanted: Uint8Array, ignore: ExpectStep['ignore']): number {
  const longest = Math.max(ours.length, wanted.length);
  for (let at = start; at < longest; at++) {
    if (ours[at] !== wanted[at] && !ignore.some(([from, to]) => at >= from && at <= to)) return at;
  }
  return -1;
}

/** A link may fill a short frame up; what IP says is the frame's true length. */
function withoutPadding(frame: Uint8Array): Uint8Array {
  const type = word(frame, ETHERTYPE);
  if (type === IPV6 && frame.length >= ETHERNET_HEADER + IPV6_HEADER) {
    return frame.subarray(0, ETHERNET_HEADER + IPV6_HEADER + word(frame, ETHERNET_HEADER + 4));
  }
  if (type === IPV4 && frame.length >= ETHERNET_HEADER + 20) {
    return frame.subarray(0, ETHERNET_HEADER + word(frame, ETHERNET_HEADER + 2));
  }
  return frame;
}

/** The type of the ICMPv6 message in a frame, behind whatever extension headers; null when there is none. */
export function icmpv6Type(frame: Uint8Array): number | null {
  const at = icmpv6At(frame);
  return at < 0 ? null : (frame[at] ?? null);
}

/** Where the ICMPv6 message of a frame begins; -1 when it has none, or a piece that is not the first. */
export function icmpv6At(frame: Uint8Array): number {
  if (word(frame, ETHERTYPE) !== IPV6) return -1;
  let next = frame[ETHERNET_HEADER + 6];
  let at = ETHERNET_HEADER + IPV6_HEADER;
  while (next !== undefined && (EXTENSIONS.has(next) || next === FRAGMENT)) {
    const length = next === FRAGMENT ? 8 : 8 + 8 * (frame[at + 1] ?? 0);
    if (next === FRAGMENT && word(frame, at + 2) >>> 3 !== 0) return -1;
    next = frame[at];
    at += length;
  }
  return next === ICMPV6 ? at : -1;
}

/** True for a packet from ::. */
export function fromUnspecified(frame: Uint8Array): boolean {
  return frame.subarray(ETHERNET_HEADER + 8, ETHERNET_HEADER + 24).every((octet) => octet === 0);
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
