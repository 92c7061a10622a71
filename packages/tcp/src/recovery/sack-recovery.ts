import { NEVER, type Packet, TRACE_TCP_PHASE } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import { newRenoRecovery } from '../congestion/fast-recovery.ts';
import type { LossRecovery } from '../congestion/recovery.ts';
import type { ControlBlock } from '../control-block.ts';
import { MARK_LOST, MARK_REPEATED, MARK_SACKED } from '../send/marks.ts';
import { finRides, flightSize, output, retransmitFirstLost, retransmitHead } from '../send/output.ts';
import { rearm, restartRetransmit } from '../timers/arm.ts';
import { measure } from '../timers/round-trip.ts';
import { advanceRackInOrder } from './delivery.ts';
import { advancedAfterTimeout, sendNewInstead, timeoutWasSpurious } from './frto.ts';
import { adaptReorderingWindow, relaxReorderingWindow } from './rack.ts';
import { endQuiet, forgetSacked, markLost, packetDelivered, readAcknowledgment } from './scoreboard.ts';
import {
  CAUSE_OF_DUPLICATES,
  CAUSE_OF_PROBE,
  CAUSE_OF_TIMEOUT,
  PHASE_DISORDER,
  PHASE_LOSS,
  PHASE_OPEN,
  PHASE_RECOVERY,
  PHASE_REDUCTION,
} from './state.ts';
import { cancelProbe, probeRepairedLoss, scheduleProbe } from './tail-loss-probe.ts';
import {
  beginEpisode,
  EVIDENCE_ORIGINALS,
  needless,
  noteRepeat,
  rememberForUndo,
  repeatsOutstanding,
  undo,
  wasDelayed,
} from './undo.ts';

/** When an acknowledgment ends right in front of SACKed data, the receiver is given so long to think again. */
const SHORTEST_RENEGING_WAIT = 10_000;

/** The only place where a phase changes. */
function enterPhase(tcb: ControlBlock, phase: number): void {
  const { loss } = tcb;
  const previous = loss.phase;
  if (previous === phase) return;
  loss.phase = phase;
  tcb.inRecovery = phase === PHASE_RECOVERY;
  if (previous <= PHASE_DISORDER && phase <= PHASE_DISORDER) return;
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    tracer.event(TRACE_TCP_PHASE, previous, phase, tcb.cwnd, tcb.ssthresh, tcb.service.current);
  }
}

/** The window will come down to `ssthresh` by what is delivered until `recover` is acknowledged. */
function beginReduction(tcb: ControlBlock): void {
  const { loss } = tcb;
  const { reduction } = tcb.profile.lossPolicies;
  tcb.recover = tcb.sndNxt;
  loss.probeOutstanding = false;
  rememberForUndo(tcb);
  lowerThreshold(tcb);
  reduction.begin(tcb);
}

/** What limited transmit has let out beyond the window does not count (RFC 5681 3.2 step 2); whole segments do. */
function lowerThreshold(tcb: ControlBlock): void {
  tcb.congestion.lossDetected(tcb, Math.min(flightSize(tcb), tcb.cwnd));
  tcb.ssthresh = Math.max(tcb.ssthresh - (tcb.ssthresh % tcb.mss), 2 * tcb.mss);
}

function endReduction(tcb: ControlBlock): void {
  const { phase, undoable } = tcb.loss;
  if (phase === PHASE_REDUCTION || undoable || !tcb.profile.lossPolicies.undo) tcb.cwnd = tcb.ssthresh;
}

/**
 * Congestion was marked (RFC 3168 6.1.2), or a probe has repaired a loss: the window comes down once per window of data,
 * without a repair.
 */
export function reduceWindow(tcb: ControlBlock): void {
  if (tcb.loss.phase >= PHASE_REDUCTION) return;
  tcb.loss.undoable = false;
  beginReduction(tcb);
  tcb.loss.undoThreshold = 0;
  enterPhase(tcb, PHASE_REDUCTION);
}

function enterRecovery(tcb: ControlBlock): void {
  const { loss, service } = tcb;
  if (loss.phase !== PHASE_REDUCTION) beginReduction(tcb);
  beginEpisode(tcb);
  loss.rescued = false;
  tcb.fastRetransmits++;
  service.counters.fastRetransmits++;
  enterPhase(tcb, PHASE_RECOVERY);
}

/** Nothing is being repaired: OPEN, or DISORDER while the peer holds something out of order. */
function keepOpen(tcb: ControlBlock): void {
  enterPhase(tcb, tcb.sackedOut > 0 || tcb.lostOut > 0 ? PHASE_DISORDER : PHASE_OPEN);
}

/**
 * Below `recover` everything is acknowledged. A needless episode is undone, now or when the last duplicate has been
 * reported.
 */
function completeEpisode(tcb: ControlBlock, segment: TcpHeader): void {
  const evidence = needless(tcb, segment);
  if (evidence > 0) undo(tcb, evidence, false);
  else {
    relaxReorderingWindow(tcb);
    if (tcb.loss.phase === PHASE_RECOVERY) endReduction(tcb);
  }
  tcb.loss.frto = false;
  keepOpen(tcb);
}

function noteSpuriousTimeout(tcb: ControlBlock): void {
  tcb.loss.spuriousTimeouts++;
  tcb.service.counters.spuriousTimeouts++;
}

/** LOSS (RFC 6298 5.4 and on): an acknowledgment after a timeout. */
function acknowledgedInLoss(tcb: ControlBlock, segment: TcpHeader, advanced: boolean, isDuplicate: boolean): void {
  const { loss } = tcb;
  if (advanced) {
    const evidence = needless(tcb, segment);
    if (evidence > 0) {
      undo(tcb, evidence, true);
      loss.frto = false;
      noteSpuriousTimeout(tcb);
      keepOpen(tcb);
      return;
    }
  }
  if (timeoutWasSpurious(tcb, advanced, isDuplicate)) {
    undo(tcb, EVIDENCE_ORIGINALS, true);
    noteSpuriousTimeout(tcb);
    keepOpen(tcb);
    return;
  }
  if (((tcb.sndUna - tcb.recover) | 0) >= 0) completeEpisode(tcb, segment);
}

/** Delivery out of order by more segments than before makes the threshold larger (RFC 6675 5, RFC 4653 in spirit). */
function noteReordering(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (!loss.reordered) return;
  const distance = (loss.highestSacked - loss.reorderedFrom) | 0;
  if (distance <= 0) return;
  loss.reorderingSeen = true;
  const segments = Math.ceil(distance / tcb.mss);
  if (segments > loss.reordering) loss.reordering = Math.min(segments, tcb.profile.lossPolicies.maximumReordering);
}

/** Where reordering is usual, what is SACKed is as good as acknowledged: the window grows by it. */
function progresses(tcb: ControlBlock): boolean {
  const { loss } = tcb;
  return loss.newlySacked > 0 && loss.reordering > tcb.profile.lossPolicies.duplicateThreshold;
}

/** The answer where nothing is out of order: the window grows, and the probe of the tail waits anew. */
function settleQuietly(tcb: ControlBlock, acked: number): void {
  if (acked <= 0) return;
  const { loss } = tcb;
  advanceRackInOrder(tcb);
  tcb.congestion.acknowledged(tcb, loss.newlyDelivered);
  loss.probeDeadline = NEVER;
  if (tcb.sndNxt !== tcb.sndUna) scheduleProbe(tcb, true);
}

/** The whole answer to one acknowledgment of a connection with SACK; the queue has been relieved already. */
function settleAcknowledgment(tcb: ControlBlock, segment: TcpHeader, acked: number): void {
  const { loss } = tcb;
  const { detection, reduction } = tcb.profile.lossPolicies;
  const advanced = acked > 0;
  const { isDuplicate } = loss;
  const delivered = loss.newlySacked + loss.newlyDelivered;
  let undone = false;
  noteReordering(tcb);
  adaptReorderingWindow(tcb);
  const probeRepaired = probeRepairedLoss(tcb, segment, isDuplicate && loss.newlySacked === 0);
  if (probeRepaired && loss.phase < PHASE_REDUCTION) {
    loss.cause = CAUSE_OF_PROBE;
    reduceWindow(tcb);
    endReduction(tcb);
    keepOpen(tcb);
  }
  if (loss.phase >= PHASE_REDUCTION && loss.phase !== PHASE_LOSS && ((tcb.sndUna - tcb.recover) | 0) >= 0) {
    if (loss.phase === PHASE_RECOVERY) completeEpisode(tcb, segment);
    else if (tcb.sndUna !== tcb.recover) {
      endReduction(tcb);
      keepOpen(tcb);
    }
  }
  if (loss.phase === PHASE_LOSS) acknowledgedInLoss(tcb, segment, advanced, isDuplicate);
  else if (loss.undoable) {
    if (loss.phase === PHASE_RECOVERY && advanced && wasDelayed(tcb, segment)) {
      // The original was only late. Whether that holds for all is known when no repeat is on its way any more.
      loss.reordered = true;
      loss.reorderedFrom = loss.previousUna;
      noteReordering(tcb);
      undone = true;
      loss.holdRepeats = true;
      if (repeatsOutstanding(tcb) === 0) {
        undo(tcb, needless(tcb, segment), true);
        keepOpen(tcb);
      }
    } else if (loss.repeats === 0) {
      undo(tcb, needless(tcb, segment), false);
      if (loss.phase === PHASE_RECOVERY) keepOpen(tcb);
    }
  }
  if (!undone) detection.detect(tcb);
  let enters = false;
  if (loss.phase === PHASE_LOSS ? loss.retransmissionLost : loss.phase !== PHASE_RECOVERY) {
    enters = tcb.lostOut > 0;
    if (enters) enterRecovery(tcb);
    else if (loss.phase <= PHASE_DISORDER) keepOpen(tcb);
  }
  if (enters) {
    reduction.acknowledged(tcb, Math.max(delivered, 1), advanced);
    retransmitFirstLost(tcb);
  } else if (acked >= 0 && (loss.phase === PHASE_RECOVERY || loss.phase === PHASE_REDUCTION)) {
    reduction.acknowledged(tcb, delivered, advanced);
  } else if (advanced || progresses(tcb)) tcb.congestion.acknowledged(tcb, delivered);
  if (loss.tryNewData) sendNewInstead(tcb);
  settleTimers(tcb, advanced);
}

/** The retransmission timer has been started again by the caller when the acknowledgment advanced. */
function settleTimers(tcb: ControlBlock, advanced: boolean): void {
  const { loss, transmit: queue } = tcb;
  if (!advanced && loss.sackRtt >= 0) measure(tcb, loss.sackRtt);
  if (flightSize(tcb) === 0) {
    loss.probeDeadline = NEVER;
    loss.reorderDeadline = NEVER;
    return;
  }
  if (loss.reorderDeadline !== NEVER) {
    loss.probeDeadline = NEVER;
    rearm(tcb);
  } else if (advanced) {
    loss.probeDeadline = NEVER;
    scheduleProbe(tcb, true);
  }
  if (loss.phase >= PHASE_RECOVERY) loss.probeDeadline = NEVER;
  // Data sent before the oldest packet last went out is still coming in: the oldest has its whole timeout yet.
  if (!advanced && queue.hasSent && loss.sackRtt > tcb.time.now - queue.at(queue.head).sentAt) restartRetransmit(tcb);
  if (!advanced || !queue.hasSent || (queue.at(queue.head).marks & MARK_SACKED) === 0) return;
  // The receiver has SACKed what it now asks for: it has thrown it away, or its acknowledgment is about to come.
  const wait = Math.max(Math.round(tcb.rto.srtt / 2), SHORTEST_RENEGING_WAIT);
  tcb.retransmitDeadline = Math.min(tcb.retransmitDeadline, tcb.time.now + wait);
  rearm(tcb);
}

/** RFC 6298 5.4 to 5.6 with a scoreboard (RFC 6675 5.1, RFC 8985 6.3). */
function timedOut(tcb: ControlBlock): void {
  const { loss, transmit: queue } = tcb;
  const { detection, frto, duplicateThreshold } = tcb.profile.lossPolicies;
  loss.reorderDeadline = NEVER;
  cancelProbe(tcb);
  loss.probeOutstanding = false;
  if (queue.hasSent && queue.at(queue.head).marks & MARK_SACKED) forgetSacked(tcb);
  loss.cause = CAUSE_OF_TIMEOUT;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    const packet = queue.at(position);
    if (packet.marks & (MARK_SACKED | MARK_LOST)) continue;
    if (position !== queue.head && detection.outlivesTimeout(tcb, packet)) continue;
    markLost(tcb, position, packet);
  }
  tcb.finLost = tcb.finSent && tcb.finSequence === ((tcb.sndNxt - 1) | 0) && !finRides(tcb);
  const wasOpen = loss.phase <= PHASE_DISORDER;
  if (wasOpen && tcb.sackedOut >= duplicateThreshold * tcb.mss) {
    loss.reordering = Math.min(loss.reordering, duplicateThreshold);
  }
  if (wasOpen || ((tcb.recover - tcb.sndUna) | 0) <= 0 || (loss.phase === PHASE_LOSS && tcb.retries <= 1)) {
    rememberForUndo(tcb);
    lowerThreshold(tcb);
    beginEpisode(tcb);
  }
  tcb.congestion.timedOut(tcb);
  loss.frto = frto && (loss.phase < PHASE_RECOVERY || tcb.retries > 1);
  loss.tryNewData = false;
  enterPhase(tcb, PHASE_LOSS);
  tcb.recover = tcb.sndNxt;
  retransmitHead(tcb);
  loss.holdRepeats = true;
}

/** The same for a peer without SACK: everything goes again, unless F-RTO finds the timeout spurious. */
function timedOutWithoutSack(tcb: ControlBlock): void {
  const { loss } = tcb;
  const { frto } = tcb.profile.lossPolicies;
  loss.frto = frto && (!tcb.inRecovery || tcb.retries > 1);
  loss.tryNewData = false;
  loss.cause = CAUSE_OF_TIMEOUT;
  if (tcb.retries <= 1) rememberForUndo(tcb);
  newRenoRecovery.timedOut(tcb);
}

/** The time of what was waited for is over (RFC 8985 6.2 step 5): it is lost now. */
export function reorderingTimedOut(tcb: ControlBlock): void {
  const { loss } = tcb;
  const { detection, reduction } = tcb.profile.lossPolicies;
  loss.newlyLost = 0;
  loss.retransmissionLost = false;
  loss.holdRepeats = false;
  detection.detect(tcb);
  if (loss.newlyLost > 0) {
    if (loss.phase !== PHASE_RECOVERY) {
      if (loss.phase === PHASE_LOSS && !loss.retransmissionLost) return;
      enterRecovery(tcb);
      reduction.acknowledged(tcb, tcb.mss, false);
      retransmitFirstLost(tcb);
    }
    output(tcb);
  }
  rearm(tcb);
}

/**
 * Loss recovery of a current host: with SACK the scoreboard and the policies of {@link LossPolicies}; NewReno (RFC 6582) with
 * a peer that has none.
 */
export const modernRecovery: LossRecovery = {
  name: 'sack',

  isDuplicate(tcb: ControlBlock, segment: TcpHeader): boolean {
    return newRenoRecovery.isDuplicate(tcb, segment);
  },

  arrived(tcb: ControlBlock, segment: TcpHeader): void {
    if (!tcb.sackPermitted) {
      tcb.loss.holdRepeats = false;
      return;
    }
    readAcknowledgment(tcb, segment);
    if (!tcb.loss.quiet) tcb.loss.isDuplicate = newRenoRecovery.isDuplicate(tcb, segment);
  },

  delivered(tcb: ControlBlock, packet: Packet): void {
    if (tcb.sackPermitted) packetDelivered(tcb, packet);
  },

  duplicateAck(tcb: ControlBlock, segment: TcpHeader): void {
    if (tcb.sackPermitted) return;
    tcb.loss.frto = false;
    if (tcb.lostOut === 0) tcb.loss.cause = CAUSE_OF_DUPLICATES;
    newRenoRecovery.duplicateAck(tcb, segment);
  },

  newAck(tcb: ControlBlock, acked: number, segment: TcpHeader): void {
    if (tcb.sackPermitted) return;
    if (tcb.loss.frto && advancedAfterTimeout(tcb)) {
      undo(tcb, EVIDENCE_ORIGINALS, true);
      noteSpuriousTimeout(tcb);
    }
    newRenoRecovery.newAck(tcb, acked, segment);
  },

  settled(tcb: ControlBlock, segment: TcpHeader, acked: number): void {
    if (tcb.loss.quiet && tcb.sackPermitted) settleQuietly(tcb, acked);
    else if (tcb.sackPermitted) settleAcknowledgment(tcb, segment, acked);
    else if (tcb.loss.tryNewData) sendNewInstead(tcb);
  },

  repeated(tcb: ControlBlock, packet: Packet): void {
    if (tcb.loss.cause === CAUSE_OF_PROBE) return;
    packet.marks |= MARK_REPEATED;
    if (!tcb.sackPermitted) return;
    noteRepeat(tcb);
    const queue = tcb.transmit;
    if (tcb.loss.phase === PHASE_RECOVERY && packet === queue.at(queue.head)) restartRetransmit(tcb);
  },

  sentNew(tcb: ControlBlock): void {
    if (tcb.sackPermitted && tcb.loss.reorderDeadline === NEVER) scheduleProbe(tcb, false);
  },

  timedOut(tcb: ControlBlock): void {
    if (tcb.sackPermitted) timedOut(tcb);
    else timedOutWithoutSack(tcb);
  },

  congestionMarked(tcb: ControlBlock, flight: number): void {
    if (tcb.sackPermitted) {
      endQuiet(tcb);
      reduceWindow(tcb);
    } else if (!tcb.inRecovery) {
      tcb.congestion.lossDetected(tcb, flight);
      if (tcb.cwnd > tcb.ssthresh) tcb.cwnd = tcb.ssthresh;
    }
  },

  extraAllowance(tcb: ControlBlock): number {
    return tcb.sackPermitted ? 0 : newRenoRecovery.extraAllowance(tcb);
  },
};
