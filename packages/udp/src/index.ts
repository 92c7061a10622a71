/**
 * `@strata/udp`: UDP sockets over any {@link NetworkService} (RFC 768, RFC 1122 4.1, NetX Duo UG 3 "UDP").
 *
 * Owns ports, receive queues and checksums. Knows nothing of IP's inside: addresses come with the datagram, routes with the
 * flow.
 *
 * ```ts
 * const udp = new UdpService({ network: ip, time: scheduler, random });
 * const socket = udp.createSocket();
 * socket.bind(5000);
 * const packet = pool.allocate(NX_UDP_PACKET);
 * packet?.appendBytes(new TextEncoder().encode('hello'), 0, 5);
 * if (packet !== null && socket.send(packet, ipv4Address(0xc0000202), 7) !== NX_SUCCESS) packet.release();
 * ```
 */
export type { BindWaiter } from './bind-queue.ts';
export { UdpCounters, type UdpInfo, type UdpSocketInfo } from './counters.ts';
export { type DatagramSource, datagramSource } from './datagram.ts';
export { modernUdpPolicy, netxUdpPolicy, type UdpPolicy } from './policy.ts';
export { type UdpOptions, UdpService } from './service.ts';
export { type UdpListener, UdpSocket, type UdpSocketOptions } from './socket.ts';
