import {
  type Alarm,
  DROP_ND_FLUSHED,
  DROP_ND_QUEUE_FULL,
  DROP_ND_UNRESOLVED,
  ERROR_HOST_UNREACHABLE,
  type IpAddress,
  LINK_UNICAST,
  NEVER,
  type Packet,
  type Timed,
  TRACE_ND_DELAY,
  TRACE_ND_FAILED,
  TRACE_ND_INCOMPLETE,
  TRACE_ND_PROBE,
  TRACE_ND_QUEUED,
  TRACE_ND_REACHABLE,
  TRACE_ND_RECYCLED,
  TRACE_ND_STALE,
} from '@strata/contracts';
import { ICMPV6_UNREACHABLE, IPV6_SOURCE, ipv6AddressAt, UNREACHABLE6_ADDRESS } from '@strata/wire';
import type { IpInterface } from '../interface.ts';
import type { Ipv6Policy } from '../ipv6/policy.ts';
import type { NdCache } from './cache.ts';
import { ND_DELAY, ND_INCOMPLETE, ND_PROBE, ND_REACHABLE, ND_STALE, ND_STATIC, type NdEntry } from './entry.ts';
import type { Nd } from './nd.ts';

/**
 * Address resolution and Neighbor Unreachability Detection (RFC 4861 7.2, 7.3): asks, repeats, gives up, delays, probes. One
 * alarm serves the whole cache. REACHABLE ends without an alarm: the first packet after its time finds it STALE.
 */
export class NdResolution implements Timed {
  private readonly nd: Nd;
  private readonly policy: Ipv6Policy;
  private readonly cache: NdCache;
  private readonly alarm: Alarm;
  /** Packets that wait, for all neighbors together, and how many may: strangers' addresses must not hold the whole pool. */
  private waiting: number;
  private readonly waitingLimit: number;

  constructor(nd: Nd, policy: Ipv6Policy, cache: NdCache) {
    this.nd = nd;
    this.policy = policy;
    this.cache = cache;
    this.waiting = 0;
    this.waitingLimit = Math.max(policy.queueLimit, nd.ip.pool.available >> 2);
    this.alarm = nd.ip.time.alarm(this);
  }

  nextDeadline(): number {
    return this.cache.nextDeadline();
  }

  onTime(now: number): void {
    for (const entry of this.cache.all) {
      if (entry.deadline > now) continue;
      if (entry.state === ND_INCOMPLETE) this.retry(entry);
      else if (entry.state === ND_DELAY) this.beginProbe(entry);
      else if (entry.state === ND_PROBE) this.probe(entry);
      else entry.deadline = NEVER;
    }
  }

  /**
   * Sends a packet whose IPv6 header is at `prepend` to a neighbor, or keeps it until the neighbor is resolved. A STALE
   * neighbor gets it and some time to show that it is there. Takes the packet.
   */
  transmit(entry: NdEntry, packet: Packet): void {
    entry.usedAt = this.cache.tick();
    if (entry.state === ND_INCOMPLETE) {
      this.enqueue(entry, packet);
      return;
    }
    if (entry.state === ND_REACHABLE && this.nd.ip.time.now >= entry.reachableUntil) this.becomeStale(entry);
    if (entry.state === ND_STALE) this.delay(entry, packet);
    this.nd.put(entry, packet);
  }

  /** The probes that may follow come from where the packet comes from (RFC 4861 7.2.2). */
  private delay(entry: NdEntry, packet: Packet): void {
    entry.state = ND_DELAY;
    entry.solicits = 0;
    entry.source = ipv6AddressAt(packet.view, packet.ipHeader + IPV6_SOURCE);
    this.schedule(entry, this.nd.afterSlow(this.policy.delayFirstProbe));
    this.trace(TRACE_ND_DELAY, entry);
  }

  private beginProbe(entry: NdEntry): void {
    entry.state = ND_PROBE;
    entry.solicits = 0;
    this.trace(TRACE_ND_PROBE, entry);
    if (this.policy.fastGrid === 0) this.probe(entry);
    else this.schedule(entry, this.nd.afterFast(1));
  }

  private probe(entry: NdEntry): void {
    if (entry.solicits >= this.policy.unicastSolicits) {
      this.fail(entry);
      return;
    }
    this.solicit(entry, true);
  }

  /** Takes the packet; the oldest goes when too many wait (RFC 4861 7.2.2). */
  private enqueue(entry: NdEntry, packet: Packet): void {
    if (entry.waiting === entry.queue.length) this.dropOldest(entry);
    if (this.waiting >= this.waitingLimit) this.dropOldest(this.cache.longestWaiting());
    this.waiting++;
    entry.queue[entry.waiting++] = packet;
    packet.holder = 'nd queue';
    this.trace(TRACE_ND_QUEUED, entry, packet);
    if (entry.solicits === 0) this.ask(entry, ipv6AddressAt(packet.view, packet.ipHeader + IPV6_SOURCE));
  }

  private dropOldest(entry: NdEntry | null): void {
    if (entry === null) return;
    const oldest = entry.queue[0] as Packet;
    entry.queue.copyWithin(0, 1);
    entry.queue[--entry.waiting] = null;
    this.waiting--;
    this.nd.dropOutgoing(oldest, DROP_ND_QUEUE_FULL);
  }

  /** Sends the first solicitation for an unresolved entry, from `source` if that is ours. */
  ask(entry: NdEntry, source: IpAddress): void {
    entry.source = source;
    this.trace(TRACE_ND_INCOMPLETE, entry);
    this.solicit(entry, false);
  }

  private retry(entry: NdEntry): void {
    if (entry.solicits >= this.policy.multicastSolicits) this.fail(entry);
    else this.solicit(entry, false);
  }

  private solicit(entry: NdEntry, unicast: boolean): void {
    entry.solicits++;
    const outgoing = this.nd.ip.interfaceAt(entry.interfaceIndex) as IpInterface;
    this.schedule(entry, this.nd.afterFast(outgoing.ipv6.retransTimer, 1));
    this.nd.messages.solicit(outgoing, entry.address, entry.source, unicast ? entry : null);
  }

  private fail(entry: NdEntry): void {
    this.trace(TRACE_ND_FAILED, entry);
    this.forget(entry, DROP_ND_UNRESOLVED);
  }

  /** Makes room in the cache. */
  recycle(victim: NdEntry): void {
    this.trace(TRACE_ND_RECYCLED, victim);
    this.forget(victim, DROP_ND_FLUSHED);
  }

  /** Removes an entry, drops the packets that wait for it, and tells their transports if that is the policy. */
  forget(entry: NdEntry, reason: number): void {
    const ip = this.nd.ip;
    const count = entry.waiting;
    const report = reason === DROP_ND_UNRESOLVED && this.policy.reportUnresolved;
    entry.waiting = 0;
    this.waiting -= count;
    const waiting = count === 0 ? [] : entry.queue.slice(0, count);
    entry.queue.fill(null);
    this.cache.remove(entry);
    ip.generation++;
    // RFC 4861 7.3.3: what went over it takes another way from now on.
    if (reason === DROP_ND_UNRESOLVED) ip.ipv6.destinations.forgetNextHop(entry.interfaceIndex, entry.address);
    const errors = ip.icmpv6.errors;
    for (const packet of waiting as Packet[]) {
      if (reason === DROP_ND_UNRESOLVED && this.isForwarded(packet)) {
        errors.send(packet, LINK_UNICAST, ICMPV6_UNREACHABLE, UNREACHABLE6_ADDRESS, 0);
        this.nd.dropOutgoing(packet, reason);
        continue;
      }
      const told = report && errors.readQuote(packet, ERROR_HOST_UNREACHABLE, ICMPV6_UNREACHABLE, UNREACHABLE6_ADDRESS);
      this.nd.dropOutgoing(packet, reason);
      if (told) errors.tellTransport();
    }
  }

  /** A packet of somebody else, which this router sends on. */
  private isForwarded(packet: Packet): boolean {
    const { w0, w1, w2, w3 } = ipv6AddressAt(packet.view, packet.ipHeader + IPV6_SOURCE);
    return !this.nd.ip.ipv6.owns(w0, w1, w2, w3);
  }

  /** Gives the entry a link address and a state (STALE, REACHABLE, STATIC), and sends what waited for it. */
  resolve(entry: NdEntry, state: number, msw: number, lsw: number): void {
    entry.msw = msw;
    entry.lsw = lsw;
    if (state === ND_REACHABLE) this.becomeReachable(entry);
    else if (state === ND_STATIC) {
      entry.state = ND_STATIC;
      entry.deadline = NEVER;
    } else this.becomeStale(entry);
    const count = entry.waiting;
    if (count === 0) return;
    entry.waiting = 0;
    this.waiting -= count;
    for (let i = 0; i < count; i++) {
      const packet = entry.queue[i] as Packet;
      entry.queue[i] = null;
      packet.holder = '';
      this.transmit(entry, packet);
    }
  }

  becomeReachable(entry: NdEntry): void {
    const ip = this.nd.ip;
    const time = (ip.interfaceAt(entry.interfaceIndex) as IpInterface).ipv6.reachableTime;
    const changed = entry.state !== ND_REACHABLE;
    entry.state = ND_REACHABLE;
    entry.reachableUntil = this.nd.afterSlow(time);
    entry.deadline = NEVER;
    entry.solicits = 0;
    entry.heardAt = this.cache.tick();
    if (changed) this.trace(TRACE_ND_REACHABLE, entry);
  }

  becomeStale(entry: NdEntry): void {
    const changed = entry.state !== ND_STALE;
    entry.state = ND_STALE;
    entry.deadline = NEVER;
    entry.solicits = 0;
    entry.heardAt = this.cache.tick();
    if (changed) this.trace(TRACE_ND_STALE, entry);
  }

  /** A transport makes none: what is REACHABLE is STALE from now on, so the next packet leads to a probe. */
  doubt(entry: NdEntry): void {
    if (entry.state === ND_REACHABLE) this.becomeStale(entry);
  }

  /** A transport made progress: what it sends arrives (RFC 4861 7.3.1). */
  confirm(entry: NdEntry): void {
    if (entry.state === ND_REACHABLE) {
      const outgoing = this.nd.ip.interfaceAt(entry.interfaceIndex) as IpInterface;
      entry.reachableUntil = this.nd.afterSlow(outgoing.ipv6.reachableTime);
    } else if (entry.state >= ND_STALE && entry.state <= ND_PROBE) this.becomeReachable(entry);
  }

  private schedule(entry: NdEntry, deadline: number): void {
    entry.deadline = deadline;
    this.alarm.set(this.cache.nextDeadline());
  }

  private trace(id: number, entry: NdEntry, packet: Packet | null = null): void {
    const tracer = this.nd.ip.tracer;
    if (tracer === null) return;
    const { w0, w1, w2, w3 } = entry.address;
    tracer.event(id, w0, w1, w2, w3, packet);
  }
}
