/**
 * The first moment strictly after `time` that is `phase` plus a multiple of `period`, all in microseconds: when a timer that
 * runs all the time (NetX's periodic timers, ThreadX's tick) comes round next.
 */
export function nextOnGrid(time: number, period: number, phase = 0): number {
  return phase + (Math.floor((time - phase) / period) + 1) * period;
}

/** The same, but `time` itself when it is on the grid. */
export function onGrid(time: number, period: number, phase = 0): number {
  return phase + Math.ceil((time - phase) / period) * period;
}
