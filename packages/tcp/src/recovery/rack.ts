import { MILLISECOND, NEVER, PACKET_TRANSMITTING, type Packet } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { MARK_LOST, MARK_SACKED } from '../send/marks.ts';
import type { LossDetection } from './policies.ts';
import { markLost } from './scoreboard.ts';
import { CAUSE_OF_RACK, PHASE_RECOVERY } from './state.ts';

/** RFC 8985 6.2 step 4: recoveries without a duplicate after which the reordering window is small again. */
const PERSISTENCE = 16;
const LARGEST_MULTIPLIER = 255;
/** Added to timers that wait for an acknowledgment which may come in the same moment: two ticks of a millisecond clock. */
export const TIMER_SLACK = 2 * MILLISECOND;

/** RFC 8985 6.2 step 4: how much later than its successors a packet may come before it counts as lost. */
export function reorderingWindow(tcb: ControlBlock): number {
  const { loss } = tcb;
  if (!loss.reorderingSeen) {
    if (loss.phase >= PHASE_RECOVERY) return 0;
    if (tcb.profile.lossPolicies.windowEndsAtThreshold && sackedSegments(tcb) >= loss.reordering) return 0;
  }
  return Math.min((loss.minRtt >> 2) * loss.windowMultiplier, Math.round(tcb.rto.srtt));
}

/** Packets SACKed, counted only as far as it matters. */
function sackedSegments(tcb: ControlBlock): number {
  const queue = tcb.transmit;
  let count = 0;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    if (queue.at(position).marks & MARK_SACKED && ++count >= tcb.loss.reordering) break;
  }
  return count;
}

/** Adapts the reordering window (RFC 8985 6.2 step 4): duplicates that we caused were reported, once per round trip. */
export function adaptReorderingWindow(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (loss.duplicateRound && ((tcb.sndUna - loss.duplicateRoundEnd) | 0) >= 0) loss.duplicateRound = false;
  if (loss.duplicateRound || !loss.sawDuplicate || !loss.reorderingSeen) return;
  if (!tcb.profile.lossPolicies.adaptWindow) return;
  if (loss.probeOutstanding && loss.duplicateTo === loss.probeEnd) return;
  loss.duplicateRound = true;
  loss.duplicateRoundEnd = tcb.sndNxt;
  loss.windowMultiplier = Math.min(loss.windowMultiplier + 1, LARGEST_MULTIPLIER);
  loss.windowPersistence = PERSISTENCE;
}

/** A recovery ends: after enough of them without a duplicate the window is what it was at first. */
export function relaxReorderingWindow(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (loss.windowPersistence > 0) loss.windowPersistence--;
  if (loss.windowPersistence === 0) loss.windowMultiplier = 1;
}

/** RACK (RFC 8985 6): a packet is lost when one sent later was delivered and its time is over. */
export const rackDetection: LossDetection = {
  name: 'rack',

  /**
   * 6.2 step 5. The order of transmissions stands for the times that the RFC compares: many are sent in one moment. Packets
   * sent once lie in that order, so the search ends at the first that was sent too late.
   */
  detect(tcb: ControlBlock): void {
    const { loss } = tcb;
    loss.reorderDeadline = NEVER;
    if (!loss.rackKnown) return;
    const queue = tcb.transmit;
    const window = reorderingWindow(tcb);
    const { now } = tcb.time;
    let latest = 0;
    for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
      const packet = queue.at(position);
      if (packet.marks & (MARK_SACKED | MARK_LOST)) continue;
      if (((loss.rackOrder - packet.sentOrder) | 0) <= 0) {
        if (packet.transmissions === 1) break;
        continue;
      }
      const left = packet.sentAt + loss.rackRtt + window - now;
      if (left <= 0 && packet.state !== PACKET_TRANSMITTING) {
        loss.cause = CAUSE_OF_RACK;
        markLost(tcb, position, packet);
      } else if (left > latest) latest = left;
    }
    if (latest > 0) loss.reorderDeadline = now + latest + TIMER_SLACK;
  },

  /** 6.3: what was sent less than a round trip ago may still arrive. */
  outlivesTimeout(tcb: ControlBlock, packet: Packet): boolean {
    const { loss } = tcb;
    return loss.rackKnown && packet.sentAt + loss.rackRtt > tcb.time.now;
  },

  fillRecovery(): void {},
};
