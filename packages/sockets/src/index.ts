/**
 * `@strata/sockets`: `net.Socket` and `net.Server` on an emulated host, so that programs written for Node run on the stack.
 *
 * aedes runs on it unmodified as a broker, MQTT.js and `node:http` as clients. Owns the adaptation between Node's streams
 * and packets: backpressure, half-close, timeouts by the host's clock, Node's error codes. Knows TCP only by its sockets.
 *
 * ```ts
 * const net = netOf(host);
 * net.createServer((socket) => socket.pipe(socket)).listen(7);
 * const client = net.connect({ host: '192.0.2.2', port: 7 });
 * ```
 */
import type { SocketHost } from './host.ts';
import { Server } from './server.ts';
import { type ConnectOptions, Socket, type SocketOptions } from './socket.ts';

export { codeOfCause, type SocketError, socketError } from './errors.ts';
export type { SocketHost } from './host.ts';
export { type ListenOptions, Server } from './server.ts';
export { type ConnectOptions, Socket, type SocketOptions } from './socket.ts';

/** The part of `node:net` that makes connections and servers, bound to one host. */
export interface HostNet {
  createServer(options?: SocketOptions | ((socket: Socket) => void), onConnection?: (socket: Socket) => void): Server;
  connect(options: ConnectOptions | number, ...rest: (string | (() => void) | undefined)[]): Socket;
  createConnection(options: ConnectOptions | number, ...rest: (string | (() => void) | undefined)[]): Socket;
}

/** `node:net` of an emulated host. */
export function netOf(host: SocketHost): HostNet {
  const connect: HostNet['connect'] = (options, ...rest) =>
    new Socket(host, typeof options === 'object' ? options : {}).connect(options, ...rest);
  return {
    createServer: (options, onConnection) => new Server(host, options, onConnection),
    connect,
    createConnection: connect,
  };
}
