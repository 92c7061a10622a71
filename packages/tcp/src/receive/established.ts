import type { Packet } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { EVENT_DISCONNECT, raise } from '../events.ts';
import { TCP_CLOSE_WAIT } from '../states.ts';
import { transition } from '../transition.ts';
import { acceptData, noteUrgent, reachedFin } from './data.ts';
import { passesChecks } from './synchronized.ts';

/** ESTABLISHED. True when the packet was kept. */
export function receiveEstablished(tcb: ControlBlock, segment: TcpHeader, packet: Packet): boolean {
  return passesChecks(tcb, segment) && receiveEstablishedText(tcb, segment, packet);
}

/** Urgent pointer, data and FIN of a segment that has passed the checks. */
export function receiveEstablishedText(tcb: ControlBlock, segment: TcpHeader, packet: Packet): boolean {
  noteUrgent(tcb, segment);
  const kept = acceptData(tcb, segment, packet);
  if (reachedFin(tcb, segment)) {
    transition(tcb, TCP_CLOSE_WAIT);
    raise(tcb, EVENT_DISCONNECT);
  }
  return kept;
}
