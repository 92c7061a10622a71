import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespace.ts';
import { Running, type StartOptions } from './process.ts';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command line as a user runs it: built, through its launcher. */
export const strataLauncher = join(root, 'packages', 'cli', 'bin', 'strata.mjs');

/** Starts `strata ARGS`, inside a namespace when one is given. */
export function startStrata(
  args: readonly string[],
  options: StartOptions & { readonly in?: Namespace } = {},
): Running {
  const command = [strataLauncher, ...args];
  return options.in === undefined
    ? new Running(process.execPath, command, options)
    : options.in.start(process.execPath, command, options);
}
