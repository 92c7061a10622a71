import type { ControlBlock } from '../control-block.ts';
import { pipe } from '../send/output.ts';
import type { WindowReduction } from './policies.ts';

/** Octets in whole segments, rounded down. */
function whole(octets: number, mss: number): number {
  return octets - (octets % mss);
}

/**
 * Proportional Rate Reduction (RFC 6937, RFC 9937): while more is in the network than `ssthresh`, what may be sent follows
 * what is delivered, in the proportion of the reduction; below it, slow start brings the window back up, but only on
 * acknowledgments that advance without showing another loss (the safe reduction bound of RFC 9937).
 *
 * The window before the loss stands for RecoverFS: it is what would be in flight if the application had filled it.
 */
export const proportionalReduction: WindowReduction = {
  name: 'prr',

  begin(tcb: ControlBlock): void {
    const { loss } = tcb;
    loss.prrDelivered = 0;
    loss.prrSentBefore = tcb.bytesSent;
    loss.prrWindow = tcb.cwnd;
  },

  acknowledged(tcb: ControlBlock, delivered: number, advanced: boolean): void {
    if (delivered <= 0) return;
    const { loss, mss } = tcb;
    const sent = tcb.bytesSent - loss.prrSentBefore;
    loss.prrDelivered += delivered;
    const inFlight = pipe(tcb);
    const room = tcb.ssthresh - inFlight;
    let allowance: number;
    if (room < 0) {
      const share = (loss.prrDelivered * tcb.ssthresh) / loss.prrWindow;
      allowance = Math.ceil(share / mss) * mss - sent;
    } else {
      allowance = Math.max(loss.prrDelivered - sent, delivered);
      if (advanced && loss.newlyLost === 0) allowance += mss;
      allowance = Math.min(allowance, room);
    }
    // The first retransmission of a recovery is never held back.
    if (sent === 0) allowance = Math.max(allowance, mss);
    tcb.cwnd = Math.max(inFlight + Math.max(allowance, 0), 0) | 0;
  },
};

/** RFC 6675 5 step 4.2: the window is `ssthresh` at once; nothing goes out until the pipe has drained below it. */
export const immediateReduction: WindowReduction = {
  name: 'immediate',

  begin(tcb: ControlBlock): void {
    tcb.cwnd = Math.max(whole(tcb.ssthresh, tcb.mss), tcb.mss);
  },

  acknowledged(): void {},
};
