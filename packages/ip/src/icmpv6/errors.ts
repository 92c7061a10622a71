import {
  type Disposition,
  DROP_ICMP_CODE,
  DROP_ICMP_ERROR_IGNORED,
  DROP_ICMP_QUOTE,
  DROP_ICMP_QUOTE_NOT_OURS,
  ERROR_HOST_UNREACHABLE,
  ERROR_NETWORK_UNREACHABLE,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_TIME_EXCEEDED,
  ERROR_TOO_BIG,
  HANDLED,
  LINK_UNICAST,
  NX_ICMP_PACKET,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_ICMPV6,
  TRACE_ICMPV6_ERROR_RECEIVED,
  TRACE_ICMPV6_ERROR_SENT,
  TRACE_ICMPV6_ERROR_WITHHELD,
  TRACE_IPV6_PATH_MTU,
} from '@strata/contracts';
import {
  checkIpv6,
  emitIcmp,
  fold,
  ICMP_CHECKSUM,
  ICMP_HEADER,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_REDIRECT,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  IcmpRepr,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_MINIMUM_MTU,
  IPV6_SOURCE,
  ipv6AddressAt,
  isIcmpv6Error,
  PARAMETER6_NEXT_HEADER,
  PARAMETER6_OPTION,
  sumPacket,
  UNREACHABLE6_ADDRESS,
  UNREACHABLE6_NO_ROUTE,
  UNREACHABLE6_PORT,
} from '@strata/wire';
import type { IcmpCounters } from '../counters.ts';
import { NetworkErrorRecord } from '../datagram-info.ts';
import { ErrorBudget } from '../icmp/error-budget.ts';
import type { IpInstance } from '../instance.ts';
import { findUpperLayer, UpperLayer } from '../ipv6/extensions.ts';
import { isLinkLocal6, isLoopback6, isMulticast6, isUnicast6 } from '../ipv6/scope.ts';

/** ICMPv6 errors: which to send and which not (RFC 4443 2.4), and what the received ones mean. */
export class Icmpv6Errors {
  private readonly ip: IpInstance;
  private readonly counters: IcmpCounters;
  private readonly header: IcmpRepr;
  private readonly error: NetworkErrorRecord;
  private readonly upper: UpperLayer;
  private readonly budget: ErrorBudget;

  constructor(ip: IpInstance, counters: IcmpCounters) {
    this.ip = ip;
    this.counters = counters;
    this.header = new IcmpRepr();
    this.error = new NetworkErrorRecord();
    this.upper = new UpperLayer();
    this.budget = new ErrorBudget(ip.time, ip.policy.ipv6.icmp);
  }

  /**
   * Tells the sender of an arrived packet what was wrong with it, unless nobody may be told. The packet's IPv6 header is at
   * `ipHeader`; it stays the caller's. As much of it is quoted as an error of 1280 octets holds.
   */
  send(packet: Packet, linkCast: number, type: number, code: number, rest: number): void {
    const ip = this.ip;
    if (!ip.policy.ipv6.icmp.sendErrors || !this.mayAnswer(packet, linkCast, type, code)) return;
    const view = packet.view;
    const quoted = packet.ipHeader;
    if (!this.budget.take()) {
      this.counters.errorsWithheld++;
      if (ip.tracer !== null) ip.tracer.event(TRACE_ICMPV6_ERROR_WITHHELD, type, code, 0, 0, packet);
      return;
    }
    const remote = ipv6AddressAt(view, quoted + IPV6_SOURCE);
    const local = ipv6AddressAt(view, quoted + IPV6_DESTINATION);
    const own = ip.ipv6.owns(local.w0, local.w1, local.w2, local.w3);
    const scoped = isLinkLocal6(remote.w0) && packet.interfaceIndex >= 0 && packet.interfaceIndex !== 127;
    const flow = ip.openFlow(remote, PROTOCOL_ICMPV6, own ? local : null, scoped ? packet.interfaceIndex : -1);
    if (flow === null) return;
    const message = ip.controlPool.allocate(NX_ICMP_PACKET + ICMP_HEADER);
    if (message === null) return;
    if (!quote(packet, message, IPV6_MINIMUM_MTU - IPV6_HEADER - ICMP_HEADER)) {
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
    const sum = ~fold(sumPacket(message) + flow.pseudoHeaderSum + message.length) & 0xffff;
    message.view.setUint16(message.prepend + ICMP_CHECKSUM, sum);
    this.counters.errorsSent++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ICMPV6_ERROR_SENT, type, code, 0, 0, packet);
    if (ip.send(message, flow) !== NX_SUCCESS) message.release();
  }

  /**
   * RFC 4443 2.4 (e): no error about an error or a redirect, about what went to a group at either layer (but for Packet Too
   * Big and an option that asks for it), or to a source that is not one host.
   */
  private mayAnswer(packet: Packet, linkCast: number, type: number, code: number): boolean {
    const view = packet.view;
    const quoted = packet.ipHeader;
    const forGroups = type === ICMPV6_TOO_BIG || (type === ICMPV6_PARAMETER_PROBLEM && code === PARAMETER6_OPTION);
    const toGroup = linkCast !== LINK_UNICAST || isMulticast6(view.getInt32(quoted + IPV6_DESTINATION));
    if (toGroup && !forGroups) return false;
    const source = ipv6AddressAt(view, quoted + IPV6_SOURCE);
    const { w0, w1, w2, w3 } = source;
    if (!isUnicast6(w0, w1, w2, w3) && !(isLoopback6(w0, w1, w2, w3) && this.ip.ipv6.owns(w0, w1, w2, w3))) {
      return false;
    }
    const { upper } = this;
    if (!findUpperLayer(view, quoted, packet.append, upper)) return true;
    if (upper.protocol !== PROTOCOL_ICMPV6 || upper.later) return true;
    if (upper.at >= packet.append) return false;
    const invoking = view.getUint8(upper.at);
    return !isIcmpv6Error(invoking) && invoking !== ICMPV6_REDIRECT;
  }

  /** A received error. HANDLED when somebody was told (the packet is released), otherwise why not. */
  receive(packet: Packet, header: IcmpRepr): Disposition {
    const ip = this.ip;
    this.counters.errorsReceived++;
    const tooBig = header.type === ICMPV6_TOO_BIG;
    if (!tooBig && !ip.policy.ipv6.icmp.acceptErrors) return DROP_ICMP_ERROR_IGNORED;
    const kind = kindOf(header);
    if (kind === 0) return DROP_ICMP_CODE;
    const view = packet.view;
    const quoted = packet.prepend + ICMP_HEADER;
    const held = packet.append - quoted;
    // The quote is cut short, so its payload length is no guide.
    if (checkIpv6(view, quoted, held, 0x10000 + IPV6_HEADER) !== 0) return DROP_ICMP_QUOTE;
    const local = ipv6AddressAt(view, quoted + IPV6_SOURCE);
    if (!ip.ipv6.owns(local.w0, local.w1, local.w2, local.w3)) return DROP_ICMP_QUOTE_NOT_OURS;
    if (!this.fill(view, quoted, packet.append, kind, header.type, header.code, tooBig ? header.rest >>> 0 : 0)) {
      return DROP_ICMP_QUOTE;
    }
    const error = this.error;
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_ICMPV6_ERROR_RECEIVED, header.type, header.code, error.protocol, 0, packet);
    }
    if (tooBig && !this.believeMtu(packet)) this.counters.pathMtuRefused++;
    ip.icmp.reporter = ipv6AddressAt(view, packet.ipHeader + IPV6_SOURCE);
    packet.release();
    if (!tooBig || ip.policy.ipv6.icmp.acceptErrors) this.tellTransport();
    ip.icmp.reporter = null;
    return HANDLED;
  }

  /**
   * Packet Too Big (RFC 8201 4): lowers the MTU of the path. False for less than 1280, no less than is known, or a packet that
   * no transport of ours has sent.
   */
  private believeMtu(packet: Packet): boolean {
    const ip = this.ip;
    const { error } = this;
    if (error.mtu < IPV6_MINIMUM_MTU) return false;
    if (error.protocol !== PROTOCOL_ICMPV6 && !this.upper.later) {
      const sink = ip.receiver.sinkOf(error.protocol);
      if (sink === null || sink.confirms?.(error) === false) return false;
    }
    const wanted = isMulticast6(error.remote.w0) || isLinkLocal6(error.remote.w0) ? packet.interfaceIndex : -1;
    const route = ip.openFlow(error.remote, error.protocol, error.local, wanted);
    if (route === null || !ip.paths.lower(error.remote, error.mtu, route.mtu)) return false;
    this.counters.pathMtuLowered++;
    if (ip.tracer !== null) ip.tracer.event(TRACE_IPV6_PATH_MTU, error.mtu, 0, 0, 0, packet);
    return true;
  }

  /** Remembers an outgoing packet (IPv6 header at `ipHeader`) as the subject of an error made here. */
  readQuote(packet: Packet, kind: number, type: number, code: number): boolean {
    return this.fill(packet.view, packet.ipHeader, packet.append, kind, type, code, 0);
  }

  /** Hands the error read last to the transport it concerns. */
  tellTransport(): void {
    const { error, ip } = this;
    if (this.upper.later) return;
    if (error.protocol === PROTOCOL_ICMPV6) ip.icmp.echo.failed(error);
    else ip.receiver.sinkOf(error.protocol)?.networkError(error);
  }

  /** False when the quote ends before the first eight octets of the upper layer. */
  private fill(
    view: DataView,
    quoted: number,
    end: number,
    kind: number,
    type: number,
    code: number,
    mtu: number,
  ): boolean {
    const { error, upper } = this;
    if (!findUpperLayer(view, quoted, end, upper)) return false;
    if (!upper.later && upper.at + 8 > end) return false;
    error.family = 6;
    error.kind = kind;
    error.type = type;
    error.code = code;
    error.mtu = mtu;
    error.local = ipv6AddressAt(view, quoted + IPV6_SOURCE);
    error.remote = ipv6AddressAt(view, quoted + IPV6_DESTINATION);
    error.protocol = upper.protocol;
    error.localPort = upper.later ? 0 : view.getUint16(upper.at);
    error.remotePort = upper.later ? 0 : view.getUint16(upper.at + 2);
    error.sequence = upper.later ? 0 : view.getInt32(upper.at + 4);
    return true;
  }
}

/** Copies the packet from its IPv6 header on, at most `limit` octets. False when the pool has no more packets. */
function quote(packet: Packet, message: Packet, limit: number): boolean {
  let from = packet.ipHeader;
  let left = Math.min(limit, packet.length + (packet.prepend - packet.ipHeader));
  for (let part: Packet | null = packet; part !== null && left > 0; part = part.next) {
    if (part !== packet) from = part.prepend;
    const count = Math.min(left, part.append - from);
    if (message.appendBytes(part.bytes, from, count) !== NX_SUCCESS) return false;
    left -= count;
  }
  return true;
}

/** The ERROR_ constant of a message, 0 for a type or code that is not known. */
function kindOf({ type, code }: IcmpRepr): number {
  switch (type) {
    case ICMPV6_UNREACHABLE:
      if (code === UNREACHABLE6_NO_ROUTE) return ERROR_NETWORK_UNREACHABLE;
      if (code === UNREACHABLE6_ADDRESS) return ERROR_HOST_UNREACHABLE;
      if (code === UNREACHABLE6_PORT) return ERROR_PORT_UNREACHABLE;
      return code <= 6 ? ERROR_PROHIBITED : 0;
    case ICMPV6_TOO_BIG:
      return ERROR_TOO_BIG;
    case ICMPV6_TIME_EXCEEDED:
      return code <= 1 ? ERROR_TIME_EXCEEDED : 0;
    case ICMPV6_PARAMETER_PROBLEM:
      if (code === PARAMETER6_NEXT_HEADER) return ERROR_PROTOCOL_UNREACHABLE;
      return code <= 3 ? ERROR_PARAMETER_PROBLEM : 0;
    default:
      return 0;
  }
}
