import {
  type IpAddress,
  NEVER,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_SUCCESSFUL,
  NX_OVERFLOW,
  NX_SUCCESS,
  type Status,
} from '@strata/contracts';
import { IPV6_ANY, sameAddress } from '@strata/wire';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { ND_INCOMPLETE, ND_STALE } from '../nd/entry.ts';
import { maskPrefix, ORIGIN_MANUAL } from './address.ts';
import { commonBits, isLinkLocal6 } from './scope.ts';

/** Destinations remembered while their routers are being resolved. */
const TURNS = 64;

/** A router that packets for elsewhere may be given to (RFC 4861 5.1, Default Router List). */
export interface DefaultRouter {
  readonly address: IpAddress;
  readonly outgoing: IpInterface;
  /** Microseconds; NEVER for one that the application named without an end. */
  expires: number;
  /** RFC 4191 2.1: 1 high, 0 medium, -1 low. */
  preference: number;
  /** Named by the application, so no advertisement takes it away. */
  readonly manual: boolean;
}

/** A prefix whose addresses are on the link (RFC 4861 5.1, Prefix List). */
export interface OnLinkPrefix {
  readonly prefix: IpAddress;
  readonly length: number;
  readonly outgoing: IpInterface;
  expires: number;
}

/** A route that the application named. */
export interface Ipv6Route {
  readonly prefix: IpAddress;
  readonly length: number;
  readonly nextHop: IpAddress;
  readonly outgoing: IpInterface;
}

/**
 * Where packets go (RFC 4861 5.2): what is on the link, redirected destinations, named routes, default routers. The longest
 * matching prefix wins; a network on the link before a route of the same length.
 */
export class Ipv6Routes {
  readonly routers: DefaultRouter[];
  readonly prefixes: OnLinkPrefix[];
  readonly statics: Ipv6Route[];
  private readonly ip: IpInstance;
  /** Where the search for a router of unknown reachability begins (RFC 4861 6.3.6). */
  private turn: number;
  /** Whose turn it was for a destination, while that router is being resolved. */
  private readonly turns: Map<string, DefaultRouter>;
  /** Results of the last {@link find}. */
  outgoing: IpInterface | null;
  nextHop: IpAddress;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.routers = [];
    this.prefixes = [];
    this.statics = [];
    this.turn = 0;
    this.turns = new Map();
    this.outgoing = null;
    this.nextHop = IPV6_ANY;
  }

  /**
   * Looks for the way to a unicast destination, over interface `wanted` if that is not negative. On success
   * {@link outgoing} and {@link nextHop} hold it. `peek`: only asks, so the routers' turns stay as they are.
   */
  find(destination: IpAddress, wanted: number, peek = false): boolean {
    this.outgoing = null;
    this.nextHop = destination;
    if (isLinkLocal6(destination.w0)) {
      this.outgoing = this.linkLocalInterface(destination, wanted);
      return this.outgoing !== null;
    }
    const onLink = this.longestOnLink(destination, wanted);
    const redirected = this.ip.ipv6.destinations.find(destination, wanted);
    if (redirected !== null) {
      this.outgoing = redirected.outgoing;
      this.nextHop = redirected.nextHop;
      return true;
    }
    for (const route of this.statics) {
      if (route.length <= onLink) break;
      if (!matches(route.prefix, route.length, destination)) continue;
      if (wanted >= 0 && route.outgoing.index !== wanted) continue;
      this.outgoing = route.outgoing;
      this.nextHop = sameAddress(route.nextHop, IPV6_ANY) ? destination : route.nextHop;
      return true;
    }
    if (onLink >= 0) return true;
    const router = this.chooseRouter(destination, wanted, peek);
    if (router === null) return false;
    this.outgoing = router.outgoing;
    this.nextHop = router.address;
    return true;
  }

  /** The link of a link-local destination: the one wanted, the one where it was heard of, the first. */
  private linkLocalInterface(destination: IpAddress, wanted: number): IpInterface | null {
    const { w0, w1, w2, w3 } = destination;
    let first: IpInterface | null = null;
    for (const each of this.ip.interfaces) {
      if (!each.ipv6.running || (wanted >= 0 && each.index !== wanted)) continue;
      if (this.ip.nd.cache.find(each.index, w0, w1, w2, w3) !== null) return each;
      first ??= each;
    }
    return first;
  }

  /** Length of the longest prefix on a link that holds `destination`, -1 for none; leaves its link in {@link outgoing}. */
  private longestOnLink(destination: IpAddress, wanted: number): number {
    let longest = -1;
    for (const each of this.prefixes) {
      if (each.length <= longest || (wanted >= 0 && each.outgoing.index !== wanted)) continue;
      if (!each.outgoing.ipv6.running || !matches(each.prefix, each.length, destination)) continue;
      longest = each.length;
      this.outgoing = each.outgoing;
    }
    for (const each of this.ip.interfaces) {
      if (!each.ipv6.running || (wanted >= 0 && each.index !== wanted)) continue;
      for (const own of each.ipv6.addresses) {
        if (own.origin !== ORIGIN_MANUAL || !own.usable || own.prefixLength <= longest) continue;
        if (!matches(own.address, own.prefixLength, destination)) continue;
        longest = own.prefixLength;
        this.outgoing = each;
      }
    }
    return longest;
  }

  /** One that is or may be reachable if there is one, otherwise each in turn (RFC 4861 6.3.6, RFC 4191 3.2). */
  private chooseRouter(destination: IpAddress, wanted: number, peek: boolean): DefaultRouter | null {
    let count = 0;
    let good: DefaultRouter | null = null;
    let next = 0;
    for (const each of this.routers) {
      if (!leadsOut(each, wanted)) continue;
      count++;
      if (good !== null || this.stateOf(each) < ND_STALE) continue;
      good = each;
      // When this one fails, the others come first.
      next = count;
    }
    if (good !== null) {
      if (!peek) this.turn = next % count;
      return good;
    }
    if (count === 0) return null;
    const routers = this.routers.filter((each) => leadsOut(each, wanted));
    const key = `${destination.w0},${destination.w1},${destination.w2},${destination.w3}`;
    const before = this.turns.get(key);
    if (before !== undefined && routers.includes(before) && this.stateOf(before) === ND_INCOMPLETE) return before;
    const chosen = routers[this.turn % routers.length] as DefaultRouter;
    if (peek) return chosen;
    this.turn = (this.turn + 1) % routers.length;
    this.turns.delete(key);
    if (this.turns.size >= TURNS) this.turns.clear();
    this.turns.set(key, chosen);
    return chosen;
  }

  /** State of a router's neighbor entry; 0 when it has none. */
  private stateOf({ address, outgoing }: DefaultRouter): number {
    return this.ip.nd.cache.find(outgoing.index, address.w0, address.w1, address.w2, address.w3)?.state ?? 0;
  }

  /** The default router of this address, or null. */
  router(outgoing: IpInterface, address: IpAddress): DefaultRouter | null {
    return this.routers.find((each) => each.outgoing === outgoing && sameAddress(each.address, address)) ?? null;
  }

  /** Adds a router behind those of the same preference. False when the list is full. */
  addRouter(router: DefaultRouter): boolean {
    if (this.routers.length >= this.ip.policy.ipv6.routers) return false;
    const at = this.routers.findIndex((each) => each.preference < router.preference);
    if (at < 0) this.routers.push(router);
    else this.routers.splice(at, 0, router);
    this.ip.generation++;
    return true;
  }

  /** Forgets a router and what went over it. */
  removeRouter(router: DefaultRouter): void {
    const at = this.routers.indexOf(router);
    if (at < 0) return;
    this.routers.splice(at, 1);
    this.turn = 0;
    this.ip.ipv6.destinations.forgetNextHop(router.outgoing.index, router.address);
    this.ip.generation++;
  }

  /** The prefix of the list with this value, or null. */
  prefix(outgoing: IpInterface, prefix: IpAddress, length: number): OnLinkPrefix | null {
    return (
      this.prefixes.find(
        (each) => each.outgoing === outgoing && each.length === length && sameAddress(each.prefix, prefix),
      ) ?? null
    );
  }

  /** False when the list is full. */
  addPrefix(prefix: OnLinkPrefix): boolean {
    if (this.prefixes.length >= this.ip.policy.ipv6.prefixes) return false;
    this.prefixes.push(prefix);
    this.ip.generation++;
    return true;
  }

  removePrefix(prefix: OnLinkPrefix): void {
    this.prefixes.splice(this.prefixes.indexOf(prefix), 1);
    this.ip.generation++;
  }

  /**
   * Names a route; `nextHop` `::` means on the link of `outgoing`. NX_IP_ADDRESS_ERROR for a next hop that is on no link,
   * NX_OVERFLOW when the table is full.
   */
  add(prefix: IpAddress, length: number, nextHop: IpAddress, outgoing: IpInterface | null = null): Status {
    const via = outgoing ?? this.linkOf(nextHop);
    if (via === null || via.link === null || length < 0 || length > 128) return NX_IP_ADDRESS_ERROR;
    const route: Ipv6Route = { prefix: maskPrefix(prefix, length), length, nextHop, outgoing: via };
    const old = this.statics.findIndex((each) => each.length === length && sameAddress(each.prefix, route.prefix));
    if (old >= 0) this.statics[old] = route;
    else if (this.statics.length >= this.ip.policy.ipv6.routes) return NX_OVERFLOW;
    else {
      const shorter = this.statics.findIndex((each) => each.length < length);
      if (shorter < 0) this.statics.push(route);
      else this.statics.splice(shorter, 0, route);
    }
    this.ip.generation++;
    return NX_SUCCESS;
  }

  /** NX_NOT_SUCCESSFUL when there is no such route. */
  delete(prefix: IpAddress, length: number): Status {
    const masked = maskPrefix(prefix, length);
    const at = this.statics.findIndex((each) => each.length === length && sameAddress(each.prefix, masked));
    if (at < 0) return NX_NOT_SUCCESSFUL;
    this.statics.splice(at, 1);
    this.ip.generation++;
    return NX_SUCCESS;
  }

  /** The interface on whose link an address is, or null. */
  linkOf(address: IpAddress): IpInterface | null {
    if (isLinkLocal6(address.w0)) return this.linkLocalInterface(address, -1);
    this.outgoing = null;
    if (this.longestOnLink(address, -1) >= 0) return this.outgoing;
    // A route may be named while the address of its link still waits for duplicate detection.
    for (const each of this.ip.interfaces) {
      for (const own of each.ipv6.addresses) {
        if (own.origin === ORIGIN_MANUAL && matches(own.address, own.prefixLength, address)) return each;
      }
    }
    return null;
  }

  /** Takes away what advertisements brought for an interface, or everything. */
  clear(interfaceIndex = -1): void {
    const ours = (outgoing: IpInterface): boolean => interfaceIndex < 0 || outgoing.index === interfaceIndex;
    for (const router of [...this.routers]) if (ours(router.outgoing)) this.removeRouter(router);
    for (const prefix of [...this.prefixes]) if (ours(prefix.outgoing)) this.removePrefix(prefix);
  }

  /** The earliest end of a lifetime, or NEVER. */
  nextDeadline(): number {
    let next = NEVER;
    for (const each of this.routers) if (each.expires < next) next = each.expires;
    for (const each of this.prefixes) if (each.expires < next) next = each.expires;
    return next;
  }
}

function matches(prefix: IpAddress, length: number, address: IpAddress): boolean {
  const { w0, w1, w2, w3 } = prefix;
  return commonBits(w0, w1, w2, w3, address.w0, address.w1, address.w2, address.w3, length) >= length;
}

/** True when a router may be used for what is to leave by interface `wanted`, any if that is negative. */
function leadsOut({ outgoing }: DefaultRouter, wanted: number): boolean {
  return outgoing.ipv6.running && (wanted < 0 || outgoing.index === wanted);
}
