import { runProgram } from '../src/program.ts';
import { Terminal } from '../src/terminal/terminal.ts';
import { readVersion } from '../src/version.ts';

/** A terminal that keeps what is written, and what a run of `strata` left behind. */
export interface Recording {
  readonly terminal: Terminal;
  stdout(): string;
  stderr(): string;
}

export interface RecorderOptions {
  readonly tty?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly directory?: string;
}

export function recorder(options: RecorderOptions = {}): Recording {
  const out: string[] = [];
  const err: string[] = [];
  const keep = (list: string[]) => ({
    isTTY: options.tty === true,
    write: (data: string | Uint8Array) =>
      list.push(typeof data === 'string' ? data : Buffer.from(data).toString('latin1')),
  });
  async function* stdin(): AsyncGenerator<Uint8Array> {
    if (options.stdin !== undefined) {
      yield Buffer.from(options.stdin);
    }
  }
  const terminal = new Terminal({
    stdout: keep(out),
    stderr: keep(err),
    stdin: stdin(),
    environment: options.environment ?? {},
    directory: options.directory ?? process.cwd(),
    interruption: () => new AbortController().signal,
  });
  return { terminal, stdout: () => out.join(''), stderr: () => err.join('') };
}

/** Runs a command line in this process. */
export async function strata(
  words: readonly string[],
  options: RecorderOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const recording = recorder(options);
  const code = await runProgram(words, recording.terminal, readVersion());
  return { code, stdout: recording.stdout(), stderr: recording.stderr() };
}
