import { TRACE_TCP_RTT } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';

/** Gives one round-trip time to the estimator. */
export function measure(tcb: ControlBlock, rtt: number): void {
  const { rto, loss } = tcb;
  const newRound = ((tcb.sndUna - loss.measuredRound) | 0) > 0;
  if (newRound || rto.srtt === 0) loss.measuredRound = tcb.sndNxt;
  rto.sample(rtt, newRound);
  const tracer = tcb.service.tracer;
  if (tracer !== null) tracer.event(TRACE_TCP_RTT, rtt, rto.srtt, rto.rttvar, rto.timeout(0), tcb.service.current);
}
