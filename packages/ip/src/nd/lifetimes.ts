import {
  NEVER,
  TRACE_IPV6_ADDRESS_DEPRECATED,
  TRACE_ND_PREFIX_REMOVED,
  TRACE_ND_ROUTER_REMOVED,
} from '@strata/contracts';
import { ADDRESS_DEPRECATED, ADDRESS_TENTATIVE, ADDRESS_VALID } from '../ipv6/address.ts';
import type { Nd } from './nd.ts';

/** Ends what advertisements gave for a time: routers, prefixes, addresses (RFC 4861 6.3.5, RFC 4862 5.5.4). */
export class NdLifetimes {
  private readonly nd: Nd;

  constructor(nd: Nd) {
    this.nd = nd;
  }

  nextDeadline(): number {
    const { ip } = this.nd;
    let next = ip.ipv6.routes.nextDeadline();
    for (const each of ip.interfaces) {
      for (const address of each.ipv6.addresses) {
        if (address.validUntil < next) next = address.validUntil;
        if (address.state === ADDRESS_VALID && address.preferredUntil < next) next = address.preferredUntil;
      }
    }
    return next;
  }

  onTime(now: number): void {
    const { ip } = this.nd;
    const { routes } = ip.ipv6;
    for (const router of [...routes.routers]) {
      if (router.expires > now) continue;
      this.trace(TRACE_ND_ROUTER_REMOVED, router.address);
      routes.removeRouter(router);
    }
    for (const prefix of [...routes.prefixes]) {
      if (prefix.expires > now) continue;
      this.trace(TRACE_ND_PREFIX_REMOVED, prefix.prefix);
      routes.removePrefix(prefix);
    }
    for (const each of ip.interfaces) {
      for (const address of [...each.ipv6.addresses]) {
        if (address.validUntil <= now) ip.ipv6.removeAddress(address);
        else if (address.state === ADDRESS_VALID && address.preferredUntil <= now) {
          address.state = ADDRESS_DEPRECATED;
          this.trace(TRACE_IPV6_ADDRESS_DEPRECATED, address.address);
        }
      }
    }
  }

  /** An address got new lifetimes: it is valid or deprecated accordingly, if it was one of them. */
  renewed(address: { state: number; readonly preferredUntil: number }): void {
    if (address.state === ADDRESS_TENTATIVE || address.preferredUntil === NEVER) {
      if (address.state === ADDRESS_DEPRECATED) address.state = ADDRESS_VALID;
      return;
    }
    const preferred = address.preferredUntil > this.nd.ip.time.now;
    if (address.state === ADDRESS_DEPRECATED && preferred) address.state = ADDRESS_VALID;
    else if (address.state === ADDRESS_VALID && !preferred) address.state = ADDRESS_DEPRECATED;
  }

  private trace(id: number, address: { w0: number; w1: number; w2: number; w3: number }): void {
    const { tracer } = this.nd.ip;
    if (tracer !== null) tracer.event(id, address.w0, address.w1, address.w2, address.w3, null);
  }
}
