import {
  type DatagramInfo,
  type Disposition,
  DROP_ND_CODE,
  DROP_ND_DESTINATION,
  DROP_ND_DUPLICATE,
  DROP_ND_FRAGMENTED,
  DROP_ND_HOP_LIMIT,
  DROP_ND_HOST,
  DROP_ND_NO_LINK_ADDRESS,
  DROP_ND_NOT_FOR_US,
  DROP_ND_SOURCE,
  DROP_ND_TARGET,
  DROP_ND_UNKNOWN_NEIGHBOUR,
  HANDLED,
  type Packet,
  TRACE_ND_RECEIVED,
  TRACE_ND_ROUTER_REMOVED,
} from '@strata/contracts';
import {
  checkNd,
  ICMP_CODE,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ipv6Address,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_FLAGS,
  ND_TARGET,
  NdOptions,
  ndFixedLength,
  scanNdOptions,
} from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { sourceOf } from '../ipv6/address.ts';
import { isMulticast6, isUnspecified6 } from '../ipv6/scope.ts';
import { receiveAdvertisement } from './advertisement.ts';
import { ND_INCOMPLETE, ND_REACHABLE, ND_STALE, ND_STATIC, type NdEntry } from './entry.ts';
import { ND_HOP_LIMIT } from './messages.ts';
import type { Nd } from './nd.ts';
import { receiveRedirect } from './redirect.ts';

/** Judges arriving Neighbor Discovery messages (RFC 4861 6.1, 7.1, 8.1) and does what they say. */
export class NdReceiver {
  readonly nd: Nd;
  readonly options: NdOptions;

  constructor(nd: Nd) {
    this.nd = nd;
    this.options = new NdOptions();
  }

  /**
   * Takes a message of one of the types 133..137 whose checksum is right. HANDLED releases the packet; any other answer is
   * the reason why it was not taken.
   */
  accept(packet: Packet, info: DatagramInfo, type: number, fragmented: boolean): Disposition {
    const view = packet.view;
    const at = packet.prepend;
    const end = Math.min(packet.append, at + packet.length);
    if (fragmented) return DROP_ND_FRAGMENTED;
    if (info.timeToLive !== ND_HOP_LIMIT) return DROP_ND_HOP_LIMIT;
    if (view.getUint8(at + ICMP_CODE) !== 0) return DROP_ND_CODE;
    let reason = checkNd(type, end - at);
    if (reason === 0) reason = scanNdOptions(view, at + ndFixedLength(type), end, this.options);
    if (reason !== 0) return reason;
    const { ip } = this.nd;
    const incoming = ip.interfaceAt(info.interfaceIndex) as IpInterface;
    if (incoming.link === null) return DROP_ND_HOST;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ND_RECEIVED, type, 0, 0, 0, packet);
    switch (type) {
      case ICMPV6_NEIGHBOR_SOLICITATION:
        reason = this.solicitation(packet, info, incoming);
        break;
      case ICMPV6_NEIGHBOR_ADVERTISEMENT:
        reason = this.advertisement(packet, info, incoming);
        break;
      case ICMPV6_ROUTER_ADVERTISEMENT:
        reason = receiveAdvertisement(this, packet, info, incoming, end);
        break;
      case ICMPV6_REDIRECT:
        reason = receiveRedirect(this, packet, info, incoming);
        break;
      default:
        reason = this.routerSolicitation(info, incoming);
        break;
    }
    if (reason === HANDLED) packet.release();
    return reason;
  }

  /** RFC 4861 7.1.1, 7.2.3; RFC 4862 5.4.3. */
  private solicitation(packet: Packet, info: DatagramInfo, incoming: IpInterface): number {
    const view = packet.view;
    const at = packet.prepend + ND_TARGET;
    const w0 = view.getInt32(at);
    const w1 = view.getInt32(at + 4);
    const w2 = view.getInt32(at + 8);
    const w3 = view.getInt32(at + 12);
    if (isMulticast6(w0)) return DROP_ND_TARGET;
    const unspecified = isUnspecified6(info.source0, info.source1, info.source2, info.source3);
    if (unspecified) {
      if (!isSolicitedNode(info)) return DROP_ND_DESTINATION;
      if (this.options.hasSource) return DROP_ND_SOURCE;
    }
    const own = incoming.ipv6.find(w0, w1, w2, w3);
    if (own === null) return DROP_ND_NOT_FOR_US;
    if (own.doubtful && unspecified) {
      this.nd.detection.fail(own);
      return DROP_ND_DUPLICATE;
    }
    if (!own.usable) return DROP_ND_NOT_FOR_US;
    const { messages } = this.nd;
    if (unspecified) {
      messages.advertise(incoming, own.address, ipv6Address(0, 0, 0, 0));
      return HANDLED;
    }
    if (this.options.hasSource) this.learn(incoming, info, this.options.sourceMsw, this.options.sourceLsw);
    messages.advertise(incoming, own.address, sourceOf(info));
    return HANDLED;
  }

  /**
   * What a message that is no advertisement teaches of its sender's link address (RFC 4861 7.2.3 and appendix C): a new
   * entry, or a new address of an old one, is STALE.
   */
  learn(incoming: IpInterface, info: DatagramInfo, msw: number, lsw: number): NdEntry | null {
    if ((msw & 0x100) !== 0 || (msw === 0 && lsw === 0)) return null;
    const { source0, source1, source2, source3 } = info;
    let entry = this.nd.cache.find(incoming.index, source0, source1, source2, source3);
    if (entry === null) {
      entry = this.nd.makeEntry(incoming.index, sourceOf(info));
      if (entry !== null) this.nd.resolution.resolve(entry, ND_STALE, msw, lsw);
      return entry;
    }
    if (entry.state === ND_STATIC) return entry;
    if (entry.state === ND_INCOMPLETE || entry.msw !== msw || entry.lsw !== lsw) {
      this.nd.resolution.resolve(entry, ND_STALE, msw, lsw);
    }
    return entry;
  }

  /** RFC 4861 7.1.2, 7.2.5; RFC 4862 5.4.4. */
  private advertisement(packet: Packet, info: DatagramInfo, incoming: IpInterface): number {
    const view = packet.view;
    const at = packet.prepend + ND_TARGET;
    const w0 = view.getInt32(at);
    const w1 = view.getInt32(at + 4);
    const w2 = view.getInt32(at + 8);
    const w3 = view.getInt32(at + 12);
    const flags = view.getUint8(packet.prepend + ND_FLAGS);
    if (isMulticast6(w0)) return DROP_ND_TARGET;
    if (isMulticast6(info.destination0) && (flags & NA_SOLICITED) !== 0) return DROP_ND_DESTINATION;
    const own = incoming.ipv6.find(w0, w1, w2, w3);
    if (own !== null) {
      if (own.doubtful) this.nd.detection.fail(own);
      return DROP_ND_DUPLICATE;
    }
    const entry = this.nd.cache.find(incoming.index, w0, w1, w2, w3);
    if (entry === null) return DROP_ND_UNKNOWN_NEIGHBOUR;
    if (entry.state === ND_STATIC) return HANDLED;
    const { hasTarget } = this.options;
    const msw = hasTarget ? this.options.targetMsw : entry.msw;
    const lsw = hasTarget ? this.options.targetLsw : entry.lsw;
    if (hasTarget && ((msw & 0x100) !== 0 || (msw === 0 && lsw === 0))) return DROP_ND_NO_LINK_ADDRESS;
    const router = (flags & NA_ROUTER) !== 0;
    const { resolution } = this.nd;
    if (entry.state === ND_INCOMPLETE) {
      if (!hasTarget) return DROP_ND_NO_LINK_ADDRESS;
      if (entry.isRouter && !router) this.noRouterAnyMore(incoming, entry);
      entry.isRouter = router;
      resolution.resolve(entry, (flags & NA_SOLICITED) !== 0 ? ND_REACHABLE : ND_STALE, msw, lsw);
      return HANDLED;
    }
    const differs = msw !== entry.msw || lsw !== entry.lsw;
    if (differs && (flags & NA_OVERRIDE) === 0) {
      if (entry.state === ND_REACHABLE) resolution.becomeStale(entry);
      return HANDLED;
    }
    entry.msw = msw;
    entry.lsw = lsw;
    if ((flags & NA_SOLICITED) !== 0) resolution.becomeReachable(entry);
    else if (differs) resolution.becomeStale(entry);
    if (entry.isRouter && !router) this.noRouterAnyMore(incoming, entry);
    entry.isRouter = router;
    return HANDLED;
  }

  /** RFC 4861 7.2.5: a neighbor that was a router says that it is none. */
  private noRouterAnyMore(incoming: IpInterface, entry: NdEntry): void {
    const { ip } = this.nd;
    const router = ip.ipv6.routes.router(incoming, entry.address);
    const { w0, w1, w2, w3 } = entry.address;
    if (router !== null) {
      if (ip.tracer !== null) ip.tracer.event(TRACE_ND_ROUTER_REMOVED, w0, w1, w2, w3, null);
      ip.ipv6.routes.removeRouter(router);
    }
    ip.ipv6.destinations.forgetNextHop(incoming.index, entry.address);
    ip.generation++;
  }

  /** RFC 4861 6.1.1, 6.2.6: a host takes none. */
  private routerSolicitation(info: DatagramInfo, incoming: IpInterface): number {
    if (!this.nd.ip.ipv6.isRouter(incoming)) return DROP_ND_HOST;
    if (isUnspecified6(info.source0, info.source1, info.source2, info.source3)) {
      return this.options.hasSource ? DROP_ND_SOURCE : HANDLED;
    }
    if (this.options.hasSource) this.learn(incoming, info, this.options.sourceMsw, this.options.sourceLsw);
    const { source0, source1, source2, source3 } = info;
    const entry = this.nd.cache.find(incoming.index, source0, source1, source2, source3);
    // Whoever asks for routers is none.
    if (entry !== null) entry.isRouter = false;
    return HANDLED;
  }
}

/** ff02::1:ff00:0/104. */
function isSolicitedNode(info: DatagramInfo): boolean {
  return (
    info.destination0 === (0xff020000 | 0) &&
    info.destination1 === 0 &&
    info.destination2 === 1 &&
    info.destination3 >>> 24 === 0xff
  );
}
