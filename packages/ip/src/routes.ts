import { NX_IP_ADDRESS_ERROR, NX_NOT_SUCCESSFUL, NX_OVERFLOW, NX_SUCCESS, type Status } from '@strata/contracts';
import type { IpInterface } from './interface.ts';
import { isHostAddress, isLinkLocal } from './martian.ts';

/** One static route. */
export interface StaticRoute {
  readonly network: number;
  readonly mask: number;
  readonly nextHop: number;
  readonly outgoing: IpInterface;
}

/**
 * The IPv4 routes of an instance: networks on the link, static routes, a default gateway. The longest matching prefix wins;
 * of equal ones a network on the link, then the static route added first (RFC 1122 3.3.1.2, RFC 1812 5.2.4.3).
 */
export class RouteTable {
  readonly gateway: { address: number; outgoing: IpInterface | null };
  /** Further default gateways, in order of preference; see {@link addGateway}. */
  private readonly spares: number[];
  private readonly interfaces: readonly IpInterface[];
  /** Sorted by mask, longest first. */
  private readonly statics: StaticRoute[];
  private readonly limit: number;
  /** Results of the last {@link find}. */
  outgoing: IpInterface | null;
  nextHop: number;

  constructor(interfaces: readonly IpInterface[], limit: number) {
    this.interfaces = interfaces;
    this.limit = limit;
    this.statics = [];
    this.gateway = { address: 0, outgoing: null };
    this.spares = [];
    this.outgoing = null;
    this.nextHop = 0;
  }

  /** The static routes, longest prefix first. */
  get routes(): readonly StaticRoute[] {
    return this.statics;
  }

  /** The interface on whose link `address` is, or null. With several, the longest mask. */
  onLink(address: number): IpInterface | null {
    let best: IpInterface | null = null;
    for (const candidate of this.interfaces) {
      if (candidate.address === 0 || ((candidate.address ^ address) & candidate.mask) !== 0) continue;
      if (best === null || candidate.mask >>> 0 > best.mask >>> 0) best = candidate;
    }
    return best;
  }

  /** The interface by which another host can be a next hop, or null: nobody sends by way of himself, or of everybody. */
  private throughLink(address: number): IpInterface | null {
    const outgoing = this.onLink(address);
    if (outgoing === null || !isHostAddress(address)) return null;
    const own = this.interfaces.some((each) => each.address === address);
    return own || address === outgoing.broadcast ? null : outgoing;
  }

  /**
   * Looks for the way to `destination`, over interface `wanted` if that is not negative. On success {@link outgoing} and
   * {@link nextHop} hold it.
   */
  find(destination: number, wanted: number): boolean {
    if (isLinkLocal(destination)) return this.findOnLink(destination, wanted);
    if (!this.findByPrefix(destination, wanted)) return false;
    // RFC 3927 2.6.2: what has a link-local source never goes to a router; the destination itself is asked for.
    if (isLinkLocal((this.outgoing as IpInterface).address)) this.nextHop = destination;
    return true;
  }

  /** RFC 3927 2.6.2: a link-local destination is on the link, whatever address we have there, and never behind a router. */
  private findOnLink(destination: number, wanted: number): boolean {
    let chosen = wanted < 0 ? this.onLink(destination) : null;
    for (const each of this.interfaces) {
      if (each.address === 0 || (wanted >= 0 && each.index !== wanted)) continue;
      chosen ??= each;
    }
    this.outgoing = chosen;
    this.nextHop = destination;
    return chosen !== null;
  }

  private findByPrefix(destination: number, wanted: number): boolean {
    let length = -1;
    this.outgoing = null;
    for (const candidate of this.interfaces) {
      if (candidate.address === 0 || ((candidate.address ^ destination) & candidate.mask) !== 0) continue;
      if ((wanted >= 0 && candidate.index !== wanted) || candidate.mask >>> 0 <= length) continue;
      length = candidate.mask >>> 0;
      this.outgoing = candidate;
      this.nextHop = destination;
    }
    for (const route of this.statics) {
      if (route.mask >>> 0 <= length) break;
      if (((route.network ^ destination) & route.mask) !== 0) continue;
      if (wanted >= 0 && route.outgoing.index !== wanted) continue;
      this.outgoing = route.outgoing;
      this.nextHop = route.nextHop;
      return true;
    }
    if (this.outgoing !== null) return true;
    const gateway = this.gateway;
    if (gateway.outgoing === null || (wanted >= 0 && gateway.outgoing.index !== wanted)) return false;
    this.outgoing = gateway.outgoing;
    this.nextHop = gateway.address;
    return true;
  }

  /** As nx_ip_gateway_address_set. 0 clears. NX_IP_ADDRESS_ERROR when the gateway is not on a link. */
  setGateway(address: number): Status {
    const outgoing = address === 0 ? null : this.throughLink(address);
    if (address !== 0 && outgoing === null) return NX_IP_ADDRESS_ERROR;
    this.gateway.address = address;
    this.gateway.outgoing = outgoing;
    if (address === 0) this.spares.length = 0;
    return NX_SUCCESS;
  }

  /**
   * Names another default gateway, to be used when the one in use does not answer (RFC 1122 3.3.1.4); the first one named is
   * the one in use. NX_IP_ADDRESS_ERROR when it is not on a link, NX_OVERFLOW when there are as many as routes may be.
   */
  addGateway(address: number): Status {
    if (address === 0 || this.throughLink(address) === null) return NX_IP_ADDRESS_ERROR;
    if (this.gateway.outgoing === null) return this.setGateway(address);
    if (address === this.gateway.address || this.spares.includes(address)) return NX_SUCCESS;
    if (this.spares.length >= this.limit) return NX_OVERFLOW;
    this.spares.push(address);
    return NX_SUCCESS;
  }

  /** A next hop does not answer. When it is the gateway in use and there is another, that one is used; then true. */
  gatewayFailed(address: number): boolean {
    if (address !== this.gateway.address) return false;
    for (let tries = this.spares.length; tries > 0; tries--) {
      const next = this.spares.shift() as number;
      const outgoing = this.onLink(next);
      if (outgoing === null) continue;
      this.spares.push(address);
      this.gateway.address = next;
      this.gateway.outgoing = outgoing;
      return true;
    }
    return false;
  }

  /** As nx_ip_static_route_add: replaces the route to the same network. NX_OVERFLOW when the table is full. */
  add(network: number, mask: number, nextHop: number): Status {
    const outgoing = this.throughLink(nextHop);
    if (outgoing === null || !isMask(mask)) return NX_IP_ADDRESS_ERROR;
    const route: StaticRoute = { network: network & mask, mask, nextHop, outgoing };
    const old = this.statics.findIndex((r) => r.network === route.network && r.mask === mask);
    if (old >= 0) {
      this.statics[old] = route;
      return NX_SUCCESS;
    }
    if (this.statics.length >= this.limit) return NX_OVERFLOW;
    const shorter = this.statics.findIndex((r) => r.mask >>> 0 < mask >>> 0);
    if (shorter < 0) this.statics.push(route);
    else this.statics.splice(shorter, 0, route);
    return NX_SUCCESS;
  }

  /** As nx_ip_static_route_delete. NX_NOT_SUCCESSFUL when there is none. */
  delete(network: number, mask: number): Status {
    const at = this.statics.findIndex((r) => r.network === (network & mask) && r.mask === mask);
    if (at < 0) return NX_NOT_SUCCESSFUL;
    this.statics.splice(at, 1);
    return NX_SUCCESS;
  }

  /** Forgets what leaves by an interface whose address changed and on whose link the next hop no longer is. */
  recheck(): void {
    for (let i = this.statics.length - 1; i >= 0; i--) {
      const route = this.statics[i] as StaticRoute;
      if (this.onLink(route.nextHop) !== route.outgoing) this.statics.splice(i, 1);
    }
    const gateway = this.gateway;
    if (gateway.outgoing !== null && this.onLink(gateway.address) !== gateway.outgoing) {
      gateway.address = 0;
      gateway.outgoing = null;
    }
  }
}

/** True when the ones of `mask` are contiguous from the left. */
export function isMask(mask: number): boolean {
  const inverse = ~mask >>> 0;
  return (inverse & (inverse + 1)) === 0;
}
