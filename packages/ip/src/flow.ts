import type { Flow, IpAddress, IpFamily } from '@strata/contracts';
import type { IpInterface } from './interface.ts';
import type { NdEntry } from './nd/entry.ts';
import type { Neighbour } from './neighbour.ts';

/**
 * A flow with the route and the neighbour it uses. They are good while `generation` equals the instance's; the instance
 * counts up whenever an address, a route, an interface or a cache entry that a flow may hold is no longer what it was.
 */
export class IpFlow implements Flow {
  readonly family: IpFamily;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly protocol: number;
  mtu: number;
  readonly pseudoHeaderSum: number;
  checksumOffload: boolean;
  cast: number;
  timeToLive: number;
  typeOfService: number;
  dontFragment: boolean;
  /** The path takes less than path MTU discovery goes down to: {@link dontFragment} is not heeded. */
  fragmentAnyway: boolean;
  /** Generation of the instance for which the members below hold; -1 = never looked up. */
  generation: number;
  /** Interface the application insists on, or -1. */
  readonly wantedInterface: number;
  /** Where packets leave; null when there is no route. */
  outgoing: IpInterface | null;
  /** First hop, int32: the gateway, or the destination itself. */
  nextHop: number;
  /** Null until the first packet needs it. */
  neighbour: Neighbour | null;
  /** The same two for IPv6. */
  nextHop6: IpAddress | null;
  neighbour6: NdEntry | null;
  /** Bucket of the identification counters; see `identification.ts`. */
  identificationSlot: number;

  constructor(
    family: IpFamily,
    local: IpAddress,
    remote: IpAddress,
    protocol: number,
    addressSum: number,
    wantedInterface: number,
  ) {
    this.family = family;
    this.local = local;
    this.remote = remote;
    this.protocol = protocol;
    this.mtu = 0;
    this.pseudoHeaderSum = addressSum + protocol;
    this.checksumOffload = false;
    this.cast = 0;
    this.timeToLive = 0;
    this.typeOfService = 0;
    this.dontFragment = false;
    this.fragmentAnyway = false;
    this.generation = -1;
    this.wantedInterface = wantedInterface;
    this.outgoing = null;
    this.nextHop = 0;
    this.neighbour = null;
    this.nextHop6 = null;
    this.neighbour6 = null;
    this.identificationSlot = 0;
  }
}
