import { type Alarm, MILLISECOND, NEVER, type Timed } from '@strata/contracts';
import { inTurn } from './event-loop.ts';
import type { SocketHost } from './host.ts';

/** What `socket.setTimeout` counts with: the host's time since the last sign of life. Costs nothing until it is started. */
export class IdleTimer implements Timed {
  private readonly host: SocketHost;
  private readonly expired: () => void;
  private alarm: Alarm | null;
  private period: number;
  private deadline: number;

  /** @param expired called in a turn of the event loop, once per period without {@link touch} */
  constructor(host: SocketHost, expired: () => void) {
    this.host = host;
    this.expired = expired;
    this.alarm = null;
    this.period = NEVER;
    this.deadline = NEVER;
  }

  /** Counts from now. @param milliseconds 0 stops it */
  start(milliseconds: number): void {
    this.period = milliseconds === 0 ? NEVER : Math.max(1, Math.trunc(milliseconds)) * MILLISECOND;
    if (this.alarm === null && this.period !== NEVER) this.alarm = this.host.time.alarm(this);
    this.touch();
  }

  /** Something happened: counts from now. */
  touch(): void {
    if (this.alarm === null) return;
    this.deadline = this.host.time.now + this.period;
    this.alarm.set(this.deadline);
  }

  /** Stops it for good, until it is started again. */
  stop(): void {
    this.period = NEVER;
    this.deadline = NEVER;
    this.alarm?.cancel();
    this.alarm = null;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  onTime(now: number): void {
    if (now < this.deadline) return;
    this.deadline = NEVER;
    inTurn(this.host, () => {
      if (this.alarm !== null && this.deadline === NEVER && this.period !== NEVER) this.expired();
    });
  }
}
