import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { passesChecks } from './synchronized.ts';

/** CLOSE_WAIT: the peer has finished; only its acknowledgments count. */
export function receiveCloseWait(tcb: ControlBlock, segment: TcpHeader): void {
  passesChecks(tcb, segment);
}
