import {
  NX_INVALID_PARAMETERS,
  NX_NO_PACKET,
  NX_OPTION_ERROR,
  NX_PTR_ERROR,
  NX_SUCCESS,
  PACKET_ALLOCATED,
  PACKET_FREE,
  type Packet,
  type PacketAllocator,
  type Status,
} from '@strata/contracts';
import { PacketMemory } from './memory.ts';
import { PoolPacket } from './packet.ts';

/** How to make a {@link PacketPool}. */
export interface PacketPoolOptions {
  /** Shown in reports. */
  readonly name: string;
  /** Bytes each packet can hold, head-room included (nx_packet_pool_create's payload_size). Rounded up to a multiple of 8. */
  readonly payloadSize: number;
  /** How many packets. */
  readonly packets: number;
  /** Memory to carve the pool from; its own when absent. */
  readonly memory?: PacketMemory;
  /** Record who allocated and who holds each packet. Costs a stack trace per allocation. Default false. */
  readonly audit?: boolean;
}

/** A fixed number of packets of one size over one slab, with NX_PACKET_POOL's counters. */
export class PacketPool implements PacketAllocator {
  readonly name: string;
  readonly payloadSize: number;
  readonly total: number;
  readonly memory: PacketMemory;
  readonly audit: boolean;
  /** Free now (nx_packet_pool_available). */
  available: number;
  /** The fewest that were ever free. */
  minimumAvailable: number;
  /** Requests that found the pool empty (nx_packet_pool_empty_requests). */
  emptyRequests: number;
  /** Requests that found the pool empty and waited (nx_packet_pool_empty_suspensions). */
  emptySuspensions: number;
  /** Releases of packets that were not allocated (nx_packet_pool_invalid_releases). */
  invalidReleases: number;
  /** Below this many free packets, receivers shed load; 0 = off (nx_packet_pool_low_watermark_set). */
  lowWatermark: number;
  private readonly packets: PoolPacket[];
  /** LIFO free list through `queueNext`. */
  private free: PoolPacket | null;

  constructor(options: PacketPoolOptions) {
    this.name = options.name;
    this.payloadSize = (options.payloadSize + 7) & ~7;
    this.total = options.packets;
    const memory = options.memory ?? new PacketMemory(this.payloadSize * this.total);
    this.memory = memory;
    this.audit = options.audit ?? false;
    this.available = this.total;
    this.minimumAvailable = this.total;
    this.emptyRequests = 0;
    this.emptySuspensions = 0;
    this.invalidReleases = 0;
    this.lowWatermark = 0;
    this.packets = [];
    this.free = null;
    const slab = memory.reserve(this.payloadSize * this.total);
    if (slab < 0) {
      throw new RangeError(
        `packet pool "${this.name}": ${this.total} packets of ${this.payloadSize} B do not fit the memory given; ` +
          'give the pool fewer packets, or a larger PacketMemory',
      );
    }
    for (let i = this.total - 1; i >= 0; i--) {
      const start = slab + i * this.payloadSize;
      const packet = new PoolPacket(this, start, start + this.payloadSize);
      packet.queueNext = this.free;
      this.free = packet;
      this.packets.push(packet);
    }
    this.packets.reverse();
  }

  allocate(headroom: number): PoolPacket | null {
    const packet = this.free;
    if (packet === null) {
      this.emptyRequests++;
      return null;
    }
    this.free = packet.queueNext as PoolPacket | null;
    this.available--;
    if (this.available < this.minimumAvailable) this.minimumAvailable = this.available;
    prepare(packet, headroom);
    if (this.audit) packet.allocationStack = new Error('allocated').stack ?? '';
    return packet;
  }

  /** Checks what a caller asks for, as nx_packet_allocate does: a multiple of 4 that fits the payload. */
  checkHeadroom(headroom: number): Status {
    if (headroom & 3) return NX_OPTION_ERROR;
    if (headroom > this.payloadSize) return NX_INVALID_PARAMETERS;
    return NX_SUCCESS;
  }

  /** Takes the packet and its whole chain back. NX_PTR_ERROR, and counted, for one that is free already. */
  release(packet: PoolPacket): Status {
    let part: PoolPacket | null = packet;
    while (part !== null) {
      if (part.state === PACKET_FREE) {
        part.pool.invalidReleases++;
        return NX_PTR_ERROR;
      }
      const next: PoolPacket | null = part.next;
      part.pool.put(part);
      part = next;
    }
    return NX_SUCCESS;
  }

  private put(packet: PoolPacket): void {
    packet.state = PACKET_FREE;
    packet.next = null;
    packet.last = null;
    packet.holder = '';
    packet.queueNext = this.free;
    this.free = packet;
    this.available++;
  }

  /** The packets that are out now, for audits and leak reports. */
  outstanding(): Packet[] {
    return this.packets.filter((packet) => packet.state !== PACKET_FREE);
  }

  /** The slow half of `appendBytes`: fills the tail, then chains whole packets without head-room. All or nothing. */
  appendChained(packet: PoolPacket, source: Uint8Array, offset: number, count: number): Status {
    const tail = packet.last ?? packet;
    const room = tail.dataEnd - tail.append;
    const extra = Math.ceil((count - room) / this.payloadSize);
    if (extra > this.available) {
      this.emptyRequests++;
      return NX_NO_PACKET;
    }
    let from = offset;
    let part = tail;
    let n = room;
    let left = count;
    for (;;) {
      part.bytes.set(source.subarray(from, from + n), part.append);
      part.append += n;
      from += n;
      left -= n;
      if (left === 0) break;
      const more = this.allocate(0) as PoolPacket;
      part.next = more;
      part = more;
      packet.last = more;
      n = Math.min(left, this.payloadSize);
    }
    packet.length += count;
    return NX_SUCCESS;
  }
}

/** Puts a packet into the state in which an allocator hands it out. */
function prepare(packet: PoolPacket, headroom: number): void {
  const start = packet.dataStart + headroom;
  packet.prepend = start;
  packet.append = start;
  packet.length = 0;
  packet.next = null;
  packet.last = null;
  packet.queueNext = null;
  packet.ipVersion = 4;
  packet.interfaceIndex = -1;
  packet.ipHeader = -1;
  packet.transportHeader = -1;
  packet.frameId = 0;
  packet.sequence = 0;
  packet.sequenceLength = 0;
  packet.sentAt = 0;
  packet.transmissions = 0;
  packet.marks = 0;
  packet.state = PACKET_ALLOCATED;
}
