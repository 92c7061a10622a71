import {
  type DatagramInfo,
  DROP_ND_DESTINATION,
  DROP_ND_HOST,
  DROP_ND_SOURCE,
  HANDLED,
  type IpAddress,
  MILLISECOND,
  type Packet,
  SECOND,
  TRACE_ND_LIST_FULL,
  TRACE_ND_PREFIX_ADDED,
  TRACE_ND_PREFIX_REMOVED,
  TRACE_ND_ROUTER_ADDED,
  TRACE_ND_ROUTER_REMOVED,
} from '@strata/contracts';
import {
  IPV6_MINIMUM_MTU,
  ipv6AddressAt,
  ND_OPTION_PREFIX,
  ND_OPTION_RDNSS,
  ND_ROUTER_ADVERTISEMENT,
  nextNdOption,
  PREFIX_ADDRESS,
  PREFIX_AUTONOMOUS,
  PREFIX_FLAGS,
  PREFIX_LENGTH,
  PREFIX_ON_LINK,
  PREFIX_OPTION,
  PREFIX_PREFERRED,
  PREFIX_VALID,
  RA_FLAGS,
  RA_HOP_LIMIT,
  RA_LIFETIME,
  RA_REACHABLE_TIME,
  RA_RETRANS_TIMER,
} from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { ALL_NODES, maskPrefix, sourceOf } from '../ipv6/address.ts';
import { lifetimeEnd } from '../ipv6/interface.ts';
import { isLinkLocal6, isMulticast6 } from '../ipv6/scope.ts';
import { autoconfigure } from './autoconfiguration.ts';
import type { Nd } from './nd.ts';
import type { NdReceiver } from './receive.ts';

/**
 * The most that a router may ask for (RFC 4861 6.2.1, AdvReachableTime), in milliseconds. AdvRetransTimer has no bound there,
 * but packets must not wait for days for a neighbor that does not exist.
 */
const LONGEST_TIME = 3_600_000;

/** A Router Advertisement whose lengths and options are right (RFC 4861 6.1.2, 6.3.4). */
export function receiveAdvertisement(
  receiver: NdReceiver,
  packet: Packet,
  info: DatagramInfo,
  incoming: IpInterface,
  end: number,
): number {
  const { nd, options } = receiver;
  if (!isLinkLocal6(info.source0)) return DROP_ND_SOURCE;
  // RFC 4861 4.2: to whoever asked, or to all nodes.
  if (isMulticast6(info.destination0) && (info.destination0 !== ALL_NODES.w0 || info.destination3 !== ALL_NODES.w3)) {
    return DROP_ND_DESTINATION;
  }
  if (nd.ip.ipv6.isRouter(incoming)) return DROP_ND_HOST;
  const view = packet.view;
  const at = packet.prepend;
  const own = incoming.ipv6;
  const flags = view.getUint8(at + RA_FLAGS);
  own.advertisedFlags = flags;
  takeParameters(nd, incoming, view, at);
  if (options.hasSource) {
    const entry = receiver.learn(incoming, info, options.sourceMsw, options.sourceLsw);
    if (entry !== null) entry.isRouter = true;
  } else {
    const known = nd.cache.find(incoming.index, info.source0, info.source1, info.source2, info.source3);
    if (known !== null) known.isRouter = true;
  }
  if (options.mtu >= IPV6_MINIMUM_MTU && options.mtu <= incoming.mtu && options.mtu !== own.linkMtu) {
    own.linkMtu = options.mtu;
    nd.ip.generation++;
  }
  takeRouter(nd, incoming, sourceOf(info), view.getUint16(at + RA_LIFETIME), preferenceOf(flags));
  let option = nextNdOption(view, at + ND_ROUTER_ADVERTISEMENT, end, ND_OPTION_PREFIX, PREFIX_OPTION);
  while (option >= 0) {
    takePrefix(nd, incoming, view, option);
    option = nextNdOption(view, option + PREFIX_OPTION, end, ND_OPTION_PREFIX, PREFIX_OPTION);
  }
  takeNameServers(nd, incoming, view, at + ND_ROUTER_ADVERTISEMENT, end);
  nd.ip.ipv6.advertised(incoming, flags);
  nd.timers.changed();
  return HANDLED;
}

/** Recursive DNS servers (RFC 8106 5.1): a header of 8 octets, then addresses; of a strange length it is passed over. */
function takeNameServers(nd: Nd, incoming: IpInterface, view: DataView, from: number, end: number): void {
  const { nameServers } = nd.ip.ipv6;
  let option = nextNdOption(view, from, end, ND_OPTION_RDNSS, 0);
  while (option >= 0) {
    const length = view.getUint8(option + 1) << 3;
    const expires = lifetimeEnd(nd.ip.time.now, view.getUint32(option + 4));
    for (let at = option + 8; at + 16 <= option + length; at += 16) {
      nameServers.set(incoming, ipv6AddressAt(view, at), expires);
    }
    option = nextNdOption(view, option + length, end, ND_OPTION_RDNSS, 0);
  }
}

/** Hop limit and timers; 0 means "not said". */
function takeParameters(nd: Nd, incoming: IpInterface, view: DataView, at: number): void {
  const own = incoming.ipv6;
  const hopLimit = view.getUint8(at + RA_HOP_LIMIT);
  if (hopLimit !== 0) own.hopLimit = hopLimit;
  const reachable = view.getUint32(at + RA_REACHABLE_TIME);
  if (reachable !== 0 && reachable <= LONGEST_TIME && reachable * MILLISECOND !== own.baseReachableTime) {
    nd.ip.ipv6.setReachableTime(incoming, reachable * MILLISECOND);
  }
  const retrans = view.getUint32(at + RA_RETRANS_TIMER);
  if (retrans !== 0 && retrans <= LONGEST_TIME) own.retransTimer = retrans * MILLISECOND;
}

/** RFC 4191 2.1: two bits, of which 10 counts as medium. */
function preferenceOf(flags: number): number {
  const bits = (flags >>> 3) & 3;
  return bits === 1 ? 1 : bits === 3 ? -1 : 0;
}

function takeRouter(nd: Nd, incoming: IpInterface, address: IpAddress, lifetime: number, preference: number): void {
  const { ip } = nd;
  const { routes } = ip.ipv6;
  const known = routes.router(incoming, address);
  const { w0, w1, w2, w3 } = address;
  if (lifetime === 0) {
    if (known === null || known.manual) return;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ND_ROUTER_REMOVED, w0, w1, w2, w3, null);
    routes.removeRouter(known);
    return;
  }
  // RFC 4861 6.3.7: a router that offers itself ends the search.
  nd.discovery.end(incoming);
  const expires = ip.time.now + lifetime * SECOND;
  if (known !== null) {
    if (!known.manual) known.expires = expires;
    if (known.preference === preference || known.manual) return;
    routes.removeRouter(known);
  }
  if (routes.addRouter({ address, outgoing: incoming, expires, preference, manual: false })) {
    if (known === null && ip.tracer !== null) ip.tracer.event(TRACE_ND_ROUTER_ADDED, w0, w1, w2, w3, null);
  } else if (ip.tracer !== null) ip.tracer.event(TRACE_ND_LIST_FULL, routes.routers.length, 0, 0, 0, null);
}

/** A prefix information option: on the link (RFC 4861 6.3.4) and good for addresses (RFC 4862 5.5.3), each by its flag. */
function takePrefix(nd: Nd, incoming: IpInterface, view: DataView, option: number): void {
  const length = view.getUint8(option + PREFIX_LENGTH);
  const flags = view.getUint8(option + PREFIX_FLAGS);
  const valid = view.getUint32(option + PREFIX_VALID);
  const preferred = view.getUint32(option + PREFIX_PREFERRED);
  const address = ipv6AddressAt(view, option + PREFIX_ADDRESS);
  if (length > 128 || isLinkLocal6(address.w0) || isMulticast6(address.w0)) return;
  const prefix = maskPrefix(address, length);
  if ((flags & PREFIX_ON_LINK) !== 0) takeOnLink(nd, incoming, prefix, length, valid);
  if ((flags & PREFIX_AUTONOMOUS) !== 0) autoconfigure(nd, incoming, prefix, length, preferred, valid);
}

function takeOnLink(nd: Nd, incoming: IpInterface, prefix: IpAddress, length: number, valid: number): void {
  const { ip } = nd;
  const { routes } = ip.ipv6;
  const { w0, w1, w2, w3 } = prefix;
  const known = routes.prefix(incoming, prefix, length);
  if (valid === 0) {
    if (known === null) return;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ND_PREFIX_REMOVED, w0, w1, w2, w3, null);
    routes.removePrefix(known);
    return;
  }
  const expires = lifetimeEnd(ip.time.now, valid);
  if (known !== null) {
    known.expires = expires;
    return;
  }
  if (routes.addPrefix({ prefix, length, outgoing: incoming, expires })) {
    if (ip.tracer !== null) ip.tracer.event(TRACE_ND_PREFIX_ADDED, w0, w1, w2, w3, null);
  } else if (ip.tracer !== null) ip.tracer.event(TRACE_ND_LIST_FULL, routes.prefixes.length, 0, 0, 0, null);
}
