import { SECOND } from '@strata/contracts';
import type { MqttReconnectOptions } from './extensions.ts';

/** How long to wait before the next attempt: doubling, bounded, with a part drawn at random. Times in microseconds. */
export class Backoff {
  /** Attempts since the last connection that lasted. */
  attempts: number;
  readonly first: boolean;
  readonly resubscribe: boolean;
  private readonly options: MqttReconnectOptions;
  private delay: number;

  constructor(options: MqttReconnectOptions) {
    this.attempts = 0;
    this.first = options.first ?? false;
    this.resubscribe = options.resubscribe ?? true;
    this.options = options;
    this.delay = 0;
  }

  /** Judges options: each number in its range. */
  static check({
    minimumSeconds = 1,
    maximumSeconds = 60,
    jitter = 0.5,
    attemptsMaximum,
  }: MqttReconnectOptions): boolean {
    if (!(minimumSeconds > 0 && maximumSeconds >= minimumSeconds && maximumSeconds <= 86_400)) return false;
    if (!(jitter >= 0 && jitter <= 1)) return false;
    return attemptsMaximum === undefined || (Number.isInteger(attemptsMaximum) && attemptsMaximum > 0);
  }

  /** A connection that outlived the delay before it begins the series anew: one accepted and dropped at once does not. */
  lasted(duration: number): void {
    if (duration >= this.delay) this.reset();
  }

  reset(): void {
    this.attempts = 0;
    this.delay = 0;
  }

  /** The delay before the next attempt, or -1 when there have been enough. */
  next(): number {
    const { minimumSeconds = 1, maximumSeconds = 60, jitter = 0.5, attemptsMaximum, random } = this.options;
    if (attemptsMaximum !== undefined && this.attempts >= attemptsMaximum) return -1;
    this.attempts++;
    const doubled = minimumSeconds * 2 ** Math.min(this.attempts - 1, 40);
    const whole = Math.min(maximumSeconds, doubled) * SECOND;
    this.delay = Math.round(whole * (1 - jitter * random.unit()));
    return this.delay;
  }
}
