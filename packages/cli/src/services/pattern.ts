/** Printable ASCII from `!` to `~`, as RFC 864's character generator rotates it. */
const FIRST = 33;
const COUNT = 94;
const LINE = 72;
const PERIOD = COUNT * (LINE + 2);

/** One period of RFC 864's pattern: 94 lines of 72 characters, each beginning one character later. */
const PATTERN: Uint8Array = (() => {
  const bytes = new Uint8Array(PERIOD);
  let at = 0;
  for (let line = 0; line < COUNT; line++) {
    for (let column = 0; column < LINE; column++) {
      bytes[at++] = FIRST + ((line + column) % COUNT);
    }
    bytes[at++] = 13;
    bytes[at++] = 10;
  }
  return bytes;
})();

/** `count` bytes of the character generator's stream from byte `offset` on. */
export function patternBytes(offset: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; ) {
    const from = (offset + at) % PERIOD;
    const length = Math.min(PERIOD - from, count - at);
    bytes.set(PATTERN.subarray(from, from + length), at);
    at += length;
  }
  return bytes;
}
