import { TRACE_TCP_FAST_RETRANSMIT, TRACE_TCP_PARTIAL_ACK, TRACE_TCP_RECOVERED } from '@strata/contracts';
import { TCP_FIN, TCP_SYN, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { flightSize, markAllLost, retransmitHead } from '../send/output.ts';
import { retransmit } from '../send/transmit.ts';
import type { LossRecovery } from './recovery.ts';

/** Duplicate ACKs that mean a loss (RFC 5681 3.2). */
export const DUPLICATE_THRESHOLD = 3;

/** Third duplicate ACK: halve, send the head again, inflate by the three segments that have left (RFC 6582 3.2 step 2). */
function enterRecovery(tcb: ControlBlock): void {
  const flight = flightSize(tcb);
  tcb.recover = tcb.sndNxt;
  tcb.inRecovery = true;
  tcb.congestion.lossDetected(tcb, flight);
  tcb.cwnd = tcb.ssthresh + DUPLICATE_THRESHOLD * tcb.mss;
  tcb.fastRetransmits++;
  tcb.service.counters.fastRetransmits++;
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    const head = tcb.transmit.hasSent ? tcb.transmit.at(tcb.transmit.head) : null;
    tracer.event(TRACE_TCP_FAST_RETRANSMIT, tcb.sndUna, tcb.duplicateAcks, tcb.ssthresh, tcb.cwnd, head);
  }
  retransmitHead(tcb);
}

/** An ACK below `recover`: the next hole goes out again and the window deflates (RFC 6582 3.2 step 3). */
function partialAck(tcb: ControlBlock, acked: number): void {
  tcb.cwnd -= acked;
  if (tcb.cwnd < 0) tcb.cwnd = 0;
  if (acked >= tcb.mss) tcb.cwnd += tcb.mss;
  if (tcb.cwnd < tcb.mss) tcb.cwnd = tcb.mss;
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    const head = tcb.transmit.hasSent ? tcb.transmit.at(tcb.transmit.head) : null;
    tracer.event(TRACE_TCP_PARTIAL_ACK, tcb.sndUna, tcb.recover, tcb.cwnd, 0, head);
  }
  retransmitHead(tcb);
}

function leaveRecovery(tcb: ControlBlock, cwnd: number): void {
  tcb.inRecovery = false;
  tcb.cwnd = cwnd;
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    tracer.event(TRACE_TCP_RECOVERED, tcb.sndUna, tcb.cwnd, tcb.ssthresh, 0, tcb.service.current);
  }
}

/** RFC 3042: each of the first two duplicate ACKs lets one segment more out, two in all. */
function limitedTransmit(tcb: ControlBlock): number {
  return !tcb.inRecovery && tcb.duplicateAcks > 0 && tcb.duplicateAcks < DUPLICATE_THRESHOLD
    ? tcb.duplicateAcks * tcb.mss
    : 0;
}

/** NewReno without SACK (RFC 5681, 6582), limited transmit (3042), and a slow-start repeat of everything after a timeout. */
export const newRenoRecovery: LossRecovery = {
  name: 'newreno',

  arrived(): void {},
  delivered(): void {},
  settled(): void {},
  repeated(): void {},
  sentNew(): void {},

  /** The five conditions of RFC 5681 2; and the window is open, else it is the answer to a probe. */
  isDuplicate(tcb: ControlBlock, segment: TcpHeader): boolean {
    return (
      segment.payloadLength === 0 &&
      (segment.flags & (TCP_SYN | TCP_FIN)) === 0 &&
      tcb.sndNxt !== tcb.sndUna &&
      segment.acknowledgment === tcb.sndUna &&
      segment.window << tcb.sndScale === tcb.sndWnd &&
      tcb.sndWnd > 0
    );
  },

  duplicateAck(tcb: ControlBlock): void {
    if (tcb.inRecovery) {
      tcb.cwnd += tcb.mss;
      return;
    }
    if (tcb.duplicateAcks !== DUPLICATE_THRESHOLD) return;
    const beyondLastRecovery = ((tcb.sndUna - 1 - tcb.recover) | 0) >= 0;
    if (beyondLastRecovery && tcb.lostOut === 0) enterRecovery(tcb);
  },

  newAck(tcb: ControlBlock, acked: number): void {
    if (!tcb.inRecovery) {
      tcb.congestion.acknowledged(tcb, acked);
      return;
    }
    if (((tcb.sndUna - tcb.recover) | 0) < 0) {
      partialAck(tcb, acked);
      return;
    }
    const flight = flightSize(tcb);
    leaveRecovery(tcb, Math.min(tcb.ssthresh, Math.max(flight, tcb.mss) + tcb.mss));
  },

  timedOut(tcb: ControlBlock): void {
    if (tcb.retries <= 1) tcb.congestion.lossDetected(tcb, flightSize(tcb));
    tcb.congestion.timedOut(tcb);
    tcb.inRecovery = false;
    tcb.recover = tcb.sndNxt;
    markAllLost(tcb);
    if (!tcb.transmit.hasSent) retransmitHead(tcb);
  },

  extraAllowance: limitedTransmit,
};

/**
 * RFC 6582 4.1: duplicate ACKs below `recover` come of a loss, and not of segments that were repeated needlessly, when more
 * than one segment may be out and the last acknowledgment did not leap ahead.
 */
function lacksSegment(tcb: ControlBlock): boolean {
  return tcb.cwnd > tcb.mss && tcb.lastAdvance <= 4 * tcb.mss;
}

/** NetX's recovery: NewReno's shape with NetX's numbers (no deflation rule, the head goes again in single steps). */
export const netxRecovery: LossRecovery = {
  name: 'netx',

  arrived(): void {},
  delivered(): void {},
  settled(): void {},
  repeated(): void {},
  sentNew(): void {},

  /** Only the number is looked at, and that nothing else is in the segment. */
  isDuplicate(tcb: ControlBlock, segment: TcpHeader): boolean {
    return (
      (segment.payloadLength === 0 || tcb.profile.quirks.dataAsDuplicateAck) &&
      (segment.flags & (TCP_SYN | TCP_FIN)) === 0 &&
      tcb.sndNxt !== tcb.sndUna &&
      segment.acknowledgment === tcb.sndUna
    );
  },

  duplicateAck(tcb: ControlBlock): void {
    if (tcb.inRecovery) {
      tcb.cwnd += tcb.mss;
      return;
    }
    if (tcb.duplicateAcks !== DUPLICATE_THRESHOLD) return;
    if (((tcb.sndUna - 1 - tcb.recover) | 0) < 0 && !lacksSegment(tcb)) return;
    tcb.retries++;
    enterRecovery(tcb);
  },

  newAck(tcb: ControlBlock, acked: number): void {
    tcb.lastAdvance = acked;
    if (tcb.inRecovery) {
      if (((tcb.sndUna - tcb.recover) | 0) < 0) {
        partialAck(tcb, acked);
        return;
      }
      leaveRecovery(tcb, tcb.ssthresh);
    }
    tcb.congestion.acknowledged(tcb, acked);
  },

  /** Segments go again while they fit one MSS together; nothing is marked, the rest waits for the next timeout. */
  timedOut(tcb: ControlBlock): void {
    tcb.congestion.lossDetected(tcb, flightSize(tcb));
    tcb.inRecovery = false;
    tcb.recover = tcb.sndNxt;
    const queue = tcb.transmit;
    if (!queue.hasSent) retransmitHead(tcb);
    let octets = 0;
    for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
      const packet = queue.at(position);
      octets += packet.sequenceLength;
      if (octets > tcb.mss && position !== queue.head) break;
      retransmit(tcb, packet);
    }
    tcb.congestion.timedOut(tcb);
  },

  /** Two segments with the first and the second duplicate ACK. */
  extraAllowance(tcb: ControlBlock): number {
    return !tcb.inRecovery && tcb.duplicateAcks > 0 && tcb.duplicateAcks < DUPLICATE_THRESHOLD ? 2 * tcb.mss : 0;
  },
};
