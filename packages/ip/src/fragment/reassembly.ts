import {
  type Alarm,
  DROP_FRAGMENT_BEYOND,
  DROP_FRAGMENT_CLOSED,
  DROP_FRAGMENT_DATAGRAM_FULL,
  DROP_FRAGMENT_DUPLICATE,
  DROP_FRAGMENT_ECN,
  DROP_FRAGMENT_EMPTY,
  DROP_FRAGMENT_END,
  DROP_FRAGMENT_LENGTH,
  DROP_FRAGMENT_MEMORY_FULL,
  DROP_FRAGMENT_OVERLAP,
  DROP_FRAGMENT_REFUSED,
  DROP_FRAGMENT_SOURCE_FULL,
  DROP_FRAGMENT_TIMEOUT,
  LINK_UNICAST,
  NEVER,
  type Packet,
  type Timed,
  TRACE_IP_FRAGMENT_KEPT,
  TRACE_IP_REASSEMBLED,
  TRACE_IP_REASSEMBLY_EVICTED,
  TRACE_IP_REASSEMBLY_TIMEOUT,
} from '@strata/contracts';
import { pullUp } from '../contiguous.ts';
import type { IpInstance } from '../instance.ts';
import type { FragmentPolicy } from '../policy.ts';
import {
  FragmentRecord,
  PARTIAL_COLLECTING,
  PARTIAL_FREE,
  PARTIAL_REFUSED,
  PartialDatagram,
  PLACE_DUPLICATE,
  PLACE_OVERLAP,
} from './datagram.ts';

/** The ECN codepoint "congestion experienced". */
const ECN_CE = 3;
/** Octets that transports want to find in one piece at the front of a datagram: the largest TCP header. */
const CONTIGUOUS = 64;

/** Whoever sends the ICMP errors of a family. */
export interface ReassemblyOwner {
  /**
   * The time of a datagram is over, of which `first` is the fragment at offset 0: `ipHeader` is at its IP header and
   * `prepend` at its data. The packet stays the caller's.
   */
  reassemblyTimedOut(first: Packet, cast: number): void;
}

/**
 * Puts the fragments of both families together (RFC 791 3.2, RFC 815, RFC 8200 4.5).
 *
 * Fragments may come in any order and by any interface. Overlapping ones, and ones that disagree about the end, make the
 * whole datagram be dropped in silence, and what still comes of it too (RFC 5722 4; for IPv4 the same rule, since RFC 791's
 * "newer data wins" is what teardrop and filter evasion live on). An exact copy of a fragment is ignored. The timer runs from
 * the first fragment to come and is not restarted (RFC 1122 3.3.2, RFC 8200 4.5).
 *
 * Memory is bounded in packets: for one datagram, for one source, for all. When the last bound is reached the oldest datagram
 * makes room, so that a flood of fragments without a rest delays nobody for longer than the flood lasts.
 */
export class Reassembly implements Timed {
  /** Describes the fragment handed to {@link accept}; fill it in first. */
  readonly fragment: FragmentRecord;
  /** Of the datagram returned last: its ECN codepoint, and the LINK_ constant of its fragments. */
  ecn: number;
  cast: number;
  private readonly ip: IpInstance;
  private readonly policy: FragmentPolicy;
  private readonly records: PartialDatagram[];
  private readonly alarm: Alarm;
  private readonly owners: [ReassemblyOwner | null, ReassemblyOwner | null];
  /** Packets held, and how many may be. */
  private held: number;
  private readonly totalLimit: number;

  constructor(ip: IpInstance, policy: FragmentPolicy) {
    this.ip = ip;
    this.policy = policy;
    this.fragment = new FragmentRecord();
    this.ecn = 0;
    this.cast = 0;
    this.records = [];
    this.owners = [null, null];
    this.held = 0;
    this.totalLimit = Math.max(2, Math.floor(ip.pool.available * policy.poolShare));
    this.alarm = ip.time.alarm(this);
  }

  /** Names who sends the errors of a family. */
  setOwner(family: number, owner: ReassemblyOwner): void {
    this.owners[family === 4 ? 0 : 1] = owner;
  }

  /** Packets that wait for the rest of their datagram now. */
  get packetsHeld(): number {
    return this.held;
  }

  /** Datagrams of which a part is here. */
  get waiting(): number {
    let count = 0;
    for (const record of this.records) if (record.state === PARTIAL_COLLECTING) count++;
    return count;
  }

  /**
   * Takes one fragment, described by {@link fragment}, and owns it: `prepend` is at its data, `length` is exact, `ipHeader` at
   * the IP header. Returns the datagram when this was its last missing piece: the packet of the first fragment, its headers
   * still in front, with the rest of the data behind or chained to it. Otherwise null.
   */
  accept(packet: Packet): Packet | null {
    const key = this.fragment;
    const length = packet.length;
    const start = key.offset;
    const end = start + length;
    // NetX: below the low watermark of the pool fragments are the first to go.
    const fault = this.ip.pool.isLow === true ? DROP_FRAGMENT_MEMORY_FULL : faultOf(key, length);
    let record = this.find(key);
    if (fault !== 0) {
      this.drop(packet, fault);
      return null;
    }
    if (record === null) record = this.begin(key);
    else if (record.state === PARTIAL_REFUSED) {
      this.drop(packet, DROP_FRAGMENT_REFUSED);
      return null;
    }
    const conflict = key.more ? record.end >= 0 && end > record.end : this.endsElsewhere(record, end);
    if (conflict) {
      this.refuse(record, packet, DROP_FRAGMENT_END);
      return null;
    }
    const place = record.fragments < this.policy.maximumFragments ? record.place(start, end) : -1;
    if (place < 0) {
      this.refuse(record, packet, DROP_FRAGMENT_DATAGRAM_FULL);
      return null;
    }
    if (place === PLACE_OVERLAP || (place === PLACE_DUPLICATE && !record.holdsSame(packet, start))) {
      this.refuse(record, packet, DROP_FRAGMENT_OVERLAP);
      return null;
    }
    if (place === PLACE_DUPLICATE) {
      this.drop(packet, DROP_FRAGMENT_DUPLICATE);
      return null;
    }
    packet.holder = 'reassembly';
    const before = record.packets;
    if (!key.more) record.end = end;
    if (key.cast !== LINK_UNICAST) record.cast = key.cast;
    record.ecnSeen |= 1 << key.ecn;
    const tracer = this.ip.tracer;
    if (tracer !== null) {
      tracer.event(TRACE_IP_FRAGMENT_KEPT, key.identification, start, length, this.held + 1, packet);
    }
    record.insert(packet, start, length);
    this.held += record.packets - before;
    if (record.complete) return this.finish(record);
    this.limit(record);
    return null;
  }

  private endsElsewhere(record: PartialDatagram, end: number): boolean {
    return record.end >= 0 ? record.end !== end : record.reach > end;
  }

  private find(key: FragmentRecord): PartialDatagram | null {
    for (const record of this.records) if (record.state !== PARTIAL_FREE && record.matches(key)) return record;
    return null;
  }

  /** A record for a new datagram; when all are taken, that of a refused one or of the oldest. */
  private begin(key: FragmentRecord): PartialDatagram {
    let chosen: PartialDatagram | null = null;
    for (const record of this.records) {
      if (record.state === PARTIAL_FREE) {
        chosen = record;
        break;
      }
      if (chosen === null || record.state > chosen.state || older(record, chosen)) chosen = record;
    }
    if ((chosen === null || chosen.state !== PARTIAL_FREE) && this.records.length < this.policy.maximumDatagrams) {
      chosen = new PartialDatagram();
      this.records.push(chosen);
    }
    const record = chosen as PartialDatagram;
    if (record.state === PARTIAL_COLLECTING) this.evict(record, DROP_FRAGMENT_MEMORY_FULL);
    const timeout = key.family === 4 ? this.policy.timeoutIpv4 : this.policy.timeoutIpv6;
    record.begin(key, this.ip.time.now + timeout);
    this.alarm.set(this.nextDeadline());
    return record;
  }

  /** Brings the memory held back within its bounds after a packet was kept for `record`. */
  private limit(record: PartialDatagram): void {
    const policy = this.policy;
    if (record.packets > policy.datagramPackets) {
      this.evict(record, DROP_FRAGMENT_DATAGRAM_FULL);
      return;
    }
    let ofSource = 0;
    for (const each of this.records) {
      if (each.state === PARTIAL_COLLECTING && each.sameSource(this.fragment)) ofSource += each.packets;
    }
    while (ofSource > policy.sourcePackets) {
      const victim = this.oldest(record, true) ?? record;
      ofSource -= victim.packets;
      this.evict(victim, DROP_FRAGMENT_SOURCE_FULL);
    }
    while (this.held > this.totalLimit) this.evict(this.oldest(record, false) ?? record, DROP_FRAGMENT_MEMORY_FULL);
  }

  /** The oldest datagram but `except`, of the same source only if so asked. */
  private oldest(except: PartialDatagram, ofSource: boolean): PartialDatagram | null {
    let found: PartialDatagram | null = null;
    for (const record of this.records) {
      if (record === except || record.state !== PARTIAL_COLLECTING || record.packets === 0) continue;
      if (ofSource && !record.sameSource(this.fragment)) continue;
      if (found === null || older(record, found)) found = record;
    }
    return found;
  }

  /** Gives a datagram up for want of room; what still comes of it is not collected again. */
  private evict(record: PartialDatagram, reason: number): void {
    const ip = this.ip;
    ip.counters.reassemblyEvictions++;
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_IP_REASSEMBLY_EVICTED, record.identification, record.packets, reason, 0, null);
    }
    this.discard(record, reason);
  }

  /** Discards a datagram and the fragment that showed why, and what comes of it until its time is over. */
  private refuse(record: PartialDatagram, packet: Packet, reason: number): void {
    this.discard(record, reason);
    this.drop(packet, reason);
  }

  private drop(packet: Packet, reason: number): void {
    this.ip.counters.receivePacketsDropped++;
    this.ip.drop(packet, reason);
  }

  private discard(record: PartialDatagram, reason: number): void {
    this.held -= record.packets;
    record.packets = 0;
    record.state = PARTIAL_REFUSED;
    let packet = record.head;
    record.head = null;
    while (packet !== null) {
      const next: Packet | null = packet.queueNext;
      packet.queueNext = null;
      this.drop(packet, reason);
      packet = next;
    }
  }

  /** Links the packets to one datagram. */
  private finish(record: PartialDatagram): Packet | null {
    const ip = this.ip;
    const mixed = (record.ecnSeen & 1) !== 0 && (record.ecnSeen & (1 << ECN_CE)) !== 0;
    if (mixed) {
      // RFC 3168 5.3: such fragments cannot come from one datagram of an honest network.
      this.discard(record, DROP_FRAGMENT_ECN);
      return null;
    }
    const head = record.head as Packet;
    let tail = head.last ?? head;
    let part = head.queueNext;
    head.queueNext = null;
    while (part !== null) {
      const following: Packet | null = part.queueNext;
      part.queueNext = null;
      part.holder = '';
      tail.next = part;
      tail = part.last ?? part;
      part.last = null;
      part = following;
    }
    head.last = tail === head ? null : tail;
    head.length = record.received;
    head.holder = '';
    head.sequence = 0;
    head.sequenceLength = 0;
    pullUp(head, CONTIGUOUS);
    this.ecn = (record.ecnSeen & (1 << ECN_CE)) !== 0 ? ECN_CE : (31 - Math.clz32(record.ecnSeen)) & 3;
    this.cast = record.cast;
    this.held -= record.packets;
    record.head = null;
    record.packets = 0;
    record.state = PARTIAL_FREE;
    ip.counters.datagramsReassembled++;
    if (ip.tracer !== null) {
      ip.tracer.event(TRACE_IP_REASSEMBLED, record.identification, record.received, record.fragments, 0, head);
    }
    return head;
  }

  nextDeadline(): number {
    let next = NEVER;
    for (const record of this.records) {
      if (record.state !== PARTIAL_FREE && record.deadline < next) next = record.deadline;
    }
    return next;
  }

  onTime(now: number): void {
    for (const record of this.records) {
      if (record.state === PARTIAL_FREE || record.deadline > now) continue;
      if (record.state === PARTIAL_COLLECTING) this.timeOut(record);
      record.state = PARTIAL_FREE;
    }
  }

  private timeOut(record: PartialDatagram): void {
    const ip = this.ip;
    ip.counters.reassemblyTimeouts++;
    if (ip.tracer !== null) {
      const { identification, received, fragments } = record;
      ip.tracer.event(TRACE_IP_REASSEMBLY_TIMEOUT, identification, received, fragments, 0, null);
    }
    const first = record.head;
    // RFC 792, RFC 8200 4.5: without the first fragment nobody could tell what the error is about.
    if (first !== null && first.sequence === 0) {
      this.owners[record.family === 4 ? 0 : 1]?.reassemblyTimedOut(first, record.cast);
    }
    this.discard(record, DROP_FRAGMENT_TIMEOUT);
  }

  /** Gives up everything. */
  close(): void {
    for (const record of this.records) {
      if (record.state === PARTIAL_COLLECTING) this.discard(record, DROP_FRAGMENT_CLOSED);
      record.state = PARTIAL_FREE;
    }
  }
}

/** What is wrong with a fragment by itself: 0 or a DROP_ reason. */
function faultOf(key: FragmentRecord, length: number): number {
  if (length === 0) return DROP_FRAGMENT_EMPTY;
  if (key.more && (length & 7) !== 0) return DROP_FRAGMENT_LENGTH;
  return key.offset + length > key.limit ? DROP_FRAGMENT_BEYOND : 0;
}

function older(a: PartialDatagram, b: PartialDatagram): boolean {
  return a.state === b.state && a.deadline < b.deadline;
}
