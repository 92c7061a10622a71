import { MILLISECOND, SECOND } from '@strata/contracts';
import type { RtoEstimator } from './rto.ts';

/** NetX's timer: a constant, doubled per retry only when `shift` says so. Measures nothing. */
export class FixedRto implements RtoEstimator {
  readonly name: string;
  readonly measures: boolean;
  readonly srtt: number;
  readonly rttvar: number;
  private readonly rate: number;
  private readonly shift: number;

  /** @param rate microseconds (NX_TCP_TRANSMIT_TIMER_RATE) @param shift doublings per retry (NX_TCP_RETRY_SHIFT) */
  constructor(rate: number, shift: number) {
    this.name = 'fixed';
    this.measures = false;
    this.srtt = 0;
    this.rttvar = 0;
    this.rate = rate;
    this.shift = shift;
  }

  reset(): void {}

  sample(): void {}

  timeout(retries: number): number {
    return retries === 0 ? this.rate : this.rate * 2 ** (retries * this.shift);
  }

  keepBackoff(): void {}

  /** Grows as the timeout does; answered probes go on for ever, so not beyond what ten of them make of it. */
  probeInterval(probes: number): number {
    return this.timeout(Math.min(probes, 10));
  }

  synTimedOut(): void {}
}

/** Limits of {@link Rfc6298Rto}, in microseconds. */
export interface RtoLimits {
  readonly initial: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Clock granularity G. */
  readonly granularity: number;
  /** Initial timeout of data after the SYN was lost (RFC 6298 5.7). */
  readonly afterLostSyn: number;
}

/** RFC 6298's values, with the 200 ms minimum that current hosts use in place of 1 s. */
export const MODERN_RTO_LIMITS: RtoLimits = {
  initial: SECOND,
  minimum: 200 * MILLISECOND,
  maximum: 120 * SECOND,
  granularity: MILLISECOND,
  afterLostSyn: 3 * SECOND,
};

/** The longest round trip that is believed, about four minutes; keeps the scaled sums small integers. */
const LONGEST_SAMPLE = 0x0fffffff;

/**
 * Van Jacobson's estimator as RFC 6298 has it, in his integers: the mean is kept in eighths of a microsecond, the variation
 * in quarters, so that a measurement is four additions and allocates nothing.
 */
export class Rfc6298Rto implements RtoEstimator {
  readonly name: string;
  readonly measures: boolean;
  private mean8: number;
  private variation4: number;
  private base: number;
  private readonly limits: RtoLimits;

  constructor(limits: RtoLimits) {
    this.name = 'rfc6298';
    this.measures = true;
    this.mean8 = 0;
    this.variation4 = 0;
    this.base = limits.initial;
    this.limits = limits;
  }

  get srtt(): number {
    return this.mean8 / 8;
  }

  get rttvar(): number {
    return this.variation4 / 4;
  }

  reset(): void {
    this.mean8 = 0;
    this.variation4 = 0;
    this.base = this.limits.initial;
  }

  /** RFC 6298 2.2 and 2.3; alpha 1/8, beta 1/4, K 4. */
  sample(rtt: number, _newRound = false): void {
    const { granularity } = this.limits;
    const measured = rtt < 1 ? 1 : rtt > LONGEST_SAMPLE ? LONGEST_SAMPLE : rtt | 0;
    if (this.mean8 === 0) {
      this.mean8 = measured << 3;
      this.variation4 = measured << 1;
    } else {
      const error = measured - (this.mean8 >> 3);
      this.variation4 += (error < 0 ? -error : error) - (this.variation4 >> 2);
      this.mean8 += error;
    }
    const { variation4 } = this;
    this.setBase((this.mean8 >> 3) + (variation4 > granularity ? variation4 : granularity));
  }

  /** RFC 6298 2.4 and 2.5. */
  protected setBase(timeout: number): void {
    const { minimum, maximum } = this.limits;
    this.base = timeout < minimum ? minimum : timeout > maximum ? maximum : timeout;
  }

  timeout(retries: number): number {
    if (retries === 0) return this.base;
    return Math.min(this.base * 2 ** Math.min(retries, 30), this.limits.maximum);
  }

  keepBackoff(retries: number): void {
    this.base = this.timeout(retries);
  }

  /** RFC 9293 3.8.6.1: the first probe after one RTO, then at growing intervals. */
  probeInterval(probes: number): number {
    return this.timeout(probes);
  }

  synTimedOut(): void {
    if (this.mean8 === 0) this.base = Math.max(this.base, this.limits.afterLostSyn);
  }
}

/**
 * RFC 6298 as Linux keeps it: the variation is the largest of each round trip and falls by a quarter of the difference per
 * round trip, never below the minimum timeout; a sample below the mean counts an eighth of what one above it would. So a
 * path that is quick for a while does not make the timeout short.
 */
export class SteadyRto extends Rfc6298Rto {
  private mean: number;
  private deviation: number;
  private largest: number;
  private variation: number;
  private readonly least: number;

  /** @param limits `minimum` is the least the timeout lies above the mean */
  constructor(limits: RtoLimits) {
    super(limits);
    this.mean = 0;
    this.deviation = 0;
    this.largest = 0;
    this.variation = 0;
    this.least = limits.minimum;
  }

  override get srtt(): number {
    return this.mean / 8;
  }

  override get rttvar(): number {
    return this.deviation / 4;
  }

  override reset(): void {
    super.reset();
    this.mean = 0;
    this.deviation = 0;
    this.largest = 0;
    this.variation = 0;
  }

  override sample(rtt: number, newRound: boolean): void {
    super.sample(rtt);
    const measured = rtt < 1 ? 1 : rtt > LONGEST_SAMPLE ? LONGEST_SAMPLE : rtt | 0;
    if (this.mean === 0) {
      this.mean = measured << 3;
      this.deviation = measured << 1;
      this.variation = Math.max(this.deviation, this.least);
      this.largest = this.variation;
    } else {
      const error = measured - (this.mean >> 3);
      this.mean += error;
      const change = (error < 0 ? -error : error) - (this.deviation >> 2);
      this.deviation += error < 0 && change > 0 ? change >> 3 : change;
      if (this.deviation > this.largest) {
        this.largest = this.deviation;
        if (this.largest > this.variation) this.variation = this.largest;
      }
      if (newRound) {
        if (this.largest < this.variation) this.variation -= (this.variation - this.largest) >> 2;
        this.largest = this.least;
      }
    }
    this.setBase((this.mean >> 3) + this.variation);
  }
}
