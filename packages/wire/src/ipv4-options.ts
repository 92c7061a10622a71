/**
 * The options of an IPv4 header (RFC 791 3.1, RFC 1122 3.2.1.8, RFC 7126). Offsets are relative to the header's version field.
 */
import { DROP_IPV4_OPTION, DROP_IPV4_SOURCE_ROUTE } from '@strata/contracts';
import { IPV4_OPTIONS } from './ipv4.ts';

/** Option types; the upper bit says "copy into every fragment". */
export const IPV4_OPTION_END = 0;
export const IPV4_OPTION_NOP = 1;
export const IPV4_OPTION_RECORD_ROUTE = 7;
export const IPV4_OPTION_TIMESTAMP = 68;
export const IPV4_OPTION_LOOSE_SOURCE_ROUTE = 131;
export const IPV4_OPTION_STRICT_SOURCE_ROUTE = 137;
export const IPV4_OPTION_ROUTER_ALERT = 148;

/** Of a timestamp option: what each entry holds. */
export const TIMESTAMP_ONLY = 0;
export const TIMESTAMP_AND_ADDRESS = 1;
export const TIMESTAMP_PRESPECIFIED = 3;

/** Octet of an option at which its pointer is, and the least values of the pointers. */
const POINTER = 2;
const RECORD_ROUTE_FIRST = 4;
const TIMESTAMP_FIRST = 5;

/**
 * Walks the options of a header of `headerLength` octets: unknown ones are skipped, a source route is refused (RFC 7126
 * 4.3, 4.4), a length below 2 or past the header is malformed, and so is a record route or timestamp option whose pointer
 * cannot be. Returns 0, or `pointer << 8 | reason`, where pointer is the octet of the header at fault (RFC 792, Parameter
 * Problem).
 */
export function scanIpv4Options(view: DataView, offset: number, headerLength: number): number {
  let at = IPV4_OPTIONS;
  while (at < headerLength) {
    const type = view.getUint8(offset + at);
    if (type === IPV4_OPTION_END) return 0;
    if (type === IPV4_OPTION_NOP) {
      at++;
      continue;
    }
    if (at + 1 >= headerLength) return (at << 8) | DROP_IPV4_OPTION;
    const length = view.getUint8(offset + at + 1);
    if (length < 2 || at + length > headerLength) return ((at + 1) << 8) | DROP_IPV4_OPTION;
    if (type === IPV4_OPTION_LOOSE_SOURCE_ROUTE || type === IPV4_OPTION_STRICT_SOURCE_ROUTE) {
      return (at << 8) | DROP_IPV4_SOURCE_ROUTE;
    }
    const fault =
      type === IPV4_OPTION_RECORD_ROUTE || type === IPV4_OPTION_TIMESTAMP
        ? recordFault(view, offset + at, type, length)
        : 0;
    if (fault !== 0) return ((at + fault) << 8) | DROP_IPV4_OPTION;
    at += length;
  }
  return 0;
}

/** The octet of a record route or timestamp option that is wrong, or 0. */
function recordFault(view: DataView, at: number, type: number, length: number): number {
  const first = type === IPV4_OPTION_RECORD_ROUTE ? RECORD_ROUTE_FIRST : TIMESTAMP_FIRST;
  if (length < first - 1) return 1;
  return view.getUint8(at + POINTER) < first ? POINTER : 0;
}

/**
 * Does what a router does for record route and timestamp options (RFC 1812 5.2.4.1) in a header that {@link scanIpv4Options}
 * found good: puts in `address`, or the time, where there is room. Returns 0, or the octet of the header at fault: a space
 * that is no multiple of an entry, or more hops without room than can be counted.
 *
 * @param now microseconds; since it is not the time of day, it is marked as such (RFC 791: the upper bit)
 */
export function recordIpv4Options(
  view: DataView,
  offset: number,
  headerLength: number,
  address: number,
  now: number,
): number {
  let at = IPV4_OPTIONS;
  while (at < headerLength) {
    const type = view.getUint8(offset + at);
    if (type === IPV4_OPTION_END) return 0;
    if (type === IPV4_OPTION_NOP) {
      at++;
      continue;
    }
    const length = view.getUint8(offset + at + 1);
    let fine = true;
    if (type === IPV4_OPTION_RECORD_ROUTE) fine = recordRoute(view, offset + at, length, address);
    else if (type === IPV4_OPTION_TIMESTAMP) fine = recordTime(view, offset + at, length, address, now);
    if (!fine) return at;
    at += length;
  }
  return 0;
}

function recordRoute(view: DataView, at: number, length: number, address: number): boolean {
  const pointer = view.getUint8(at + POINTER);
  if (pointer > length) return true;
  if (pointer + 3 > length) return false;
  view.setInt32(at + pointer - 1, address);
  view.setUint8(at + POINTER, pointer + 4);
  return true;
}

function recordTime(view: DataView, at: number, length: number, address: number, now: number): boolean {
  const pointer = view.getUint8(at + POINTER);
  const overflowAndFlag = view.getUint8(at + 3);
  const flag = overflowAndFlag & 15;
  const size = flag === TIMESTAMP_ONLY ? 4 : 8;
  if (pointer > length) {
    const overflow = overflowAndFlag >>> 4;
    if (overflow === 15) return false;
    view.setUint8(at + 3, ((overflow + 1) << 4) | flag);
    return true;
  }
  if (pointer + size - 1 > length) return false;
  const entry = at + pointer - 1;
  if (flag === TIMESTAMP_PRESPECIFIED && view.getInt32(entry) !== address) return true;
  if (flag === TIMESTAMP_AND_ADDRESS) view.setInt32(entry, address);
  else if (flag !== TIMESTAMP_ONLY && flag !== TIMESTAMP_PRESPECIFIED) return true;
  view.setInt32(entry + size - 4, (Math.floor(now / 1000) & 0x7fffffff) | 0x80000000);
  view.setUint8(at + POINTER, pointer + size);
  return true;
}
