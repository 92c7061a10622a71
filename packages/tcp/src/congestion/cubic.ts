import { SECOND } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import type { CongestionController } from './controller.ts';
import { noteReduction } from './ecn.ts';
import { INFINITE_THRESHOLD, initialWindow, restart, slowStart, usesWindow } from './slow-start.ts';

/** RFC 9438 4.1 and 5: the constant of the cubic function in segments per second cubed. */
const C = 0.4;
/** The multiplicative decrease, 0.7, as a fraction whose products stay exact. */
const BETA_NUMERATOR = 717;
const BETA_DENOMINATOR = 1024;
const BETA = BETA_NUMERATOR / BETA_DENOMINATOR;
/** RFC 9438 4.3: the growth per round trip that gives Reno's average with this decrease. */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);

/** What sums of fractions may lack. */
const ROUNDING = 1e-6;

/** Slots of the state, in segments and seconds. An array of doubles is written without an allocation. */
const W_MAX = 0;
const K = 1;
const ORIGIN = 2;
/** RFC 9438 4.3: what Reno's window would be by now. */
const W_EST = 3;
const CWND_PRIOR = 4;
/** Microseconds: start of the present stage of congestion avoidance, and the last acknowledgment seen. */
const EPOCH = 5;
const LAST_ACK = 6;
/** Fractions of a segment earned and not yet added to the window. */
const CREDIT = 7;
const SLOTS = 8;

const NO_EPOCH = -1;

/** The state of all connections that have neither lost anything nor left slow start. */
const UNTOUCHED = new Float64Array(SLOTS);
UNTOUCHED[EPOCH] = NO_EPOCH;

/**
 * CUBIC (RFC 9438): the window is a cubic function of the time since the last loss, flat around the window where that was,
 * so it is as fast on long paths as on short ones, and never slower than Reno. One instance per connection.
 *
 * The window grows in whole segments. Where the RFC offers FlightSize or cwnd for the decrease, it is cwnd, which grows only
 * while it is used (4.6).
 */
export class CubicController implements CongestionController {
  readonly name: string;
  private state: Float64Array;
  private readonly fastConvergence: boolean;
  private readonly growsAsReno: boolean;

  /**
   * @param fastConvergence RFC 9438 4.7
   * @param growsAsReno Reno's own growth of a segment per round trip, rather than the one that gives its average, once the
   *   window is where the last loss was (RFC 9438 4.3). Linux goes without, and so is a tenth slower where losses are frequent.
   */
  constructor(fastConvergence = true, growsAsReno = false) {
    this.name = 'cubic';
    this.state = UNTOUCHED;
    this.fastConvergence = fastConvergence;
    this.growsAsReno = growsAsReno;
  }

  begin(tcb: ControlBlock): void {
    this.state = UNTOUCHED;
    tcb.cwnd = initialWindow(tcb);
    tcb.ssthresh = INFINITE_THRESHOLD;
  }

  acknowledged(tcb: ControlBlock, acked: number): void {
    if (!usesWindow(tcb)) {
      if ((this.state[EPOCH] as number) >= 0) this.pause(tcb);
      return;
    }
    const left = tcb.cwnd < tcb.ssthresh ? slowStart(tcb, acked) : acked;
    if (left > 0) this.avoid(tcb, left);
  }

  /** The state, to be written. */
  private own(): Float64Array {
    if (this.state === UNTOUCHED) this.state = UNTOUCHED.slice();
    return this.state;
  }

  /** RFC 9438 5.8: time in which the window was not used does not count. */
  private pause(tcb: ControlBlock): void {
    const { state } = this;
    const { now } = tcb.time;
    state[EPOCH] = (state[EPOCH] as number) + (now - (state[LAST_ACK] as number));
    state[LAST_ACK] = now;
  }

  /** RFC 9438 4.2 to 4.5. */
  private avoid(tcb: ControlBlock, acked: number): void {
    const state = this.own();
    const { now } = tcb.time;
    state[LAST_ACK] = now;
    const { mss } = tcb;
    const window = tcb.cwnd / mss;
    const segments = acked / mss;
    if ((state[EPOCH] as number) < 0) this.beginEpoch(window, now);
    const round = tcb.rto.srtt / SECOND;
    const t = (now - (state[EPOCH] as number)) / SECOND - (state[K] as number);
    const cubic = C * t * t * t + (state[ORIGIN] as number);
    const regained = (state[W_EST] as number) >= (state[CWND_PRIOR] as number);
    const alpha = this.growsAsReno && regained ? 1 : ALPHA;
    const reno = (state[W_EST] as number) + (alpha * segments) / window;
    state[W_EST] = reno;
    let credit = state[CREDIT] as number;
    const ahead = t + round;
    // Whole segments from the plateau, as other hosts reckon it.
    const distance = Math.trunc(C * ahead * ahead * ahead);
    const target = Math.min(distance + (state[ORIGIN] as number), 1.5 * window);
    if (target > window) credit += (segments * (target - window)) / window;
    if (cubic < reno && reno > window) credit = Math.max(credit, reno - window);
    // Sevenths of a segment add up to a little less than one.
    const whole = Math.floor(credit + ROUNDING);
    state[CREDIT] = credit - whole;
    if (whole > 0 && tcb.cwnd < INFINITE_THRESHOLD) tcb.cwnd += Math.min(whole, Math.ceil(segments)) * mss;
  }

  /** 4.2: a stage of congestion avoidance begins with a window of `window` segments. */
  private beginEpoch(window: number, now: number): void {
    const { state } = this;
    state[EPOCH] = now;
    state[W_EST] = window;
    state[CREDIT] = 0;
    if (window >= (state[W_MAX] as number)) {
      state[K] = 0;
      state[ORIGIN] = window;
    } else {
      state[K] = Math.cbrt(((state[W_MAX] as number) - window) / C);
      state[ORIGIN] = state[W_MAX] as number;
    }
  }

  /** 4.6 and, where the window had not regained the last maximum and others may need the room, 4.7. */
  lossDetected(tcb: ControlBlock, _flight: number): void {
    const state = this.own();
    const { mss } = tcb;
    const window = tcb.cwnd / mss;
    const yields = this.fastConvergence && window < (state[W_MAX] as number);
    state[W_MAX] = yields ? (window * (1 + BETA)) / 2 : window;
    state[CWND_PRIOR] = window;
    state[EPOCH] = NO_EPOCH;
    const segments = Math.floor((Math.floor(window) * BETA_NUMERATOR) / BETA_DENOMINATOR);
    tcb.ssthresh = Math.max(segments, 2) * mss;
    noteReduction(tcb);
  }

  /** 4.8: the next stage of congestion avoidance takes the window it begins with for the maximum, so K is 0. */
  timedOut(tcb: ControlBlock): void {
    tcb.cwnd = tcb.mss;
    const state = this.own();
    state[EPOCH] = NO_EPOCH;
    state[W_MAX] = 0;
  }

  restartAfterIdle(tcb: ControlBlock): void {
    restart(tcb);
    this.own()[EPOCH] = NO_EPOCH;
  }
}
