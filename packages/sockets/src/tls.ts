/**
 * `@strata/sockets/tls`: `node:tls` on an emulated host. Loaded apart from the rest, because it brings OpenSSL with it.
 *
 * The sockets are Node's own `TLSSocket`s over {@link netOf}'s, so their methods, properties and events are Node's. Only who
 * is `authorized` is decided here: by the lab's clock, with Node's error codes.
 *
 * ```ts
 * const tls = tlsOf(host);
 * tls.createServer({ cert, key }, (socket) => socket.pipe(socket)).listen(8883);
 * const socket = tls.connect({ host: '192.0.2.2', port: 8883, servername: 'broker.example', ca });
 * ```
 */
import type { Duplex } from 'node:stream';
import tls, { type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { SECOND } from '@strata/contracts';
import type { TlsSecrets } from '@strata/tls';
import type { SocketHost } from './host.ts';
import { type HostNet, netOf } from './net.ts';
import type { ListenOptions, Server } from './server.ts';
import type { Socket } from './socket.ts';
import { clientFault, peerFault } from './tls-authorization.ts';

/** What TLS needs of a host besides; `Host` of `@strata/stack` is one. */
export interface TlsHost extends SocketHost {
  readonly environment: {
    /** What the host's moment 0 is, in seconds since 1970. */
    readonly epochSeconds: number;
    readonly secrets: TlsSecrets | null;
  };
}

type ConnectArguments =
  | [options: ConnectionOptions, callback?: () => void]
  | [port: number, options?: ConnectionOptions, callback?: () => void]
  | [port: number, host?: string, options?: ConnectionOptions, callback?: () => void];

/** The part of `node:tls` that opens and accepts connections, bound to one host. */
export interface HostTls {
  /** As `tls.connect`: `(options, callback?)`, `(port, host?, options?, callback?)`. */
  connect(...args: ConnectArguments): TLSSocket;
  createServer(options: TlsOptions, onConnection?: (socket: TLSSocket) => void): TlsServer;
}

/** `node:tls` of an emulated host. */
export function tlsOf(host: TlsHost): HostTls {
  const net = netOf(host);
  return {
    connect: (...args) => connect(host, net, args),
    createServer: (options, onConnection) => new TlsServer(host, net, options, onConnection),
  };
}

const unixTime = (host: TlsHost): number => host.environment.epochSeconds + Math.floor(host.time.now / SECOND);

function readArguments(args: readonly unknown[]): { options: ConnectionOptions; callback: (() => void) | null } {
  const options: Record<string, unknown> = {};
  let callback: (() => void) | null = null;
  for (const [i, value] of args.entries()) {
    if (typeof value === 'function') callback = value as () => void;
    else if (typeof value === 'object' && value !== null) Object.assign(options, value);
    else if (value !== undefined && value !== null) options[i === 0 ? 'port' : 'host'] = value;
  }
  return { options, callback };
}

function connect(host: TlsHost, net: HostNet, args: readonly unknown[]): TLSSocket {
  const { options, callback } = readArguments(args);
  const {
    host: name,
    port,
    localAddress,
    localPort,
    timeout,
    lookup,
    family,
  } = options as ConnectionOptions & {
    localAddress?: string;
    localPort?: number;
    family?: number;
  };
  const given = options.socket as Duplex | undefined;
  const below =
    given ?? net.connect({ host: name, port, localAddress, localPort, lookup, family, allowHalfOpen: true } as never);
  const made = (): TLSSocket =>
    tls.connect({
      ...options,
      socket: below as never,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
  const socket = given === undefined ? endingAsOne(below as Socket, made) : made();
  if (given === undefined) {
    passOn(below as Duplex, socket);
    // A TLSSocket that is destroyed leaves a stream that was handed to it alone.
    socket.once('close', () => void (below as Duplex).destroy());
  }
  if (timeout !== undefined) socket.setTimeout(timeout);
  follow(host, socket, 'secureConnect');
  intercept(socket, 'secureConnect', () => {
    const fault = clientFault(socket, options, unixTime(host));
    socket.authorized = fault === null;
    if (fault === null) return true;
    socket.authorizationError = (fault.code ?? fault.message) as unknown as Error;
    if (options.rejectUnauthorized === false) return true;
    socket.destroy(fault);
    return false;
  });
  if (callback !== null) socket.once('secureConnect', callback);
  return socket;
}

/**
 * Makes a TLSSocket over a socket that is half-open, so that close_notify can follow the peer's end; the TLSSocket itself,
 * which takes that property over, ends when its peer does, as Node's.
 */
function endingAsOne<T>(below: Socket, make: () => T): T {
  below.allowHalfOpen = false;
  const made = make();
  below.allowHalfOpen = true;
  return made;
}

/** What Node's own TLSSocket tells of the connection below it. */
function passOn(below: Duplex, socket: TLSSocket): void {
  for (const event of ['lookup', 'connect', 'ready']) {
    below.on(event, (...values: unknown[]) => socket.emit(event, ...values));
  }
}

/** Asks before an event is told. */
function intercept(emitter: NodeJS.EventEmitter, event: string, admit: (...values: unknown[]) => boolean): void {
  const { emit } = emitter;
  emitter.emit = function emitIfAdmitted(this: NodeJS.EventEmitter, name: string | symbol, ...values: unknown[]) {
    if (name === event && !admit(...values)) return false;
    return emit.call(this, name, ...values);
  } as typeof emitter.emit;
}

/** Hands the secrets of a handshake to whoever records them. */
function follow(host: TlsHost, socket: TLSSocket, opened: string): void {
  const { secrets } = host.environment;
  if (secrets === null) return;
  let handshaking = true;
  secrets.handshakeBegan();
  const over = (): void => {
    if (handshaking) secrets.handshakeOver();
    handshaking = false;
  };
  socket.on('keylog', (line: Buffer) => secrets.keyLog(line.toString('latin1').trim()));
  socket.once(opened, over);
  socket.once('close', over);
}

/** `tls.Server` on an emulated host. */
export class TlsServer extends tls.Server {
  /** The server of the connections below. */
  private readonly below: Server;

  constructor(host: TlsHost, net: HostNet, options: TlsOptions, onConnection?: (socket: TLSSocket) => void) {
    super({ ...options, rejectUnauthorized: false }, onConnection as never);
    const { secrets } = host.environment;
    if (secrets !== null) this.on('keylog', (line) => secrets.keyLog(line.toString('latin1').trim()));
    if (options.requestCert === true) {
      intercept(this, 'secureConnection', (value) => {
        const socket = value as TLSSocket;
        const fault = peerFault(socket, options.ca, 'client', unixTime(host));
        socket.authorized = fault === null;
        if (fault === null) return true;
        socket.authorizationError = fault.code as unknown as Error;
        if (options.rejectUnauthorized === false) return true;
        socket.on('error', () => undefined);
        socket.destroy();
        const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        this.emit('tlsClientError', error, socket);
        return false;
      });
    }
    this.below = net.createServer({ allowHalfOpen: true }, (socket) =>
      endingAsOne(socket, () => void this.emit('connection', socket)),
    );
    Object.defineProperty(this, 'listening', { get: () => this.below.listening });
    for (const event of ['listening', 'close', 'error', 'drop']) {
      this.below.on(event, (...values: unknown[]) => this.emit(event, ...values));
    }
  }

  /** As `net.Server.listen`. */
  override listen(...args: unknown[]): this {
    (this.below.listen as (...all: unknown[]) => unknown)(...args);
    return this;
  }

  override close(callback?: (error?: Error) => void): this {
    this.below.close(callback);
    return this;
  }

  override address(): ReturnType<tls.Server['address']> {
    return this.below.address() as ReturnType<tls.Server['address']>;
  }
}

export type { ListenOptions };
