/**
 * Window arithmetic (RFC 9293 3.8.6, RFC 7323 2) as functions of numbers alone.
 */

/** The largest shift that may be used (RFC 7323 2.3). */
export const MAXIMUM_WINDOW_SHIFT = 14;

/** Verdicts of {@link acceptability}. */
export const SEGMENT_OUTSIDE = 0;
export const SEGMENT_ACCEPTABLE = 1;
/** Data does not fit a closed window, but ACK, RST and URG of the segment count (RFC 9293 3.10.7.4, MUST-66). */
export const SEGMENT_CONTROL_ONLY = 2;

/** RFC 9293 3.10.7.4, first check: does a segment of `length` octets of sequence space at `sequence` touch the window? */
export function acceptability(sequence: number, length: number, rcvNxt: number, window: number): number {
  const offset = (sequence - rcvNxt) | 0;
  if (length === 0) {
    if (window === 0) return offset === 0 ? SEGMENT_ACCEPTABLE : SEGMENT_OUTSIDE;
    return offset >= 0 && offset < window ? SEGMENT_ACCEPTABLE : SEGMENT_OUTSIDE;
  }
  if (window === 0) return offset === 0 ? SEGMENT_CONTROL_ONLY : SEGMENT_OUTSIDE;
  const last = (offset + length - 1) | 0;
  if (offset >= 0 ? offset < window : last >= 0) return SEGMENT_ACCEPTABLE;
  return SEGMENT_OUTSIDE;
}

/** Octets that may still be sent: the peer's window less what is outstanding. Negative when the peer has shrunk it. */
export function usableWindow(sndUna: number, sndNxt: number, sndWnd: number): number {
  return (sndUna + sndWnd - sndNxt) | 0;
}

/** The smallest shift with which a window of `size` octets fits 16 bits. */
export function windowShift(size: number): number {
  let shift = 0;
  while (shift < MAXIMUM_WINDOW_SHIFT && size > 0xffff << shift) shift++;
  return shift;
}

/**
 * The 16-bit window field for `window` octets. Rounded up, so that a right edge once advertised never moves back through
 * rounding (RFC 7323 2.4); a closed window stays 0.
 */
export function windowField(window: number, shift: number): number {
  if (window <= 0) return 0;
  const field = (window + (1 << shift) - 1) >>> shift;
  return Math.min(field, 0xffff);
}

/** RFC 9293 3.8.6.2.2: room is worth advertising beyond `advertised` only in steps of a segment or of half the buffer. */
export function receiverAvoidance(room: number, advertised: number, mss: number, size: number): number {
  const step = Math.min(mss, size >> 1);
  return room - advertised >= step ? room : advertised;
}

/**
 * How many octets of a waiting segment of `payload` octets may go now; 0: it waits.
 *
 * Nagle (RFC 9293 3.7.4): the last, unfilled segment waits while something is outstanding, unless `unhurried` is false.
 * Silly-window avoidance (3.8.6.2.1): a segment is cut only when the peer's window, not congestion, is what limits it, and
 * then only for half of the largest window seen.
 */
export function sendableOctets(
  payload: number,
  isLast: boolean,
  byWindow: number,
  byCongestion: number,
  mss: number,
  largestWindow: number,
  unhurried: boolean,
): number {
  const room = Math.min(byWindow, byCongestion);
  if (room <= 0) return 0;
  const limit = Math.min(room, mss);
  if (payload <= limit) return payload >= mss || !isLast || !unhurried ? payload : 0;
  if (limit === mss) return mss;
  if (byCongestion < byWindow) return 0;
  return !unhurried && limit >= largestWindow >> 1 ? limit : 0;
}
