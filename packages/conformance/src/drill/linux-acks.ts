import { MILLISECOND, NEVER } from '@strata/contracts';
import { type AckPolicy, type ControlBlock, delayedAcks, TCP_ESTABLISHED } from '@strata/tcp';

/** How long Linux delays an acknowledgment at least; it is also how soon an answer makes a session interactive. */
const DELAY = 40 * MILLISECOND;
/** Segments in a row that are acknowledged at once. */
const QUICK_SEGMENTS = 16;
/** What Linux takes for a full segment before it has seen one. */
const ASSUMED_SEGMENT = 536;

const LARGEST_SEGMENT = 1460;

/** What the policy knows of a connection. */
interface Habits {
  /** Segments that will still be acknowledged at once. */
  quick: number;
  /** The application answers what it reads: acknowledgments wait for its answers. */
  interactive: boolean;
  lastArrival: number;
  /** When the delayed acknowledgment goes unless something takes it along; NEVER: none waits. */
  waitsUntil: number;
  /** The last segment was shorter than those before it, so that nothing more may follow. */
  pushed: boolean;
  /** The window that the last acknowledgment offered; -1: none has gone out since the opening. */
  offered: number;
  /** What came last calls for an acknowledgment at once, whatever the mood. */
  due: boolean;
  /** Always at once (`ip route … quickack 1`). */
  always: boolean;
  reading: boolean;
}

const habits = new WeakMap<ControlBlock, Habits>();

function habitsOf(tcb: ControlBlock): Habits {
  let known = habits.get(tcb);
  if (known === undefined) {
    known = {
      quick: -1,
      interactive: false,
      lastArrival: NEVER,
      waitsUntil: NEVER,
      pushed: false,
      offered: -1,
      due: false,
      always: false,
      reading: false,
    };
    habits.set(tcb, known);
  }
  return known;
}

/** Holds window updates back while one read takes several packets. */
export function holdWindowUpdates(tcb: ControlBlock, on: boolean): void {
  habitsOf(tcb).reading = on;
}

/** No quick acknowledgments any more (TCP_QUICKACK 0), or a new stretch of them. */
export function setQuickAcks(tcb: ControlBlock, on: boolean): void {
  const known = habitsOf(tcb);
  known.interactive = !on;
  known.quick = on ? QUICK_SEGMENTS : 0;
  if (on) acknowledgeDelayed(tcb);
}

/** True while TCP_QUICKACK reads as on. */
export function quickAcks(tcb: ControlBlock): boolean {
  return !habitsOf(tcb).interactive;
}

/** Every segment at once from now on. */
export function alwaysQuick(tcb: ControlBlock): void {
  habitsOf(tcb).always = true;
}

/** The application has read everything: a short segment is acknowledged then, unless an answer is to be expected. */
export function everythingRead(tcb: ControlBlock): void {
  const { pushed, interactive } = habitsOf(tcb);
  if (pushed && !interactive) acknowledgeDelayed(tcb);
}

/** The application has read: the peer hears of the room when that is worth an acknowledgment. */
export function updateWindow(tcb: ControlBlock): void {
  const promised = (tcb.rcvAdv - tcb.rcvNxt) | 0;
  const growth = tcb.windowSize - tcb.rcvQueued - promised;
  if (growth > 0 && tcb.profile.acks.windowGrew(tcb, growth)) acknowledge(tcb);
}

/**
 * The window that an acknowledgment would offer now is no smaller than the one that was offered last, or in the beginning than
 * all there is: the application reads. Otherwise every second segment is not acknowledged at once either.
 */
function keepsWindow(tcb: ControlBlock): boolean {
  const { offered } = habitsOf(tcb);
  const most = Math.min(tcb.windowSize, 0xffff * 2 ** tcb.rcvScale);
  return tcb.windowSize - tcb.rcvQueued >= (offered < 0 ? most : offered);
}

/** What the delayed-ACK timer was to send goes now. */
function acknowledgeDelayed(tcb: ControlBlock): void {
  if (tcb.delayedAckDeadline !== NEVER) acknowledge(tcb);
}

function acknowledge(tcb: ControlBlock): void {
  tcb.delayedAckDeadline = tcb.time.now;
  tcb.alarm?.set(tcb.time.now);
}

/** Starts the delayed-ACK timer unless it runs; says when it will be over. */
function delay(tcb: ControlBlock): number {
  if (tcb.delayedAckDeadline !== NEVER) return tcb.delayedAckDeadline;
  const deadline = tcb.time.now + DELAY;
  tcb.delayedAckDeadline = deadline;
  if (deadline < tcb.armedAt) {
    tcb.armedAt = deadline;
    tcb.alarm?.set(deadline);
  }
  return deadline;
}

const delayed = delayedAcks(DELAY);

/** Linux's acknowledgments: quick ones at first and behind gaps, then every second segment, late ones in a dialogue. */
export const linuxAcks: AckPolicy = {
  ...delayed,

  dataArrived(tcb: ControlBlock, octets: number, filledGap: boolean): void {
    // A receive offload may have put several segments together: none was larger than what we announced.
    if (tcb.rcvMss > LARGEST_SEGMENT) tcb.rcvMss = LARGEST_SEGMENT;
    const known = habitsOf(tcb);
    const { now } = tcb.time;
    const since = known.lastArrival === NEVER ? 0 : now - known.lastArrival;
    known.lastArrival = now;
    // The timer has sent the last acknowledgment: the application does not answer at once, so this is no dialogue.
    if (known.waitsUntil <= now) known.interactive = false;
    known.waitsUntil = NEVER;
    const full = Math.max(tcb.rcvMss, Math.min(ASSUMED_SEGMENT, tcb.mss));
    const longPause = since > tcb.rto.timeout(0);
    if (known.quick < 0 || longPause || filledGap || tcb.reassemblyHead !== null) {
      const possible = Math.floor((((tcb.rcvAdv - tcb.rcvNxt) | 0) + octets) / (2 * full)) || 2;
      known.quick = Math.max(known.quick, Math.min(possible, QUICK_SEGMENTS));
      if (filledGap || tcb.reassemblyHead !== null) known.interactive = false;
    }
    known.pushed = octets < full;
    tcb.unackedBytes += octets;
    const quick = known.always || (known.quick > 0 && !known.interactive);
    known.due =
      known.always || filledGap || tcb.reassemblyHead !== null || (tcb.unackedBytes > full && keepsWindow(tcb));
    if (quick || known.due) {
      if (known.quick > 0) known.quick--;
      tcb.ackNow = true;
    } else {
      known.waitsUntil = delay(tcb);
    }
  },

  /**
   * The application is expected to answer a FIN with its own, so it is acknowledged late, even together with data that would
   * have been acknowledged at once; but at once by who has closed already, and where no data ever came.
   */
  finArrived(tcb: ControlBlock, waited: boolean): void {
    const known = habitsOf(tcb);
    if (waited || tcb.state !== TCP_ESTABLISHED || known.lastArrival === NEVER) {
      tcb.ackNow = true;
      return;
    }
    known.interactive = true;
    if (known.due && tcb.ackNow) return;
    tcb.ackNow = false;
    known.waitsUntil = delay(tcb);
  },

  dataSent(tcb: ControlBlock): void {
    const known = habitsOf(tcb);
    known.waitsUntil = NEVER;
    if (known.lastArrival !== NEVER && tcb.time.now - known.lastArrival < DELAY) known.interactive = true;
  },

  advertise(tcb: ControlBlock, room: number, promised: number): number {
    const window = delayed.advertise(tcb, room, promised);
    if (tcb.state >= TCP_ESTABLISHED) habitsOf(tcb).offered = Math.min(window, 0xffff * 2 ** tcb.rcvScale);
    return window;
  },

  /** Without window scaling a large buffer cannot be advertised: room beyond the field is no growth (RFC 7323 2.3). */
  windowGrew(tcb: ControlBlock, growth: number): boolean {
    const promised = (tcb.rcvAdv - tcb.rcvNxt) | 0;
    const real = Math.min(growth, 0xffff * 2 ** tcb.rcvScale - promised);
    return real > 0 && !habitsOf(tcb).reading && delayed.windowGrew(tcb, real);
  },
};
