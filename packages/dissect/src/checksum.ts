/**
 * The Internet checksum (RFC 1071), written plainly: pairs of octets, upper first, an odd last octet padded with zero.
 * This is on purpose not the stack's own: the two check each other.
 */
export function sum16(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let sum = seed;
  for (let i = start; i < end; i += 2) {
    sum += ((bytes[i] as number) << 8) | (i + 1 < end ? (bytes[i + 1] as number) : 0);
  }
  return sum;
}

/** Folds a sum to 16 bits with end-around carry. */
export function fold16(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 65536) + Math.floor(folded / 65536);
  return folded;
}
