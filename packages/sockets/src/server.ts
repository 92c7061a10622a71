import { EventEmitter } from 'node:events';
import type { IpAddress } from '@strata/contracts';
import type { TcpServer, TcpSocket } from '@strata/tcp';
import { formatAddress, parseAddress } from '@strata/wire';
import { readArguments, readPort } from './arguments.ts';
import { Connection } from './connection.ts';
import { nodeError, socketError } from './errors.ts';
import { inTick, inTurn } from './event-loop.ts';
import type { SocketHost } from './host.ts';
import { isUnspecified, lookUp } from './lookup.ts';
import type { SocketAddress, SocketOptions } from './options.ts';
import { Socket } from './socket.ts';

/** As `node:net`'s: what a new server can be told. The rest is for the sockets it makes. */
export interface ServerOptions extends Omit<SocketOptions, 'signal'> {
  /** Sockets wait, and read nothing, until somebody resumes them. Default false. */
  readonly pauseOnConnect?: boolean | undefined;
}

/** As `node:net`'s `listen` options for TCP. */
export interface ListenOptions {
  /** 0 or absent: any free port. */
  readonly port?: number | string | null | undefined;
  /** One of this host's own addresses; absent: all of them. */
  readonly host?: string | undefined;
  /** Half-open connections at a time. Default 511. */
  readonly backlog?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The ends of a connection that was not let in. */
export interface DroppedConnection {
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly localFamily?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly remoteFamily?: string;
}

const DEFAULT_BACKLOG = 511;

/** `net.Server` on an emulated host. */
export class Server extends EventEmitter {
  /** Connections beyond this many are closed at once, with a 'drop' event; 0 or undefined: no limit. */
  maxConnections: number | undefined;
  private readonly host: SocketHost;
  private readonly options: ServerOptions;
  private tcp: TcpServer | null;
  private localAddress: string;
  private connections: number;
  /** Counts `listen` and `close`, so that a look-up that is overtaken comes to nothing. */
  private generation: number;

  constructor(
    host: SocketHost,
    options?: ServerOptions | ((socket: Socket) => void) | null,
    onConnection?: (socket: Socket) => void,
  ) {
    super();
    if (options !== undefined && options !== null && typeof options !== 'object' && typeof options !== 'function') {
      throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type object.');
    }
    host.useEventLoop();
    this.maxConnections = undefined;
    this.host = host;
    this.options = typeof options === 'object' && options !== null ? { ...options } : {};
    this.tcp = null;
    this.localAddress = '0.0.0.0';
    this.connections = 0;
    this.generation = 0;
    const listener = typeof options === 'function' ? options : onConnection;
    if (listener !== undefined) this.on('connection', listener);
  }

  get listening(): boolean {
    return this.tcp !== null;
  }

  /** As `net.Server.listen`: `(port?, host?, backlog?, callback?)` or `(options, callback?)`. @throws for a bad call */
  listen(port?: number | string, host?: string, backlog?: number, callback?: () => void): this;
  listen(port?: number | string, host?: string, callback?: () => void): this;
  listen(port?: number | string, backlog?: number, callback?: () => void): this;
  listen(port?: number | string, callback?: () => void): this;
  listen(options: ListenOptions, callback?: () => void): this;
  listen(callback: () => void): this;
  listen(...args: unknown[]): this {
    const { options, callback, backlog: backlogArgument } = readArguments<ListenOptions>(args);
    if (this.tcp !== null) {
      const message = 'Listen method has been called more than once without closing.';
      throw nodeError(Error, 'ERR_SERVER_ALREADY_LISTEN', message);
    }
    const isAnyPort = args.length === 0 || typeof args[0] === 'function' || args[0] === null || args[0] === undefined;
    if (!isAnyPort && !('port' in options)) {
      const message = `The argument 'options' must have the property "port" or "path".`;
      throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
    }
    const port = options.port === undefined || options.port === null ? 0 : readPort(options.port, 'options.port');
    if (callback !== null) this.once('listening', callback);
    const generation = ++this.generation;
    this.follow(options.signal);
    const backlog = options.backlog || backlogArgument || DEFAULT_BACKLOG;
    if (!options.host) {
      this.bind(null, port, backlog);
      return this;
    }
    const bind = (address: IpAddress) => {
      if (generation === this.generation && this.tcp === null) this.bind(address, port, backlog);
    };
    const literal = parseAddress(options.host);
    if (literal !== null) inTick(this.host, () => bind(literal));
    else {
      lookUp(this.host, options.host, 0, undefined, (error, [found]) => {
        if (generation !== this.generation) return;
        const address = found === undefined ? null : parseAddress(found.address);
        if (address === null) this.emit('error', error);
        else bind(address);
      });
    }
    return this;
  }

  private follow(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => {
      this.close();
    };
    if (signal.aborted) inTick(this.host, abort);
    else {
      signal.addEventListener('abort', abort, { once: true });
      this.once('close', () => signal.removeEventListener('abort', abort));
    }
  }

  private bind(address: IpAddress | null, port: number, backlog: number): void {
    const isAny = address === null || isUnspecified(address);
    this.localAddress = address === null ? '0.0.0.0' : formatAddress(address);
    const isOurs = isAny || this.host.ip.isLocal(address);
    const { tcp } = this.options;
    this.tcp = isOurs
      ? this.host.tcp.listen(port, {
          backlog,
          localAddress: isAny ? null : address,
          onConnection: (socket) => this.take(socket),
          ...(tcp === undefined ? {} : { socket: tcp }),
        })
      : null;
    if (this.tcp === null) {
      const error = socketError(isOurs ? 'EADDRINUSE' : 'EADDRNOTAVAIL', 'listen', this.localAddress, port);
      inTick(this.host, () => this.emit('error', error));
      return;
    }
    inTick(this.host, () => {
      if (this.tcp !== null) this.emit('listening');
    });
  }

  /** TCP has a connection. It is kept until the program is told of it, in a turn of the event loop. */
  private take(tcp: TcpSocket): void {
    const connection = new Connection(this.host, null).adopt(tcp);
    inTurn(this.host, () => this.accept(connection, tcp));
  }

  private accept(connection: Connection, tcp: TcpSocket): void {
    if (this.tcp === null) {
      connection.close(true, () => {});
      return;
    }
    if (this.maxConnections && this.connections >= this.maxConnections) {
      this.emit('drop', endsOf(tcp));
      connection.close(false, () => {});
      return;
    }
    this.connections++;
    const { pauseOnConnect = false } = this.options;
    const socket = new Socket(this.host, this.options).adopt(connection, this, pauseOnConnect);
    this.emit('connection', socket);
  }

  /** @internal A socket of this server is destroyed. */
  released(): void {
    this.connections--;
    this.closeIfDrained();
  }

  /** Stops accepting. 'close' comes once every connection has ended, as in `node:net`. */
  close(callback?: (error?: Error) => void): this {
    this.generation++;
    if (typeof callback === 'function') {
      const error =
        this.tcp === null ? nodeError(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.') : undefined;
      this.once('close', () => (error === undefined ? callback() : callback(error)));
    }
    this.tcp?.close();
    this.tcp = null;
    this.closeIfDrained();
    return this;
  }

  private closeIfDrained(): void {
    if (this.tcp === null && this.connections === 0) inTick(this.host, () => this.emit('close'));
  }

  /** Where it listens; null when it does not. */
  address(): SocketAddress | null {
    if (this.tcp === null) return null;
    const family = this.localAddress.includes(':') ? 'IPv6' : 'IPv4';
    return { address: this.localAddress, family, port: this.tcp.port };
  }

  /** Tells, in the next tick, how many connections there are. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    const count = this.connections;
    inTick(this.host, () => callback(null, count));
    return this;
  }

  /** The lab, not the server, keeps the program alive; both are there for programs that call them. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.tcp === null) return;
    await new Promise<void>((resolve) => this.close(() => resolve()));
  }
}

function endsOf(tcp: TcpSocket): DroppedConnection {
  const { flow } = tcp;
  if (flow === null) return {};
  const family = `IPv${flow.family}`;
  return {
    localAddress: formatAddress(flow.local),
    localPort: tcp.localPort,
    localFamily: family,
    remoteAddress: formatAddress(flow.remote),
    remotePort: tcp.remotePort,
    remoteFamily: family,
  };
}
