/**
 * `@strata/packet`: packet pools with NX_PACKET's meaning (NetX Duo UG 3, "Packet Memory Pools").
 *
 * Owns the slab, the free list, chains and counters, and knows who holds what. Knows no protocol.
 *
 * ```ts
 * const pool = new PacketPool({ name: 'device', payloadSize: 1568, packets: 64 });
 * const packet = pool.allocate(NX_TCP_PACKET);
 * packet?.appendBytes(new TextEncoder().encode('hello'), 0, 5);
 * packet?.release();
 * ```
 */
export type { PacketIncident } from './audit.ts';
export { packetFault } from './check.ts';
export { PacketMemory } from './memory.ts';
export type { PacketOwner } from './owner.ts';
export { type BytesCopied, PoolPacket } from './packet.ts';
export { PacketPool, type PacketPoolInfo, type PacketPoolOptions } from './pool.ts';
export { NX_PACKET_HEADER_SIZE, NX_PACKET_HEADER_SIZE_64, packetCount, poolMemory } from './size.ts';
export {
  type AbortSource,
  allocateWait,
  appendWait,
  copyWait,
  type PacketWaiter,
  type Suspender,
  type Suspension,
  type Waited,
} from './suspension.ts';
