import type { Status } from './status.ts';

/**
 * One buffer of a pool, with NX_PACKET's meaning (NetX Duo UG 3, "Packet Memory Pools").
 *
 *     dataStart      prepend            append        dataEnd
 *        | head-room    |  bytes in use    |  tail-room  |
 *
 * All four are byte offsets into {@link bytes}, and `dataStart <= prepend <= append <= dataEnd` always holds. A header is
 * prepended on the way down and consumed on the way up by moving `prepend`; nothing is copied. Data that outgrows one
 * payload continues in {@link next}; then only the first packet's {@link length} is meaningful and is the total.
 *
 * Ownership passes with the packet: whoever is handed a packet sends it on, keeps it, or releases it.
 */
export interface Packet {
  /** The slab as bytes, as a `DataView` (headers) and as 32-bit words in host order (checksums). Shared by the pool. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  readonly dataStart: number;
  readonly dataEnd: number;
  prepend: number;
  append: number;
  /** Bytes in use, over the whole chain. Meaningful in the first packet of a chain only. */
  length: number;
  /** Next packet of the chain (nx_packet_next). */
  next: Packet | null;
  /** Last packet of the chain, or null for a packet without a chain (nx_packet_last). */
  last: Packet | null;
  /** Link for whoever owns the packet and keeps it in a list (nx_packet_queue_next). */
  queueNext: Packet | null;
  /** 4, 6, or 0 when it never passed IP (nx_packet_ip_version). */
  ipVersion: number;
  /** Index of the IP interface it came in by or goes out by; -1 when unknown. */
  interfaceIndex: number;
  /** Offset of the IP header in the slab, or -1. Set by IP in both directions. */
  ipHeader: number;
  /** Offset of the transport header in the slab, or -1. */
  transportHeader: number;
  /** Number of the frame this packet left in or arrived in; 0 when it has not been on a link. Trace events refer to it. */
  frameId: number;
  /** TCP: sequence number of the first octet, int32. */
  sequence: number;
  /** TCP: payload octets, plus one each for SYN and FIN. */
  sequenceLength: number;
  /** TCP: time of the last transmission in microseconds. */
  sentAt: number;
  /** TCP: the connection's number of that transmission; orders those of one moment. */
  sentOrder: number;
  /** TCP: how often this packet was sent. */
  transmissions: number;
  /** TCP: scoreboard bits of the recovery algorithm. */
  marks: number;
  /** Where the packet is in its life; one of the PACKET_ constants. */
  state: number;
  /** Who holds the packet now, for audits ("tcp 49152->1883 retransmission queue"). Empty unless the pool audits. */
  holder: string;

  /** Copies `count` bytes to the end, allocating chained packets as needed. All or nothing. The caller keeps the packet. */
  appendBytes(source: Uint8Array, offset: number, count: number): Status;
  /** Copies at most `count` bytes, from `offset` on within the packet, to `target`. Returns the number copied. */
  extract(offset: number, target: Uint8Array, targetOffset: number, count: number): number;
  /** Gives the packet (and its chain) back to its pool. */
  release(): Status;
  /** What a driver calls when a frame is out: releases, unless a transport still keeps the packet for retransmission. */
  transmitRelease(): Status;
}

/** In the pool. */
export const PACKET_FREE = 0;
/** Handed out and owned by somebody. */
export const PACKET_ALLOCATED = 1;
/** Kept by a transport until acknowledged, and a driver is still sending it. */
export const PACKET_TRANSMITTING = 2;
/** Kept by a transport until acknowledged; no driver holds it (NX_DRIVER_TX_DONE). */
export const PACKET_RETAINED = 3;

/** What a layer needs of a pool: packets with room in front for the headers below it. */
export interface PacketAllocator {
  /** Bytes one packet can hold, head-room included. */
  readonly payloadSize: number;
  /** Packets free now. */
  readonly available: number;
  /** Fewer packets are free than the low watermark asks for: receivers shed load. Absent: there is no watermark. */
  readonly isLow?: boolean;
  /**
   * A packet with `headroom` bytes in front (one of the `NX_..._PACKET` types, a multiple of 4), or null when the pool is
   * empty, which is counted. The caller owns it.
   */
  allocate(headroom: number): Packet | null;
}

/** Head-room by packet type, in bytes (NetX Duo with IPv6: NX_PHYSICAL_HEADER 16 and the largest header of each layer). */
export const NX_RECEIVE_PACKET = 0;
export const NX_PHYSICAL_HEADER = 16;
export const NX_PHYSICAL_TRAILER = 4;
export const NX_IP_PACKET = 56;
export const NX_ICMP_PACKET = 56;
export const NX_UDP_PACKET = 64;
export const NX_TCP_PACKET = 76;
export const NX_IPV4_TCP_PACKET = 56;
export const NX_IPV6_TCP_PACKET = 76;
