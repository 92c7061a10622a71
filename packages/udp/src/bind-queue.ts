import { type Deferred, type IpAddress, NX_SUCCESS, type Status, type TimeService } from '@strata/contracts';
import type { UdpSocket } from './socket.ts';

/** Waits for a port that another socket has. */
export interface BindWaiter {
  /** The socket has the port now (NX_SUCCESS). Called after the event in which it became free. */
  bound(status: Status): void;
}

interface Waiting {
  readonly socket: UdpSocket;
  readonly port: number;
  readonly local: IpAddress | null;
  readonly waiter: BindWaiter;
}

/** The sockets that wait for ports, first come first served (nx_udp_socket_bind with a wait option). */
export class BindQueue {
  private readonly time: TimeService;
  private readonly waiting: Waiting[];

  constructor(time: TimeService) {
    this.time = time;
    this.waiting = [];
  }

  /** Sockets that wait now. */
  get length(): number {
    return this.waiting.length;
  }

  add(socket: UdpSocket, port: number, local: IpAddress | null, waiter: BindWaiter): void {
    this.waiting.push({ socket, port, local, waiter });
  }

  /** False when the socket was not waiting. */
  remove(socket: UdpSocket): boolean {
    const at = this.waiting.findIndex((each) => each.socket === socket);
    if (at >= 0) this.waiting.splice(at, 1);
    return at >= 0;
  }

  has(socket: UdpSocket): boolean {
    return this.waiting.some((each) => each.socket === socket);
  }

  /** A port has become free: whoever has waited longest for it and can have it gets it at once, so that nobody comes between. */
  offer(port: number): void {
    for (let i = 0; i < this.waiting.length; ) {
      const { socket, port: wanted, local, waiter } = this.waiting[i] as Waiting;
      if (wanted !== port) {
        i++;
        continue;
      }
      this.waiting.splice(i, 1);
      if (socket.bind(port, local) === NX_SUCCESS) {
        const told: Deferred = { run: () => waiter.bound(NX_SUCCESS) };
        this.time.defer(told);
      } else this.waiting.splice(i++, 0, { socket, port, local, waiter });
    }
  }
}
