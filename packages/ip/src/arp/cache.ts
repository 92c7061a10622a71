import { NEVER } from '@strata/contracts';
import { NEIGHBOUR_DYNAMIC, NEIGHBOUR_FREE, NEIGHBOUR_INCOMPLETE, NEIGHBOUR_STATIC, Neighbour } from '../neighbour.ts';

const BUCKETS = 32;

/**
 * The ARP cache: a fixed number of entries found by interface and address. When it is full, the entry that is worth least
 * makes room: a dynamic one that never carried a packet, then the oldest that nobody has answered for, then the one that
 * carried its last packet longest ago. So a flood of strangers pushes out other strangers, whether they exist or not, and
 * not the peers in use.
 */
export class ArpCache {
  private readonly entries: Neighbour[];
  private readonly buckets: (Neighbour | null)[];
  private free: Neighbour | null;
  private uses: number;
  dynamicEntries: number;
  staticEntries: number;

  constructor(size: number, queueLimit: number) {
    this.entries = [];
    this.buckets = new Array<Neighbour | null>(BUCKETS).fill(null);
    this.free = null;
    this.uses = 0;
    this.dynamicEntries = 0;
    this.staticEntries = 0;
    for (let i = 0; i < size; i++) {
      const entry = new Neighbour(queueLimit);
      entry.next = this.free;
      this.free = entry;
      this.entries.push(entry);
    }
  }

  get size(): number {
    return this.entries.length;
  }

  /** Counts one use; entries remember the count of their last. */
  tick(): number {
    this.uses = (this.uses + 1) & 0x3fffffff;
    return this.uses;
  }

  find(interfaceIndex: number, address: number): Neighbour | null {
    let entry = this.buckets[bucketOf(address)] as Neighbour | null;
    while (entry !== null && (entry.address !== address || entry.interfaceIndex !== interfaceIndex)) entry = entry.next;
    return entry;
  }

  /** The entry of any interface with this link address, or null. */
  findByMac(msw: number, lsw: number): Neighbour | null {
    for (const entry of this.entries) {
      if (entry.state >= NEIGHBOUR_DYNAMIC && entry.msw === msw && entry.lsw === lsw) return entry;
    }
    return null;
  }

  /** The entry to give up when a new one is needed and none is free, or null when all are static. */
  leastValuable(): Neighbour | null {
    let worst: Neighbour | null = null;
    for (const entry of this.entries) {
      if (entry.state !== NEIGHBOUR_DYNAMIC && entry.state !== NEIGHBOUR_INCOMPLETE) continue;
      if (worst === null || this.lessValuable(entry, worst)) worst = entry;
    }
    return worst;
  }

  /** The entry whose packets have waited longest for their last companion, or null when none waits. */
  longestWaiting(): Neighbour | null {
    let longest: Neighbour | null = null;
    for (const entry of this.entries) {
      if (entry.waiting === 0) continue;
      if (longest === null || age(this.uses, entry.usedAt) > age(this.uses, longest.usedAt)) longest = entry;
    }
    return longest;
  }

  private lessValuable(a: Neighbour, b: Neighbour): boolean {
    const rank = rankOf(a) - rankOf(b);
    if (rank !== 0) return rank < 0;
    if (rankOf(a) === IN_USE) return age(this.uses, a.usedAt) > age(this.uses, b.usedAt);
    return age(this.uses, a.heardAt) > age(this.uses, b.heardAt);
  }

  get full(): boolean {
    return this.free === null;
  }

  /** A free entry for this address in state INCOMPLETE. Only when not {@link full}. */
  add(interfaceIndex: number, address: number): Neighbour {
    const entry = this.free as Neighbour;
    this.free = entry.next;
    const bucket = bucketOf(address);
    entry.next = this.buckets[bucket] as Neighbour | null;
    this.buckets[bucket] = entry;
    entry.interfaceIndex = interfaceIndex;
    entry.address = address;
    entry.state = NEIGHBOUR_INCOMPLETE;
    entry.msw = 0;
    entry.lsw = 0;
    entry.usedAt = 0;
    entry.heardAt = this.tick();
    entry.deadline = NEVER;
    entry.requests = 0;
    return entry;
  }

  /** Changes the state of an entry in the cache and keeps count. */
  setState(entry: Neighbour, state: number): void {
    if (entry.state === NEIGHBOUR_DYNAMIC) this.dynamicEntries--;
    if (entry.state === NEIGHBOUR_STATIC) this.staticEntries--;
    entry.state = state;
    if (state === NEIGHBOUR_DYNAMIC) this.dynamicEntries++;
    if (state === NEIGHBOUR_STATIC) this.staticEntries++;
  }

  /** Takes an entry without waiting packets out of the cache. */
  remove(entry: Neighbour): void {
    this.setState(entry, NEIGHBOUR_FREE);
    const bucket = bucketOf(entry.address);
    let at = this.buckets[bucket] as Neighbour | null;
    if (at === entry) this.buckets[bucket] = entry.next;
    else {
      while (at !== null && at.next !== entry) at = at.next;
      if (at !== null) at.next = entry.next;
    }
    entry.deadline = NEVER;
    entry.next = this.free;
    this.free = entry;
  }

  /** The earliest deadline of all entries, or NEVER. */
  nextDeadline(): number {
    let next = NEVER;
    for (const entry of this.entries) if (entry.deadline < next) next = entry.deadline;
    return next;
  }

  /** All entries, used or not, in a fixed order. */
  get all(): readonly Neighbour[] {
    return this.entries;
  }
}

const NEVER_USED = 0;
const UNANSWERED = 1;
const IN_USE = 2;

function rankOf(entry: Neighbour): number {
  if (entry.state === NEIGHBOUR_INCOMPLETE) return UNANSWERED;
  return entry.usedAt === 0 ? NEVER_USED : IN_USE;
}

function bucketOf(address: number): number {
  return (address ^ (address >>> 8)) & (BUCKETS - 1);
}

function age(now: number, then: number): number {
  return (now - then) & 0x3fffffff;
}
