import { EventEmitter } from 'node:events';
import type { TcpServer } from '@strata/tcp';
import { formatAddress, parseAddress } from '@strata/wire';
import { socketError } from './errors.ts';
import type { SocketHost } from './host.ts';
import { Socket, type SocketOptions } from './socket.ts';

/** As `node:net`'s `listen` options for TCP. */
export interface ListenOptions {
  readonly port?: number;
  readonly host?: string;
  readonly backlog?: number;
  readonly signal?: AbortSignal;
}

/** Ephemeral ports for `listen(0)`, upwards from here. */
const FIRST_FREE_PORT = 49152;

/** `net.Server` on an emulated host. */
export class Server extends EventEmitter {
  listening: boolean;
  /** Connections beyond this many are closed at once, with a 'drop' event. */
  maxConnections: number | undefined;
  private readonly host: SocketHost;
  private readonly options: SocketOptions;
  private tcp: TcpServer | null;
  private address_: string;
  private readonly connections: Set<Socket>;
  private closing: boolean;

  constructor(
    host: SocketHost,
    options?: SocketOptions | ((socket: Socket) => void),
    onConnection?: (socket: Socket) => void,
  ) {
    super();
    host.useEventLoop();
    this.listening = false;
    this.maxConnections = undefined;
    this.host = host;
    this.options = typeof options === 'function' || options === undefined ? {} : options;
    this.tcp = null;
    this.address_ = '0.0.0.0';
    this.connections = new Set();
    this.closing = false;
    const listener = typeof options === 'function' ? options : onConnection;
    if (listener !== undefined) this.on('connection', listener);
  }

  /** As `net.Server.listen`: `(port?, host?, backlog?, callback?)` or `(options, callback?)`. */
  listen(options?: ListenOptions | number, ...rest: (string | number | (() => void) | undefined)[]): this {
    const callback = rest.find((value) => typeof value === 'function') as (() => void) | undefined;
    const hostName = rest.find((value) => typeof value === 'string') as string | undefined;
    const backlogArgument = rest.find((value) => typeof value === 'number') as number | undefined;
    const given: ListenOptions = typeof options === 'object' ? options : { port: options ?? 0 };
    const name = given.host ?? hostName;
    const backlog = given.backlog ?? backlogArgument ?? 511;
    if (this.listening) {
      throw Object.assign(new Error('Listen method has been called more than once without closing.'), {
        code: 'ERR_SERVER_ALREADY_LISTEN',
      });
    }
    if (callback !== undefined) this.once('listening', callback);
    const local = name === undefined || name === 'localhost' ? null : parseAddress(name);
    if (name !== undefined && name !== 'localhost' && local === null) {
      this.failLater(socketError('ENOTFOUND', 'getaddrinfo', name));
      return this;
    }
    const any = local === null || (local.w0 | local.w1 | local.w2 | local.w3) === 0;
    this.address_ = any ? '0.0.0.0' : formatAddress(local);
    const tcp = this.bind(given.port ?? 0, backlog, any ? null : local);
    if (tcp === null) {
      this.failLater(socketError('EADDRINUSE', 'listen', this.address_, given.port ?? 0));
      return this;
    }
    this.tcp = tcp;
    this.listening = true;
    this.closing = false;
    given.signal?.addEventListener('abort', () => this.close(), { once: true });
    process.nextTick(() => {
      if (this.listening) this.emit('listening');
    });
    this.host.touch();
    return this;
  }

  private bind(port: number, backlog: number, localAddress: ReturnType<typeof parseAddress>): TcpServer | null {
    const options = { backlog, localAddress, onConnection: (tcp: Parameters<Socket['accepted']>[0]) => this.take(tcp) };
    if (port !== 0) return this.host.tcp.listen(port, options);
    for (let candidate = FIRST_FREE_PORT; candidate < 65536; candidate++) {
      const tcp = this.host.tcp.listen(candidate, options);
      if (tcp !== null) return tcp;
    }
    return null;
  }

  private take(tcp: Parameters<Socket['accepted']>[0]): void {
    const socket = new Socket(this.host, this.options).accepted(tcp);
    if (this.maxConnections !== undefined && this.connections.size >= this.maxConnections) {
      const { localAddress, localPort, remoteAddress, remotePort } = socket;
      socket.resetAndDestroy();
      this.emit('drop', { localAddress, localPort, remoteAddress, remotePort });
      return;
    }
    this.connections.add(socket);
    socket.once('close', () => {
      this.connections.delete(socket);
      this.closeIfDone();
    });
    if (this.options.pauseOnConnect === true) socket.pause();
    this.emit('connection', socket);
  }

  private failLater(error: Error): void {
    process.nextTick(() => this.emit('error', error));
    this.host.touch();
  }

  /** Stops accepting. 'close' comes once every connection has ended, as in `node:net`. */
  close(callback?: (error?: Error) => void): this {
    if (!this.listening) {
      const error = Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' });
      if (callback !== undefined) process.nextTick(() => callback(error));
      return this;
    }
    if (callback !== undefined) this.once('close', () => callback());
    this.tcp?.close();
    this.tcp = null;
    this.listening = false;
    this.closing = true;
    this.closeIfDone();
    return this;
  }

  private closeIfDone(): void {
    if (!this.closing || this.connections.size > 0) return;
    this.closing = false;
    process.nextTick(() => this.emit('close'));
    this.host.touch();
  }

  address(): { address: string; family: string; port: number } | null {
    if (this.tcp === null) return null;
    return { address: this.address_, family: 'IPv4', port: this.tcp.port };
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(() => callback(null, this.connections.size));
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.listening) return;
    await new Promise<void>((resolve) => this.close(() => resolve()));
  }
}
