import { NEVER } from '@strata/contracts';

/** Phases of a sender (the machine of RFC 5681, 6675, 8985 as one set of states). Only `enterPhase` changes them. */
export const PHASE_OPEN = 0;
/** Something is out of order: SACKed, or duplicate ACKs came; nothing is taken for lost yet. */
export const PHASE_DISORDER = 1;
/** The window is being reduced without a repair: congestion was marked (RFC 3168), or a probe repaired a lost tail. */
export const PHASE_REDUCTION = 2;
export const PHASE_RECOVERY = 3;
/** The retransmission timer has expired. */
export const PHASE_LOSS = 4;

/** Names by number, for people. */
export const PHASE_NAMES: readonly string[] = ['open', 'disorder', 'window reduction', 'fast recovery', 'loss'];

/** Why something is sent again; the last argument of TRACE_TCP_RETRANSMIT. */
export const CAUSE_OF_NONE = 0;
export const CAUSE_OF_TIMEOUT = 1;
export const CAUSE_OF_RACK = 2;
export const CAUSE_OF_SACK = 3;
export const CAUSE_OF_PROBE = 4;
export const CAUSE_OF_RESCUE = 5;
export const CAUSE_OF_DUPLICATES = 6;

/**
 * What loss recovery with SACK knows of one connection. Sequence numbers int32, sizes octets, times microseconds; times are
 * doubles from the first store on, so that storing one never allocates.
 */
export class RecoveryState {
  phase: number;
  /** Why lost packets were marked last: a CAUSE_OF_ constant. */
  cause: number;

  /** Nothing is out of order or lost, and the acknowledgment in progress says nothing of the kind. */
  quiet: boolean;
  /** When the last packet that it delivered was sent. */
  deliveredSentAt: number;
  /** What the acknowledgment in progress has shown; set back when the next one begins. */
  newlySacked: number;
  newlyDelivered: number;
  newlyLost: number;
  /** Octets it reported a second time, and where they end (RFC 2883); `sawDuplicate` says that there are any. */
  sawDuplicate: boolean;
  duplicateTo: number;
  /** It delivered a packet that was never sent again, from below `recover`: what F-RTO asks for. */
  originalDelivered: boolean;
  /** A retransmission was found lost. */
  retransmissionLost: boolean;
  /** It counts as a duplicate ACK (RFC 5681 2). */
  isDuplicate: boolean;
  /** SND.UNA before it. */
  previousUna: number;
  /** A packet that was never sent again was delivered after later ones; where the lowest such packet begins. */
  reordered: boolean;
  reorderedFrom: number;
  /** Round trip of the first packet newly SACKed that was sent once; -1 when there is none. */
  sackRtt: number;
  /** Its timestamp's echo, where there is one. */
  hasEcho: boolean;
  echo: number;

  /** One past the highest octet SACKed, now and before the acknowledgment in progress; SND.UNA when none is. */
  highestSacked: number;
  highestBefore: number;
  /** Segments by which delivery was out of order at most: RFC 6675's DupThresh where that adapts. */
  reordering: number;

  /** RACK (RFC 8985 5.2): the packet sent last of those delivered; the round trip of the last one; the smallest of all. */
  rackKnown: boolean;
  rackOrder: number;
  rackRtt: number;
  minRtt: number;
  minRttAt: number;
  reorderingSeen: boolean;
  windowMultiplier: number;
  windowPersistence: number;
  duplicateRound: boolean;
  duplicateRoundEnd: number;
  /** When what is not late enough yet will be taken for lost; NEVER when nothing waits. */
  reorderDeadline: number;

  /** SND.NXT when the present round trip of measurements began. */
  measuredRound: number;

  /** PRR (RFC 6937): delivered since recovery began, octets that were sent by then, the window before. */
  prrDelivered: number;
  prrSentBefore: number;
  prrWindow: number;

  /** TLP (RFC 8985 7): when to probe the tail; the probe outstanding. */
  probeDeadline: number;
  probeOutstanding: boolean;
  probeEnd: number;
  probeIsRepeat: boolean;

  /** Undoing (RFC 4015, 3708): where the episode that can be undone began, repeats not known to be needless, what was before. */
  undoable: boolean;
  undoFrom: number;
  /** -1 before anything was sent again. */
  repeats: number;
  undoWindow: number;
  undoThreshold: number;
  /** Timestamp of the episode's first repeat. */
  repeatStamped: boolean;
  repeatTimestamp: number;

  /** RFC 6675's rescue retransmission has been used in this recovery. */
  rescued: boolean;

  /** F-RTO (RFC 5682) is undecided about the last timeout. */
  frto: boolean;
  /** New data goes out instead of repeats, if there is any (step 2b). */
  tryNewData: boolean;
  /** Nothing is sent again before the next acknowledgment (F-RTO step 2b). */
  holdRepeats: boolean;

  /** Counters of the connection. */
  duplicatesReported: number;
  probesSent: number;
  probeRecoveries: number;
  undone: number;
  spuriousTimeouts: number;

  /** @param threshold segments out of order that mean a loss, until more are seen to be (DupThresh) */
  constructor(threshold: number) {
    this.phase = PHASE_OPEN;
    this.cause = CAUSE_OF_NONE;
    this.quiet = true;
    this.deliveredSentAt = 0.5;
    this.newlySacked = 0;
    this.newlyDelivered = 0;
    this.newlyLost = 0;
    this.sawDuplicate = false;
    this.duplicateTo = 0;
    this.originalDelivered = false;
    this.retransmissionLost = false;
    this.isDuplicate = false;
    this.previousUna = 0;
    this.reordered = false;
    this.reorderedFrom = 0;
    this.sackRtt = -1;
    this.hasEcho = false;
    this.echo = 0;
    this.highestSacked = 0;
    this.highestBefore = 0;
    this.reordering = threshold;
    this.rackKnown = false;
    this.rackOrder = 0;
    this.rackRtt = 0;
    this.minRtt = 0;
    this.minRttAt = 0.5;
    this.reorderingSeen = false;
    this.windowMultiplier = 1;
    this.windowPersistence = 0;
    this.duplicateRound = false;
    this.duplicateRoundEnd = 0;
    this.reorderDeadline = NEVER;
    this.measuredRound = 0;
    this.prrDelivered = 0;
    this.prrSentBefore = 0.5;
    this.prrWindow = 0;
    this.probeDeadline = NEVER;
    this.probeOutstanding = false;
    this.probeEnd = 0;
    this.probeIsRepeat = false;
    this.undoable = false;
    this.undoFrom = 0;
    this.repeats = -1;
    this.undoWindow = 0;
    this.undoThreshold = 0;
    this.repeatStamped = false;
    this.repeatTimestamp = 0;
    this.rescued = false;
    this.frto = false;
    this.tryNewData = false;
    this.holdRepeats = false;
    this.duplicatesReported = 0;
    this.probesSent = 0;
    this.probeRecoveries = 0;
    this.undone = 0;
    this.spuriousTimeouts = 0;
  }

  /** Forgets everything, for a new connection. */
  reset(threshold: number): void {
    Object.assign(this, new RecoveryState(threshold));
  }
}
