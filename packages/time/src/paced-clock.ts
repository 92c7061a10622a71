import { NEVER } from '@strata/contracts';
import { WallDriver, type WallDriverOptions } from './wall-driver.ts';

/** How to make a {@link PacedClock}. */
export interface PacedClockOptions extends WallDriverOptions {
  /** Virtual seconds per real second, more than 0. Default 1. */
  readonly speed?: number;
  /** Begin paused. Default false. */
  readonly paused?: boolean;
  /** End a run when nothing is scheduled any more. Default true. */
  readonly endsWhenIdle?: boolean;
  /** When the machine falls further behind than this many real milliseconds, the pace slips and is not made up for. Default 250. */
  readonly maximumLag?: number;
}

/**
 * Virtual time that goes by at a multiple of real time, and can be paused and stepped: for people who watch. Events happen at
 * exactly the same virtual moments as with a `VirtualClock`.
 */
export class PacedClock extends WallDriver {
  protected readonly followsPresent: boolean;
  protected readonly endsWhenIdle: boolean;
  /** Virtual microseconds that were not made up for, in all. */
  slipped: number;
  private readonly maximumLag: number;
  private factor: number;
  private halted: boolean;
  /** Virtual and real time at the moment from which the pace is counted. */
  private base: number;
  private wallBase: number;

  constructor(options: PacedClockOptions = {}) {
    super(options);
    this.followsPresent = false;
    this.endsWhenIdle = options.endsWhenIdle ?? true;
    this.slipped = 0;
    this.maximumLag = (options.maximumLag ?? 250) * 1000;
    this.factor = 1;
    this.halted = options.paused ?? false;
    this.base = this.scheduler.eventTime;
    this.wallBase = this.machine.now();
    this.speed = options.speed ?? 1;
  }

  get speed(): number {
    return this.factor;
  }

  /** May be changed at any time. */
  set speed(factor: number) {
    if (!(factor > 0 && factor < NEVER)) throw new RangeError(`speed must be a number above 0, not ${factor}`);
    this.countFrom(this.present());
    this.factor = factor;
    this.woken();
  }

  get paused(): boolean {
    return this.halted;
  }

  /** Stops time. A run stays under way and waits. */
  pause(): void {
    this.countFrom(this.present());
    this.halted = true;
    this.woken();
  }

  /** Lets time go on. */
  resume(): void {
    this.countFrom(this.present());
    this.halted = false;
    this.woken();
  }

  /** Processes the next event, whenever that is, and moves time there. For use while paused. False when there is none. */
  step(): boolean {
    this.scheduler.live = null;
    const stepped = this.scheduler.step(NEVER);
    this.countFrom(Math.max(this.present(), this.scheduler.eventTime));
    this.woken();
    return stepped;
  }

  protected present(): number {
    if (this.halted || !this.running) return this.base;
    return this.base + Math.floor((this.machine.now() - this.wallBase) * this.factor);
  }

  protected millisecondsUntil(time: number): number {
    return this.halted ? NEVER : (time - this.present()) / (1000 * this.factor);
  }

  protected outsideNow(): number {
    this.scheduler.advanceTo(Math.min(this.present(), this.scheduler.earliest()));
    return this.scheduler.eventTime;
  }

  protected began(): void {
    this.countFrom(Math.max(this.base, this.scheduler.eventTime));
  }

  protected ended(): void {
    this.countFrom(this.scheduler.eventTime);
  }

  protected late(next: number, present: number): number {
    const lag = present - next;
    if (lag <= this.maximumLag * this.factor) return present;
    this.slipped += lag;
    this.countFrom(next);
    return next;
  }

  private countFrom(base: number): void {
    this.base = base;
    this.wallBase = this.machine.now();
  }
}
