import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  HANDLED,
  type IpAddress,
  type NetworkError,
  type NetworkService,
  NX_NOT_IMPLEMENTED,
  type Packet,
  type PacketAllocator,
  type Random,
  type Status,
  type StreamListener,
  type TimeService,
  type Tracer,
} from '@strata/contracts';
import type { TcpProfile } from './profile.ts';
import type { TcpServer, TcpServerOptions } from './server.ts';
import { TcpSocket, type TcpSocketOptions } from './socket.ts';

/** TCP of one host: demultiplexes segments, owns ports, listeners and sockets. */
export class TcpService implements DatagramSink {
  readonly network: NetworkService;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly profile: TcpProfile;
  tracer: Tracer | null;

  constructor(
    network: NetworkService,
    pool: PacketAllocator,
    time: TimeService,
    _random: Random,
    profile: TcpProfile,
    tracer: Tracer | null,
  ) {
    this.network = network;
    this.pool = pool;
    this.time = time;
    this.profile = profile;
    this.tracer = tracer;
  }

  /** A new socket, CLOSED and unbound. Throws RangeError for a window the profile does not allow or a bad TTL. */
  createSocket(options: TcpSocketOptions = {}): TcpSocket {
    return new TcpSocket(this, this.profile, this.time, options);
  }

  /** Binds an ephemeral port and starts to connect: the whole active open in one call. Null when there is no route or port. */
  open(
    _remote: IpAddress,
    _port: number,
    _listener: StreamListener,
    _options: TcpSocketOptions = {},
  ): TcpSocket | null {
    return null;
  }

  /** Listens and accepts by itself, a new socket for each connection. Null when the port is taken or not 1..65535. */
  listen(_port: number, _options: TcpServerOptions): TcpServer | null {
    return null;
  }

  /**
   * NetX's listen: the first SYN goes to `socket`, further ones wait in a queue of `queueMaximum`.
   * NX_INVALID_PORT, NX_NOT_CLOSED, NX_ALREADY_BOUND, NX_DUPLICATE_LISTEN, NX_MAX_LISTEN.
   */
  serverListen(
    _port: number,
    _socket: TcpSocket,
    _queueMaximum: number,
    _listenCallback: ((socket: TcpSocket, port: number) => void) | null,
  ): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Arms a listener again: NX_SUCCESS, or NX_CONNECTION_PENDING when a queued SYN was taken. NX_INVALID_RELISTEN, NX_NOT_CLOSED, NX_ALREADY_BOUND. */
  relisten(_port: number, _socket: TcpSocket): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Stops listening; queued SYNs are dropped. NX_ENTRY_NOT_FOUND. */
  unlisten(_port: number): Status {
    return NX_NOT_IMPLEMENTED;
  }

  accept(packet: Packet, _info: DatagramInfo): Disposition {
    packet.release();
    return HANDLED;
  }

  networkError(_error: NetworkError): void {}
}
