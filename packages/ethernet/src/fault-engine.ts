import {
  DROP_ETHERNET_TOO_LONG,
  DROP_LINK_CHOSEN,
  DROP_LINK_LOSS,
  DROP_LINK_OUTAGE,
  DROP_LINK_QUEUE_OVERFLOW,
  type DropReason,
  MILLISECOND,
  type Random,
  SECOND,
} from '@strata/contracts';
import { ETHERNET_HEADER, ETHERTYPE_VLAN, VLAN_TAG } from '@strata/wire';
import {
  type ChosenFrames,
  DEFAULT_QUEUE_FRAMES,
  type FaultPlan,
  HOOK_DELAY,
  HOOK_DROP,
  HOOK_DUPLICATE,
  type HookedFrame,
} from './fault-plan.ts';
import { TransmitQueue } from './transmit-queue.ts';

/** The frame under judgement, as predicates and hooks see it, and the verdict. */
export class JudgedFrame implements HookedFrame {
  bytes: Uint8Array;
  offset: number;
  length: number;
  time: number;
  frameId: number;
  delayMicroseconds: number;
  /** Why it is lost, or 0. */
  reason: DropReason;
  /** When it leaves the transmitter. */
  departure: number;
  /** Propagation delay, jitter included. */
  delay: number;
  /** How long it is held back beyond that; 0 keeps it in order. */
  hold: number;
  corrupt: boolean;
  duplicate: boolean;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.offset = 0;
    this.length = 0;
    this.time = 0;
    this.frameId = 0;
    this.delayMicroseconds = 0;
    this.reason = 0;
    this.departure = 0;
    this.delay = 0;
    this.hold = 0;
    this.corrupt = false;
    this.duplicate = false;
  }
}

class Chooser {
  readonly rule: ChosenFrames;
  /** Matching frames seen. */
  seen: number;

  constructor(rule: ChosenFrames) {
    this.rule = rule;
    this.seen = 0;
  }
}

/**
 * The faults of one direction. Streams of random numbers live as long as the direction, so a plan can be changed on the way
 * and each kind of fault goes on where it was.
 */
export class FaultEngine {
  /** Draws made for each frame, whatever becomes of it: one per kind of fault, so kinds do not disturb each other. */
  private readonly lossDraws: Random;
  private readonly burstDraws: Random;
  private readonly jitterDraws: Random;
  private readonly duplicateDraws: Random;
  private readonly reorderDraws: Random;
  private readonly corruptDraws: Random;
  private readonly bitDraws: Random;
  private readonly queue: TransmitQueue;
  private plan: FaultPlan;
  private choosers: Chooser[];
  private inBurst: boolean;
  /** Whether the plan can corrupt a frame at all. */
  private corrupts: boolean;
  private corruptSeed: number;

  constructor(random: Random, plan: FaultPlan) {
    this.lossDraws = random.fork('loss');
    this.burstDraws = random.fork('burst');
    this.jitterDraws = random.fork('jitter');
    this.duplicateDraws = random.fork('duplicate');
    this.reorderDraws = random.fork('reorder');
    this.corruptDraws = random.fork('corrupt');
    this.bitDraws = random.fork('bits');
    this.queue = new TransmitQueue();
    this.plan = plan;
    this.choosers = [];
    this.inBurst = false;
    this.corrupts = false;
    this.corruptSeed = 0;
    this.configure(plan);
  }

  /** Replaces the plan. Chosen frames are counted anew; a checked plan is expected. */
  configure(plan: FaultPlan): void {
    this.plan = plan;
    this.choosers = (plan.chosen ?? []).map((rule) => new Chooser(rule));
    this.inBurst = false;
    this.corrupts = (plan.corruptRate ?? 0) > 0 || this.choosers.some((chooser) => chooser.rule.action === 'corrupt');
    this.queue.configure(
      plan.rateBitsPerSecond ?? 0,
      plan.queueFrames ?? (plan.queueBytes === undefined ? DEFAULT_QUEUE_FRAMES : Number.POSITIVE_INFINITY),
      plan.queueBytes ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Decides what becomes of `frame`: fills in `reason`, and for a frame that travels all the rest. */
  judge(frame: JudgedFrame): void {
    const plan = this.plan;
    frame.reason = 0;
    frame.delay = plan.delayMicroseconds ?? 0;
    frame.hold = 0;
    frame.corrupt = false;
    frame.duplicate = false;
    const lost = this.draw(frame);
    this.choose(frame);
    this.callHook(frame);
    frame.departure = frame.time;
    if (plan.mtuBytes !== undefined && payloadLength(frame) > plan.mtuBytes) {
      frame.reason = DROP_ETHERNET_TOO_LONG;
      return;
    }
    frame.departure = this.queue.transmit(frame.time, frame.length);
    if (frame.departure < 0) frame.reason = DROP_LINK_QUEUE_OVERFLOW;
    else if (this.inOutage(frame.departure)) frame.reason = DROP_LINK_OUTAGE;
    else if (lost && frame.reason === 0) frame.reason = DROP_LINK_LOSS;
  }

  /** All draws of a frame. Returns whether it is lost by chance. */
  private draw(frame: JudgedFrame): boolean {
    const plan = this.plan;
    let lost = false;
    if (plan.lossRate !== undefined && plan.lossRate > 0) lost = this.lossDraws.unit() < plan.lossRate;
    if (plan.gilbertElliott !== undefined && this.drawBurst()) lost = true;
    if (plan.jitterMicroseconds !== undefined && plan.jitterMicroseconds > 0) {
      const jitter = this.jitterDraws.below(2 * plan.jitterMicroseconds + 1) - plan.jitterMicroseconds;
      frame.delay = Math.max(0, frame.delay + jitter);
    }
    if (plan.duplicateRate !== undefined && plan.duplicateRate > 0) {
      frame.duplicate = this.duplicateDraws.unit() < plan.duplicateRate;
    }
    if (plan.reorderRate !== undefined && plan.reorderRate > 0) {
      if (this.reorderDraws.unit() < plan.reorderRate) frame.hold = this.reorderHold(frame.length);
    }
    if (plan.corruptRate !== undefined && plan.corruptRate > 0) {
      frame.corrupt = this.corruptDraws.unit() < plan.corruptRate;
    }
    if (this.corrupts) this.corruptSeed = this.bitDraws.uint32();
    return lost;
  }

  private drawBurst(): boolean {
    const model = this.plan.gilbertElliott!;
    const move = this.burstDraws.unit();
    const loss = this.burstDraws.unit();
    this.inBurst = this.inBurst ? move >= model.badToGood : move < model.goodToBad;
    return loss < (this.inBurst ? (model.lossInBad ?? 1) : (model.lossInGood ?? 0));
  }

  private reorderHold(length: number): number {
    const given = this.plan.reorderDelayMicroseconds;
    if (given !== undefined) return given;
    const rate = this.plan.rateBitsPerSecond ?? 0;
    return rate === 0 ? MILLISECOND : Math.max(MILLISECOND, Math.ceil((3 * length * 8 * SECOND) / rate));
  }

  private choose(frame: JudgedFrame): void {
    for (const chooser of this.choosers) {
      const rule = chooser.rule;
      if (!rule.matches(frame.bytes, frame.offset, frame.length)) continue;
      const place = ++chooser.seen - rule.nth;
      if (place < 0 || place >= (rule.count ?? 1)) continue;
      if (rule.action === 'drop') frame.reason = DROP_LINK_CHOSEN;
      else if (rule.action === 'corrupt') frame.corrupt = true;
      else if (rule.action === 'duplicate') frame.duplicate = true;
      else frame.hold += rule.delayMicroseconds ?? 0;
    }
  }

  private callHook(frame: JudgedFrame): void {
    const hook = this.plan.hook;
    if (hook === undefined) return;
    frame.delayMicroseconds = 0;
    const verdict = hook(frame);
    if (verdict === HOOK_DROP) frame.reason = DROP_LINK_CHOSEN;
    else if (verdict === HOOK_DUPLICATE) frame.duplicate = true;
    else if (verdict === HOOK_DELAY) frame.hold += Math.max(0, Math.round(frame.delayMicroseconds));
  }

  private inOutage(time: number): boolean {
    const outages = this.plan.outages;
    if (outages === undefined) return false;
    for (const outage of outages) if (time >= outage.fromMicroseconds && time < outage.toMicroseconds) return true;
    return false;
  }

  /** Flips different bits of the frame judged last; returns how many. An empty frame has none. */
  corrupt(bytes: Uint8Array, offset: number, length: number): number {
    const bits = length * 8;
    const most = Math.min(this.plan.corruptBits ?? 1, bits);
    if (most === 0) return 0;
    let state = this.corruptSeed;
    const count = 1 + (state % most);
    // Gaps of at least one bit that add up to less than the frame: no bit is flipped twice.
    const widest = Math.floor(bits / count);
    state = scramble(state);
    let position = state % bits;
    for (let i = 0; i < count; i++) {
      bytes[offset + (position >>> 3)]! ^= 0x80 >>> (position & 7);
      state = scramble(state);
      position = (position + 1 + (state % widest)) % bits;
    }
    return count;
  }
}

/** Octets behind the Ethernet header, tag excluded. */
function payloadLength(frame: JudgedFrame): number {
  const { bytes, offset, length } = frame;
  const tagged = length >= ETHERNET_HEADER && ((bytes[offset + 12]! << 8) | bytes[offset + 13]!) === ETHERTYPE_VLAN;
  return length - ETHERNET_HEADER - (tagged ? VLAN_TAG : 0);
}

/** A 32-bit mixing step (the finaliser of MurmurHash3): different positions from one draw. */
function scramble(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
