import { NEVER, SECOND } from '@strata/contracts';
import type { IpInterface } from '../interface.ts';
import type { Ipv6Address } from './address.ts';
import type { Ipv6Policy } from './policy.ts';

const INFINITE = 0xffffffff;

/** What one interface has and has learnt of IPv6 (RFC 4861 6.3.2). */
export class Ipv6Interface {
  readonly owner: IpInterface;
  /** IPv6 runs on this interface. */
  enabled: boolean;
  /** Its link-local address from the MAC address turned out to be a duplicate, so nothing goes out or in (RFC 4862 5.4.5). */
  shut: boolean;
  readonly addresses: Ipv6Address[];
  /** LinkMTU: the link's own, or what a router said. */
  linkMtu: number;
  /** CurHopLimit. */
  hopLimit: number;
  /** BaseReachableTime, ReachableTime and RetransTimer in microseconds. */
  baseReachableTime: number;
  reachableTime: number;
  retransTimer: number;
  /** Router solicitations sent since it came up, and when the next is due. */
  solicitations: number;
  solicitAt: number;
  /** Flags of the last Router Advertisement (RA_MANAGED, RA_OTHER). */
  advertisedFlags: number;
  /** Listens to all routers, as a router. */
  amongRouters: boolean;

  constructor(owner: IpInterface) {
    this.owner = owner;
    this.enabled = false;
    this.shut = false;
    this.addresses = [];
    this.linkMtu = owner.mtu;
    this.hopLimit = 0;
    this.baseReachableTime = 0.5;
    this.reachableTime = 0.5;
    this.retransTimer = 0.5;
    this.solicitations = 0;
    this.solicitAt = NEVER;
    this.advertisedFlags = 0;
    this.amongRouters = false;
  }

  /** True when packets may go out and in. */
  get running(): boolean {
    return this.enabled && !this.shut;
  }

  /** Takes the values that hold until a router says otherwise. */
  reset(policy: Ipv6Policy): void {
    this.linkMtu = this.owner.mtu;
    this.hopLimit = policy.hopLimit;
    this.retransTimer = policy.retransTimer;
    this.baseReachableTime = policy.reachableTime;
    this.reachableTime = policy.reachableTime;
    this.solicitations = 0;
    this.solicitAt = NEVER;
    this.advertisedFlags = 0;
    this.shut = false;
  }

  /** The own address of this value, in whatever state, or null. */
  find(w0: number, w1: number, w2: number, w3: number): Ipv6Address | null {
    const addresses = this.addresses;
    for (let i = 0; i < addresses.length; i++) {
      const each = addresses[i] as Ipv6Address;
      if (each.is(w0, w1, w2, w3)) return each;
    }
    return null;
  }

  /** The usable link-local address, or null. */
  get linkLocal(): Ipv6Address | null {
    return this.addresses.find((each) => each.usable && each.address.w0 >>> 22 === 0x3fa) ?? null;
  }
}

/** The moment a lifetime of so many seconds ends, NEVER for 0xffffffff (RFC 4861 4.6.2). */
export function lifetimeEnd(now: number, seconds: number): number {
  return seconds === INFINITE ? NEVER : now + seconds * SECOND;
}
