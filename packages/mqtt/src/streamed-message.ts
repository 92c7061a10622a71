import type { Packet } from '@strata/contracts';
import { PUBLISH_DUP, PUBLISH_RETAIN, type Qos } from './codec/control-packet.ts';

/** A message that is received piece by piece (extension `chainedPackets`). */
export interface MqttMessageStream {
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly id: number;
  /** Octets of the payload in all. */
  readonly length: number;
  /** Octets that have arrived and were not read. */
  readonly available: number;
  /** All octets have been read. */
  readonly ended: boolean;
  /** The connection ended before the message did: what was read of it is to be thrown away. */
  readonly broken: boolean;
  /** Copies what has arrived, at most `count` octets, to `target` at `at`. Returns how many; 0: `streamed` will be called. */
  read(target: Uint8Array, at: number, count: number): number;
  /** Throws the rest away; it is still received and acknowledged. */
  discard(): void;
}

/** What is told when packets have become free. */
export type Drained = () => void;

/** The one message that the reader of the stream may be in the middle of, in the packets it came in. */
export class StreamedMessage implements MqttMessageStream {
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly id: number;
  readonly length: number;
  available: number;
  broken: boolean;
  /** Octets that have not arrived. */
  left: number;
  private taken: number;
  private discarded: boolean;
  private head: Packet | null;
  private tail: Packet | null;
  private readonly drained: Drained;

  constructor(octet: number, topic: string, id: number, length: number, drained: Drained) {
    this.topic = topic;
    this.qos = ((octet >> 1) & 3) as Qos;
    this.retain = (octet & PUBLISH_RETAIN) !== 0;
    this.dup = (octet & PUBLISH_DUP) !== 0;
    this.id = id;
    this.length = length;
    this.available = 0;
    this.broken = false;
    this.left = length;
    this.taken = 0;
    this.discarded = false;
    this.head = null;
    this.tail = null;
    this.drained = drained;
  }

  get ended(): boolean {
    return this.taken === this.length;
  }

  /** Nobody will read it. */
  get isDiscarded(): boolean {
    return this.discarded;
  }

  /** Takes packets of payload, as a chain. */
  add(packet: Packet): void {
    this.left -= packet.length;
    if (this.discarded) {
      this.taken += packet.length;
      packet.release();
      return;
    }
    this.available += packet.length;
    packet.queueNext = null;
    packet.holder = 'mqtt streamed message';
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
  }

  read(target: Uint8Array, at: number, count: number): number {
    let copied = 0;
    while (copied < count && this.head !== null) {
      const packet = this.head;
      const here = packet.append - packet.prepend;
      const wanted = Math.min(here, count - copied);
      target.set(packet.bytes.subarray(packet.prepend, packet.prepend + wanted), at + copied);
      copied += wanted;
      if (wanted < here) {
        packet.prepend += wanted;
        packet.length -= wanted;
      } else this.dropPart(packet);
    }
    this.available -= copied;
    this.taken += copied;
    if (copied > 0) this.drained();
    return copied;
  }

  discard(): void {
    if (this.discarded) return;
    this.releaseAll();
    this.discarded = true;
    this.drained();
  }

  /** The connection is over before all of it came. */
  breakOff(): void {
    this.broken = true;
    this.releaseAll();
  }

  /** Releases what was not read. */
  releaseAll(): void {
    while (this.head !== null) {
      const packet = this.head;
      this.head = packet.queueNext;
      packet.queueNext = null;
      packet.release();
    }
    this.tail = null;
    this.taken += this.available;
    this.available = 0;
  }

  /** The first packet of a chain has been read: the next one takes its place. */
  private dropPart(packet: Packet): void {
    const { next, queueNext } = packet;
    packet.queueNext = null;
    if (next === null) {
      this.head = queueNext;
      if (queueNext === null) this.tail = null;
    } else {
      next.last = packet.last === next ? null : packet.last;
      next.length = packet.length - (packet.append - packet.prepend);
      next.queueNext = queueNext;
      this.head = next;
      if (this.tail === packet) this.tail = next;
      packet.next = null;
      packet.last = null;
    }
    packet.release();
  }
}
