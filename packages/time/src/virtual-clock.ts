import { NEVER } from '@strata/contracts';
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
import { Scheduler } from './scheduler.ts';

/** How to make a {@link VirtualClock}. */
export interface VirtualClockOptions extends IslandsOptions {
  /** The scheduler to drive; its own when absent. */
  readonly scheduler?: Scheduler;
  /** Only its event loop is used. */
  readonly machine?: MachineTime;
  /** Events at one instant after which a run throws, because it would never end. Default 50 million. */
  readonly maximumEventsAtOnce?: number;
}

/** Events after which a run lets the machine's event loop have a turn, so that a signal or a screen is served. */
const EVENTS_PER_TURN = 65_536;

/** In place of that: a count that never gets to 0. */
const ENDLESS = -1;

type Pause = 'settle' | 'breathe';

/**
 * Time that jumps to the next deadline: nothing is waited for, and the same seed gives the same run. Before it jumps, the
 * asynchronous code around the stack has its say; see {@link Islands}.
 */
export class VirtualClock implements ClockDriver {
  readonly scheduler: Scheduler;
  readonly islands: Islands;
  running: boolean;
  private readonly machine: MachineTime;
  private readonly maximumEventsAtOnce: number | undefined;
  private stopping: boolean;

  constructor(options: VirtualClockOptions = {}) {
    this.scheduler = options.scheduler ?? new Scheduler();
    this.machine = options.machine ?? machineTime();
    this.islands = new Islands(this.scheduler, this.machine, options);
    this.running = false;
    this.maximumEventsAtOnce = options.maximumEventsAtOnce;
    this.stopping = false;
  }

  get now(): number {
    return this.scheduler.now;
  }

  async run(options: RunOptions = {}): Promise<RunEnd> {
    const stepper = this.begin(options);
    try {
      for (;;) {
        const end = this.burst(stepper, options.until, EVENTS_PER_TURN, true);
        if (end === 'settle') await this.islands.settle();
        else if (end === 'breathe') await this.machine.turn();
        else return end;
      }
    } finally {
      this.running = false;
    }
  }

  /**
   * `run` without a single turn of the event loop, and at full speed: for labs whose applications are all called back. Code
   * that awaits anything gets no chance to run before it returns.
   */
  runSync(options: RunOptions = {}): RunEnd {
    const stepper = this.begin(options);
    try {
      return this.burst(stepper, options.until, ENDLESS, false) as RunEnd;
    } finally {
      this.running = false;
    }
  }

  /** Processes the next event, whenever that is, without turning the event loop. False when there is none. */
  step(): boolean {
    return this.scheduler.step(NEVER);
  }

  /** Runs on until `promise` is settled. Throws when nothing is left to happen and it still is not: a deadlock. */
  runWith<T>(promise: PromiseLike<T>, options: RunWithOptions = {}): Promise<T> {
    return runUntilSettled(this, this.machine, promise, options, () => undefined);
  }

  stop(): void {
    this.stopping = true;
  }

  private begin(options: RunOptions): GuardedStepper {
    if (this.running) throw new Error('the clock is running already');
    this.running = true;
    this.stopping = false;
    return new GuardedStepper(this.scheduler, options.maximumEvents, this.maximumEventsAtOnce);
  }

  private burst(stepper: GuardedStepper, until: RunOptions['until'], events: number, mayTurn: boolean): RunEnd | Pause {
    const { scheduler, islands } = this;
    const end = typeof until === 'number' ? until : NEVER;
    const done = typeof until === 'function' ? until : null;
    for (let left = events; left !== 0; left--) {
      if (this.stopping) return 'stopped';
      if (done?.()) return 'until';
      if (mayTurn && islands.restless && scheduler.nextTime() > scheduler.eventTime) return 'settle';
      if (stepper.step(end)) continue;
      if (end === NEVER) return 'idle';
      scheduler.advanceTo(end);
      return 'until';
    }
    return 'breathe';
  }
}
