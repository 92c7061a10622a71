import { MILLISECOND } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { noteDuplicate } from './sack-blocks.ts';

/** So many stray acknowledgments are answered in this time; a keepalive probe always is. */
const STRAY_ANSWERS = 4;
const STRAY_INTERVAL = 500 * MILLISECOND;

/**
 * Acknowledges once more because of a segment that is unacceptable or acknowledges what was never sent (RFC 9293
 * 3.10.7.4). Two ends that find each other's acknowledgments wrong, because each has sent beyond the other's closed window
 * or because a third has put data into both directions (Abramov and Herzberg 2011, "TCP Ack Storm DoS Attacks"), would
 * answer each other as fast as the wire carries it: those without data are answered a few times only.
 */
export function answerStray(tcb: ControlBlock, segment: TcpHeader): void {
  const { sequence, payloadLength } = segment;
  const old = (tcb.rcvNxt - sequence) | 0;
  if (payloadLength > 0 && old > 0) noteDuplicate(tcb, sequence, (sequence + Math.min(payloadLength, old)) | 0);
  if (segment.sequenceLength > 0 || mayAnswer(tcb)) tcb.ackNow = true;
}

function mayAnswer(tcb: ControlBlock): boolean {
  const { now } = tcb.time;
  if (now - tcb.strayAnswersSince >= STRAY_INTERVAL) {
    tcb.strayAnswersSince = now;
    tcb.strayAnswers = 0;
  }
  tcb.strayAnswers++;
  return tcb.strayAnswers <= STRAY_ANSWERS;
}
