import type { Packet } from './packet.ts';
import type { Status } from './status.ts';

/**
 * A reliable stream of octets carried in packets: what a TCP socket and a TLS session both are, and what MQTT consumes.
 * Packet boundaries are NetX's: one receive is one arrived segment or record; they carry no meaning.
 */
export interface PacketStream {
  /** Told of everything that happens, always after the event was processed. Null: nobody. */
  listener: StreamListener | null;
  /** Octets that go out in one segment once the stream is open: packets of as many cost least. 0 or absent: unknown. */
  readonly mss?: number;
  /**
   * What is sent goes out while the caller waits, as from a thread below NetX's IP thread: a caller that waits for its sends
   * goes on when everything that they lead to at this moment has happened. Absent: false.
   */
  readonly sendsAtOnce?: boolean;
  /** A packet with head-room for this stream and everything below it; null when the pool is empty. The caller owns it. */
  allocate(): Packet | null;
  /**
   * Sends all of the packet. NX_SUCCESS: taken. Otherwise the caller still owns it; NX_WINDOW_OVERFLOW and
   * NX_TX_QUEUE_DEPTH mean "later": the packet then holds what was not yet taken, and `sendable` will be called.
   */
  send(packet: Packet): Status;
  /**
   * The caller waits to send `packet`, which was refused; null: it does no longer, because the packet was taken or is given
   * up. A stream that has no use for it leaves this out. A packet that is given up may have lost octets that were taken.
   */
  waitToSend?(packet: Packet | null): void;
  /** The next packet of received octets, now the caller's, or null when there is none at present. */
  receive(): Packet | null;
  /** Ends the stream: in order (everything sent is still delivered), or at once. `closed` follows. */
  disconnect(abort: boolean): Status;
}

/** What happens to a stream. */
export interface StreamListener {
  /** The stream is open in both directions. */
  established(): void;
  /** `receive` has something new. */
  receivable(): void;
  /** `send` has room again after it had refused. */
  sendable(): void;
  /** The peer will send nothing more; what it sent before can still be received. */
  peerFinished(): void;
  /** The stream is over. NX_SUCCESS after an orderly end, otherwise why. Called once, last. */
  closed(reason: Status): void;
}

/** Opens streams: TCP to a given address, or TLS over it. MQTT is given one and knows no more. */
export interface StreamConnector {
  /** Begins to connect. The listener hears `established` or `closed`. Returns null and no callback when it cannot begin. */
  connect(listener: StreamListener): PacketStream | null;
}
