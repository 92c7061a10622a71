import {
  type DatagramInfo,
  DROP_TCP_BACKLOG,
  DROP_TCP_NO_CONNECTION,
  type IpAddress,
  type Packet,
} from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock, PassiveOwner } from './control-block.ts';
import type { Listener } from './listener.ts';
import { beginPassive } from './receive/listen.ts';
import { addressOf, sendStrayReset } from './send/control.ts';
import type { TcpService } from './service.ts';
import { TcpSocket, type TcpSocketOptions } from './socket.ts';
import { TCP_LISTEN, TCP_SYN_RECEIVED } from './states.ts';
import { transition } from './transition.ts';

/** How a server listens. */
export interface TcpServerOptions {
  /** Half-open connections at a time; further SYNs are dropped. Default 128. */
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
  /** Connections in SYN_RECEIVED now. */
  halfOpen: number;
  private readonly service: TcpService;
  private readonly options: TcpServerOptions;
  private readonly socketOptions: TcpSocketOptions;

  constructor(service: TcpService, port: number, options: TcpServerOptions) {
    this.service = service;
    this.port = port;
    this.options = options;
    this.backlog = options.backlog ?? 128;
    this.halfOpen = 0;
    this.socketOptions = { ...options.socket, deleteWhenClosed: true };
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
    if (this.halfOpen >= this.backlog) {
      service.drop(DROP_TCP_BACKLOG, null, segment.sequence);
      return false;
    }
    const socket = service.createSocket(this.socketOptions);
    socket.localPort = this.port;
    transition(socket, TCP_LISTEN);
    const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
    if (!beginPassive(socket, segment, remote, local)) {
      socket.destroy();
      return false;
    }
    socket.server = this;
    this.halfOpen++;
    socket.answerSyn();
    return false;
  }

  resetArrived(): void {}

  connected(tcb: ControlBlock): void {
    if (tcb instanceof TcpSocket) this.options.onConnection(tcb);
  }

  settled(): void {
    this.halfOpen--;
  }

  /** Stops listening; established connections stay, half-open ones are reset. */
  close(): void {
    this.service.removeListener(this);
    if (this.halfOpen === 0) return;
    for (const tcb of this.service.connections.all()) {
      if (tcb.server === this && tcb.state === TCP_SYN_RECEIVED && tcb instanceof TcpSocket) tcb.disconnect(true);
    }
  }
}

function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0;
}
