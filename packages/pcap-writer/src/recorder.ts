import type { CaptureTime } from './time.ts';

/** An option of a pcapng block, as it stands in the file. */
export interface CaptureOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Which way a packet went past the interface it is recorded on. */
export type PacketDirection = 'unknown' | 'inbound' | 'outbound';

/** What may be said about a packet besides its bytes. */
export interface PacketDetails {
  /** Shown by analysers next to the packet; any number, in order. */
  readonly comments?: readonly string[] | undefined;
  readonly direction?: PacketDirection | undefined;
  /** Further bits of epb_flags (pcapng 4.3.1): reception type, link errors (`PACKET_FLAG_…`). */
  readonly flags?: number | undefined;
  /** The same number wherever the same packet is recorded again. */
  readonly packetId?: number | bigint | undefined;
  /** Packets lost between the one before on this interface and this one. */
  readonly dropCount?: number | bigint | undefined;
  /** Length on the wire when only the head of the packet is recorded. Default: all of it. */
  readonly originalLength?: number | undefined;
  /** Further options, written as they are, after the ones above. */
  readonly options?: readonly CaptureOption[] | undefined;
}

/** Takes packets down: what the writers of both formats are. */
export interface PacketRecorder {
  /** Records `bytes` (copied before the call returns) on interface `interfaceId`. */
  writePacket(interfaceId: number, time: CaptureTime, bytes: Uint8Array, details?: PacketDetails): void;
}
