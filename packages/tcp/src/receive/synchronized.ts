import {
  DROP_TCP_NO_ACK,
  DROP_TCP_RESET_UNACCEPTABLE,
  DROP_TCP_SEQUENCE,
  DROP_TCP_SYN_UNEXPECTED,
  TRACE_TCP_RESET_RECEIVED,
} from '@strata/contracts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { CAUSE_RESET } from '../states.ts';
import { endConnection } from '../teardown.ts';
import { acceptability, SEGMENT_OUTSIDE } from '../window.ts';
import { acceptAcknowledgment, updateWindow } from './acknowledgment.ts';
import { answerStray } from './stray-answers.ts';

/**
 * What RFC 9293 3.10.7.4 asks of a segment in every synchronized state, in its order: sequence number, RST, SYN, ACK. False
 * when the segment is done with (dropped, answered, or the connection is gone); then the state's own steps do not follow.
 */
export function passesChecks(tcb: ControlBlock, segment: TcpHeader): boolean {
  if (!inWindow(tcb, segment)) return acknowledgesFromBehind(tcb, segment);
  const { flags } = segment;
  if (flags & TCP_RST) {
    receiveReset(tcb, segment, CAUSE_RESET);
    return false;
  }
  if (flags & TCP_SYN) {
    tcb.service.drop(DROP_TCP_SYN_UNEXPECTED, tcb, segment.sequence);
    tcb.profile.defence.synOnOpenConnection(tcb, segment);
    return false;
  }
  if ((flags & TCP_ACK) === 0) {
    tcb.service.drop(DROP_TCP_NO_ACK, tcb, segment.sequence);
    return false;
  }
  return acceptAcknowledgment(tcb, segment);
}

/** First check. An unacceptable segment is answered with an acknowledgment, unless it is a reset. */
export function inWindow(tcb: ControlBlock, segment: TcpHeader): boolean {
  const window = (tcb.rcvAdv - tcb.rcvNxt) | 0;
  if (acceptability(segment.sequence, segment.sequenceLength, tcb.rcvNxt, window) !== SEGMENT_OUTSIDE) return true;
  if (tcb.profile.acknowledgmentsAtEdge && isAtEdge(tcb, segment)) return true;
  if (segment.flags & TCP_SYN && tcb.profile.defence.synOutsideWindow(tcb, segment)) return false;
  tcb.service.drop(DROP_TCP_SEQUENCE, tcb, segment.sequence);
  if ((segment.flags & TCP_RST) === 0) answerStray(tcb, segment);
  return false;
}

/**
 * A peer that has filled the window sends its acknowledgments from right behind it. When both ends have, and have lost what
 * they sent, neither would believe that the other has its data, and both would repeat it until they give up.
 */
function isAtEdge(tcb: ControlBlock, segment: TcpHeader): boolean {
  return (
    segment.sequence === tcb.rcvAdv &&
    segment.payloadLength === 0 &&
    (segment.flags & (TCP_ACK | TCP_SYN | TCP_RST | TCP_FIN)) === TCP_ACK
  );
}

/**
 * A peer whose window probe we have taken acknowledges from one octet before `rcvNxt` until it hears of that. When both ends
 * have probed each other so, each would drop the other's acknowledgments and answer them, for ever: what such a segment
 * acknowledges counts although it is unacceptable (draft-gont-tcpm-tcp-seq-validation). True when it acknowledged anything.
 */
function acknowledgesFromBehind(tcb: ControlBlock, segment: TcpHeader): boolean {
  if ((segment.flags & (TCP_ACK | TCP_SYN | TCP_RST | TCP_FIN)) !== TCP_ACK) return false;
  if (((segment.sequence + 1) | 0) !== tcb.rcvNxt || segment.payloadLength > 1) return false;
  segment.payloadLength = 0;
  segment.sequenceLength = 0;
  const ahead = (segment.acknowledgment - tcb.sndUna) | 0;
  if (ahead > 0) return acceptAcknowledgment(tcb, segment);
  if (ahead === 0) updateWindow(tcb, segment);
  return false;
}

/** Second check: an acceptable reset, if the profile believes it. */
export function receiveReset(tcb: ControlBlock, segment: TcpHeader, cause: number): void {
  if (!tcb.profile.defence.resetConnection(tcb, segment)) {
    tcb.service.drop(DROP_TCP_RESET_UNACCEPTABLE, tcb, segment.sequence);
    return;
  }
  const { service } = tcb;
  service.counters.resetsReceived++;
  if (service.tracer !== null) {
    service.tracer.event(
      TRACE_TCP_RESET_RECEIVED,
      tcb.localPort,
      tcb.remotePort,
      segment.sequence,
      tcb.state,
      service.current,
    );
  }
  endConnection(tcb, cause);
}
