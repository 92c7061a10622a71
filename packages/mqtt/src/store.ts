import { NX_SUCCESS, type Status } from '@strata/contracts';

/** What a record of a {@link MqttStore} is. */
export const STORE_CLIENT = 1;
/** A PUBLISH that awaits PUBACK or PUBREC: key is its packet identifier; the control packet with DUP clear. */
export const STORE_PUBLISH = 2;
/** A PUBREL that awaits PUBCOMP: key is its packet identifier; no octets. It outranks a {@link STORE_PUBLISH} of that key. */
export const STORE_PUBREL = 3;
/** A QoS 2 message was received and PUBREL has not come: key is its packet identifier; no octets. */
export const STORE_RECEIVED = 4;
/** A received message that the application has not taken: key counts up; the control packet as it came. */
export const STORE_MESSAGE = 5;
/** A subscription to be made again: key counts up; one octet of QoS and the filter. */
export const STORE_SUBSCRIPTION = 6;

/** One thing kept. `kind` and `key` together name it. */
export interface MqttStoreRecord {
  readonly kind: number;
  /** 0..2^32-1. */
  readonly key: number;
  readonly octets: Uint8Array;
}

/** A change to what is kept. `put` replaces a record of that name and moves it to the end; `clear` removes all of them. */
export type MqttStoreChange =
  | ({ readonly op: 'put' } & MqttStoreRecord)
  | { readonly op: 'remove'; readonly kind: number; readonly key: number }
  | { readonly op: 'clear' };

/**
 * Keeps one client's session, so that it outlives the program (MQTT 4.1). Calls return when the work is done; a store is
 * asked before the control packet that depends on it leaves.
 */
export interface MqttStore {
  /** Everything kept, in the order in which it was put. */
  load(): Iterable<MqttStoreRecord>;
  /**
   * Applies the changes, all or none, whatever happens meanwhile. `durable`: they have reached the disk when this returns;
   * otherwise they may be lost with the next crash, but no earlier change is. NX_SUCCESS, or why nothing was changed.
   */
  commit(changes: readonly MqttStoreChange[], durable: boolean): Status;
}

/** A store in memory: for tests, and for a client that is made anew within one program. */
export class MemoryMqttStore implements MqttStore {
  private readonly records: Map<number, MqttStoreRecord>;

  constructor() {
    this.records = new Map();
  }

  load(): Iterable<MqttStoreRecord> {
    return [...this.records.values()];
  }

  commit(changes: readonly MqttStoreChange[], _durable: boolean): Status {
    for (const change of changes) applyChange(this.records, change);
    return NX_SUCCESS;
  }
}

/** Names a record by one number. */
export function storeName(kind: number, key: number): number {
  return kind * 2 ** 32 + key;
}

/** Applies a change to records by {@link storeName}. */
export function applyChange(records: Map<number, MqttStoreRecord>, change: MqttStoreChange): void {
  if (change.op === 'clear') {
    records.clear();
    return;
  }
  const name = storeName(change.kind, change.key);
  records.delete(name);
  if (change.op === 'put') records.set(name, { kind: change.kind, key: change.key, octets: change.octets.slice() });
}
