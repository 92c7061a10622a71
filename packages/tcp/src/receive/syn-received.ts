import {
  type DatagramInfo,
  DROP_TCP_ACKNOWLEDGMENT,
  DROP_TCP_NO_ACK,
  DROP_TCP_SYN_UNEXPECTED,
} from '@strata/contracts';
import { TCP_ACK, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import { type ControlBlock, ORIGIN_PASSIVE } from '../control-block.ts';
import { establish } from '../establish.ts';
import { sendStrayReset, sendSynAck } from '../send/control.ts';
import { CAUSE_REFUSED, CAUSE_RESET } from '../states.ts';
import { noteTimestamp } from '../timestamps.ts';
import { updateWindow } from './acknowledgment.ts';
import { inWindow, receiveReset } from './synchronized.ts';

/**
 * SYN_RECEIVED (RFC 9293 3.10.7.4). True when the handshake is complete and the segment goes on to ESTABLISHED.
 *
 * The peer's SYN once more means that our SYN-ACK was lost, and its SYN-ACK belongs to a simultaneous open (figure 8).
 */
export function receiveSynReceived(tcb: ControlBlock, segment: TcpHeader, info: DatagramInfo): boolean {
  if (segment.flags & TCP_SYN && (segment.flags & TCP_RST) === 0 && segment.sequence === tcb.irs) {
    if ((segment.flags & TCP_ACK) === 0) {
      if (tcb.timestamps) noteTimestamp(tcb, segment);
      sendSynAck(tcb);
      return false;
    }
    segment.sequence = (segment.sequence + 1) | 0;
    segment.sequenceLength--;
    segment.flags &= ~TCP_SYN;
    tcb.ackNow = true;
  }
  if (!inWindow(tcb, segment)) return false;
  if (segment.flags & TCP_RST) {
    receiveReset(tcb, segment, tcb.origin === ORIGIN_PASSIVE ? CAUSE_RESET : CAUSE_REFUSED);
    return false;
  }
  if (segment.flags & TCP_SYN) {
    tcb.service.drop(DROP_TCP_SYN_UNEXPECTED, tcb, segment.sequence);
    tcb.profile.defence.synOnOpenConnection(tcb, segment);
    return false;
  }
  if ((segment.flags & TCP_ACK) === 0) {
    tcb.service.drop(DROP_TCP_NO_ACK, tcb, segment.sequence);
    return false;
  }
  const ack = segment.acknowledgment;
  if (((ack - tcb.sndUna) | 0) <= 0 || ((ack - tcb.sndNxt) | 0) > 0) {
    tcb.service.drop(DROP_TCP_ACKNOWLEDGMENT, tcb, segment.sequence);
    sendStrayReset(tcb.service, segment, info, DROP_TCP_ACKNOWLEDGMENT);
    return false;
  }
  if (tcb.timestamps) noteTimestamp(tcb, segment);
  tcb.sndUna = ack;
  tcb.sndWl1 = segment.sequence;
  tcb.sndWl2 = ack;
  tcb.sndWnd = 0;
  updateWindow(tcb, segment);
  establish(tcb);
  return true;
}
