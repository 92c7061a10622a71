import {
  DROP_MLD_QUERY,
  DROP_MLD_REPORT,
  type IpAddress,
  MILLISECOND,
  NEVER,
  NX_ICMP_PACKET,
  type Packet,
  SECOND,
  TRACE_MLD_DONE_SENT,
  TRACE_MLD_QUERY_RECEIVED,
  TRACE_MLD_REPORT_SENT,
} from '@strata/contracts';
import {
  ICMPV6_MLD_DONE,
  ICMPV6_MLD_QUERY,
  ICMPV6_MLD_REPORT,
  ICMPV6_MLD2_REPORT,
  MLD_ADDRESS,
  MLD_CHANGE_TO_EXCLUDE,
  MLD_CHANGE_TO_INCLUDE,
  MLD_HEADER,
  MLD_MODE_IS_EXCLUDE,
  MLD_RECORD_ADDRESS,
  MLD_V2_HEADER,
  MLD_V2_QUERY,
  MLD_V2_RECORD,
  MLD_V2_RECORD_COUNT,
  mldMaximumResponse,
} from '@strata/wire';
import { MldCounters } from '../counters.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { ALL_ROUTERS } from '../ipv6/address.ts';
import type { GroupTable } from './groups.ts';
import { isEverybody, type Membership } from './membership.ts';

/** RFC 3810 5.2.14: all routers that know version 2. */
const ALL_V2_ROUTERS: IpAddress = { family: 6, w0: 0xff020000 | 0, w1: 0, w2: 0, w3: 0x16 };

/** RFC 2710 7.10 and RFC 3810 9.11: Unsolicited Report Interval. */
const UNSOLICITED_V1 = 10 * SECOND;
const UNSOLICITED_V2 = 1 * SECOND;
/** RFC 3810 9.1, 9.12: the Robustness Variable, and how long a router of version 1 is believed to be there. */
const ROBUSTNESS = 2;
const V1_ROUTER_TIMEOUT = 260 * SECOND;

/** Head-room for a hop-by-hop header and an IPv6 header. */
const HEADROOM = NX_ICMP_PACKET + 8;

/** How MLD's messages leave; IPv6 implements it. */
export interface MldTransport {
  /** The link-local address of an interface, or the unspecified one while it has none (RFC 3590). */
  reportSource(outgoing: IpInterface): IpAddress;
  /** Adds checksum, IPv6 header and, if asked, a router alert option, and sends. `prepend` is at the ICMPv6 header. Takes it. */
  sendControl(
    packet: Packet,
    outgoing: IpInterface,
    source: IpAddress,
    destination: IpAddress,
    hopLimit: number,
    routerAlert: boolean,
  ): void;
}

/** A listener of MLD version 2, or of version 1 where a router speaks that (RFC 3810, RFC 2710). */
export class Mld {
  readonly counters: MldCounters;
  /** Version spoken: 0 for none, 1, 2. Where a router of version 1 is heard, 1. */
  version: number;
  /** Null: nothing is sent. */
  transport: MldTransport | null;
  private readonly ip: IpInstance;
  private readonly groups: GroupTable;
  private readonly v1Until: number[];

  constructor(ip: IpInstance, groups: GroupTable) {
    this.counters = new MldCounters();
    this.version = ip.policy.multicast.mldVersion;
    this.transport = null;
    this.ip = ip;
    this.groups = groups;
    this.v1Until = [];
  }

  private versionOn(outgoing: IpInterface): number {
    return this.version === 2 && (this.v1Until[outgoing.index] ?? 0) > this.ip.time.now ? 1 : this.version;
  }

  /** @internal */
  joined(member: Membership): void {
    const version = this.versionOn(member.outgoing);
    if (version === 0 || !isReported(member)) return;
    this.reportChange(member, version);
    member.changesLeft = ROBUSTNESS - 1;
    const interval = version === 1 ? UNSOLICITED_V1 : UNSOLICITED_V2;
    member.changeAt = this.ip.time.now + 1 + this.ip.random.below(interval);
  }

  /** @internal */
  left(member: Membership): void {
    const version = this.versionOn(member.outgoing);
    if (version === 0 || !isReported(member)) return;
    if (version === 1) {
      if (member.lastReporter) this.sendV1(member, ICMPV6_MLD_DONE, ALL_ROUTERS);
      member.lastReporter = false;
      return;
    }
    this.reportChange(member, version);
    member.changesLeft = ROBUSTNESS - 1;
    member.changeAt = this.ip.time.now + 1 + this.ip.random.below(UNSOLICITED_V2);
  }

  private reportChange(member: Membership, version: number): void {
    if (version === 1) this.sendV1(member, ICMPV6_MLD_REPORT, member.address);
    else this.sendV2(member.outgoing, [member], true);
  }

  /** @internal What is due: changes again, and answers, those of one interface together. */
  onTime(now: number): void {
    for (const outgoing of this.ip.interfaces) {
      const answers: Membership[] = [];
      const version = this.versionOn(outgoing);
      for (const member of this.groups.all) {
        if (member.outgoing !== outgoing || member.address.family !== 6 || member.deadline > now) continue;
        if (member.changeAt <= now) {
          member.changesLeft--;
          member.changeAt = NEVER;
          if (version !== 0) this.reportChange(member, version);
        }
        if (member.respondAt <= now) {
          member.respondAt = NEVER;
          if (version === 1) this.reportChange(member, version);
          else if (version === 2 && member.joins > 0) answers.push(member);
        }
      }
      if (answers.length > 0) this.sendV2(outgoing, answers, false);
    }
  }

  private sendV1(member: Membership, type: number, destination: IpAddress): void {
    const transport = this.transport;
    const packet = transport === null ? null : this.ip.controlPool.allocate(HEADROOM);
    if (transport === null || packet === null) return;
    const { view, prepend } = packet;
    view.setInt32(prepend, type << 24);
    view.setInt32(prepend + 4, 0);
    writeAddress(view, prepend + MLD_ADDRESS, member.address);
    packet.append = prepend + MLD_HEADER;
    packet.length = MLD_HEADER;
    const tracer = this.ip.tracer;
    if (type === ICMPV6_MLD_REPORT) {
      member.lastReporter = true;
      this.counters.reportsSent++;
      if (tracer !== null) tracer.event(TRACE_MLD_REPORT_SENT, 1, 1, 0, 0, packet);
    } else {
      const { w0, w1, w2, w3 } = member.address;
      this.counters.donesSent++;
      if (tracer !== null) tracer.event(TRACE_MLD_DONE_SENT, w0, w1, w2, w3, packet);
    }
    const outgoing = member.outgoing;
    transport.sendControl(packet, outgoing, transport.reportSource(outgoing), destination, 1, true);
  }

  /** One report, or several when the records do not fit one packet. */
  private sendV2(outgoing: IpInterface, members: readonly Membership[], change: boolean): void {
    const transport = this.transport;
    if (transport === null) return;
    let at = 0;
    while (at < members.length) {
      const packet = this.ip.controlPool.allocate(HEADROOM);
      if (packet === null) return;
      const { view, prepend } = packet;
      const room = Math.min(outgoing.mtu - 48, packet.dataEnd - prepend) - MLD_V2_HEADER;
      const count = Math.min(members.length - at, Math.floor(room / MLD_V2_RECORD));
      if (count < 1) {
        packet.release();
        return;
      }
      view.setInt32(prepend, ICMPV6_MLD2_REPORT << 24);
      view.setInt32(prepend + 4, 0);
      view.setUint16(prepend + MLD_V2_RECORD_COUNT, count);
      for (let i = 0; i < count; i++, at++) {
        const member = members[at] as Membership;
        const record = prepend + MLD_V2_HEADER + i * MLD_V2_RECORD;
        const changed = member.joins > 0 ? MLD_CHANGE_TO_EXCLUDE : MLD_CHANGE_TO_INCLUDE;
        view.setInt32(record, (change ? changed : MLD_MODE_IS_EXCLUDE) << 24);
        writeAddress(view, record + MLD_RECORD_ADDRESS, member.address);
        member.lastReporter = true;
      }
      packet.length = MLD_V2_HEADER + count * MLD_V2_RECORD;
      packet.append = prepend + packet.length;
      this.counters.reportsSent++;
      if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_MLD_REPORT_SENT, 2, count, 0, 0, packet);
      transport.sendControl(packet, outgoing, transport.reportSource(outgoing), ALL_V2_ROUTERS, 1, true);
    }
  }

  /**
   * Takes note of a message of type 130, 131, 132 or 143, whose checksum is good and whose `prepend` is at the ICMPv6 header.
   * The packet stays the caller's. Returns 0, or a DROP_ reason.
   */
  accept(packet: Packet, incoming: IpInterface, source0: number, destination0: number, hopLimit: number): number {
    const { view, prepend } = packet;
    const held = packet.append - prepend;
    const type = view.getUint8(prepend);
    const isQuery = type === ICMPV6_MLD_QUERY;
    const fromLink = source0 >>> 22 === 0x3fa;
    const refusal = isQuery ? DROP_MLD_QUERY : DROP_MLD_REPORT;
    if (type === ICMPV6_MLD2_REPORT) return 0;
    if (hopLimit !== 1 || held < MLD_HEADER || destination0 >>> 24 !== 0xff) return refusal;
    if (isQuery) return fromLink && this.queried(packet, incoming, held) ? 0 : refusal;
    // RFC 3590: a host that has no address yet reports from the unspecified one.
    if (type === ICMPV6_MLD_REPORT && (fromLink || source0 === 0)) this.heard(view, prepend + MLD_ADDRESS, incoming);
    return 0;
  }

  private queried(packet: Packet, incoming: IpInterface, held: number): boolean {
    // RFC 3810 8.1: 24 octets are version 1, 28 or more version 2, anything else nothing.
    if (packet.length !== MLD_HEADER && held < MLD_V2_QUERY) return false;
    const { view, prepend } = packet;
    const at = prepend + MLD_ADDRESS;
    const w0 = view.getInt32(at);
    const general = (w0 | view.getInt32(at + 4) | view.getInt32(at + 8) | view.getInt32(at + 12)) === 0;
    if (!general && w0 >>> 24 !== 0xff) return false;
    this.counters.queriesReceived++;
    const version = packet.length === MLD_HEADER ? 1 : 2;
    const maximum = Math.max(1, mldMaximumResponse(view, prepend, packet.length) * MILLISECOND);
    const now = this.ip.time.now;
    if (version === 1) this.v1Until[incoming.index] = now + V1_ROUTER_TIMEOUT;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_MLD_QUERY_RECEIVED, version, maximum, 0, 0, packet);
    if (this.version === 0) return true;
    const together = 1 + this.ip.random.below(maximum);
    const speaks = this.versionOn(incoming);
    for (const member of this.groups.all) {
      if (member.outgoing !== incoming || member.address.family !== 6 || member.joins === 0 || !isReported(member))
        continue;
      if (!general && !sameWords(view, at, member.address)) continue;
      // Version 2 answers for all groups in one report; version 1 lets each group draw its own delay.
      const delay = general && speaks === 2 ? together : 1 + this.ip.random.below(maximum);
      member.respondWithin(now, maximum, delay);
    }
    this.groups.schedule();
    return true;
  }

  /** Version 1: another listener has spoken for the group. */
  private heard(view: DataView, at: number, incoming: IpInterface): void {
    if (this.versionOn(incoming) !== 1) return;
    for (const member of this.groups.all) {
      if (member.outgoing !== incoming || member.address.family !== 6 || member.joins === 0) continue;
      if (member.deadline === NEVER || !sameWords(view, at, member.address)) continue;
      member.quiet();
      member.lastReporter = false;
    }
  }
}

/** RFC 3810 6: neither all nodes nor scopes 0 and 1 are ever reported. */
function isReported(member: Membership): boolean {
  return !isEverybody(member.address) && ((member.address.w0 >>> 16) & 15) > 1;
}

function sameWords(view: DataView, at: number, address: IpAddress): boolean {
  return (
    view.getInt32(at) === address.w0 &&
    view.getInt32(at + 4) === address.w1 &&
    view.getInt32(at + 8) === address.w2 &&
    view.getInt32(at + 12) === address.w3
  );
}

function writeAddress(view: DataView, at: number, address: IpAddress): void {
  view.setInt32(at, address.w0);
  view.setInt32(at + 4, address.w1);
  view.setInt32(at + 8, address.w2);
  view.setInt32(at + 12, address.w3);
}
