import {
  NX_INVALID_PACKET,
  NX_SUCCESS,
  PACKET_FREE,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
  type Packet,
  type Status,
} from '@strata/contracts';
import type { PacketPool } from './pool.ts';

/** A packet of a {@link PacketPool}. Made once with its pool, never after; see the contract for the meaning of each field. */
export class PoolPacket implements Packet {
  readonly pool: PacketPool;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  readonly dataStart: number;
  readonly dataEnd: number;
  prepend: number;
  append: number;
  length: number;
  next: PoolPacket | null;
  last: PoolPacket | null;
  queueNext: Packet | null;
  ipVersion: number;
  interfaceIndex: number;
  ipHeader: number;
  transportHeader: number;
  frameId: number;
  sequence: number;
  sequenceLength: number;
  sentAt: number;
  transmissions: number;
  marks: number;
  state: number;
  holder: string;
  /** Where it was allocated, when the pool audits. */
  allocationStack: string;

  constructor(pool: PacketPool, dataStart: number, dataEnd: number) {
    this.pool = pool;
    this.bytes = pool.memory.bytes;
    this.view = pool.memory.view;
    this.words = pool.memory.words;
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
    this.prepend = dataStart;
    this.append = dataStart;
    this.length = 0;
    this.next = null;
    this.last = null;
    this.queueNext = null;
    this.ipVersion = 0;
    this.interfaceIndex = -1;
    this.ipHeader = -1;
    this.transportHeader = -1;
    this.frameId = 0;
    this.sequence = 0;
    this.sequenceLength = 0;
    this.sentAt = 0.5;
    this.sentAt = 0;
    this.transmissions = 0;
    this.marks = 0;
    this.state = PACKET_FREE;
    this.holder = '';
    this.allocationStack = '';
  }

  appendBytes(source: Uint8Array, offset: number, count: number): Status {
    const tail = this.last ?? this;
    if (count <= tail.dataEnd - tail.append) {
      if (offset === 0 && count === source.length) tail.bytes.set(source, tail.append);
      else tail.bytes.set(source.subarray(offset, offset + count), tail.append);
      tail.append += count;
      this.length += count;
      return NX_SUCCESS;
    }
    return this.pool.appendChained(this, source, offset, count);
  }

  extract(offset: number, target: Uint8Array, targetOffset: number, count: number): number {
    let skip = offset;
    let copied = 0;
    for (let part: PoolPacket | null = this; part !== null && copied < count; part = part.next) {
      const held = part.append - part.prepend;
      if (skip >= held) {
        skip -= held;
        continue;
      }
      const from = part.prepend + skip;
      const n = Math.min(held - skip, count - copied);
      if (target === this.bytes) target.copyWithin(targetOffset + copied, from, from + n);
      else target.set(this.bytes.subarray(from, from + n), targetOffset + copied);
      copied += n;
      skip = 0;
    }
    return copied;
  }

  release(): Status {
    return this.pool.release(this);
  }

  /** NetX Duo UG 4, nx_packet_transmit_release: a packet that waits for its acknowledgement is only marked as out. */
  transmitRelease(): Status {
    if (this.state === PACKET_TRANSMITTING) {
      this.state = PACKET_RETAINED;
      if (this.transportHeader >= 0) {
        this.length -= this.transportHeader - this.prepend;
        this.prepend = this.transportHeader;
      }
      return NX_SUCCESS;
    }
    if (this.state === PACKET_RETAINED) return NX_INVALID_PACKET;
    return this.pool.release(this);
  }
}
