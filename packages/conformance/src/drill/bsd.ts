import { MILLISECOND, SECOND } from '@strata/contracts';
import {
  type ControlBlock,
  ECN_PASSIVE,
  MODERN_RTO_LIMITS,
  modernTcpProfile,
  Rfc6298Rto,
  type RtoLimits,
  rfc5961Defence,
  sackThresholdDetection,
  TCP_TIMED_WAIT,
  type TcpProfile,
} from '@strata/tcp';
import { TCP_SYN } from '@strata/wire';
import type { Script } from './ast.ts';
import { bsdAcks, bsdOptions } from './profile.ts';

/** True for a script that was written for FreeBSD: by its commands, its calls, or the way its SYNs are laid out. */
export function isForBsd(script: Script): boolean {
  return script.events.some(({ action }) => {
    if (action.kind === 'shell') return isBsd(action.command);
    if (action.kind === 'call')
      return action.arguments.some((one) => one.kind === 'symbol' && BSD_SYMBOL.test(one.name));
    if (action.kind !== 'packet' || action.inbound || action.body.protocol !== 'tcp') return false;
    const { flags, options } = action.body;
    const kinds = (flags & TCP_SYN) !== 0 && options !== null ? options.map(({ kind }) => kind) : [];
    const [scale, permitted] = [kinds.indexOf('wscale'), kinds.indexOf('sackOK')];
    return kinds.includes('eol') || (scale >= 0 && permitted > scale);
  });
}

const BSD_SYMBOL =
  /^(?:TCP_FUNCTION_BLK|TCP_NOOPT|TCP_NOPUSH|TCP_LOG\w*|TCP_REMOTE_UDP_ENCAPS_PORT|SO_NOSIGPIPE|SO_ACCEPTFILTER)$/;

/** True for commands that only FreeBSD has. */
export function isBsd(command: string): boolean {
  return /\bnet\.inet6?\.|\bkern\.|\bkldload\b/.test(command);
}

/** Timers of FreeBSD, in microseconds. */
export interface BsdTimers {
  /** Timeout of the first SYN. */
  readonly initial: number;
  readonly minimum: number;
  /** Added to every timeout but the first. */
  readonly slop: number;
  readonly persistMinimum: number;
  readonly persistMaximum: number;
}

export const BSD_TIMERS: BsdTimers = {
  initial: SECOND,
  minimum: 30 * MILLISECOND,
  slop: 200 * MILLISECOND,
  persistMinimum: 5 * SECOND,
  persistMaximum: 60 * SECOND,
};

const LONGEST_TIMEOUT = 64 * SECOND;

/** RFC 6298 as FreeBSD keeps it: a fixed time on top of every timeout, and window probes with limits of their own. */
class BsdRto extends Rfc6298Rto {
  private readonly timers: BsdTimers;

  constructor(limits: RtoLimits, timers: BsdTimers) {
    super(limits);
    this.timers = timers;
  }

  override timeout(retries: number): number {
    const { slop } = this.timers;
    const plain = super.timeout(retries);
    return Math.min(this.srtt > 0 || retries > 0 ? plain + slop : plain, LONGEST_TIMEOUT);
  }

  override keepBackoff(): void {}

  override probeInterval(probes: number): number {
    const { slop, persistMinimum, persistMaximum } = this.timers;
    const interval = (4 * this.srtt + 8 * this.rttvar) * 2 ** Math.min(probes, 12) + slop;
    return Math.min(Math.max(interval, persistMinimum), persistMaximum);
  }
}

/** The timers that a factory of estimators was made of. */
const timersOf = new WeakMap<TcpProfile['rto'], BsdTimers>();

/** The estimator of FreeBSD with other timers than it has now. */
export function bsdRto(now: TcpProfile['rto'], change: Partial<BsdTimers>): TcpProfile['rto'] {
  const timers = { ...(timersOf.get(now) ?? BSD_TIMERS), ...change };
  const { initial, minimum } = timers;
  const limits = { ...MODERN_RTO_LIMITS, initial, minimum, afterLostSyn: initial };
  const make = () => new BsdRto(limits, timers);
  timersOf.set(make, timers);
  return make;
}

/** As RFC 5961 5, and in TIME-WAIT whatever does not acknowledge all that was sent is answered. */
export function acknowledgmentTooOld(tcb: ControlBlock, acknowledgment: number): boolean {
  if (tcb.state !== TCP_TIMED_WAIT) return rfc5961Defence.acknowledgmentTooOld(tcb, acknowledgment);
  if (acknowledgment !== tcb.sndNxt) tcb.ackNow = true;
  return true;
}

/** What FreeBSD's TCP has that the one of `tcp` has not. */
export function asBsd(tcp: TcpProfile): TcpProfile {
  return {
    ...tcp,
    rto: bsdRto(tcp.rto, {}),
    acks: bsdAcks,
    options: bsdOptions(tcp.options.offers),
    networkErrors: modernTcpProfile.networkErrors,
    lossPolicies: { ...tcp.lossPolicies, detection: sackThresholdDetection, tailLossProbe: false, frto: false },
    requireTimestamps: true,
    recovery: modernTcpProfile.recovery,
    strayAnswers: modernTcpProfile.strayAnswers,
    ecn: ECN_PASSIVE,
    slowStartAfterIdle: true,
    nagleForgivesFull: false,
    probeWithData: true,
    defence: { ...tcp.defence, acknowledgmentTooOld },
    // Resets are nothing to a connection that waits (RFC 1337).
    resetEndsTimeWait: false,
    maximumSynRetries: 12,
    maximumSynAckRetries: 3,
    maximumRetries: 12,
    keepaliveProbes: 8,
    keepaliveInterval: 75 * SECOND,
    timeWait: 60 * SECOND,
    finWait2: 600 * SECOND,
  };
}
