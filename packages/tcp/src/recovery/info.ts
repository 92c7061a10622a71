import type { ControlBlock } from '../control-block.ts';
import { MARK_LOST, MARK_REPEATED, MARK_SACKED } from '../send/marks.ts';
import { PHASE_DISORDER, PHASE_LOSS, PHASE_NAMES, PHASE_OPEN, PHASE_RECOVERY } from './state.ts';

/** Loss recovery of a connection in numbers; packets are counted as the fields of Linux's `struct tcp_info` count them. */
export interface RecoveryInfo {
  /** One of the PHASE_ constants, and its name. */
  readonly phase: number;
  readonly phaseName: string;
  /** Packets SACKed; taken for lost, sent again or not; sent again and not acknowledged yet. */
  readonly sacked: number;
  readonly lost: number;
  readonly repeated: number;
  /** Segments by which delivery was out of order at most, and whether it ever was. */
  readonly reordering: number;
  readonly reorderingSeen: boolean;
  /** Segments that the peer reported as duplicates (RFC 2883). */
  readonly duplicates: number;
  /** Microseconds: smallest round trip, that of the packet delivered last, and what RACK waits for late ones (RFC 8985). */
  readonly minRtt: number;
  readonly rackRtt: number;
  readonly windowMultiplier: number;
  readonly probes: number;
  readonly probeRecoveries: number;
  readonly undone: number;
  readonly spuriousTimeouts: number;
}

/** Reads it, walking over what is outstanding. */
export function recoveryInfo(tcb: ControlBlock): RecoveryInfo {
  const { loss, transmit: queue } = tcb;
  let sacked = 0;
  let lost = 0;
  let repeated = 0;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    const { marks } = queue.at(position);
    if (marks & MARK_SACKED) sacked++;
    if (marks & (MARK_LOST | MARK_REPEATED)) lost++;
    if (marks & MARK_REPEATED) repeated++;
  }
  const phase = phaseOf(tcb);
  return {
    phase,
    phaseName: PHASE_NAMES[phase] as string,
    sacked,
    lost,
    repeated,
    reordering: loss.reordering,
    reorderingSeen: loss.reorderingSeen,
    duplicates: loss.duplicatesReported,
    minRtt: loss.minRtt,
    rackRtt: loss.rackRtt,
    windowMultiplier: loss.windowMultiplier,
    probes: loss.probesSent,
    probeRecoveries: loss.probeRecoveries,
    undone: loss.undone,
    spuriousTimeouts: loss.spuriousTimeouts,
  };
}

/** The phase; without SACK it follows from the counters of duplicate ACKs and timeouts. */
export function phaseOf(tcb: ControlBlock): number {
  if (tcb.sackPermitted) return tcb.loss.phase;
  if (tcb.inRecovery) return PHASE_RECOVERY;
  if (tcb.lostOut > 0 || (tcb.retries > 0 && tcb.sndNxt !== tcb.sndUna)) return PHASE_LOSS;
  return tcb.duplicateAcks > 0 ? PHASE_DISORDER : PHASE_OPEN;
}
