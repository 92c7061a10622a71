import {
  type DatagramInfo,
  DROP_TCP_LISTEN_QUEUE,
  type IpAddress,
  type Packet,
  TRACE_TCP_SYN_QUEUED,
} from '@strata/contracts';
import { parseTcp, type TcpHeader } from '@strata/wire';
import { EVENT_LISTEN, raise } from './events.ts';
import { beginPassive } from './receive/listen.ts';
import { addressOf } from './send/control.ts';
import type { TcpService } from './service.ts';
import type { TcpSocket } from './socket.ts';
import { TCP_LISTEN } from './states.ts';

/** Called when a SYN has been bound to a socket (NetX's listen_callback). */
export type ListenCallback = (socket: TcpSocket, port: number) => void;

/** Whoever takes SYNs for a port. */
export interface Listener {
  readonly port: number;
  /** A SYN without ACK or RST for this port. True when the packet, which is at its TCP header, was kept. */
  synArrived(segment: TcpHeader, packet: Packet, info: DatagramInfo): boolean;
  /**
   * An ACK without SYN or RST for this port that belongs to no connection. The connection, in SYN_RECEIVED, when it
   * completes a handshake that was not remembered; otherwise null.
   */
  acknowledgmentArrived?(segment: TcpHeader, info: DatagramInfo): TcpSocket | null;
  /** A reset for this port from a peer without a connection: a SYN of its that waits is withdrawn. */
  resetArrived(segment: TcpHeader, info: DatagramInfo): void;
  /** Lets go of everything. */
  close(): void;
}

/** A SYN that waits for a socket. */
interface QueuedSyn {
  readonly packet: Packet;
  readonly remote: IpAddress;
  readonly local: IpAddress;
  readonly remotePort: number;
}

/**
 * NetX's listen request: one armed socket takes the next SYN; further SYNs wait, whole, in a queue until `relisten` offers
 * a socket. When the queue is full its oldest SYN goes.
 */
export class ListenQueue implements Listener {
  readonly port: number;
  /** The armed socket, or null. */
  socket: TcpSocket | null;
  readonly callback: ListenCallback | null;
  private readonly service: TcpService;
  private readonly maximum: number;
  private readonly queue: QueuedSyn[];

  constructor(service: TcpService, port: number, maximum: number, callback: ListenCallback | null) {
    this.service = service;
    this.port = port;
    this.maximum = maximum;
    this.callback = callback;
    this.socket = null;
    this.queue = [];
  }

  /** SYNs that wait now. */
  get waiting(): number {
    return this.queue.length;
  }

  synArrived(segment: TcpHeader, packet: Packet, info: DatagramInfo): boolean {
    const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
    const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
    if (this.socket !== null && this.socket.state === TCP_LISTEN) {
      this.take(this.socket, segment, remote, local);
      return false;
    }
    if (this.find(remote, segment.sourcePort) >= 0 || this.maximum === 0) return false;
    if (this.queue.length >= this.maximum) {
      this.queue.shift()?.packet.release();
      this.service.drop(DROP_TCP_LISTEN_QUEUE, null, segment.sequence);
      this.service.counters.connectionsDropped++;
    }
    if (packet.holder !== '') packet.holder = `tcp listen queue of port ${this.port}`;
    this.queue.push({ packet, remote, local, remotePort: segment.sourcePort });
    const { tracer } = this.service;
    if (tracer !== null)
      tracer.event(TRACE_TCP_SYN_QUEUED, this.port, segment.sourcePort, this.queue.length, 0, packet);
    return true;
  }

  resetArrived(segment: TcpHeader, info: DatagramInfo): void {
    const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
    const index = this.find(remote, segment.sourcePort);
    if (index >= 0) this.queue.splice(index, 1)[0]?.packet.release();
  }

  /** Arms the socket, or binds it to the oldest SYN that waits. True in the second case. */
  offer(socket: TcpSocket): boolean {
    this.socket = socket;
    for (let waiting = this.queue.shift(); waiting !== undefined; waiting = this.queue.shift()) {
      const { packet, remote, local } = waiting;
      const header = this.service.header;
      parseTcp(header, packet.view, packet.prepend, packet.length);
      const taken = this.take(socket, header, remote, local);
      packet.release();
      if (taken) return true;
    }
    return false;
  }

  close(): void {
    for (const waiting of this.queue) waiting.packet.release();
    this.queue.length = 0;
    this.socket = null;
  }

  /** Binds the armed socket to a peer. Without a route back the SYN is forgotten and the socket stays armed. */
  private take(socket: TcpSocket, segment: TcpHeader, remote: IpAddress, local: IpAddress): boolean {
    if (!beginPassive(socket, segment, remote, local)) return false;
    this.socket = null;
    socket.listenedOn = this;
    raise(socket, EVENT_LISTEN);
    if (socket.acceptPending) socket.answerSyn();
    return true;
  }

  private find(remote: IpAddress, port: number): number {
    return this.queue.findIndex(
      (waiting) =>
        waiting.remotePort === port &&
        waiting.remote.w3 === remote.w3 &&
        waiting.remote.w2 === remote.w2 &&
        waiting.remote.w1 === remote.w1 &&
        waiting.remote.w0 === remote.w0,
    );
  }
}
