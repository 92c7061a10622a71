/**
 * A point in time: nanoseconds as a bigint, or microseconds as a number (a fraction counts down to the nanosecond).
 * Both count from the epoch that the reader of the file will assume, 1970-01-01 UTC.
 */
export type CaptureTime = bigint | number;

const WORD = 4294967296;

/** A time as the two halves of a 64-bit count of nanoseconds, without a bigint on the way for a number. */
export class NanosecondClockword {
  high: number;
  low: number;

  constructor() {
    this.high = 0;
    this.low = 0;
  }

  /** @throws RangeError when the time is negative, not finite, or beyond 64 bits of nanoseconds. */
  set(time: CaptureTime): void {
    if (typeof time === 'bigint') {
      if (time < 0n || time >> 64n !== 0n) throw new RangeError(`not a capture time: ${time} ns`);
      this.high = Number(time >> 32n);
      this.low = Number(time & 0xffffffffn);
      return;
    }
    if (!(time >= 0 && time <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`not a capture time: ${time} µs`);
    const whole = Math.floor(time);
    // Two 32-bit halves times 1000 stay below 2^53, so nothing is rounded although the product may exceed it.
    const lowProduct = (whole % WORD) * 1000 + Math.round((time - whole) * 1000);
    this.low = lowProduct % WORD;
    this.high = Math.floor(whole / WORD) * 1000 + Math.floor(lowProduct / WORD);
  }

  get nanoseconds(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }
}
