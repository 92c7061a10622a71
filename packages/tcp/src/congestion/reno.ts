import type { ControlBlock } from '../control-block.ts';
import type { CongestionController } from './controller.ts';

/** "Unknown": larger than any window (RFC 5681 3.1). */
export const INFINITE_THRESHOLD = 0x3fffffff;

/** RFC 6928 2: ten segments, but not more than 14600 octets or two segments, whichever is larger. */
export function initialWindow10(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14600));
}

/**
 * Reno (RFC 5681): slow start by what was acknowledged, at most one segment per ACK (3465 with L = 1 SMSS), and one segment
 * per round trip in congestion avoidance, by appropriate byte counting (RFC 3465).
 */
export const renoController: CongestionController = {
  name: 'reno',

  begin(tcb: ControlBlock): void {
    tcb.cwnd = tcb.synTransmissions > 1 ? tcb.mss : initialWindow10(tcb.mss);
    tcb.ssthresh = INFINITE_THRESHOLD;
    tcb.ackedInAvoidance = 0;
  },

  acknowledged(tcb: ControlBlock, acked: number): void {
    if (tcb.cwnd < tcb.ssthresh) {
      tcb.cwnd += Math.min(acked, 2 * tcb.mss);
      if (tcb.cwnd > INFINITE_THRESHOLD) tcb.cwnd = INFINITE_THRESHOLD;
      return;
    }
    tcb.ackedInAvoidance += acked;
    if (tcb.ackedInAvoidance >= tcb.cwnd) {
      tcb.ackedInAvoidance -= tcb.cwnd;
      if (tcb.cwnd < INFINITE_THRESHOLD) tcb.cwnd += tcb.mss;
    }
  },

  lossDetected(tcb: ControlBlock, flight: number): void {
    tcb.ssthresh = Math.max(flight >> 1, 2 * tcb.mss);
    tcb.ackedInAvoidance = 0;
  },

  timedOut(tcb: ControlBlock): void {
    tcb.cwnd = tcb.mss;
  },

  restartAfterIdle(tcb: ControlBlock): void {
    const restart = initialWindow10(tcb.mss);
    if (tcb.cwnd > restart) tcb.cwnd = restart;
  },
};
