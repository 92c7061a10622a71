import {
  NX_INVALID_PACKET,
  NX_SECURE_TLS_RECORD_OVERFLOW,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  type Packet,
  type Status,
} from '@strata/contracts';
import type { TlsEngine } from './engine.ts';
import type { LowerStream } from './lower-stream.ts';
import { TLS_HEADROOM, TLS_MAXIMUM_RECORD } from './state.ts';

/** Ciphertext and plaintext not yet encrypted beyond which `send` refuses. */
const TRANSMIT_LIMIT = 65_536;

/** Takes what the user of a session sends, and no more than is good for the layers below. */
export class Transmitter {
  /** `send` or `allocate` has refused; `sendable` is owed. */
  private blocked: boolean;
  private readonly splitRecords: boolean;

  constructor(splitRecords: boolean) {
    this.blocked = false;
    this.splitRecords = splitRecords;
  }

  /** A packet of the stream below with room for a record's header; null when the pool is empty. */
  allocate(lower: LowerStream): Packet | null {
    const packet = lower.allocate();
    if (packet === null) {
      this.blocked = true;
      return null;
    }
    packet.prepend += TLS_HEADROOM;
    packet.append += TLS_HEADROOM;
    return packet;
  }

  /** Hands a packet to the engine, one record for each 16384 octets. */
  send(packet: Packet, engine: TlsEngine, lower: LowerStream): Status {
    const { length } = packet;
    if (length === 0) return NX_INVALID_PACKET;
    if (length > TLS_MAXIMUM_RECORD && !this.splitRecords) return NX_SECURE_TLS_RECORD_OVERFLOW;
    if (waiting(engine, lower) >= TRANSMIT_LIMIT) {
      this.blocked = true;
      return NX_TX_QUEUE_DEPTH;
    }
    for (let at = 0; at < length; at += TLS_MAXIMUM_RECORD) {
      const bytes = new Uint8Array(Math.min(TLS_MAXIMUM_RECORD, length - at));
      packet.extract(at, bytes, 0, bytes.length);
      engine.write(bytes);
    }
    packet.release();
    return NX_SUCCESS;
  }

  /** Whether somebody who was refused is to be told, now, that there is room again. */
  takeOffer(engine: TlsEngine | null, lower: LowerStream): boolean {
    if (!this.blocked || engine === null || waiting(engine, lower) > TRANSMIT_LIMIT / 2) return false;
    this.blocked = false;
    return true;
  }
}

/** Octets that were taken and are not in packets below. */
function waiting(engine: TlsEngine, lower: LowerStream): number {
  return lower.sender.bytes + engine.unwritten;
}
