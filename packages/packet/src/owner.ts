import type { Packet, PacketAllocator, Status } from '@strata/contracts';
import type { PacketMemory } from './memory.ts';

/** What a packet of type `P` knows of the pool that it came from, and goes back to. */
export interface PacketOwner<P extends Packet> extends PacketAllocator {
  readonly name: string;
  readonly memory: PacketMemory;
  /** Requests that found the pool empty. */
  emptyRequests: number;
  allocate(headroom: number): P | null;
  release(packet: P): Status;
  /** Takes back one packet, without its chain, that {@link release} found to be allocated. */
  takeBack(packet: P): void;
  /** Counts, and reports when auditing, the release of a packet that is free already. Returns NX_PTR_ERROR. */
  refuse(packet: P): Status;
}
