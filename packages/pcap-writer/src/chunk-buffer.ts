import type { ByteSink } from './sink.ts';

const encoder = new TextEncoder();

/**
 * A growing buffer in front of a sink. Numbers are written in the byte order given; whole blocks are handed on once
 * `chunkBytes` have come together, or at each {@link settle} when the sink is live.
 */
export class ChunkBuffer {
  readonly littleEndian: boolean;
  /** Bytes put so far, handed on or not. */
  total: number;
  private readonly sink: ByteSink;
  private readonly chunkBytes: number;
  private bytes: Uint8Array;
  private view: DataView;
  private position: number;
  /** Everything before this is whole blocks. */
  private settled: number;

  constructor(sink: ByteSink, chunkBytes: number, littleEndian: boolean) {
    this.littleEndian = littleEndian;
    this.total = 0;
    this.sink = sink;
    this.chunkBytes = chunkBytes;
    this.bytes = new Uint8Array(Math.max(4096, chunkBytes + 4096));
    this.view = new DataView(this.bytes.buffer);
    this.position = 0;
    this.settled = 0;
  }

  /** Offset of the next byte within what has not been handed on; for {@link patch32}. */
  get mark(): number {
    return this.position;
  }

  private reserve(count: number): number {
    const at = this.position;
    const needed = at + count;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.position = needed;
    this.total += count;
    return at;
  }

  put8(value: number): void {
    this.bytes[this.reserve(1)] = value;
  }

  put16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value, this.littleEndian);
  }

  put32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, this.littleEndian);
  }

  put64(value: bigint): void {
    const at = this.reserve(8);
    this.view.setBigUint64(at, BigInt.asUintN(64, value), this.littleEndian);
  }

  /** A whole number from 0 to 2^53 - 1 in eight bytes. */
  putSafe64(value: number): void {
    const at = this.reserve(8);
    const high = Math.floor(value / 4294967296);
    this.view.setUint32(this.littleEndian ? at + 4 : at, high, this.littleEndian);
    this.view.setUint32(this.littleEndian ? at : at + 4, value % 4294967296, this.littleEndian);
  }

  putBytes(source: Uint8Array): void {
    const at = this.reserve(source.length);
    this.bytes.set(source, at);
  }

  /** Zeros up to the next multiple of four of `count` bytes already put. */
  pad(count: number): void {
    const padding = -count & 3;
    const at = this.reserve(padding);
    this.bytes.fill(0, at, at + padding);
  }

  patch32(mark: number, value: number): void {
    this.view.setUint32(mark, value, this.littleEndian);
  }

  /** Ends a block or record: nothing is handed on in the middle of one. */
  settle(): void {
    this.settled = this.position;
    if (this.position >= this.chunkBytes || this.sink.live === true) this.flush();
  }

  /** Forgets a block that was begun and not settled, because its caller gave a wrong argument. */
  abandon(): void {
    this.total -= this.position - this.settled;
    this.position = this.settled;
  }

  /** Hands on all whole blocks that have come together. */
  flush(): void {
    this.abandon();
    if (this.position === 0) return;
    const chunk = this.bytes.slice(0, this.position);
    this.position = 0;
    this.settled = 0;
    this.sink.write(chunk);
  }
}

/** UTF-8, cut at a character boundary when it would be longer than `limit` bytes. */
export function encodeText(text: string, limit: number): Uint8Array {
  const encoded = encoder.encode(text);
  if (encoded.length <= limit) return encoded;
  let end = limit - 3;
  while (end > 0 && ((encoded[end] as number) & 0xc0) === 0x80) end--;
  const cut = new Uint8Array(end + 3);
  cut.set(encoded.subarray(0, end));
  cut.set([0xe2, 0x80, 0xa6], end);
  return cut;
}
