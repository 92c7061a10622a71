import { type Alarm, NEVER, SECOND, TICK, type Timed, type TimeService } from '@strata/contracts';

/** Whom the timers of a session tell. */
export interface SessionTimersOwner {
  /** The handshake has taken too long. */
  startExpired(): void;
  /** The peer's close_notify was waited for long enough. */
  closeExpired(): void;
  /** The pool was empty a tick ago. */
  retryDue(): void;
}

/** The deadlines of a session. */
export class SessionTimers implements Timed {
  private readonly time: TimeService;
  private readonly owner: SessionTimersOwner;
  private alarm: Alarm | null;
  private startAt: number;
  private closeAt: number;
  private retryAt: number;

  constructor(time: TimeService, owner: SessionTimersOwner) {
    this.time = time;
    this.owner = owner;
    this.startAt = NEVER;
    this.closeAt = NEVER;
    this.retryAt = NEVER;
    this.alarm = null;
  }

  /** @param seconds undefined: no limit */
  handshakeBegins(seconds: number | undefined): void {
    this.startAt = seconds === undefined ? NEVER : this.time.now + Math.ceil(seconds * SECOND);
    this.rearm();
  }

  handshakeOver(): void {
    this.startAt = NEVER;
  }

  /** Begins to wait, once. True when the time is over. */
  waitForClose(seconds: number): boolean {
    if (this.closeAt === NEVER) {
      this.closeAt = this.time.now + Math.ceil(seconds * SECOND);
      this.rearm();
    }
    return this.time.now >= this.closeAt;
  }

  retryLater(): void {
    this.retryAt = this.time.now + TICK;
    this.rearm();
  }

  /** The session is over; what it has not sent or handed on may still be tried again. */
  sessionOver(): void {
    this.startAt = NEVER;
    this.closeAt = NEVER;
  }

  /** Nothing is left to try. */
  settle(): void {
    this.retryAt = NEVER;
  }

  rearm(): void {
    const deadline = this.nextDeadline();
    if (this.alarm !== null) this.alarm.set(deadline);
    else if (deadline !== NEVER) this.alarm = this.time.alarm(this);
  }

  /** Forgets everything, until something begins again. */
  stop(): void {
    this.sessionOver();
    this.settle();
    this.alarm?.cancel();
    this.alarm = null;
  }

  nextDeadline(): number {
    return Math.min(this.startAt, this.closeAt, this.retryAt);
  }

  onTime(now: number): void {
    if (now >= this.startAt) {
      this.startAt = NEVER;
      this.owner.startExpired();
    }
    if (now >= this.closeAt) {
      this.closeAt = NEVER;
      this.owner.closeExpired();
    }
    if (now >= this.retryAt) {
      this.retryAt = NEVER;
      this.owner.retryDue();
    }
  }
}
