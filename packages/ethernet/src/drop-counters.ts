import { DROP_ETHERNET, type DropReason } from '@strata/contracts';

const FIRST_REASON = 0x10;
const REASONS = 0x20;

/** How often each reason 0x10..0x2f came up. */
export class DropCounters {
  private readonly counts: Uint32Array;

  constructor() {
    this.counts = new Uint32Array(REASONS);
  }

  count(reason: DropReason): void {
    this.counts[reason - FIRST_REASON]!++;
  }

  of(reason: DropReason): number {
    return this.counts[reason - FIRST_REASON] ?? 0;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The reasons that occurred, by their stable name. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = {};
    for (const [reason, name] of DROP_ETHERNET) {
      const count = this.of(reason);
      if (count > 0) record[name] = count;
    }
    return record;
  }
}
