import { MILLISECOND } from '@strata/contracts';
import { modernProfile, type Profile } from '@strata/stack';
import {
  type AckPolicy,
  type ControlBlock,
  delayedAcks,
  MODERN_RTO_LIMITS,
  modernTcpProfile,
  Rfc6298Rto,
  type TcpProfile,
} from '@strata/tcp';

/** Segments with data that are acknowledged at once when a connection is young. */
const QUICK_SEGMENTS = 16;
const DELAY = 40 * MILLISECOND;
/** Received segments with data by connection, as far as they matter. */
const received = new WeakMap<ControlBlock, number>();
const delayed = delayedAcks(DELAY);

/** Connections whose application is in the middle of a read: the window is told once, at its end. */
const reading = new WeakSet<ControlBlock>();

/** Holds window updates back while one read takes several packets. */
export function holdWindowUpdates(tcb: ControlBlock, on: boolean): void {
  if (on) reading.add(tcb);
  else reading.delete(tcb);
}

/** Delayed acknowledgments after a first stretch of quick ones, as the scripts' authors know them from Linux. */
const quickThenDelayed: AckPolicy = {
  ...delayed,
  dataArrived(tcb: ControlBlock, octets: number, filledGap: boolean): void {
    const count = received.get(tcb) ?? 0;
    if (count < QUICK_SEGMENTS) {
      received.set(tcb, count + 1);
      tcb.ackNow = true;
    } else delayed.dataArrived(tcb, octets, filledGap);
  },
  /** Without window scaling a large buffer cannot be advertised: room beyond the field is no growth (RFC 7323 2.3). */
  windowGrew(tcb: ControlBlock, growth: number): boolean {
    const promised = (tcb.rcvAdv - tcb.rcvNxt) | 0;
    const real = Math.min(growth, 0xffff * 2 ** tcb.rcvScale - promised);
    return real > 0 && !reading.has(tcb) && delayed.windowGrew(tcb, real);
  },
};

/** No quick acknowledgments any more (TCP_QUICKACK 0), or a new stretch of them. */
export function setQuickAcks(tcb: ControlBlock, on: boolean): void {
  received.set(tcb, on ? 0 : QUICK_SEGMENTS);
}

/**
 * TCP with the constants that packetdrill scripts assume, which are Linux's: a receive buffer that gives window scale 8,
 * five retries of SYN, retransmission timeouts at least 200 ms above the round trip.
 */
export const drillTcpProfile: TcpProfile = {
  ...modernTcpProfile,
  name: 'drill',
  rto: () => new Rfc6298Rto({ ...MODERN_RTO_LIMITS, granularity: 200 * MILLISECOND }),
  acks: quickThenDelayed,
  maximumSynRetries: 5,
  transmitQueueMaximum: 1 << 20,
  sendBuffer: 1 << 30,
  defaultWindow: 15 << 20,
};

/** The host that scripts run on. */
export const drillProfile: Profile = { ...modernProfile, name: 'drill', tcp: drillTcpProfile };
