import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { CAUSE_ORDERLY } from '../states.ts';
import { endConnection } from '../teardown.ts';
import { passesChecks } from './synchronized.ts';

/** LAST_ACK: the acknowledgment of our FIN ends the connection. */
export function receiveLastAck(tcb: ControlBlock, segment: TcpHeader): void {
  if (passesChecks(tcb, segment) && tcb.finSent && tcb.sndUna === tcb.sndNxt) endConnection(tcb, CAUSE_ORDERLY);
}
