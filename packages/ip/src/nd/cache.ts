import { type IpAddress, NEVER } from '@strata/contracts';
import { ND_FREE, ND_INCOMPLETE, ND_STATIC, NdEntry } from './entry.ts';

const BUCKETS = 64;
const NEVER_USED = 0;
const UNANSWERED = 1;
const IN_USE = 2;
const ROUTER = 3;

/**
 * The neighbor cache: entries, so many at most, found by interface and address; made when first needed. When it is full, the entry that is worth
 * least makes room, as in the ARP cache: strangers go before peers in use, and routers last.
 */
export class NdCache {
  private readonly entries: NdEntry[];
  private readonly buckets: (NdEntry | null)[];
  private free: NdEntry | null;
  private uses: number;
  private readonly limit: number;
  private readonly queueLimit: number;

  constructor(size: number, queueLimit: number) {
    this.entries = [];
    this.buckets = new Array<NdEntry | null>(BUCKETS).fill(null);
    this.free = null;
    this.uses = 0;
    this.limit = size;
    this.queueLimit = queueLimit;
  }

  get size(): number {
    return this.limit;
  }

  get full(): boolean {
    return this.free === null && this.entries.length >= this.limit;
  }

  /** All entries that were ever needed, used now or not, in a fixed order. */
  get all(): readonly NdEntry[] {
    return this.entries;
  }

  /** Counts one use; entries remember the count of their last. */
  tick(): number {
    this.uses = (this.uses + 1) & 0x3fffffff;
    return this.uses;
  }

  find(interfaceIndex: number, w0: number, w1: number, w2: number, w3: number): NdEntry | null {
    let entry = this.buckets[bucketOf(w2, w3)] as NdEntry | null;
    for (; entry !== null; entry = entry.next) {
      const own = entry.address;
      if (own.w3 === w3 && own.w2 === w2 && own.w1 === w1 && own.w0 === w0 && entry.interfaceIndex === interfaceIndex) {
        return entry;
      }
    }
    return null;
  }

  /** The entry to give up when a new one is needed and none is free, or null when all are static. */
  leastValuable(): NdEntry | null {
    let worst: NdEntry | null = null;
    for (const entry of this.entries) {
      if (entry.state === ND_STATIC || entry.state === ND_FREE) continue;
      if (worst === null || this.lessValuable(entry, worst)) worst = entry;
    }
    return worst;
  }

  private lessValuable(a: NdEntry, b: NdEntry): boolean {
    const rank = rankOf(a) - rankOf(b);
    if (rank !== 0) return rank < 0;
    const used = rankOf(a) >= IN_USE;
    return used
      ? age(this.uses, a.usedAt) > age(this.uses, b.usedAt)
      : age(this.uses, a.heardAt) > age(this.uses, b.heardAt);
  }

  /** The entry whose packets have waited longest for their last companion, or null when none waits. */
  longestWaiting(): NdEntry | null {
    let longest: NdEntry | null = null;
    for (const entry of this.entries) {
      if (entry.waiting === 0) continue;
      if (longest === null || age(this.uses, entry.usedAt) > age(this.uses, longest.usedAt)) longest = entry;
    }
    return longest;
  }

  /** A free entry for this address in state INCOMPLETE that has asked nobody yet. Only when not {@link full}. */
  add(interfaceIndex: number, address: IpAddress): NdEntry {
    const entry = this.free ?? this.make();
    this.free = entry.next;
    const bucket = bucketOf(address.w2, address.w3);
    entry.next = this.buckets[bucket] as NdEntry | null;
    this.buckets[bucket] = entry;
    entry.interfaceIndex = interfaceIndex;
    entry.address = address;
    entry.state = ND_INCOMPLETE;
    entry.msw = 0;
    entry.lsw = 0;
    entry.isRouter = false;
    entry.reachableUntil = 0;
    entry.deadline = NEVER;
    entry.solicits = 0;
    entry.usedAt = 0;
    entry.heardAt = this.tick();
    return entry;
  }

  private make(): NdEntry {
    const entry = new NdEntry(this.queueLimit);
    this.entries.push(entry);
    return entry;
  }

  /** Takes an entry without waiting packets out of the cache. */
  remove(entry: NdEntry): void {
    entry.state = ND_FREE;
    entry.deadline = NEVER;
    const bucket = bucketOf(entry.address.w2, entry.address.w3);
    let at = this.buckets[bucket] as NdEntry | null;
    if (at === entry) this.buckets[bucket] = entry.next;
    else {
      while (at !== null && at.next !== entry) at = at.next;
      if (at !== null) at.next = entry.next;
    }
    entry.next = this.free;
    this.free = entry;
  }

  /** The earliest deadline of all entries, or NEVER. */
  nextDeadline(): number {
    let next = NEVER;
    for (const entry of this.entries) if (entry.deadline < next) next = entry.deadline;
    return next;
  }
}

function rankOf(entry: NdEntry): number {
  if (entry.state === ND_INCOMPLETE) return UNANSWERED;
  if (entry.isRouter) return ROUTER;
  return entry.usedAt === 0 ? NEVER_USED : IN_USE;
}

function bucketOf(w2: number, w3: number): number {
  return (w2 ^ w3 ^ (w3 >>> 8) ^ (w3 >>> 16)) & (BUCKETS - 1);
}

function age(now: number, then: number): number {
  return (now - then) & 0x3fffffff;
}
