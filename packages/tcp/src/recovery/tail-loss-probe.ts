import { MILLISECOND, NEVER, TRACE_TCP_TAIL_PROBE } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { repeatFin } from '../send/control.ts';
import { flightSize, outputPastCongestion } from '../send/output.ts';
import { retransmit } from '../send/transmit.ts';
import { rearm, restartRetransmit } from '../timers/arm.ts';
import { TIMER_SLACK } from './rack.ts';
import { CAUSE_OF_PROBE, PHASE_OPEN, PHASE_REDUCTION } from './state.ts';

/** RFC 8985 7.2: a receiver may hold the acknowledgment of a single segment back for so long. */
const LONGEST_DELAYED_ACK = 200 * MILLISECOND;

/**
 * Sets the probe timer (RFC 8985 7.2): two round trips after the last transmission or acknowledgment, but not later than the
 * retransmission timeout would come. `acknowledged`: that timeout starts again now; otherwise it counts from the oldest
 * packet.
 */
export function scheduleProbe(tcb: ControlBlock, acknowledged: boolean): void {
  const { loss, profile, rto } = tcb;
  const flight = flightSize(tcb);
  if (
    !profile.lossPolicies.tailLossProbe ||
    !tcb.sackPermitted ||
    (loss.phase !== PHASE_OPEN && loss.phase !== PHASE_REDUCTION) ||
    loss.probeOutstanding ||
    flight === 0 ||
    tcb.sndWnd === 0
  ) {
    return;
  }
  const { now } = tcb.time;
  // Truncated: where the two meet below, an integer in no box of its own keeps the delay from getting one.
  const timeout = Math.min(rto.timeout(tcb.retries), 0x7fffffff) | 0;
  let delay = timeout;
  if (rto.srtt > 0) {
    const queue = tcb.transmit;
    const segments = ((queue.unsent - queue.head) | 0) + (tcb.finSent && queue.count === 0 ? 1 : 0);
    delay = 2 * rto.srtt + (segments === 1 ? LONGEST_DELAYED_ACK : TIMER_SLACK);
    let limit = timeout;
    if (!acknowledged && queue.hasSent) limit = queue.at(queue.head).sentAt + timeout - now;
    if (limit > 0 && limit < delay) delay = limit;
  }
  const deadline = now + Math.round(delay);
  loss.probeDeadline = deadline;
  if (deadline < tcb.armedAt) rearm(tcb);
}

/** The probe timer expired (RFC 8985 7.3): new data if there is any and the peer takes it, otherwise the last segment again. */
export function probeTail(tcb: ControlBlock): void {
  const { loss, service } = tcb;
  if (loss.probeOutstanding || flightSize(tcb) === 0 || tcb.sndWnd === 0) return;
  const before = tcb.sndNxt;
  const queue = tcb.transmit;
  outputPastCongestion(tcb);
  const repeats = tcb.sndNxt === before;
  if (service.tracer !== null) {
    const last = queue.hasSent ? queue.at((queue.unsent - 1) | 0) : null;
    service.tracer.event(TRACE_TCP_TAIL_PROBE, before, repeats ? 1 : 0, Math.round(tcb.rto.srtt), 0, last);
  }
  if (repeats) {
    loss.cause = CAUSE_OF_PROBE;
    if (tcb.finSent && ((tcb.finSequence + 1) | 0) === tcb.sndNxt && !finOnLast(tcb)) repeatFin(tcb);
    else if (!queue.hasSent || !retransmit(tcb, queue.at((queue.unsent - 1) | 0))) return;
  }
  loss.probeOutstanding = true;
  loss.probeIsRepeat = repeats;
  loss.probeEnd = tcb.sndNxt;
  loss.probesSent++;
  service.counters.tailProbes++;
  restartRetransmit(tcb);
}

function finOnLast(tcb: ControlBlock): boolean {
  const queue = tcb.transmit;
  if (!queue.hasSent) return false;
  const last = queue.at((queue.unsent - 1) | 0);
  return ((last.sequence + last.sequenceLength) | 0) === tcb.sndNxt;
}

/**
 * RFC 8985 7.4: what an acknowledgment says about the probe outstanding. True when the probe has repaired a loss that
 * nothing else will show: the window must come down.
 */
export function probeRepairedLoss(tcb: ControlBlock, segment: TcpHeader, isDuplicate: boolean): boolean {
  const { loss } = tcb;
  if (!loss.probeOutstanding) return false;
  const beyond = (segment.acknowledgment - loss.probeEnd) | 0;
  if (beyond < 0) return false;
  if (!loss.probeIsRepeat || (loss.sawDuplicate && loss.duplicateTo === loss.probeEnd)) {
    loss.probeOutstanding = false;
    return false;
  }
  if (beyond > 0) {
    loss.probeOutstanding = false;
    loss.probeRecoveries++;
    return true;
  }
  if (isDuplicate) loss.probeOutstanding = false;
  return false;
}

/** No probe any more. */
export function cancelProbe(tcb: ControlBlock): void {
  tcb.loss.probeDeadline = NEVER;
}
