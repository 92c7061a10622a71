import {
  type IpAddress,
  NX_ICMP_PACKET,
  type Packet,
  TRACE_ND_ADVERTISEMENT_SENT,
  TRACE_ND_ROUTER_SOLICITATION_SENT,
  TRACE_ND_SOLICITATION_SENT,
} from '@strata/contracts';
import {
  emitLinkOption,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_ROUTER_SOLICITATION,
  IPV6_ANY,
  isUnspecified,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_LINK_OPTION,
  ND_NEIGHBOR,
  ND_OPTION_SOURCE_LINK,
  ND_OPTION_TARGET_LINK,
  ND_ROUTER_SOLICITATION,
  ND_TARGET,
  setIpv6Address,
} from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { ALL_NODES, ALL_ROUTERS, solicitedNode } from '../ipv6/address.ts';
import { selectSource } from '../ipv6/selection.ts';
import type { NdEntry } from './entry.ts';
import type { Nd } from './nd.ts';

/** RFC 4861 4: every message goes out with this, and none with another is taken. */
export const ND_HOP_LIMIT = 255;

/** Makes the Neighbor Discovery messages of a host. What cannot be sent for want of packets is not sent: timers repeat. */
export class NdMessages {
  private readonly nd: Nd;

  constructor(nd: Nd) {
    this.nd = nd;
  }

  /**
   * A Neighbor Solicitation for `target`: to its solicited-node group, or to `unicast`. From `source` if the interface has
   * that, otherwise from the address that suits best.
   */
  solicit(outgoing: IpInterface, target: IpAddress, source: IpAddress, unicast: NdEntry | null): void {
    const { w0, w1, w2, w3 } = source;
    let from = outgoing.ipv6.find(w0, w1, w2, w3);
    if (from === null || !from.usable) from = selectSource(outgoing, target);
    if (from === null) return;
    const packet = this.make(ICMPV6_NEIGHBOR_SOLICITATION, ND_NEIGHBOR + ND_LINK_OPTION);
    if (packet === null) return;
    setIpv6Address(packet.view, packet.prepend + ND_TARGET, target);
    this.link(packet, ND_NEIGHBOR, ND_OPTION_SOURCE_LINK, outgoing);
    this.trace(TRACE_ND_SOLICITATION_SENT, target, packet);
    const sender = this.nd.ip.ipv6.sender;
    if (unicast === null) sender.sendControl(packet, outgoing, from.address, solicitedNode(target), ND_HOP_LIMIT);
    else sender.sendToNeighbour(packet, outgoing, from.address, target, ND_HOP_LIMIT, unicast);
  }

  /** A solicitation that asks whether somebody has our tentative address: from `::`, without a link-layer address. */
  probe(outgoing: IpInterface, target: IpAddress): void {
    const packet = this.make(ICMPV6_NEIGHBOR_SOLICITATION, ND_NEIGHBOR);
    if (packet === null) return;
    setIpv6Address(packet.view, packet.prepend + ND_TARGET, target);
    this.trace(TRACE_ND_SOLICITATION_SENT, target, packet);
    this.nd.ip.ipv6.sender.sendControl(packet, outgoing, IPV6_ANY, solicitedNode(target), ND_HOP_LIMIT);
  }

  /**
   * A Neighbor Advertisement of our address `target` (RFC 4861 7.2.4): to `::` means to all nodes, unsolicited.
   */
  advertise(outgoing: IpInterface, target: IpAddress, to: IpAddress): void {
    const packet = this.make(ICMPV6_NEIGHBOR_ADVERTISEMENT, ND_NEIGHBOR + ND_LINK_OPTION);
    if (packet === null) return;
    const solicited = !isUnspecified(to);
    const router = this.nd.ip.ipv6.isRouter(outgoing) ? NA_ROUTER : 0;
    packet.view.setUint8(packet.prepend + 4, router | NA_OVERRIDE | (solicited ? NA_SOLICITED : 0));
    setIpv6Address(packet.view, packet.prepend + ND_TARGET, target);
    this.link(packet, ND_NEIGHBOR, ND_OPTION_TARGET_LINK, outgoing);
    this.trace(TRACE_ND_ADVERTISEMENT_SENT, target, packet);
    this.nd.ip.ipv6.sender.sendControl(packet, outgoing, target, solicited ? to : ALL_NODES, ND_HOP_LIMIT);
  }

  /** A Router Solicitation from our link-local address, or from `::` before there is one. */
  solicitRouters(outgoing: IpInterface, attempt: number): void {
    const source = outgoing.ipv6.linkLocal;
    const packet = this.make(
      ICMPV6_ROUTER_SOLICITATION,
      ND_ROUTER_SOLICITATION + (source === null ? 0 : ND_LINK_OPTION),
    );
    if (packet === null) return;
    if (source !== null) this.link(packet, ND_ROUTER_SOLICITATION, ND_OPTION_SOURCE_LINK, outgoing);
    const tracer = this.nd.ip.tracer;
    if (tracer !== null) tracer.event(TRACE_ND_ROUTER_SOLICITATION_SENT, outgoing.index, attempt, 0, 0, packet);
    const from = source === null ? IPV6_ANY : source.address;
    this.nd.ip.ipv6.sender.sendControl(packet, outgoing, from, ALL_ROUTERS, ND_HOP_LIMIT);
  }

  /** A packet with `length` zeroed octets of message, the type set. Null when the pool is empty. */
  private make(type: number, length: number): Packet | null {
    const packet = this.nd.ip.controlPool.allocate(NX_ICMP_PACKET);
    if (packet === null) return null;
    packet.bytes.fill(0, packet.prepend, packet.prepend + length);
    packet.append = packet.prepend + length;
    packet.length = length;
    packet.view.setUint8(packet.prepend, type);
    return packet;
  }

  private link(packet: Packet, at: number, type: number, outgoing: IpInterface): void {
    emitLinkOption(packet.view, packet.prepend + at, type, outgoing.macMsw, outgoing.macLsw);
  }

  private trace(id: number, address: IpAddress, packet: Packet): void {
    const tracer = this.nd.ip.tracer;
    if (tracer !== null) tracer.event(id, address.w0, address.w1, address.w2, address.w3, packet);
  }
}
