import type { CaptureEvent } from '../events.ts';
import { PCAP_MAGIC_MICROSECONDS, PCAP_MAGIC_NANOSECONDS } from './writer.ts';

/** Interprets the header and the records of a classic pcap file (draft-ietf-opsawg-pcap). */
export class PcapRecords {
  private readonly events: CaptureEvent[];
  private readonly littleEndian: boolean;
  private readonly nanoseconds: boolean;
  private linkType: number;

  private constructor(events: CaptureEvent[], littleEndian: boolean, nanoseconds: boolean) {
    this.events = events;
    this.littleEndian = littleEndian;
    this.nanoseconds = nanoseconds;
    this.linkType = 0;
  }

  /** For a file that begins with `magic`, read upper byte first; null when that is not classic pcap. */
  static of(magic: number, events: CaptureEvent[]): PcapRecords | null {
    for (const nanoseconds of [false, true]) {
      const wanted = nanoseconds ? PCAP_MAGIC_NANOSECONDS : PCAP_MAGIC_MICROSECONDS;
      if (magic === wanted) return new PcapRecords(events, false, nanoseconds);
      if (magic === swap(wanted)) return new PcapRecords(events, true, nanoseconds);
    }
    return null;
  }

  /** Interprets the 24 bytes of the file's header. False when nothing behind it can be read. */
  header(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const major = view.getUint16(4, this.littleEndian);
    const minor = view.getUint16(6, this.littleEndian);
    if (major !== 2) {
      const explanation = `version ${major}.${minor} of pcap is not known`;
      this.events.push({ kind: 'error', offset: 0, code: 'unsupported-version', explanation, fatal: true });
      return false;
    }
    // The upper half of the field tells about frame check sequences; the link type is the lower.
    this.linkType = view.getUint32(20, this.littleEndian) & 0xffff;
    this.events.push({
      kind: 'section',
      offset: 0,
      format: 'pcap',
      major,
      minor,
      littleEndian: this.littleEndian,
      sectionLength: null,
      comments: [],
      hardware: null,
      os: null,
      application: null,
      options: [],
    });
    this.events.push({
      kind: 'interface',
      offset: 0,
      id: 0,
      linkType: this.linkType,
      snapLength: view.getUint32(16, this.littleEndian),
      name: null,
      description: null,
      comments: [],
      ticksPerSecond: this.nanoseconds ? 1000000000n : 1000000n,
      timeOffsetSeconds: 0n,
      options: [],
    });
    return true;
  }

  /** Bytes of packet data behind the 16 bytes of a record's header. */
  recordLength(header: Uint8Array): number {
    return new DataView(header.buffer, header.byteOffset, 16).getUint32(8, this.littleEndian);
  }

  take(record: Uint8Array, offset: number): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const seconds = BigInt(view.getUint32(0, this.littleEndian));
    const fraction = BigInt(view.getUint32(4, this.littleEndian));
    this.events.push({
      kind: 'packet',
      offset,
      interfaceId: 0,
      linkType: this.linkType,
      time: seconds * 1000000000n + fraction * (this.nanoseconds ? 1n : 1000n),
      data: record.slice(16),
      originalLength: view.getUint32(12, this.littleEndian),
      comments: [],
      direction: 'unknown',
      flags: 0,
      packetId: null,
      dropCount: null,
      options: [],
    });
  }
}

function swap(word: number): number {
  return (((word & 255) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
