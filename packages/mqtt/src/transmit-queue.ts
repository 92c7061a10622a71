import type { Packet } from '@strata/contracts';
import { MQTT_PUBLISH, MQTT_SUBSCRIBE, MQTT_UNSUBSCRIBE } from './codec/control-packet.ts';

/** Where a queued copy keeps what the queue must know. The packet never meets a transport, so TCP's fields are free. */
export function entryId(entry: Packet): number {
  return entry.sequence;
}

/** MQTT_PUBLISH, MQTT_SUBSCRIBE or MQTT_UNSUBSCRIBE. */
export function entryType(entry: Packet): number {
  return entry.marks;
}

/**
 * QoS 1 messages, SUBSCRIBE and UNSUBSCRIBE that await their acknowledgement, in order, as copies from the client's pool;
 * and the packet identifiers these use. Entries behind {@link cursor} have been handed to the stream of this connection,
 * those from it on have not: the sender walks the cursor, both for new entries and to resend after a reconnect.
 */
export class TransmitQueue {
  head: Packet | null;
  count: number;
  /** First entry not yet handed to the present stream, or null. */
  cursor: Packet | null;
  /** Entries from the cursor on. */
  unsent: number;
  /** The next identifier to try. 0 after create; every accepted CONNACK sets it to 1. */
  nextId: number;
  private tail: Packet | null;
  private order: number;
  /** One bit per identifier. */
  private readonly used: Uint32Array;
  private readonly ignoreUsed: boolean;

  /** @param ignoreUsed quirk `mqtt-packet-id-reset`: identifiers are handed out without looking whether they are in use */
  constructor(ignoreUsed: boolean) {
    this.head = null;
    this.count = 0;
    this.cursor = null;
    this.unsent = 0;
    this.nextId = 0;
    this.tail = null;
    this.order = 0;
    this.used = new Uint32Array(2048);
    this.ignoreUsed = ignoreUsed;
  }

  /** An identifier that no entry uses (MQTT-2.3.1-2), or 0 when all 65535 are in use. */
  allocateId(): number {
    let id = this.nextId === 0 ? 1 : this.nextId;
    for (let tries = 0; tries < 65535; tries++) {
      const next = id === 65535 ? 1 : id + 1;
      if (this.ignoreUsed || !this.inUse(id)) {
        this.nextId = next;
        return id;
      }
      id = next;
    }
    return 0;
  }

  /** The next place in the order of asking, which `sequenceLength` holds while a packet waits. Compare by difference. */
  place(): number {
    this.order = (this.order + 1) | 0;
    return this.order;
  }

  inUse(id: number): boolean {
    return (((this.used[id >> 5] as number) >>> (id & 31)) & 1) !== 0;
  }

  /** Takes `entry`, a complete control packet with DUP clear. */
  add(entry: Packet, type: number, id: number): void {
    entry.sequence = id;
    entry.sequenceLength = this.place();
    entry.marks = type;
    entry.transmissions = 0;
    entry.queueNext = null;
    entry.holder = 'mqtt transmit queue';
    this.used[id >> 5] = (this.used[id >> 5] as number) | (1 << (id & 31));
    if (this.tail === null) this.head = entry;
    else this.tail.queueNext = entry;
    this.tail = entry;
    this.count++;
    this.unsent++;
    if (this.cursor === null) this.cursor = entry;
  }

  /** The entry at the cursor has been handed to the stream. */
  advance(now: number): void {
    const entry = this.cursor as Packet;
    entry.transmissions++;
    entry.sentAt = now;
    this.cursor = entry.queueNext;
    this.unsent--;
  }

  /** Releases the entry that an acknowledgement answers. False when there is none of that type which was ever sent. */
  acknowledge(type: number, id: number): boolean {
    if (!this.ignoreUsed && !this.inUse(id)) return false;
    let before: Packet | null = null;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) {
      if (entry.sequence === id && entry.marks === type && entry.transmissions > 0) {
        this.remove(entry, before);
        return true;
      }
      before = entry;
    }
    return false;
  }

  /** Everything that is kept is to be sent again on the next connection. */
  rewind(): void {
    this.cursor = this.head;
    this.unsent = this.count;
  }

  /** Drops SUBSCRIBE and UNSUBSCRIBE, which do not outlive their connection. */
  dropRequests(): void {
    let before: Packet | null = null;
    let entry = this.head;
    while (entry !== null) {
      const next: Packet | null = entry.queueNext;
      if (entry.marks === MQTT_SUBSCRIBE || entry.marks === MQTT_UNSUBSCRIBE) this.remove(entry, before);
      else before = entry;
      entry = next;
    }
  }

  /** Messages that would be sent again. */
  messages(): number {
    let count = 0;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) if (entry.marks === MQTT_PUBLISH) count++;
    return count;
  }

  /** Releases everything. */
  clear(): void {
    while (this.head !== null) this.remove(this.head, null);
  }

  private remove(entry: Packet, before: Packet | null): void {
    if (this.isUnsent(entry)) this.unsent--;
    if (this.cursor === entry) this.cursor = entry.queueNext;
    if (before === null) this.head = entry.queueNext;
    else before.queueNext = entry.queueNext;
    if (this.tail === entry) this.tail = before;
    this.count--;
    this.used[entry.sequence >> 5] = (this.used[entry.sequence >> 5] as number) & ~(1 << (entry.sequence & 31));
    entry.queueNext = null;
    entry.release();
  }

  private isUnsent(entry: Packet): boolean {
    if (this.unsent === 0) return false;
    if (this.unsent === this.count) return true;
    for (let at = this.cursor; at !== null; at = at.queueNext) if (at === entry) return true;
    return false;
  }
}
