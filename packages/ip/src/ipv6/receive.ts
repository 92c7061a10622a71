import {
  type DatagramSink,
  DROP_IP_FILTERED,
  DROP_IPV6_DISABLED,
  DROP_IPV6_EMPTY,
  DROP_IPV6_EXTENSION_LENGTH,
  DROP_IPV6_FRAGMENT,
  DROP_IPV6_FRAGMENT_HEADERS,
  DROP_IPV6_FRAGMENT_LENGTH,
  DROP_IPV6_FRAGMENT_TOO_LONG,
  DROP_IPV6_HEADER_ORDER,
  DROP_IPV6_NEXT_HEADER,
  DROP_IPV6_NO_NEXT_HEADER,
  DROP_IPV6_NOT_FOR_US,
  DROP_IPV6_OPTION,
  DROP_IPV6_OPTION_LENGTH,
  DROP_IPV6_OWN_SOURCE,
  DROP_IPV6_ROUTING_HEADER,
  DROP_IPV6_SOURCE_ADDRESS,
  DROP_IPV6_TENTATIVE,
  DROP_IPV6_UNHANDLED,
  HANDLED,
  LINK_MULTICAST,
  LINK_UNICAST,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TRACE_IPV6_RECEIVED,
  UNHANDLED,
} from '@strata/contracts';
import {
  EXTENSION_LENGTH,
  EXTENSION_NEXT,
  FRAGMENT_HEADER,
  FRAGMENT_IDENTIFICATION,
  FRAGMENT_OFFSET,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_UNREACHABLE,
  IPV6_HEADER,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  Ipv6Repr,
  ipv6HeaderSum,
  NEXT_DESTINATION_OPTIONS,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_NONE,
  NEXT_ROUTING,
  OPTION_ACTION_DISCARD,
  OPTION_ACTION_REPORT_UNICAST,
  PARAMETER6_FIELD,
  PARAMETER6_INCOMPLETE_CHAIN,
  PARAMETER6_NEXT_HEADER,
  PARAMETER6_OPTION,
  parseIpv6,
  ROUTING_SEGMENTS_LEFT,
  ROUTING_TYPE,
  TIME_EXCEEDED6_REASSEMBLY,
  trimPacket,
  UNREACHABLE6_PORT,
} from '@strata/wire';
import { DatagramRecord } from '../datagram-info.ts';
import type { ReassemblyOwner } from '../fragment/reassembly.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { NX_IP_PACKET_IN, passes } from '../packet-filter.ts';
import { ADDRESS_TENTATIVE } from './address.ts';
import {
  extensionLength,
  findUpperLayer,
  fragmentNamedAt,
  judgeOptions,
  OPTION_BROKEN,
  UpperLayer,
} from './extensions.ts';
import { isLinkLocal6, isLoopback6, isMulticast6, isUnspecified6, SCOPE_INTERFACE } from './scope.ts';

/** Fewest octets of upper-layer header that a first fragment must hold with all headers before it (RFC 7112 5). */
const SMALLEST_UPPER_HEADER = 8;
const LONGEST_PAYLOAD = 0xffff;

/** Judges arriving IPv6 packets, header by header, and hands their datagrams to ICMPv6 and the transports. */
export class Ipv6Receiver implements ReassemblyOwner {
  private readonly ip: IpInstance;
  private readonly header: Ipv6Repr;
  private readonly info: DatagramRecord;
  private readonly upper: UpperLayer;
  /** The packet being judged came in fragments, or with a fragment header at least. */
  private fragmented: boolean;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.header = new Ipv6Repr();
    this.info = new DatagramRecord();
    this.info.family = 6;
    this.upper = new UpperLayer();
    this.fragmented = false;
    ip.reassembly.setOwner(6, this);
  }

  /** Takes a packet whose `prepend` is at what should be an IPv6 header, and owns it. */
  accept(packet: Packet, incoming: IpInterface, cast: number): void {
    const ip = this.ip;
    const counters = ip.counters;
    const header = this.header;
    const offset = packet.prepend;
    if (!incoming.ipv6.running) {
      counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IPV6_DISABLED);
      return;
    }
    counters.totalPacketsReceived++;
    const reason = parseIpv6(packet.view, offset, packet.append - offset, packet.length, header);
    if (reason !== 0) {
      counters.invalidPackets++;
      ip.drop(packet, reason);
      return;
    }
    counters.totalBytesReceived += header.payloadLength;
    const addressReason = this.judgeAddresses(header, incoming, cast);
    const forwards = addressReason === DROP_IPV6_NOT_FOR_US && ip.forwarding && incoming.link !== null;
    if (addressReason !== 0 && !forwards) {
      counters.receivePacketsDropped++;
      ip.drop(packet, addressReason);
      return;
    }
    trimPacket(packet, header.payloadLength + IPV6_HEADER);
    packet.ipHeader = offset;
    packet.ipVersion = 6;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_IN)) {
      counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IP_FILTERED);
      return;
    }
    if (forwards) {
      const { destination0, destination1, destination2, destination3 } = header;
      // A router has the addresses of all its interfaces on each of them.
      this.info.toUnicast =
        !isLoopback6(destination0, destination1, destination2, destination3) &&
        ip.ipv6.owns(destination0, destination1, destination2, destination3);
      if (!this.info.toUnicast) {
        ip.forwarder6.forward(packet, incoming, cast);
        return;
      }
    }
    this.fragmented = false;
    this.walk(packet, offset + IPV6_NEXT_HEADER, offset + IPV6_HEADER, incoming.verifiesChecksums);
  }

  /** Goes from header to header; `field` is where the next one is named and `start` where it begins. Takes the packet. */
  private walk(packet: Packet, field: number, start: number, verified: boolean): void {
    const view = packet.view;
    const offset = packet.ipHeader;
    let named = field;
    let at = start;
    for (;;) {
      const next = view.getUint8(named);
      switch (next) {
        case PROTOCOL_TCP:
        case PROTOCOL_UDP:
        case PROTOCOL_ICMPV6:
          this.deliver(packet, at, next, verified);
          return;
        case NEXT_NONE:
          this.ip.drop(packet, DROP_IPV6_NO_NEXT_HEADER);
          return;
        case NEXT_HOP_BY_HOP:
          if (at !== offset + IPV6_HEADER) {
            this.refuse(packet, DROP_IPV6_HEADER_ORDER, PARAMETER6_NEXT_HEADER, named);
            return;
          }
          break;
        case NEXT_DESTINATION_OPTIONS:
        case NEXT_ROUTING:
          break;
        case NEXT_FRAGMENT:
          if (!this.takeFragment(packet, at)) return;
          named = at + EXTENSION_NEXT;
          at += FRAGMENT_HEADER;
          continue;
        default:
          if (!this.hasSink(next) && !this.ip.raw.enabled) {
            this.refuse(packet, DROP_IPV6_NEXT_HEADER, PARAMETER6_NEXT_HEADER, named);
            return;
          }
          this.deliver(packet, at, next, verified);
          return;
      }
      if (at + 8 > packet.append || at + extensionLength(view, at) > packet.append) {
        this.refuse(packet, DROP_IPV6_EXTENSION_LENGTH, PARAMETER6_FIELD, at + EXTENSION_LENGTH);
        return;
      }
      const length = extensionLength(view, at);
      if (next === NEXT_ROUTING ? !this.mayRoute(packet, at) : !this.optionsAllow(packet, at, length)) return;
      named = at + EXTENSION_NEXT;
      at += length;
    }
  }

  private hasSink(protocol: number): boolean {
    // ICMP and IGMP belong to IPv4.
    if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_IGMP) return false;
    return this.ip.receiver.sinkOf(protocol) !== null;
  }

  /** False when an option made an end of the packet (RFC 8200 4.2). */
  private optionsAllow(packet: Packet, at: number, length: number): boolean {
    const verdict = judgeOptions(packet.view, at, length);
    if (verdict < 0) return true;
    const pointer = at + (verdict >>> 16);
    const action = verdict & 0xffff;
    if (action === OPTION_BROKEN) this.refuse(packet, DROP_IPV6_OPTION_LENGTH, PARAMETER6_FIELD, pointer);
    else {
      const silent =
        action === OPTION_ACTION_DISCARD ||
        (action === OPTION_ACTION_REPORT_UNICAST && isMulticast6(this.header.destination0));
      if (silent) {
        this.ip.counters.receivePacketsDropped++;
        this.ip.drop(packet, DROP_IPV6_OPTION);
      } else this.refuse(packet, DROP_IPV6_OPTION, PARAMETER6_OPTION, pointer);
    }
    return false;
  }

  /** RFC 8200 4.4, RFC 5095: a routing header with segments left is refused whatever its type, one without is passed over. */
  private mayRoute(packet: Packet, at: number): boolean {
    if (packet.view.getUint8(at + ROUTING_SEGMENTS_LEFT) === 0) return true;
    this.refuse(packet, DROP_IPV6_ROUTING_HEADER, PARAMETER6_FIELD, at + ROUTING_TYPE);
    return false;
  }

  /** Drops a packet and tells its sender which octet was wrong. */
  private refuse(packet: Packet, reason: number, code: number, pointer: number): void {
    const ip = this.ip;
    ip.counters.invalidPackets++;
    ip.icmpv6.errors.send(packet, this.info.linkCast, ICMPV6_PARAMETER_PROBLEM, code, pointer - packet.ipHeader);
    ip.drop(packet, reason);
  }

  /**
   * A fragment header at `at`. True for an atomic fragment, which is treated as if it had none (RFC 6946). Otherwise the packet
   * is taken: kept until the rest has come, or dropped.
   */
  private takeFragment(packet: Packet, at: number): boolean {
    const ip = this.ip;
    const view = packet.view;
    const offset = packet.ipHeader;
    if (at + FRAGMENT_HEADER > packet.append) {
      this.refuse(packet, DROP_IPV6_EXTENSION_LENGTH, PARAMETER6_FIELD, at);
      return false;
    }
    const word = view.getUint16(at + FRAGMENT_OFFSET);
    const fragmentOffset = word & 0xfff8;
    const more = (word & 1) !== 0;
    this.fragmented = true;
    if (fragmentOffset === 0 && !more) return true;
    const data = packet.length - (at + FRAGMENT_HEADER - offset);
    ip.counters.totalFragmentsReceived++;
    if (more && (data & 7) !== 0) {
      this.refuse(packet, DROP_IPV6_FRAGMENT_LENGTH, PARAMETER6_FIELD, offset + IPV6_PAYLOAD_LENGTH);
      return false;
    }
    // What stands in front counts too: the whole must fit the payload length of the packet put together.
    const limit = LONGEST_PAYLOAD - (at - offset - IPV6_HEADER);
    if (fragmentOffset + data > limit) {
      this.refuse(packet, DROP_IPV6_FRAGMENT_TOO_LONG, PARAMETER6_FIELD, at + FRAGMENT_OFFSET);
      return false;
    }
    if (fragmentOffset === 0 && !this.holdsAllHeaders(packet)) {
      this.refuse(packet, DROP_IPV6_FRAGMENT_HEADERS, PARAMETER6_INCOMPLETE_CHAIN, offset);
      return false;
    }
    if (!ip.fragmentsEnabled) {
      ip.counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IPV6_FRAGMENT);
      return false;
    }
    const header = this.header;
    const fragment = ip.reassembly.fragment;
    fragment.family = 6;
    fragment.source0 = header.source0;
    fragment.source1 = header.source1;
    fragment.source2 = header.source2;
    fragment.source3 = header.source3;
    fragment.destination0 = header.destination0;
    fragment.destination1 = header.destination1;
    fragment.destination2 = header.destination2;
    fragment.destination3 = header.destination3;
    fragment.protocol = 0;
    fragment.identification = view.getInt32(at + FRAGMENT_IDENTIFICATION);
    fragment.zone = isLinkLocal6(header.source0) || isLinkLocal6(header.destination0) ? packet.interfaceIndex : -1;
    fragment.offset = fragmentOffset;
    fragment.more = more;
    fragment.limit = limit;
    fragment.cast = this.info.linkCast;
    fragment.ecn = header.trafficClass & 3;
    packet.prepend = at + FRAGMENT_HEADER;
    packet.length = data;
    const whole = ip.reassembly.accept(packet);
    if (whole !== null) this.continueWith(whole);
    return false;
  }

  /** RFC 7112: the first fragment holds every extension header and the upper-layer header. */
  private holdsAllHeaders(packet: Packet): boolean {
    const { upper } = this;
    if (!findUpperLayer(packet.view, packet.ipHeader, packet.append, upper)) return false;
    return upper.protocol === NEXT_NONE || upper.at + SMALLEST_UPPER_HEADER <= packet.append;
  }

  /** A datagram is complete: takes the fragment header out, so that the packet is what its sender had, and goes on behind. */
  private continueWith(packet: Packet): void {
    const ip = this.ip;
    const view = packet.view;
    const data = packet.prepend;
    const named = fragmentNamedAt(view, packet.ipHeader, data);
    const next = view.getUint8(data - FRAGMENT_HEADER);
    packet.bytes.copyWithin(packet.ipHeader + FRAGMENT_HEADER, packet.ipHeader, data - FRAGMENT_HEADER);
    const offset = packet.ipHeader + FRAGMENT_HEADER;
    const field = named + FRAGMENT_HEADER;
    view.setUint8(field, next);
    const total = packet.length + (data - offset);
    packet.ipHeader = offset;
    packet.prepend = offset;
    packet.length = total;
    view.setUint16(offset + IPV6_PAYLOAD_LENGTH, total - IPV6_HEADER);
    const header = this.header;
    const reason = parseIpv6(view, offset, packet.append - offset, total, header);
    const incoming = ip.interfaceAt(packet.interfaceIndex);
    if (reason !== 0 || incoming === null) {
      ip.drop(packet, reason === 0 ? DROP_IPV6_EMPTY : reason);
      return;
    }
    const addressReason = this.judgeAddresses(header, incoming, ip.reassembly.cast);
    if (addressReason !== 0) {
      ip.drop(packet, addressReason);
      return;
    }
    header.trafficClass = (header.trafficClass & ~3) | ip.reassembly.ecn;
    this.fragmented = true;
    this.walk(packet, field, data, false);
  }

  reassemblyTimedOut(first: Packet, cast: number): void {
    // The quote is the fragment as it came, fragment header included.
    first.length += first.prepend - first.ipHeader;
    first.prepend = first.ipHeader;
    this.ip.icmpv6.errors.send(first, cast, ICMPV6_TIME_EXCEEDED, TIME_EXCEEDED6_REASSEMBLY, 0);
  }

  /** Hands the datagram up. `header` and the address members of `info` describe it. */
  private deliver(packet: Packet, at: number, protocol: number, verified: boolean): void {
    const ip = this.ip;
    const header = this.header;
    const info = this.info;
    packet.length -= at - packet.prepend;
    packet.prepend = at;
    packet.transportHeader = at;
    info.protocol = protocol;
    info.timeToLive = header.hopLimit;
    info.typeOfService = header.trafficClass;
    info.interfaceIndex = packet.interfaceIndex;
    info.pseudoHeaderSum = ipv6HeaderSum(header) + protocol;
    info.checksumVerified = verified;
    if (ip.tracer !== null) {
      const { source0, source1, source2, source3 } = header;
      ip.tracer.event(TRACE_IPV6_RECEIVED, source0, source1, source2, source3, packet);
    }
    if (protocol === PROTOCOL_ICMPV6) {
      const disposition = ip.icmpv6.accept(packet, info, this.fragmented);
      if (disposition !== HANDLED) ip.drop(packet, disposition);
      return;
    }
    if (isUnspecified6(info.source0, info.source1, info.source2, info.source3)) {
      ip.counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IPV6_SOURCE_ADDRESS);
      return;
    }
    const sink = this.hasSink(protocol) ? (ip.receiver.sinkOf(protocol) as DatagramSink) : null;
    if (sink === null && ip.raw.enabled) {
      const refusal = ip.raw.offer(packet, info);
      if (refusal === 0) return;
      ip.counters.receivePacketsDropped++;
      ip.drop(packet, refusal);
      return;
    }
    const disposition = sink === null ? UNHANDLED : sink.accept(packet, info);
    if (disposition === HANDLED) return;
    if (disposition === UNHANDLED) this.unhandled(packet, protocol);
    else ip.drop(packet, disposition);
  }

  /** Nobody wants the datagram: tells its sender (RFC 4443 3.1). TCP answers for itself, with a reset. */
  private unhandled(packet: Packet, protocol: number): void {
    const ip = this.ip;
    ip.counters.receivePacketsDropped++;
    if (protocol === PROTOCOL_UDP) {
      ip.icmpv6.errors.send(packet, this.info.linkCast, ICMPV6_UNREACHABLE, UNREACHABLE6_PORT, 0);
    }
    ip.drop(packet, DROP_IPV6_UNHANDLED);
  }

  /**
   * Is the packet for this host, and can it be from whom it says? Fills in the address members of `info`. Returns 0 or a
   * DROP_ reason. The host is strong: a destination belongs to the interface it came in by.
   */
  private judgeAddresses(header: Ipv6Repr, incoming: IpInterface, cast: number): number {
    const info = this.info;
    const { source0, source1, source2, source3 } = header;
    const { destination0, destination1, destination2, destination3 } = header;
    info.source0 = source0;
    info.source1 = source1;
    info.source2 = source2;
    info.source3 = source3;
    info.destination0 = destination0;
    info.destination1 = destination1;
    info.destination2 = destination2;
    info.destination3 = destination3;
    info.linkCast = cast;
    info.toUnicast = false;
    if (isMulticast6(source0)) return DROP_IPV6_SOURCE_ADDRESS;
    if (incoming.link === null) {
      info.toUnicast = this.ip.ipv6.owns(destination0, destination1, destination2, destination3);
      if (info.toUnicast) return 0;
      const listens = this.ip.interfaces.some((each) =>
        this.ip.ipv6.isMember(each, destination0, destination1, destination2, destination3),
      );
      return isMulticast6(destination0) && listens ? 0 : DROP_IPV6_NOT_FOR_US;
    }
    if (isLoopback6(source0, source1, source2, source3)) return DROP_IPV6_SOURCE_ADDRESS;
    if (isMulticast6(destination0)) {
      if (((destination0 >>> 16) & 15) <= SCOPE_INTERFACE) return DROP_IPV6_NOT_FOR_US;
      if (!this.ip.ipv6.isMember(incoming, destination0, destination1, destination2, destination3)) {
        return DROP_IPV6_NOT_FOR_US;
      }
      if (cast === LINK_UNICAST) info.linkCast = LINK_MULTICAST;
    } else {
      const own = incoming.ipv6.find(destination0, destination1, destination2, destination3);
      if (own === null) return DROP_IPV6_NOT_FOR_US;
      if (!own.usable) {
        // RFC 4862 5.4: nothing but Neighbor Discovery reaches a tentative address.
        if (own.state !== ADDRESS_TENTATIVE || header.nextHeader !== PROTOCOL_ICMPV6) return DROP_IPV6_TENTATIVE;
      } else info.toUnicast = true;
    }
    const impostor = incoming.ipv6.find(source0, source1, source2, source3);
    // Whose an address is that is still looked for, Neighbor Discovery finds out.
    return impostor?.usable === true && !impostor.doubtful ? DROP_IPV6_OWN_SOURCE : 0;
  }
}
