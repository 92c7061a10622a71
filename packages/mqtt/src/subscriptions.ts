import { NX_SUCCESS, type PacketAllocator } from '@strata/contracts';
import { buildRequest } from './build.ts';
import { MQTT_SUBSCRIBE, MQTT_UNSUBSCRIBE } from './codec/control-packet.ts';
import type { MqttText } from './options.ts';
import { octetsOf, type Persistence } from './persistence.ts';
import type { TransmitQueue } from './transmit-queue.ts';

/** A filter that the application wants, or no longer wants. */
export interface WantedFilter {
  readonly filter: Uint8Array;
  qos: number;
  /** False: it is to be taken back, until UNSUBACK. */
  wanted: boolean;
  /** The broker has acknowledged it. */
  settled: boolean;
  /** Has to be asked for on this connection. */
  due: boolean;
  /** Identifier of the request on its way; 0 when there is none. */
  request: number;
  /** Name in the store; 0 when it is not kept. */
  key: number;
}

/**
 * What the application has subscribed to, so that a client that connects again by itself can ask for it again: everything
 * when the broker has no session, otherwise what the loss left without an answer.
 */
export class Subscriptions {
  /** By the filter's octets as text. */
  private readonly filters: Map<string, WantedFilter>;
  private readonly persistence: Persistence | null;
  /** Filters that are {@link WantedFilter.due}. */
  private waiting: number;

  constructor(persistence: Persistence | null) {
    this.filters = new Map();
    this.persistence = persistence;
    this.waiting = 0;
  }

  get count(): number {
    return this.filters.size;
  }

  get due(): number {
    return this.waiting;
  }

  /** A request left for the transmit queue. */
  requested(filter: MqttText, qos: number, wanted: boolean, id: number): void {
    const octets = octetsOf(filter);
    const name = nameOf(octets);
    let entry = this.filters.get(name);
    if (entry === undefined) {
      entry = { filter: octets, qos, wanted, settled: false, due: false, request: id, key: 0 };
      this.filters.set(name, entry);
    } else {
      entry.wanted = wanted;
      entry.qos = qos;
      entry.settled = false;
      entry.request = id;
      this.settle(entry);
    }
    if (wanted) entry.key = this.persistence?.subscribed(octets, qos, entry.key) ?? 0;
  }

  /** SUBACK or UNSUBACK. */
  answered(id: number, refused: boolean): void {
    for (const [name, entry] of this.filters) {
      if (entry.request !== id) continue;
      entry.request = 0;
      entry.settled = true;
      if (entry.wanted && !refused) return;
      this.filters.delete(name);
      this.persistence?.unsubscribed(entry.key);
      return;
    }
  }

  /** A connection was accepted. */
  connected(sessionPresent: boolean): void {
    this.waiting = 0;
    for (const [name, entry] of this.filters) {
      entry.request = 0;
      entry.due = !sessionPresent || !entry.settled;
      if (!sessionPresent && !entry.wanted) {
        this.filters.delete(name);
        this.persistence?.unsubscribed(entry.key);
      } else if (entry.due) this.waiting++;
    }
  }

  /**
   * Puts the requests that are due into the transmit queue, `room` of them at most. False when there is no packet, or no
   * identifier, for one.
   */
  renew(queue: TransmitQueue, pool: PacketAllocator, room: number): boolean {
    let left = room;
    for (const due of this.filters.values()) {
      if (!due.due) continue;
      if (left-- <= 0) return true;
      const type = due.wanted ? MQTT_SUBSCRIBE : MQTT_UNSUBSCRIBE;
      const id = queue.allocateId();
      const entry = id === 0 ? null : pool.allocate(0);
      if (entry === null || buildRequest(entry, type, due.filter, due.filter.length, due.qos, id) !== NX_SUCCESS) {
        entry?.release();
        return false;
      }
      queue.add(entry, type, id);
      this.requested(due.filter, due.qos, due.wanted, id);
    }
    return true;
  }

  /** As a store kept it. */
  restore(filter: Uint8Array, qos: number, key: number): void {
    this.filters.set(nameOf(filter), { filter, qos, wanted: true, settled: true, due: false, request: 0, key });
  }

  clear(): void {
    this.filters.clear();
    this.waiting = 0;
  }

  private settle(entry: WantedFilter): void {
    if (!entry.due) return;
    entry.due = false;
    this.waiting--;
  }
}

function nameOf(octets: Uint8Array): string {
  let name = '';
  for (const octet of octets) name += String.fromCharCode(octet);
  return name;
}
