import { TRACE_TCP_CHALLENGE_ACK } from '@strata/contracts';
import { TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import { type ControlBlock, ORIGIN_PASSIVE } from '../control-block.ts';
import type { SegmentDefence } from '../profile.ts';
import { sendReset } from '../send/control.ts';
import { CAUSE_RESET, TCP_SYN_RECEIVED, TCP_TIMED_WAIT } from '../states.ts';
import { endConnection } from '../teardown.ts';
import { mayAnswer } from './stray-answers.ts';

/** RFC 793's rules, which NetX keeps: the window alone decides. */
export const classicDefence: SegmentDefence = {
  resetConnection(): boolean {
    return true;
  },

  synOnOpenConnection(tcb: ControlBlock): void {
    sendReset(tcb);
    endConnection(tcb, CAUSE_RESET);
  },

  synOutsideWindow(): boolean {
    return false;
  },

  acknowledgmentTooOld(): boolean {
    return false;
  },
};

/** RFC 5961: a blind attacker must know the exact number; whatever is merely near is challenged. */
export const rfc5961Defence: SegmentDefence = {
  resetConnection(tcb: ControlBlock, segment: TcpHeader): boolean {
    // RFC 1337: an old duplicate's reset must not end the wait.
    if (tcb.state === TCP_TIMED_WAIT && !tcb.profile.resetEndsTimeWait) return false;
    if (segment.sequence === tcb.rcvNxt) return true;
    challenge(tcb, segment, TCP_RST);
    return false;
  },

  /** RFC 9293 3.10.7.4, fourth: what a passive open has begun goes back to LISTEN; all else is challenged. */
  synOnOpenConnection(tcb: ControlBlock, segment: TcpHeader): void {
    if (tcb.state === TCP_SYN_RECEIVED && tcb.origin === ORIGIN_PASSIVE) endConnection(tcb, CAUSE_RESET);
    else challenge(tcb, segment, TCP_SYN);
  },

  synOutsideWindow(tcb: ControlBlock, segment: TcpHeader): boolean {
    if (tcb.state === TCP_SYN_RECEIVED) return false;
    challenge(tcb, segment, TCP_SYN);
    return true;
  },

  /** Section 5: SND.UNA - MAX.SND.WND <= SEG.ACK. */
  acknowledgmentTooOld(tcb: ControlBlock, acknowledgment: number): boolean {
    if (((tcb.sndUna - acknowledgment) | 0) <= tcb.sndMaxWnd) return false;
    challenge(tcb, null, 0);
    return true;
  },
};

/** An acknowledgment that a genuine peer in trouble answers with an exact reset; limited per second (section 7). */
function challenge(tcb: ControlBlock, segment: TcpHeader | null, flags: number): void {
  const { service } = tcb;
  if (tcb.profile.strayAnswers.challenges && !mayAnswer(tcb)) return;
  if (!service.mayChallenge()) return;
  tcb.challengeAcks++;
  service.counters.challengeAcks++;
  tcb.ackNow = true;
  if (service.tracer !== null) {
    const sequence = segment === null ? 0 : segment.sequence;
    service.tracer.event(TRACE_TCP_CHALLENGE_ACK, tcb.localPort, tcb.remotePort, sequence, flags, service.current);
  }
}
