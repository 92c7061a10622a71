import type { ControlBlock } from '../control-block.ts';
import type { CongestionController } from './controller.ts';
import { noteReduction } from './ecn.ts';
import { INFINITE_THRESHOLD, initialWindow, restart, slowStart, usesWindow } from './slow-start.ts';

/** Reno (RFC 5681): slow start, then one segment per round trip, by appropriate byte counting (RFC 3465). */
export const renoController: CongestionController = {
  name: 'reno',

  begin(tcb: ControlBlock): void {
    tcb.cwnd = initialWindow(tcb);
    tcb.ssthresh = INFINITE_THRESHOLD;
    tcb.ackedInAvoidance = 0;
  },

  acknowledged(tcb: ControlBlock, acked: number): void {
    if (!usesWindow(tcb)) return;
    const left = tcb.cwnd < tcb.ssthresh ? slowStart(tcb, acked) : acked;
    if (left <= 0) return;
    tcb.ackedInAvoidance += left;
    if (tcb.ackedInAvoidance >= tcb.cwnd) {
      tcb.ackedInAvoidance -= tcb.cwnd;
      if (tcb.cwnd < INFINITE_THRESHOLD) tcb.cwnd += tcb.mss;
    }
  },

  lossDetected(tcb: ControlBlock, flight: number): void {
    tcb.ssthresh = Math.max(flight >> 1, 2 * tcb.mss);
    tcb.ackedInAvoidance = 0;
    noteReduction(tcb);
  },

  timedOut(tcb: ControlBlock): void {
    tcb.cwnd = tcb.mss;
  },

  restartAfterIdle(tcb: ControlBlock): void {
    restart(tcb);
    tcb.ackedInAvoidance = 0;
  },
};
