import { ChunkBuffer } from '../chunk-buffer.ts';
import { LINKTYPE_ETHERNET } from '../pcapng/codes.ts';
import type { PacketDetails, PacketRecorder } from '../recorder.ts';
import type { ByteSink } from '../sink.ts';
import { type CaptureTime, NanosecondClockword } from '../time.ts';

/** First word of a classic pcap file: time stamps in microseconds, or in nanoseconds. */
export const PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4;
export const PCAP_MAGIC_NANOSECONDS = 0xa1b23c4d;

export interface PcapWriterOptions {
  /** One of the LINKTYPE_ numbers, for the whole file. Default Ethernet. */
  readonly linkType?: number | undefined;
  /** Longest packet the file promises. Default 262144, what analysers accept. */
  readonly snapLength?: number | undefined;
  /** Unit of the time stamps. Default microseconds, which every reader knows. */
  readonly resolution?: 'microseconds' | 'nanoseconds' | undefined;
  readonly littleEndian?: boolean | undefined;
  /** How many bytes come together before the sink gets them. Default 64 KiB. */
  readonly chunkBytes?: number | undefined;
}

/**
 * Writes a classic pcap file (draft-ietf-opsawg-pcap). The format knows one interface and no comments, names or secrets:
 * `interfaceId` and all of `details` but `originalLength` are left out.
 */
export class PcapWriter implements PacketRecorder {
  private readonly sink: ByteSink;
  private readonly out: ChunkBuffer;
  private readonly word: NanosecondClockword;
  private readonly nanoseconds: boolean;
  private ended: boolean;

  constructor(sink: ByteSink, options: PcapWriterOptions = {}) {
    this.sink = sink;
    this.out = new ChunkBuffer(sink, options.chunkBytes ?? 65536, options.littleEndian ?? true);
    this.word = new NanosecondClockword();
    this.nanoseconds = options.resolution === 'nanoseconds';
    this.ended = false;
    this.out.put32(this.nanoseconds ? PCAP_MAGIC_NANOSECONDS : PCAP_MAGIC_MICROSECONDS);
    this.out.put16(2);
    this.out.put16(4);
    this.out.put32(0);
    this.out.put32(0);
    this.out.put32(options.snapLength ?? 262144);
    this.out.put32(options.linkType ?? LINKTYPE_ETHERNET);
    this.out.settle();
  }

  writePacket(_interfaceId: number, time: CaptureTime, bytes: Uint8Array, details?: PacketDetails): void {
    if (this.ended) throw new Error('the capture has been ended');
    this.word.set(time);
    const nanoseconds = this.word.nanoseconds;
    const seconds = nanoseconds / 1000000000n;
    if (seconds >> 32n !== 0n) throw new RangeError('classic pcap cannot hold a time after the year 2106');
    const rest = Number(nanoseconds % 1000000000n);
    this.out.put32(Number(seconds));
    this.out.put32(this.nanoseconds ? rest : Math.floor(rest / 1000));
    this.out.put32(bytes.length);
    this.out.put32(Math.max(bytes.length, details?.originalLength ?? 0));
    this.out.putBytes(bytes);
    this.out.settle();
  }

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
}
