/** One row of a switch's table, as plain data. */
export interface ForwardingEntry {
  readonly vlan: number;
  readonly macMsw: number;
  readonly macLsw: number;
  readonly port: number;
  /** Microseconds since a frame from this address was last seen. */
  readonly ageMicroseconds: number;
}

/** What {@link ForwardingTable.learn} found out. */
export const LEARN_KNOWN = 0;
export const LEARN_NEW = 1;
export const LEARN_MOVED = 2;
export const LEARN_FULL = 3;

/** An address the switch knows. Recycled. */
export class LearnedAddress {
  vlan: number;
  msw: number;
  lsw: number;
  port: number;
  seenAt: number;
  next: LearnedAddress | null;

  constructor() {
    this.vlan = 0;
    this.msw = 0;
    this.lsw = 0;
    this.port = 0;
    this.seenAt = 0.5;
    this.seenAt = 0;
    this.next = null;
  }
}

/**
 * A filtering database (IEEE 802.1Q 8.8): which port each address of each VLAN was last seen at. Bounded; an entry that was
 * not seen for the ageing time no longer counts, and its room is reused when somebody needs it.
 */
export class ForwardingTable {
  readonly capacity: number;
  readonly ageing: number;
  private readonly buckets: (LearnedAddress | null)[];
  private readonly onAged: (entry: LearnedAddress) => void;
  private free: LearnedAddress | null;
  /** Rows in use, aged ones included. */
  private used: number;

  /** @param ageing microseconds
   *  @param onAged told of each entry that is forgotten for its age; valid during the call only */
  constructor(capacity: number, ageing: number, onAged: (entry: LearnedAddress) => void) {
    this.capacity = capacity;
    this.ageing = ageing;
    this.buckets = new Array<LearnedAddress | null>(256).fill(null);
    this.onAged = onAged;
    this.free = null;
    this.used = 0;
  }

  /** The port of an address, or -1. */
  lookup(vlan: number, msw: number, lsw: number, now: number): number {
    const entry = this.find(vlan, msw, lsw);
    if (entry === null) return -1;
    if (now - entry.seenAt < this.ageing) return entry.port;
    this.forget(entry);
    return -1;
  }

  /** Notes that the address was seen at `port`. Returns one of the LEARN_ constants. */
  learn(vlan: number, msw: number, lsw: number, port: number, now: number): number {
    const known = this.find(vlan, msw, lsw);
    if (known !== null) {
      if (now - known.seenAt < this.ageing) {
        known.seenAt = now;
        if (known.port === port) return LEARN_KNOWN;
        known.port = port;
        return LEARN_MOVED;
      }
      this.forget(known);
    }
    if (this.used >= this.capacity) this.sweep(now);
    if (this.used >= this.capacity) return LEARN_FULL;
    const entry = this.free ?? new LearnedAddress();
    this.free = entry.next;
    entry.vlan = vlan;
    entry.msw = msw;
    entry.lsw = lsw;
    entry.port = port;
    entry.seenAt = now;
    const bucket = bucketOf(vlan, msw, lsw);
    entry.next = this.buckets[bucket]!;
    this.buckets[bucket] = entry;
    this.used++;
    return LEARN_NEW;
  }

  /** Forgets what is too old. */
  sweep(now: number): void {
    this.forgetWhere((entry) => now - entry.seenAt >= this.ageing, true);
  }

  /** Forgets every address seen at `port`: its cable was pulled. */
  forgetPort(port: number): void {
    this.forgetWhere((entry) => entry.port === port, false);
  }

  clear(): void {
    this.forgetWhere(() => true, false);
  }

  /** The entries that count now, by VLAN and address. */
  entries(now: number): ForwardingEntry[] {
    const rows: ForwardingEntry[] = [];
    for (const bucket of this.buckets) {
      for (let entry = bucket; entry !== null; entry = entry.next) {
        const age = now - entry.seenAt;
        if (age >= this.ageing) continue;
        rows.push({ vlan: entry.vlan, macMsw: entry.msw, macLsw: entry.lsw, port: entry.port, ageMicroseconds: age });
      }
    }
    return rows.sort((a, b) => a.vlan - b.vlan || a.macMsw - b.macMsw || (a.macLsw >>> 0) - (b.macLsw >>> 0));
  }

  private find(vlan: number, msw: number, lsw: number): LearnedAddress | null {
    let entry = this.buckets[bucketOf(vlan, msw, lsw)]!;
    while (entry !== null && (entry.lsw !== lsw || entry.msw !== msw || entry.vlan !== vlan)) entry = entry.next!;
    return entry;
  }

  private forget(entry: LearnedAddress): void {
    const bucket = bucketOf(entry.vlan, entry.msw, entry.lsw);
    let before: LearnedAddress | null = null;
    let at = this.buckets[bucket]!;
    while (at !== entry) {
      before = at;
      at = at.next!;
    }
    this.unlink(bucket, before, entry, true);
  }

  private forgetWhere(matches: (entry: LearnedAddress) => boolean, aged: boolean): void {
    for (let bucket = 0; bucket < this.buckets.length; bucket++) {
      let before: LearnedAddress | null = null;
      let entry = this.buckets[bucket]!;
      while (entry !== null) {
        const next: LearnedAddress | null = entry.next;
        if (matches(entry)) this.unlink(bucket, before, entry, aged);
        else before = entry;
        entry = next!;
      }
    }
  }

  private unlink(bucket: number, before: LearnedAddress | null, entry: LearnedAddress, aged: boolean): void {
    if (before === null) this.buckets[bucket] = entry.next;
    else before.next = entry.next;
    this.used--;
    if (aged) this.onAged(entry);
    entry.next = this.free;
    this.free = entry;
  }
}

function bucketOf(vlan: number, msw: number, lsw: number): number {
  const mixed = Math.imul(lsw ^ (msw << 16) ^ (vlan << 8), 0x9e3779b1);
  return mixed >>> 24;
}
