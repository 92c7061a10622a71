import { NX_SUCCESS, type Packet, type PacketAllocator } from '@strata/contracts';

/** Packets left to the layers below, so that acknowledgments can still come and go. */
const POOL_RESERVE = 4;

/** Plaintext of records, one entry each, until it is taken in packets. */
export class PlaintextQueue {
  /** Octets in it. */
  bytes: number;
  /** The pool had no packet for the last `take`. */
  starved: boolean;
  private readonly pool: PacketAllocator;
  private readonly records: Uint8Array[];

  constructor(pool: PacketAllocator) {
    this.bytes = 0;
    this.starved = false;
    this.pool = pool;
    this.records = [];
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  add(bytes: Uint8Array): void {
    this.records.push(bytes);
    this.bytes += bytes.length;
  }

  /** The next record, or part of it when the pool has too little, as a packet or chain; null when there is none now. */
  take(): Packet | null {
    this.starved = false;
    const record = this.records[0];
    if (record === undefined) return null;
    const { pool } = this;
    const spare = Math.max(0, pool.available - POOL_RESERVE);
    const count = Math.min(record.length, spare * pool.payloadSize);
    const packet = count === 0 ? null : pool.allocate(0);
    if (packet === null || packet.appendBytes(record, 0, count) !== NX_SUCCESS) {
      packet?.release();
      this.starved = true;
      return null;
    }
    if (count === record.length) this.records.shift();
    else this.records[0] = record.subarray(count);
    this.bytes -= count;
    return packet;
  }

  clear(): void {
    this.records.length = 0;
    this.bytes = 0;
    this.starved = false;
  }
}
