import { type Alarm, NEVER, type Timed } from '@strata/contracts';
import type { IpInstance } from './instance.ts';
import type { IpInterface } from './interface.ts';

/** Destinations remembered, and how long in microseconds. */
const LIMIT = 64;
const LIFETIME = 600_000_000;

interface Redirected {
  readonly gateway: number;
  readonly outgoing: IpInterface;
  readonly expires: number;
}

/**
 * Better first hops for single destinations, as gateways have told (RFC 1122 3.3.1.3). Bounded: the oldest goes first, and
 * each is forgotten after ten minutes, or when its gateway does not answer.
 */
export class RedirectCache implements Timed {
  private readonly ip: IpInstance;
  private readonly alarm: Alarm;
  /** By destination, in order of learning and so of expiry. */
  private readonly entries: Map<number, Redirected>;

  constructor(ip: IpInstance) {
    this.ip = ip;
    this.entries = new Map();
    this.alarm = ip.time.alarm(this);
  }

  get size(): number {
    return this.entries.size;
  }

  /** The gateway to use for a destination on an interface, or 0. */
  gatewayFor(destination: number, outgoing: IpInterface): number {
    if (this.entries.size === 0) return 0;
    const entry = this.entries.get(destination);
    return entry !== undefined && entry.outgoing === outgoing ? entry.gateway : 0;
  }

  add(destination: number, gateway: number, outgoing: IpInterface): void {
    this.entries.delete(destination);
    if (this.entries.size >= LIMIT) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
    this.entries.set(destination, { gateway, outgoing, expires: this.ip.time.now + LIFETIME });
    this.alarm.set(this.nextDeadline());
    this.ip.generation++;
  }

  /** A gateway is dead: what was sent its way goes the old way again. */
  forgetGateway(gateway: number): void {
    for (const [destination, entry] of this.entries) {
      if (entry.gateway !== gateway) continue;
      this.entries.delete(destination);
      this.ip.generation++;
    }
  }

  /** @internal An interface goes, and the gateways on its link. */
  detach(outgoing: IpInterface): void {
    for (const [destination, entry] of this.entries) {
      if (entry.outgoing === outgoing) this.entries.delete(destination);
    }
  }

  clear(): void {
    if (this.entries.size === 0) return;
    this.entries.clear();
    this.ip.generation++;
  }

  nextDeadline(): number {
    for (const entry of this.entries.values()) return entry.expires;
    return NEVER;
  }

  onTime(now: number): void {
    for (const [destination, entry] of this.entries) {
      if (entry.expires > now) break;
      this.entries.delete(destination);
      this.ip.generation++;
    }
  }
}
