import { type Alarm, NEVER, type Timed } from '@strata/contracts';
import type { Nd } from './nd.ts';

/**
 * The alarm of everything that happens to addresses, routers and prefixes. One for all, so that what is due at the same
 * moment happens in a fixed order: duplicate detection, router solicitations, ends of lifetimes.
 */
export class NdTimers implements Timed {
  private readonly nd: Nd;
  private alarm: Alarm | null;

  constructor(nd: Nd) {
    this.nd = nd;
    this.alarm = null;
  }

  /** A deadline was set or changed. The first one begins it. */
  changed(): void {
    if (this.alarm === null) this.alarm = this.nd.ip.time.alarm(this);
    else this.alarm.set(this.nextDeadline());
  }

  nextDeadline(): number {
    const { detection, discovery, lifetimes } = this.nd;
    return Math.min(detection.nextDeadline(), discovery.nextDeadline(), lifetimes.nextDeadline());
  }

  onTime(now: number): void {
    const { detection, discovery, lifetimes } = this.nd;
    detection.onTime(now);
    discovery.onTime(now);
    lifetimes.onTime(now);
  }

  stop(): void {
    this.alarm?.set(NEVER);
    this.alarm?.cancel();
    this.alarm = null;
  }
}
