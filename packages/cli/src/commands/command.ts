import type { Argv } from 'yargs';
import type { Arguments } from '../flags/arguments.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** One command of `strata`. */
export interface Command {
  /** As yargs reads it: the name, then its positional words. */
  readonly usage: string;
  readonly summary: string;
  /** Shown by `--help`: a line to type, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Text after the examples, or empty. */
  readonly epilogue?: string;
  /** Declares flags and positional words. */
  declare(program: Argv): Argv;
  /**
   * Takes words that yargs must not read, such as a payload that looks like a flag. Returns the words left over.
   * Commands without such words leave it out.
   */
  takeWords?(words: readonly string[]): { readonly taken: unknown; readonly rest: readonly string[] };
  /** Does the work. Returns the exit code. @throws UserError */
  run(args: Arguments, terminal: Terminal, taken: unknown): Promise<number>;
}

/** The name of a command: the first word of its usage. */
export function commandName(command: Command): string {
  return command.usage.split(' ')[0];
}
