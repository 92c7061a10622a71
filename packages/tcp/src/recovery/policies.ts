import type { Packet } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';

/** How losses are found once SACK blocks come. */
export interface LossDetection {
  readonly name: string;
  /** The scoreboard has changed, or time has passed: marks what is lost now. */
  detect(tcb: ControlBlock): void;
  /** The retransmission timer has expired: true when the packet is too young to be taken for lost. */
  outlivesTimeout(tcb: ControlBlock, packet: Packet): boolean;
  /** In recovery, everything marked lost has been sent again and no new data may or can go: sends what else is worth it. */
  fillRecovery(tcb: ControlBlock): void;
}

/** How the window comes down to `ssthresh` in a recovery. */
export interface WindowReduction {
  readonly name: string;
  /** `congestion.lossDetected` has set `ssthresh`. */
  begin(tcb: ControlBlock): void;
  /** An acknowledgment delivered so many octets. */
  acknowledged(tcb: ControlBlock, delivered: number, advanced: boolean): void;
}

/** What a sender does about losses when both ends use SACK. Each part can be exchanged or left out. */
export interface LossPolicies {
  readonly detection: LossDetection;
  readonly reduction: WindowReduction;
  /** Segments out of order that mean a loss, until more reordering has been seen (RFC 5681 3.2: 3), and at most. */
  readonly duplicateThreshold: number;
  readonly maximumReordering: number;
  /** RFC 8985 6.2 step 4: reported duplicates make RACK's reordering window longer. */
  readonly adaptWindow: boolean;
  /** The same step: that window is 0 once DupThresh segments are SACKed, as long as no reordering has been seen. */
  readonly windowEndsAtThreshold: boolean;
  /** RFC 8985 7. */
  readonly tailLossProbe: boolean;
  /** RFC 5682. */
  readonly frto: boolean;
  /** A reduction that turns out to have been needless is taken back (RFC 3708, 4015). */
  readonly undo: boolean;
}
