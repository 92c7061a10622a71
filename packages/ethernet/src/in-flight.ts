import type { Packet, TraceRef } from '@strata/contracts';
import type { PacketMemory } from '@strata/packet';

const NO_BYTES = new Uint8Array(0);

/** A frame between two ends: its bytes, or the receiver's packet that holds them already. Recycled, never freed. */
export class InFlight implements TraceRef {
  frameId: number;
  /** Integer microseconds. */
  arrival: number;
  length: number;
  /** Null while the bytes are in the link's own memory. */
  packet: Packet | null;
  bytes: Uint8Array;
  offset: number;
  next: InFlight | null;
  previous: InFlight | null;

  constructor(bytes: Uint8Array, offset: number) {
    this.frameId = 0;
    this.arrival = 0.5;
    this.arrival = 0;
    this.length = 0;
    this.packet = null;
    this.bytes = bytes;
    this.offset = offset;
    this.next = null;
    this.previous = null;
  }
}

/** How many frames' room a store asks for at a time. */
const GROWTH = 32;

/**
 * The memory of a link: records with room for one frame each, and records without room for frames that are in the receiver's
 * pool already. It grows to the largest number ever in flight and then allocates nothing.
 */
export class FrameStore {
  private readonly memory: PacketMemory | null;
  private readonly room: number;
  private free: InFlight | null;
  private bare: InFlight | null;

  /** @param frame the longest frame in octets
   *  @param memory where to put frames as long as there is room; its own memory after that, or when null */
  constructor(frame: number, memory: PacketMemory | null) {
    this.memory = memory;
    this.room = (frame + 7) & ~7;
    this.free = null;
    this.bare = null;
  }

  /** A record with room for a frame. */
  take(): InFlight {
    if (this.free === null) this.grow();
    const record = this.free!;
    this.free = record.next;
    record.next = null;
    return record;
  }

  /** A record for a frame that is in a packet. */
  takeBare(): InFlight {
    const record = this.bare;
    if (record === null) return new InFlight(NO_BYTES, 0);
    this.bare = record.next;
    record.next = null;
    return record;
  }

  give(record: InFlight): void {
    record.packet = null;
    record.previous = null;
    if (record.bytes === NO_BYTES) {
      record.next = this.bare;
      this.bare = record;
    } else {
      record.next = this.free;
      this.free = record;
    }
  }

  private grow(): void {
    const size = this.room * GROWTH;
    let bytes: Uint8Array = NO_BYTES;
    let offset = -1;
    if (this.memory !== null) {
      offset = this.memory.reserve(size);
      if (offset >= 0) bytes = this.memory.bytes;
    }
    if (offset < 0) {
      bytes = new Uint8Array(size);
      offset = 0;
    }
    for (let i = 0; i < GROWTH; i++) {
      const record = new InFlight(bytes, offset + i * this.room);
      record.next = this.free;
      this.free = record;
    }
  }
}

/** Frames in order of arrival; those that arrive together in order of sending. */
export class ArrivalQueue {
  head: InFlight | null;
  length: number;
  private tail: InFlight | null;

  constructor() {
    this.head = null;
    this.length = 0;
    this.tail = null;
  }

  /** Puts the record behind all that arrive no later: at the end, unless frames are held back there. */
  insert(record: InFlight): void {
    let before = this.tail;
    while (before !== null && before.arrival > record.arrival) before = before.previous;
    const after: InFlight | null = before === null ? this.head : before.next;
    record.previous = before;
    record.next = after;
    if (before === null) this.head = record;
    else before.next = record;
    if (after === null) this.tail = record;
    else after.previous = record;
    this.length++;
  }

  shift(): InFlight | null {
    const record = this.head;
    if (record === null) return null;
    const next = record.next;
    this.head = next;
    if (next === null) this.tail = null;
    else next.previous = null;
    record.next = null;
    this.length--;
    return record;
  }
}
