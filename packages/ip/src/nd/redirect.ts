import {
  type DatagramInfo,
  DROP_ND_DESTINATION,
  DROP_ND_HOST,
  DROP_ND_NOT_FIRST_HOP,
  DROP_ND_SOURCE,
  DROP_ND_TARGET,
  HANDLED,
  type Packet,
  TRACE_ND_REDIRECTED,
} from '@strata/contracts';
import { ipv6AddressAt, ND_REDIRECT_DESTINATION, ND_TARGET, sameAddress } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { sourceOf } from '../ipv6/address.ts';
import { isLinkLocal6, isMulticast6, isUnicast6 } from '../ipv6/scope.ts';
import { ND_INCOMPLETE, ND_STALE, ND_STATIC } from './entry.ts';
import type { NdReceiver } from './receive.ts';

/** A Redirect (RFC 4861 8.1, 8.3): the first hop of a destination names a better one, or says that it is on the link. */
export function receiveRedirect(
  receiver: NdReceiver,
  packet: Packet,
  info: DatagramInfo,
  incoming: IpInterface,
): number {
  const { nd, options } = receiver;
  const { ip } = nd;
  if (!isLinkLocal6(info.source0)) return DROP_ND_SOURCE;
  if (!nd.policy.acceptRedirects || ip.ipv6.isRouter(incoming)) return DROP_ND_HOST;
  const target = ipv6AddressAt(packet.view, packet.prepend + ND_TARGET);
  const destination = ipv6AddressAt(packet.view, packet.prepend + ND_REDIRECT_DESTINATION);
  if (isMulticast6(destination.w0)) return DROP_ND_DESTINATION;
  const onLink = sameAddress(target, destination);
  if (!isUnicast6(target.w0, target.w1, target.w2, target.w3)) return DROP_ND_TARGET;
  if (!isLinkLocal6(target.w0) && !onLink) return DROP_ND_TARGET;
  if (ip.ipv6.isOwn(destination) || ip.ipv6.isOwn(target)) return DROP_ND_TARGET;
  const { routes } = ip.ipv6;
  const sender = sourceOf(info);
  if (!routes.find(destination, incoming.index, true) || !sameAddress(routes.nextHop, sender)) {
    return DROP_ND_NOT_FIRST_HOP;
  }
  ip.ipv6.destinations.set(destination, incoming, target);
  ip.generation++;
  if (ip.tracer !== null) {
    ip.tracer.event(TRACE_ND_REDIRECTED, destination.w0, destination.w1, destination.w2, destination.w3, packet);
  }
  const { w0, w1, w2, w3 } = target;
  let entry = nd.cache.find(incoming.index, w0, w1, w2, w3);
  if (options.hasTarget && (options.targetMsw & 0x100) === 0) {
    entry ??= nd.makeEntry(incoming.index, target);
    if (entry !== null && entry.state !== ND_STATIC) {
      const differs = entry.msw !== options.targetMsw || entry.lsw !== options.targetLsw;
      if (entry.state === ND_INCOMPLETE || differs) {
        nd.resolution.resolve(entry, ND_STALE, options.targetMsw, options.targetLsw);
      }
    }
  }
  // RFC 4861 8.3: a target that is not the destination is a router; otherwise the flag stays.
  if (entry !== null && !onLink) entry.isRouter = true;
  return HANDLED;
}
