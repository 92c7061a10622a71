import { DROP_TCP_SEQUENCE } from '@strata/contracts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { CAUSE_ORDERLY } from '../states.ts';
import { endConnection } from '../teardown.ts';
import { armTimeWait } from '../timers/arm.ts';
import { noteTimestamp, passesTimestamps } from '../timestamps.ts';
import { inWindow, receiveReset } from './synchronized.ts';

/**
 * TIMED_WAIT: the peer's FIN once more restarts the wait and is acknowledged again. True when a new SYN may reopen the
 * connection (RFC 9293 3.6.1, MAY-2): then the old one has ended and the segment goes to the listener.
 */
export function receiveTimeWait(tcb: ControlBlock, segment: TcpHeader): boolean {
  const { flags } = segment;
  if ((flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) === TCP_SYN && tcb.profile.reuseTimeWait) {
    if (mayReopen(tcb, segment)) {
      endConnection(tcb, CAUSE_ORDERLY);
      return true;
    }
  }
  if (tcb.timestamps && !passesTimestamps(tcb, segment)) {
    if (segment.hasTimestamps) armTimeWait(tcb, tcb.profile.timeWait);
    return false;
  }
  if (tcb.timestamps) noteTimestamp(tcb, segment);
  if (flags & TCP_FIN && ((segment.sequence + segment.payloadLength + 1 - tcb.rcvNxt) | 0) === 0) {
    tcb.ackNow = true;
    armTimeWait(tcb, tcb.profile.timeWait);
    return false;
  }
  if (!inWindow(tcb, segment)) return false;
  if (flags & TCP_RST) {
    receiveReset(tcb, segment, CAUSE_ORDERLY);
    return false;
  }
  if (flags & TCP_SYN || segment.payloadLength > 0) {
    tcb.service.drop(DROP_TCP_SEQUENCE, tcb, segment.sequence);
    tcb.ackNow = true;
  } else if (flags & TCP_ACK) tcb.profile.defence.acknowledgmentTooOld(tcb, segment.acknowledgment);
  return false;
}

/**
 * RFC 6191 2: a SYN opens a new connection when its timestamp is later than the last of the old one, or when the old one had
 * no timestamps and it has; otherwise its sequence number must lie beyond the last (RFC 9293 3.6.1).
 */
function mayReopen(tcb: ControlBlock, segment: TcpHeader): boolean {
  const beyond = ((segment.sequence - tcb.rcvNxt) | 0) > 0;
  if (!segment.hasTimestamps || !tcb.profile.options.offers.timestamps) return beyond;
  if (!tcb.timestamps) return true;
  const later = (segment.timestampValue - tcb.tsRecent) | 0;
  return later > 0 || (later === 0 && beyond);
}
