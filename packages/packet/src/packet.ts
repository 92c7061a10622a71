import {
  NX_INVALID_PACKET,
  NX_INVALID_PARAMETERS,
  NX_NO_PACKET,
  NX_PACKET_OFFSET_ERROR,
  NX_SIZE_ERROR,
  NX_SUCCESS,
  PACKET_FREE,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
  type Packet,
  type Status,
} from '@strata/contracts';
import type { PacketOwner } from './owner.ts';

/** Up to this many bytes a loop is faster than making a view for `set`. */
const SHORT_COPY = 48;

/** Where a service reports how many bytes it copied (NetX's `ULONG *bytes_copied`). */
export interface BytesCopied {
  value: number;
}

/** A packet of a {@link PacketPool}. Made once with its pool, never after; see the contract for the meaning of each field. */
export class PoolPacket implements Packet {
  readonly pool: PacketOwner<PoolPacket>;
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
  sentOrder: number;
  transmissions: number;
  marks: number;
  state: number;
  holder: string;
  /** Where it was allocated, when the pool audits. */
  allocationStack: string;
  /** Where it was last released, when the pool audits. */
  releaseStack: string;
  /** The view that the last long copy to foreign memory was made through, and where it begins; see {@link copyOut}. */
  private outView: Uint8Array | null;
  private outStart: number;

  constructor(pool: PacketOwner<PoolPacket>, dataStart: number, dataEnd: number) {
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
    // Times are doubles from the first store on, so that storing one never changes the field's representation.
    this.sentAt = 0.5;
    this.sentAt = 0;
    this.sentOrder = 0;
    this.transmissions = 0;
    this.marks = 0;
    this.state = PACKET_FREE;
    this.holder = '';
    this.allocationStack = '';
    this.releaseStack = '';
    this.outView = null;
    this.outStart = 0;
  }

  /** Head-room left: how many bytes of header can still be put in front. */
  get prependRoom(): number {
    return this.prepend - this.dataStart;
  }

  /** Tail-room left in the last packet of the chain; more data than this makes `appendBytes` allocate. */
  get tailRoom(): number {
    const tail = this.last ?? this;
    return tail.dataEnd - tail.append;
  }

  /** How many pool packets the chain consists of; 1 without a chain. */
  get parts(): number {
    let count = 0;
    for (let part: PoolPacket | null = this; part !== null; part = part.next) count++;
    return count;
  }

  appendBytes(source: Uint8Array, offset: number, count: number): Status {
    const tail = this.last ?? this;
    if (count <= tail.dataEnd - tail.append) {
      copyBytes(source, offset, tail.bytes, tail.append, count);
      tail.append += count;
      this.length += count;
      return NX_SUCCESS;
    }
    return this.appendBytesFrom(source, offset, count, this.pool);
  }

  /**
   * `appendBytes` that takes the further packets from `pool` (nx_packet_data_append's pool_ptr). NX_NO_PACKET, and nothing
   * changed, when that has too few.
   */
  appendBytesFrom(source: Uint8Array, offset: number, count: number, pool: PacketOwner<PoolPacket>): Status {
    const status = this.grow(count, pool);
    if (status === NX_SUCCESS) this.write(source, offset, count);
    return status;
  }

  /**
   * Appends `count` bytes of `source`, from `offset` on within it, chain or not. Within one PacketMemory nothing but the
   * bytes themselves moves. All or nothing; both packets stay the caller's. NX_PACKET_OFFSET_ERROR when `source` does not
   * hold that many bytes, NX_NO_PACKET when the pool has too few packets.
   */
  appendPacketBytes(source: Packet, offset: number, count: number): Status {
    if (offset < 0 || count < 0 || offset + count > source.length) return NX_PACKET_OFFSET_ERROR;
    const status = this.grow(count, this.pool);
    if (status !== NX_SUCCESS) return status;
    let skip = offset;
    let left = count;
    for (let part: Packet | null = source; part !== null && left > 0; part = part.next) {
      const held = part.append - part.prepend;
      if (skip >= held) {
        skip -= held;
        continue;
      }
      const n = Math.min(held - skip, left);
      this.write(part.bytes, part.prepend + skip, n);
      left -= n;
      skip = 0;
    }
    return NX_SUCCESS;
  }

  /** Joins packets that came one by one from an allocator, linked through `next`, to the end, and fills them. */
  appendBytesInto(source: Uint8Array, offset: number, count: number, fresh: PoolPacket | null): void {
    (this.last ?? this).next = fresh;
    this.write(source, offset, count);
  }

  /** How many further packets of `pool` an append of `count` bytes needs. */
  partsFor(count: number, pool: PacketOwner<PoolPacket>): number {
    const missing = count - this.tailRoom;
    return missing <= 0 ? 0 : Math.ceil(missing / pool.payloadSize);
  }

  /** Links enough empty packets behind the tail to take `count` bytes more, or changes nothing. `write` must follow. */
  private grow(count: number, pool: PacketOwner<PoolPacket>): Status {
    if (this.state === PACKET_FREE) return NX_INVALID_PACKET;
    let missing = this.partsFor(count, pool);
    if (missing > pool.available) {
      pool.emptyRequests++;
      return NX_NO_PACKET;
    }
    let end = this.last ?? this;
    const tail = end;
    for (; missing > 0; missing--) {
      const fresh = pool.allocate(0);
      if (fresh === null) {
        tail.next?.release();
        tail.next = null;
        return NX_NO_PACKET;
      }
      end.next = fresh;
      end = fresh;
    }
    return NX_SUCCESS;
  }

  /** Appends to the tail and on through the empty packets behind it, which must be enough. */
  private write(source: Uint8Array, offset: number, count: number): void {
    let tail = this.last ?? this;
    let from = offset;
    let left = count;
    for (;;) {
      const n = Math.min(left, tail.dataEnd - tail.append);
      copyBytes(source, from, tail.bytes, tail.append, n);
      tail.append += n;
      from += n;
      left -= n;
      if (left === 0) break;
      tail = tail.next as PoolPacket;
      this.last = tail;
    }
    this.length += count;
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
      const n = Math.min(held - skip, count - copied);
      part.copyOut(part.prepend + skip, n, target, targetOffset + copied);
      copied += n;
      skip = 0;
    }
    return copied;
  }

  /**
   * Copies `count` bytes of the slab to `target`. `set` needs a view of exactly these bytes; making one costs some 50 ns and
   * 100 B of heap. The segments of a stream are alike, so a packet usually holds them where it held the last one's, and the
   * view is kept.
   */
  private copyOut(from: number, count: number, target: Uint8Array, to: number): void {
    if (count <= SHORT_COPY || target === this.bytes) {
      copyBytes(this.bytes, from, target, to, count);
      return;
    }
    let view = this.outView;
    if (view === null || this.outStart !== from || view.length !== count) {
      view = this.bytes.subarray(from, from + count);
      this.outView = view;
      this.outStart = from;
    }
    target.set(view, to);
  }

  /**
   * nx_packet_data_extract_offset: copies at most `count` bytes from `offset` on to `target`. NX_PACKET_OFFSET_ERROR when
   * `offset` is not within the packet, but offset 0 of an empty packet is 0 bytes and success.
   */
  extractOffset(
    offset: number,
    target: Uint8Array,
    targetOffset: number,
    count: number,
    copied: BytesCopied | null = null,
  ): Status {
    if (offset >= this.length && offset !== 0) return NX_PACKET_OFFSET_ERROR;
    const n = this.extract(offset, target, targetOffset, Math.min(count, this.length - offset));
    if (copied !== null) copied.value = n;
    return NX_SUCCESS;
  }

  /**
   * nx_packet_data_retrieve: copies everything to `target`. NX_INVALID_PACKET when the chain does not hold what `length`
   * says. NetX does not know the size of the destination; here NX_SIZE_ERROR, and nothing copied, when it is too small.
   */
  retrieve(target: Uint8Array, targetOffset: number, copied: BytesCopied | null = null): Status {
    if (copied !== null) copied.value = 0;
    let held = 0;
    for (let part: PoolPacket | null = this; part !== null; part = part.next) held += part.append - part.prepend;
    if (targetOffset + held > target.length) return NX_SIZE_ERROR;
    const n = this.extract(0, target, targetOffset, held);
    if (copied !== null) copied.value = n;
    return n === this.length ? NX_SUCCESS : NX_INVALID_PACKET;
  }

  /** A fresh `Uint8Array` with everything in the packet. For applications and tests; it allocates. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    this.extract(0, bytes, 0, this.length);
    return bytes;
  }

  /**
   * What {@link copy} would answer: NX_INVALID_PACKET for an empty packet, NX_INVALID_PARAMETERS when the head-room alone
   * does not fit `pool`'s payload, NX_NO_PACKET when `pool` has too few packets.
   */
  copyStatus(pool: PacketOwner<PoolPacket>): Status {
    if (this.length === 0) return NX_INVALID_PACKET;
    if (this.prependRoom > pool.payloadSize) return NX_INVALID_PARAMETERS;
    return this.copyParts(pool) > pool.available ? NX_NO_PACKET : NX_SUCCESS;
  }

  /** How many packets of `pool` a copy takes, head-room included. */
  copyParts(pool: PacketOwner<PoolPacket>): number {
    return Math.max(1, Math.ceil((this.prependRoom + this.length) / pool.payloadSize));
  }

  /**
   * nx_packet_copy: a packet of `pool` with the same bytes and the same prepend offset, head-room contents included. It
   * chains when `pool`'s payload is smaller. Null when {@link copyStatus} is not NX_SUCCESS; an empty pool is counted.
   * The caller owns both packets.
   */
  copy(pool: PacketOwner<PoolPacket> = this.pool): PoolPacket | null {
    const status = this.copyStatus(pool);
    if (status !== NX_SUCCESS) {
      if (status === NX_NO_PACKET) pool.emptyRequests++;
      return null;
    }
    const head = pool.allocate(0);
    if (head === null) return null;
    if (head.grow(this.prependRoom + this.length, pool) !== NX_SUCCESS) {
      head.release();
      return null;
    }
    this.copyInto(head);
    return head;
  }

  /** Fills a fresh packet without head-room, behind which enough empty ones are linked, with a copy of this one. */
  copyInto(head: PoolPacket): void {
    const headroom = this.prependRoom;
    head.write(this.bytes, this.dataStart, this.append - this.dataStart);
    for (let part = this.next; part !== null; part = part.next) {
      head.write(part.bytes, part.prepend, part.append - part.prepend);
    }
    head.prepend = head.dataStart + headroom;
    head.length -= headroom;
    head.ipVersion = this.ipVersion;
    head.interfaceIndex = this.interfaceIndex;
    head.frameId = this.frameId;
    head.ipHeader = this.ipHeader < 0 ? -1 : head.dataStart + this.ipHeader - this.dataStart;
    head.transportHeader = this.transportHeader < 0 ? -1 : head.dataStart + this.transportHeader - this.dataStart;
  }

  /**
   * Drops `count` bytes (at most all) from the front. Packets of the chain that become empty are released, except this one,
   * which stays the head even when nothing is left in it.
   */
  trimStart(count: number): void {
    let left = Math.min(count, this.length);
    this.length -= left;
    const own = Math.min(left, this.append - this.prepend);
    this.prepend += own;
    left -= own;
    while (left > 0) {
      const part = this.next as PoolPacket;
      const held = part.append - part.prepend;
      if (held > left) {
        part.prepend += left;
        return;
      }
      left -= held;
      this.next = part.next;
      if (part.next === null) this.last = null;
      part.next = null;
      part.release();
    }
  }

  /** Drops `count` bytes (at most all) from the end. Packets of the chain that become empty are released, except this one. */
  trimEnd(count: number): void {
    const keep = Math.max(0, this.length - count);
    let left = keep;
    let part: PoolPacket = this;
    for (;;) {
      const held = part.append - part.prepend;
      if (held >= left) break;
      left -= held;
      part = part.next as PoolPacket;
    }
    part.append = part.prepend + left;
    part.next?.release();
    part.next = null;
    this.last = part === this ? null : part;
    this.length = keep;
  }

  /**
   * Cuts the packet in two: this one keeps the first `offset` bytes, the returned one has the rest and at least `headroom`
   * bytes in front. At most the bytes of one pool packet are copied. Null, and nothing changed, when the pool is empty or
   * `offset` is beyond the end. The caller owns both.
   */
  split(offset: number, headroom: number): PoolPacket | null {
    if (offset < 0 || offset > this.length || this.state === PACKET_FREE) return null;
    let part: PoolPacket = this;
    let kept = offset;
    while (kept > part.append - part.prepend) {
      kept -= part.append - part.prepend;
      part = part.next as PoolPacket;
    }
    const rest = this.length - offset;
    const cut = part.prepend + kept;
    const moved = part.append - cut;
    const following = part.next;
    let head = following;
    if (moved > 0 || following === null || following.prependRoom < headroom) {
      head = this.pool.allocate(headroom);
      if (head === null) return null;
      if (head.appendBytesFrom(this.bytes, cut, moved, this.pool) !== NX_SUCCESS) {
        head.release();
        return null;
      }
      (head.last ?? head).next = following;
      if (following !== null) head.last = this.last;
    } else {
      head = following;
      head.last = this.last === following ? null : this.last;
    }
    head.length = rest;
    head.ipVersion = this.ipVersion;
    head.interfaceIndex = this.interfaceIndex;
    part.append = cut;
    part.next = null;
    this.last = part === this ? null : part;
    this.length = offset;
    return head;
  }

  /** Links `other` (and its chain) behind this one without copying. `other` is consumed. */
  concat(other: PoolPacket): void {
    (this.last ?? this).next = other;
    this.last = other.last ?? other;
    this.length += other.length;
    other.last = null;
  }

  /**
   * Gives the packet and its chain back. NX_PTR_ERROR, and counted, when it is free already. When a transport releases a
   * packet that a driver is still sending, the driver becomes its only owner and its `transmitRelease` frees it.
   */
  release(): Status {
    return this.pool.release(this);
  }

  /**
   * NetX Duo UG 4, nx_packet_transmit_release: a packet that waits for its acknowledgement is only marked as out, and
   * everything in front of its transport header is stripped. NX_INVALID_PACKET for one that no driver is sending. The next
   * transmission is a frame of its own, so the packet has no frame number until then.
   */
  transmitRelease(): Status {
    if (this.state === PACKET_TRANSMITTING) {
      this.state = PACKET_RETAINED;
      this.frameId = 0;
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

/** Copies without making a view where that is possible: within one slab, for a whole array, or for a few bytes. */
function copyBytes(source: Uint8Array, offset: number, target: Uint8Array, to: number, count: number): void {
  if (source === target) target.copyWithin(to, offset, offset + count);
  else if (count <= SHORT_COPY) for (let i = 0; i < count; i++) target[to + i] = source[offset + i] as number;
  else if (offset === 0 && count === source.length) target.set(source, to);
  else target.set(source.subarray(offset, offset + count), to);
}
