import {
  NX_NO_PACKET,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  TRACE_TLS_POOL_EMPTY,
  TRACE_TLS_RECORD_SENT,
  type Tracer,
} from '@strata/contracts';
import { RecordSplitter } from './alert.ts';

/**
 * Carries ciphertext down: every record begins in a packet of its own, as NetX has it, and goes on in as many as it needs. So
 * packets depend on the records alone, and not on the pieces in which OpenSSL hands them over.
 */
export class RecordSender {
  /** Octets that wait. */
  bytes: number;
  /** The pool below was empty. */
  starved: boolean;
  private readonly tracer: Tracer | null;
  private readonly splitter: RecordSplitter;
  private readonly records: Uint8Array[];
  /** How much of the first record is in packets. */
  private taken: number;
  /** A packet that the stream below took in part, or not. */
  private held: Packet | null;

  constructor(tracer: Tracer | null) {
    this.bytes = 0;
    this.starved = false;
    this.tracer = tracer;
    this.splitter = new RecordSplitter();
    this.records = [];
    this.taken = 0;
    this.held = null;
  }

  get isEmpty(): boolean {
    return this.held === null && this.records.length === 0;
  }

  add(ciphertext: Uint8Array): void {
    for (const record of this.splitter.push(ciphertext)) {
      this.records.push(record);
      this.bytes += record.length;
    }
  }

  /** Sends what the stream takes now. Anything but NX_SUCCESS: it will take nothing any more. */
  pump(stream: PacketStream): Status {
    this.starved = false;
    for (;;) {
      this.held ??= this.fill(stream);
      const { held } = this;
      if (held === null) return NX_SUCCESS;
      const { length } = held;
      const status = stream.send(held);
      // TCP needs a packet of its own to cut this one, and the pool is empty.
      if (status === NX_NO_PACKET) this.starved = true;
      if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH || status === NX_NO_PACKET) {
        this.bytes -= length - held.length;
        return NX_SUCCESS;
      }
      if (status !== NX_SUCCESS) return status;
      this.bytes -= length;
      this.held = null;
    }
  }

  /** A packet with the next octets of the first record. Null: nothing waits, or the pool is empty. */
  private fill(stream: PacketStream): Packet | null {
    const record = this.records[0];
    if (record === undefined) return null;
    const packet = stream.allocate();
    if (packet === null) {
      this.starved = true;
      this.tracer?.event(TRACE_TLS_POOL_EMPTY, record.length - this.taken, 0, 0, 0, null);
      return null;
    }
    if (this.taken === 0) this.tracer?.event(TRACE_TLS_RECORD_SENT, record[0] as number, record.length, 0, 0, packet);
    const room = packet.dataEnd - packet.append;
    const count = Math.min(stream.mss || room, room, record.length - this.taken);
    packet.appendBytes(record, this.taken, count);
    this.taken += count;
    if (this.taken === record.length) {
      this.records.shift();
      this.taken = 0;
    }
    return packet;
  }

  /** Gives up whatever waits. */
  clear(): void {
    this.held?.release();
    this.held = null;
    this.records.length = 0;
    this.taken = 0;
    this.bytes = 0;
  }
}
