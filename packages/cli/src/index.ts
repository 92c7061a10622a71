/**
 * `@strata/cli`: the `strata` command line.
 *
 * Owns what people type and read: flags in one place, output, exit codes, explanations. Knows everybody below, and nobody
 * knows it. Commands are thin: they read flags, build a `Lab`, and print.
 */
export { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError, UserError } from './errors.ts';
export { type DropEntry, dropEntries, type StatusEntry, statusEntries } from './explain/catalogue.ts';
export type { Explanation } from './explain/explanation.ts';
export { type Found, lookUp } from './explain/lookup.ts';
export { main } from './main.ts';
export { runProgram } from './program.ts';
export { type Output, type Surroundings, Terminal } from './terminal/terminal.ts';
