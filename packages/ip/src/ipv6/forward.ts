import {
  DROP_IP_FILTERED,
  DROP_IPV6_BEYOND_SCOPE,
  DROP_IPV6_FORWARD_NOT_UNICAST,
  DROP_IPV6_HOP_LIMIT,
  DROP_IPV6_NO_ROUTE,
  DROP_IPV6_TOO_BIG,
  type IpAddress,
  LINK_UNICAST,
  NX_ICMP_PACKET,
  type Packet,
  TRACE_IPV6_FORWARDED,
} from '@strata/contracts';
import {
  emitLinkOption,
  ICMPV6_REDIRECT,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_HOP_LIMIT,
  IPV6_MINIMUM_MTU,
  IPV6_SOURCE,
  ND_LINK_OPTION,
  ND_OPTION_REDIRECTED,
  ND_OPTION_TARGET_LINK,
  ND_REDIRECT,
  ND_REDIRECT_DESTINATION,
  ND_TARGET,
  sameAddress,
  setIpv6Address,
  TIME_EXCEEDED6_HOP_LIMIT,
  UNREACHABLE6_ADDRESS,
  UNREACHABLE6_BEYOND_SCOPE,
  UNREACHABLE6_NO_ROUTE,
} from '@strata/wire';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { ND_HOP_LIMIT } from '../nd/messages.ts';
import { NX_IP_PACKET_OUT, passes } from '../packet-filter.ts';
import { RecentAddresses } from './recent-addresses.ts';
import { isLinkLocal6, isUnicast6 } from './scope.ts';

/** Head of a redirected header option. */
const REDIRECTED_HEADER = 8;
/** Microseconds from one redirect to the next. */
const REDIRECT_INTERVAL = 100_000;

/** What a node does that is a router too: IPv6 packets for others (RFC 8200, RFC 4443). It leaves hop-by-hop options alone. */
export class Ipv6Forwarder {
  private readonly ip: IpInstance;
  private readonly addresses: RecentAddresses;
  /** When the last redirect was sent, in microseconds. */
  private redirectedAt: number;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.addresses = new RecentAddresses();
    this.redirectedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes a packet for somebody else, whose header is good, `prepend` and `ipHeader` at it, and sends it on its way. Its
   * sender is told when that is not possible, as far as anybody may be told.
   */
  forward(packet: Packet, incoming: IpInterface, cast: number): void {
    const { ip } = this;
    const { errors } = ip.icmpv6;
    const { view, prepend: header } = packet;
    const source = this.addresses.at(view, header + IPV6_SOURCE);
    const destination = this.addresses.at(view, header + IPV6_DESTINATION);
    if (cast !== LINK_UNICAST || !mayTravel(source) || !mayTravel(destination) || isLinkLocal6(destination.w0)) {
      this.drop(packet, DROP_IPV6_FORWARD_NOT_UNICAST);
      return;
    }
    const hopLimit = view.getUint8(header + IPV6_HOP_LIMIT);
    if (hopLimit <= 1) {
      errors.send(packet, cast, ICMPV6_TIME_EXCEEDED, TIME_EXCEEDED6_HOP_LIMIT, 0);
      this.drop(packet, DROP_IPV6_HOP_LIMIT);
      return;
    }
    if (isLinkLocal6(source.w0)) {
      errors.send(packet, cast, ICMPV6_UNREACHABLE, UNREACHABLE6_BEYOND_SCOPE, 0);
      this.drop(packet, DROP_IPV6_BEYOND_SCOPE);
      return;
    }
    if (!ip.ipv6.findWay(destination, -1)) {
      errors.send(packet, cast, ICMPV6_UNREACHABLE, UNREACHABLE6_NO_ROUTE, 0);
      this.drop(packet, DROP_IPV6_NO_ROUTE);
      return;
    }
    const outgoing = ip.ipv6.routes.outgoing as IpInterface;
    const nextHop = ip.ipv6.routes.nextHop;
    const mtu = ip.ipv6.pathMtu(outgoing, destination);
    if (packet.length > mtu) {
      errors.send(packet, cast, ICMPV6_TOO_BIG, 0, mtu);
      this.drop(packet, DROP_IPV6_TOO_BIG);
      return;
    }
    if (outgoing === incoming && ip.sendRedirects) this.redirect(packet, incoming, source, destination, nextHop);
    view.setUint8(header + IPV6_HOP_LIMIT, hopLimit - 1);
    packet.frameId = 0;
    packet.interfaceIndex = outgoing.index;
    packet.transportHeader = -1;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.nd.dropOutgoing(packet, DROP_IP_FILTERED);
      return;
    }
    ip.counters.packetsForwarded++;
    if (ip.tracer !== null) {
      const { w0, w1, w2, w3 } = destination;
      ip.tracer.event(TRACE_IPV6_FORWARDED, w0, w1, w2, w3, packet);
    }
    const neighbour = ip.nd.lookUp(outgoing, nextHop);
    if (neighbour === null) {
      errors.send(packet, cast, ICMPV6_UNREACHABLE, UNREACHABLE6_ADDRESS, 0);
      ip.nd.dropOutgoing(packet, DROP_IPV6_NO_ROUTE);
    } else ip.nd.transmit(neighbour, packet);
  }

  /**
   * Tells a host on the link that another first hop is better (RFC 4861 8.2): a router by its link-local address, or the
   * destination itself. Ten a second at most.
   */
  private redirect(
    packet: Packet,
    incoming: IpInterface,
    source: IpAddress,
    destination: IpAddress,
    nextHop: IpAddress,
  ): void {
    const { ip } = this;
    const onLink = sameAddress(nextHop, destination);
    if ((!isLinkLocal6(nextHop.w0) && !onLink) || ip.ipv6.routes.linkOf(source) !== incoming) return;
    const own = incoming.ipv6.linkLocal;
    const { now } = ip.time;
    if (own === null || !own.usable || now - this.redirectedAt < REDIRECT_INTERVAL) return;
    const message = ip.controlPool.allocate(NX_ICMP_PACKET);
    if (message === null) return;
    this.redirectedAt = now;
    const { view, prepend: at } = message;
    view.setInt32(at, ICMPV6_REDIRECT << 24);
    view.setInt32(at + 4, 0);
    setIpv6Address(view, at + ND_TARGET, nextHop);
    setIpv6Address(view, at + ND_REDIRECT_DESTINATION, destination);
    message.append = at + ND_REDIRECT;
    message.length = ND_REDIRECT;
    const { w0, w1, w2, w3 } = nextHop;
    const neighbour = ip.nd.cache.find(incoming.index, w0, w1, w2, w3);
    if (neighbour !== null && (neighbour.msw | neighbour.lsw) !== 0) {
      emitLinkOption(view, message.append, ND_OPTION_TARGET_LINK, neighbour.msw, neighbour.lsw);
      message.append += ND_LINK_OPTION;
      message.length += ND_LINK_OPTION;
    }
    const room = IPV6_MINIMUM_MTU - IPV6_HEADER - message.length - REDIRECTED_HEADER;
    const quoted =
      Math.min(packet.append - packet.prepend, room, message.dataEnd - message.append - REDIRECTED_HEADER) & ~7;
    view.setInt32(message.append, (ND_OPTION_REDIRECTED << 24) | (((quoted + REDIRECTED_HEADER) >> 3) << 16));
    view.setInt32(message.append + 4, 0);
    message.append += REDIRECTED_HEADER;
    message.length += REDIRECTED_HEADER;
    message.appendBytes(packet.bytes, packet.prepend, quoted);
    ip.ipv6.sender.sendControl(message, incoming, own.address, source, ND_HOP_LIMIT);
  }

  private drop(packet: Packet, reason: number): void {
    this.ip.counters.receivePacketsDropped++;
    this.ip.drop(packet, reason);
  }
}

function mayTravel({ w0, w1, w2, w3 }: IpAddress): boolean {
  return isUnicast6(w0, w1, w2, w3);
}
