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
export { PacketMemory } from './memory.ts';
export { PoolPacket } from './packet.ts';
export { PacketPool, type PacketPoolOptions } from './pool.ts';
