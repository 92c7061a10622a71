import type { NameRecord } from './pcapng/writer.ts';
import type { CaptureOption, PacketDirection } from './recorder.ts';

/** What a capture file holds, in the order of the file. `offset` is where it begins, in bytes from the start. */
export type CaptureEvent =
  | SectionEvent
  | InterfaceEvent
  | PacketEvent
  | NamesEvent
  | SecretsEvent
  | StatisticsEvent
  | BlockEvent
  | CaptureError;

export interface SectionEvent {
  readonly kind: 'section';
  readonly offset: number;
  readonly format: 'pcapng' | 'pcap';
  readonly major: number;
  readonly minor: number;
  readonly littleEndian: boolean;
  /** Bytes of the blocks that follow, or null when the file does not say. */
  readonly sectionLength: bigint | null;
  readonly comments: readonly string[];
  readonly hardware: string | null;
  readonly os: string | null;
  readonly application: string | null;
  readonly options: readonly CaptureOption[];
}

export interface InterfaceEvent {
  readonly kind: 'interface';
  readonly offset: number;
  /** Its number in this section, from 0. */
  readonly id: number;
  readonly linkType: number;
  /** 0: no limit. */
  readonly snapLength: number;
  readonly name: string | null;
  readonly description: string | null;
  readonly comments: readonly string[];
  /** How many units of its time stamps make one second. */
  readonly ticksPerSecond: bigint;
  readonly timeOffsetSeconds: bigint;
  readonly options: readonly CaptureOption[];
}

export interface PacketEvent {
  readonly kind: 'packet';
  readonly offset: number;
  readonly interfaceId: number;
  readonly linkType: number;
  /** Nanoseconds since 1970; null for a simple packet, which has no time. */
  readonly time: bigint | null;
  readonly data: Uint8Array;
  readonly originalLength: number;
  readonly comments: readonly string[];
  readonly direction: PacketDirection;
  /** All of epb_flags, direction included. */
  readonly flags: number;
  readonly packetId: bigint | null;
  readonly dropCount: bigint | null;
  readonly options: readonly CaptureOption[];
}

export interface NamesEvent {
  readonly kind: 'names';
  readonly offset: number;
  readonly records: readonly NameRecord[];
  readonly options: readonly CaptureOption[];
}

export interface SecretsEvent {
  readonly kind: 'secrets';
  readonly offset: number;
  readonly type: number;
  readonly secrets: Uint8Array;
  readonly options: readonly CaptureOption[];
}

export interface StatisticsEvent {
  readonly kind: 'statistics';
  readonly offset: number;
  readonly interfaceId: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly startTime: bigint | null;
  readonly endTime: bigint | null;
  readonly received: bigint | null;
  readonly dropped: bigint | null;
  readonly accepted: bigint | null;
  readonly osDropped: bigint | null;
  readonly delivered: bigint | null;
  readonly comments: readonly string[];
  readonly options: readonly CaptureOption[];
}

/** A block this reader does not interpret, custom blocks included: its body can be written again as it is. */
export interface BlockEvent {
  readonly kind: 'block';
  readonly offset: number;
  readonly type: number;
  readonly body: Uint8Array;
  readonly littleEndian: boolean;
}

/** What can be wrong with a file. */
export type CaptureErrorCode =
  | 'unknown-format'
  | 'unsupported-version'
  | 'bad-block-length'
  | 'block-too-long'
  | 'trailer-mismatch'
  | 'bad-body'
  | 'bad-option'
  | 'unknown-interface'
  | 'truncated';

/** Something is wrong with the file at `offset`. Reading goes on behind it unless `fatal`. */
export interface CaptureError {
  readonly kind: 'error';
  readonly offset: number;
  readonly code: CaptureErrorCode;
  readonly explanation: string;
  readonly fatal: boolean;
}
