import { MILLISECOND, NEVER } from '@strata/contracts';
import { modernProfile, type Profile } from '@strata/stack';
import {
  type AckPolicy,
  CONGESTION_CONTROLLERS,
  type ControlBlock,
  delayedAcks,
  ECN_OFF,
  impatientNetworkErrors,
  type LossRecovery,
  MODERN_RTO_LIMITS,
  MODERN_SWITCHES,
  modernRecovery,
  modernTcpProfile,
  type OptionSet,
  type OptionSwitches,
  SteadyRto,
  type TcpProfile,
  tcpOptions,
} from '@strata/tcp';
import type { TcpHeader } from '@strata/wire';
import { linuxAcks } from './linux-acks.ts';

/** Sizes that leave limits to the sockets of a script. */
const ROOM = {
  maximumSynRetries: 5,
  maximumSynAckRetries: 5,
  transmitQueueMaximum: 1 << 20,
  sendBuffer: 1 << 30,
  defaultWindow: 15 << 20,
  unreadLife: NEVER,
};

/** Recovery without SACK ends with the window at its threshold, not at what is in flight (RFC 6582 3.2, step 3, option 2). */
const openRecovery: LossRecovery = {
  ...modernRecovery,

  newAck(tcb: ControlBlock, acked: number, segment: TcpHeader): void {
    const recovering = tcb.inRecovery && !tcb.sackPermitted;
    modernRecovery.newAck(tcb, acked, segment);
    if (recovering && !tcb.inRecovery && tcb.cwnd < tcb.ssthresh) tcb.cwnd = tcb.ssthresh;
  },
};

/**
 * TCP with the constants that packetdrill scripts assume, which are Linux's: a receive buffer that gives window scale 8,
 * five retries of SYN, retransmission timeouts at least 200 ms above the round trip, segments without timestamps taken as
 * they are, errors of routers that end what is being opened, window probes without data, no slow start after idle, no ECN,
 * thresholds reckoned from the congestion window, data that can still be read after a reset, one answer to stray segments in
 * half a second.
 */
export const drillTcpProfile: TcpProfile = {
  ...modernTcpProfile,
  name: 'drill',
  rto: rtoAbove(200 * MILLISECOND),
  congestion: reducingWindow(modernTcpProfile.congestion),
  recovery: () => openRecovery,
  acks: linuxAcks,
  options: tcpOptions(MODERN_SWITCHES),
  requireTimestamps: false,
  ecn: ECN_OFF,
  slowStartAfterIdle: false,
  nagleForgivesFull: true,
  networkErrors: impatientNetworkErrors,
  probeWithData: false,
  resetEndsTimeWait: true,
  errorsFlushUnread: false,
  strayAnswers: { most: 1, interval: 500 * MILLISECOND, challenges: true },
  ...ROOM,
};

/** The same without Linux's habits, as the RFCs recommend: what `--profile=modern` in a script asks for. */
export const recommendedTcpProfile: TcpProfile = { ...modernTcpProfile, ...ROOM };

/** The host that scripts run on. */
export const drillProfile: Profile = { ...modernProfile, name: 'drill', tcp: drillTcpProfile };

/** A host that uses its IPv6 addresses at once and asks no router: the link is known beforehand. */
export function quietIp(policy: Profile['ip']): Profile['ip'] {
  const ipv6 = { ...policy.ipv6, dadTransmits: 0, dadDelay: 0, solicitations: 0, autoconfiguration: false };
  return { ...policy, ipv6 };
}

/** Timeouts of the round trip and its variation, the latter never below `minimum` microseconds, as Linux reckons them. */
export function rtoAbove(minimum: number): TcpProfile['rto'] {
  return () => new SteadyRto({ ...MODERN_RTO_LIMITS, minimum, granularity: minimum });
}

/** The congestion controllers that scripts can ask for. */
export function congestionNamed(name: string): TcpProfile['congestion'] | null {
  const make = name === 'netx' ? undefined : CONGESTION_CONTROLLERS[name === 'newreno' ? 'reno' : name];
  return make === undefined ? null : reducingWindow(make);
}

/**
 * As Linux does, the threshold after a loss is reckoned from the congestion window, not from what was in flight, and one
 * repetition of the SYN does not make the initial window smaller.
 */
function reducingWindow(make: TcpProfile['congestion']): TcpProfile['congestion'] {
  return () => {
    const made = make();
    const own = Object.getPrototypeOf(made) === Object.prototype ? { ...made } : made;
    const { begin, lossDetected } = own;
    own.begin = (tcb: ControlBlock) => {
      begin.call(own, tcb);
      if (tcb.synTransmissions === 2) tcb.cwnd = tcb.profile.initialWindow(tcb.mss);
    };
    own.lossDetected = (tcb: ControlBlock) => {
      lossDetected.call(own, tcb, tcb.cwnd - (tcb.cwnd % Math.max(tcb.mss, 1)));
    };
    return own;
  };
}

/** `tcp` with some of its options switched. */
export function withOptions(tcp: TcpProfile, change: Partial<OptionSwitches>): Partial<TcpProfile> {
  const offers = { ...tcp.options.offers, ...change };
  return { options: bsdSets.has(tcp.options) ? bsdOptions(offers) : tcpOptions(offers) };
}

/** FreeBSD's acknowledgments: every second one, late by 40 ms at most; the window offered is all there is, unless that is little. */
export const bsdAcks: AckPolicy = {
  ...delayedAcks(40 * MILLISECOND),
  advertise(tcb: ControlBlock, room: number, promised: number): number {
    if (room < tcb.windowSize >> 2 && room < tcb.mss) return promised;
    return Math.max(promised, room - (room % 2 ** tcb.rcvScale));
  },
};

/** FreeBSD's shift for windows, whatever the buffer. */
const BSD_SHIFT = 6;
const bsdSets = new WeakSet<OptionSet>();

const OPTION_MSS = 2;
const OPTION_SHIFT = 3;
const OPTION_SACK_PERMITTED = 4;
const OPTION_TIMESTAMPS = 8;

/** Puts the options of a SYN into FreeBSD's order, with its shift, and pads them. Returns their length. */
function layOutAsBsd(view: DataView, at: number, length: number): number {
  const found = new Map<number, number[]>();
  for (let i = 0; i < length; ) {
    const kind = view.getUint8(at + i);
    const size = kind <= 1 ? 1 : view.getUint8(at + i + 1);
    if (kind > 1)
      found.set(
        kind,
        Array.from({ length: size }, (_, octet) => view.getUint8(at + i + octet)),
      );
    i += size;
  }
  const laid = [...(found.get(OPTION_MSS) ?? [])];
  if (found.has(OPTION_SHIFT)) laid.push(1, OPTION_SHIFT, 3, BSD_SHIFT);
  laid.push(...(found.get(OPTION_SACK_PERMITTED) ?? []));
  const timestamps = found.get(OPTION_TIMESTAMPS) ?? [];
  while (timestamps.length > 0 && laid.length % 4 !== 2) laid.push(1);
  laid.push(...timestamps);
  while (laid.length % 4 !== 0) laid.push(0);
  for (const [i, octet] of laid.entries()) view.setUint8(at + i, octet);
  return laid.length;
}

/** Options as FreeBSD has them: a fixed shift, and a receive buffer of whole segments. */
export function bsdOptions(offers: OptionSwitches): OptionSet {
  const base = tcpOptions(offers);
  const set: OptionSet = {
    ...base,
    emitSyn(tcb: ControlBlock, view: DataView, at: number, passive: boolean): number {
      return layOutAsBsd(view, at, base.emitSyn(tcb, view, at, passive));
    },
    negotiate(tcb: ControlBlock, segment: TcpHeader): void {
      base.negotiate(tcb, segment);
      if (tcb.scaling) tcb.rcvScale = BSD_SHIFT;
      const mss = Math.max(Math.min(segment.mss > 0 ? segment.mss : 536, 1460) - (tcb.timestamps ? 12 : 0), 1);
      if (tcb.windowSize > mss) tcb.windowSize = Math.ceil(tcb.windowSize / mss) * mss;
    },
  };
  bsdSets.add(set);
  return set;
}
