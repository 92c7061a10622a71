/** The bytes of hex digits; white space and everything after a `;` is for people. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/;.*$/gm, '').replaceAll(/\s/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The bytes of text in UTF-8, with a length in front as MQTT writes it when `prefixed`. */
export function utf8(text: string, prefixed = false): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return prefixed ? [bytes.length >> 8, bytes.length & 255, ...bytes] : bytes;
}

/** A pseudo-random sequence that is the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
