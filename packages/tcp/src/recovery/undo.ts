import { TRACE_TCP_UNDO } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { MARK_REPEATED } from '../send/marks.ts';
import { timestampNow } from '../timestamps.ts';
import { unmarkLost } from './scoreboard.ts';
import { PHASE_RECOVERY, PHASE_REDUCTION } from './state.ts';

/** What showed that an episode was needless; an argument of TRACE_TCP_UNDO. */
export const EVIDENCE_DUPLICATES = 1;
export const EVIDENCE_TIMESTAMP = 2;
export const EVIDENCE_ORIGINALS = 3;

/** An episode of repair begins that may turn out to have been needless. The reduction has not happened yet. */
export function rememberForUndo(tcb: ControlBlock): void {
  const { loss } = tcb;
  loss.undoWindow = tcb.cwnd;
  loss.undoThreshold = presentThreshold(tcb);
}

/** Repairs begin here: from now on repeats are counted, and those of the last episode that are still on their way. */
export function beginEpisode(tcb: ControlBlock): void {
  const { loss } = tcb;
  const outstanding = repeatsOutstanding(tcb);
  loss.undoable = tcb.profile.lossPolicies.undo;
  loss.undoFrom = tcb.sndUna;
  loss.repeats = outstanding > 0 ? outstanding : -1;
  if (outstanding === 0) loss.repeatStamped = false;
}

/** Packets that were lost, have gone again and are not acknowledged. */
export function repeatsOutstanding(tcb: ControlBlock): number {
  const queue = tcb.transmit;
  let count = 0;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    if (queue.at(position).marks & MARK_REPEATED) count++;
  }
  return count;
}

/** Three quarters of the window when that is above the threshold: an undone reduction returns to congestion avoidance there. */
function presentThreshold(tcb: ControlBlock): number {
  const { phase } = tcb.loss;
  if (phase === PHASE_REDUCTION || phase === PHASE_RECOVERY) return tcb.ssthresh;
  return Math.max(tcb.ssthresh, (tcb.cwnd >> 1) + (tcb.cwnd >> 2));
}

/** A packet that was taken for lost goes again. */
export function noteRepeat(tcb: ControlBlock): void {
  const { loss } = tcb;
  loss.repeats = loss.repeats < 0 ? 1 : loss.repeats + 1;
  if (loss.repeatStamped || !tcb.timestamps) return;
  loss.repeatStamped = true;
  loss.repeatTimestamp = timestampNow(tcb);
}

/**
 * The evidence that the episode was needless, or 0: every repeat has been reported as a duplicate (RFC 3708), or the
 * acknowledgment echoes a timestamp from before the first repeat (the Eifel detection, RFC 3522).
 */
export function needless(tcb: ControlBlock, segment: TcpHeader): number {
  const { loss } = tcb;
  if (!loss.undoable) return 0;
  if (loss.repeats === 0) return EVIDENCE_DUPLICATES;
  return wasDelayed(tcb, segment) ? EVIDENCE_TIMESTAMP : 0;
}

/** Eifel detection (RFC 3522 3.2): the original was only late. */
export function wasDelayed(tcb: ControlBlock, segment: TcpHeader): boolean {
  const { loss } = tcb;
  if (!loss.undoable || !loss.repeatStamped || !loss.hasEcho) return false;
  return ((segment.timestampEcho - loss.repeatTimestamp) | 0) < 0;
}

/** Takes the reduction back (RFC 4015 3.2): window and threshold are what they were. */
export function undo(tcb: ControlBlock, evidence: number, nothingLost: boolean): void {
  const { loss } = tcb;
  if (nothingLost) unmarkLost(tcb);
  if (loss.undoThreshold > 0) {
    tcb.cwnd = Math.max(tcb.cwnd, loss.undoWindow);
    tcb.ssthresh = Math.max(tcb.ssthresh, loss.undoThreshold);
    tcb.reductionToTell = false;
    tcb.reducing = false;
  }
  loss.undoable = false;
  loss.undone++;
  tcb.service.counters.undone++;
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    tracer.event(TRACE_TCP_UNDO, tcb.sndUna, tcb.cwnd, tcb.ssthresh, evidence, tcb.service.current);
  }
}
