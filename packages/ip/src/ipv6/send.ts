import {
  CAPABILITY_SEGMENTATION,
  DROP_FRAGMENT_NO_PACKETS,
  DROP_IP_FILTERED,
  DROP_IPV6_NO_ROUTE,
  DROP_IPV6_TOO_BIG,
  type IpAddress,
  LINK_MULTICAST,
  type LinkService,
  NX_IP_ADDRESS_ERROR,
  NX_OVERFLOW,
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  NX_UNDERFLOW,
  type Packet,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  type Status,
  TRACE_IPV6_LOOPED,
  TRACE_IPV6_SEND_DROPPED,
  TRACE_IPV6_SENT,
} from '@strata/contracts';
import {
  ETHERTYPE_IPV6,
  fold,
  ICMP_CHECKSUM,
  IPV6_ANY,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_MINIMUM_MTU,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  ipv6AddressAt,
  ipv6AddressSum,
  NEXT_HOP_BY_HOP,
  setIpv6Address,
  sumPacket,
} from '@strata/wire';
import type { IpFlow } from '../flow.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import type { MldTransport } from '../multicast/mld.ts';
import { ND_DELAY, ND_REACHABLE, type NdEntry } from '../nd/entry.ts';
import { NX_IP_PACKET_OUT, passes } from '../packet-filter.ts';
import { Ipv6Fragments } from './fragments.ts';

/** Hop-by-hop options header (next header, length 0) with a router alert for MLD (RFC 2711), its value 0, and a PadN of 2 octets. */
const HOP_BY_HOP = 8;
const ROUTER_ALERT = 0x00_05_02;
const ALERT_VALUE_AND_PADDING = 0x00_00_01_00;

/** Puts IPv6 headers in front of packets and sends them on their way. */
export class Ipv6Sender implements MldTransport {
  readonly fragments: Ipv6Fragments;
  private readonly ip: IpInstance;
  private readonly socketHopLimit: boolean;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.fragments = new Ipv6Fragments(ip);
    this.socketHopLimit = ip.policy.ipv6.socketHopLimit;
  }

  /** As {@link NetworkService.send}: NX_SUCCESS takes the packet, every other status leaves it with the caller. */
  send(packet: Packet, flow: IpFlow): Status {
    const ip = this.ip;
    if (flow.generation !== ip.generation && !ip.ipv6.route(flow)) {
      ip.counters.sendPacketsDropped++;
      ip.counters.drops[DROP_IPV6_NO_ROUTE]!++;
      return NX_IP_ADDRESS_ERROR;
    }
    const length = packet.length;
    const total = length + IPV6_HEADER;
    const outgoing = flow.outgoing as IpInterface;
    let oversized = false;
    if (total > flow.mtu && !this.maySendOversized(outgoing, flow)) {
      if (length > 0xffff) return NX_OVERFLOW;
      if ((flow.dontFragment && flow.protocol !== PROTOCOL_TCP) || !ip.fragmentsEnabled) return this.tooBig(packet);
      oversized = true;
    }
    const header = packet.prepend - IPV6_HEADER;
    if (header - NX_PHYSICAL_HEADER < packet.dataStart) return NX_UNDERFLOW;
    packet.transportHeader = packet.prepend;
    const own = flow.timeToLive !== 0 && (this.socketHopLimit || flow.protocol !== PROTOCOL_TCP);
    const hopLimit = own ? flow.timeToLive : this.hopLimitOf(flow, outgoing);
    const view = packet.view;
    const { local, remote } = flow;
    view.setInt32(header, 0x60000000 | (flow.typeOfService << 20));
    view.setInt32(header + IPV6_PAYLOAD_LENGTH, (length << 16) | (flow.protocol << 8) | hopLimit);
    view.setInt32(header + IPV6_SOURCE, local.w0);
    view.setInt32(header + IPV6_SOURCE + 4, local.w1);
    view.setInt32(header + IPV6_SOURCE + 8, local.w2);
    view.setInt32(header + IPV6_SOURCE + 12, local.w3);
    view.setInt32(header + IPV6_DESTINATION, remote.w0);
    view.setInt32(header + IPV6_DESTINATION + 4, remote.w1);
    view.setInt32(header + IPV6_DESTINATION + 8, remote.w2);
    view.setInt32(header + IPV6_DESTINATION + 12, remote.w3);
    packet.prepend = header;
    packet.length = total;
    packet.ipHeader = header;
    packet.ipVersion = 6;
    packet.interfaceIndex = outgoing.index;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.nd.dropOutgoing(packet, DROP_IP_FILTERED);
      return NX_SUCCESS;
    }
    ip.counters.totalPacketsSent++;
    ip.counters.totalBytesSent += length;
    const link = outgoing.link;
    if (link === null) {
      if (ip.tracer !== null) ip.tracer.event(TRACE_IPV6_LOOPED, remote.w0, remote.w1, remote.w2, remote.w3, packet);
      ip.loopbackQueue.send(packet);
      return NX_SUCCESS;
    }
    if (ip.tracer !== null) ip.tracer.event(TRACE_IPV6_SENT, remote.w0, remote.w1, remote.w2, remote.w3, packet);
    if (flow.cast === LINK_MULTICAST && ip.groups.loopback && flow.protocol !== PROTOCOL_ICMPV6)
      this.echoBack(packet, flow);
    let neighbour = flow.neighbour6;
    if (neighbour === null) {
      neighbour = ip.nd.lookUp(outgoing, flow.nextHop6 as IpAddress);
      if (neighbour === null) {
        ip.nd.dropOutgoing(packet, DROP_IPV6_NO_ROUTE);
        return NX_SUCCESS;
      }
      // Making room for the entry may have taken one from under other flows, and bumped the generation of this one too.
      flow.neighbour6 = neighbour;
    }
    if (
      neighbour.state >= ND_DELAY &&
      !oversized &&
      (neighbour.state !== ND_REACHABLE || ip.time.now < neighbour.reachableUntil)
    ) {
      neighbour.usedAt = ip.nd.cache.tick();
      link.send(packet, ETHERTYPE_IPV6, neighbour.msw, neighbour.lsw);
    } else ip.nd.transmit(neighbour, packet);
    return NX_SUCCESS;
  }

  /** The hop limit of a packet for which nobody has named one. */
  private hopLimitOf(flow: IpFlow, outgoing: IpInterface): number {
    const ofGroups = this.ip.policy.multicast.timeToLive;
    const limited = flow.cast === LINK_MULTICAST && ofGroups !== 0 && flow.protocol !== PROTOCOL_ICMPV6;
    return limited ? ofGroups : this.ip.ipv6.hopLimitOf(outgoing);
  }

  /** What goes to a group that we listen to ourselves comes back to us. */
  private echoBack(packet: Packet, flow: IpFlow): void {
    const { w0, w1, w2, w3 } = flow.remote;
    const { ip } = this;
    if (ip.groups.isMember(flow.outgoing as IpInterface, w0, w1, w2, w3)) ip.loopbackQueue.copyBack(packet);
  }

  private maySendOversized(outgoing: IpInterface, flow: IpFlow): boolean {
    const link = outgoing.link;
    return (
      flow.protocol === PROTOCOL_TCP && link !== null && (link.properties.capabilities & CAPABILITY_SEGMENTATION) !== 0
    );
  }

  /** As IPv4's: see `IpPolicy.refuseOversized`. */
  private tooBig(packet: Packet): Status {
    const ip = this.ip;
    if (ip.policy.refuseOversized) return NX_OVERFLOW;
    ip.counters.sendPacketsDropped++;
    ip.counters.drops[DROP_IPV6_TOO_BIG]!++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_IPV6_SEND_DROPPED, DROP_IPV6_TOO_BIG, 0, 0, 0, packet);
    packet.transmitRelease();
    return NX_SUCCESS;
  }

  /** @internal Hands a packet, its header in front, to a link, in fragments if the path takes less. Takes it. */
  put(link: LinkService, packet: Packet, msw: number, lsw: number): void {
    const { length } = packet;
    if (length > IPV6_MINIMUM_MTU) {
      const outgoing = this.ip.interfaceAt(packet.interfaceIndex) as IpInterface;
      const destination = ipv6AddressAt(packet.view, packet.ipHeader + IPV6_DESTINATION);
      const mtu = this.ip.ipv6.pathMtu(outgoing, destination);
      if (length > mtu && !this.isCutByLink(link, packet)) {
        if (this.fragments.send(packet, outgoing, mtu, msw, lsw) !== NX_SUCCESS) {
          this.ip.nd.dropOutgoing(packet, DROP_FRAGMENT_NO_PACKETS);
        }
        return;
      }
    }
    link.send(packet, ETHERTYPE_IPV6, msw, lsw);
  }

  private isCutByLink(link: LinkService, packet: Packet): boolean {
    return (
      (link.properties.capabilities & CAPABILITY_SEGMENTATION) !== 0 &&
      packet.view.getUint8(packet.ipHeader + 6) === PROTOCOL_TCP
    );
  }

  /**
   * Sends an ICMPv6 message of ours whose `prepend` is at its type field and whose checksum field is 0: fills in the checksum,
   * adds the header, after a router alert if `routerAlert` (RFC 3810 5), and sends it to a group or a neighbor. Takes it.
   */
  sendControl(
    packet: Packet,
    outgoing: IpInterface,
    source: IpAddress,
    destination: IpAddress,
    hopLimit: number,
    routerAlert = false,
  ): void {
    const entry = this.ip.nd.lookUp(outgoing, destination);
    if (entry === null) packet.release();
    else this.sendToNeighbour(packet, outgoing, source, destination, hopLimit, entry, routerAlert);
  }

  reportSource(outgoing: IpInterface): IpAddress {
    return outgoing.ipv6.linkLocal?.address ?? IPV6_ANY;
  }

  /** As {@link sendControl}, to a neighbor that is known; in PROBE it goes at once. */
  sendToNeighbour(
    packet: Packet,
    outgoing: IpInterface,
    source: IpAddress,
    destination: IpAddress,
    hopLimit: number,
    entry: NdEntry,
    routerAlert = false,
  ): void {
    const { ip } = this;
    const { view } = packet;
    const link = outgoing.link;
    const sum = sumPacket(packet) + ipv6AddressSum(source) + ipv6AddressSum(destination);
    view.setUint16(packet.prepend + ICMP_CHECKSUM, ~fold(sum + packet.length + PROTOCOL_ICMPV6) & 0xffff);
    packet.transportHeader = packet.prepend;
    if (routerAlert) {
      packet.prepend -= HOP_BY_HOP;
      packet.length += HOP_BY_HOP;
      view.setInt32(packet.prepend, (PROTOCOL_ICMPV6 << 24) | ROUTER_ALERT);
      view.setInt32(packet.prepend + 4, ALERT_VALUE_AND_PADDING);
    }
    const header = packet.prepend - IPV6_HEADER;
    if (link === null || header - NX_PHYSICAL_HEADER < packet.dataStart) {
      packet.release();
      return;
    }
    view.setInt32(header, 0x60000000);
    const next = routerAlert ? NEXT_HOP_BY_HOP : PROTOCOL_ICMPV6;
    view.setInt32(header + IPV6_PAYLOAD_LENGTH, (packet.length << 16) | (next << 8) | hopLimit);
    setIpv6Address(view, header + IPV6_SOURCE, source);
    setIpv6Address(view, header + IPV6_DESTINATION, destination);
    packet.prepend = header;
    packet.length += IPV6_HEADER;
    packet.ipHeader = header;
    packet.ipVersion = 6;
    packet.interfaceIndex = outgoing.index;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.nd.dropOutgoing(packet, DROP_IP_FILTERED);
      return;
    }
    ip.counters.totalPacketsSent++;
    ip.counters.totalBytesSent += packet.length - IPV6_HEADER;
    if (ip.tracer !== null) {
      const { w0, w1, w2, w3 } = destination;
      ip.tracer.event(TRACE_IPV6_SENT, w0, w1, w2, w3, packet);
    }
    ip.nd.transmit(entry, packet);
  }
}
