import type { Packet } from '@strata/contracts';

/** States of a {@link Neighbour}. */
export const NEIGHBOUR_FREE = 0;
/** Asked for, no answer yet; packets wait. */
export const NEIGHBOUR_INCOMPLETE = 1;
/** Learnt from the network. */
export const NEIGHBOUR_DYNAMIC = 2;
/** Set by the application; nothing from the network changes it. */
export const NEIGHBOUR_STATIC = 3;
/** Belongs to no cache: the link address of a broadcast or multicast group. */
export const NEIGHBOUR_GROUP = 4;

/**
 * A next hop and its link address. Flows point at one, so that sending needs no look-up: a neighbour of state
 * DYNAMIC or higher has an address to send to. Made once with its cache and reused; whoever reuses one for another address
 * bumps the instance's generation first, so that flows look again.
 */
export class Neighbour {
  state: number;
  interfaceIndex: number;
  /** IPv4 address, int32. */
  address: number;
  msw: number;
  lsw: number;
  /** Value of the cache's use counter when a packet was last sent to it; 0 = never. */
  usedAt: number;
  /** Value of the same counter when it was learnt or refreshed. */
  heardAt: number;
  /** When to ask again, or to forget it; NEVER for neither. Microseconds. */
  deadline: number;
  /** Requests sent since it became INCOMPLETE. */
  requests: number;
  /** Packets that wait for the address, oldest first; `waiting` of them. */
  readonly queue: (Packet | null)[];
  waiting: number;
  /** Next in the hash bucket. */
  next: Neighbour | null;

  constructor(queueLimit: number) {
    this.state = NEIGHBOUR_FREE;
    this.interfaceIndex = -1;
    this.address = 0;
    this.msw = 0;
    this.lsw = 0;
    this.usedAt = 0;
    this.heardAt = 0;
    this.deadline = 0.5;
    this.deadline = Number.POSITIVE_INFINITY;
    this.requests = 0;
    this.queue = new Array<Packet | null>(queueLimit).fill(null);
    this.waiting = 0;
    this.next = null;
  }
}
