/** Two-state loss in bursts (Gilbert 1960, Elliott 1963). Each frame first moves the state, then is lost or not. */
export interface GilbertElliott {
  /** Probability per frame of going from the good to the bad state, 0..1. */
  readonly goodToBad: number;
  /** Probability per frame of going back, 0..1; a burst lasts 1 / badToGood frames on average. */
  readonly badToGood: number;
  /** Loss in the bad state, 0..1. Default 1. */
  readonly lossInBad?: number;
  /** Loss in the good state, 0..1. Default 0. */
  readonly lossInGood?: number;
}

/** A time in which every frame is lost: from `fromMicroseconds` on, up to but not including `toMicroseconds`. */
export interface Outage {
  readonly fromMicroseconds: number;
  readonly toMicroseconds: number;
}

/** A frame as a predicate sees it: `length` octets from `offset` on. It must not keep or change the bytes. */
export type FramePredicate = (bytes: Uint8Array, offset: number, length: number) => boolean;

/** What to do with chosen frames. */
export type FaultAction = 'drop' | 'corrupt' | 'duplicate' | 'delay';

/** "The nth frame that matches". */
export interface ChosenFrames {
  readonly matches: FramePredicate;
  /** Which of the matching frames, counted from 1: the first one chosen. */
  readonly nth: number;
  /** How many of the matching frames from there on; Infinity for all. Default 1. */
  readonly count?: number;
  readonly action: FaultAction;
  /** How long a delayed frame is held back, so that others overtake it. Needed for 'delay'. */
  readonly delayMicroseconds?: number;
}

/** What a {@link FrameHook} decides. */
export const HOOK_PASS = 0;
export const HOOK_DROP = 1;
export const HOOK_DUPLICATE = 2;
export const HOOK_DELAY = 3;

/** A frame as a hook sees it. One record, reused: valid during the call only. */
export interface HookedFrame {
  /** The copy that travels: the hook may change the `length` octets from `offset` on. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly time: number;
  readonly frameId: number;
  /** For HOOK_DELAY: how long to hold the frame back. Set by the hook. */
  delayMicroseconds: number;
}

/** Decides on each frame in turn, as the callback of NetX's test driver does. Returns one of the HOOK_ constants. */
export type FrameHook = (frame: HookedFrame) => number;

/**
 * What one direction of a link does to frames. Everything absent or 0 is off. Times are microseconds, rates of occurrence are
 * probabilities 0..1.
 *
 * A frame first meets the MTU, then the queue and the transmitter (`rate`), then on its way the outages, losses and other
 * faults. Each fault draws from a random stream of its own, once per frame, so that turning one on or off does not change
 * what another does to the same frames.
 */
export interface FaultPlan {
  readonly lossRate?: number;
  readonly gilbertElliott?: GilbertElliott;
  /** Propagation delay. */
  readonly delayMicroseconds?: number;
  /** Uniform variation of the delay, plus or minus. Never reorders: a frame waits for the one before it. */
  readonly jitterMicroseconds?: number;
  readonly duplicateRate?: number;
  /** How many frames are held back so that later ones overtake them. */
  readonly reorderRate?: number;
  /** How long they are held back. Default: 1 ms, or the time of three such frames on a slow link. */
  readonly reorderDelayMicroseconds?: number;
  readonly corruptRate?: number;
  /**
   * A corrupted frame has 1 up to so many flipped bits, anywhere. Default 1, which every Internet checksum notices; two
   * flipped bits pass about one time in thirty.
   */
  readonly corruptBits?: number;
  /** Bits a second that the transmitter sends. Only the frame's own octets count. */
  readonly rateBitsPerSecond?: number;
  /** Bound of the queue before the transmitter, the frame being sent included. Default 100 frames when there is a rate. */
  readonly queueFrames?: number;
  readonly queueBytes?: number;
  /** Longer IP packets vanish, as behind a tunnel. */
  readonly mtuBytes?: number;
  readonly outages?: readonly Outage[];
  readonly chosen?: readonly ChosenFrames[];
  readonly hook?: FrameHook;
}

/** Frames that wait for a transmitter when the plan sets no bound. */
export const DEFAULT_QUEUE_FRAMES = 100;

/** Checks a plan. @throws RangeError that names the member and what it may be. */
export function checkFaultPlan(plan: FaultPlan): void {
  probability('lossRate', plan.lossRate);
  probability('duplicateRate', plan.duplicateRate);
  probability('reorderRate', plan.reorderRate);
  probability('corruptRate', plan.corruptRate);
  if (plan.gilbertElliott !== undefined) {
    const { goodToBad, badToGood, lossInBad, lossInGood } = plan.gilbertElliott;
    probability('gilbertElliott.goodToBad', goodToBad);
    probability('gilbertElliott.badToGood', badToGood);
    probability('gilbertElliott.lossInBad', lossInBad);
    probability('gilbertElliott.lossInGood', lossInGood);
  }
  whole('delayMicroseconds', plan.delayMicroseconds, 0);
  whole('jitterMicroseconds', plan.jitterMicroseconds, 0);
  whole('reorderDelayMicroseconds', plan.reorderDelayMicroseconds, 0);
  whole('corruptBits', plan.corruptBits, 1);
  whole('rateBitsPerSecond', plan.rateBitsPerSecond, 1);
  whole('queueFrames', plan.queueFrames, 1);
  whole('queueBytes', plan.queueBytes, 1);
  whole('mtuBytes', plan.mtuBytes, 1);
  for (const outage of plan.outages ?? []) {
    whole('outages.fromMicroseconds', outage.fromMicroseconds, 0);
    if (!(outage.toMicroseconds > outage.fromMicroseconds)) {
      throw new RangeError(
        `an outage must end after it begins: ${outage.fromMicroseconds} µs to ${outage.toMicroseconds} µs`,
      );
    }
  }
  for (const chosen of plan.chosen ?? []) {
    whole('chosen.nth', chosen.nth, 1);
    if (chosen.count !== undefined && chosen.count !== Number.POSITIVE_INFINITY) whole('chosen.count', chosen.count, 1);
    whole('chosen.delayMicroseconds', chosen.delayMicroseconds, 0);
    if (chosen.action === 'delay' && chosen.delayMicroseconds === undefined) {
      throw new RangeError("a fault with action 'delay' needs delayMicroseconds");
    }
  }
}

function probability(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0 && value <= 1)) {
    throw new RangeError(`${name} is a probability from 0 to 1, not ${value}`);
  }
}

function whole(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`${name} is a whole number from ${least} up, not ${value}`);
  }
}
