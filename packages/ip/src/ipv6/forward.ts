import {
  DROP_IPV6_BEYOND_SCOPE,
  DROP_IPV6_FORWARD_NOT_UNICAST,
  DROP_IPV6_HOP_LIMIT,
  DROP_IPV6_NO_ROUTE,
  DROP_IPV6_TOO_BIG,
  LINK_UNICAST,
  type Packet,
  TRACE_IPV6_FORWARDED,
} from '@strata/contracts';
import {
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  IPV6_DESTINATION,
  IPV6_HOP_LIMIT,
  IPV6_SOURCE,
  ipv6AddressAt,
  TIME_EXCEEDED6_HOP_LIMIT,
  UNREACHABLE6_ADDRESS,
  UNREACHABLE6_BEYOND_SCOPE,
  UNREACHABLE6_NO_ROUTE,
} from '@strata/wire';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isLinkLocal6, isLoopback6, isMulticast6, isUnspecified6 } from './scope.ts';

/** What a node does that is a router too: IPv6 packets for others (RFC 8200, RFC 4443). It leaves hop-by-hop options alone. */
export class Ipv6Forwarder {
  private readonly ip: IpInstance;

  constructor(ip: IpInstance) {
    this.ip = ip;
  }

  /**
   * Takes a packet for somebody else, whose header is good, `prepend` and `ipHeader` at it, and sends it on its way. Its
   * sender is told when that is not possible, as far as anybody may be told.
   */
  forward(packet: Packet, cast: number): void {
    const { ip } = this;
    const { errors } = ip.icmpv6;
    const { view, prepend: header } = packet;
    const source = ipv6AddressAt(view, header + IPV6_SOURCE);
    const destination = ipv6AddressAt(view, header + IPV6_DESTINATION);
    const travels = (each: typeof source) =>
      !isMulticast6(each.w0) &&
      !isUnspecified6(each.w0, each.w1, each.w2, each.w3) &&
      !isLoopback6(each.w0, each.w1, each.w2, each.w3);
    if (cast !== LINK_UNICAST || !travels(source) || !travels(destination) || isLinkLocal6(destination.w0)) {
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
    view.setUint8(header + IPV6_HOP_LIMIT, hopLimit - 1);
    packet.frameId = 0;
    packet.interfaceIndex = outgoing.index;
    packet.transportHeader = -1;
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

  private drop(packet: Packet, reason: number): void {
    this.ip.counters.receivePacketsDropped++;
    this.ip.drop(packet, reason);
  }
}
