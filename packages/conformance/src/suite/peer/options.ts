/** TCP options as octets, for scenarios to put together. */

/** Maximum segment size. */
export function mss(octets: number): number[] {
  return [2, 4, octets >> 8, octets & 255];
}

/** Window scale, with a No-Operation before it. */
export function scale(shift: number): number[] {
  return [1, 3, 3, shift];
}

/** SACK permitted, with two No-Operations before it. */
export const SACK_PERMITTED: readonly number[] = [1, 1, 4, 2];

/** Timestamps, with two No-Operations before them. */
export function timestamps(value: number, echo: number): number[] {
  return [1, 1, 8, 10, ...word(value), ...word(echo)];
}

/** SACK blocks of sequence numbers as on the wire, with two No-Operations before them. */
export function sack(...blocks: readonly (readonly [number, number])[]): number[] {
  return [1, 1, 5, 2 + 8 * blocks.length, ...blocks.flatMap(([left, right]) => [...word(left), ...word(right)])];
}

function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
