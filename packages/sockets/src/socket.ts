import { addAbortSignal, Duplex } from 'node:stream';
import type { IpAddress } from '@strata/contracts';
import type { TcpSocket, TcpSocketOptions } from '@strata/tcp';
import { formatAddress } from '@strata/wire';
import { readArguments, readDuration, readPort } from './arguments.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { nodeError, socketError } from './errors.ts';
import { inTick } from './event-loop.ts';
import type { SocketHost } from './host.ts';
import { IdleTimer } from './idle-timer.ts';
import { invalidAddress, type LookupAddress, lookUp, readAddress } from './lookup.ts';
import type { ConnectOptions, SocketAddress, SocketOptions } from './options.ts';
import type { Server } from './server.ts';

type WriteDone = (error?: Error | null) => void;

/**
 * `net.Socket` on an emulated host: a Duplex over one TCP connection, with Node's events, properties and error codes, so that
 * programs written for Node run on the stack unchanged. Times are the host's: `setTimeout` counts the lab's clock.
 */
export class Socket extends Duplex implements ConnectionOwner {
  connecting: boolean;
  /** Idle time before 'timeout', in milliseconds; undefined until it is set. */
  timeout: number | undefined;
  /** The server that accepted this connection, or null. Other servers (`node:http`) put themselves here. */
  server: unknown;
  private readonly host: SocketHost;
  private connection: Connection | null;
  private readonly idle: IdleTimer;
  private idleQueueSize: number;
  private owner: Server | null;
  private noDelay: boolean;
  private keepAlive: boolean;
  private keepAliveSeconds: number;
  private readonly tcpOptions: TcpSocketOptions;
  private readonly signal: AbortSignal | null;
  private resetWhenDone: boolean;
  private peername: SocketAddress | null;
  private target: {
    readonly address: string;
    readonly port: number;
    readonly family: number;
    readonly local?: string;
  } | null;
  /** A write that waits for the connection. */
  private early: Buffer | null;
  /** Counts that outlive the connection. */
  private lastBytesRead: number;
  private lastBytesWritten: number;

  constructor(host: SocketHost, options: SocketOptions = {}) {
    const { highWaterMark, signal } = options;
    super({
      allowHalfOpen: options.allowHalfOpen ?? false,
      autoDestroy: true,
      // 'close' comes when the connection has let go, and tells whether there was an error; see `_destroy`.
      emitClose: false,
      decodeStrings: false,
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
    });
    host.useEventLoop();
    this.connecting = false;
    this.timeout = undefined;
    this.server = null;
    this.host = host;
    this.connection = null;
    this.idle = new IdleTimer(host, () => this.onIdle());
    this.idleQueueSize = 0;
    this.owner = null;
    this.noDelay = options.noDelay ?? false;
    this.keepAlive = options.keepAlive ?? false;
    this.keepAliveSeconds = wholeSeconds(options.keepAliveInitialDelay ?? 0);
    this.tcpOptions = options.tcp ?? {};
    this.signal = signal ?? null;
    this.resetWhenDone = false;
    this.peername = null;
    this.target = null;
    this.early = null;
    this.lastBytesRead = 0;
    this.lastBytesWritten = 0;
    this.on('end', refuseWritesAfterEnd);
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** As `net.Socket.connect`: `(options, callback?)` or `(port, host?, callback?)`. A closed socket may connect again. */
  connect(options: ConnectOptions, callback?: () => void): this;
  connect(port: number | string, host?: string, callback?: () => void): this;
  connect(port: number | string, callback?: () => void): this;
  connect(...args: unknown[]): this {
    const { options, callback } = readArguments<ConnectOptions>(args);
    if (callback !== null) this.once('connect', callback);
    if (options.port === undefined) {
      throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'The "options" or "port" or "path" argument must be specified');
    }
    const port = readPort(options.port, 'Port');
    const localAddress = options.localAddress === undefined ? null : readAddress(this.host, options.localAddress);
    if (options.localAddress !== undefined && localAddress === null) throw invalidAddress(options.localAddress);
    // Node itself connects all the same; nobody can want that.
    if (this.signal?.aborted) return this;
    this.begin();
    const host = options.host || 'localhost';
    const open = (address: IpAddress, text: string) => {
      if (this.connecting && this.connection !== null)
        this.open(address, text, port, localAddress?.address ?? null, options);
    };
    const literal = readAddress(this.host, host);
    if (literal !== null) {
      this.whenUsable(literal.address, () => inTick(this.host, () => open(literal.address, literal.text)));
      return this;
    }
    const family = options.family ?? 0;
    lookUp(this.host, host, family, options.lookup, (error, found) => this.lookedUp(error, found, host, open));
    return this;
  }

  /** An IPv6 host that has just come up has no address to connect from for a moment (RFC 4862 5.4). */
  private whenUsable(remote: IpAddress, then: () => void): void {
    if (remote.family === 6 && this.host.whenSettled !== undefined) this.host.whenSettled(then);
    else then();
  }

  /** A new connection, or the first one. */
  private begin(): void {
    if (this.destroyed) {
      (this as unknown as { _undestroy(): void })._undestroy();
      this.connection = null;
      this.peername = null;
      // `refuseWritesAfterEnd` may have put its own in front.
      Reflect.deleteProperty(this, 'write');
    }
    this.connection ??= new Connection(this.host, this);
    this.idle.touch();
    this.connecting = true;
    this.host.touch();
  }

  private lookedUp(
    error: Error | null,
    found: readonly LookupAddress[],
    host: string,
    open: (address: IpAddress, text: string) => void,
  ): void {
    if (!this.connecting) return;
    const first = found[0];
    this.emit('lookup', error, first?.address, first?.family, host);
    for (const other of found.slice(1)) this.emit('lookup', error, other.address, other.family, host);
    if (!this.connecting) return;
    const resolved = found.map((one) => readAddress(this.host, one.address)).find((one) => one !== null);
    if (error === null && resolved !== undefined && resolved !== null) {
      this.idle.touch();
      this.whenUsable(resolved.address, () => open(resolved.address, resolved.text));
      return;
    }
    inTick(this.host, () => this.destroy(error ?? invalidAddress(String(first?.address))));
  }

  private open(
    address: IpAddress,
    text: string,
    port: number,
    localAddress: IpAddress | null,
    options: ConnectOptions,
  ): void {
    const { connection } = this;
    if (connection === null) return;
    const localPort = options.localPort ?? 0;
    const local = localAddress === null ? (address.family === 6 ? '::' : '0.0.0.0') : formatAddress(localAddress);
    const otherFamily = localAddress !== null && localAddress.family !== address.family;
    const unbindable = otherFamily
      ? 'EINVAL'
      : connection.bind(localAddress, localPort, { ...this.tcpOptions, ...options.tcp });
    if (unbindable !== null) {
      const isAsked = localAddress !== null || localPort !== 0;
      this.destroy(
        isAsked ? socketError(unbindable, 'bind', local, localPort) : socketError(unbindable, 'connect', text, port),
      );
      return;
    }
    this.target = { address: text, port, family: address.family };
    if (localAddress !== null && localPort !== 0) this.target = { ...this.target, local: `${local}:${localPort}` };
    this.emit('connectionAttempt', text, port, address.family);
    if (!this.connecting) return;
    const failed = connection.connect(address, port);
    if (failed !== null) this.destroy(socketError(failed, 'connect', text, port, `${local}:${localPort}`));
  }

  /** @internal Takes over a connection that `server` accepted. */
  adopt(connection: Connection, server: Server, pauseOnConnect: boolean): this {
    connection.owner = this;
    this.connection = connection;
    this.owner = server;
    this.server = server;
    this.applyOptions();
    if (pauseOnConnect) this.pause();
    else this.read(0);
    return this;
  }

  private applyOptions(): void {
    if (this.noDelay) this.connection?.setNoDelay(true);
    if (this.keepAlive) this.connection?.setKeepAlive(true, this.keepAliveSeconds);
  }

  // What the connection tells, in turns of the event loop.

  /** @internal */
  connected(code: string | null): void {
    if (this.destroyed) return;
    this.connecting = false;
    if (code !== null) {
      const { address, port, family, local } = this.target as NonNullable<typeof this.target>;
      const error = socketError(code, 'connect', address, port, local);
      this.emit('connectionAttemptFailed', address, port, family, error);
      this.destroy(error);
      return;
    }
    this.idle.touch();
    this.applyOptions();
    this.emit('connect');
    this.emit('ready');
    if (!this.isPaused()) this.read(0);
  }

  /** @internal */
  received(bytes: Buffer): void {
    this.idle.touch();
    if (!this.push(bytes)) this.connection?.readStop();
  }

  /** @internal */
  ended(): void {
    this.push(null);
    this.read(0);
  }

  /** @internal */
  broke(code: string): void {
    this.destroy(socketError(code, 'read'));
  }

  // What the stream asks for.

  /** @internal */
  override _read(size: number): void {
    if (this.connecting || this.connection === null) this.once('connect', () => this._read(size));
    else this.connection.readStart();
  }

  /** @internal */
  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: WriteDone): void {
    this.writeBytes(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, done);
  }

  /** @internal */
  override _writev(chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], done: WriteDone): void {
    const buffers = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    );
    this.writeBytes(Buffer.concat(buffers), done);
  }

  private writeBytes(bytes: Buffer, done: WriteDone): void {
    if (this.connecting) {
      this.writeOnceConnected(bytes, done);
      return;
    }
    this.early = null;
    const { connection } = this;
    if (connection === null) {
      done(nodeError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'));
      return;
    }
    this.idle.touch();
    connection.write(bytes, (code) => {
      if (this.destroyed) {
        done(null);
        return;
      }
      if (code === null) this.idle.touch();
      done(code === null ? null : socketError(code, 'write'));
    });
    this.idleQueueSize = connection.writeQueueSize;
  }

  private writeOnceConnected(bytes: Buffer, done: WriteDone): void {
    this.early = bytes;
    const onClose = () =>
      done(
        nodeError(Error, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established'),
      );
    this.once('connect', () => {
      this.off('close', onClose);
      this.writeBytes(bytes, done);
    });
    this.once('close', onClose);
  }

  /** @internal */
  override _final(done: WriteDone): void {
    if (this.pending) {
      this.once('connect', () => this._final(done));
      return;
    }
    this.connection?.shutdown(() => done());
  }

  /** @internal */
  override _destroy(error: Error | null, done: WriteDone): void {
    this.connecting = false;
    this.idle.stop();
    const { connection, owner } = this;
    const hadError = error !== null && error !== undefined;
    this.connection = null;
    if (connection === null) {
      done(error);
      inTick(this.host, () => this.emit('close'));
    } else {
      this.lastBytesRead = connection.bytesRead;
      this.lastBytesWritten = connection.bytesWritten;
      const reset = this.resetWhenDone;
      this.resetWhenDone = false;
      connection.close(reset, () => this.emit('close', hadError));
      done(error);
    }
    this.owner = null;
    owner?.released();
  }

  /** Destroys the socket with a reset instead of an orderly end; once it is connected, if it is not yet. */
  resetAndDestroy(): this {
    if (this.connection === null) this.destroy(nodeError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'));
    else if (this.connecting) this.once('connect', () => this.reset());
    else this.reset();
    return this;
  }

  private reset(): void {
    this.resetWhenDone = true;
    this.destroy();
  }

  /** Destroys the socket once everything has been written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  // Options.

  /** Emits 'timeout' after so many milliseconds of the host's time without traffic; 0 turns it off. @throws for a bad duration */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    this.idle.start(readDuration(milliseconds, 'msecs'));
    this.host.touch();
    if (callback === undefined) return this;
    if (typeof callback !== 'function') {
      throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "callback" argument must be of type function.');
    }
    if (milliseconds === 0) this.removeListener('timeout', callback);
    else this.once('timeout', callback);
    return this;
  }

  private onIdle(): void {
    const left = this.connection?.writeQueueSize ?? 0;
    if (left > 0 && left !== this.idleQueueSize) {
      // A write is under way and makes progress.
      this.idleQueueSize = left;
      this.idle.touch();
      return;
    }
    this.emit('timeout');
  }

  /** Turns Nagle's algorithm off, or on again. NetX's profile has none. */
  setNoDelay(noDelay = true): this {
    this.noDelay = Boolean(noDelay);
    if (!this.connecting) this.connection?.setNoDelay(this.noDelay);
    return this;
  }

  /** @param initialDelay idle milliseconds before the first probe, counted in whole seconds; 0 leaves what is set */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.keepAlive = Boolean(enable);
    this.keepAliveSeconds = wholeSeconds(initialDelay);
    if (!this.connecting) this.connection?.setKeepAlive(this.keepAlive, this.keepAliveSeconds);
    return this;
  }

  /** The lab, not the socket, keeps the program alive; both are there for programs that call them. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  // What it knows.

  /** The TCP socket below, for its numbers (`inspect()`); null when there is none. Not in `node:net`. */
  get tcp(): TcpSocket | null {
    return this.connection?.socket ?? null;
  }

  /** The local end; {} without one. */
  address(): SocketAddress | Record<string, never> {
    return this.sockname ?? {};
  }

  private get sockname(): SocketAddress | null {
    const tcp = this.tcp;
    if (tcp === null || tcp.flow === null) return null;
    return endpoint(tcp.flow.local, tcp.localPort);
  }

  /** The remote end; once read it is remembered beyond the end of the connection, as Node has it. */
  private get peer(): SocketAddress | null {
    if (this.peername !== null || this.connecting) return this.peername;
    const tcp = this.tcp;
    if (tcp === null || tcp.flow === null) return null;
    this.peername = endpoint(tcp.flow.remote, tcp.remotePort);
    return this.peername;
  }

  get remoteAddress(): string | undefined {
    return this.peer?.address;
  }

  get remotePort(): number | undefined {
    return this.peer?.port;
  }

  get remoteFamily(): string | undefined {
    return this.peer?.family;
  }

  get localAddress(): string | undefined {
    return this.sockname?.address;
  }

  get localPort(): number | undefined {
    return this.sockname?.port;
  }

  get localFamily(): string | undefined {
    return this.sockname?.family;
  }

  get bytesRead(): number {
    return this.connection?.bytesRead ?? this.lastBytesRead;
  }

  /** Octets written by the program, waiting ones included. */
  get bytesWritten(): number {
    let bytes = this.connection?.bytesWritten ?? this.lastBytesWritten;
    const { writableBuffer } = this as unknown as {
      writableBuffer?: { chunk: Buffer | string; encoding: BufferEncoding }[];
    };
    for (const { chunk, encoding } of writableBuffer ?? []) {
      bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
    }
    return bytes + (this.early?.length ?? 0);
  }

  /** Octets that wait to be written; undefined without a connection. */
  get bufferSize(): number | undefined {
    return this.connection === null ? undefined : this.writableLength;
  }

  /** True until the connection is open, and after it is gone. */
  get pending(): boolean {
    return this.connection === null || this.connecting;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }
}

function endpoint(address: IpAddress, port: number): SocketAddress {
  return { address: formatAddress(address), family: `IPv${address.family}`, port };
}

function wholeSeconds(milliseconds: number): number {
  return milliseconds > 0 ? Math.trunc(milliseconds / 1000) : 0;
}

/** The first listener of 'end': from then on, a write that comes after our own end names the peer's end as the reason. */
function refuseWritesAfterEnd(this: Socket): void {
  if (this.allowHalfOpen) return;
  const write = this.write;
  this.write = function (this: Socket, ...args: unknown[]): boolean {
    if (!this.writableEnded) return Reflect.apply(write, this, args);
    const error = nodeError(Error, 'EPIPE', 'This socket has been ended by the other party');
    const callback = args.find((value) => typeof value === 'function') as ((error: Error) => void) | undefined;
    if (callback !== undefined) process.nextTick(callback, error);
    this.destroy(error);
    return false;
  } as Duplex['write'];
}
