/**
 * Why something from the wire was dropped. A parser returns one of these and never throws; whoever called it counts it,
 * traces it, and drops. Values are >= 2 so that one can be a `Disposition`. Each layer has its own range.
 */
export type DropReason = number;

/** One row of {@link DROP_REASONS}: number, short name (stable, for counters and tests), sentence for people. */
export type DropDescription = readonly [reason: number, name: string, sentence: string];
