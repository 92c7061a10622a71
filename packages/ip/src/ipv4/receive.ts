import {
  type DatagramSink,
  DROP_FRAGMENT_BEYOND,
  DROP_IP_FILTERED,
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_FRAGMENT,
  DROP_IPV4_LINK_CAST,
  DROP_IPV4_NOT_FOR_US,
  DROP_IPV4_OPTION,
  DROP_IPV4_OWN_SOURCE,
  DROP_IPV4_PROTOCOL,
  DROP_IPV4_SOURCE_ADDRESS,
  DROP_IPV4_UNHANDLED,
  HANDLED,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_IGMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TRACE_IP_RECEIVED,
  UNHANDLED,
} from '@strata/contracts';
import {
  ICMP_PARAMETER_PROBLEM,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  IPV4_FRAGMENT,
  IPV4_HEADER,
  IPV4_TOTAL_LENGTH,
  IPV4_TYPE_OF_SERVICE,
  Ipv4Repr,
  ipv4AddressSum,
  ipv4HeaderLength,
  parseIpv4,
  scanIpv4Options,
  setIpv4Checksum,
  TIME_EXCEEDED_REASSEMBLY,
  trimPacket,
  UNREACHABLE_PORT,
  UNREACHABLE_PROTOCOL,
} from '@strata/wire';
import { DatagramRecord } from '../datagram-info.ts';
import type { ReassemblyOwner } from '../fragment/reassembly.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isHostAddress, isLoopback, isMulticast, LIMITED_BROADCAST } from '../martian.ts';
import { NX_IP_PACKET_IN, passes } from '../packet-filter.ts';

/** Judges arriving IPv4 packets and hands their datagrams to ICMP and the transports. */
export class Ipv4Receiver implements ReassemblyOwner {
  private readonly ip: IpInstance;
  private readonly header: Ipv4Repr;
  private readonly info: DatagramRecord;
  private readonly sinks: (DatagramSink | null)[];

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.header = new Ipv4Repr();
    this.info = new DatagramRecord();
    this.sinks = new Array<DatagramSink | null>(256).fill(null);
    ip.reassembly.setOwner(4, this);
  }

  /** The transport of a protocol, or null. */
  sinkOf(protocol: number): DatagramSink | null {
    return this.sinks[protocol] as DatagramSink | null;
  }

  /** Every transport, once. */
  transports(): Set<DatagramSink> {
    return new Set(this.sinks.filter((each) => each !== null));
  }

  setSink(protocol: number, sink: DatagramSink): void {
    this.sinks[protocol] = sink;
  }

  /** Takes a packet whose `prepend` is at what should be an IPv4 header, and owns it. */
  accept(packet: Packet, incoming: IpInterface, cast: number): void {
    const ip = this.ip;
    const counters = ip.counters;
    const header = this.header;
    const offset = packet.prepend;
    counters.totalPacketsReceived++;
    const reason = parseIpv4(
      packet.words,
      packet.view,
      offset,
      packet.append - offset,
      packet.length,
      !incoming.verifiesChecksums,
      header,
    );
    if (reason !== 0) {
      if (reason === DROP_IPV4_CHECKSUM) counters.receiveChecksumErrors++;
      counters.invalidPackets++;
      ip.drop(packet, reason);
      return;
    }
    counters.totalBytesReceived += header.totalLength - header.headerLength;
    const addressReason = this.judgeAddresses(header, incoming, cast);
    const forOthers = addressReason === DROP_IPV4_NOT_FOR_US && ip.forwarding && incoming.link !== null;
    if (addressReason !== 0 && !forOthers) {
      counters.receivePacketsDropped++;
      ip.drop(packet, addressReason);
      return;
    }
    trimPacket(packet, header.totalLength);
    packet.ipHeader = offset;
    packet.ipVersion = 4;
    if (ip.packetFilter !== null && !passes(ip.packetFilter, packet, NX_IP_PACKET_IN)) {
      counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IP_FILTERED);
      return;
    }
    if (header.headerLength > IPV4_HEADER) {
      const options = scanIpv4Options(packet.view, offset, header.headerLength);
      if (options !== 0) {
        counters.invalidPackets++;
        if ((options & 0xff) === DROP_IPV4_OPTION) {
          ip.icmp.errors.send(packet, this.info.linkCast, ICMP_PARAMETER_PROBLEM, 0, (options >>> 8) << 24);
        }
        ip.drop(packet, options & 0xff);
        return;
      }
    }
    if (forOthers) {
      ip.forwarder.forward(packet, incoming, cast, header.source, header.destination);
      return;
    }
    if (header.moreFragments || header.fragmentOffset !== 0) {
      counters.totalFragmentsReceived++;
      this.reassemble(packet);
      return;
    }
    this.deliver(packet, incoming.verifiesChecksums);
  }

  /** Keeps a fragment, described by `header` and `info`, and hands up the datagram that it completes. */
  private reassemble(packet: Packet): void {
    const ip = this.ip;
    const header = this.header;
    if (!ip.fragmentsEnabled) {
      ip.counters.receivePacketsDropped++;
      ip.drop(packet, DROP_IPV4_FRAGMENT);
      return;
    }
    const reassembly = ip.reassembly;
    const fragment = reassembly.fragment;
    fragment.family = 4;
    fragment.source0 = 0;
    fragment.source1 = 0;
    fragment.source2 = 0;
    fragment.source3 = header.source;
    fragment.destination0 = 0;
    fragment.destination1 = 0;
    fragment.destination2 = 0;
    fragment.destination3 = header.destination;
    fragment.protocol = header.protocol;
    fragment.identification = header.identification;
    fragment.zone = -1;
    fragment.offset = header.fragmentOffset;
    fragment.more = header.moreFragments;
    fragment.limit = 0xffff - header.headerLength;
    fragment.cast = this.info.linkCast;
    fragment.ecn = header.typeOfService & 3;
    packet.prepend += header.headerLength;
    packet.length -= header.headerLength;
    const whole = reassembly.accept(packet);
    if (whole === null) return;
    const at = whole.ipHeader;
    const view = whole.view;
    const headerLength = ipv4HeaderLength(view, at);
    if (headerLength + whole.length > 0xffff) {
      ip.counters.receivePacketsDropped++;
      ip.drop(whole, DROP_FRAGMENT_BEYOND);
      return;
    }
    // The header becomes the one that the datagram was sent with, so that everybody who quotes it quotes that.
    whole.prepend = at;
    whole.length += headerLength;
    view.setUint8(at + IPV4_TYPE_OF_SERVICE, (view.getUint8(at + IPV4_TYPE_OF_SERVICE) & 0xfc) | reassembly.ecn);
    view.setUint16(at + IPV4_TOTAL_LENGTH, whole.length);
    view.setUint16(at + IPV4_FRAGMENT, 0);
    setIpv4Checksum(view, at);
    parseIpv4(whole.words, view, at, whole.append - at, whole.length, false, header);
    this.info.linkCast = reassembly.cast;
    // A link sees fragments, so it cannot have verified the transport's checksum.
    this.deliver(whole, false);
  }

  /** RFC 792: only when the first fragment came. */
  reassemblyTimedOut(first: Packet, cast: number): void {
    this.ip.icmp.errors.send(first, cast, ICMP_TIME_EXCEEDED, TIME_EXCEEDED_REASSEMBLY, 0);
  }

  /** Hands the datagram up. `header` and the address members of `info` describe it. */
  private deliver(packet: Packet, checksumVerified: boolean): void {
    const ip = this.ip;
    const header = this.header;
    const info = this.info;
    const protocol = header.protocol;
    packet.prepend += header.headerLength;
    packet.length -= header.headerLength;
    packet.transportHeader = packet.prepend;
    info.protocol = protocol;
    info.timeToLive = header.timeToLive;
    info.typeOfService = header.typeOfService;
    info.interfaceIndex = packet.interfaceIndex;
    info.pseudoHeaderSum = ipv4AddressSum(header.source, header.destination) + protocol;
    info.checksumVerified = checksumVerified;
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_IP_RECEIVED, header.source, header.destination, protocol, packet.length, packet);
    }
    const sink = this.sinks[protocol] as DatagramSink | null;
    if (sink === null) {
      if (ip.raw.enabled) {
        const refusal = ip.raw.offer(packet, info);
        if (refusal !== 0) this.unhandledRaw(packet, refusal);
        return;
      }
      this.unhandled(packet, protocol === PROTOCOL_IGMP ? DROP_IPV4_UNHANDLED : DROP_IPV4_PROTOCOL);
      return;
    }
    const disposition = sink.accept(packet, info);
    if (disposition === HANDLED) return;
    if (disposition === UNHANDLED) this.unhandled(packet, DROP_IPV4_UNHANDLED);
    else ip.drop(packet, disposition);
  }

  private unhandledRaw(packet: Packet, reason: number): void {
    this.ip.counters.receivePacketsDropped++;
    this.ip.drop(packet, reason);
  }

  /**
   * Nobody wants the datagram: tells its sender (RFC 1122 3.2.2.1) and drops it. TCP answers for itself, with a reset, and
   * ICMP and IGMP are not answered at all.
   */
  private unhandled(packet: Packet, reason: number): void {
    const protocol = this.info.protocol;
    this.ip.counters.receivePacketsDropped++;
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_IGMP) {
      const code = protocol === PROTOCOL_UDP && reason !== DROP_IPV4_PROTOCOL ? UNREACHABLE_PORT : UNREACHABLE_PROTOCOL;
      this.ip.icmp.errors.send(packet, this.info.linkCast, ICMP_UNREACHABLE, code, 0);
    }
    this.ip.drop(packet, reason);
  }

  /**
   * Is the packet for this host, and can it be from whom it says (RFC 1122 3.2.1.3)? Fills in the address members of
   * `info`. Returns 0 or a DROP_ reason. The host is strong: a destination belongs to the interface it came in by.
   */
  private judgeAddresses(header: Ipv4Repr, incoming: IpInterface, cast: number): number {
    const info = this.info;
    const source = header.source;
    const destination = header.destination;
    info.source3 = source;
    info.destination3 = destination;
    info.linkCast = cast;
    info.toUnicast = false;
    if (incoming.link === null) {
      info.toUnicast = this.ip.ownsAddress(destination);
      if (info.toUnicast || isLoopback(destination)) return 0;
      info.linkCast = LINK_MULTICAST;
      return isMulticast(destination) && this.ip.groups.listensAnywhere(destination) ? 0 : DROP_IPV4_NOT_FOR_US;
    }
    const refusal = this.judgeDestination(header, incoming, cast);
    // Whether a router sends it on depends on where it comes from; for anybody else that does not matter.
    if (refusal !== 0 && !(refusal === DROP_IPV4_NOT_FOR_US && this.ip.forwarding)) return refusal;
    return this.judgeSource(header, incoming) || refusal;
  }

  /** Is the packet for this host? Fills in `toUnicast` and `linkCast`. Returns 0 or a DROP_ reason. */
  private judgeDestination(header: Ipv4Repr, incoming: IpInterface, cast: number): number {
    const { info, ip } = this;
    const destination = header.destination;
    if (destination === incoming.address && destination !== 0) {
      info.toUnicast = true;
      // RFC 1122 3.3.6: such a frame must not draw a reaction from TCP or ICMP.
      return cast === LINK_UNICAST ? 0 : DROP_IPV4_LINK_CAST;
    }
    if (destination === LIMITED_BROADCAST || (destination === incoming.broadcast && destination !== 0)) {
      if (cast === LINK_UNICAST) info.linkCast = LINK_BROADCAST;
      return 0;
    }
    if (isMulticast(destination)) {
      if (!ip.groups.isMember(incoming, 0, 0, 0, destination)) return DROP_IPV4_NOT_FOR_US;
      if (cast === LINK_UNICAST) info.linkCast = LINK_MULTICAST;
      return 0;
    }
    if (cast !== LINK_UNICAST) return DROP_IPV4_NOT_FOR_US;
    // RFC 2131 4.1: an interface without an address takes the offer that is sent to its address-to-be.
    const offered = incoming.address === 0 && header.protocol === PROTOCOL_UDP && isHostAddress(destination);
    // A router has the addresses of all its interfaces on each of them (RFC 1812 5.2.3).
    const elsewhere = ip.forwarding && ip.ownsAddress(destination) && !isLoopback(destination);
    info.toUnicast = offered || elsewhere;
    return info.toUnicast ? 0 : DROP_IPV4_NOT_FOR_US;
  }

  /** Can the packet be from whom it says? Returns 0 or a DROP_ reason. */
  private judgeSource(header: Ipv4Repr, incoming: IpInterface): number {
    const source = header.source;
    if (isHostAddress(source)) {
      // The network's number is its broadcast address of old, and nobody's (RFC 1812 4.2.3.1).
      const isNetwork = incoming.broadcast !== 0 && source === (incoming.address & incoming.mask);
      if (source === incoming.broadcast || isNetwork) return DROP_IPV4_SOURCE_ADDRESS;
      return source === incoming.address || this.ip.ownsAddress(source) ? DROP_IPV4_OWN_SOURCE : 0;
    }
    // A query of IGMP may come from a switch, which needs no address (RFC 4541 2.1.1).
    if (source === 0 && header.protocol === PROTOCOL_IGMP) return 0;
    // Only a host that is still asking for its address has none, and it broadcasts (RFC 1122 3.2.1.3 (a)).
    return source === 0 && header.protocol === PROTOCOL_UDP && header.destination === LIMITED_BROADCAST
      ? 0
      : DROP_IPV4_SOURCE_ADDRESS;
  }
}
