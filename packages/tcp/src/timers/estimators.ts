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
    return this.rate * 2 ** (retries * this.shift);
  }

  probeInterval(): number {
    return this.rate;
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

/** Van Jacobson's estimator as RFC 6298 has it. */
export class Rfc6298Rto implements RtoEstimator {
  readonly name: string;
  readonly measures: boolean;
  srtt: number;
  rttvar: number;
  private base: number;
  private readonly limits: RtoLimits;

  constructor(limits: RtoLimits) {
    this.name = 'rfc6298';
    this.measures = true;
    // Doubles from the first store on, so that a measurement allocates nothing.
    this.srtt = 0.5;
    this.srtt = 0;
    this.rttvar = 0.5;
    this.rttvar = 0;
    this.base = limits.initial;
    this.limits = limits;
  }

  reset(): void {
    this.srtt = 0;
    this.rttvar = 0;
    this.base = this.limits.initial;
  }

  /** RFC 6298 2.2 and 2.3; alpha 1/8, beta 1/4, K 4. */
  sample(rtt: number): void {
    const { granularity, minimum, maximum } = this.limits;
    if (this.srtt === 0) {
      this.srtt = Math.max(rtt, 1);
      this.rttvar = rtt / 2;
    } else {
      this.rttvar = 0.75 * this.rttvar + 0.25 * Math.abs(this.srtt - rtt);
      this.srtt = 0.875 * this.srtt + 0.125 * rtt;
      if (this.srtt < 1) this.srtt = 1;
    }
    const rto = Math.ceil(this.srtt + Math.max(granularity, 4 * this.rttvar));
    this.base = Math.min(Math.max(rto, minimum), maximum) | 0;
  }

  timeout(retries: number): number {
    return Math.min(this.base * 2 ** Math.min(retries, 30), this.limits.maximum);
  }

  /** RFC 9293 3.8.6.1: the first probe after one RTO, then at growing intervals. */
  probeInterval(probes: number): number {
    return this.timeout(probes);
  }

  synTimedOut(): void {
    if (this.srtt === 0) this.base = Math.max(this.base, this.limits.afterLostSyn);
  }
}
