import { runProgram } from './program.ts';
import { type Surroundings, Terminal } from './terminal/terminal.ts';
import { readVersion } from './version.ts';

/** Those who want to be told that the process should end. */
const interruptible = new Set<AbortController>();

function interruptAll(): void {
  for (const controller of interruptible) {
    controller.abort();
  }
}

/** The first SIGINT or SIGTERM as a signal, for commands that run until they are told to stop. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  interruptible.add(controller);
  const interrupt = (): void => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}

/**
 * Runs this process's command line and leaves its exit code in `process.exitCode`. When the reader of the output goes away
 * (`strata … | head`), nothing more is printed: a live command stops, and another finishes its capture without a word.
 */
export async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') {
        throw error;
      }
      interruptAll();
    });
  }
  const surroundings: Surroundings = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    environment: process.env,
    directory: process.cwd(),
    interruption,
  };
  process.exitCode = await runProgram(process.argv.slice(2), new Terminal(surroundings), readVersion());
  // A command that was told to stop leaves its input unread, which would keep the process.
  process.stdin.unref?.();
}
