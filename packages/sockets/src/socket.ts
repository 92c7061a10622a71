import { Duplex } from 'node:stream';
import {
  type Alarm,
  type IpAddress,
  MILLISECOND,
  NEVER,
  NX_NO_PACKET,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type Status,
  type StreamListener,
  type Timed,
} from '@strata/contracts';
import { TCP_SYN_SENT, type TcpSocket } from '@strata/tcp';
import { formatAddress, parseAddress } from '@strata/wire';
import { codeOfCause, socketError } from './errors.ts';
import type { SocketHost } from './host.ts';

/** As `node:net`'s: what a new socket can be told. */
export interface SocketOptions {
  /** Keep our direction open after the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean;
  /** Sockets made by a server pause until somebody reads. Default false. */
  readonly pauseOnConnect?: boolean;
  readonly highWaterMark?: number;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly signal?: AbortSignal;
}

/** As `node:net`'s `connect` options for TCP. */
export interface ConnectOptions extends SocketOptions {
  readonly port: number;
  /** An address, `localhost` for this host itself, or a name that the host can look up. Default: localhost. */
  readonly host?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly timeout?: number;
}

/** How long a writer waits for a packet when its host's pool is empty. */
const POOL_RETRY = MILLISECOND;

/**
 * `net.Socket` on an emulated host: a Duplex over one TCP connection, with Node's events, properties and error codes, so that
 * programs written for Node run on the stack unchanged. Times are the host's: `setTimeout` counts the lab's clock.
 */
export class Socket extends Duplex implements Timed {
  connecting: boolean;
  bytesRead: number;
  /** Octets that the transmit queue has taken; `bytesWritten` adds those that wait before it. */
  private dispatched: number;
  /** Idle time before 'timeout', in milliseconds; undefined when off. */
  timeout: number | undefined;
  private readonly host: SocketHost;
  private tcp: TcpSocket | null;
  private readonly alarm: Alarm;
  private idleDeadline: number;
  private retryDeadline: number;
  /** The chunk being written, how far it is, and whom to tell. */
  private chunk: Uint8Array | null;
  private chunkOffset: number;
  private chunkDone: ((error?: Error | null) => void) | null;
  private packet: Packet | null;
  private finishing: ((error?: Error | null) => void) | null;
  private wantsData: boolean;
  private peerDone: boolean;
  private ended: boolean;
  private noDelay: boolean;
  private keepAlive: boolean;
  private keepAliveDelay: number;
  private remote: IpAddress | null;
  private local: IpAddress | null;
  private remotePortNumber: number;
  private localPortNumber: number;
  private resetOnDestroy: boolean;

  constructor(host: SocketHost, options: SocketOptions = {}) {
    super({
      allowHalfOpen: options.allowHalfOpen ?? false,
      autoDestroy: true,
      emitClose: true,
      decodeStrings: true,
      ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
    });
    host.useEventLoop();
    this.connecting = false;
    this.bytesRead = 0;
    this.dispatched = 0;
    this.timeout = undefined;
    this.host = host;
    this.tcp = null;
    this.idleDeadline = NEVER;
    this.retryDeadline = NEVER;
    this.alarm = host.time.alarm(this);
    this.chunk = null;
    this.chunkOffset = 0;
    this.chunkDone = null;
    this.packet = null;
    this.finishing = null;
    this.wantsData = false;
    this.peerDone = false;
    this.ended = false;
    this.noDelay = options.noDelay ?? false;
    this.keepAlive = options.keepAlive ?? false;
    this.keepAliveDelay = options.keepAliveInitialDelay ?? 0;
    this.remote = null;
    this.local = null;
    this.remotePortNumber = 0;
    this.localPortNumber = 0;
    this.resetOnDestroy = false;
    if (options.signal !== undefined) this.follow(options.signal);
  }

  private follow(signal: AbortSignal): void {
    const abort = () => {
      const error = new Error('The operation was aborted', { cause: signal.reason });
      error.name = 'AbortError';
      this.destroy(Object.assign(error, { code: 'ABORT_ERR' }));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  /** As `net.Socket.connect`: `(port, host?, callback?)` or `(options, callback?)`. */
  connect(options: ConnectOptions | number, ...rest: (string | (() => void) | undefined)[]): this {
    const callback = rest.find((value) => typeof value === 'function') as (() => void) | undefined;
    const host = rest.find((value) => typeof value === 'string') as string | undefined;
    const target: ConnectOptions =
      typeof options === 'number' ? { port: options, ...(host === undefined ? {} : { host }) } : options;
    if (!Number.isInteger(target.port) || target.port < 0 || target.port > 65535) {
      throw Object.assign(new RangeError(`Port should be >= 0 and < 65536. Received ${target.port}.`), {
        code: 'ERR_SOCKET_BAD_PORT',
      });
    }
    if (callback !== undefined) this.once('connect', callback);
    if (target.noDelay !== undefined) this.noDelay = target.noDelay;
    if (target.keepAlive !== undefined) this.keepAlive = target.keepAlive;
    if (target.timeout !== undefined) this.setTimeout(target.timeout);
    this.connecting = true;
    const name = target.host ?? 'localhost';
    const address = name === 'localhost' || name === '' ? this.host.localAddress : parseAddress(name);
    if (address === null) {
      const error = Object.assign(socketError('ENOTFOUND', 'getaddrinfo', name), { hostname: name });
      process.nextTick(() => this.destroy(error));
      return this;
    }
    this.remote = address;
    this.remotePortNumber = target.port;
    process.nextTick(() => {
      if (!this.destroyed) this.open(address, target);
    });
    this.host.touch();
    return this;
  }

  private open(address: IpAddress, target: ConnectOptions): void {
    this.emit('lookup', null, formatAddress(address), address.family, target.host ?? 'localhost');
    const tcp = this.host.tcp.open(address, target.port, this.events(), { deleteWhenClosed: true });
    if (tcp === null) {
      this.connecting = false;
      this.destroy(socketError('ENETUNREACH', 'connect', formatAddress(address), target.port));
      return;
    }
    this.adopt(tcp);
    this.touchIdle();
  }

  /** @internal Takes over an established connection that a server accepted. */
  accepted(tcp: TcpSocket): this {
    tcp.listener = this.events();
    this.adopt(tcp);
    this.rememberAddresses();
    this.applyOptions();
    return this;
  }

  private adopt(tcp: TcpSocket): void {
    this.tcp = tcp;
    this.rememberAddresses();
  }

  private rememberAddresses(): void {
    const { tcp } = this;
    if (tcp === null || tcp.flow === null) return;
    this.local = tcp.flow.local;
    this.remote = tcp.flow.remote;
    this.localPortNumber = tcp.localPort;
    this.remotePortNumber = tcp.remotePort;
  }

  private events(): StreamListener {
    return {
      established: () => this.onEstablished(),
      receivable: () => this.pump(),
      sendable: () => this.resumeWriting(),
      peerFinished: () => {
        this.peerDone = true;
        this.pump();
      },
      closed: (reason) => this.onClosed(reason),
    };
  }

  private onEstablished(): void {
    this.host.touch();
    this.connecting = false;
    this.rememberAddresses();
    this.applyOptions();
    this.touchIdle();
    this.emit('connect');
    this.emit('ready');
    this.resumeWriting();
    if (this.finishing !== null) this.finish();
    this.pump();
  }

  private applyOptions(): void {
    const { tcp } = this;
    if (tcp === null) return;
    if (this.noDelay) tcp.setNoDelay(true);
    if (this.keepAlive) tcp.setKeepalive(true, this.keepAliveDelay * MILLISECOND);
  }

  private onClosed(_reason: Status): void {
    this.host.touch();
    const { tcp } = this;
    const connecting = this.connecting;
    this.pump();
    this.tcp = null;
    this.ended = true;
    this.connecting = false;
    const code = tcp === null ? null : codeOfCause(tcp.cause, connecting);
    if (code !== null) {
      const syscall = connecting ? 'connect' : this.chunk === null ? 'read' : 'write';
      const address = connecting && this.remote !== null ? formatAddress(this.remote) : undefined;
      this.fail(socketError(code, syscall, address, connecting ? this.remotePortNumber : undefined));
      return;
    }
    if (this.chunkDone !== null) this.fail(socketError('EPIPE', 'write'));
    if (this.finishing !== null) {
      const done = this.finishing;
      this.finishing = null;
      done();
    }
    if (!this.peerDone) {
      this.peerDone = true;
      this.pump();
    }
  }

  private fail(error: Error): void {
    const done = this.chunkDone ?? this.finishing;
    this.chunk = null;
    this.chunkDone = null;
    this.finishing = null;
    this.dropPacket();
    if (done !== null) done(error);
    else this.destroy(error);
  }

  override _read(): void {
    this.wantsData = true;
    this.pump();
  }

  /** Moves received packets into the readable side while it wants them. What stays closes the receive window. */
  private pump(): void {
    this.host.touch();
    const { tcp } = this;
    while (this.wantsData && tcp !== null) {
      const packet = tcp.receive();
      if (packet === null) break;
      const bytes = Buffer.allocUnsafe(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      this.bytesRead += bytes.length;
      this.touchIdle();
      this.wantsData = this.push(bytes);
    }
    if (this.peerDone && this.wantsData && (tcp === null || tcp.receivePackets === 0)) {
      this.wantsData = false;
      this.push(null);
    }
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.ended) {
      done(socketError('EPIPE', 'write'));
      return;
    }
    this.chunk = chunk;
    this.chunkOffset = 0;
    this.chunkDone = done;
    if (!this.connecting) this.resumeWriting();
  }

  override _writev(
    chunks: { chunk: Uint8Array; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map((one) => one.chunk)), 'buffer', done);
  }

  /** Copies the chunk into packets until it is done, the stream refuses, or the pool is empty. */
  private resumeWriting(): void {
    const { tcp, chunk } = this;
    if (tcp === null || chunk === null || this.connecting) return;
    for (;;) {
      if (this.packet === null) {
        if (this.chunkOffset === chunk.length) break;
        this.packet = tcp.allocate();
        if (this.packet === null) {
          this.retryLater();
          return;
        }
        const count = Math.min(tcp.mss, this.packet.dataEnd - this.packet.append, chunk.length - this.chunkOffset);
        this.packet.appendBytes(chunk, this.chunkOffset, count);
        this.chunkOffset += count;
        this.dispatched += count;
      }
      const status = tcp.send(this.packet);
      if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) return;
      if (status === NX_NO_PACKET) {
        this.retryLater();
        return;
      }
      if (status !== NX_SUCCESS) {
        this.fail(socketError('EPIPE', 'write'));
        return;
      }
      this.packet = null;
    }
    this.touchIdle();
    const done = this.chunkDone;
    this.chunk = null;
    this.chunkDone = null;
    this.host.touch();
    done?.();
  }

  private retryLater(): void {
    this.retryDeadline = this.host.time.now + POOL_RETRY;
    this.alarm.set(this.nextDeadline());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finishing = done;
    if (!this.connecting) this.finish();
  }

  private finish(): void {
    const done = this.finishing;
    this.finishing = null;
    this.tcp?.shutdown();
    done?.();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.alarm.cancel();
    this.dropPacket();
    this.chunk = null;
    this.chunkDone = null;
    this.finishing = null;
    this.connecting = false;
    const { tcp } = this;
    this.tcp = null;
    if (tcp !== null) {
      tcp.listener = null;
      const abrupt = this.resetOnDestroy || tcp.receivePackets > 0;
      if (!abrupt && tcp.state !== TCP_SYN_SENT) tcp.disconnect(false);
      else tcp.disconnect(true);
      for (let packet = tcp.receive(); packet !== null; packet = tcp.receive()) packet.release();
    }
    this.host.touch();
    done(error);
  }

  private dropPacket(): void {
    this.packet?.release();
    this.packet = null;
  }

  /** Sends a reset instead of ending in order. */
  resetAndDestroy(): this {
    this.resetOnDestroy = true;
    this.destroy();
    return this;
  }

  /** Destroys the socket once everything has been written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Emits 'timeout' after so many milliseconds of the host's time without traffic; 0 turns it off. */
  override setTimeout(milliseconds: number, callback?: () => void): this {
    this.timeout = milliseconds === 0 ? undefined : milliseconds;
    if (callback !== undefined) {
      if (milliseconds === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    this.touchIdle();
    return this;
  }

  private touchIdle(): void {
    if (this.destroyed) return;
    this.idleDeadline = this.timeout === undefined ? NEVER : this.host.time.now + this.timeout * MILLISECOND;
    this.alarm.set(this.nextDeadline());
  }

  nextDeadline(): number {
    return Math.min(this.idleDeadline, this.retryDeadline);
  }

  onTime(now: number): void {
    if (now >= this.retryDeadline) {
      this.retryDeadline = NEVER;
      this.resumeWriting();
    }
    if (now >= this.idleDeadline) {
      this.idleDeadline = NEVER;
      this.host.touch();
      this.emit('timeout');
    }
  }

  setNoDelay(noDelay = true): this {
    this.noDelay = noDelay;
    this.tcp?.setNoDelay(noDelay);
    return this;
  }

  /** @param initialDelay idle milliseconds before the first probe; 0 leaves the profile's value */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.keepAlive = enable;
    this.keepAliveDelay = initialDelay;
    if (this.tcp !== null && !this.connecting) this.tcp.setKeepalive(enable, initialDelay * MILLISECOND);
    return this;
  }

  /** The local end as `net.Socket.address` tells it. */
  address(): { address: string; family: string; port: number } | Record<string, never> {
    if (this.local === null) return {};
    return { address: formatAddress(this.local), family: `IPv${this.local.family}`, port: this.localPortNumber };
  }

  get remoteAddress(): string | undefined {
    return this.remote === null || this.connecting ? undefined : formatAddress(this.remote);
  }

  get remotePort(): number | undefined {
    return this.remote === null || this.connecting ? undefined : this.remotePortNumber;
  }

  get remoteFamily(): string | undefined {
    return this.remote === null || this.connecting ? undefined : `IPv${this.remote.family}`;
  }

  get localAddress(): string | undefined {
    return this.local === null ? undefined : formatAddress(this.local);
  }

  get localPort(): number | undefined {
    return this.local === null ? undefined : this.localPortNumber;
  }

  get localFamily(): string | undefined {
    return this.local === null ? undefined : `IPv${this.local.family}`;
  }

  /** Octets written by the program, waiting ones included. */
  get bytesWritten(): number {
    const waiting = this.chunk === null ? 0 : this.chunk.length - this.chunkOffset;
    return (
      this.dispatched + waiting + (this.chunk === null ? this.writableLength : this.writableLength - this.chunk.length)
    );
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  /** True until the connection is open, and after it is gone. */
  get pending(): boolean {
    return this.tcp === null || this.connecting;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    if (this.writable) return 'writeOnly';
    return 'closed';
  }

  /** The lab, not the socket, keeps the program alive; both are there for programs that call them. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
