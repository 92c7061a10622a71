/**
 * Time is an integer number of microseconds held in a double. A lab starts at 0; a live host starts when it starts.
 * No layer reads a clock of its own: it is given a {@link TimeService}.
 */
export interface Clock {
  /** The present, in microseconds. Constant while one event is processed. */
  readonly now: number;
}

/** "No deadline": later than every real one. */
export const NEVER = Number.POSITIVE_INFINITY;

/** Microseconds in a second and in a millisecond. */
export const SECOND = 1_000_000;
export const MILLISECOND = 1_000;

/** NX_IP_PERIODIC_RATE: ticks a second, and the length of one tick in microseconds. */
export const TICKS_PER_SECOND = 100;
export const TICK = SECOND / TICKS_PER_SECOND;

/** Wait options of blocking services, in ticks (NX_NO_WAIT, NX_WAIT_FOREVER). */
export const NX_NO_WAIT = 0;
export const NX_WAIT_FOREVER = 0xffffffff;

/** Something that has deadlines. Deadlines are plain numbers in the state that owns them. */
export interface Timed {
  /** The earliest moment at which {@link onTime} has something to do, or NEVER. */
  nextDeadline(): number;
  /** Does everything that is due at `now`. May be called early; then it does nothing. */
  onTime(now: number): void;
}

/** Wakes one {@link Timed}. Moving a deadline later, or clearing it, costs one assignment. */
export interface Alarm {
  /** Tells the scheduler that the deadline is now `deadline` (NEVER to clear). */
  set(deadline: number): void;
  /** Forgets the object; it is never woken again. */
  cancel(): void;
}

/** Work put off until the current event has been processed; see {@link TimeService.defer}. */
export interface Deferred {
  run(): void;
}

/** What a layer gets of time. */
export interface TimeService extends Clock {
  /** Registers a timed object; it is asked for its first deadline at once. */
  alarm(timed: Timed): Alarm;
  /**
   * Runs `task` after the current event, at the same instant and in order of asking. This is how applications are told:
   * never from inside a state machine. The caller must not queue the same task twice before it has run.
   */
  defer(task: Deferred): void;
}

/** Seeded randomness. Same seed, same numbers, on every machine. */
export interface Random {
  /** A uniform unsigned 32-bit integer. */
  uint32(): number;
  /** A uniform integer in 0..limit-1; limit is 1..2^32. */
  below(limit: number): number;
  /** A uniform number in [0, 1). */
  unit(): number;
  /** An independent stream, for a part that must not disturb the others; same label, same stream. */
  fork(label: string): Random;
}
