import { SECOND } from '@strata/contracts';

/**
 * A transmitter of fixed rate with a bounded queue in front; the frame being sent counts as queued. It computes when each
 * frame will have left instead of holding frames, exactly: what a whole microsecond cannot express is carried on.
 */
export class TransmitQueue {
  private rate: number;
  private frameLimit: number;
  private byteLimit: number;
  /** The transmitter is busy until here, plus `remainder / rate` of a microsecond. */
  private busyUntil: number;
  private remainder: number;
  /** Departures and lengths of queued frames, a ring. */
  private departures: Float64Array;
  private lengths: Uint32Array;
  private first: number;
  private frames: number;
  private bytes: number;

  constructor() {
    this.rate = 0;
    this.frameLimit = 0;
    this.byteLimit = 0;
    this.busyUntil = 0;
    this.remainder = 0;
    this.departures = new Float64Array(16);
    this.lengths = new Uint32Array(16);
    this.first = 0;
    this.frames = 0;
    this.bytes = 0;
  }

  /** @param rate bits a second; 0 sends at once and queues nothing */
  configure(rate: number, frameLimit: number, byteLimit: number): void {
    this.rate = rate;
    this.frameLimit = frameLimit;
    this.byteLimit = byteLimit;
  }

  /** When a frame offered at `now` will have left, rounded up to a microsecond, or -1 when the queue is full. */
  transmit(now: number, length: number): number {
    if (this.rate === 0) return now;
    this.retire(now);
    if (this.frames >= this.frameLimit || this.bytes + length > this.byteLimit) return -1;
    if (this.busyUntil < now) {
      this.busyUntil = now;
      this.remainder = 0;
    }
    const work = length * 8 * SECOND + this.remainder;
    this.remainder = work % this.rate;
    this.busyUntil += (work - this.remainder) / this.rate;
    const departure = this.remainder === 0 ? this.busyUntil : this.busyUntil + 1;
    this.push(departure, length);
    return departure;
  }

  /** Forgets frames that have left. */
  private retire(now: number): void {
    const mask = this.departures.length - 1;
    while (this.frames > 0 && this.departures[this.first]! <= now) {
      this.bytes -= this.lengths[this.first]!;
      this.first = (this.first + 1) & mask;
      this.frames--;
    }
  }

  private push(departure: number, length: number): void {
    if (this.frames === this.departures.length) this.grow();
    const at = (this.first + this.frames) & (this.departures.length - 1);
    this.departures[at] = departure;
    this.lengths[at] = length;
    this.frames++;
    this.bytes += length;
  }

  private grow(): void {
    const size = this.departures.length;
    const departures = new Float64Array(size * 2);
    const lengths = new Uint32Array(size * 2);
    for (let i = 0; i < this.frames; i++) {
      const at = (this.first + i) & (size - 1);
      departures[i] = this.departures[at]!;
      lengths[i] = this.lengths[at]!;
    }
    this.departures = departures;
    this.lengths = lengths;
    this.first = 0;
  }
}
