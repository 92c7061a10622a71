import { isIP, isIPv4, isIPv6 } from 'node:net';
import { readArguments } from './arguments.ts';
import type { SocketHost } from './host.ts';
import type { ConnectOptions, SocketOptions } from './options.ts';
import { Server, type ServerOptions } from './server.ts';
import { Socket } from './socket.ts';

/** Called once the connection is open. `node:http` passes functions with parameters of its own, which stay unset. */
export type ConnectCallback = (...args: never[]) => void;

/** The ways to call `connect`. Fits `node:http`'s `createConnection`. */
export interface Connect {
  (options: ConnectOptions, callback?: ConnectCallback): Socket;
  (port: number | string, host?: string, callback?: ConnectCallback): Socket;
  (port: number | string, callback?: ConnectCallback): Socket;
}

/** The part of `node:net` that concerns TCP, bound to one host. */
export interface HostNet {
  connect: Connect;
  createConnection: Connect;
  createServer(options?: ServerOptions | ((socket: Socket) => void), onConnection?: (socket: Socket) => void): Server;
  /** `new net.Socket(options)`: a socket of this host, not connected yet. */
  readonly Socket: new (
    options?: SocketOptions,
  ) => Socket;
  /** `new net.Server(…)`. */
  readonly Server: new (
    options?: ServerOptions | ((socket: Socket) => void),
    onConnection?: (socket: Socket) => void,
  ) => Server;
  isIP(input: string): number;
  isIPv4(input: string): boolean;
  isIPv6(input: string): boolean;
}

/** `node:net` of an emulated host. */
export function netOf(host: SocketHost): HostNet {
  class HostSocket extends Socket {
    constructor(options?: SocketOptions) {
      super(host, options);
    }
  }
  class HostServer extends Server {
    constructor(options?: ServerOptions | ((socket: Socket) => void), onConnection?: (socket: Socket) => void) {
      super(host, options, onConnection);
    }
  }
  const connect = (...args: unknown[]): Socket => {
    const { options, callback } = readArguments<ConnectOptions>(args);
    const socket = new HostSocket(options);
    if (options.timeout) socket.setTimeout(options.timeout);
    return socket.connect(options, callback ?? undefined);
  };
  return {
    connect,
    createConnection: connect,
    createServer: (options, onConnection) => new HostServer(options, onConnection),
    Socket: HostSocket,
    Server: HostServer,
    isIP,
    isIPv4,
    isIPv6,
  };
}
