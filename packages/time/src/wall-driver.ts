import { type Clock, NEVER } from '@strata/contracts';
import {
  type ClockDriver,
  GuardedStepper,
  type RunEnd,
  type RunOptions,
  type RunWithOptions,
  runUntilSettled,
} from './clock.ts';
import { Islands, type IslandsOptions } from './islands.ts';
import { type MachineTime, machineTime } from './machine-time.ts';
import { Scheduler, type SchedulerWatcher } from './scheduler.ts';

/** What clocks that follow the machine's time have in common. */
export interface WallDriverOptions extends IslandsOptions {
  /** The scheduler to drive; its own when absent. */
  readonly scheduler?: Scheduler;
  /** The machine's time. */
  readonly machine?: MachineTime;
}

/** Events after which a run lets the machine's event loop have a turn, so that frames, signals and screens are served. */
const EVENTS_PER_TURN = 1024;

/** How long to sleep when nothing is scheduled: an hour at a time, which also keeps the process alive. */
const IDLE_SLEEP = 3_600_000;

/** Sleeps until the next deadline or until it is woken; never polls. What `PacedClock` and `HostClock` share. */
export abstract class WallDriver implements ClockDriver, SchedulerWatcher {
  readonly scheduler: Scheduler;
  readonly islands: Islands;
  running: boolean;
  protected readonly machine: MachineTime;
  /** What `scheduler.now` shows between events. */
  protected readonly outside: Clock;
  private stopping: boolean;
  /** Ends the present sleep; null when not asleep. */
  private wake: (() => void) | null;
  private cancelSleep: (() => void) | null;

  constructor(options: WallDriverOptions) {
    this.scheduler = options.scheduler ?? new Scheduler();
    this.machine = options.machine ?? machineTime();
    this.islands = new Islands(this.scheduler, this.machine, options);
    this.running = false;
    const driver = this;
    this.outside = {
      get now(): number {
        return driver.outsideNow();
      },
    };
    this.stopping = false;
    this.wake = null;
    this.cancelSleep = null;
  }

  /** The present, in whole microseconds of the scheduler's time. */
  protected abstract present(): number;
  /** Milliseconds of the machine's time until `time`; 0 or less when it has come. Infinity while time stands still. */
  protected abstract millisecondsUntil(time: number): number;
  /** Moves the scheduler on to what outside code is to see as the present, and returns that. */
  protected abstract outsideNow(): number;
  /** A run begins, ends, or has `lag` microseconds to catch up with. */
  protected abstract began(): void;
  protected abstract ended(): void;
  protected abstract late(next: number, present: number): number;
  /** Events happen at the time they are processed, not at the time they were due. */
  protected abstract readonly followsPresent: boolean;
  protected abstract readonly endsWhenIdle: boolean;

  get now(): number {
    return this.scheduler.now;
  }

  async run(options: RunOptions = {}): Promise<RunEnd> {
    if (this.running) throw new Error('the clock is running already');
    this.running = true;
    this.stopping = false;
    const { scheduler } = this;
    const stepper = new GuardedStepper(scheduler, options.maximumEvents);
    this.began();
    try {
      for (;;) {
        scheduler.live = null;
        const end = this.burst(stepper, options.until);
        if (end === 'settle') await this.islands.settle();
        else if (end === 'breathe') await this.breathe();
        else if (end === 'sleep') await this.sleepUntil(this.deadline(options.until));
        else return end;
      }
    } finally {
      this.running = false;
      scheduler.live = null;
      this.ended();
    }
  }

  runWith<T>(promise: PromiseLike<T>, options: RunWithOptions = {}): Promise<T> {
    return runUntilSettled(this, this.machine, promise, options, () => this.woken());
  }

  stop(): void {
    this.stopping = true;
    this.woken();
  }

  /** Ends a sleep, so that the run looks again at what there is to do. Until it does, `now` stands still. */
  woken(): void {
    if (this.wake === null) return;
    const wake = this.wake;
    this.wake = null;
    this.scheduler.watcher = null;
    this.outsideNow();
    this.scheduler.live = null;
    this.cancelSleep?.();
    this.cancelSleep = null;
    wake();
  }

  private deadline(until: RunOptions['until']): number {
    const next = this.scheduler.nextTime();
    return typeof until === 'number' ? Math.min(until, next) : next;
  }

  private burst(stepper: GuardedStepper, until: RunOptions['until']): RunEnd | 'settle' | 'breathe' | 'sleep' {
    const { scheduler, islands } = this;
    const end = typeof until === 'number' ? until : NEVER;
    const done = typeof until === 'function' ? until : null;
    const present = this.late(scheduler.nextTime(), this.present());
    if (this.followsPresent) scheduler.advanceTo(present);
    const limit = Math.min(present, end);
    for (let left = EVENTS_PER_TURN; left > 0; left--) {
      if (this.stopping) return 'stopped';
      if (done?.()) return 'until';
      const next = scheduler.nextTime();
      if (!this.followsPresent && next > scheduler.eventTime && islands.restless) return 'settle';
      if (next > limit) {
        if (present >= end) {
          scheduler.advanceTo(end);
          return 'until';
        }
        return next === NEVER && end === NEVER && this.endsWhenIdle ? 'idle' : 'sleep';
      }
      stepper.step(limit);
    }
    return 'breathe';
  }

  private breathe(): Promise<void> {
    this.scheduler.live = this.outside;
    return this.machine.turn();
  }

  private sleepUntil(time: number): Promise<void> {
    const { scheduler } = this;
    const milliseconds = Math.min(Math.ceil(this.millisecondsUntil(time)), IDLE_SLEEP);
    return new Promise((resolve) => {
      this.wake = resolve;
      scheduler.live = this.outside;
      scheduler.watcher = this;
      this.cancelSleep = this.machine.sleep(Math.max(milliseconds, 0), () => this.woken());
    });
  }
}
