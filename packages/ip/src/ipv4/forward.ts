import {
  DROP_IP_FILTERED,
  DROP_IPV4_FORWARD_NOT_UNICAST,
  DROP_IPV4_NO_ROUTE,
  DROP_IPV4_OPTION,
  DROP_IPV4_TIME_TO_LIVE,
  DROP_IPV4_TOO_BIG,
  LINK_UNICAST,
  type Packet,
  TRACE_IP_FORWARDED,
} from '@strata/contracts';
import {
  ICMP_PARAMETER_PROBLEM,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  IPV4_CHECKSUM,
  IPV4_DONT_FRAGMENT,
  IPV4_HEADER,
  IPV4_TIME_TO_LIVE,
  ipv4Fragment,
  REDIRECT_HOST,
  recordIpv4Options,
  setIpv4Checksum,
  TIME_EXCEEDED_IN_TRANSIT,
  UNREACHABLE_FRAGMENTATION_NEEDED,
  UNREACHABLE_HOST,
  UNREACHABLE_NETWORK,
  updateChecksum,
} from '@strata/wire';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isHostAddress, isLinkLocal } from '../martian.ts';
import { NEIGHBOUR_DYNAMIC } from '../neighbour.ts';
import { NX_IP_PACKET_OUT, passes } from '../packet-filter.ts';

/** What a host does that is a router too: IPv4 packets for others (RFC 1812 5). */
export class Ipv4Forwarder {
  private readonly ip: IpInstance;

  constructor(ip: IpInstance) {
    this.ip = ip;
  }

  /**
   * Takes a packet for somebody else, whose header is good, `prepend` and `ipHeader` at it, and sends it on its way. Its
   * sender is told when that is not possible, as far as anybody may be told.
   */
  forward(packet: Packet, incoming: IpInterface, cast: number, source: number, destination: number): void {
    const ip = this.ip;
    const view = packet.view;
    const header = packet.prepend;
    if (cast !== LINK_UNICAST || !mayTravel(source) || !mayTravel(destination)) {
      this.drop(packet, DROP_IPV4_FORWARD_NOT_UNICAST);
      return;
    }
    const timeToLive = view.getUint8(header + IPV4_TIME_TO_LIVE);
    if (timeToLive <= 1) {
      ip.icmp.errors.send(packet, cast, ICMP_TIME_EXCEEDED, TIME_EXCEEDED_IN_TRANSIT, 0);
      this.drop(packet, DROP_IPV4_TIME_TO_LIVE);
      return;
    }
    if (!ip.routes.find(destination, -1)) {
      ip.icmp.errors.send(packet, cast, ICMP_UNREACHABLE, UNREACHABLE_NETWORK, 0);
      this.drop(packet, DROP_IPV4_NO_ROUTE);
      return;
    }
    const outgoing = ip.routes.outgoing as IpInterface;
    const nextHop = ip.routes.nextHop;
    // RFC 2644: a directed broadcast ends here.
    if (destination === outgoing.broadcast && destination !== 0) {
      this.drop(packet, DROP_IPV4_FORWARD_NOT_UNICAST);
      return;
    }
    const whole = (ipv4Fragment(view, header) & IPV4_DONT_FRAGMENT) !== 0;
    if (packet.length > outgoing.mtu && (whole || !ip.fragmentsEnabled)) {
      if (whole) ip.icmp.errors.send(packet, cast, ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, outgoing.mtu);
      this.drop(packet, DROP_IPV4_TOO_BIG);
      return;
    }
    const onLink = ((source ^ incoming.address) & incoming.mask) === 0;
    if (ip.sendRedirects && outgoing === incoming && onLink && ((nextHop ^ incoming.address) & incoming.mask) === 0) {
      ip.icmp.errors.send(packet, cast, ICMP_REDIRECT, REDIRECT_HOST, nextHop);
    }
    if (!this.update(packet, outgoing, timeToLive)) {
      this.drop(packet, DROP_IPV4_OPTION);
      return;
    }
    this.transmit(packet, outgoing, nextHop, source, destination, timeToLive - 1);
  }

  /** One hop less, and what the options want to know. False when an option has no room although it must have. */
  private update(packet: Packet, outgoing: IpInterface, timeToLive: number): boolean {
    const view = packet.view;
    const header = packet.prepend;
    const headerLength = (view.getUint8(header) & 15) << 2;
    if (headerLength > IPV4_HEADER) {
      const fault = recordIpv4Options(view, header, headerLength, outgoing.address, this.ip.time.now);
      if (fault !== 0) {
        this.ip.icmp.errors.send(packet, LINK_UNICAST, ICMP_PARAMETER_PROBLEM, 0, fault << 24);
        return false;
      }
      view.setUint8(header + IPV4_TIME_TO_LIVE, timeToLive - 1);
      setIpv4Checksum(view, header);
      return true;
    }
    const before = view.getUint16(header + IPV4_TIME_TO_LIVE);
    const checksum = view.getUint16(header + IPV4_CHECKSUM);
    view.setUint8(header + IPV4_TIME_TO_LIVE, timeToLive - 1);
    view.setUint16(header + IPV4_CHECKSUM, updateChecksum(checksum, before, before - 0x100));
    return true;
  }

  private transmit(
    packet: Packet,
    outgoing: IpInterface,
    nextHop: number,
    source: number,
    destination: number,
    hops: number,
  ): void {
    const ip = this.ip;
    packet.frameId = 0;
    packet.interfaceIndex = outgoing.index;
    packet.transportHeader = -1;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.dropOutgoing(packet, DROP_IP_FILTERED);
      return;
    }
    ip.counters.packetsForwarded++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_IP_FORWARDED, source, destination, outgoing.index, hops, packet);
    const neighbour = ip.arp.lookUp(outgoing, nextHop);
    if (neighbour === null) {
      ip.icmp.errors.send(packet, LINK_UNICAST, ICMP_UNREACHABLE, UNREACHABLE_HOST, 0);
      ip.dropOutgoing(packet, DROP_IPV4_NO_ROUTE);
    } else if (neighbour.state >= NEIGHBOUR_DYNAMIC) {
      neighbour.usedAt = ip.arp.cache.tick();
      ip.transmit(packet, outgoing, neighbour.msw, neighbour.lsw);
    } else ip.arp.enqueue(neighbour, packet);
  }

  private drop(packet: Packet, reason: number): void {
    this.ip.counters.receivePacketsDropped++;
    this.ip.drop(packet, reason);
  }
}

/** No router forwards link-local addresses (RFC 3927 7). */
function mayTravel(address: number): boolean {
  return isHostAddress(address) && !isLinkLocal(address);
}
