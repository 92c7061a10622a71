import type { Packet } from '@strata/contracts';
import { MQTT_PUBLISH, MQTT_PUBREL, MQTT_SUBSCRIBE, MQTT_UNSUBSCRIBE } from './codec/control-packet.ts';
import type { MqttPayloadSource } from './options.ts';

/** Where a queued copy keeps what the queue must know. The packet never meets a transport, so TCP's fields are free. */
export function entryId(entry: Packet): number {
  return entry.sequence;
}

/** MQTT_PUBLISH, MQTT_PUBREL, MQTT_SUBSCRIBE or MQTT_UNSUBSCRIBE. */
export function entryType(entry: Packet): number {
  return entry.marks;
}

/** QoS of a PUBLISH; of a PUBREL 1, by its flags, which nobody asks for. */
export function entryQos(entry: Packet): number {
  return ((entry.bytes[entry.prepend] as number) >> 1) & 3;
}

/** {@link TransmitQueue.step}: no QoS 2 message that was ever sent uses the identifier. */
export const STEP_NONE = 0;
/** It awaits PUBREC. */
export const STEP_PUBREC = 1;
/** It awaits PUBCOMP. */
export const STEP_PUBCOMP = 2;

/**
 * QoS 1 and 2 messages, PUBREL, SUBSCRIBE and UNSUBSCRIBE that await their acknowledgement, in order, as copies from the
 * client's pool; and the packet identifiers these use. Entries behind {@link cursor} have been handed to the stream of this
 * connection, those from it on have not: the sender walks the cursor, both for new entries and to resend after a reconnect.
 * PUBRELs are in front, in the order of the PUBRECs that they answer (MQTT-4.6.0-4).
 */
export class TransmitQueue {
  head: Packet | null;
  count: number;
  /** First entry not yet handed to the present stream, or null. */
  cursor: Packet | null;
  /** Entries from the cursor on. */
  unsent: number;
  /** Messages handed to the present stream and not acknowledged to the end. */
  inFlight: number;
  /** The next identifier to try. 0 after create; every accepted CONNACK sets it to 1. */
  nextId: number;
  /** The payload of entries that hold a header only. */
  readonly sources: Map<Packet, MqttPayloadSource>;
  private tail: Packet | null;
  private lastRelease: Packet | null;
  private order: number;
  /** One bit per identifier. */
  private readonly used: Uint32Array;
  private readonly ignoreUsed: boolean;
  /** The most of them there may be; 0 = no limit. */
  readonly inFlightMaximum: number;

  /**
   * @param ignoreUsed quirk `mqtt-packet-id-reset`: identifiers are handed out without looking whether they are in use
   * @param inFlightMaximum the most messages in flight; 0 = no limit
   */
  constructor(ignoreUsed: boolean, inFlightMaximum = 0) {
    this.head = null;
    this.count = 0;
    this.cursor = null;
    this.unsent = 0;
    this.inFlight = 0;
    this.nextId = 0;
    this.sources = new Map();
    this.tail = null;
    this.lastRelease = null;
    this.order = 0;
    this.used = new Uint32Array(2048);
    this.ignoreUsed = ignoreUsed;
    this.inFlightMaximum = inFlightMaximum;
  }

  get last(): Packet | null {
    return this.tail;
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

  /** The entry that may be handed to the stream now: the one at the cursor, unless the window is full. */
  get ready(): Packet | null {
    const { cursor } = this;
    if (cursor === null || this.inFlightMaximum === 0 || cursor.marks !== MQTT_PUBLISH) return cursor;
    return this.inFlight < this.inFlightMaximum ? cursor : null;
  }

  /** The entry at the cursor has been handed to the stream. */
  advance(now: number): void {
    const entry = this.cursor as Packet;
    entry.transmissions++;
    entry.sentAt = now;
    this.cursor = entry.queueNext;
    this.unsent--;
    if (isMessage(entry)) this.inFlight++;
  }

  /**
   * Releases the entry that an acknowledgement answers. False when there is none of that type, and for PUBLISH of that QoS,
   * which was ever sent.
   */
  acknowledge(type: number, id: number, qos: number): boolean {
    if (!this.ignoreUsed && !this.inUse(id)) return false;
    let before: Packet | null = null;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) {
      if (entry.sequence === id && entry.marks === type && entry.transmissions > 0) {
        if (type === MQTT_PUBLISH && entryQos(entry) !== qos) return false;
        this.remove(entry, before);
        return true;
      }
      before = entry;
    }
    return false;
  }

  /** How far the QoS 2 message with this identifier has come. */
  step(id: number): number {
    if (!this.inUse(id)) return STEP_NONE;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) {
      if (entry.sequence !== id) continue;
      if (entry.marks === MQTT_PUBREL) return STEP_PUBCOMP;
      if (entry.marks === MQTT_PUBLISH && entryQos(entry) === 2 && entry.transmissions > 0) return STEP_PUBREC;
    }
    return STEP_NONE;
  }

  /**
   * PUBREC came for a message that awaits it: it is let go, and its PUBREL takes its place among those in front. True: the
   * caller sends that PUBREL; false: it leaves in its turn, behind others that are still to be sent again.
   */
  release(id: number, now: number): boolean {
    let before: Packet | null = null;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) {
      if (entry.sequence === id && entry.marks === MQTT_PUBLISH) {
        this.unlink(entry, before);
        this.sources.delete(entry);
        toPubrel(entry, id);
        entry.transmissions = 1;
        entry.sentAt = now;
        return this.putInFront(entry);
      }
      before = entry;
    }
    return false;
  }

  /** Takes back a PUBREL that an earlier run left: it is to be sent again. */
  restoreRelease(entry: Packet, id: number): void {
    this.used[id >> 5] = (this.used[id >> 5] as number) | (1 << (id & 31));
    entry.sequence = id;
    entry.sequenceLength = this.place();
    entry.holder = 'mqtt transmit queue';
    toPubrel(entry, id);
    entry.transmissions = 1;
    this.putInFront(entry);
  }

  /** Everything that is kept is to be sent again on the next connection. */
  rewind(): void {
    this.cursor = this.head;
    this.unsent = this.count;
    this.inFlight = 0;
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

  /** Messages that would be sent again, and PUBRELs. */
  messages(): number {
    let count = 0;
    for (let entry = this.head; entry !== null; entry = entry.queueNext) if (isMessage(entry)) count++;
    return count;
  }

  /** Releases everything. */
  clear(): void {
    while (this.head !== null) this.remove(this.head, null);
  }

  private remove(entry: Packet, before: Packet | null): void {
    this.unlink(entry, before);
    this.used[entry.sequence >> 5] = (this.used[entry.sequence >> 5] as number) & ~(1 << (entry.sequence & 31));
    this.sources.delete(entry);
    entry.release();
  }

  /** Takes the entry out of the list; identifier and packet stay as they are. */
  private unlink(entry: Packet, before: Packet | null): void {
    if (this.isUnsent(entry)) this.unsent--;
    else if (isMessage(entry)) this.inFlight--;
    if (this.cursor === entry) this.cursor = entry.queueNext;
    if (this.lastRelease === entry) this.lastRelease = before;
    if (before === null) this.head = entry.queueNext;
    else before.queueNext = entry.queueNext;
    if (this.tail === entry) this.tail = before;
    this.count--;
    entry.queueNext = null;
  }

  /** Behind the last PUBREL; true: as one that has been handed to the stream. */
  private putInFront(entry: Packet): boolean {
    const after = this.lastRelease;
    const waits = after !== null && this.isUnsent(after);
    if (after === null) {
      entry.queueNext = this.head;
      this.head = entry;
    } else {
      entry.queueNext = after.queueNext;
      after.queueNext = entry;
    }
    if (this.tail === after) this.tail = entry;
    this.lastRelease = entry;
    this.count++;
    if (waits) this.unsent++;
    else this.inFlight++;
    return !waits;
  }

  private isUnsent(entry: Packet): boolean {
    if (this.unsent === 0) return false;
    if (this.unsent === this.count) return true;
    for (let at = this.cursor; at !== null; at = at.queueNext) if (at === entry) return true;
    return false;
  }
}

function isMessage(entry: Packet): boolean {
  return entry.marks === MQTT_PUBLISH || entry.marks === MQTT_PUBREL;
}

/** Makes a queued packet a PUBREL, in its own first octets; what was chained to it goes back to the pool. */
function toPubrel(entry: Packet, id: number): void {
  entry.next?.release();
  entry.next = null;
  entry.last = null;
  const { bytes } = entry;
  let at = entry.dataStart;
  entry.prepend = at;
  bytes[at++] = (MQTT_PUBREL << 4) | 2;
  bytes[at++] = 2;
  bytes[at++] = id >> 8;
  bytes[at++] = id & 0xff;
  entry.append = at;
  entry.length = 4;
  entry.marks = MQTT_PUBREL;
}
