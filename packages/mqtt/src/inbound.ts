import {
  DROP_MQTT_REMAINING_LENGTH,
  DROP_MQTT_TOO_LARGE,
  NX_SUCCESS,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { MQTT_PUBLISH } from './codec/control-packet.ts';
import { checkFirstOctet, checkRemainingLength, MAXIMUM_LENGTH_OCTETS } from './codec/fixed-header.ts';
import { appendRange } from './packet-copy.ts';

/** {@link Inbound.scan}: the control packet at the front is not complete. */
export const FRAME_INCOMPLETE = -1;
/** {@link Inbound.scan}: the control packet at the front is complete. */
export const FRAME_COMPLETE = 0;
/** {@link Inbound.scan}: the PUBLISH at the front is too large to be held, and is to be received piece by piece. */
export const FRAME_LARGE = -2;

/** Where the parts of a complete PUBLISH are. */
export interface PublishPlace {
  readonly topicAt: number;
  readonly topicLength: number;
  /** 0 with QoS 0. */
  readonly id: number;
}

/** Finds the parts of a PUBLISH that was once accepted; null when these octets are none, or not exactly one. */
export function findPublish(octets: Uint8Array): PublishPlace | null {
  let at = 1;
  let remaining = (octets[1] as number) & 0x7f;
  while (at < octets.length && (octets[at] as number) >= 0x80) {
    remaining += ((octets[at + 1] as number) & 0x7f) << (7 * at);
    at++;
  }
  const topicAt = at + 3;
  if (octets.length < topicAt + 1 || (octets[0] as number) >> 4 !== MQTT_PUBLISH) return null;
  if (at + 1 + remaining !== octets.length) return null;
  const topicLength = ((octets[at + 1] as number) << 8) | (octets[at + 2] as number);
  const idAt = topicAt + topicLength;
  if (((octets[0] as number) & 6) === 0) return idAt > octets.length ? null : { topicAt, topicLength, id: 0 };
  if (idAt + 2 > octets.length) return null;
  return { topicAt, topicLength, id: ((octets[idAt] as number) << 8) | (octets[idAt + 1] as number) };
}

/**
 * Finds control packets in the stream: what has arrived and was not taken yet, as one chain. A control packet may come in
 * many packets and a packet may carry many. Holds at most one unfinished control packet of at most `maximumSize` octets;
 * small arrivals are packed together, so that a peer sending single octets cannot fill the pool.
 */
export class Inbound {
  /** First octet of the control packet at the front. */
  octet: number;
  /** Its remaining length, and the octets of its fixed header; both 0 while that has not come. */
  remaining: number;
  headerSize: number;
  /** Where {@link look} put what was asked for. */
  bytes: Uint8Array;
  at: number;
  private head: Packet | null;
  private scratch: Uint8Array;
  private readonly maximumSize: number;
  private readonly streams: boolean;

  /** @param streams larger PUBLISHes are {@link FRAME_LARGE} instead of a violation */
  constructor(maximumSize: number, streams = false) {
    this.octet = 0;
    this.remaining = 0;
    this.headerSize = 0;
    this.scratch = new Uint8Array(64);
    this.bytes = this.scratch;
    this.at = 0;
    this.head = null;
    this.maximumSize = maximumSize;
    this.streams = streams;
  }

  /** Octets waiting. */
  get length(): number {
    return this.head === null ? 0 : this.head.length;
  }

  /** Takes the packet, which is then this object's. */
  push(packet: Packet): void {
    if (packet.length === 0) {
      packet.release();
      return;
    }
    const head = this.head;
    if (head === null) {
      this.head = packet;
      return;
    }
    const tail = head.last ?? head;
    if (packet.next === null && packet.length <= tail.dataEnd - tail.append) {
      appendRange(head, packet, packet.prepend, packet.length);
      packet.release();
      return;
    }
    tail.next = packet;
    head.last = packet.last ?? packet;
    head.length += packet.length;
    packet.last = null;
  }

  /**
   * Reads the fixed header at the front. {@link FRAME_COMPLETE}: all of the control packet is here; {@link FRAME_INCOMPLETE}:
   * more must come; otherwise the reason why it will never be accepted, found as early as the octets allow.
   */
  scan(): number {
    const waiting = this.length;
    this.remaining = 0;
    this.headerSize = 0;
    if (waiting === 0) return FRAME_INCOMPLETE;
    this.look(Math.min(waiting, 1 + MAXIMUM_LENGTH_OCTETS));
    const { bytes, at } = this;
    const octet = bytes[at] as number;
    this.octet = octet;
    let reason = checkFirstOctet(octet);
    if (reason !== 0) return reason;
    let remaining = 0;
    let size = 1;
    for (;;) {
      if (size > MAXIMUM_LENGTH_OCTETS) return DROP_MQTT_REMAINING_LENGTH;
      if (size >= waiting) return FRAME_INCOMPLETE;
      const digit = bytes[at + size] as number;
      remaining |= (digit & 0x7f) << (7 * (size - 1));
      size++;
      if (digit >= 0x80) continue;
      if (digit === 0 && size > 2) return DROP_MQTT_REMAINING_LENGTH;
      break;
    }
    reason = checkRemainingLength(octet, remaining);
    if (reason !== 0) return reason;
    this.remaining = remaining;
    this.headerSize = size;
    if (size + remaining > this.maximumSize) {
      return this.streams && octet >> 4 === MQTT_PUBLISH ? FRAME_LARGE : DROP_MQTT_TOO_LARGE;
    }
    return waiting < size + remaining ? FRAME_INCOMPLETE : FRAME_COMPLETE;
  }

  /** Makes the first `count` waiting octets readable in one piece, at {@link bytes} from {@link at} on. */
  look(count: number): void {
    const head = this.head as Packet;
    if (count <= head.append - head.prepend) {
      this.bytes = head.bytes;
      this.at = head.prepend;
      return;
    }
    if (this.scratch.length < count) this.scratch = new Uint8Array(Math.max(count, 2 * this.scratch.length));
    head.extract(0, this.scratch, 0, count);
    this.bytes = this.scratch;
    this.at = 0;
  }

  /** Drops the control packet at the front. */
  skip(): void {
    this.drop(this.headerSize + this.remaining);
  }

  /** Drops the first `count` octets waiting. */
  skipOctets(count: number): void {
    this.drop(count);
  }

  /** Hands over the first octets waiting, at most `count`, as packets of its own, or null when the pool is empty. */
  takeOctets(pool: PacketAllocator, count: number): Packet | null {
    return this.takeFront(pool, Math.min(count, this.length));
  }

  /**
   * Hands over the control packet at the front, as packets of its own, or null when the pool is empty (nothing changed).
   * The last one waiting leaves in the packets it came in. In front of others, what shares a packet with them is copied.
   */
  take(pool: PacketAllocator): Packet | null {
    return this.takeFront(pool, this.headerSize + this.remaining);
  }

  /** Takes back what {@link take} handed over. */
  putBack(packet: Packet): void {
    const rest = this.head;
    this.head = packet;
    if (rest !== null) this.push(rest);
  }

  private takeFront(pool: PacketAllocator, size: number): Packet | null {
    const head = this.head as Packet;
    if (head.length === size) {
      this.head = null;
      return head;
    }
    let whole = 0;
    let before: Packet | null = null;
    let shared: Packet = head;
    while (whole + (shared.append - shared.prepend) <= size) {
      whole += shared.append - shared.prepend;
      before = shared;
      shared = shared.next as Packet;
    }
    const rest = size - whole;
    if (before === null) {
      const copy = pool.allocate(0);
      if (copy === null) return null;
      if (appendRange(copy, shared, shared.prepend, rest) !== NX_SUCCESS) {
        copy.release();
        return null;
      }
      shared.prepend += rest;
      shared.length -= rest;
      return copy;
    }
    let copy: Packet | null = null;
    if (rest > before.dataEnd - before.append) {
      copy = pool.allocate(0);
      if (copy === null) return null;
      if (appendRange(copy, shared, shared.prepend, rest) !== NX_SUCCESS) {
        copy.release();
        return null;
      }
    }
    shared.prepend += rest;
    shared.length = head.length - size;
    shared.last = head.last === shared ? null : head.last;
    this.head = shared;
    before.next = null;
    head.last = before === head ? null : before;
    head.length = whole;
    if (copy === null) {
      if (rest > 0) appendRange(head, shared, shared.prepend - rest, rest);
      return head;
    }
    before.next = copy;
    head.last = copy.last ?? copy;
    head.length = size;
    copy.last = null;
    return head;
  }

  /** Releases everything. */
  clear(): void {
    this.head?.release();
    this.head = null;
  }

  private drop(count: number): void {
    let left = count;
    let part = this.head as Packet;
    const total = part.length - count;
    const tail = part.last;
    while (left >= part.append - part.prepend) {
      left -= part.append - part.prepend;
      const next: Packet | null = part.next;
      part.next = null;
      part.last = null;
      part.release();
      if (next === null) {
        this.head = null;
        return;
      }
      part = next;
    }
    part.prepend += left;
    part.length = total;
    part.last = tail === part ? null : tail;
    this.head = part;
  }
}
