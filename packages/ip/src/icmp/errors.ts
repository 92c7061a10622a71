import {
  type DatagramInfo,
  type Disposition,
  DROP_ICMP_CODE,
  DROP_ICMP_ERROR_IGNORED,
  DROP_ICMP_QUOTE,
  DROP_ICMP_QUOTE_NOT_OURS,
  DROP_ICMP_REDIRECT,
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_TIME_EXCEEDED,
  ERROR_TOO_BIG,
  HANDLED,
  LINK_UNICAST,
  NX_ICMP_PACKET,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_ICMP,
  TRACE_ICMP_ERROR_RECEIVED,
  TRACE_ICMP_ERROR_SENT,
  TRACE_ICMP_ERROR_WITHHELD,
  TRACE_IP_ROUTE_REDIRECTED,
} from '@strata/contracts';
import {
  checkIpv4,
  emitIcmp,
  ICMP_CHECKSUM,
  ICMP_HEADER,
  ICMP_PARAMETER_PROBLEM,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  IcmpRepr,
  IPV4_HEADER,
  IPV4_OFFSET_MASK,
  ipv4Address,
  ipv4Destination,
  ipv4Fragment,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  isIcmpError,
  sumPacket,
} from '@strata/wire';
import type { IcmpCounters } from '../counters.ts';
import { NetworkErrorRecord } from '../datagram-info.ts';
import type { IpInstance } from '../instance.ts';
import { isHostAddress, isMulticast, LIMITED_BROADCAST } from '../martian.ts';
import { plateauBelow } from '../path-mtu.ts';
import { ErrorBudget } from './error-budget.ts';

/** RFC 791 3.2: every link takes this much. */
const SMALLEST_MTU = 68;

/** RFC 1812 4.3.2.3: an error is no longer than this, IP header included. */
const ERROR_LIMIT = 576;

/** What each code of "unreachable" means to a transport (RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
const UNREACHABLE_KINDS: readonly number[] = [
  ERROR_NETWORK_UNREACHABLE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_TOO_BIG,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_HOST_UNREACHABLE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROHIBITED,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROHIBITED,
  ERROR_PROHIBITED,
];

/** ICMP errors: which to send and which not, and what the received ones mean. */
export class IcmpErrors {
  private readonly ip: IpInstance;
  private readonly counters: IcmpCounters;
  private readonly header: IcmpRepr;
  private readonly error: NetworkErrorRecord;
  private readonly budget: ErrorBudget;

  constructor(ip: IpInstance, counters: IcmpCounters) {
    this.ip = ip;
    this.counters = counters;
    this.header = new IcmpRepr();
    this.error = new NetworkErrorRecord();
    this.budget = new ErrorBudget(ip.time, ip.policy.icmp);
  }

  /**
   * Tells the sender of an arrived packet what was wrong with it, unless nobody may be told (RFC 1122 3.2.2). The packet's
   * IP header is at `ipHeader`; it stays the caller's.
   */
  send(packet: Packet, linkCast: number, type: number, code: number, rest: number): void {
    const ip = this.ip;
    const policy = ip.policy.icmp;
    if (!policy.sendErrors || !this.mayAnswer(packet, linkCast)) return;
    const view = packet.view;
    const quoted = packet.ipHeader;
    const source = ipv4Source(view, quoted);
    const destination = ipv4Destination(view, quoted);
    if (!this.budget.take()) {
      this.counters.errorsWithheld++;
      if (ip.tracer !== null) ip.tracer.event(TRACE_ICMP_ERROR_WITHHELD, type, code, source, 0, packet);
      return;
    }
    const flow = ip.openFlow(
      ipv4Address(source),
      PROTOCOL_ICMP,
      ip.ownsAddress(destination) ? ipv4Address(destination) : null,
    );
    if (flow === null) return;
    const message = ip.controlPool.allocate(NX_ICMP_PACKET);
    if (message === null) return;
    const headerLength = ipv4HeaderLength(view, quoted);
    const available = Math.min(ipv4TotalLength(view, quoted), packet.append - quoted);
    const limit = Math.min(headerLength + policy.quoteLimit, ERROR_LIMIT - IPV4_HEADER - ICMP_HEADER);
    const count = Math.min(available, limit);
    if (message.appendBytes(packet.bytes, quoted, count) !== NX_SUCCESS) {
      message.release();
      return;
    }
    const header = this.header;
    header.type = type;
    header.code = code;
    header.rest = rest;
    message.prepend -= ICMP_HEADER;
    message.length += ICMP_HEADER;
    emitIcmp(message.view, message.prepend, header);
    if (!flow.checksumOffload) message.view.setUint16(message.prepend + ICMP_CHECKSUM, ~sumPacket(message) & 0xffff);
    flow.typeOfService = policy.errorTypeOfService;
    this.counters.errorsSent++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ICMP_ERROR_SENT, type, code, source, 0, packet);
    if (ip.send(message, flow) !== NX_SUCCESS) message.release();
  }

  /**
   * No error about an error, about what went to a group at either layer, about a later fragment, or to a source that is not
   * one host. An ICMP message whose type cannot be read counts as an error.
   */
  private mayAnswer(packet: Packet, linkCast: number): boolean {
    const view = packet.view;
    const quoted = packet.ipHeader;
    const destination = ipv4Destination(view, quoted);
    if (linkCast !== LINK_UNICAST || isMulticast(destination) || destination === LIMITED_BROADCAST) return false;
    if (!isHostAddress(ipv4Source(view, quoted)) && !this.ip.ownsAddress(ipv4Source(view, quoted))) return false;
    if ((ipv4Fragment(view, quoted) & IPV4_OFFSET_MASK) !== 0) return false;
    if (ipv4Protocol(view, quoted) !== PROTOCOL_ICMP) return true;
    const message = quoted + ipv4HeaderLength(view, quoted);
    return message < packet.append && !isIcmpError(view.getUint8(message));
  }

  /** A received error. HANDLED when a transport was told (the packet is released), otherwise why not. */
  receive(packet: Packet, header: IcmpRepr): Disposition {
    const ip = this.ip;
    this.counters.errorsReceived++;
    if (!ip.policy.icmp.acceptErrors) return DROP_ICMP_ERROR_IGNORED;
    const kind = kindOf(header);
    if (kind === 0) return DROP_ICMP_CODE;
    const view = packet.view;
    const quoted = packet.prepend + ICMP_HEADER;
    const fault = this.quoteFault(packet, quoted);
    if (fault !== 0) return fault;
    const mtu = kind === ERROR_TOO_BIG ? header.rest & 0xffff : 0;
    this.fill(view, quoted, kind, header.type, header.code, mtu);
    const error = this.error;
    if (kind === ERROR_TOO_BIG && !this.believeMtu(error, ipv4TotalLength(view, quoted))) {
      this.counters.pathMtuRefused++;
    }
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_ICMP_ERROR_RECEIVED, header.type, header.code, error.remote.w3, error.protocol, packet);
    }
    ip.icmp.reporter = ipv4Address(ipv4Source(view, packet.ipHeader));
    packet.release();
    this.tellTransport();
    ip.icmp.reporter = null;
    return HANDLED;
  }

  /**
   * A gateway tells of a better first hop (RFC 1122 3.2.2.2, 3.3.1.2). HANDLED when it is used from now on (the packet is
   * released), otherwise why not: only the gateway in use may say so, only about a gateway on the same link, and only about
   * a packet of ours.
   */
  redirected(packet: Packet, header: IcmpRepr, info: DatagramInfo): Disposition {
    const ip = this.ip;
    this.counters.redirectsReceived++;
    if (!ip.policy.icmp.acceptRedirects || ip.forwarding) return DROP_ICMP_ERROR_IGNORED;
    const quoted = packet.prepend + ICMP_HEADER;
    if (header.code > 3) return DROP_ICMP_CODE;
    const fault = this.quoteFault(packet, quoted);
    if (fault !== 0) return fault;
    this.fill(packet.view, quoted, 0, header.type, header.code, 0);
    const incoming = ip.interfaceAt(info.interfaceIndex);
    const gateway = header.rest;
    const { local, remote, protocol } = this.error;
    const flow = ip.openFlow(remote, protocol, local);
    if (incoming === null || flow === null || flow.nextHop !== info.source3 || flow.nextHop === remote.w3) {
      return DROP_ICMP_REDIRECT;
    }
    if (!isHostAddress(gateway) || ip.ownsAddress(gateway) || gateway === incoming.broadcast) return DROP_ICMP_REDIRECT;
    if (flow.outgoing !== incoming || ((gateway ^ incoming.address) & incoming.mask) !== 0) return DROP_ICMP_REDIRECT;
    if (ip.receiver.sinkOf(protocol)?.confirms?.(this.error) === false) return DROP_ICMP_QUOTE_NOT_OURS;
    ip.redirects.add(remote.w3, gateway, incoming);
    if (ip.tracer !== null) ip.tracer.event(TRACE_IP_ROUTE_REDIRECTED, remote.w3, gateway, info.source3, 0, packet);
    packet.release();
    return HANDLED;
  }

  /** What is wrong with the packet that an error quotes: 0 or a DROP_ reason. The quote is cut short. */
  private quoteFault(packet: Packet, quoted: number): number {
    const view = packet.view;
    const held = packet.append - quoted;
    if (checkIpv4(view, quoted, held, 0xffff) !== 0) return DROP_ICMP_QUOTE;
    if (held < ipv4HeaderLength(view, quoted) + 8) return DROP_ICMP_QUOTE;
    if ((ipv4Fragment(view, quoted) & IPV4_OFFSET_MASK) !== 0) return DROP_ICMP_QUOTE;
    return this.ip.ownsAddress(ipv4Source(view, quoted)) ? 0 : DROP_ICMP_QUOTE_NOT_OURS;
  }

  /**
   * "Fragmentation needed": lowers the MTU of the path when the error is believable (RFC 1191 4, 5; RFC 5927 7). False when
   * it tells of an MTU that no link has, or that the quoted packet fits, or quotes a packet that no transport of ours knows.
   */
  private believeMtu(error: NetworkErrorRecord, length: number): boolean {
    const mtu = error.mtu === 0 ? plateauBelow(length) : error.mtu;
    if (mtu < SMALLEST_MTU || mtu >= length) return false;
    const sink = this.ip.receiver.sinkOf(error.protocol);
    if (sink === null || sink.confirms?.(error) === false) return false;
    const route = this.ip.openFlow(error.remote, error.protocol, error.local);
    if (route === null || !this.ip.paths.lower(error.remote, mtu, route.mtu)) return false;
    this.counters.pathMtuLowered++;
    return true;
  }

  /** Remembers an outgoing packet (IP header at `ipHeader`) as the subject of an error made here. */
  readQuote(packet: Packet, kind: number, type: number, code: number, mtu: number): void {
    this.fill(packet.view, packet.ipHeader, kind, type, code, mtu);
  }

  /** Hands the error read last to the transport it concerns. */
  tellTransport(): void {
    this.ip.receiver.sinkOf(this.error.protocol)?.networkError(this.error);
  }

  private fill(view: DataView, quoted: number, kind: number, type: number, code: number, mtu: number): void {
    const error = this.error;
    const transport = quoted + ipv4HeaderLength(view, quoted);
    error.family = 4;
    error.kind = kind;
    error.type = type;
    error.code = code;
    error.mtu = mtu;
    error.local = ipv4Address(ipv4Source(view, quoted));
    error.remote = ipv4Address(ipv4Destination(view, quoted));
    error.protocol = ipv4Protocol(view, quoted);
    error.localPort = view.getUint16(transport);
    error.remotePort = view.getUint16(transport + 2);
    error.sequence = view.getInt32(transport + 4);
  }
}

/** The ERROR_ constant of a message, 0 for what transports are not told (source quench, redirect: RFC 6633, RFC 1122 3.2.2.2). */
function kindOf(header: IcmpRepr): number {
  if (header.type === ICMP_UNREACHABLE) return UNREACHABLE_KINDS[header.code] ?? 0;
  if (header.type === ICMP_TIME_EXCEEDED) return header.code <= 1 ? ERROR_TIME_EXCEEDED : 0;
  if (header.type === ICMP_PARAMETER_PROBLEM) return header.code <= 2 ? ERROR_PARAMETER_PROBLEM : 0;
  return 0;
}
