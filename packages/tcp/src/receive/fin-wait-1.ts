import type { Packet } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { TCP_CLOSED, TCP_CLOSING, TCP_FIN_WAIT_2 } from '../states.ts';
import { enterTimeWait } from '../teardown.ts';
import { armFinWait2 } from '../timers/arm.ts';
import { transition } from '../transition.ts';
import { acceptData, noteUrgent, reachedFin } from './data.ts';
import { refusesLateData } from './late-data.ts';
import { passesChecks } from './synchronized.ts';

/** FIN_WAIT_1: our FIN is out. True when the packet was kept. */
export function receiveFinWait1(tcb: ControlBlock, segment: TcpHeader, packet: Packet): boolean {
  if (!passesChecks(tcb, segment) || tcb.state <= TCP_CLOSED) return false;
  const finAcknowledged = tcb.finSent && tcb.sndUna === tcb.sndNxt;
  if (finAcknowledged) {
    transition(tcb, TCP_FIN_WAIT_2);
    if (tcb.receiverGone) armFinWait2(tcb);
  }
  if (refusesLateData(tcb, segment)) return false;
  noteUrgent(tcb, segment);
  const kept = acceptData(tcb, segment, packet);
  if (reachedFin(tcb, segment)) {
    if (finAcknowledged) enterTimeWait(tcb);
    else transition(tcb, TCP_CLOSING);
  }
  return kept;
}
