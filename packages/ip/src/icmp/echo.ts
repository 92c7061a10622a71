import {
  type Alarm,
  type DatagramInfo,
  type Deferred,
  type Disposition,
  DROP_ICMP_CODE,
  DROP_ICMP_ECHO_GROUP,
  DROP_ICMP_ECHO_REPLY_FAILED,
  DROP_ICMP_ECHO_UNMATCHED,
  HANDLED,
  type IpAddress,
  LINK_UNICAST,
  NEVER,
  type NetworkError,
  NX_DELETED,
  NX_ICMP_PACKET,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NO_RESPONSE,
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  NX_WAIT_ABORTED,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  type Status,
  type Timed,
  TRACE_ICMP_ECHO_ANSWERED,
  TRACE_ICMP_ECHO_REPLY,
  TRACE_ICMP_ECHO_SENT,
  TRACE_ICMP_ECHO_TIMEOUT,
  TRACE_ICMPV6_ECHO_REPLY,
  TRACE_ICMPV6_ECHO_SENT,
  TRACE_ICMPV6_ECHO_TIMEOUT,
} from '@strata/contracts';
import {
  emitIcmp,
  fold,
  ICMP_CHECKSUM,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER,
  ICMPV6_ECHO_REQUEST,
  IcmpRepr,
  ipv4Address,
  ipv6Address,
  sameAddress,
  sumPacket,
  updateChecksum,
} from '@strata/wire';
import type { IcmpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';

/** Hears how a ping ended. Called once per ping, after the event that decided it. */
export interface PingListener {
  /**
   * @param status NX_SUCCESS; NX_NO_RESPONSE when the time was over; NX_NOT_SUCCESSFUL when an ICMP error came instead,
   *   NX_WAIT_ABORTED by {@link Echo.cancel}, NX_DELETED when the instance was closed
   * @param response the reply, its `prepend` at the echoed data, now the listener's to release; null without reply
   * @param ping what was sent and what came back
   */
  pinged(status: Status, response: Packet | null, ping: Ping): void;
}

/** One echo request and its fate. */
export class Ping implements Deferred {
  readonly remote: IpAddress;
  readonly identifier: number;
  readonly sequence: number;
  readonly sentAt: number;
  readonly deadline: number;
  private readonly listener: PingListener;
  private status: Status;
  private response: Packet | null;
  /** From request to reply or error, in microseconds; 0 without. */
  roundTrip: number;
  /** Time to live of the reply; 0 without. */
  timeToLive: number;
  /** Who answered, int32 of an IPv4 address; 0 without reply. */
  responder: number;
  /** Who answered, or who sent the ICMP error, in either family; null when nobody did. */
  from: IpAddress | null;
  /** Kind (ERROR_ constant) and code of the ICMP error; 0 without. */
  errorKind: number;
  errorCode: number;

  constructor(
    remote: IpAddress,
    identifier: number,
    sequence: number,
    sentAt: number,
    deadline: number,
    listener: PingListener,
  ) {
    this.remote = remote;
    this.identifier = identifier;
    this.sequence = sequence;
    this.sentAt = sentAt;
    this.deadline = deadline;
    this.listener = listener;
    this.status = NX_SUCCESS;
    this.response = null;
    this.roundTrip = 0;
    this.timeToLive = 0;
    this.responder = 0;
    this.from = null;
    this.errorKind = 0;
    this.errorCode = 0;
  }

  /** @internal */
  isFor(listener: PingListener): boolean {
    return this.listener === listener;
  }

  /** @internal */
  finish(status: Status, response: Packet | null): void {
    this.status = status;
    this.response = response;
  }

  /** @internal */
  run(): void {
    const response = this.response;
    this.response = null;
    this.listener.pinged(this.status, response, this);
  }
}

/** What a ping may set. */
export interface PingOptions {
  /** Where to send from; the address of the outgoing interface when absent. */
  readonly local?: IpAddress;
  readonly timeToLive?: number;
  readonly typeOfService?: number;
  readonly dontFragment?: boolean;
  /** Where to send it out; the route's interface when absent. Link-local destinations need it on a host with several. */
  readonly interfaceIndex?: number;
}

/** Echo request and reply in both directions (RFC 792; RFC 1122 3.2.2.6). */
export class Echo implements Timed {
  private readonly ip: IpInstance;
  private readonly counters: IcmpCounters;
  private readonly alarm: Alarm;
  private readonly header: IcmpRepr;
  /** In order of sending. */
  private readonly pending: Ping[];
  private nextSequence: number;

  constructor(ip: IpInstance, counters: IcmpCounters) {
    this.ip = ip;
    this.counters = counters;
    this.header = new IcmpRepr();
    this.pending = [];
    this.nextSequence = 0;
    this.alarm = ip.time.alarm(this);
  }

  /** Pings that wait for their answer. */
  get waiting(): number {
    return this.pending.length;
  }

  /**
   * Sends `data` as an echo request. NX_SUCCESS: `listener` will hear within `timeout` microseconds. Otherwise it will not:
   * NX_IP_ADDRESS_ERROR without a route, NX_NO_PACKET when the pool is empty. The identifier is the lower half of the
   * source address and sequence numbers count from 0 for the whole instance, as NetX does.
   */
  ping(remote: IpAddress, data: Uint8Array, timeout: number, listener: PingListener, options?: PingOptions): Status {
    const ip = this.ip;
    const six = remote.family === 6;
    const protocol = six ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
    const flow = ip.openFlow(remote, protocol, options?.local ?? null, options?.interfaceIndex ?? -1);
    if (flow === null) return NX_IP_ADDRESS_ERROR;
    flow.timeToLive = options?.timeToLive ?? 0;
    flow.typeOfService = options?.typeOfService ?? 0;
    flow.dontFragment = options?.dontFragment ?? false;
    const packet = ip.pool.allocate(six ? NX_ICMP_PACKET + ICMP_HEADER : NX_ICMP_PACKET);
    if (packet === null) return NX_NO_PACKET;
    if (packet.appendBytes(data, 0, data.length) !== NX_SUCCESS) {
      packet.release();
      return NX_NO_PACKET;
    }
    const header = this.header;
    const sequence = this.nextSequence;
    const identifier = flow.local.w3 & 0xffff;
    header.type = six ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST;
    header.code = 0;
    header.rest = (identifier << 16) | sequence;
    packet.prepend -= ICMP_HEADER;
    packet.length += ICMP_HEADER;
    emitIcmp(packet.view, packet.prepend, header);
    if (six || !flow.checksumOffload) {
      const pseudo = six ? flow.pseudoHeaderSum + packet.length : 0;
      packet.view.setUint16(packet.prepend + ICMP_CHECKSUM, ~fold(sumPacket(packet) + pseudo) & 0xffff);
    }
    if (ip.tracer !== null && six) {
      ip.tracer.event(TRACE_ICMPV6_ECHO_SENT, remote.w0, remote.w1, remote.w2, remote.w3, packet);
    } else if (ip.tracer !== null) {
      ip.tracer.event(TRACE_ICMP_ECHO_SENT, remote.w3, identifier, sequence, data.length, packet);
    }
    const status = ip.send(packet, flow);
    if (status !== NX_SUCCESS) {
      packet.release();
      return status;
    }
    this.nextSequence = (sequence + 1) & 0xffff;
    this.counters.pingsSent++;
    const now = ip.time.now;
    const ping = new Ping(remote, identifier, sequence, now, now + timeout, listener);
    this.pending.push(ping);
    this.alarm.set(this.nextDeadline());
    return NX_SUCCESS;
  }

  nextDeadline(): number {
    let next = NEVER;
    for (const ping of this.pending) if (ping.deadline < next) next = ping.deadline;
    return next;
  }

  onTime(now: number): void {
    for (let i = 0; i < this.pending.length; ) {
      const ping = this.pending[i] as Ping;
      if (ping.deadline > now) {
        i++;
        continue;
      }
      this.counters.pingTimeouts++;
      const { family, w0, w1, w2, w3 } = ping.remote;
      if (this.ip.tracer !== null && family === 6) {
        this.ip.tracer.event(TRACE_ICMPV6_ECHO_TIMEOUT, w0, w1, w2, w3, null);
      } else if (this.ip.tracer !== null) {
        this.ip.tracer.event(TRACE_ICMP_ECHO_TIMEOUT, ping.remote.w3, ping.identifier, ping.sequence, 0, null);
      }
      this.end(i, NX_NO_RESPONSE, null);
    }
  }

  /** An echo request: sends it back, in its own packet. */
  answer(packet: Packet, header: IcmpRepr, info: DatagramInfo): Disposition {
    const ip = this.ip;
    if (header.code !== 0) return DROP_ICMP_CODE;
    const toOne = info.toUnicast && info.linkCast === LINK_UNICAST;
    if (!toOne && !ip.policy.icmp.answerGroupEcho) return DROP_ICMP_ECHO_GROUP;
    const local = info.toUnicast ? ipv4Address(info.destination3) : null;
    const flow = ip.openFlow(ipv4Address(info.source3), PROTOCOL_ICMP, local);
    if (flow === null) return DROP_ICMP_ECHO_REPLY_FAILED;
    flow.typeOfService = info.typeOfService;
    const at = packet.prepend;
    packet.view.setUint8(at, ICMP_ECHO_REPLY);
    const checksum = packet.view.getUint16(at + ICMP_CHECKSUM);
    packet.view.setUint16(at + ICMP_CHECKSUM, flow.checksumOffload ? 0 : updateChecksum(checksum, 0x0800, 0));
    packet.frameId = 0;
    if (ip.tracer !== null) {
      const rest = header.rest;
      ip.tracer.event(
        TRACE_ICMP_ECHO_ANSWERED,
        info.source3,
        rest >>> 16,
        rest & 0xffff,
        packet.length - ICMP_HEADER,
        packet,
      );
    }
    if (ip.send(packet, flow) !== NX_SUCCESS) return DROP_ICMP_ECHO_REPLY_FAILED;
    this.counters.pingsAnswered++;
    return HANDLED;
  }

  /** An echo reply: gives it to the ping that waits for it. */
  replied(packet: Packet, header: IcmpRepr, info: DatagramInfo): Disposition {
    const strict = this.ip.policy.icmp.matchEchoStrictly;
    const identifier = header.rest >>> 16;
    const sequence = header.rest & 0xffff;
    const at = this.pending.findIndex(
      (ping) =>
        ping.sequence === sequence &&
        ping.remote.family === info.family &&
        (!strict || (ping.identifier === identifier && mayAnswer(ping.remote, info))),
    );
    if (at < 0 || header.code !== 0) {
      this.counters.unhandledMessages++;
      return DROP_ICMP_ECHO_UNMATCHED;
    }
    const ping = this.pending[at] as Ping;
    this.counters.pingResponsesReceived++;
    ping.roundTrip = this.ip.time.now - ping.sentAt;
    ping.timeToLive = info.timeToLive;
    ping.responder = info.source3;
    ping.from =
      info.family === 4
        ? ipv4Address(info.source3)
        : ipv6Address(info.source0, info.source1, info.source2, info.source3);
    if (this.ip.tracer !== null && info.family === 6) {
      const { source0, source1, source2, source3 } = info;
      this.ip.tracer.event(TRACE_ICMPV6_ECHO_REPLY, source0, source1, source2, source3, packet);
    } else if (this.ip.tracer !== null) {
      this.ip.tracer.event(TRACE_ICMP_ECHO_REPLY, info.source3, identifier, sequence, ping.roundTrip, packet);
    }
    packet.prepend += ICMP_HEADER;
    packet.length -= ICMP_HEADER;
    this.end(at, NX_SUCCESS, packet);
    return HANDLED;
  }

  /** True when an ICMP error quotes a request that waits for its answer. */
  awaits(error: NetworkError): boolean {
    return this.findQuoted(error) >= 0;
  }

  /** The index of the request that an error quotes, or -1; `localPort` and `remotePort` are its first four octets. */
  private findQuoted(error: NetworkError): number {
    const identifier = error.sequence >>> 16;
    const sequence = error.sequence & 0xffff;
    if (error.localPort >>> 8 !== (error.family === 6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST)) return -1;
    return this.pending.findIndex(
      (ping) => ping.sequence === sequence && ping.identifier === identifier && sameAddress(ping.remote, error.remote),
    );
  }

  /** An ICMP error quotes one of our requests. */
  failed(error: NetworkError): void {
    const at = this.findQuoted(error);
    if (at < 0) return;
    const ping = this.pending[at] as Ping;
    ping.errorKind = error.kind;
    ping.errorCode = error.code;
    ping.from = this.ip.icmp.reporter;
    ping.roundTrip = this.ip.time.now - ping.sentAt;
    this.end(at, NX_NOT_SUCCESSFUL, null);
  }

  /**
   * Stops waiting for the answers to a listener's pings, which end with NX_WAIT_ABORTED; answers that still come are nobody's.
   * False when none waits.
   */
  cancel(listener: PingListener): boolean {
    let found = false;
    for (let i = this.pending.length - 1; i >= 0; i--) {
      if (!(this.pending[i] as Ping).isFor(listener)) continue;
      this.end(i, NX_WAIT_ABORTED, null);
      found = true;
    }
    return found;
  }

  /** Ends all pings with NX_DELETED. */
  close(): void {
    while (this.pending.length > 0) this.end(0, NX_DELETED, null);
  }

  private end(at: number, status: Status, response: Packet | null): void {
    const ping = this.pending[at] as Ping;
    this.pending.splice(at, 1);
    ping.finish(status, response);
    this.ip.time.defer(ping);
  }
}

/** A reply comes from where the request went, unless that was a group. */
function mayAnswer(remote: IpAddress, info: DatagramInfo): boolean {
  if (remote.family === 6 && remote.w0 >>> 24 === 0xff) return true;
  const sameHost = remote.w3 === info.source3 && remote.w2 === info.source2;
  return sameHost && remote.w1 === info.source1 && remote.w0 === info.source0;
}
