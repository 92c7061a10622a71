/**
 * `@strata/time`: one scheduler, several clocks, waits and seeded randomness. The part that ThreadX plays under NetX.
 *
 * Knows nothing of packets. All time is integer microseconds. Nothing in here reads the machine's clock except
 * `HostClock` and `PacedClock`, which are given the function that does.
 *
 * ```ts
 * const clock = new VirtualClock();
 * const waits = new Waits(clock.scheduler);
 * await clock.runWith(waits.sleep(100)); // at once; clock.now is 1_000_000
 * ```
 */
export { type ClockDriver, formatTime, type RunEnd, type RunOptions, type RunWithOptions } from './clock.ts';
export { nextOnGrid, onGrid } from './grid.ts';
export { HostClock } from './host-clock.ts';
export { type Island, Islands, type IslandsOptions } from './islands.ts';
export { type MachineTime, machineTime } from './machine-time.ts';
export { PacedClock, type PacedClockOptions } from './paced-clock.ts';
export { SeededRandom } from './random.ts';
export { type PendingWait, Scheduler, type SchedulerWatcher } from './scheduler.ts';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
export { type AbortSource, type Suspension, type Waited, WaitQueue, Waits } from './waits.ts';
export type { WallDriverOptions } from './wall-driver.ts';
