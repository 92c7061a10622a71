import {
  type Alarm,
  type IpAddress,
  NEVER,
  NX_ENTRY_NOT_FOUND,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_SUCCESS,
  type Status,
  type Timed,
  TRACE_IP_GROUP_JOINED,
  TRACE_IP_GROUP_LEFT,
  TRACE_IPV6_GROUP_JOINED,
  TRACE_IPV6_GROUP_LEFT,
} from '@strata/contracts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';
import { isMulticast } from '../martian.ts';
import { Igmp } from './igmp.ts';
import { isEverybody, Membership } from './membership.ts';
import { Mld } from './mld.ts';

/**
 * The multicast groups that the interfaces of an instance listen to, of both families (RFC 1112, RFC 4291 2.8). Joins are
 * counted; the first one opens the link's filter and is reported to the routers, the last leave undoes both.
 */
export class GroupTable implements Timed {
  readonly igmp: Igmp;
  readonly mld: Mld;
  /** What this host sends to an IPv4 group that it listens to itself comes back to it (nx_igmp_loopback_enable). */
  loopback: boolean;
  private readonly ip: IpInstance;
  private readonly members: Membership[];
  private readonly alarm: Alarm;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.members = [];
    this.loopback = ip.policy.multicast.loopback;
    this.igmp = new Igmp(ip, this);
    this.mld = new Mld(ip, this);
    this.alarm = ip.time.alarm(this);
  }

  /** Every membership, the ones that are about to be reported as left too. */
  get all(): readonly Membership[] {
    return this.members;
  }

  /** Groups joined now, over all interfaces and both families; the all-hosts and all-nodes groups do not count. */
  get joined(): number {
    let count = 0;
    for (const each of this.members) if (each.joins > 0 && !isEverybody(each.address)) count++;
    return count;
  }

  /**
   * As nx_igmp_multicast_interface_join and nxd_ipv6_multicast_interface_join. NX_IP_ADDRESS_ERROR when the address is no
   * group, NX_INVALID_INTERFACE for the loopback, NX_NO_MORE_ENTRIES when the interfaces have as many groups as they may.
   */
  join(outgoing: IpInterface, address: IpAddress): Status {
    if (!isGroup(address)) return NX_IP_ADDRESS_ERROR;
    if (outgoing.link === null) return NX_INVALID_INTERFACE;
    const known = this.find(outgoing, address);
    if (known !== null && known.joins > 0) {
      known.joins++;
      return NX_SUCCESS;
    }
    if (known === null && isChosen(address) && this.count(address.family) >= this.ip.policy.multicast.groups) {
      return NX_NO_MORE_ENTRIES;
    }
    const member = known ?? new Membership(outgoing, address);
    if (known === null) this.members.push(member);
    member.joins = 1;
    member.quiet();
    if (address.family === 4) outgoing.link.joinGroup(0x0100, 0x5e000000 | (address.w3 & 0x7fffff));
    else outgoing.link.joinGroup(0x3333, address.w3);
    this.trace(TRACE_IP_GROUP_JOINED, TRACE_IPV6_GROUP_JOINED, address, outgoing);
    if (address.family === 4) this.igmp.joined(member);
    else this.mld.joined(member);
    this.schedule();
    return NX_SUCCESS;
  }

  private trace(event4: number, event6: number, address: IpAddress, outgoing: IpInterface): void {
    const { tracer } = this.ip;
    if (tracer === null) return;
    if (address.family === 4) tracer.event(event4, address.w3, outgoing.index, 0, 0, null);
    else tracer.event(event6, address.w0, address.w1, address.w2, address.w3, null);
  }

  /** Takes one join back. NX_ENTRY_NOT_FOUND when the interface has not joined the group. */
  leave(outgoing: IpInterface, address: IpAddress): Status {
    const member = this.find(outgoing, address);
    if (member === null || member.joins === 0) return NX_ENTRY_NOT_FOUND;
    member.joins--;
    if (member.joins > 0) return NX_SUCCESS;
    member.quiet();
    if (address.family === 4) outgoing.link?.leaveGroup(0x0100, 0x5e000000 | (address.w3 & 0x7fffff));
    else outgoing.link?.leaveGroup(0x3333, address.w3);
    this.trace(TRACE_IP_GROUP_LEFT, TRACE_IPV6_GROUP_LEFT, address, outgoing);
    if (address.family === 4) this.igmp.left(member);
    else this.mld.left(member);
    if (member.changesLeft === 0) this.remove(member);
    this.schedule();
    return NX_SUCCESS;
  }

  /** True when an interface listens to a group; an IPv4 group is in the last word, the others 0. */
  isMember(outgoing: IpInterface, w0: number, w1: number, w2: number, w3: number): boolean {
    for (const each of this.members) {
      const address = each.address;
      if (address.w3 !== w3 || each.outgoing !== outgoing || each.joins === 0) continue;
      if (address.w2 === w2 && address.w1 === w1 && address.w0 === w0) return true;
    }
    return false;
  }

  /** True when any interface listens to an IPv4 group. */
  listensAnywhere(group: number): boolean {
    for (const each of this.members) {
      if (each.address.w3 === group && each.address.family === 4 && each.joins > 0) return true;
    }
    return false;
  }

  /**
   * As {@link join}, for an application that knows only the interface's index; -1 is the first one. The first IPv4 group
   * joined this way switches IGMP on. NX_INVALID_INTERFACE when there is no such interface.
   */
  joinOn(interfaceIndex: number, address: IpAddress): Status {
    const outgoing = this.ip.interfaceAt(Math.max(interfaceIndex, 0));
    if (outgoing === null) return NX_INVALID_INTERFACE;
    if (address.family === 4 && !this.igmp.enabled) this.igmp.enable();
    return this.join(outgoing, address);
  }

  /** As {@link leave}, by the interface's index. */
  leaveOn(interfaceIndex: number, address: IpAddress): Status {
    const outgoing = this.ip.interfaceAt(Math.max(interfaceIndex, 0));
    return outgoing === null ? NX_INVALID_INTERFACE : this.leave(outgoing, address);
  }

  private find(outgoing: IpInterface, address: IpAddress): Membership | null {
    for (const each of this.members) {
      const other = each.address;
      if (each.outgoing !== outgoing || other.w3 !== address.w3 || other.family !== address.family) continue;
      if (other.w2 === address.w2 && other.w1 === address.w1 && other.w0 === address.w0) return each;
    }
    return null;
  }

  private count(family: number): number {
    let count = 0;
    for (const each of this.members) if (each.address.family === family && isChosen(each.address)) count++;
    return count;
  }

  private remove(member: Membership): void {
    const at = this.members.indexOf(member);
    if (at >= 0) this.members.splice(at, 1);
  }

  /** @internal To be called after deadlines of memberships have changed. */
  schedule(): void {
    this.alarm.set(this.nextDeadline());
  }

  nextDeadline(): number {
    let next = NEVER;
    for (const each of this.members) if (each.deadline < next) next = each.deadline;
    return next;
  }

  onTime(now: number): void {
    for (const each of this.members) {
      if (each.address.family === 4 && each.deadline <= now) this.igmp.due(each, now);
    }
    this.mld.onTime(now);
    for (let i = this.members.length - 1; i >= 0; i--) {
      const each = this.members[i] as Membership;
      if (each.joins === 0 && each.changesLeft === 0) this.members.splice(i, 1);
    }
  }

  /** @internal An interface goes: its memberships end without a word. */
  detach(outgoing: IpInterface): void {
    for (const member of this.members.filter((each) => each.outgoing === outgoing)) {
      const { address } = member;
      if (member.joins > 0 && address.family === 4)
        outgoing.link?.leaveGroup(0x0100, 0x5e000000 | (address.w3 & 0x7fffff));
      else if (member.joins > 0) outgoing.link?.leaveGroup(0x3333, address.w3);
      this.remove(member);
    }
    this.igmp.detach(outgoing);
    this.schedule();
  }

  /** Says nothing more about any group. */
  close(): void {
    for (const each of this.members) each.quiet();
  }
}

function isGroup(address: IpAddress): boolean {
  return address.family === 4 ? isMulticast(address.w3) : address.w0 >>> 24 === 0xff;
}

/** False for the groups that come with an address (RFC 4291 2.8): all hosts, all nodes, solicited nodes. */
function isChosen(address: IpAddress): boolean {
  const solicited = address.w0 === (0xff020000 | 0) && address.w2 === 1 && address.w3 >>> 24 === 0xff;
  return !solicited && !isEverybody(address);
}
