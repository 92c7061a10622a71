import type { ControlBlock } from '../control-block.ts';
import { outputUrgently } from '../send/output.ts';
import { PHASE_LOSS } from './state.ts';

/**
 * F-RTO (RFC 5682 3.1, the SACK-enhanced version) for an acknowledgment after a timeout: true when the timeout was spurious,
 * because something that was sent only once has been delivered. Decides with the first acknowledgments whether to go on
 * repeating or to see what new data brings.
 */
export function timeoutWasSpurious(tcb: ControlBlock, advanced: boolean, isDuplicate: boolean): boolean {
  const { loss } = tcb;
  if (!loss.frto || loss.phase !== PHASE_LOSS) return false;
  if (loss.originalDelivered) {
    loss.frto = false;
    return true;
  }
  const sentNew = ((tcb.sndNxt - tcb.recover) | 0) > 0;
  if (sentNew) {
    // Step 3a: the new data came before what is outstanding, so that is lost.
    if (isDuplicate || loss.newlySacked > 0) loss.frto = false;
  } else if (advanced && ((tcb.sndUna - tcb.recover) | 0) < 0) loss.tryNewData = true;
  return false;
}

/**
 * F-RTO without SACK (RFC 5682 2.1), for an acknowledgment that advances: true when the timeout was spurious. After the first
 * segment alone has gone again, a second advance is the work of the originals.
 */
export function advancedAfterTimeout(tcb: ControlBlock): boolean {
  const { loss } = tcb;
  const spurious = ((tcb.sndNxt - tcb.recover) | 0) > 0;
  if (!spurious && ((tcb.sndUna - tcb.recover) | 0) < 0) {
    loss.tryNewData = true;
    return false;
  }
  loss.frto = false;
  return spurious;
}

/** Step 2b: new data instead of a repeat, if there is any that may go; otherwise the repeats go on. */
export function sendNewInstead(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (!loss.tryNewData) return;
  loss.tryNewData = false;
  const before = tcb.sndNxt;
  tcb.recover = before;
  outputUrgently(tcb);
  if (tcb.sndNxt === before) loss.frto = false;
  else loss.holdRepeats = true;
}
