import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  DROP_IGMP_CHECKSUM,
  DROP_IGMP_QUERY,
  DROP_IGMP_TYPE,
  HANDLED,
  MILLISECOND,
  NX_ALREADY_ENABLED,
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_IGMP,
  SECOND,
  type Status,
  TRACE_IGMP_LEAVE_SENT,
  TRACE_IGMP_QUERY_RECEIVED,
  TRACE_IGMP_REPORT_HEARD,
  TRACE_IGMP_REPORT_SENT,
} from '@strata/contracts';
import {
  emitIgmp,
  IGMP_CHECKSUM,
  IGMP_HEADER,
  IGMP_LEAVE,
  IGMP_QUERY,
  IGMP_V1_REPORT,
  IGMP_V2_REPORT,
  IGMP_V3_REPORT,
  IgmpRepr,
  ipv4Address,
  parseIgmp,
  sumPacket,
} from '@strata/wire';
import { IgmpCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import type { GroupTable } from './groups.ts';
import { ALL_HOSTS, type Membership } from './membership.ts';

/** 224.0.0.2. */
const ALL_ROUTERS = 0xe0000002 | 0;

/** RFC 2236 8: Unsolicited Report Interval, Version 1 Router Present Timeout, and the answer time of version 1. */
const UNSOLICITED_INTERVAL = 10 * SECOND;
const V1_ROUTER_TIMEOUT = 400 * SECOND;
const V1_RESPONSE = 10 * SECOND;

/** IGMP of a host, version 2, that also gets on with routers of version 1 (RFC 2236) and answers those of version 3. */
export class Igmp implements DatagramSink {
  readonly counters: IgmpCounters;
  /** See {@link enable}. */
  enabled: boolean;
  private readonly ip: IpInstance;
  private readonly groups: GroupTable;
  private readonly header: IgmpRepr;
  /** Until when an interface believes that a router of version 1 is there, by index. */
  private readonly v1Until: number[];

  constructor(ip: IpInstance, groups: GroupTable) {
    this.counters = new IgmpCounters();
    this.enabled = false;
    this.ip = ip;
    this.groups = groups;
    this.header = new IgmpRepr();
    this.v1Until = [];
  }

  /** As nx_igmp_enable: from now on joins are reported and queries are answered. NX_ALREADY_ENABLED. */
  enable(): Status {
    if (this.enabled) return NX_ALREADY_ENABLED;
    const status = this.ip.register(PROTOCOL_IGMP, this);
    if (status !== NX_SUCCESS) return status;
    this.enabled = true;
    for (const each of this.ip.interfaces) this.listen(each);
    for (const member of this.groups.all) if (member.address.family === 4) this.joined(member);
    this.groups.schedule();
    return NX_SUCCESS;
  }

  /** @internal An interface was attached: queries are sent to all hosts. */
  listen(incoming: IpInterface): void {
    if (this.enabled) this.groups.join(incoming, ipv4Address(ALL_HOSTS));
  }

  /** @internal */
  detach(outgoing: IpInterface): void {
    this.v1Until[outgoing.index] = 0;
  }

  private isV1(outgoing: IpInterface): boolean {
    return (this.v1Until[outgoing.index] ?? 0) > this.ip.time.now;
  }

  /** @internal The first join: reports at once, and once more in case that was lost (RFC 2236 3). */
  joined(member: Membership): void {
    if (!this.enabled || member.address.w3 === ALL_HOSTS) return;
    this.report(member);
    member.changesLeft = 1;
    member.changeAt = this.ip.time.now + 1 + this.ip.random.below(UNSOLICITED_INTERVAL);
  }

  /** @internal The last leave: tells the routers if nobody else may be the one who keeps the group alive. */
  left(member: Membership): void {
    if (!this.enabled || member.address.w3 === ALL_HOSTS) return;
    if (!member.lastReporter || this.isV1(member.outgoing)) return;
    member.lastReporter = false;
    this.header.type = IGMP_LEAVE;
    this.header.maximumResponse = 0;
    this.header.group = member.address.w3;
    if (!this.send(member.outgoing, ALL_ROUTERS)) return;
    this.counters.leavesSent++;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_IGMP_LEAVE_SENT, member.address.w3, 0, 0, 0, null);
  }

  /** @internal */
  due(member: Membership, now: number): void {
    if (member.respondAt > now && member.changeAt > now) return;
    member.quiet();
    if (member.joins > 0) this.report(member);
  }

  private report(member: Membership): void {
    const v1 = this.isV1(member.outgoing);
    const group = member.address.w3;
    this.header.type = v1 ? IGMP_V1_REPORT : IGMP_V2_REPORT;
    this.header.maximumResponse = 0;
    this.header.group = group;
    if (!this.send(member.outgoing, group)) return;
    member.lastReporter = true;
    this.counters.reportsSent++;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_IGMP_REPORT_SENT, group, v1 ? 1 : 2, 0, 0, null);
  }

  private send(outgoing: IpInterface, destination: number): boolean {
    const packet = this.ip.controlPool.allocate(NX_PHYSICAL_HEADER + GROUP_HEADER);
    if (packet === null) return false;
    emitIgmp(packet.view, packet.prepend, this.header);
    packet.append = packet.prepend + IGMP_HEADER;
    packet.length = IGMP_HEADER;
    packet.view.setUint16(packet.prepend + IGMP_CHECKSUM, ~sumPacket(packet) & 0xffff);
    this.ip.sendToGroup(packet, outgoing, destination, PROTOCOL_IGMP);
    return true;
  }

  accept(packet: Packet, info: DatagramInfo): Disposition {
    const header = this.header;
    const reason = parseIgmp(packet.view, packet.prepend, packet.append - packet.prepend, header);
    if (reason !== 0) {
      this.counters.invalidMessages++;
      return reason;
    }
    if (sumPacket(packet) !== 0xffff) {
      this.counters.checksumErrors++;
      return DROP_IGMP_CHECKSUM;
    }
    const incoming = this.ip.interfaceAt(info.interfaceIndex);
    if (incoming === null || incoming.link === null) return DROP_IGMP_TYPE;
    const refusal = this.process(incoming, info.destination3, packet.length);
    if (refusal !== 0) {
      this.counters.invalidMessages++;
      return refusal;
    }
    packet.release();
    return HANDLED;
  }

  private process(incoming: IpInterface, destination: number, length: number): number {
    const { type, group } = this.header;
    if (type === IGMP_QUERY) return this.queried(incoming, destination, length);
    if (type === IGMP_V1_REPORT || type === IGMP_V2_REPORT) this.heard(incoming, group);
    // What routers and hosts of version 3 tell each other does not concern a host of version 2.
    else if (type !== IGMP_LEAVE && type !== IGMP_V3_REPORT) return DROP_IGMP_TYPE;
    return 0;
  }

  /**
   * RFC 2236 3: an answer after a random delay, unless somebody else answers first. Of 8 octets a query is of version 1 (with a
   * time of 0) or 2, of 12 and more of version 3, and of any other length nothing (RFC 3376 7.1).
   */
  private queried(incoming: IpInterface, destination: number, length: number): number {
    const { group, maximumResponse } = this.header;
    const isV3 = length >= V3_QUERY;
    if (!isV3 && length !== IGMP_HEADER) return DROP_IGMP_QUERY;
    if (group === 0 ? destination !== ALL_HOSTS : destination !== group && destination !== ALL_HOSTS) {
      return DROP_IGMP_QUERY;
    }
    this.counters.queriesReceived++;
    let maximum = Math.max((isV3 ? tenthsOfV3(maximumResponse) : maximumResponse) * TENTH, 1);
    if (maximumResponse === 0 && !isV3) {
      this.v1Until[incoming.index] = this.ip.time.now + V1_ROUTER_TIMEOUT;
      maximum = V1_RESPONSE;
    }
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_IGMP_QUERY_RECEIVED, group, maximum, 0, 0, null);
    const now = this.ip.time.now;
    for (const member of this.groups.all) {
      const address = member.address;
      if (member.outgoing !== incoming || address.family !== 4 || address.w3 === ALL_HOSTS || member.joins === 0)
        continue;
      if (group !== 0 && group !== address.w3) continue;
      member.respondWithin(now, maximum, 1 + this.ip.random.below(maximum));
    }
    this.groups.schedule();
    return 0;
  }

  /** Another listener of the group has spoken: that is enough for the router. */
  private heard(incoming: IpInterface, group: number): void {
    for (const member of this.groups.all) {
      if (member.address.w3 !== group || member.address.family !== 4 || member.outgoing !== incoming) continue;
      if (member.deadline === Number.POSITIVE_INFINITY || member.joins === 0) continue;
      member.quiet();
      member.lastReporter = false;
      if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_IGMP_REPORT_HEARD, group, 0, 0, 0, null);
    }
  }

  networkError(): void {}
}

/** An IPv4 header with the router alert option (RFC 2113). */
const GROUP_HEADER = 24;

/** Fewest octets of a query of version 3. */
const V3_QUERY = 12;

const TENTH = 100 * MILLISECOND;

/** Tenths of a second of a response code of version 3: above 127 with an exponent (RFC 3376 4.1.1). */
function tenthsOfV3(code: number): number {
  return code < 128 ? code : ((code & 15) | 16) << (((code >>> 4) & 7) + 3);
}
