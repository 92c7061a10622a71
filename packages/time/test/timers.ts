import { type Alarm, NEVER, type Timed } from '@strata/contracts';
import type { Scheduler } from '@strata/time';

/** A single deadline that calls back. */
export class Timer implements Timed {
  deadline: number;
  readonly alarm: Alarm;
  private readonly action: (now: number) => void;

  constructor(scheduler: Scheduler, deadline: number, action: (now: number) => void) {
    this.deadline = deadline;
    this.action = action;
    this.alarm = scheduler.alarm(this);
  }

  set(deadline: number): void {
    this.deadline = deadline;
    this.alarm.set(deadline);
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (now < this.deadline) return;
    this.deadline = NEVER;
    this.action(now);
  }
}

/** Comes round every `period`. */
export class Ticker implements Timed {
  ticks = 0;
  private deadline: number;
  private readonly period: number;

  constructor(scheduler: Scheduler, period: number) {
    this.period = period;
    this.deadline = period;
    scheduler.alarm(this);
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    while (this.deadline <= now) {
      this.ticks++;
      this.deadline += this.period;
    }
  }
}
