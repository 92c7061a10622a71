import {
  type DatagramInfo,
  DROP_TCP_ACKNOWLEDGMENT,
  DROP_TCP_RESET_UNACCEPTABLE,
  DROP_TCP_STATE,
  NEVER,
} from '@strata/contracts';
import { TCP_ACK, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { establish, learnFromSyn } from '../establish.ts';
import { sendAcknowledgment, sendStrayReset, sendSynAck } from '../send/control.ts';
import { CAUSE_REFUSED, TCP_SYN_RECEIVED } from '../states.ts';
import { endConnection } from '../teardown.ts';
import { transition } from '../transition.ts';

/** SYN_SENT (RFC 9293 3.10.7.3). Data on a SYN-ACK is left for the peer to send again. */
export function receiveSynSent(tcb: ControlBlock, segment: TcpHeader, info: DatagramInfo): void {
  const { flags } = segment;
  const hasAck = (flags & TCP_ACK) !== 0;
  const goodAck =
    hasAck && ((segment.acknowledgment - tcb.iss) | 0) > 0 && ((segment.acknowledgment - tcb.sndNxt) | 0) <= 0;
  if (hasAck && !goodAck) {
    tcb.service.drop(DROP_TCP_ACKNOWLEDGMENT, tcb, segment.sequence);
    sendStrayReset(tcb.service, segment, info, DROP_TCP_ACKNOWLEDGMENT);
    return;
  }
  if (flags & TCP_RST) {
    if (hasAck) {
      tcb.service.counters.resetsReceived++;
      endConnection(tcb, CAUSE_REFUSED);
    } else tcb.service.drop(DROP_TCP_RESET_UNACCEPTABLE, tcb, segment.sequence);
    return;
  }
  if ((flags & TCP_SYN) === 0) {
    tcb.service.drop(DROP_TCP_STATE, tcb, segment.sequence);
    return;
  }
  tcb.irs = segment.sequence;
  tcb.rcvNxt = (segment.sequence + 1) | 0;
  const field = Math.min(tcb.windowSize, 0xffff);
  tcb.rcvAdv = (tcb.rcvNxt + field) | 0;
  learnFromSyn(tcb, segment);
  if (goodAck) {
    tcb.sndUna = segment.acknowledgment;
    establish(tcb);
    sendAcknowledgment(tcb);
    return;
  }
  transition(tcb, TCP_SYN_RECEIVED);
  const { synLost } = tcb;
  sendSynAck(tcb);
  // The SYN goes again because it is to acknowledge the peer's (RFC 9293 figure 8), not because it was lost.
  tcb.synLost = synLost;
  if (!tcb.profile.timesSimultaneousOpen) tcb.retransmitDeadline = NEVER;
}
