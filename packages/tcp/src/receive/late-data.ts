import { DROP_TCP_NO_RECEIVER } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { refuse } from '../send/control.ts';
import { CAUSE_UNREAD_DATA } from '../states.ts';
import { endConnection } from '../teardown.ts';

/**
 * RFC 9293 3.6.1 (SHLD-3): new data for an application that has gone is refused as if there were no connection (3.10.7.1), and
 * there is none any more. True when that happened.
 */
export function refusesLateData(tcb: ControlBlock, segment: TcpHeader): boolean {
  if (!tcb.receiverGone || segment.payloadLength === 0 || !tcb.profile.resetOnUnread) return false;
  const end = (segment.sequence + segment.payloadLength) | 0;
  if (((end - tcb.rcvNxt) | 0) <= 0) return false;
  tcb.service.drop(DROP_TCP_NO_RECEIVER, tcb, segment.sequence);
  if (tcb.flow !== null) refuse(tcb.service, segment, tcb.flow, DROP_TCP_NO_RECEIVER);
  endConnection(tcb, CAUSE_UNREAD_DATA);
  return true;
}
