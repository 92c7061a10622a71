import type { CaptureErrorCode, CaptureEvent } from './events.ts';
import { PcapRecords } from './pcap/reader.ts';
import { BLOCK_SECTION_HEADER, BYTE_ORDER_MAGIC } from './pcapng/codes.ts';
import { PcapngBlocks } from './pcapng/reader.ts';

export interface CaptureReaderOptions {
  /** Longest block or record believed in; a longer one is an error, not a reason to wait. Default 16 MiB. */
  readonly maximumBlockBytes?: number | undefined;
}

const MAXIMUM_BLOCK = 16 << 20;

/**
 * Reads pcapng and classic pcap, told apart by their first bytes, from chunks of any size.
 *
 * It never throws, whatever the bytes: what is wrong is an event of kind `error` with its place and an explanation, and
 * reading goes on as long as block boundaries can be told.
 */
export class CaptureReader {
  private readonly maximumBlock: number;
  private readonly events: CaptureEvent[];
  private nextEvent: number;
  private readonly blocks: PcapngBlocks;
  private records: PcapRecords | null;
  private format: 'unknown' | 'pcapng' | 'pcap';
  private bytes: Uint8Array;
  private start: number;
  private stop: number;
  /** Where `start` is in the file. */
  private offset: number;
  private littleEndian: boolean;
  private ended: boolean;
  private failed: boolean;

  constructor(options: CaptureReaderOptions = {}) {
    this.maximumBlock = options.maximumBlockBytes ?? MAXIMUM_BLOCK;
    this.events = [];
    this.nextEvent = 0;
    this.blocks = new PcapngBlocks(this.events);
    this.records = null;
    this.format = 'unknown';
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.stop = 0;
    this.offset = 0;
    this.littleEndian = true;
    this.ended = false;
    this.failed = false;
  }

  /** True when {@link next} will give nothing more, whatever is fed. */
  get finished(): boolean {
    return this.nextEvent >= this.events.length && (this.failed || (this.ended && this.start === this.stop));
  }

  /** More of the file; copied. Ignored after a fatal error or {@link end}. */
  feed(chunk: Uint8Array): void {
    if (this.failed || this.ended) return;
    const pending = this.stop - this.start;
    if (this.stop + chunk.length > this.bytes.length) {
      const room = pending + chunk.length;
      const target = room > this.bytes.length ? new Uint8Array(Math.max(room, this.bytes.length * 2)) : this.bytes;
      target.set(this.bytes.subarray(this.start, this.stop));
      this.bytes = target;
      this.start = 0;
      this.stop = pending;
    }
    this.bytes.set(chunk, this.stop);
    this.stop += chunk.length;
  }

  /** There is no more of the file. What remains is then an error. */
  end(): void {
    this.ended = true;
  }

  /** The next thing in the file; null when more bytes are needed or nothing is left. */
  next(): CaptureEvent | null {
    for (;;) {
      if (this.nextEvent < this.events.length) return this.events[this.nextEvent++] as CaptureEvent;
      this.events.length = 0;
      this.nextEvent = 0;
      if (this.failed || !this.step()) {
        if (this.events.length === 0) return null;
      }
    }
  }

  /** Takes one block or record off the input. False when there is not a whole one. */
  private step(): boolean {
    const pending = this.stop - this.start;
    if (this.format === 'unknown') return this.detect(pending);
    if (this.format === 'pcap') return this.record(pending);
    return this.block(pending);
  }

  private detect(pending: number): boolean {
    if (pending < 4) return this.short(pending, 'the file is too short to be a capture');
    const magic = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.start, 4).getUint32(0, false);
    if (magic === BLOCK_SECTION_HEADER) {
      this.format = 'pcapng';
      return true;
    }
    const records = PcapRecords.of(magic, this.events);
    if (records === null) {
      this.error('unknown-format', explainMagic(magic), true);
      return false;
    }
    if (pending < 24) return this.short(pending, 'the file ends within its header');
    this.records = records;
    this.format = 'pcap';
    const good = records.header(this.bytes.subarray(this.start, this.start + 24));
    this.consume(24);
    if (!good) this.failed = true;
    return good;
  }

  private record(pending: number): boolean {
    const records = this.records as PcapRecords;
    if (pending < 16) return this.short(pending, 'the file ends within the header of a record');
    const length = records.recordLength(this.bytes.subarray(this.start, this.start + 16));
    if (length > this.maximumBlock) {
      this.error('block-too-long', `a record claims ${length} bytes; the limit is ${this.maximumBlock}`, true);
      return false;
    }
    if (pending < 16 + length) {
      return this.short(pending, `the file ends within a packet: ${pending - 16} of ${length} bytes are there`);
    }
    records.take(this.bytes.subarray(this.start, this.start + 16 + length), this.offset);
    this.consume(16 + length);
    return true;
  }

  private block(pending: number): boolean {
    if (pending < 8) return this.short(pending, 'the file ends within the head of a block');
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.start, pending);
    if (view.getUint32(0, false) === BLOCK_SECTION_HEADER) {
      if (pending < 12) return this.short(pending, 'the file ends within a section header');
      this.littleEndian = view.getUint32(8, true) === BYTE_ORDER_MAGIC;
      if (!this.littleEndian && view.getUint32(8, false) !== BYTE_ORDER_MAGIC) {
        this.error('unknown-format', 'the section header lacks the byte-order mark 1a2b3c4d', true);
        return false;
      }
      this.blocks.setByteOrder(this.littleEndian);
    }
    const length = view.getUint32(4, this.littleEndian);
    if (length < 12 || length % 4 !== 0) {
      this.error('bad-block-length', `a block cannot be ${length} bytes long`, true);
      return false;
    }
    if (length > this.maximumBlock) {
      this.error('block-too-long', `a block claims ${length} bytes; the limit is ${this.maximumBlock}`, true);
      return false;
    }
    if (pending < length) {
      return this.short(pending, `the file ends within a block: ${pending} of ${length} bytes are there`);
    }
    const good = this.blocks.take(this.bytes.subarray(this.start, this.start + length), this.offset);
    this.consume(length);
    if (!good) this.failed = true;
    return good;
  }

  /** Not enough input yet; at the end of the file that is an error, once. */
  private short(pending: number, explanation: string): boolean {
    if (this.ended && (pending > 0 || this.format === 'unknown')) this.error('truncated', explanation, true);
    return false;
  }

  private consume(count: number): void {
    this.start += count;
    this.offset += count;
  }

  private error(code: CaptureErrorCode, explanation: string, fatal: boolean): void {
    this.events.push({ kind: 'error', offset: this.offset, code, explanation, fatal });
    if (fatal) this.failed = true;
  }
}

function explainMagic(magic: number): string {
  if (magic >>> 16 === 0x1f8b) return 'the file is compressed with gzip; unpack it first';
  if (magic === 0x28b52ffd) return 'the file is compressed with zstd; unpack it first';
  return `neither pcapng nor pcap: the file begins with ${magic.toString(16).padStart(8, '0')}`;
}

/** Everything in a capture that is at hand as a whole or in chunks. Never throws. */
export function* readCapture(
  source: Uint8Array | Iterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): Generator<CaptureEvent, void, undefined> {
  const reader = new CaptureReader(options);
  for (const chunk of source instanceof Uint8Array ? [source] : source) {
    reader.feed(chunk);
    for (let event = reader.next(); event !== null; event = reader.next()) yield event;
  }
  reader.end();
  for (let event = reader.next(); event !== null; event = reader.next()) yield event;
}

/** Everything in a capture that arrives piece by piece, such as a stream of a file. Throws only what the source throws. */
export async function* readCaptureStream(
  source: AsyncIterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): AsyncGenerator<CaptureEvent, void, undefined> {
  const reader = new CaptureReader(options);
  for await (const chunk of source) {
    reader.feed(chunk);
    for (let event = reader.next(); event !== null; event = reader.next()) yield event;
  }
  reader.end();
  for (let event = reader.next(); event !== null; event = reader.next()) yield event;
}
