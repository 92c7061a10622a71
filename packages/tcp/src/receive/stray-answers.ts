import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { noteDuplicate } from './sack-blocks.ts';

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

/** Whether one more stray segment without data is answered; the answer counts. */
export function mayAnswer(tcb: ControlBlock): boolean {
  const { now } = tcb.time;
  const { most, interval } = tcb.profile.strayAnswers;
  if (now - tcb.strayAnswersSince >= interval) {
    tcb.strayAnswersSince = now;
    tcb.strayAnswers = 0;
  }
  tcb.strayAnswers++;
  return tcb.strayAnswers <= most;
}
