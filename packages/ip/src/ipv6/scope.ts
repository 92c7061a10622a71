/** Kinds of IPv6 addresses by value (RFC 4291 2.4, RFC 4007 4). Words are int32; the first word tells most. */

export const SCOPE_INTERFACE = 1;
export const SCOPE_LINK = 2;
export const SCOPE_SITE = 5;
export const SCOPE_GLOBAL = 14;

/** ff00::/8. */
export function isMulticast6(w0: number): boolean {
  return w0 >>> 24 === 0xff;
}

/** fe80::/10. */
export function isLinkLocal6(w0: number): boolean {
  return w0 >>> 22 === 0x3fa;
}

/** ::1. */
export function isLoopback6(w0: number, w1: number, w2: number, w3: number): boolean {
  return w3 === 1 && (w0 | w1 | w2) === 0;
}

/** ::. */
export function isUnspecified6(w0: number, w1: number, w2: number, w3: number): boolean {
  return (w0 | w1 | w2 | w3) === 0;
}

/** True for an address that one host can have on a link: neither multicast nor `::` nor ::1. */
export function isUnicast6(w0: number, w1: number, w2: number, w3: number): boolean {
  return !isMulticast6(w0) && ((w0 | w1 | w2) !== 0 || (w3 !== 0 && w3 !== 1));
}

/** Scope of an address as multicast scopes count (RFC 6724 3.1). */
export function scopeOf(w0: number, w1: number, w2: number, w3: number): number {
  if (isMulticast6(w0)) return (w0 >>> 16) & 15;
  if (isLinkLocal6(w0) || isLoopback6(w0, w1, w2, w3)) return SCOPE_LINK;
  return w0 >>> 22 === 0x3fb ? SCOPE_SITE : SCOPE_GLOBAL;
}

/** How many leading bits two addresses have in common, at most `limit`. */
export function commonBits(
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
  limit: number,
): number {
  let bits = Math.clz32(a0 ^ b0);
  if (bits === 32) bits += Math.clz32(a1 ^ b1);
  if (bits === 64) bits += Math.clz32(a2 ^ b2);
  if (bits === 96) bits += Math.clz32(a3 ^ b3);
  return bits < limit ? bits : limit;
}
