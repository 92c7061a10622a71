import { PacketPool, type PacketPoolOptions, type PoolPacket } from '@strata/packet';

export function makePool(options: Partial<PacketPoolOptions> = {}): PacketPool {
  return new PacketPool({ name: 'test', payloadSize: 128, packets: 8, ...options });
}

/** Allocates, and fails the test when there is none. */
export function take(pool: PacketPool, headroom = 0): PoolPacket {
  const packet = pool.allocate(headroom);
  if (packet === null) throw new Error(`pool "${pool.name}" is empty`);
  return packet;
}

/** 0, 1, 2, … modulo 251, so that no two neighbouring parts look alike. */
export function pattern(count: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (first + i) % 251);
}

/** A packet with `count` bytes of pattern. */
export function filled(pool: PacketPool, count: number, headroom = 0): PoolPacket {
  const packet = take(pool, headroom);
  const status = packet.appendBytes(pattern(count), 0, count);
  if (status !== 0) throw new Error(`append failed with ${status}`);
  return packet;
}
