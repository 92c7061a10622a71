import {
  NX_DISCONNECT_FAILED,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NO_WAIT,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WAIT_FOREVER,
  NX_WINDOW_OVERFLOW,
  type PacketStream,
  type Status,
  type StreamConnector,
  type StreamListener,
} from '@strata/contracts';
import { TcpSocket } from '@strata/tcp';
import { type AbortSource, WaitQueue, type Waits } from '@strata/time';
import { TlsConnector, TlsSession } from '@strata/tls';
import { HostTlsConnector, tcpCause } from './connectors.ts';
import { NetError } from './net-error.ts';
import { tlsCause } from './tls-cause.ts';

/** How long an operation may take, by the host's clock, and how to give it up. */
export interface WaitOptions {
  /** Seconds of the host's time; absent: no limit. */
  readonly timeoutSeconds?: number;
  /** An `AbortSignal`. */
  readonly signal?: AbortSource;
}

/** Ticks a second: NX_IP_PERIODIC_RATE. */
const TICKS = 100;

/** An empty pool is looked at again after one tick. */
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
  /** Those who wait for the connection to open, for room to send, for data, for the end. */
  private readonly opening: WaitQueue<true>;
  private readonly sending: WaitQueue<Status>;
  private readonly receiving: WaitQueue<Uint8Array | 'finished' | 'broken'>;
  private readonly ending: WaitQueue<true>;
  private stream: PacketStream | null;
  /** Who opened it, if this object asked for it. */
  private connector: StreamConnector | null;
  private open: boolean;
  private peerDone: boolean;
  /** `close` was called: nobody reads what comes now. */
  private closing: boolean;
  private over: boolean;
  private overStatus: Status;
  /** What the stream below has to tell this connection of. */
  readonly events: StreamListener;

  /** @param what names the connection in errors: "tcp 192.0.2.2:7" */
  constructor(waits: Waits, what: string) {
    this.waits = waits;
    this.what = what;
    this.opening = new WaitQueue(waits, NX_NOT_CONNECTED, `connect ${what}`);
    this.sending = new WaitQueue(waits, NX_WINDOW_OVERFLOW, `send on ${what}`);
    this.receiving = new WaitQueue(waits, NX_NO_PACKET, `receive on ${what}`);
    this.ending = new WaitQueue(waits, NX_DISCONNECT_FAILED, `close ${what}`);
    this.stream = null;
    this.connector = null;
    this.open = false;
    this.peerDone = false;
    this.closing = false;
    this.over = false;
    this.overStatus = NX_SUCCESS;
    this.events = {
      established: () => {
        this.open = true;
        this.opening.wake();
      },
      receivable: () => this.arrived(),
      sendable: () => this.sending.wake(),
      peerFinished: () => {
        this.peerDone = true;
        this.receiving.wake();
      },
      closed: (reason) => this.closed(reason),
    };
  }

  /** What comes after `close` must not stay in the pool until the peer deigns to finish. */
  private arrived(): void {
    const unread = this.closing ? this.stream : null;
    for (let packet = unread?.receive() ?? null; packet !== null; packet = unread?.receive() ?? null) packet.release();
    this.receiving.wake();
  }

  private closed(reason: Status): void {
    this.over = true;
    this.overStatus = reason;
    this.opening.wake();
    this.sending.wake();
    this.receiving.wake();
    this.ending.wake();
  }

  /** Takes over a stream. @param established whether it is open already */
  attach(stream: PacketStream, established: boolean): this {
    this.stream = stream;
    this.open = established;
    stream.listener = this.events;
    return this;
  }

  /** Begins to connect. @throws NetError when the connector cannot begin */
  begin(connector: StreamConnector): this {
    this.connector = connector;
    const stream = connector.connect(this.events);
    if (stream === null) {
      const session = connector instanceof TlsConnector ? connector.session : null;
      const status = session?.failure()?.status ?? NX_IP_ADDRESS_ERROR;
      throw this.error('connect', status, session);
    }
    this.stream = stream;
    return this;
  }

  /** The stream below, for what this class does not offer. @throws NetError before there is one */
  get packets(): PacketStream {
    if (this.stream === null) throw new NetError(this.what, NX_NOT_CONNECTED);
    return this.stream;
  }

  /** Resolves when the connection is open. @throws NetError with the reason why it never will be */
  async established(options: WaitOptions = {}): Promise<this> {
    const settled = () => (this.open || this.over ? true : null);
    const { value, status } = await this.opening.until(settled, ticksOf(options), options.signal);
    if (value === null) this.abort();
    if (!this.open || value === null) throw this.error('connect', value === null ? status : this.failure());
    return this;
  }

  /**
   * Resolves when every octet is in the transmit queue, and where packets go out at once (`sendsAtOnce`) when all that they lead
   * to at this moment has happened, for which the lab must run. @throws NetError when the connection ends before that
   */
  async send(bytes: Uint8Array, options: WaitOptions = {}): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += await this.sendSome(bytes, at, options);
  }

  /** Sends one packet's worth from `at` on. Returns how much that was. */
  private async sendSome(bytes: Uint8Array, at: number, options: WaitOptions): Promise<number> {
    const stream = this.packets;
    const packet = stream.allocate();
    if (packet === null) {
      if (this.over) throw this.error('send on', this.failure());
      await this.waits.sleep(POOL_RETRY_TICKS, options.signal);
      return 0;
    }
    const room = packet.dataEnd - packet.append;
    const count = Math.min(stream.mss || room, room, bytes.length - at);
    packet.appendBytes(bytes, at, count);
    const attempt = () => {
      const status = stream.send(packet);
      const later = status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH || status === NX_NO_PACKET;
      if (!later || this.over) return status;
      stream.waitToSend?.(packet);
      return null;
    };
    const { status, value } = await this.sending.until(attempt, ticksOf(options), options.signal);
    const outcome = value ?? status;
    stream.waitToSend?.(null);
    if (outcome === NX_SUCCESS) {
      if (stream.sendsAtOnce === true) await this.waits.turn();
      return count;
    }
    packet.release();
    throw this.error('send on', this.over ? this.failure() : outcome);
  }

  /** The next octets, or null once the peer has finished. @throws NetError when the connection broke */
  async receive(options: WaitOptions = {}): Promise<Uint8Array | null> {
    const { status, value } = await this.receiving.until(() => this.take(), ticksOf(options), options.signal);
    if (value === 'finished') return null;
    if (value === 'broken') throw this.error('receive on', this.overStatus);
    if (value === null) throw new NetError(`receive on ${this.what}`, status);
    return value;
  }

  private take(): Uint8Array | 'finished' | 'broken' | null {
    const packet = this.packets.receive();
    if (packet !== null) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      return bytes;
    }
    if (this.peerDone || (this.over && this.overStatus === NX_SUCCESS)) return 'finished';
    return this.over ? 'broken' : null;
  }

  /** Everything until the peer has finished. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (let bytes = await this.receive(); bytes !== null; bytes = await this.receive()) yield bytes;
  }

  /**
   * Ends in order: what was sent is still delivered. Resolves when the connection is over for both sides. @throws NetError
   * NX_DISCONNECT_FAILED when that takes longer than the wait: then the connection has ended here all the same, but for a
   * wait of none, behind which it ends by itself
   */
  async close(options: WaitOptions = {}): Promise<void> {
    if (this.stream === null || this.over) return;
    this.closing = true;
    this.stream.disconnect(false);
    const ticks = ticksOf(options);
    const { status, value } = await this.ending.until(() => this.over || null, ticks, options.signal);
    if (value !== null) return;
    if (status === NX_DISCONNECT_FAILED && ticks !== NX_NO_WAIT) this.abort();
    throw new NetError(`close ${this.what}`, status);
  }

  /** Ends at once, with a reset. */
  abort(): void {
    if (!this.over) this.stream?.disconnect(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** An error with what lay behind it, when TCP or TLS knows. */
  private error(what: string, status: Status, stream: unknown = this.stream): NetError {
    const cause = this.cause(stream);
    return new NetError(`${what} ${this.what}`, status, cause?.status === status ? cause.cause : cause);
  }

  private cause(stream: unknown): NetError | undefined {
    if (stream instanceof TcpSocket) return tcpCause(stream, 'tcp');
    const below = this.connector instanceof HostTlsConnector ? this.connector.tcp.cause() : undefined;
    return stream instanceof TlsSession ? tlsCause(stream, below) : undefined;
  }

  private failure(): Status {
    return this.overStatus === NX_SUCCESS ? NX_NOT_CONNECTED : this.overStatus;
  }
}
