import { readFileSync } from 'node:fs';
import { runProgram } from './program.ts';
import { type Surroundings, Terminal } from './terminal/terminal.ts';

/** The version of this package. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Runs this process's command line and leaves its exit code in `process.exitCode`. A reader that goes away (`strata … |
 * head`) ends the process without a word, as it ends any Unix tool.
 */
export async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        process.exit();
      }
      throw error;
    });
  }
  const surroundings: Surroundings = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    environment: process.env,
    directory: process.cwd(),
  };
  process.exitCode = await runProgram(process.argv.slice(2), new Terminal(surroundings), readVersion());
}
