import type { ControlBlock } from '../control-block.ts';
import type { CongestionController } from './controller.ts';

/** NetX's initial window: four segments, one less above 1095 octets and another above 2190; one when the SYN was lost. */
export function netxInitialWindow(mss: number, synWasLost: boolean): number {
  if (synWasLost) return mss;
  let segments = 4;
  if (mss > 1095) segments--;
  if (mss > 2190) segments--;
  return segments * mss;
}

/** NetX's congestion control: Reno without byte counting, no cap, no restart after idle; the window survives a timeout. */
export const netxController: CongestionController = {
  name: 'netx',

  begin(tcb: ControlBlock): void {
    tcb.cwnd = netxInitialWindow(tcb.mss, tcb.synLost);
    tcb.ssthresh = tcb.sndWnd;
  },

  acknowledged(tcb: ControlBlock, acked: number): void {
    const { mss } = tcb;
    if (tcb.cwnd < tcb.ssthresh) tcb.cwnd += Math.min(acked, mss);
    else {
      const growth = Math.trunc((mss * mss) / tcb.cwnd);
      tcb.cwnd += Math.max(growth, 1);
    }
    if (tcb.cwnd > LARGEST) tcb.cwnd = LARGEST;
  },

  lossDetected(tcb: ControlBlock, flight: number): void {
    tcb.ssthresh = Math.max(flight >> 1, 2 * tcb.mss);
  },

  timedOut(tcb: ControlBlock): void {
    tcb.cwnd = tcb.ssthresh;
  },

  restartAfterIdle(): void {},
};

/** Keeps the sums int32; far above any window. */
const LARGEST = 0x3fffffff;
