import { type Clock, SECOND } from '@strata/contracts';

/** How often errors may be sent: on average, and at once after a pause. */
export interface ErrorLimits {
  /** 0: without limit. */
  readonly errorsPerSecond: number;
  readonly errorBurst: number;
}

/** A bucket of tokens that fills with time, one for each error (RFC 1812 4.3.2.8, RFC 4443 2.4 (f)). */
export class ErrorBudget {
  private readonly clock: Clock;
  private readonly limits: ErrorLimits;
  /** Errors that may be sent at `tokensAt`. */
  private tokens: number;
  private tokensAt: number;

  constructor(clock: Clock, limits: ErrorLimits) {
    this.clock = clock;
    this.limits = limits;
    this.tokens = limits.errorBurst;
    this.tokensAt = clock.now;
  }

  /** Takes one token. False when there is none. */
  take(): boolean {
    const { errorsPerSecond, errorBurst } = this.limits;
    if (errorsPerSecond === 0) return true;
    const { now } = this.clock;
    const earned = Math.floor(((now - this.tokensAt) * errorsPerSecond) / SECOND);
    if (earned > 0) {
      this.tokens = Math.min(errorBurst, this.tokens + earned);
      this.tokensAt = this.tokens === errorBurst ? now : this.tokensAt + (earned * SECOND) / errorsPerSecond;
    }
    if (this.tokens === 0) return false;
    this.tokens--;
    return true;
  }
}
