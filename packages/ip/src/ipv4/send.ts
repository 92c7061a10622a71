import {
  CAPABILITY_SEGMENTATION,
  DROP_FRAGMENT_NO_PACKETS,
  DROP_IP_FILTERED,
  DROP_IPV4_NO_ROUTE,
  DROP_IPV4_TOO_BIG,
  LINK_MULTICAST,
  NX_IP_ADDRESS_ERROR,
  NX_OVERFLOW,
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  NX_UNDERFLOW,
  PACKET_TRANSMITTING,
  type Packet,
  type Status,
  TRACE_IP_LOOPED,
  TRACE_IP_SEND_DROPPED,
  TRACE_IP_SENT,
} from '@strata/contracts';
import {
  ETHERTYPE_IPV4,
  IPV4_DESTINATION,
  IPV4_DONT_FRAGMENT,
  IPV4_HEADER,
  IPV4_IDENTIFICATION,
  IPV4_SOURCE,
  IPV4_TIME_TO_LIVE,
  setIpv4Checksum,
} from '@strata/wire';
import type { IpFlow } from '../flow.ts';
import { Identification } from '../identification.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { NEIGHBOUR_DYNAMIC, type Neighbour } from '../neighbour.ts';
import { NX_IP_PACKET_OUT, passes } from '../packet-filter.ts';
import { Ipv4Fragments } from './fragments.ts';

/** The router alert option, value 0: every router looks (RFC 2113 2.1). */
const ROUTER_ALERT = 0x94040000 | 0;
const ROUTER_ALERT_LENGTH = 4;

/** Puts IPv4 headers in front of packets and sends them on their flow's way. */
export class Ipv4Sender {
  private readonly ip: IpInstance;
  private readonly identification: Identification;
  private readonly defaultTimeToLive: number;
  private readonly reuseHeader: boolean;
  private readonly fragments: Ipv4Fragments;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.identification = new Identification(ip.policy.identification, ip.random);
    this.defaultTimeToLive = ip.policy.defaultTimeToLive;
    this.reuseHeader = ip.policy.reuseHeader;
    this.fragments = new Ipv4Fragments(ip);
  }

  /** As {@link NetworkService.send}: NX_SUCCESS takes the packet, every other status leaves it with the caller. */
  send(packet: Packet, flow: IpFlow): Status {
    const ip = this.ip;
    if (flow.generation !== ip.generation && !this.refresh(flow)) {
      ip.counters.sendPacketsDropped++;
      ip.counters.drops[DROP_IPV4_NO_ROUTE]!++;
      return NX_IP_ADDRESS_ERROR;
    }
    const total = packet.length + IPV4_HEADER;
    const outgoing = flow.outgoing as IpInterface;
    if (total > flow.mtu && !this.maySendOversized(outgoing, total, flow)) {
      if (total > 0xffff) return NX_OVERFLOW;
      if ((flow.dontFragment && !flow.fragmentAnyway) || !ip.fragmentsEnabled) return this.tooBig(packet, flow);
    }
    const header = packet.prepend - IPV4_HEADER;
    if (header - NX_PHYSICAL_HEADER < packet.dataStart) return NX_UNDERFLOW;
    packet.transportHeader = packet.prepend;
    if (
      packet.ipHeader !== header ||
      packet.state !== PACKET_TRANSMITTING ||
      !this.reuseHeader ||
      !fits(packet, header, flow, total)
    ) {
      const timeToLive = flow.timeToLive !== 0 ? flow.timeToLive : this.timeToLiveFor(flow);
      const dontFragment = flow.dontFragment && !flow.fragmentAnyway;
      const id = this.identification.next(flow.identificationSlot, dontFragment);
      const fragment = dontFragment ? IPV4_DONT_FRAGMENT : 0;
      const first = 0x4500 | flow.typeOfService;
      let checksum = 0;
      if (!outgoing.makesChecksums) {
        let sum = first + total + id + fragment + (timeToLive << 8) + flow.pseudoHeaderSum;
        sum = (sum & 0xffff) + (sum >>> 16);
        checksum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
      }
      const view = packet.view;
      view.setInt32(header, (first << 16) | total);
      view.setInt32(header + IPV4_IDENTIFICATION, (id << 16) | fragment);
      view.setInt32(header + IPV4_TIME_TO_LIVE, (timeToLive << 24) | (flow.protocol << 16) | checksum);
      view.setInt32(header + IPV4_SOURCE, flow.local.w3);
      view.setInt32(header + IPV4_DESTINATION, flow.remote.w3);
    }
    packet.prepend = header;
    packet.length = total;
    packet.ipHeader = header;
    packet.ipVersion = 4;
    packet.interfaceIndex = outgoing.index;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.dropOutgoing(packet, DROP_IP_FILTERED);
      return NX_SUCCESS;
    }
    ip.counters.totalPacketsSent++;
    ip.counters.totalBytesSent += total - IPV4_HEADER;
    if (outgoing.link === null) {
      if (ip.tracer !== null) {
        ip.tracer.event(TRACE_IP_LOOPED, flow.local.w3, flow.remote.w3, flow.protocol, total, packet);
      }
      ip.loopbackQueue.send(packet);
      return NX_SUCCESS;
    }
    if (flow.cast === LINK_MULTICAST && ip.groups.loopback && ip.groups.isMember(outgoing, 0, 0, 0, flow.remote.w3)) {
      ip.loopbackQueue.copyBack(packet);
    }
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_IP_SENT, flow.local.w3, flow.remote.w3, flow.protocol, total, packet);
    }
    let neighbour = flow.neighbour;
    if (neighbour === null) {
      neighbour = ip.arp.lookUp(outgoing, flow.nextHop);
      if (neighbour === null) {
        ip.dropOutgoing(packet, DROP_IPV4_NO_ROUTE);
        return NX_SUCCESS;
      }
      flow.neighbour = neighbour;
    }
    if (neighbour.state >= NEIGHBOUR_DYNAMIC) {
      neighbour.usedAt = ip.arp.cache.tick();
      if (total > flow.mtu) return this.transmitOversized(packet, flow, outgoing, neighbour);
      outgoing.link.send(packet, ETHERTYPE_IPV4, neighbour.msw, neighbour.lsw);
    } else ip.arp.enqueue(neighbour, packet);
    return NX_SUCCESS;
  }

  /** A packet larger than the path takes, its header in front: cut here, or by the link if it cuts segments. */
  private transmitOversized(packet: Packet, flow: IpFlow, outgoing: IpInterface, neighbour: Neighbour): Status {
    if (this.maySendOversized(outgoing, packet.length, flow)) {
      outgoing.link?.send(packet, ETHERTYPE_IPV4, neighbour.msw, neighbour.lsw);
      return NX_SUCCESS;
    }
    const length = packet.length - IPV4_HEADER;
    const status = this.fragments.send(packet, outgoing, flow.mtu, neighbour.msw, neighbour.lsw);
    if (status !== NX_SUCCESS) {
      packet.prepend += IPV4_HEADER;
      packet.length = length;
      packet.ipHeader = -1;
      this.ip.counters.totalPacketsSent--;
      this.ip.counters.totalBytesSent -= length;
      this.ip.counters.sendPacketsDropped++;
    }
    return status;
  }

  /**
   * Sends a packet, its header in front, to a link address that has just become known or that forwarding looked up, cut to
   * `mtu` if need be. Takes it.
   */
  transmit(packet: Packet, outgoing: IpInterface, mtu: number, msw: number, lsw: number): void {
    const link = outgoing.link;
    if (link === null || packet.length <= mtu || (link.properties.capabilities & CAPABILITY_SEGMENTATION) !== 0) {
      link?.send(packet, ETHERTYPE_IPV4, msw, lsw);
      return;
    }
    if (this.fragments.send(packet, outgoing, mtu, msw, lsw) !== NX_SUCCESS) {
      this.ip.dropOutgoing(packet, DROP_FRAGMENT_NO_PACKETS);
    }
  }

  private timeToLiveFor(flow: IpFlow): number {
    const ofGroups = this.ip.policy.multicast.timeToLive;
    return flow.cast === LINK_MULTICAST && ofGroups !== 0 ? ofGroups : this.defaultTimeToLive;
  }

  /** Sends a message to a group on a link, with time to live 1 and the router alert option (RFC 2113, RFC 2236 2). */
  sendToGroup(packet: Packet, outgoing: IpInterface, destination: number, protocol: number): void {
    const ip = this.ip;
    const header = packet.prepend - IPV4_HEADER - ROUTER_ALERT_LENGTH;
    const view = packet.view;
    const total = packet.length + IPV4_HEADER + ROUTER_ALERT_LENGTH;
    const id = this.identification.next(this.identification.slot(outgoing.address, destination, protocol), false);
    view.setInt32(header, (0x46 << 24) | total);
    view.setInt32(header + IPV4_IDENTIFICATION, id << 16);
    view.setInt32(header + IPV4_TIME_TO_LIVE, (1 << 24) | (protocol << 16));
    view.setInt32(header + IPV4_SOURCE, outgoing.address);
    view.setInt32(header + IPV4_DESTINATION, destination);
    view.setInt32(header + IPV4_HEADER, ROUTER_ALERT);
    if (!outgoing.makesChecksums) setIpv4Checksum(view, header);
    packet.prepend = header;
    packet.length = total;
    packet.ipHeader = header;
    packet.ipVersion = 4;
    packet.interfaceIndex = outgoing.index;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_OUT)) {
      ip.dropOutgoing(packet, DROP_IP_FILTERED);
      return;
    }
    ip.counters.totalPacketsSent++;
    ip.counters.totalBytesSent += total - IPV4_HEADER - ROUTER_ALERT_LENGTH;
    if (ip.tracer !== null) ip.tracer.event(TRACE_IP_SENT, outgoing.address, destination, protocol, total, packet);
    const neighbour = ip.arp.lookUp(outgoing, destination) as Neighbour;
    outgoing.link?.send(packet, ETHERTYPE_IPV4, neighbour.msw, neighbour.lsw);
  }

  /** Looks the flow's route up again. False when there is none now, or the local address is no longer ours. */
  refresh(flow: IpFlow): boolean {
    if (!this.ip.route(flow)) return false;
    flow.identificationSlot = this.identification.slot(flow.local.w3, flow.remote.w3, flow.protocol);
    return true;
  }

  private maySendOversized(outgoing: IpInterface, total: number, flow: IpFlow): boolean {
    const link = outgoing.link;
    return (
      total <= 0xffff &&
      flow.protocol === 6 &&
      link !== null &&
      (link.properties.capabilities & CAPABILITY_SEGMENTATION) !== 0
    );
  }

  /** Fragmentation is off: see {@link IpPolicy.refuseOversized}. */
  private tooBig(packet: Packet, flow: IpFlow): Status {
    const ip = this.ip;
    if (ip.policy.refuseOversized) return NX_OVERFLOW;
    ip.counters.sendPacketsDropped++;
    ip.counters.drops[DROP_IPV4_TOO_BIG]!++;
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_IP_SEND_DROPPED, DROP_IPV4_TOO_BIG, flow.remote.w3, 0, 0, packet);
    }
    packet.transmitRelease();
    return NX_SUCCESS;
  }
}

/** True when the header in front of the packet is the one that this flow would write, but for identification and checksum. */
function fits(packet: Packet, header: number, flow: IpFlow, total: number): boolean {
  const view = packet.view;
  return (
    view.getInt32(header) === (((0x4500 | flow.typeOfService) << 16) | total) &&
    view.getUint8(header + 9) === flow.protocol &&
    view.getInt32(header + IPV4_SOURCE) === flow.local.w3 &&
    view.getInt32(header + IPV4_DESTINATION) === flow.remote.w3
  );
}
