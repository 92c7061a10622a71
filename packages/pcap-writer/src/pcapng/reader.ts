import type { CaptureErrorCode, CaptureEvent } from '../events.ts';
import type { CaptureOption, PacketDirection } from '../recorder.ts';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_NAMES,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECRETS,
  BLOCK_SECTION_HEADER,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
  INTERFACE_DESCRIPTION,
  INTERFACE_NAME,
  INTERFACE_TIME_OFFSET,
  INTERFACE_TIME_RESOLUTION,
  NAME_RECORD_END,
  NAME_RECORD_IPV4,
  NAME_RECORD_IPV6,
  OPTION_COMMENT,
  OPTION_END,
  PACKET_DROP_COUNT,
  PACKET_FLAGS,
  PACKET_ID,
  SECTION_APPLICATION,
  SECTION_HARDWARE,
  SECTION_OS,
  STATISTICS_ACCEPTED,
  STATISTICS_DELIVERED,
  STATISTICS_DROPPED,
  STATISTICS_END,
  STATISTICS_OS_DROPPED,
  STATISTICS_RECEIVED,
  STATISTICS_START,
} from './codes.ts';

const decoder = new TextDecoder('utf-8');
const DIRECTIONS: readonly PacketDirection[] = ['unknown', 'inbound', 'outbound', 'unknown'];

/** What later blocks need of an interface description. */
interface KnownInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
  readonly timeOffset: bigint;
}

/** Interprets the blocks of pcapng sections one at a time. Everything wrong becomes an event. */
export class PcapngBlocks {
  private readonly events: CaptureEvent[];
  private littleEndian: boolean;
  private interfaces: KnownInterface[];
  private block: Uint8Array;
  private view: DataView;
  private offset: number;
  /** End of the body within the block. */
  private end: number;

  /** @param events where what is found is appended */
  constructor(events: CaptureEvent[]) {
    this.events = events;
    this.littleEndian = true;
    this.interfaces = [];
    this.block = new Uint8Array(0);
    this.view = new DataView(this.block.buffer);
    this.offset = 0;
    this.end = 0;
  }

  /** Byte order of the section being read. A section header sets it before its length can be read. */
  setByteOrder(littleEndian: boolean): void {
    this.littleEndian = littleEndian;
  }

  /**
   * Interprets one whole block, from its type to its trailing length. Returns false when nothing behind it can be read.
   *
   * @param block the block's bytes; kept only while the call lasts
   * @param offset where it begins in the file
   */
  take(block: Uint8Array, offset: number): boolean {
    this.block = block;
    this.view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    this.offset = offset;
    this.end = block.length - 4;
    const type = this.u32(0);
    if (this.u32(this.end) !== block.length) {
      this.error('trailer-mismatch', `the block's two lengths differ: ${block.length} and ${this.u32(this.end)}`);
    }
    switch (type) {
      case BLOCK_SECTION_HEADER:
        return this.section();
      case BLOCK_INTERFACE:
        this.interface();
        break;
      case BLOCK_ENHANCED_PACKET:
        this.enhancedPacket();
        break;
      case BLOCK_SIMPLE_PACKET:
        this.simplePacket();
        break;
      case BLOCK_OBSOLETE_PACKET:
        this.obsoletePacket();
        break;
      case BLOCK_NAMES:
        this.names();
        break;
      case BLOCK_SECRETS:
        this.secrets();
        break;
      case BLOCK_STATISTICS:
        this.statistics();
        break;
      default:
        this.push({ kind: 'block', offset, type, body: block.slice(8, this.end), littleEndian: this.littleEndian });
    }
    return true;
  }

  private section(): boolean {
    this.interfaces = [];
    if (!this.holds(24, 'section header')) return true;
    const major = this.u16(12);
    const minor = this.u16(14);
    if (major !== 1) {
      this.error('unsupported-version', `version ${major}.${minor} of pcapng is not known`, true);
      return false;
    }
    const length = this.view.getBigInt64(16, this.littleEndian);
    const options = this.options(24);
    this.push({
      kind: 'section',
      offset: this.offset,
      format: 'pcapng',
      major,
      minor,
      littleEndian: this.littleEndian,
      sectionLength: length < 0n ? null : length,
      comments: texts(options, OPTION_COMMENT),
      hardware: text(options, SECTION_HARDWARE),
      os: text(options, SECTION_OS),
      application: text(options, SECTION_APPLICATION),
      options,
    });
    return true;
  }

  private interface(): void {
    // A description that cannot be read still takes its number, or every later packet would be put on a wrong interface.
    const complete = this.holds(16, 'interface description');
    const options = complete ? this.options(16) : [];
    const id = this.interfaces.length;
    const linkType = complete ? this.u16(8) : 0;
    const snapLength = complete ? this.u32(12) : 0;
    const ticksPerSecond = resolution(find(options, INTERFACE_TIME_RESOLUTION));
    const timeOffset = BigInt.asIntN(64, this.long(options, INTERFACE_TIME_OFFSET) ?? 0n);
    this.interfaces.push({ linkType, snapLength, ticksPerSecond, timeOffset });
    this.push({
      kind: 'interface',
      offset: this.offset,
      id,
      linkType,
      snapLength,
      name: text(options, INTERFACE_NAME),
      description: text(options, INTERFACE_DESCRIPTION),
      comments: texts(options, OPTION_COMMENT),
      ticksPerSecond,
      timeOffsetSeconds: timeOffset,
      options,
    });
  }

  private enhancedPacket(): void {
    if (!this.holds(28, 'enhanced packet')) return;
    const known = this.known(this.u32(8));
    if (known === null) return;
    const captured = this.captured(28, this.u32(20));
    if (captured === null) return;
    const options = this.options(28 + padded(captured));
    this.packet(this.u32(8), known, this.stamp(known, 12), 28, captured, this.u32(24), options);
  }

  private obsoletePacket(): void {
    if (!this.holds(28, 'packet')) return;
    const known = this.known(this.u16(8));
    if (known === null) return;
    const captured = this.captured(28, this.u32(20));
    if (captured === null) return;
    const options = this.options(28 + padded(captured));
    this.packet(this.u16(8), known, this.stamp(known, 12), 28, captured, this.u32(24), options);
  }

  private simplePacket(): void {
    if (!this.holds(12, 'simple packet')) return;
    const known = this.known(0);
    if (known === null) return;
    const original = this.u32(8);
    const limit = known.snapLength === 0 ? original : Math.min(original, known.snapLength);
    const captured = this.captured(12, limit);
    if (captured !== null) this.packet(0, known, null, 12, captured, original, []);
  }

  private packet(
    interfaceId: number,
    known: KnownInterface,
    time: bigint | null,
    at: number,
    captured: number,
    originalLength: number,
    options: readonly CaptureOption[],
  ): void {
    const flagBytes = find(options, PACKET_FLAGS);
    const flags = flagBytes?.length === 4 ? this.word(flagBytes) : 0;
    this.push({
      kind: 'packet',
      offset: this.offset,
      interfaceId,
      linkType: known.linkType,
      time,
      data: this.block.slice(at, at + captured),
      originalLength,
      comments: texts(options, OPTION_COMMENT),
      direction: DIRECTIONS[flags & 3] as PacketDirection,
      flags,
      packetId: this.long(options, PACKET_ID),
      dropCount: this.long(options, PACKET_DROP_COUNT),
      options,
    });
  }

  private names(): void {
    const records: { address: Uint8Array; names: string[] }[] = [];
    let at = 8;
    for (;;) {
      if (at + 4 > this.end) break;
      const type = this.u16(at);
      const length = this.u16(at + 2);
      at += 4;
      if (type === NAME_RECORD_END) break;
      if (at + length > this.end) {
        this.error('bad-body', `a name record of ${length} bytes does not fit its block`);
        at = this.end;
        break;
      }
      const size = type === NAME_RECORD_IPV4 ? 4 : type === NAME_RECORD_IPV6 ? 16 : -1;
      if (size > length) this.error('bad-body', 'a name record is shorter than its address');
      else if (size > 0) {
        const names = decoder.decode(this.block.subarray(at + size, at + length)).split('\0');
        records.push({ address: this.block.slice(at, at + size), names: names.filter((name) => name !== '') });
      }
      at += padded(length);
    }
    const options = at < this.end ? this.options(at) : [];
    this.push({ kind: 'names', offset: this.offset, records, options });
  }

  private secrets(): void {
    if (!this.holds(16, 'decryption secrets')) return;
    const length = this.captured(16, this.u32(12));
    if (length === null) return;
    const options = this.options(16 + padded(length));
    const secrets = this.block.slice(16, 16 + length);
    this.push({ kind: 'secrets', offset: this.offset, type: this.u32(8), secrets, options });
  }

  private statistics(): void {
    if (!this.holds(20, 'interface statistics')) return;
    const known = this.known(this.u32(8));
    if (known === null) return;
    const options = this.options(20);
    const time = (code: number): bigint | null => {
      const value = find(options, code);
      if (value?.length !== 8) return null;
      const ticks = (BigInt(this.word(value)) << 32n) | BigInt(this.word(value.subarray(4)));
      return toNanoseconds(ticks, known);
    };
    this.push({
      kind: 'statistics',
      offset: this.offset,
      interfaceId: this.u32(8),
      time: this.stamp(known, 12),
      startTime: time(STATISTICS_START),
      endTime: time(STATISTICS_END),
      received: this.long(options, STATISTICS_RECEIVED),
      dropped: this.long(options, STATISTICS_DROPPED),
      accepted: this.long(options, STATISTICS_ACCEPTED),
      osDropped: this.long(options, STATISTICS_OS_DROPPED),
      delivered: this.long(options, STATISTICS_DELIVERED),
      comments: texts(options, OPTION_COMMENT),
      options,
    });
  }

  /** The list of options from `at` to the end of the body. What is wrong with it ends it. */
  private options(at: number): CaptureOption[] {
    const found: CaptureOption[] = [];
    let next = at;
    while (next + 4 <= this.end) {
      const code = this.u16(next);
      const length = this.u16(next + 2);
      next += 4;
      if (code === OPTION_END) return found;
      if (next + length > this.end) {
        this.error('bad-option', `option ${code} of ${length} bytes does not fit its block`);
        return found;
      }
      found.push({ code, value: this.block.slice(next, next + length) });
      next += padded(length);
    }
    if (next < this.end) this.error('bad-option', 'the block ends within an option');
    return found;
  }

  private holds(bytes: number, what: string): boolean {
    if (this.end >= bytes) return true;
    this.error('bad-body', `a block of ${this.end + 4} bytes is too short for the ${what} block`);
    return false;
  }

  private captured(at: number, length: number): number | null {
    if (at + length <= this.end) return length;
    this.error('bad-body', `${length} bytes of data do not fit the block, which has room for ${this.end - at}`);
    return null;
  }

  private known(id: number): KnownInterface | null {
    const known = this.interfaces[id];
    if (known !== undefined) return known;
    this.error('unknown-interface', `interface ${id} was not described; ${this.interfaces.length} were`);
    return null;
  }

  /** The time stamp at `at`, in nanoseconds. */
  private stamp(known: KnownInterface, at: number): bigint {
    return toNanoseconds((BigInt(this.u32(at)) << 32n) | BigInt(this.u32(at + 4)), known);
  }

  private long(options: readonly CaptureOption[], code: number): bigint | null {
    const value = find(options, code);
    if (value?.length !== 8) return null;
    return new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0, this.littleEndian);
  }

  private word(value: Uint8Array): number {
    return new DataView(value.buffer, value.byteOffset, 4).getUint32(0, this.littleEndian);
  }

  private u16(at: number): number {
    return this.view.getUint16(at, this.littleEndian);
  }

  private u32(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }

  private push(event: CaptureEvent): void {
    this.events.push(event);
  }

  private error(code: CaptureErrorCode, explanation: string, fatal = false): void {
    this.push({ kind: 'error', offset: this.offset, code, explanation, fatal });
  }
}

function padded(length: number): number {
  return length + (-length & 3);
}

function find(options: readonly CaptureOption[], code: number): Uint8Array | undefined {
  return options.find((option) => option.code === code)?.value;
}

function text(options: readonly CaptureOption[], code: number): string | null {
  const value = find(options, code);
  return value === undefined ? null : decoder.decode(value);
}

function texts(options: readonly CaptureOption[], code: number): string[] {
  return options.filter((option) => option.code === code).map((option) => decoder.decode(option.value));
}

/** if_tsresol: a negative power of ten, or of two when the upper bit is set; microseconds when absent. */
function resolution(value: Uint8Array | undefined): bigint {
  const code = value?.[0] ?? 6;
  return (code & 0x80) === 0 ? 10n ** BigInt(code) : 1n << BigInt(code & 0x7f);
}

function toNanoseconds(ticks: bigint, known: KnownInterface): bigint {
  return (ticks * 1000000000n) / known.ticksPerSecond + known.timeOffset * 1000000000n;
}
