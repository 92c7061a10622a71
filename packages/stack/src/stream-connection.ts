import {
  NX_NO_PACKET,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WAIT_FOREVER,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  type StreamListener,
} from '@strata/contracts';
import type { Suspension, Waits } from '@strata/time';
import { NetError } from './net-error.ts';

/** How long an operation may take, by the host's clock, and how to give it up. */
export interface WaitOptions {
  /** Seconds of the host's time; absent: no limit. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Ticks a second: NX_IP_PERIODIC_RATE. */
const TICKS = 100;

/** A full pool is looked at again after one tick. */
const POOL_RETRY_TICKS = 1;

/** Turns wait options into ticks, rounded up. */
export function ticksOf(options: WaitOptions): number {
  return options.timeoutSeconds === undefined ? NX_WAIT_FOREVER : Math.ceil(options.timeoutSeconds * TICKS);
}

/**
 * A {@link PacketStream} for people: octets in and out, promises at the edge, waits timed by the host's clock.
 *
 * ```ts
 * await using connection = await host.connect('192.0.2.2', 7);
 * await connection.send(new TextEncoder().encode('hello'));
 * const answer = await connection.receive();
 * ```
 */
export class StreamConnection implements AsyncDisposable {
  private readonly waits: Waits;
  private readonly what: string;
  private readonly waiting: Set<Suspension<null>>;
  private stream: PacketStream | null;
  private open: boolean;
  private peerDone: boolean;
  private over: boolean;
  private overStatus: Status;

  /** @param what names the connection in errors: "tcp 192.0.2.2:7" */
  constructor(waits: Waits, what: string) {
    this.waits = waits;
    this.what = what;
    this.waiting = new Set();
    this.stream = null;
    this.open = false;
    this.peerDone = false;
    this.over = false;
    this.overStatus = NX_SUCCESS;
  }

  /** What the stream below has to tell this connection of. */
  readonly events: StreamListener = {
    established: () => {
      this.open = true;
      this.wake();
    },
    receivable: () => this.wake(),
    sendable: () => this.wake(),
    peerFinished: () => {
      this.peerDone = true;
      this.wake();
    },
    closed: (reason) => {
      this.over = true;
      this.overStatus = reason;
      this.wake();
    },
  };

  /** Takes over a stream. @param established whether it is open already */
  attach(stream: PacketStream, established: boolean): this {
    this.stream = stream;
    this.open = established;
    stream.listener = this.events;
    return this;
  }

  /** The stream below, for what this class does not offer. @throws NetError before there is one */
  get packets(): PacketStream {
    if (this.stream === null) throw new NetError(this.what, NX_NOT_CONNECTED);
    return this.stream;
  }

  /** Resolves when the connection is open. @throws NetError with the reason why it never will be */
  async established(options: WaitOptions = {}): Promise<this> {
    const what = `connect ${this.what}`;
    while (!this.open && !this.over) {
      try {
        await this.pause(what, options);
      } catch (error) {
        this.abort();
        throw error;
      }
    }
    if (!this.open) throw new NetError(what, this.failure());
    return this;
  }

  /** Resolves when every octet is in the transmit queue. @throws NetError when the connection ends before that */
  async send(bytes: Uint8Array, options: WaitOptions = {}): Promise<void> {
    const stream = this.packets;
    const what = `send on ${this.what}`;
    for (let at = 0; at < bytes.length; ) {
      const packet = stream.allocate();
      if (packet === null) {
        await this.pause(
          what,
          { ...options, timeoutSeconds: options.timeoutSeconds ?? POOL_RETRY_TICKS / TICKS },
          true,
        );
        continue;
      }
      const count = Math.min(packet.dataEnd - packet.append, bytes.length - at);
      packet.appendBytes(bytes, at, count);
      at += count;
      await this.sendPacket(packet, what, options);
    }
  }

  private async sendPacket(packet: Packet, what: string, options: WaitOptions): Promise<void> {
    const stream = this.packets;
    for (let status = stream.send(packet); status !== NX_SUCCESS; status = stream.send(packet)) {
      const later = status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH || status === NX_NO_PACKET;
      try {
        if (!later) throw new NetError(what, this.over ? this.failure() : status);
        await this.pause(what, options);
      } catch (error) {
        packet.release();
        throw error;
      }
    }
  }

  /** The next octets, or null once the peer has finished. @throws NetError when the connection broke */
  async receive(options: WaitOptions = {}): Promise<Uint8Array | null> {
    const stream = this.packets;
    for (;;) {
      const packet = stream.receive();
      if (packet !== null) {
        const bytes = new Uint8Array(packet.length);
        packet.extract(0, bytes, 0, bytes.length);
        packet.release();
        return bytes;
      }
      if (this.peerDone) return null;
      if (this.over) {
        if (this.overStatus === NX_SUCCESS) return null;
        throw new NetError(`receive on ${this.what}`, this.overStatus);
      }
      await this.pause(`receive on ${this.what}`, options);
    }
  }

  /** Everything until the peer has finished. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (let bytes = await this.receive(); bytes !== null; bytes = await this.receive()) yield bytes;
  }

  /** Ends in order: what was sent is still delivered. Resolves when the connection is over for both sides. */
  async close(options: WaitOptions = {}): Promise<void> {
    if (this.stream === null || this.over) return;
    this.stream.disconnect(false);
    while (!this.over) await this.pause(`close ${this.what}`, options);
  }

  /** Ends at once, with a reset. */
  abort(): void {
    if (!this.over) this.stream?.disconnect(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private failure(): Status {
    return this.overStatus === NX_SUCCESS ? NX_NOT_CONNECTED : this.overStatus;
  }

  /** Waits until something happens on the stream. @param quiet running out of time is no error */
  private async pause(what: string, options: WaitOptions, quiet = false): Promise<void> {
    const suspension: Suspension<null> = this.waits.suspend<null>(
      ticksOf(options),
      quiet ? NX_SUCCESS : NX_NO_PACKET,
      () => this.waiting.delete(suspension),
      options.signal,
      what,
    );
    if (suspension.pending) this.waiting.add(suspension);
    const { status } = await suspension.result;
    if (status !== NX_SUCCESS) throw new NetError(`${what}: gave up waiting`, status);
  }

  private wake(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const suspension of woken) suspension.granted(null);
  }
}
