import { type IpAddress, NX_NO_FREE_PORTS, type Random } from '@strata/contracts';
import { isUnspecified, sameAddress } from '@strata/wire';
import type { UdpSocket } from './socket.ts';

const BUCKETS = 32;

/** The bound sockets by port: 32 buckets with NetX's hash, chained through the sockets. */
export class PortTable {
  private readonly buckets: (UdpSocket | null)[];
  /** Bound sockets. */
  count: number;

  constructor() {
    this.buckets = new Array<UdpSocket | null>(BUCKETS).fill(null);
    this.count = 0;
  }

  add(socket: UdpSocket): void {
    const bucket = bucketOf(socket.port);
    socket.nextBound = this.buckets[bucket] as UdpSocket | null;
    this.buckets[bucket] = socket;
    this.count++;
  }

  remove(socket: UdpSocket): void {
    const bucket = bucketOf(socket.port);
    let at = this.buckets[bucket] as UdpSocket | null;
    if (at === socket) this.buckets[bucket] = socket.nextBound;
    else {
      while (at !== null && at.nextBound !== socket) at = at.nextBound;
      if (at !== null) at.nextBound = socket.nextBound;
    }
    socket.nextBound = null;
    this.count--;
  }

  /** The first socket in the chain of a port's bucket; follow `nextBound` and compare ports. */
  first(port: number): UdpSocket | null {
    return this.buckets[bucketOf(port)] as UdpSocket | null;
  }

  /** Every bound socket, in no particular order. */
  visit(visitor: (socket: UdpSocket) => void): void {
    for (let at of this.buckets) for (; at !== null; at = at.nextBound) visitor(at);
  }

  /** True when a socket bound to `local` (null: any address) would meet one that is bound to the same. */
  taken(port: number, local: IpAddress | null): boolean {
    for (let at = this.first(port); at !== null; at = at.nextBound) {
      if (at.port !== port) continue;
      if (local === null || at.local === null || sameAddress(at.local, local)) return true;
    }
    return false;
  }

  /** The first free port from `start` on, upward and around within `first..last`; 0 when all are taken. */
  findFree(start: number, first: number, last: number): number {
    let port = start;
    for (let tries = last - first + 1; tries > 0; tries--) {
      if (!this.taken(port, null)) return port;
      port = port === last ? first : port + 1;
    }
    return 0;
  }

  /** A random free port, or the negative of NX_NO_FREE_PORTS. */
  chooseFree(random: Random, first: number, last: number): number {
    const port = this.findFree(first + random.below(last - first + 1), first, last);
    return port === 0 ? -NX_NO_FREE_PORTS : port;
  }
}

/** NetX's: (p + (p >> 8)) & 31. */
function bucketOf(port: number): number {
  return (port + (port >>> 8)) & (BUCKETS - 1);
}

/** The same address for "any" in all its forms. */
export function localOrAny(local: IpAddress | null | undefined): IpAddress | null {
  return local === null || local === undefined || isUnspecified(local) ? null : local;
}
