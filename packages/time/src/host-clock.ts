import { WallDriver, type WallDriverOptions } from './wall-driver.ts';

/**
 * Real time, for a host that talks to the real world: `now` is the machine's time since the clock was made, deadlines are
 * slept for, and a run goes on until it is stopped. When nothing is due it sleeps; whatever is armed or deferred from outside
 * wakes it.
 */
export class HostClock extends WallDriver {
  protected readonly followsPresent: boolean;
  protected readonly endsWhenIdle: boolean;
  private readonly origin: number;

  constructor(options: WallDriverOptions = {}) {
    super(options);
    this.followsPresent = true;
    this.endsWhenIdle = false;
    this.origin = this.machine.now() - this.scheduler.eventTime;
    this.scheduler.live = this.outside;
  }

  /**
   * To be called when something has come from outside (a frame, a socket's data), before it is handed to the stack: `now` is
   * the present and stands still while it is handled, and the run then looks for what that has made due.
   */
  poke(): void {
    this.woken();
  }

  protected present(): number {
    return Math.floor(this.machine.now() - this.origin);
  }

  protected millisecondsUntil(time: number): number {
    return (time - this.present()) / 1000;
  }

  protected outsideNow(): number {
    this.scheduler.advanceTo(this.present());
    return this.scheduler.eventTime;
  }

  protected began(): void {}

  protected ended(): void {
    this.scheduler.live = this.outside;
  }

  protected late(_next: number, present: number): number {
    return present;
  }
}
