import type { ControlBlock } from '../control-block.ts';
import { isReducing } from './ecn.ts';

/** "Unknown": larger than any window (RFC 5681 3.1). */
export const INFINITE_THRESHOLD = 0x3fffffff;

/** RFC 6928 2: ten segments, but not more than 14600 octets or two segments, whichever is larger. */
export function initialWindow10(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14600));
}

/** What is sent first: the profile's initial window, or one segment when the SYN was lost (RFC 5681 3.1). */
export function initialWindow(tcb: ControlBlock): number {
  return tcb.synLost ? tcb.mss : tcb.profile.initialWindow(tcb.mss);
}

/**
 * Slow start by what was acknowledged (RFC 3465 without a limit per ACK, as current hosts do: an ACK that was lost or held
 * back costs nothing). Stops at `ssthresh`; returns the octets that are left for congestion avoidance.
 */
export function slowStart(tcb: ControlBlock, acked: number): number {
  const { cwnd, ssthresh } = tcb;
  const grown = Math.min(cwnd + acked, ssthresh);
  tcb.cwnd = grown;
  return acked - (grown - cwnd);
}

/**
 * A segment went out: notes whether the congestion window is what holds the sender back, and how much of it was used in the
 * present round trip. A window that is not used says nothing about the path and must not grow (RFC 7661 4.3, RFC 9438 5.8).
 */
export function noteUsage(tcb: ControlBlock, inFlight: number): void {
  const limited = inFlight + tcb.mss > tcb.cwnd;
  if (limited || ((tcb.sndUna - tcb.usageEnd) | 0) >= 0 || (!tcb.cwndLimited && inFlight > tcb.mostInFlight)) {
    tcb.cwndLimited = limited;
    tcb.mostInFlight = inFlight;
    tcb.usageEnd = tcb.sndNxt;
  }
}

/** True when the window may grow: it was filled, or in slow start more than half of it was. */
export function usesWindow(tcb: ControlBlock): boolean {
  if (isReducing(tcb)) return false;
  return tcb.cwndLimited || (tcb.cwnd < tcb.ssthresh && tcb.cwnd < 2 * tcb.mostInFlight);
}

/**
 * RFC 5681 4.1: after a pause of more than a retransmission timeout the path may have changed, so no more than the restart
 * window goes out at once. What the window was is kept in `ssthresh` (RFC 2861 3.1).
 */
export function restart(tcb: ControlBlock): void {
  const window = tcb.profile.initialWindow(tcb.mss);
  if (tcb.cwnd <= window) return;
  const remembered = (tcb.cwnd >> 1) + (tcb.cwnd >> 2);
  if (tcb.ssthresh < remembered) tcb.ssthresh = remembered;
  tcb.cwnd = window;
}
