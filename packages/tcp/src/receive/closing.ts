import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { enterTimeWait } from '../teardown.ts';
import { passesChecks } from './synchronized.ts';

/** CLOSING: both FINs are out, the peer's is here; its acknowledgment of ours is not. */
export function receiveClosing(tcb: ControlBlock, segment: TcpHeader): void {
  if (passesChecks(tcb, segment) && tcb.finSent && tcb.sndUna === tcb.sndNxt) enterTimeWait(tcb);
}
