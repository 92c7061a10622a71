/**
 * When a timeout of `delay` that starts at `now` expires on a grid of `interval` (0: no grid), all in microseconds.
 *
 * A periodic timer that counts a timeout down sees its first tick after less than an interval, so n ticks take between n-1
 * and n intervals: on NetX's 100 ms grid a one-second timeout started 20 ms after a tick expires after 980 ms.
 */
export function expiry(now: number, delay: number, interval: number, phase: number): number {
  if (interval === 0) return now + delay;
  const ticksPassed = Math.floor((now - phase) / interval);
  return phase + (ticksPassed + Math.ceil(delay / interval)) * interval;
}
