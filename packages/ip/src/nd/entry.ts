import { type IpAddress, NEVER, type Packet } from '@strata/contracts';
import { IPV6_ANY } from '@strata/wire';

/** States of an {@link NdEntry} (RFC 4861 7.3.2), ordered: from DELAY on, packets go out without further thought. */
export const ND_FREE = 0;
export const ND_INCOMPLETE = 1;
export const ND_STALE = 2;
export const ND_DELAY = 3;
export const ND_PROBE = 4;
export const ND_REACHABLE = 5;
/** Set by the application; nothing from the network changes it. */
export const ND_STATIC = 6;
/** Belongs to no cache: the link address of a multicast group. */
export const ND_GROUP = 7;

/** The names of the states, by number. */
export const ND_STATES: readonly string[] = [
  'FREE',
  'INCOMPLETE',
  'STALE',
  'DELAY',
  'PROBE',
  'REACHABLE',
  'STATIC',
  'GROUP',
];

/** A neighbor and its link address. Flows point at one. Made once with its cache and reused, as an ARP entry is. */
export class NdEntry {
  state: number;
  interfaceIndex: number;
  address: IpAddress;
  msw: number;
  lsw: number;
  isRouter: boolean;
  /** Until when REACHABLE holds; microseconds. */
  reachableUntil: number;
  /** When INCOMPLETE, DELAY or PROBE goes on; NEVER otherwise. */
  deadline: number;
  /** Solicitations sent in this state. */
  solicits: number;
  /** Source of the packet that made us ask, for the solicitations (RFC 4861 7.2.2). */
  source: IpAddress;
  /** Values of the cache's use counter when a packet was last sent to it and when it was last heard of; 0 = never. */
  usedAt: number;
  heardAt: number;
  /** Packets that wait, oldest first; `waiting` of them. */
  readonly queue: (Packet | null)[];
  waiting: number;
  /** Next in the hash bucket. */
  next: NdEntry | null;

  constructor(queueLimit: number) {
    this.state = ND_FREE;
    this.interfaceIndex = -1;
    this.address = IPV6_ANY;
    this.msw = 0;
    this.lsw = 0;
    this.isRouter = false;
    this.reachableUntil = 0.5;
    this.reachableUntil = 0;
    this.deadline = 0.5;
    this.deadline = NEVER;
    this.solicits = 0;
    this.source = IPV6_ANY;
    this.usedAt = 0;
    this.heardAt = 0;
    this.queue = new Array<Packet | null>(queueLimit).fill(null);
    this.waiting = 0;
    this.next = null;
  }
}
