import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  DROP_UDP_CHECKSUM,
  DROP_UDP_CHECKSUM_ZERO,
  type NetworkError,
  type NetworkService,
  NX_INVALID_PORT,
  NX_NO_FREE_PORTS,
  NX_STILL_BOUND,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_UDP,
  type Random,
  type Status,
  type TimeService,
  type Tracer,
  UNHANDLED,
} from '@strata/contracts';
import { fold, parseUdp, sumPacket, trimPacket, UDP_HEADER, UdpRepr } from '@strata/wire';
import { BindQueue } from './bind-queue.ts';
import { UdpCounters, type UdpInfo, udpInfo } from './counters.ts';
import { netxUdpPolicy, type UdpPolicy } from './policy.ts';
import { PortTable } from './port-table.ts';
import { UdpSocket, type UdpSocketOptions } from './socket.ts';

/** How to make a {@link UdpService}. */
export interface UdpOptions {
  readonly network: NetworkService;
  readonly time: TimeService;
  readonly random: Random;
  /** Default: {@link netxUdpPolicy}. */
  readonly policy?: UdpPolicy;
  readonly tracer?: Tracer | null;
}

/** UDP of one IP instance (RFC 768, RFC 1122 4.1; NetX Duo UG 3 "UDP"). Registers itself with the network service. */
export class UdpService implements DatagramSink {
  readonly network: NetworkService;
  readonly time: TimeService;
  readonly policy: UdpPolicy;
  tracer: Tracer | null;
  readonly counters: UdpCounters;
  /** @internal */
  readonly ports: PortTable;
  /** @internal */
  readonly binding: BindQueue;
  /** NX_SUCCESS, or why the network service did not take this service for UDP. */
  readonly registered: Status;
  private readonly random: Random;
  private readonly header: UdpRepr;

  constructor(options: UdpOptions) {
    this.network = options.network;
    this.time = options.time;
    this.policy = options.policy ?? netxUdpPolicy;
    this.tracer = options.tracer ?? null;
    this.counters = new UdpCounters();
    this.ports = new PortTable();
    this.binding = new BindQueue(options.time);
    this.random = options.random;
    this.header = new UdpRepr();
    this.registered = options.network.register(PROTOCOL_UDP, this);
  }

  /** nx_udp_info_get. */
  get info(): UdpInfo {
    return udpInfo(this.counters);
  }

  /** As nx_udp_socket_create. */
  createSocket(options: UdpSocketOptions = {}): UdpSocket {
    return new UdpSocket(this, options);
  }

  /** As nx_udp_socket_delete: NX_STILL_BOUND until it is unbound. */
  deleteSocket(socket: UdpSocket): Status {
    if (socket.port !== 0) return NX_STILL_BOUND;
    socket.cancelBind();
    socket.listener = null;
    return NX_SUCCESS;
  }

  /** As nx_udp_free_port_find: the first free port from `port` on, 0 when none is, or a status as a negative number. */
  findFreePort(port: number): number {
    if (!(port > 0 && port <= 0xffff)) return -NX_INVALID_PORT;
    const found = this.ports.findFree(port, 1, 0xffff);
    return found === 0 ? -NX_NO_FREE_PORTS : found;
  }

  /** @internal A random free port of the ephemeral range, or the negative of a status. */
  chooseFreePort(): number {
    return this.ports.chooseFree(this.random, this.policy.ephemeralFirst, this.policy.ephemeralLast);
  }

  accept(packet: Packet, info: DatagramInfo): Disposition {
    const header = this.header;
    const counters = this.counters;
    const reason = parseUdp(packet.view, packet.prepend, packet.append - packet.prepend, packet.length, header);
    if (reason !== 0) {
      counters.invalidPackets++;
      return reason;
    }
    trimPacket(packet, header.length);
    const socket = this.find(header.destinationPort, header.sourcePort, info);
    // RFC 8200 8.1: over IPv6 a datagram without checksum is never delivered, whatever the link has verified.
    if (header.checksum === 0 && info.family === 6) {
      counters.checksumErrors++;
      return DROP_UDP_CHECKSUM_ZERO;
    }
    const wanted = socket === null || socket.checksumEnabled || info.family === 6;
    if (wanted && !info.checksumVerified && header.checksum !== 0) {
      if (fold(sumPacket(packet) + info.pseudoHeaderSum + header.length) !== 0xffff) {
        counters.checksumErrors++;
        if (socket !== null) socket.counters.checksumErrors++;
        return DROP_UDP_CHECKSUM;
      }
    }
    if (socket === null) {
      counters.receivePacketsDropped++;
      return UNHANDLED;
    }
    packet.prepend += UDP_HEADER;
    packet.length -= UDP_HEADER;
    return socket.deliver(packet, info.source3, header.sourcePort);
  }

  /** The socket that fits a datagram best: connected before bound to the address before bound to any. */
  private find(port: number, sourcePort: number, info: DatagramInfo): UdpSocket | null {
    let best: UdpSocket | null = null;
    let bestScore = 0;
    for (let at = this.ports.first(port); at !== null; at = at.nextBound) {
      if (at.port !== port) continue;
      const score = at.match(info, sourcePort);
      if (score > bestScore) {
        best = at;
        bestScore = score;
      }
    }
    return best;
  }

  /** True when an error quotes a datagram of a socket that sends there. */
  confirms(error: NetworkError): boolean {
    for (let at = this.ports.first(error.localPort); at !== null; at = at.nextBound) {
      if (at.port === error.localPort && at.sendsTo(error.remote, error.remotePort)) return true;
    }
    return false;
  }

  /** Groups joined on the interface are gone with it: no socket takes them back from whoever joins on its index next. */
  interfaceDetached(interfaceIndex: number): void {
    this.ports.visit((socket) => socket.interfaceDetached(interfaceIndex));
  }

  networkError(error: NetworkError): void {
    for (let at = this.ports.first(error.localPort); at !== null; at = at.nextBound) {
      if (at.port === error.localPort) at.networkError(error);
    }
  }
}
