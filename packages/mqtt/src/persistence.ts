import { NX_SUCCESS, type Packet, type PacketAllocator, type Status } from '@strata/contracts';
import { textLength } from './build.ts';
import { MQTT_PUBLISH } from './codec/control-packet.ts';
import { encodeText } from './codec/utf8.ts';
import type { IdSet } from './id-set.ts';
import { findPublish } from './inbound.ts';
import type { MqttText } from './options.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import {
  type MqttStore,
  type MqttStoreChange,
  STORE_CLIENT,
  STORE_MESSAGE,
  STORE_PUBLISH,
  STORE_PUBREL,
  STORE_RECEIVED,
  STORE_SUBSCRIPTION,
} from './store.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TransmitQueue } from './transmit-queue.ts';

/** What a session is made of, to be filled from a store. */
export interface SessionParts {
  readonly queue: TransmitQueue;
  readonly received: ReceiveQueue;
  /** QoS 2 messages received that await PUBREL. */
  readonly held: IdSet;
  readonly subscriptions: Subscriptions | null;
}

/**
 * The session's way to its store: each step of the protocol that the other side will rely on is kept before the control
 * packet that says so leaves. What is merely done with (PUBACK, PUBCOMP) is not waited for: repeating it does no harm.
 */
export class Persistence {
  /** The session is one that is kept: not a clean one. */
  active: boolean;
  /** Commits that failed. */
  failures: number;
  private readonly store: MqttStore;
  /** The next key for a message or a subscription. */
  private nextKey: number;

  constructor(store: MqttStore) {
    this.active = false;
    this.failures = 0;
    this.store = store;
    this.nextKey = 1;
  }

  /**
   * Fills a new client with what was kept. @throws RangeError when the store is another client's, holds what is no message,
   * or the pool is too small for what it holds; then nothing is held here
   */
  restore(clientId: MqttText, pool: PacketAllocator, parts: SessionParts): void {
    try {
      this.fill(octetsOf(clientId), pool, parts);
    } catch (error) {
      parts.queue.clear();
      parts.received.clear();
      throw error;
    }
  }

  private fill(id: Uint8Array, pool: PacketAllocator, parts: SessionParts): void {
    const released = new Set<number>();
    const published: { readonly id: number; readonly octets: Uint8Array }[] = [];
    let owner: Uint8Array | null = null;
    for (const { kind, key, octets } of this.store.load()) {
      if (kind === STORE_CLIENT) owner = octets;
      else if (kind === STORE_PUBLISH) {
        const place = findPublish(octets);
        if (place === null || place.id !== key || key === 0) throw new RangeError(NO_MESSAGE);
        published.push({ id: key, octets });
      } else if (kind === STORE_PUBREL) {
        released.add(key);
        parts.queue.restoreRelease(fill(pool, EMPTY), key);
      } else if (kind === STORE_RECEIVED) parts.held.add(key);
      else if (kind === STORE_MESSAGE) {
        this.nextKey = Math.max(this.nextKey, key + 1);
        const place = findPublish(octets);
        if (place === null) throw new RangeError(NO_MESSAGE);
        parts.received.add(fill(pool, octets), octets[0] as number, place.id, place.topicAt, place.topicLength, key);
      } else if (kind === STORE_SUBSCRIPTION) {
        this.nextKey = Math.max(this.nextKey, key + 1);
        parts.subscriptions?.restore(octets.slice(1), octets[0] as number, key);
      }
    }
    for (const message of published) {
      if (released.has(message.id)) continue;
      parts.queue.add(fill(pool, message.octets), MQTT_PUBLISH, message.id);
      // Whether it ever left is not known, and a message that may have been sent before says so (MQTT-3.3.1-1).
      (parts.queue.last as Packet).transmissions = 1;
    }
    if (owner === null) this.commit([{ op: 'put', kind: STORE_CLIENT, key: 0, octets: id }], true);
    else if (owner.length !== id.length || !owner.every((octet, at) => octet === id[at])) {
      throw new RangeError('mqtt: the store keeps the session of another client identifier');
    }
  }

  /** A clean session begins: nothing of the last one is used again (MQTT-3.1.2-6). */
  forget(clientId: MqttText): void {
    this.commit([{ op: 'clear' }, { op: 'put', kind: STORE_CLIENT, key: 0, octets: octetsOf(clientId) }], true);
  }

  /** A message is about to be sent for the first time. */
  published(entry: Packet, id: number): Status {
    if (!this.active) return NX_SUCCESS;
    return this.commit([{ op: 'put', kind: STORE_PUBLISH, key: id, octets: wholeOf(entry) }], true);
  }

  /** A message that could not be queued after all. */
  acknowledged(id: number): void {
    if (this.active) this.commit([{ op: 'remove', kind: STORE_PUBLISH, key: id }], false);
  }

  /** PUBREC came; PUBREL is about to be sent. Had it left before this is kept, a crash would publish the message again. */
  released(id: number): Status {
    if (!this.active) return NX_SUCCESS;
    const changes: MqttStoreChange[] = [
      { op: 'put', kind: STORE_PUBREL, key: id, octets: EMPTY },
      { op: 'remove', kind: STORE_PUBLISH, key: id },
    ];
    return this.commit(changes, true);
  }

  /** PUBCOMP came. */
  completed(id: number): void {
    if (this.active) this.commit([{ op: 'remove', kind: STORE_PUBREL, key: id }], false);
  }

  /**
   * A QoS 1 or 2 message came and is about to be acknowledged. `packet` null: its octets are not kept (it was received piece
   * by piece). @returns the key by which {@link taken} names it, 0 when it is not kept, or -1 when the store failed
   */
  arrived(packet: Packet | null, qos: number, id: number): number {
    if (!this.active || qos === 0) return 0;
    const changes: MqttStoreChange[] = [];
    const key = packet === null ? 0 : this.nextKey;
    if (packet !== null) changes.push({ op: 'put', kind: STORE_MESSAGE, key, octets: wholeOf(packet) });
    if (qos === 2) changes.push({ op: 'put', kind: STORE_RECEIVED, key: id, octets: EMPTY });
    if (changes.length > 0 && this.commit(changes, true) !== NX_SUCCESS) return -1;
    if (key !== 0) this.nextKey++;
    return key;
  }

  /** The application has the message, or will never want it. */
  taken(key: number): void {
    if (key > 0) this.commit([{ op: 'remove', kind: STORE_MESSAGE, key }], true);
  }

  /** PUBREL came and PUBCOMP is about to be sent, after which the broker may use the identifier for another message. */
  finished(id: number): Status {
    if (!this.active) return NX_SUCCESS;
    return this.commit([{ op: 'remove', kind: STORE_RECEIVED, key: id }], true);
  }

  /** The broker has no session: the identifiers it had used mean nothing any more. */
  forgetHeld(held: IdSet): void {
    if (!this.active || held.count === 0) return;
    this.commit(
      held.values().map((key) => ({ op: 'remove', kind: STORE_RECEIVED, key })),
      true,
    );
  }

  /** A subscription was asked for. Returns its key. */
  subscribed(filter: Uint8Array, qos: number, key: number): number {
    if (!this.active) return key;
    const name = key === 0 ? this.nextKey++ : key;
    const octets = new Uint8Array(1 + filter.length);
    octets[0] = qos;
    octets.set(filter, 1);
    this.commit([{ op: 'put', kind: STORE_SUBSCRIPTION, key: name, octets }], false);
    return name;
  }

  unsubscribed(key: number): void {
    if (key > 0) this.commit([{ op: 'remove', kind: STORE_SUBSCRIPTION, key }], false);
  }

  private commit(changes: readonly MqttStoreChange[], durable: boolean): Status {
    const status = this.store.commit(changes, durable);
    if (status !== NX_SUCCESS) this.failures++;
    return status;
  }
}

const EMPTY = new Uint8Array(0);

const NO_MESSAGE = 'mqtt: the store holds something in the place of a message; it is damaged, or not a session';

/** The octets of a text that was judged when it was set. */
export function octetsOf(text: MqttText): Uint8Array {
  return typeof text === 'string' ? encodeText(text) : text.slice(0, textLength(text));
}

function wholeOf(packet: Packet): Uint8Array {
  const octets = new Uint8Array(packet.length);
  packet.extract(0, octets, 0, octets.length);
  return octets;
}

function fill(pool: PacketAllocator, octets: Uint8Array): Packet {
  const packet = pool.allocate(0);
  if (packet !== null && packet.appendBytes(octets, 0, octets.length) === NX_SUCCESS) return packet;
  packet?.release();
  throw new RangeError('mqtt: the pool is too small for the session that the store kept');
}
