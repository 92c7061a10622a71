import {
  type Alarm,
  DROP_ARP_FLUSHED,
  DROP_ARP_QUEUE_FULL,
  DROP_ARP_UNRESOLVED,
  ERROR_HOST_UNREACHABLE,
  LINK_UNICAST,
  NEVER,
  type Packet,
  type Timed,
  TRACE_ARP_EXPIRED,
  TRACE_ARP_FAILED,
  TRACE_ARP_LEARNED,
  TRACE_ARP_QUEUED,
  TRACE_ARP_RECYCLED,
  TRACE_ARP_RELEASED,
} from '@strata/contracts';
import { type ArpRepr, ICMP_UNREACHABLE, ipv4Source, UNREACHABLE_HOST } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import { NEIGHBOUR_DYNAMIC, NEIGHBOUR_INCOMPLETE, NEIGHBOUR_STATIC, type Neighbour } from '../neighbour.ts';
import type { ArpPolicy } from '../policy.ts';
import type { Arp } from './arp.ts';

/** Turns addresses into link addresses: asks, repeats, gives up, learns, forgets. One alarm serves the whole cache. */
export class ArpResolution implements Timed {
  private readonly arp: Arp;
  private readonly policy: ArpPolicy;
  private readonly alarm: Alarm;
  /** Where NetX's slow timer began to count. */
  private readonly phase: number;
  /** Packets that wait, for all addresses together, and how many may: strangers' addresses must not hold the whole pool. */
  private waiting: number;
  private readonly waitingLimit: number;

  constructor(arp: Arp, policy: ArpPolicy) {
    this.arp = arp;
    this.policy = policy;
    this.phase = arp.ip.time.now;
    this.waiting = 0;
    this.waitingLimit = Math.max(policy.queueLimit, arp.ip.pool.available >> 2);
    this.alarm = arp.ip.time.alarm(this);
  }

  nextDeadline(): number {
    return this.arp.cache.nextDeadline();
  }

  onTime(now: number): void {
    for (const entry of this.arp.cache.all) {
      if (entry.deadline > now) continue;
      if (entry.state === NEIGHBOUR_INCOMPLETE) this.retry(entry);
      else this.expire(entry);
    }
  }

  /** The moment `interval` from now; on NetX's grid, the tick at which a counter of that many ticks reaches zero. */
  private after(interval: number): number {
    const now = this.arp.ip.time.now;
    const grid = this.policy.timerGrid;
    if (grid === 0) return now + interval;
    return this.phase + (Math.floor((now - this.phase) / grid) + Math.ceil(interval / grid)) * grid;
  }

  /** Takes the packet; the oldest goes when too many wait (RFC 1122 2.3.2.2 wants the newest kept). */
  enqueue(entry: Neighbour, packet: Packet): void {
    const ip = this.arp.ip;
    entry.usedAt = this.arp.cache.tick();
    if (entry.waiting === entry.queue.length) this.dropOldest(entry);
    if (this.waiting >= this.waitingLimit) this.dropOldest(this.arp.cache.longestWaiting());
    this.waiting++;
    entry.queue[entry.waiting++] = packet;
    packet.holder = 'arp queue';
    if (ip.tracer !== null) ip.tracer.event(TRACE_ARP_QUEUED, entry.address, entry.waiting, 0, 0, packet);
    if (entry.requests === 0) this.ask(entry);
  }

  private dropOldest(entry: Neighbour | null): void {
    if (entry === null) return;
    const oldest = entry.queue[0] as Packet;
    entry.queue.copyWithin(0, 1);
    entry.queue[--entry.waiting] = null;
    this.waiting--;
    this.arp.ip.dropOutgoing(oldest, DROP_ARP_QUEUE_FULL);
  }

  /** Sends the first request for an unresolved entry. */
  ask(entry: Neighbour): void {
    if (entry.state !== NEIGHBOUR_INCOMPLETE) this.unresolve(entry);
    if (entry.requests > 0) return;
    this.request(entry);
  }

  /** Asks again for an address that is known: whoever has it now answers, and the entry follows. */
  verify(entry: Neighbour): void {
    if (entry.state !== NEIGHBOUR_DYNAMIC) return;
    const outgoing = this.arp.ip.interfaceAt(entry.interfaceIndex);
    if (outgoing !== null) this.arp.sendRequest(outgoing, outgoing.address, entry.address, 1);
  }

  private request(entry: Neighbour): void {
    const outgoing = this.arp.ip.interfaceAt(entry.interfaceIndex);
    entry.requests++;
    entry.deadline = this.after(this.policy.retryInterval);
    this.alarm.set(this.nextDeadline());
    if (outgoing !== null) this.arp.sendRequest(outgoing, outgoing.address, entry.address, entry.requests);
  }

  /** A known entry becomes unknown; flows notice. */
  private unresolve(entry: Neighbour): void {
    this.arp.cache.setState(entry, NEIGHBOUR_INCOMPLETE);
    entry.requests = 0;
  }

  private retry(entry: Neighbour): void {
    if (entry.requests <= this.policy.retries) {
      this.request(entry);
      return;
    }
    const tracer = this.arp.ip.tracer;
    if (tracer !== null) tracer.event(TRACE_ARP_FAILED, entry.address, entry.requests, entry.waiting, 0, null);
    this.forget(entry, DROP_ARP_UNRESOLVED);
  }

  private expire(entry: Neighbour): void {
    this.arp.counters.agedEntries++;
    const tracer = this.arp.ip.tracer;
    if (tracer !== null) tracer.event(TRACE_ARP_EXPIRED, entry.address, 0, 0, 0, null);
    this.forget(entry, DROP_ARP_FLUSHED);
  }

  /** Makes room for `address`. */
  recycle(victim: Neighbour, address: number): void {
    const tracer = this.arp.ip.tracer;
    if (tracer !== null) tracer.event(TRACE_ARP_RECYCLED, victim.address, address, 0, 0, null);
    this.forget(victim, DROP_ARP_FLUSHED);
  }

  /** Removes an entry, drops the packets that wait for it, and tells their transports if that is the policy. */
  forget(entry: Neighbour, reason: number): void {
    const ip = this.arp.ip;
    const count = entry.waiting;
    const report = reason === DROP_ARP_UNRESOLVED && this.policy.reportUnresolved;
    entry.waiting = 0;
    this.waiting -= count;
    const waiting = count === 0 ? [] : entry.queue.slice(0, count);
    entry.queue.fill(null);
    this.arp.cache.remove(entry);
    ip.generation++;
    if (reason === DROP_ARP_UNRESOLVED) {
      ip.redirects.forgetGateway(entry.address);
      ip.routes.gatewayFailed(entry.address);
    }
    for (const packet of waiting as Packet[]) {
      if (reason === DROP_ARP_UNRESOLVED && !ip.ownsAddress(ipv4Source(packet.view, packet.ipHeader))) {
        ip.icmp.errors.send(packet, LINK_UNICAST, ICMP_UNREACHABLE, UNREACHABLE_HOST, 0);
        ip.dropOutgoing(packet, reason);
        continue;
      }
      if (report) ip.icmp.errors.readQuote(packet, ERROR_HOST_UNREACHABLE, ICMP_UNREACHABLE, UNREACHABLE_HOST, 0);
      ip.dropOutgoing(packet, reason);
      if (report) ip.icmp.errors.tellTransport();
    }
  }

  /**
   * What an ARP packet teaches (RFC 826, "Packet Reception"): an entry that exists is brought up to date; a new one is made
   * when we are the target of a request, or, if the policy is NetX's, of any request. A reply makes none: either we asked,
   * and the entry is there, or nobody asked for it. Static entries stand.
   */
  learn(repr: ArpRepr, incoming: IpInterface, request: boolean, forUs: boolean): void {
    const address = repr.senderAddress;
    if (address === 0 || incoming.address === 0) return;
    let entry = this.arp.cache.find(incoming.index, address);
    if (entry === null) {
      if (!request || !(forUs || this.policy.learnFromRequests)) return;
      if (((address ^ incoming.address) & incoming.mask) !== 0) return;
      entry = this.arp.makeEntry(incoming.index, address);
      if (entry === null) return;
    }
    if (entry.state !== NEIGHBOUR_STATIC) this.resolve(entry, NEIGHBOUR_DYNAMIC, repr.senderMsw, repr.senderLsw);
  }

  /** Gives the entry a link address and sends what waited for it. */
  resolve(entry: Neighbour, state: number, msw: number, lsw: number): void {
    const ip = this.arp.ip;
    const cache = this.arp.cache;
    if (entry.state !== state || entry.msw !== msw || entry.lsw !== lsw) {
      if (ip.tracer !== null) ip.tracer.event(TRACE_ARP_LEARNED, entry.address, msw, lsw, entry.interfaceIndex, null);
    }
    cache.setState(entry, state);
    entry.msw = msw;
    entry.lsw = lsw;
    entry.heardAt = cache.tick();
    entry.requests = 0;
    entry.deadline = state === NEIGHBOUR_DYNAMIC && this.policy.expiry > 0 ? this.after(this.policy.expiry) : NEVER;
    if (entry.deadline !== NEVER) this.alarm.set(this.nextDeadline());
    const count = entry.waiting;
    if (count === 0) return;
    if (ip.tracer !== null) ip.tracer.event(TRACE_ARP_RELEASED, entry.address, count, 0, 0, null);
    const outgoing = ip.interfaceAt(entry.interfaceIndex);
    entry.waiting = 0;
    this.waiting -= count;
    for (let i = 0; i < count; i++) {
      const packet = entry.queue[i] as Packet;
      entry.queue[i] = null;
      packet.holder = '';
      if (outgoing === null) ip.dropOutgoing(packet, DROP_ARP_FLUSHED);
      else ip.transmit(packet, outgoing, msw, lsw);
    }
  }
}
