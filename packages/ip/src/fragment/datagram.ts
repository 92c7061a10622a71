import type { IpFamily, Packet } from '@strata/contracts';

/** States of a {@link PartialDatagram}. */
export const PARTIAL_FREE = 0;
export const PARTIAL_COLLECTING = 1;
/** Discarded for a fault; what still comes of it is dropped until the time is over (RFC 5722 4). */
export const PARTIAL_REFUSED = 2;

/** What {@link PartialDatagram.place} found. */
export const PLACE_NEW = 0;
export const PLACE_DUPLICATE = 1;
export const PLACE_OVERLAP = 2;

/** What IP says of one fragment. One record, filled again for each; addresses as four int32 words, IPv4 in word 3. */
export class FragmentRecord {
  family: IpFamily;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  /** IPv4's protocol; 0 for IPv6, where it is no part of the key (RFC 8200 4.5). */
  protocol: number;
  identification: number;
  /** Interface that is part of the key, or -1: fragments of one datagram may come by different interfaces. */
  zone: number;
  /** Of the fragment's data, in octets. */
  offset: number;
  more: boolean;
  /** The most data a datagram with these headers can have. */
  limit: number;
  /** One of the LINK_ constants. */
  cast: number;
  /** ECN codepoint, the lower two bits of the type of service or traffic class. */
  ecn: number;

  constructor() {
    this.family = 4;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
    this.protocol = 0;
    this.identification = 0;
    this.zone = -1;
    this.offset = 0;
    this.more = false;
    this.limit = 0xffff;
    this.cast = 0;
    this.ecn = 0;
  }
}

/** Fragments that the bounds table holds at first; it doubles as it fills. */
const INITIAL_BOUNDS = 16;

/**
 * One datagram of which some fragments have come. The data lies in the fragments' own packets, a list by offset through
 * `queueNext`, with `sequence` and `sequenceLength` as first and last octet + 1; a fragment that fits behind its neighbour
 * moves there, so that many small ones do not hold many packets. The bounds of every fragment are kept apart, because
 * overlaps and duplicates are judged by them.
 */
export class PartialDatagram {
  state: number;
  family: IpFamily;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  protocol: number;
  identification: number;
  zone: number;
  /** When to give up, in microseconds. */
  deadline: number;
  /** The packets by offset. */
  head: Packet | null;
  /** Pool packets held. */
  packets: number;
  fragments: number;
  /** Octets received. */
  received: number;
  /** Where the datagram ends, or -1 before the last fragment came. */
  end: number;
  /** A cast of any fragment other than unicast, if there was one. */
  cast: number;
  /** Bit n: a fragment had ECN codepoint n. */
  ecnSeen: number;
  private starts: Uint16Array;
  private ends: Uint16Array;

  constructor() {
    this.state = PARTIAL_FREE;
    this.family = 4;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
    this.protocol = 0;
    this.identification = 0;
    this.zone = -1;
    this.deadline = 0.5;
    this.deadline = Number.POSITIVE_INFINITY;
    this.head = null;
    this.packets = 0;
    this.fragments = 0;
    this.received = 0;
    this.end = -1;
    this.cast = 0;
    this.ecnSeen = 0;
    this.starts = new Uint16Array(INITIAL_BOUNDS);
    this.ends = new Uint16Array(INITIAL_BOUNDS);
  }

  begin(key: FragmentRecord, deadline: number): void {
    this.state = PARTIAL_COLLECTING;
    this.family = key.family;
    this.source0 = key.source0;
    this.source1 = key.source1;
    this.source2 = key.source2;
    this.source3 = key.source3;
    this.destination0 = key.destination0;
    this.destination1 = key.destination1;
    this.destination2 = key.destination2;
    this.destination3 = key.destination3;
    this.protocol = key.protocol;
    this.identification = key.identification;
    this.zone = key.zone;
    this.deadline = deadline;
    this.head = null;
    this.packets = 0;
    this.fragments = 0;
    this.received = 0;
    this.end = -1;
    this.cast = 0;
    this.ecnSeen = 0;
  }

  matches(key: FragmentRecord): boolean {
    return (
      this.identification === key.identification &&
      this.source3 === key.source3 &&
      this.destination3 === key.destination3 &&
      this.protocol === key.protocol &&
      this.family === key.family &&
      this.source2 === key.source2 &&
      this.source1 === key.source1 &&
      this.source0 === key.source0 &&
      this.destination2 === key.destination2 &&
      this.destination1 === key.destination1 &&
      this.destination0 === key.destination0 &&
      this.zone === key.zone
    );
  }

  sameSource(key: FragmentRecord): boolean {
    return (
      this.source3 === key.source3 &&
      this.source2 === key.source2 &&
      this.source1 === key.source1 &&
      this.source0 === key.source0 &&
      this.family === key.family
    );
  }

  /** Where a fragment of octets `start..end-1` goes; notes its bounds when it is PLACE_NEW. */
  place(start: number, end: number): number {
    const { starts, ends } = this;
    const count = this.fragments;
    let at = count;
    if (count > 0 && (ends[count - 1] as number) > start) {
      let low = 0;
      while (low < at) {
        const middle = (low + at) >> 1;
        if ((starts[middle] as number) < start) low = middle + 1;
        else at = middle;
      }
      if (at < count && starts[at] === start && ends[at] === end) return PLACE_DUPLICATE;
      if (at < count && (starts[at] as number) < end) return PLACE_OVERLAP;
      if (at > 0 && (ends[at - 1] as number) > start) return PLACE_OVERLAP;
    }
    if (count === starts.length) this.grow();
    this.starts.copyWithin(at + 1, at, count);
    this.ends.copyWithin(at + 1, at, count);
    this.starts[at] = start;
    this.ends[at] = end;
    this.fragments = count + 1;
    return PLACE_NEW;
  }

  private grow(): void {
    const starts = new Uint16Array(this.starts.length * 2);
    const ends = new Uint16Array(this.ends.length * 2);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }

  /** The highest octet received, plus one. */
  get reach(): number {
    return this.fragments === 0 ? 0 : (this.ends[this.fragments - 1] as number);
  }

  /** True when every octet from the first to the last is here. */
  get complete(): boolean {
    return this.end >= 0 && this.received === this.end;
  }

  /** True when the octets of a fragment that is here already are the same. Chained parts are taken on trust. */
  holdsSame(packet: Packet, start: number): boolean {
    let run = this.head;
    while (run !== null && run.sequenceLength <= start) run = run.queueNext;
    if (run === null || run.next !== null || packet.next !== null) return true;
    const mine = run.bytes;
    const theirs = packet.bytes;
    let at = run.prepend + start - run.sequence;
    for (let i = packet.prepend; i < packet.append; i++, at++) if (mine[at] !== theirs[i]) return false;
    return true;
  }

  /**
   * Puts a packet of `length` octets at `start` into the list, which has room there, or moves its octets behind or before a
   * neighbour. Takes the packet. Keeps count of packets and octets.
   */
  insert(packet: Packet, start: number, length: number): void {
    this.received += length;
    let before: Packet | null = null;
    let after = this.head;
    while (after !== null && after.sequence < start) {
      before = after;
      after = after.queueNext;
    }
    packet.sequence = start;
    packet.sequenceLength = start + length;
    let placed = packet;
    if (before !== null && absorb(before, packet)) placed = before;
    else {
      packet.queueNext = after;
      if (before === null) this.head = packet;
      else before.queueNext = packet;
      this.packets += partsOf(packet);
    }
    if (after !== null && absorb(placed, after)) {
      placed.queueNext = after.queueNext;
      after.queueNext = null;
      this.packets -= 1;
      after.release();
    }
    if (placed === before) packet.release();
  }
}

/** Pool packets in a chain. */
export function partsOf(packet: Packet): number {
  let count = 1;
  for (let part = packet.next; part !== null; part = part.next) count++;
  return count;
}

/** Copies `from`'s octets behind `into`'s when they follow and fit. The packet itself stays the caller's. */
function absorb(into: Packet, from: Packet): boolean {
  if (into.sequenceLength !== from.sequence || into.next !== null || from.next !== null) return false;
  const count = from.append - from.prepend;
  if (into.bytes !== from.bytes || count > into.dataEnd - into.append) return false;
  into.bytes.copyWithin(into.append, from.prepend, from.append);
  into.append += count;
  into.length += count;
  into.sequenceLength = from.sequenceLength;
  return true;
}
