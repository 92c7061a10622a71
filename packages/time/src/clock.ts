import { type Clock, type Deferred, NEVER, SECOND, type Timed } from '@strata/contracts';
import type { Islands } from './islands.ts';
import type { MachineTime } from './machine-time.ts';
import type { Scheduler } from './scheduler.ts';

/** How far to run. */
export interface RunOptions {
  /** A moment in microseconds, which `now` has reached afterwards; or what to wait for, asked before the first and after each event. */
  readonly until?: number | (() => boolean);
  /** Throw after so many events. Default: no limit. */
  readonly maximumEvents?: number;
}

/** Why a run ended: what was waited for came, nothing is scheduled any more, or `stop` was called. */
export type RunEnd = 'until' | 'idle' | 'stopped';

/** How {@link ClockDriver.runWith} reports. */
export interface RunWithOptions {
  /** What is waited for, in an error: "device.connect()". */
  readonly what?: string;
  readonly maximumEvents?: number;
}

/** Drives a scheduler: the loop at the bottom of a lab or of a live host. */
export interface ClockDriver extends Clock {
  readonly scheduler: Scheduler;
  readonly islands: Islands;
  /** True while `run` is under way. A clock runs once at a time. */
  readonly running: boolean;
  /** Processes events as time goes by. */
  run(options?: RunOptions): Promise<RunEnd>;
  /** Runs until `promise` is settled, and is it. */
  runWith<T>(promise: PromiseLike<T>, options?: RunWithOptions): Promise<T>;
  /** Ends the run after the present event. */
  stop(): void;
}

/** Events at one instant after which the clock supposes that they will never end. A lab without delays can need millions. */
const MAXIMUM_AT_ONE_INSTANT = 50_000_000;

/** How many of the last events are named when there were too many. */
const NAMED = 64;

/** Steps a scheduler and stops a run that would never end. */
export class GuardedStepper {
  private readonly scheduler: Scheduler;
  private readonly maximum: number;
  private readonly maximumAtOnce: number;
  private events: number;
  private atOnce: number;
  private readonly names: Map<string, number>;

  constructor(scheduler: Scheduler, maximum: number | undefined, maximumAtOnce = MAXIMUM_AT_ONE_INSTANT) {
    this.scheduler = scheduler;
    this.maximum = maximum ?? NEVER;
    this.maximumAtOnce = maximumAtOnce;
    this.events = 0;
    this.atOnce = 0;
    this.names = new Map();
  }

  /** {@link Scheduler.step}, counted. */
  step(until: number): boolean {
    const { scheduler } = this;
    const before = scheduler.eventTime;
    if (!scheduler.step(until)) return false;
    this.events++;
    if (scheduler.eventTime !== before) this.atOnce = 0;
    else this.atOnce++;
    if (this.events > this.maximum - NAMED || this.atOnce > this.maximumAtOnce - NAMED) this.nearEnd();
    return true;
  }

  private nearEnd(): void {
    const name = nameOf(this.scheduler.latest);
    this.names.set(name, (this.names.get(name) ?? 0) + 1);
    const at = formatTime(this.scheduler.eventTime);
    const latest = [...this.names].map(([who, count]) => `${who} ×${count}`).join(', ');
    if (this.events >= this.maximum) {
      throw new Error(`the limit of ${this.maximum} events is reached at ${at}; the last were: ${latest}`);
    }
    if (this.atOnce >= this.maximumAtOnce) {
      throw new Error(
        `time stands still at ${at}: ${this.atOnce} events at one instant; the last were: ${latest}. ` +
          'After onTime(now) nextDeadline() must be later than now, and a deferred task must not defer itself for ever.',
      );
    }
  }
}

/** Turns given to a promise after everything else has come to rest. */
const LAST_TURNS = 8;

/**
 * {@link ClockDriver.runWith} for any driver. `woken` is called when the promise settles, for drivers that may be asleep then.
 */
export async function runUntilSettled<T>(
  driver: ClockDriver,
  machine: MachineTime,
  promise: PromiseLike<T>,
  options: RunWithOptions,
  woken: () => void,
): Promise<T> {
  const { scheduler, islands } = driver;
  const what = options.what ?? 'the promise';
  let settled = false;
  const result = Promise.resolve(promise).finally(() => {
    settled = true;
    woken();
  });
  result.catch(() => undefined);
  // The caller's own code may not have got as far as its first request yet.
  scheduler.touch();
  for (;;) {
    const end = await driver.run({ ...options, until: () => settled });
    const activity = scheduler.activity;
    for (let i = 0; i < LAST_TURNS && !settled; i++) await machine.turn();
    if (settled) return result;
    if (end === 'stopped') throw new Error(`the clock was stopped while ${what} was still waiting`);
    if (scheduler.activity === activity) throw deadlock(scheduler, islands, what);
  }
}

/** The error of a promise that nothing can settle any more. */
function deadlock(scheduler: Scheduler, islands: Islands, what: string): Error {
  const waits = [...scheduler.waiting].map((wait) => wait.label);
  const waiting = waits.length === 0 ? '' : ` Waits that have not ended: ${waits.join(', ')}.`;
  const busy = islands.busy();
  const pending = busy.length === 0 ? '' : ` Islands at work: ${busy.join(', ')}.`;
  return new Error(
    `deadlock: nothing is scheduled at ${formatTime(scheduler.eventTime)} and ${what} is still waiting.${waiting}${pending} ` +
      'If it waits for something outside the stack (a file, a real socket, a timer), register that as an island.',
  );
}

/** `12.345678 s` */
export function formatTime(microseconds: number): string {
  return `${(microseconds / SECOND).toFixed(6)} s`;
}

function nameOf(who: Timed | Deferred | null): string {
  const name = who?.constructor?.name;
  return name === undefined || name === '' || name === 'Object' ? 'an unnamed object' : name;
}
