import { type IpAddress, NEVER } from '@strata/contracts';
import type { IpInterface } from '../interface.ts';

/** 224.0.0.1. */
export const ALL_HOSTS = 0xe0000001 | 0;

/** One group that an interface listens to, of either family, and what is still to be said about it. */
export class Membership {
  readonly outgoing: IpInterface;
  readonly address: IpAddress;
  /** How often it was joined and not left; 0 while the routers are still to be told of the end. */
  joins: number;
  /** When to answer a query, in microseconds; NEVER when there is nothing to answer. */
  respondAt: number;
  /** When to report the last change again, and how often still. */
  changeAt: number;
  changesLeft: number;
  /** We were the last to report it (RFC 2236 6, RFC 2710 5). */
  lastReporter: boolean;

  constructor(outgoing: IpInterface, address: IpAddress) {
    this.outgoing = outgoing;
    this.address = address;
    this.joins = 1;
    this.respondAt = 0.5;
    this.respondAt = NEVER;
    this.changeAt = 0.5;
    this.changeAt = NEVER;
    this.changesLeft = 0;
    this.lastReporter = false;
  }

  get deadline(): number {
    return Math.min(this.respondAt, this.changeAt);
  }

  /** Answers within `maximum` unless an answer is due sooner anyway; `delay` is random in 1..maximum. */
  respondWithin(now: number, maximum: number, delay: number): void {
    if (this.respondAt === NEVER || this.respondAt - now > maximum) this.respondAt = now + delay;
  }

  /** Nothing is to be said any more. */
  quiet(): void {
    this.respondAt = NEVER;
    this.changeAt = NEVER;
    this.changesLeft = 0;
  }
}

/** 224.0.0.1 and ff02::1, which everybody listens to and nobody reports (RFC 2236 6, RFC 2710 5). */
export function isEverybody(address: IpAddress): boolean {
  if (address.family === 4) return address.w3 === ALL_HOSTS;
  return address.w3 === 1 && address.w2 === 0 && address.w1 === 0 && (address.w0 & 0xf) <= 2;
}
