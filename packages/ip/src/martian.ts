/** Kinds of IPv4 addresses by value (RFC 1122 3.2.1.3, RFC 6890). Addresses are int32. */

export const LIMITED_BROADCAST = -1;

/** 224.0.0.0/4. */
export function isMulticast(address: number): boolean {
  return address >>> 28 === 14;
}

/** 127.0.0.0/8. */
export function isLoopback(address: number): boolean {
  return address >>> 24 === 127;
}

/** 169.254.0.0/16 (RFC 3927 2.1). */
export function isLinkLocal(address: number): boolean {
  return address >>> 16 === 0xa9fe;
}

/** 240.0.0.0/4, the limited broadcast address included. */
export function isReserved(address: number): boolean {
  return address >>> 28 === 15;
}

/** True for an address that one host on a network can have: not 0/8, 127/8, multicast, class E or broadcast. */
export function isHostAddress(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
