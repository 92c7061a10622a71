import { ChunkBuffer, encodeText } from '../chunk-buffer.ts';
import type { CaptureOption, PacketDetails, PacketRecorder } from '../recorder.ts';
import type { ByteSink } from '../sink.ts';
import { type CaptureTime, NanosecondClockword } from '../time.ts';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_NAMES,
  BLOCK_SECRETS,
  BLOCK_SECTION_HEADER,
  BLOCK_STATISTICS,
  BYTE_ORDER_MAGIC,
  INTERFACE_DESCRIPTION,
  INTERFACE_NAME,
  INTERFACE_TIME_OFFSET,
  INTERFACE_TIME_RESOLUTION,
  LINKTYPE_ETHERNET,
  NAME_RECORD_END,
  NAME_RECORD_IPV4,
  NAME_RECORD_IPV6,
  OPTION_COMMENT,
  OPTION_END,
  PACKET_DROP_COUNT,
  PACKET_FLAG_INBOUND,
  PACKET_FLAG_OUTBOUND,
  PACKET_FLAGS,
  PACKET_ID,
  SECRETS_TLS_KEY_LOG,
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

/** What the section header says. Nothing of the machine is added by itself, so equal calls give equal bytes. */
export interface SectionDescription {
  readonly comments?: readonly string[] | undefined;
  readonly hardware?: string | undefined;
  readonly os?: string | undefined;
  readonly application?: string | undefined;
  readonly options?: readonly CaptureOption[] | undefined;
}

export interface PcapngWriterOptions extends SectionDescription {
  /** How many bytes come together before the sink gets them. Default 64 KiB. A live sink gets each block at once. */
  readonly chunkBytes?: number | undefined;
  /** Byte order of the numbers in the file. Default true; readers accept both. */
  readonly littleEndian?: boolean | undefined;
}

/** A place where packets are recorded. */
export interface InterfaceDescription {
  /** One of the LINKTYPE_ numbers. Default Ethernet. */
  readonly linkType?: number | undefined;
  /** Longest part of a packet that is recorded; 0, the default, is no limit. */
  readonly snapLength?: number | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly comments?: readonly string[] | undefined;
  /** Seconds that readers add to every time stamp, so that a clock beginning at 0 can lie at a chosen date. */
  readonly timeOffsetSeconds?: number | bigint | undefined;
  readonly options?: readonly CaptureOption[] | undefined;
}

/** An address (4 or 16 bytes) and the names to show for it. */
export interface NameRecord {
  readonly address: Uint8Array;
  readonly names: readonly string[];
}

/** Counters of an interface; all optional. */
export interface InterfaceStatistics {
  readonly startTime?: CaptureTime | undefined;
  readonly endTime?: CaptureTime | undefined;
  readonly received?: number | bigint | undefined;
  readonly dropped?: number | bigint | undefined;
  readonly accepted?: number | bigint | undefined;
  readonly osDropped?: number | bigint | undefined;
  readonly delivered?: number | bigint | undefined;
  readonly comments?: readonly string[] | undefined;
  readonly options?: readonly CaptureOption[] | undefined;
}

const OPTION_LIMIT = 0xffff;
const NANOSECONDS = 9;

/**
 * Writes one pcapng section (draft-ietf-opsawg-pcapng) into a sink. The section header is written by the constructor.
 *
 * Misuse by the program (an unknown interface, a negative time, writing after {@link end}) throws; what the packets hold
 * never does.
 */
export class PcapngWriter implements PacketRecorder {
  private readonly sink: ByteSink;
  private readonly out: ChunkBuffer;
  private readonly word: NanosecondClockword;
  private interfaces: number;
  private ended: boolean;
  /** Where the block being written began: in the buffer, and counted from the start of the file. */
  private blockMark: number;
  private blockStart: number;
  private anyOption: boolean;

  constructor(sink: ByteSink, options: PcapngWriterOptions = {}) {
    this.sink = sink;
    this.out = new ChunkBuffer(sink, options.chunkBytes ?? 65536, options.littleEndian ?? true);
    this.word = new NanosecondClockword();
    this.interfaces = 0;
    this.ended = false;
    this.blockMark = 0;
    this.blockStart = 0;
    this.anyOption = false;
    this.writeSection(options);
  }

  /** Interfaces described so far. */
  get interfaceCount(): number {
    return this.interfaces;
  }

  /** Bytes written so far, whether the sink has them yet or not. */
  get length(): number {
    return this.out.total;
  }

  private writeSection(section: SectionDescription): void {
    this.begin(BLOCK_SECTION_HEADER);
    this.out.put32(BYTE_ORDER_MAGIC);
    this.out.put16(1);
    this.out.put16(0);
    this.out.put64(-1n);
    this.commentOptions(section.comments);
    this.textOption(SECTION_HARDWARE, section.hardware);
    this.textOption(SECTION_OS, section.os);
    this.textOption(SECTION_APPLICATION, section.application);
    this.verbatimOptions(section.options);
    this.finish();
  }

  /** Describes an interface and returns its number for {@link writePacket}. Time stamps are in nanoseconds. */
  addInterface(description: InterfaceDescription = {}): number {
    this.begin(BLOCK_INTERFACE);
    this.out.put16(description.linkType ?? LINKTYPE_ETHERNET);
    this.out.put16(0);
    this.out.put32(description.snapLength ?? 0);
    this.commentOptions(description.comments);
    this.textOption(INTERFACE_NAME, description.name);
    this.textOption(INTERFACE_DESCRIPTION, description.description);
    this.option(INTERFACE_TIME_RESOLUTION, 1);
    this.out.put8(NANOSECONDS);
    this.out.pad(1);
    this.longOption(INTERFACE_TIME_OFFSET, description.timeOffsetSeconds);
    this.verbatimOptions(description.options);
    this.finish();
    return this.interfaces++;
  }

  writePacket(interfaceId: number, time: CaptureTime, bytes: Uint8Array, details?: PacketDetails): void {
    this.checkInterface(interfaceId);
    this.word.set(time);
    this.begin(BLOCK_ENHANCED_PACKET);
    this.out.put32(interfaceId);
    this.out.put32(this.word.high);
    this.out.put32(this.word.low);
    this.out.put32(bytes.length);
    this.out.put32(Math.max(bytes.length, details?.originalLength ?? 0));
    this.out.putBytes(bytes);
    this.out.pad(bytes.length);
    if (details !== undefined) this.packetOptions(details);
    this.finish();
  }

  private packetOptions(details: PacketDetails): void {
    this.commentOptions(details.comments);
    let flags = details.flags ?? 0;
    if (details.direction === 'inbound') flags = (flags & ~3) | PACKET_FLAG_INBOUND;
    if (details.direction === 'outbound') flags = (flags & ~3) | PACKET_FLAG_OUTBOUND;
    if (flags !== 0) {
      this.option(PACKET_FLAGS, 4);
      this.out.put32(flags);
    }
    this.longOption(PACKET_DROP_COUNT, details.dropCount);
    this.longOption(PACKET_ID, details.packetId);
    this.verbatimOptions(details.options);
  }

  /** Names for addresses, shown by readers that resolve names from the file. */
  writeNames(records: readonly NameRecord[], options: readonly CaptureOption[] = []): void {
    this.begin(BLOCK_NAMES);
    for (const record of records) {
      const length = record.address.length;
      if (length !== 4 && length !== 16) throw new RangeError(`an address of ${length} bytes is neither IPv4 nor IPv6`);
      const names = record.names.map((name) => encodeText(name.replaceAll('\0', ''), 255));
      const total = length + names.reduce((sum, name) => sum + name.length + 1, 0);
      if (total > OPTION_LIMIT) throw new RangeError('too many names for one address');
      this.out.put16(length === 4 ? NAME_RECORD_IPV4 : NAME_RECORD_IPV6);
      this.out.put16(total);
      this.out.putBytes(record.address);
      for (const name of names) {
        this.out.putBytes(name);
        this.out.put8(0);
      }
      this.out.pad(total);
    }
    this.out.put16(NAME_RECORD_END);
    this.out.put16(0);
    this.verbatimOptions(options);
    this.finish();
  }

  /** Secrets of any kind. Readers that make one pass need them before the packets they open. */
  writeSecrets(type: number, secrets: Uint8Array, options: readonly CaptureOption[] = []): void {
    this.begin(BLOCK_SECRETS);
    this.out.put32(type);
    this.out.put32(secrets.length);
    this.out.putBytes(secrets);
    this.out.pad(secrets.length);
    this.verbatimOptions(options);
    this.finish();
  }

  /** Lines in the NSS key log format, as `node:tls` emits them; a missing line end is added. */
  writeTlsKeyLog(lines: string): void {
    const text = lines.endsWith('\n') ? lines : `${lines}\n`;
    this.writeSecrets(SECRETS_TLS_KEY_LOG, encodeText(text, 0x7fffffff));
  }

  writeStatistics(interfaceId: number, time: CaptureTime, statistics: InterfaceStatistics = {}): void {
    this.checkInterface(interfaceId);
    this.word.set(time);
    this.begin(BLOCK_STATISTICS);
    this.out.put32(interfaceId);
    this.out.put32(this.word.high);
    this.out.put32(this.word.low);
    this.commentOptions(statistics.comments);
    this.timeOption(STATISTICS_START, statistics.startTime);
    this.timeOption(STATISTICS_END, statistics.endTime);
    this.longOption(STATISTICS_RECEIVED, statistics.received);
    this.longOption(STATISTICS_DROPPED, statistics.dropped);
    this.longOption(STATISTICS_ACCEPTED, statistics.accepted);
    this.longOption(STATISTICS_OS_DROPPED, statistics.osDropped);
    this.longOption(STATISTICS_DELIVERED, statistics.delivered);
    this.verbatimOptions(statistics.options);
    this.finish();
  }

  /** Any other block, body as it is; for blocks that were read and are not understood. */
  writeBlock(type: number, body: Uint8Array): void {
    this.begin(type);
    this.out.putBytes(body);
    this.out.pad(body.length);
    this.finish();
  }

  /** Hands the sink what has come together so far. */
  flush(): void {
    this.out.flush();
  }

  /** Hands over the rest and ends the sink. A second call does nothing. */
  end(): Promise<void> | void {
    if (this.ended) return;
    this.ended = true;
    this.out.flush();
    return this.sink.end();
  }

  private checkInterface(interfaceId: number): void {
    if (!Number.isInteger(interfaceId) || interfaceId < 0 || interfaceId >= this.interfaces) {
      throw new RangeError(`interface ${interfaceId} was not added to this capture`);
    }
  }

  private begin(type: number): void {
    if (this.ended) throw new Error('the capture has been ended');
    this.out.abandon();
    this.blockMark = this.out.mark;
    this.blockStart = this.out.total;
    this.anyOption = false;
    this.out.put32(type);
    this.out.put32(0);
  }

  private finish(): void {
    if (this.anyOption) {
      this.out.put16(OPTION_END);
      this.out.put16(0);
    }
    const length = this.out.total - this.blockStart + 4;
    this.out.put32(length);
    this.out.patch32(this.blockMark + 4, length);
    this.out.settle();
  }

  private option(code: number, length: number): void {
    this.anyOption = true;
    this.out.put16(code);
    this.out.put16(length);
  }

  private bytesOption(code: number, value: Uint8Array): void {
    if (value.length > OPTION_LIMIT) throw new RangeError(`option ${code} is longer than ${OPTION_LIMIT} bytes`);
    this.option(code, value.length);
    this.out.putBytes(value);
    this.out.pad(value.length);
  }

  private textOption(code: number, text: string | undefined): void {
    if (text !== undefined) this.bytesOption(code, encodeText(text, OPTION_LIMIT));
  }

  private commentOptions(comments: readonly string[] | undefined): void {
    if (comments !== undefined) for (const comment of comments) this.textOption(OPTION_COMMENT, comment);
  }

  private longOption(code: number, value: number | bigint | undefined): void {
    if (value === undefined) return;
    // A small whole number goes without a bigint: this is on the way of every packet that has a number.
    const small = typeof value === 'number' && value >= 0 && Number.isSafeInteger(value);
    const whole = small ? 0n : BigInt(value);
    this.option(code, 8);
    if (small) this.out.putSafe64(value);
    else this.out.put64(whole);
  }

  private timeOption(code: number, time: CaptureTime | undefined): void {
    if (time === undefined) return;
    this.word.set(time);
    this.option(code, 8);
    // A time in an option is stored upper half first in either byte order, like the block's own.
    this.out.put32(this.word.high);
    this.out.put32(this.word.low);
  }

  private verbatimOptions(options: readonly CaptureOption[] | undefined): void {
    if (options !== undefined) for (const option of options) this.bytesOption(option.code, option.value);
  }
}
