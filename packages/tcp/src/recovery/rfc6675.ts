import { PACKET_TRANSMITTING } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { MARK_LOST, MARK_SACKED } from '../send/marks.ts';
import { pipe } from '../send/output.ts';
import { retransmit } from '../send/transmit.ts';
import type { LossDetection } from './policies.ts';
import { markLost } from './scoreboard.ts';
import { CAUSE_OF_RESCUE, CAUSE_OF_SACK } from './state.ts';

/** Loss by the number of segments SACKed above (RFC 6675), where time is not looked at. */
export const sackThresholdDetection: LossDetection = {
  name: 'rfc6675',

  /**
   * IsLost (RFC 6675 4): DupThresh discontiguous sequences, or more than DupThresh - 1 full segments, have been SACKed above.
   * One walk from the top. What was sent again is left to the retransmission timer.
   */
  detect(tcb: ControlBlock): void {
    if (tcb.sackedOut === 0) return;
    const { loss, mss, transmit: queue } = tcb;
    const threshold = loss.reordering;
    let sequences = 0;
    let octets = 0;
    let inSequence = false;
    for (let position = (queue.unsent - 1) | 0; ((position - queue.head) | 0) >= 0; position = (position - 1) | 0) {
      const packet = queue.at(position);
      if (packet.marks & MARK_SACKED) {
        if (!inSequence) sequences++;
        inSequence = true;
        octets += packet.sequenceLength;
        continue;
      }
      inSequence = false;
      if (sequences < threshold && octets <= (threshold - 1) * mss) continue;
      if (packet.marks & MARK_LOST || packet.transmissions > 1 || packet.state === PACKET_TRANSMITTING) continue;
      loss.cause = CAUSE_OF_SACK;
      markLost(tcb, position, packet);
    }
  },

  outlivesTimeout(): boolean {
    return false;
  },

  /**
   * NextSeg (RFC 6675 4) rules 3 and 4: what lies below SACKed data although it does not count as lost yet, oldest first;
   * then, once per recovery, the last segment, so that acknowledgments go on coming (the rescue retransmission).
   */
  fillRecovery(tcb: ControlBlock): void {
    const { loss, transmit: queue } = tcb;
    if (!queue.hasSent || tcb.lostOut > 0 || queue.hasUnsent) return;
    let room = tcb.cwnd - pipe(tcb);
    for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
      const packet = queue.at(position);
      const below = ((packet.sequence - loss.highestSacked) | 0) < 0;
      if (tcb.sackedOut === 0 || !below) break;
      if (packet.marks & MARK_SACKED || packet.transmissions > 1) continue;
      room -= packet.sequenceLength;
      if (room < 0) return;
      loss.cause = CAUSE_OF_RESCUE;
      if (!retransmit(tcb, packet)) return;
    }
    if (loss.rescued) return;
    const last = queue.at((queue.unsent - 1) | 0);
    if (last.marks & MARK_SACKED || last.sequenceLength > room) return;
    loss.cause = CAUSE_OF_RESCUE;
    if (retransmit(tcb, last)) loss.rescued = true;
  },
};
