/**
 * Sequence number arithmetic, modulo 2^32 (RFC 9293 3.4). Numbers are int32; a difference of more than 2^31 wraps to the
 * other side, which is why windows stay below 2^30.
 */

/** How far `a` lies ahead of `b`; negative when it lies behind. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

/** a < b, a <= b, a > b, a >= b in sequence space. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

export function beforeOrAt(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0;
}

export function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

export function afterOrAt(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** `a` moved forward by `octets`. */
export function advance(a: number, octets: number): number {
  return (a + octets) | 0;
}

/** The later of two sequence numbers. */
export function later(a: number, b: number): number {
  return ((a - b) | 0) >= 0 ? a : b;
}

/** As people and other tools write it: unsigned. */
export function unsigned(a: number): number {
  return a >>> 0;
}
