import {
  type Alarm,
  type IpAddress,
  NEVER,
  type Timed,
  TRACE_IP_PATH_MTU,
  TRACE_IP_PATH_MTU_AGED,
} from '@strata/contracts';
import type { IpInstance } from './instance.ts';
import type { PathPolicy } from './policy.ts';

/** The smallest MTU that an IPv4 link can have (RFC 791 3.2) and that an IPv6 link can have (RFC 8200 5). */
const SMALLEST_IPV4 = 68;
const SMALLEST_IPV6 = 1280;

/** RFC 1191 7.1: the MTUs worth trying when a router does not say its own. */
const PLATEAUS: readonly number[] = [65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];

/** The next plateau below the length of a packet that was too big (RFC 1191 5). */
export function plateauBelow(length: number): number {
  for (const plateau of PLATEAUS) if (plateau < length) return plateau;
  return SMALLEST_IPV4;
}

/** What is known of the path to one destination. */
interface KnownPath {
  readonly destination: IpAddress;
  readonly mtu: number;
  /** The path takes less than the floor of the policy: its packets must be allowed to be fragmented. */
  readonly belowFloor: boolean;
  readonly expires: number;
}

/**
 * What packets the paths to destinations take, as far as routers have said so (RFC 1191, RFC 8201). A value holds for a
 * while and is then forgotten, so that a path that has become better is found out (RFC 1191 6.3, RFC 8201 4). It is only ever
 * lowered by what arrives. The oldest entry goes when there are too many.
 */
export class PathMtuCache implements Timed {
  private readonly ip: IpInstance;
  private readonly policy: PathPolicy;
  private readonly alarm: Alarm;
  /** By destination, in order of learning: with one age for all also in order of expiry. */
  private readonly paths: Map<string, KnownPath>;

  constructor(ip: IpInstance, policy: PathPolicy) {
    this.ip = ip;
    this.policy = policy;
    this.paths = new Map();
    this.alarm = ip.time.alarm(this);
  }

  /** Destinations about which something is known. */
  get size(): number {
    return this.paths.size;
  }

  /** The largest packet that the path to a destination takes, in octets, or 0 when nothing is known. */
  mtuOf(destination: IpAddress): number {
    if (this.paths.size === 0) return 0;
    return this.paths.get(keyOf(destination))?.mtu ?? 0;
  }

  /** True when packets to a destination must not say "do not fragment", for its path takes less than we go down to. */
  mustFragment(destination: IpAddress): boolean {
    if (this.paths.size === 0) return false;
    return this.paths.get(keyOf(destination))?.belowFloor ?? false;
  }

  /**
   * Believes that the path to a destination takes packets of `mtu` octets only. The caller has checked that the error is about
   * a packet of ours. False when nothing changed: less than any link has, or no less than what is known.
   */
  lower(destination: IpAddress, mtu: number, linkMtu: number): boolean {
    const smallest = destination.family === 4 ? SMALLEST_IPV4 : SMALLEST_IPV6;
    const known = this.mtuOf(destination) || linkMtu;
    if (mtu < smallest || mtu >= known) return false;
    const floor = destination.family === 4 ? Math.min(this.policy.minimumIpv4, known) : SMALLEST_IPV6;
    const key = keyOf(destination);
    this.paths.delete(key);
    if (this.paths.size >= this.policy.entries) {
      this.ip.counters.pathMtuEvictions++;
      for (const oldest of this.paths.keys()) {
        this.paths.delete(oldest);
        break;
      }
    }
    const taken = Math.max(mtu, floor);
    const expires = this.ip.time.now + this.policy.age;
    this.paths.set(key, { destination, mtu: taken, belowFloor: mtu < floor, expires });
    this.alarm.set(this.nextDeadline());
    this.ip.generation++;
    if (this.ip.tracer !== null) this.ip.tracer.event(TRACE_IP_PATH_MTU, destination.w3, taken, known, 0, null);
    return true;
  }

  /** Forgets what is known of one path, or of all. */
  forget(destination: IpAddress | null): void {
    if (destination === null) this.paths.clear();
    else this.paths.delete(keyOf(destination));
    this.ip.generation++;
  }

  nextDeadline(): number {
    for (const path of this.paths.values()) return path.expires;
    return NEVER;
  }

  onTime(now: number): void {
    for (const [key, path] of this.paths) {
      if (path.expires > now) break;
      this.paths.delete(key);
      this.ip.generation++;
      const tracer = this.ip.tracer;
      if (tracer !== null) tracer.event(TRACE_IP_PATH_MTU_AGED, path.destination.w3, path.mtu, 0, 0, null);
    }
  }
}

function keyOf(address: IpAddress): string {
  if (address.family === 4) return String(address.w3);
  return `${address.w0} ${address.w1} ${address.w2} ${address.w3}`;
}
