import type { Packet } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { enterTimeWait } from '../teardown.ts';
import { acceptData, noteUrgent, reachedFin } from './data.ts';
import { refusesLateData } from './late-data.ts';
import { passesChecks } from './synchronized.ts';

/** FIN_WAIT_2: our FIN is acknowledged, the peer may go on. True when the packet was kept. */
export function receiveFinWait2(tcb: ControlBlock, segment: TcpHeader, packet: Packet): boolean {
  if (!passesChecks(tcb, segment) || refusesLateData(tcb, segment)) return false;
  noteUrgent(tcb, segment);
  const kept = acceptData(tcb, segment, packet);
  if (reachedFin(tcb, segment)) enterTimeWait(tcb);
  return kept;
}
