import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_TOO_BIG,
  type IpAddress,
  NX_OVERFLOW,
  NX_SUCCESS,
  NX_UDP_PACKET,
} from '@strata/contracts';
import type { Host } from '@strata/stack';
import { datagramSource, type UdpListener, type UdpSocket } from '@strata/udp';
import type { SocketName } from './addresses.ts';
import { CONSTANTS } from './constants.ts';
import {
  type CallOutcome,
  done,
  failed,
  POLLERR,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  SocketFile,
} from './file.ts';

const ZEROS = new Uint8Array(65536);

/** A UDP socket as BSD has it, over one of the stack's. */
export class UdpFile extends SocketFile implements UdpListener {
  readonly type = 'udp';
  readonly socket: UdpSocket;
  private readonly host: Host;
  private readShut: boolean;
  /** Where the datagram that was read last came from. */
  lastSource: SocketName | null;

  constructor(host: Host) {
    super();
    this.host = host;
    this.readShut = false;
    this.lastSource = null;
    this.socket = host.udp.createSocket({ listener: this, dontFragment: true });
  }

  override get remotePort(): number {
    return this.socket.remote === null ? 0 : this.socket.remotePort;
  }

  receivable(): void {
    this.wakeups++;
  }

  failed(_socket: UdpSocket, kind: number): void {
    this.error = ERRORS.get(kind) ?? 'EHOSTUNREACH';
    this.wakeups++;
  }

  bind(port: number): CallOutcome {
    if (this.port !== 0) return failed('EINVAL');
    if (this.socket.bind(port) !== NX_SUCCESS) return failed('EADDRINUSE');
    this.port = this.socket.port;
    return done(0);
  }

  private ensureBound(): boolean {
    return this.port !== 0 || this.bind(0).errno === null;
  }

  connect(remote: IpAddress, port: number): CallOutcome {
    if (!this.ensureBound()) return failed('EAGAIN');
    this.socket.connect(remote, port);
    return done(0);
  }

  /** Sends one datagram; `to` null: to the connected peer. */
  send(length: number, to: { readonly address: IpAddress; readonly port: number } | null): CallOutcome {
    const error = this.takeError();
    if (error !== null) return failed(error);
    const { socket } = this;
    const address = to?.address ?? socket.remote;
    if (address === null) return failed('EDESTADDRREQ');
    if (length > 65507) return failed('EMSGSIZE');
    if (!this.ensureBound()) return failed('EAGAIN');
    const packet = this.host.pool.allocate(NX_UDP_PACKET);
    if (packet === null) return failed('ENOBUFS');
    if (packet.appendBytes(ZEROS, 0, length) !== NX_SUCCESS) {
      packet.release();
      return failed('ENOBUFS');
    }
    const status = socket.send(packet, address, to?.port ?? socket.remotePort);
    if (status === NX_SUCCESS) return done(length);
    packet.release();
    return failed(status === NX_OVERFLOW ? 'EMSGSIZE' : 'ENETUNREACH');
  }

  read(length: number, flags: number): CallOutcome | null {
    const error = this.takeError();
    if (error !== null) return failed(error);
    if (this.socket.queued === 0) return this.readShut ? done(0) : null;
    if (flags & (CONSTANTS.MSG_PEEK as number)) return done(Math.min(length, this.socket.bytesAvailable));
    const packet = this.socket.receive();
    if (packet === null) return null;
    const size = packet.length;
    this.lastSource = datagramSource(packet);
    packet.release();
    return done(flags & (CONSTANTS.MSG_TRUNC as number) ? size : Math.min(length, size));
  }

  get readable(): number {
    return this.socket.bytesAvailable;
  }

  ready(): number {
    let bits = POLLOUT | POLLWRNORM;
    if (this.socket.queued > 0 || this.readShut) bits |= POLLIN | POLLRDNORM;
    if (this.error !== null) bits |= POLLERR;
    return bits;
  }

  expectRoom(): void {}

  shutdown(): CallOutcome {
    if (this.socket.remote === null) return failed('ENOTCONN');
    this.readShut = true;
    return done(0);
  }

  close(): CallOutcome {
    this.released = true;
    this.destroy();
    return done(0);
  }

  destroy(): void {
    if (this.socket.port !== 0) this.socket.unbind();
    this.port = 0;
  }

  changed(name: string, value: number): void {
    if (name === 'SOL_IP:IP_TTL') this.socket.timeToLive = value;
    if (name === 'SOL_IP:IP_TOS') this.socket.typeOfService = value;
    if (name === 'SOL_IP:IP_RECVERR') this.socket.receiveErrors = value !== 0;
    if (name === 'SOL_IP:IP_MTU_DISCOVER') this.socket.dontFragment = value !== 0;
    if (name === 'SOL_SOCKET:SO_BROADCAST') this.socket.broadcast = value !== 0;
  }
}

const ERRORS = new Map<number, string>([
  [ERROR_NETWORK_UNREACHABLE, 'ENETUNREACH'],
  [ERROR_HOST_UNREACHABLE, 'EHOSTUNREACH'],
  [ERROR_PORT_UNREACHABLE, 'ECONNREFUSED'],
  [ERROR_PROTOCOL_UNREACHABLE, 'ENOPROTOOPT'],
  [ERROR_TOO_BIG, 'EMSGSIZE'],
]);
