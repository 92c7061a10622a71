import {
  type DatagramInfo,
  DROP_TCP_BACKLOG,
  DROP_TCP_CONNECTION_LIMIT,
  DROP_TCP_NO_CONNECTION,
  type IpAddress,
  type Packet,
} from '@strata/contracts';
import { sameAddress, type TcpHeader } from '@strata/wire';
import type { ControlBlock, PassiveOwner } from './control-block.ts';
import type { Listener } from './listener.ts';
import { automaticLimit } from './receive/auto-window.ts';
import { beginHalfOpen, beginPassive } from './receive/listen.ts';
import { COOKIE_LIFE, recallSyn, restoreAcknowledgment, sendCookie } from './receive/syn-cookies.ts';
import { addressOf, sendStrayReset } from './send/control.ts';
import type { TcpService } from './service.ts';
import { TcpSocket, type TcpSocketOptions } from './socket.ts';
import { TCP_LISTEN } from './states.ts';
import { endOldestWait } from './teardown.ts';
import { transition } from './transition.ts';

/** How a server listens. */
export interface TcpServerOptions {
  /**
   * Half-open connections at a time; further SYNs are answered with cookies, or end the oldest, as the profile says, so that
   * a flood of SYNs shuts nobody out. Default 128.
   */
  readonly backlog?: number;
  /** Accept only what was sent to this local address; null: any. */
  readonly localAddress?: IpAddress | null;
  /** Options of the sockets it makes (`deleteWhenClosed` is true for them). */
  readonly socket?: TcpSocketOptions;
  /** A connection is established. The socket is the callee's; set its `listener` here to hear everything that follows. */
  onConnection(socket: TcpSocket): void;
}

/** A port that accepts connections by itself, as BSD sockets do. */
export class TcpServer implements Listener, PassiveOwner {
  readonly port: number;
  readonly backlog: number;
  private readonly service: TcpService;
  private readonly options: TcpServerOptions;
  private readonly socketOptions: TcpSocketOptions;
  /** Connections in SYN_RECEIVED, oldest first. */
  private readonly unsettled: Set<TcpSocket>;
  /** When a SYN was last answered with a cookie. */
  private overflowedAt: number;
  private readonly windowSize: number;
  private readonly windowLimit: number;
  private readonly mssLimit: number;

  constructor(service: TcpService, port: number, options: TcpServerOptions) {
    this.service = service;
    this.port = port;
    this.options = options;
    this.backlog = options.backlog ?? 128;
    this.socketOptions = { ...options.socket, deleteWhenClosed: true };
    this.unsettled = new Set();
    this.overflowedAt = Number.NEGATIVE_INFINITY;
    const { windowSize, windowLimit, mssLimit } = options.socket ?? {};
    this.windowSize = windowSize ?? service.profile.defaultWindow;
    this.windowLimit = windowLimit ?? windowSize ?? automaticLimit(service, this.windowSize);
    this.mssLimit = mssLimit ?? 0;
  }

  /** Connections in SYN_RECEIVED now. */
  get halfOpen(): number {
    return this.unsettled.size;
  }

  synArrived(segment: TcpHeader, _packet: Packet, info: DatagramInfo): boolean {
    const { service } = this;
    const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
    const wanted = this.options.localAddress ?? null;
    if (wanted !== null && !sameAddress(wanted, local)) {
      service.drop(DROP_TCP_NO_CONNECTION, null, segment.sequence);
      sendStrayReset(service, segment, info, DROP_TCP_NO_CONNECTION);
      return false;
    }
    if (service.profile.synCookies && this.unsettled.size >= this.backlog) {
      this.overflowedAt = service.time.now;
      sendCookie(service, segment, info, this.windowSize, this.windowLimit, this.mssLimit);
      return false;
    }
    const socket = this.begin(segment, info, local);
    if (socket === null) return false;
    if (this.unsettled.size >= this.backlog) this.endOldest();
    this.unsettled.add(socket);
    socket.answerSyn();
    return false;
  }

  /** RFC 4987 3.6: while cookies that were sent can still come back, an acknowledgment may bring one. */
  acknowledgmentArrived(segment: TcpHeader, info: DatagramInfo): TcpSocket | null {
    const { service } = this;
    if (service.time.now - this.overflowedAt > COOKIE_LIFE) return null;
    if (!recallSyn(service, segment, info)) return null;
    const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
    const socket = this.begin(segment, info, local);
    restoreAcknowledgment(service, segment);
    if (socket === null) return null;
    socket.wake();
    socket.rcvAdv = (socket.rcvNxt + Math.min(socket.windowSize, 0xffff)) | 0;
    beginHalfOpen(socket, (segment.acknowledgment - 1) | 0);
    return socket;
  }

  /** A new socket in LISTEN, bound to the peer whose SYN came; null without a route back. */
  private begin(segment: TcpHeader, info: DatagramInfo, local: IpAddress): TcpSocket | null {
    const { connections, profile } = this.service;
    if (
      profile.maximumConnections > 0 &&
      connections.count >= profile.maximumConnections &&
      !endOldestWait(this.service)
    ) {
      this.service.drop(DROP_TCP_CONNECTION_LIMIT, null, segment.sequence);
      return null;
    }
    const socket = this.service.createSocket(this.socketOptions);
    socket.localPort = this.port;
    transition(socket, TCP_LISTEN);
    const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
    if (!beginPassive(socket, segment, remote, local)) {
      socket.destroy();
      return null;
    }
    socket.server = this;
    return socket;
  }

  /** Without a word: who asked for it is most likely not there, and finds out by a reset if it is. */
  private endOldest(): void {
    for (const oldest of this.unsettled) {
      this.service.drop(DROP_TCP_BACKLOG, oldest, oldest.irs);
      oldest.disconnect(false);
      return;
    }
  }

  resetArrived(): void {}

  connected(tcb: ControlBlock): void {
    if (tcb instanceof TcpSocket) this.options.onConnection(tcb);
  }

  settled(tcb: ControlBlock): void {
    if (tcb instanceof TcpSocket) this.unsettled.delete(tcb);
  }

  /** Stops listening; established connections stay, half-open ones are reset. */
  close(): void {
    this.service.removeListener(this);
    for (const socket of [...this.unsettled]) socket.disconnect(true);
  }
}
