import { type Clock, SECOND } from '@strata/contracts';
import type { DnsPolicy } from './policy.ts';
import type { DnsRecord } from './record.ts';

interface Entry {
  readonly rcode: number;
  readonly records: readonly DnsRecord[];
  readonly expiresAt: number;
}

/** What a name was last known to be. */
export interface CachedAnswer {
  readonly rcode: number;
  /** With the seconds that are left to them. */
  readonly records: readonly DnsRecord[];
}

/** Answers by name and type, for as long as their servers allow (RFC 1035 7.4; RFC 2308). Bounded: the oldest goes first. */
export class DnsCache {
  hits: number;
  misses: number;
  private readonly clock: Clock;
  private readonly policy: DnsPolicy;
  private readonly entries: Map<string, Entry>;

  constructor(clock: Clock, policy: DnsPolicy) {
    this.hits = 0;
    this.misses = 0;
    this.clock = clock;
    this.policy = policy;
    this.entries = new Map();
  }

  get size(): number {
    return this.entries.size;
  }

  /** What is known of a name; null when nothing is. */
  find(name: string, type: string): CachedAnswer | null {
    const key = `${type} ${name}`;
    const entry = this.entries.get(key);
    if (entry === undefined || entry.expiresAt <= this.clock.now) {
      this.entries.delete(key);
      this.misses++;
      return null;
    }
    this.hits++;
    const ttl = Math.floor((entry.expiresAt - this.clock.now) / SECOND);
    return { rcode: entry.rcode, records: entry.records.map((record) => ({ ...record, ttl })) };
  }

  /**
   * Keeps the records of one name and type, or, with none, that there are none.
   * @param seconds how long; 0 keeps nothing
   */
  keep(name: string, type: string, rcode: number, records: readonly DnsRecord[], seconds: number): void {
    const key = `${type} ${name}`;
    this.entries.delete(key);
    const longest = records.length === 0 ? this.policy.longestNegativeLife : this.policy.longestLife;
    const life = Math.min(seconds, longest);
    if (life <= 0 || this.policy.cacheEntries === 0) return;
    if (this.entries.size >= this.policy.cacheEntries) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(key, { rcode, records, expiresAt: this.clock.now + life * SECOND });
  }

  clear(): void {
    this.entries.clear();
  }
}
