import type { FramedStream, StreamUnit } from './framed-stream.ts';

/** Messages remembered, to name what a retransmission carries. */
const REMEMBERED = 64;
/** Most bytes kept that are ahead of a gap. A gap that is still open then was missed by the capture. */
const AHEAD = 262144;
/** Most segments kept that are ahead of a gap. */
const AHEAD_SEGMENTS = 256;

/**
 * One direction of a TCP connection as seen on a wire. Sequence numbers are counted from the SYN, which is 0, and do not
 * wrap: the first octet of data is 1.
 */
export class Direction {
  known: boolean;
  /** Sequence number of the SYN, as on the wire; guessed when it was not seen. */
  base: number;
  /** Everything before this has been seen. */
  next: number;
  /** One more than the highest sequence number seen. */
  highest: number;
  /** Shift count this side offered in its SYN; -1 when it offered none, -2 when its SYN was not seen. */
  windowShift: number;
  acknowledged: number;
  /** As on the wire; -1 before the first acknowledgment. */
  window: number;
  duplicates: number;
  /** Sequence number of the last zero-window probe; -1 before one. */
  probedAt: number;
  stream: FramedStream | null;
  private finAt: number;
  private ahead: { start: number; bytes: Uint8Array }[];
  private aheadBytes: number;
  private readonly remembered: StreamUnit[];

  constructor() {
    this.known = false;
    this.base = 0;
    this.next = 0;
    this.highest = 0;
    this.windowShift = -2;
    this.acknowledged = -1;
    this.window = -1;
    this.duplicates = 0;
    this.probedAt = -1;
    this.stream = null;
    this.finAt = -1;
    this.ahead = [];
    this.aheadBytes = 0;
    this.remembered = [];
  }

  /** Begins counting at a SYN. */
  begin(sequence: number, stream: FramedStream | null): void {
    this.reset(sequence, stream);
    this.highest = 0;
    this.next = 1;
  }

  /** Begins counting in the middle, so that the octet with this number is the first. */
  join(sequence: number, stream: FramedStream | null): void {
    this.reset((sequence - 1) >>> 0, stream);
    this.next = 1;
    this.highest = 1;
  }

  private reset(base: number, stream: FramedStream | null): void {
    this.known = true;
    this.base = base;
    this.windowShift = -2;
    this.acknowledged = -1;
    this.window = -1;
    this.duplicates = 0;
    this.probedAt = -1;
    this.stream = stream;
    this.finAt = -1;
    this.ahead = [];
    this.aheadBytes = 0;
    this.remembered.length = 0;
  }

  /** A number of the wire as one of this direction, taken to be near what was seen last. */
  relative(sequence: number): number {
    return this.next + ((sequence - this.base - this.next) | 0);
  }

  /** True when all octets from `start` to `end` have been seen. */
  has(start: number, end: number): boolean {
    return (
      end <= this.next || this.ahead.some((piece) => piece.start <= start && end <= piece.start + piece.bytes.length)
    );
  }

  /** Takes the octets of a segment, wherever they lie, and appends the messages they complete. */
  take(start: number, bytes: Uint8Array, fin: boolean, found: StreamUnit[]): void {
    if (fin) this.finAt = start + bytes.length;
    this.highest = Math.max(this.highest, start + bytes.length + (fin ? 1 : 0));
    if (start > this.next && bytes.length > 0) {
      this.ahead.push({ start, bytes: bytes.slice() });
      this.aheadBytes += bytes.length;
      if (this.aheadBytes > AHEAD || this.ahead.length > AHEAD_SEGMENTS) this.skipGap(found);
    } else this.advance(start, bytes, found);
    this.drain(found);
    if (this.next === this.finAt) this.next++;
    for (const unit of found) this.remembered.push(unit);
    if (this.remembered.length > REMEMBERED) this.remembered.splice(0, this.remembered.length - REMEMBERED);
  }

  private advance(start: number, bytes: Uint8Array, found: StreamUnit[]): void {
    const old = this.next - start;
    if (old >= bytes.length) return;
    this.stream?.push(bytes.subarray(old), this.next, found);
    this.next = start + bytes.length;
  }

  private drain(found: StreamUnit[]): void {
    for (;;) {
      const index = this.ahead.findIndex((piece) => piece.start <= this.next);
      if (index < 0) return;
      const [piece] = this.ahead.splice(index, 1);
      this.aheadBytes -= piece!.bytes.length;
      this.advance(piece!.start, piece!.bytes, found);
    }
  }

  private skipGap(found: StreamUnit[]): void {
    this.stream?.lose();
    this.next = this.ahead.reduce((least, piece) => Math.min(least, piece.start), Number.POSITIVE_INFINITY);
    this.drain(found);
  }

  /** The remembered messages of which `start` to `end` has a part. */
  remembers(start: number, end: number): StreamUnit[] {
    return this.remembered.filter((unit) => unit.start < end && start < unit.end);
  }
}
