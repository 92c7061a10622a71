/**
 * `@strata/time`: one scheduler, several clocks, waits and seeded randomness. The part that ThreadX plays under NetX.
 *
 * Knows nothing of packets. All time is integer microseconds. Nothing in here reads the machine's clock except
 * `HostClock` and `PacedClock`, which are given the function that does.
 */
export { SeededRandom } from './random.ts';
export { Scheduler } from './scheduler.ts';
