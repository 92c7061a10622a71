import type { IpAddress } from '@strata/contracts';
import { sameAddress } from '@strata/wire';
import type { IpInterface } from '../interface.ts';

/** Where packets to one destination go because a router said so. */
export interface RedirectedDestination {
  readonly destination: IpAddress;
  readonly outgoing: IpInterface;
  readonly nextHop: IpAddress;
}

/**
 * The part of the destination cache that redirects make (RFC 4861 5.1, 8.3); the rest of it lives in the flows. Bounded:
 * the one redirected longest ago goes first.
 */
export class RedirectedDestinations {
  private readonly entries: Map<string, RedirectedDestination>;
  private readonly limit: number;

  constructor(limit: number) {
    this.entries = new Map();
    this.limit = limit;
  }

  get all(): readonly RedirectedDestination[] {
    return [...this.entries.values()];
  }

  find(destination: IpAddress, wanted: number): RedirectedDestination | null {
    if (this.entries.size === 0) return null;
    const entry = this.entries.get(keyOf(destination));
    return entry === undefined || (wanted >= 0 && entry.outgoing.index !== wanted) ? null : entry;
  }

  set(destination: IpAddress, outgoing: IpInterface, nextHop: IpAddress): void {
    const key = keyOf(destination);
    this.entries.delete(key);
    if (this.entries.size >= this.limit) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    if (this.limit > 0) this.entries.set(key, { destination, outgoing, nextHop });
  }

  /** A neighbor no longer takes packets for others, or is gone: what went over it takes the usual way again. */
  forgetNextHop(interfaceIndex: number, nextHop: IpAddress): void {
    for (const [key, entry] of this.entries) {
      if (entry.outgoing.index === interfaceIndex && sameAddress(entry.nextHop, nextHop)) this.entries.delete(key);
    }
  }

  clear(interfaceIndex = -1): void {
    for (const [key, entry] of this.entries) {
      if (interfaceIndex < 0 || entry.outgoing.index === interfaceIndex) this.entries.delete(key);
    }
  }
}

function keyOf({ w0, w1, w2, w3 }: IpAddress): string {
  return `${w0},${w1},${w2},${w3}`;
}
