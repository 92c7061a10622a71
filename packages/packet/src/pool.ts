import {
  NX_INVALID_PARAMETERS,
  NX_OPTION_ERROR,
  NX_POOL_DELETED,
  NX_PTR_ERROR,
  NX_SUCCESS,
  PACKET_ALLOCATED,
  PACKET_FREE,
  PACKET_TRANSMITTING,
  type Status,
} from '@strata/contracts';
import { describeOutstanding, type PacketIncident, PoolAudit } from './audit.ts';
import { packetFault } from './check.ts';
import { PacketMemory } from './memory.ts';
import type { PacketOwner } from './owner.ts';
import { PoolPacket } from './packet.ts';
import type { PacketWaiter } from './suspension.ts';

/** How to make a {@link PacketPool}. */
export interface PacketPoolOptions {
  /** Shown in reports. */
  readonly name: string;
  /** Bytes each packet can hold, head-room included (nx_packet_pool_create's payload_size). */
  readonly payloadSize: number;
  /** How many packets. `packetCount` tells how many NetX makes of a memory area. */
  readonly packets: number;
  /** Memory to carve the pool from; its own when absent. Each packet takes the payload size rounded up to 8 bytes. */
  readonly memory?: PacketMemory;
  /** Record who allocated and who holds each packet, and find misuse. Costs a stack trace per allocation. Default false. */
  readonly audit?: boolean;
}

/** A pool's counters, as nx_packet_pool_info_get reports them, and how low it has been. */
export interface PacketPoolInfo {
  readonly total: number;
  readonly free: number;
  readonly emptyRequests: number;
  readonly emptySuspensions: number;
  readonly invalidReleases: number;
  readonly minimumFree: number;
}

/** A fixed number of packets of one size over one slab, with NX_PACKET_POOL's counters. */
export class PacketPool implements PacketOwner<PoolPacket> {
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
  /** Audited, waited for, or deleted: then neither allocating nor releasing is a mere list operation. */
  private attended: boolean;
  private deleted: boolean;
  private readonly records: PoolAudit | null;
  /** Who waits, first come first served, with the head-room asked for. */
  private readonly waiters: Map<PacketWaiter, number>;

  constructor(options: PacketPoolOptions) {
    this.name = options.name;
    this.payloadSize = options.payloadSize;
    this.total = options.packets;
    const stride = (options.payloadSize + 7) & ~7;
    const memory = options.memory ?? new PacketMemory(stride * this.total);
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
    const slab = memory.reserve(stride * this.total);
    if (slab < 0) {
      throw new RangeError(
        `packet pool "${this.name}": ${this.total} packets of ${this.payloadSize} B do not fit the memory given; ` +
          'give the pool fewer packets, or a larger PacketMemory',
      );
    }
    for (let i = this.total - 1; i >= 0; i--) {
      const start = slab + i * stride;
      const packet = new PoolPacket(this, start, start + this.payloadSize);
      packet.queueNext = this.free;
      this.free = packet;
      this.packets.push(packet);
    }
    this.packets.reverse();
    this.attended = this.audit;
    this.deleted = false;
    this.records = this.audit ? new PoolAudit(this.packets) : null;
    this.waiters = new Map();
  }

  allocate(headroom: number): PoolPacket | null {
    const packet = this.free;
    if (packet === null || this.attended) return this.allocateAttended(headroom);
    this.free = packet.queueNext as PoolPacket | null;
    const left = this.available - 1;
    this.available = left;
    if (left < this.minimumAvailable) this.minimumAvailable = left;
    prepare(packet, headroom);
    return packet;
  }

  private allocateAttended(headroom: number): PoolPacket | null {
    const packet = this.free;
    if (packet === null || this.deleted) {
      this.emptyRequests++;
      return null;
    }
    this.records?.examine(packet);
    this.free = packet.queueNext as PoolPacket | null;
    this.available--;
    const isLowest = this.available < this.minimumAvailable;
    if (isLowest) this.minimumAvailable = this.available;
    prepare(packet, headroom);
    this.records?.allocated(packet, isLowest);
    return packet;
  }

  /**
   * A packet at once; or null, and then `waiter` is told when its turn has come, the pool is deleted, or never after
   * {@link cancelWait}. Waiters are served in order of arrival (nx_packet_allocate with a wait option). A waiter waits once.
   */
  allocateOrWait(headroom: number, waiter: PacketWaiter): PoolPacket | null {
    const packet = this.allocate(headroom);
    if (packet !== null) return packet;
    if (this.deleted) {
      waiter.refused(NX_POOL_DELETED);
      return null;
    }
    this.emptySuspensions++;
    this.waiters.set(waiter, headroom);
    this.attended = true;
    return null;
  }

  /** Stops waiting. False when the waiter was not waiting (any more). */
  cancelWait(waiter: PacketWaiter): boolean {
    const waited = this.waiters.delete(waiter);
    this.attended = this.audit || this.deleted || this.waiters.size > 0;
    return waited;
  }

  /** How many wait for a packet now (nx_packet_pool_suspended_count). */
  get suspended(): number {
    return this.waiters.size;
  }

  /** Checks what a caller asks for, as nx_packet_allocate does: a multiple of 4 that fits the payload. */
  checkHeadroom(headroom: number): Status {
    if (headroom & 3) return NX_OPTION_ERROR;
    if (headroom > this.payloadSize) return NX_INVALID_PARAMETERS;
    return NX_SUCCESS;
  }

  /** Takes the packet and its whole chain back, also packets of other pools. See {@link PoolPacket.release}. */
  release(packet: PoolPacket): Status {
    const state = packet.state;
    if (
      packet.next !== null ||
      this.attended ||
      state === PACKET_FREE ||
      state === PACKET_TRANSMITTING ||
      packet.pool !== this
    ) {
      return this.releaseChain(packet);
    }
    packet.state = PACKET_FREE;
    packet.last = null;
    packet.holder = '';
    packet.queueNext = this.free;
    this.free = packet;
    this.available++;
    return NX_SUCCESS;
  }

  private releaseChain(packet: PoolPacket): Status {
    if (packet.state === PACKET_TRANSMITTING) {
      packet.state = PACKET_ALLOCATED;
      if (this.audit) packet.holder = `${packet.holder} (given up; the driver is still sending it)`;
      return NX_SUCCESS;
    }
    let part: PoolPacket | null = packet;
    while (part !== null) {
      if (part.state === PACKET_FREE) return part.pool.refuse(part);
      const next: PoolPacket | null = part.next;
      part.pool.takeBack(part);
      part = next;
    }
    return NX_SUCCESS;
  }

  takeBack(packet: PoolPacket): void {
    this.records?.released(packet);
    packet.next = null;
    packet.last = null;
    packet.holder = '';
    if (this.waiters.size > 0) {
      this.hand(packet);
      return;
    }
    packet.state = PACKET_FREE;
    packet.queueNext = this.free;
    this.free = packet;
    this.available++;
  }

  /** Straight to the first waiter; the packet is never free in between. */
  private hand(packet: PoolPacket): void {
    const [waiter, headroom] = this.waiters.entries().next().value as [PacketWaiter, number];
    this.cancelWait(waiter);
    prepare(packet, headroom);
    // NetX sets the IP version only of packets that come from the list.
    packet.ipVersion = 0;
    this.records?.allocated(packet, false);
    waiter.granted(packet);
  }

  refuse(packet: PoolPacket): Status {
    this.invalidReleases++;
    this.records?.doubleRelease(packet);
    return NX_PTR_ERROR;
  }

  /** nx_packet_pool_info_get. */
  info(): PacketPoolInfo {
    return {
      total: this.total,
      free: this.available,
      emptyRequests: this.emptyRequests,
      emptySuspensions: this.emptySuspensions,
      invalidReleases: this.invalidReleases,
      minimumFree: this.minimumAvailable,
    };
  }

  /** True while fewer packets are free than the low watermark asks for: receivers should shed load. */
  get isLow(): boolean {
    return this.available < this.lowWatermark;
  }

  /** nx_packet_pool_low_watermark_set. */
  setLowWatermark(packets: number): Status {
    this.lowWatermark = packets;
    return NX_SUCCESS;
  }

  /**
   * nx_packet_pool_delete: nothing can be allocated from now on, and whoever waits is told NX_POOL_DELETED. Packets that are
   * out may still be released. NX_PTR_ERROR when it was deleted before.
   */
  delete(): Status {
    if (this.deleted) return NX_PTR_ERROR;
    this.deleted = true;
    this.attended = true;
    const waiting = [...this.waiters.keys()];
    this.waiters.clear();
    for (const waiter of waiting) waiter.refused(NX_POOL_DELETED);
    return NX_SUCCESS;
  }

  /** The packets that are out now, in order of their place in the slab; chained ones too. */
  outstanding(): PoolPacket[] {
    return this.packets.filter((packet) => packet.state !== PACKET_FREE);
  }

  /** What an auditing pool found (the first 100); empty otherwise. */
  get incidents(): readonly PacketIncident[] {
    return this.records === null ? [] : this.records.incidents;
  }

  /** How many packets each holder had when the pool was at its lowest; '' for those without a name. Only when auditing. */
  get holdersAtLowest(): ReadonlyMap<string, number> {
    return this.records === null ? new Map() : this.records.holdersAtLowest();
  }

  /** For people: the packets that are out, grouped by holder and place of allocation. Empty when none is. */
  leakReport(): string {
    return describeOutstanding(this.name, this.total, this.outstanding(), this.audit);
  }

  /** What is wrong with the pool's own books, for tests; empty when nothing is. Costs time in proportion to the pool. */
  verify(): string[] {
    const faults: string[] = [];
    let free = 0;
    for (
      let packet = this.free;
      packet !== null && free <= this.total;
      packet = packet.queueNext as PoolPacket | null
    ) {
      free++;
      if (packet.state !== PACKET_FREE) faults.push('a packet on the free list is not marked free');
    }
    if (free !== this.available) faults.push(`${free} packets on the free list, available says ${this.available}`);
    const out = this.outstanding();
    if (free + out.length !== this.total) faults.push(`${free} free and ${out.length} out are not ${this.total}`);
    const chained = new Set<PoolPacket>();
    for (const packet of out) {
      for (let part = packet.next; part !== null && !chained.has(part); part = part.next) chained.add(part);
    }
    for (const packet of out) {
      const fault = chained.has(packet) ? null : packetFault(packet);
      if (fault !== null) faults.push(fault);
    }
    return faults;
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
