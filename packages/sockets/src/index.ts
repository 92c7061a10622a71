/**
 * `@strata/sockets`: `net.Socket` and `net.Server` on an emulated host, so that programs written for Node run on the stack.
 *
 * aedes runs on it unmodified as a broker, MQTT.js and `node:http` as clients. Owns the adaptation between Node's streams
 * and packets: backpressure, half-close, timeouts by the host's clock, Node's events and error codes. Knows TCP only by its
 * sockets.
 *
 * ```ts
 * const net = netOf(host);
 * net.createServer((socket) => socket.pipe(socket)).listen(7);
 * const client = net.connect({ host: '192.0.2.2', port: 7 });
 * ```
 */
export { type SocketError, socketError } from './errors.ts';
export type { SocketHost } from './host.ts';
export type { Lookup, LookupAddress } from './lookup.ts';
export { type Connect, type ConnectCallback, type HostNet, netOf } from './net.ts';
export type { ConnectOptions, SocketAddress, SocketOptions } from './options.ts';
export { PacketDuplex } from './packet-duplex.ts';
export { type DroppedConnection, type ListenOptions, Server, type ServerOptions } from './server.ts';
export { Socket } from './socket.ts';
export { type HostTimer, type HostTimers, timersOf } from './timers.ts';
