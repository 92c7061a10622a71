import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How to start a {@link Running}. */
export interface StartOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** Leaves its standard input open, for `child.stdin`. */
  readonly keepInputOpen?: boolean;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every process started here that has not ended, so that none outlives the tests. */
const alive = new Set<Running>();

process.on('exit', () => {
  for (const running of alive) running.signalGroup('SIGKILL');
});

/** Milliseconds that waits allow by default: generous, because they end as soon as what is awaited happens. */
export const PATIENCE = 20_000;

/** Octets of output that {@link Running.waitFor} looks through. */
const SEARCHED = 4_000_000;

/**
 * A program under test or one it talks to, with all it has printed. It leads a process group of its own, so that ending it
 * ends what it started too, and nothing else.
 */
export class Running {
  readonly command: string;
  readonly child: ChildProcess;
  stdoutBytes: Buffer[];
  stderrText: string;
  private stdoutText: string;
  private ended: Ended | null;
  private readonly ending: Promise<Ended>;
  private readonly waiters: Set<() => void>;

  constructor(command: string, args: readonly string[], options: StartOptions = {}) {
    this.command = [command, ...args].join(' ');
    this.stdoutBytes = [];
    this.stdoutText = '';
    this.stderrText = '';
    this.ended = null;
    this.waiters = new Set();
    this.child = spawn(command, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    alive.add(this);
    const { stdin, stdout, stderr } = this.child;
    stdin?.on('error', () => {});
    if (options.input !== undefined) stdin?.write(options.input);
    if (!options.keepInputOpen) stdin?.end();
    stdout?.on('data', (chunk: Buffer) => {
      this.stdoutBytes.push(chunk);
      // Programs that print much print no lines for us: what is searched stays small.
      if (this.stdoutText.length < SEARCHED) this.stdoutText += chunk.toString('latin1');
      this.wakeWaiters();
    });
    stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderrText += chunk;
      this.wakeWaiters();
    });
    this.ending = this.untilEnd();
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get stdout(): string {
    return Buffer.concat(this.stdoutBytes).toString('utf8');
  }

  get running(): boolean {
    return this.ended === null;
  }

  /** Resolves when it has ended and all its output is here. */
  exit(): Promise<Ended> {
    return this.ending;
  }

  /**
   * Waits for a line of its output (either stream) that matches, and returns the match. Fails with all it has printed when it
   * ends first or `timeout` milliseconds pass.
   */
  async waitFor(pattern: RegExp, timeout = PATIENCE): Promise<RegExpMatchArray> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.wakeWaiters();
    }, timeout);
    try {
      for (;;) {
        const match = this.find(pattern);
        if (match !== null) return match;
        if (this.ended !== null) throw this.failure(`ended (${endOf(this.ended)}) without printing ${pattern}`);
        if (timedOut) throw this.failure(`printed no ${pattern} within ${timeout} ms`);
        await this.nextChange();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for its end; fails, with all it has printed, when the exit code is not `code` or `timeout` milliseconds pass. */
  async expectExit(code = 0, timeout = PATIENCE): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.failure(`did not end within ${timeout} ms`)), timeout);
    });
    try {
      const ended = await Promise.race([this.ending, late]);
      if (ended.code !== code) throw this.failure(`ended with ${endOf(ended)}, not with exit code ${code}`);
      return ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks it to end, and kills it when it has not done so in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patience = 5_000): Promise<Ended> {
    if (this.ended === null) {
      this.signalGroup(signal);
      const timer = setTimeout(() => this.signalGroup('SIGKILL'), patience);
      await this.ending;
      clearTimeout(timer);
    }
    return this.ending;
  }

  /** Signals the process and what it has started. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.ended !== null || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {}
  }

  private find(pattern: RegExp): RegExpMatchArray | null {
    for (const text of [this.stdoutText, this.stderrText]) {
      for (const line of text.split('\n')) {
        const match = line.match(pattern);
        if (match !== null) return match;
      }
    }
    return null;
  }

  private failure(what: string): Error {
    return new Error(
      `\`${this.command}\` ${what}\n--- stdout\n${tail(this.stdoutText)}\n--- stderr\n${tail(this.stderrText)}`,
    );
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => this.waiters.add(resolve));
  }

  private wakeWaiters(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }

  private async untilEnd(): Promise<Ended> {
    const { code, signal } = await endOfChild(this.child);
    this.ended = { code, signal, stdout: this.stdout, stderr: this.stderrText };
    alive.delete(this);
    this.wakeWaiters();
    return this.ended;
  }
}

async function endOfChild(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  } catch {
    // It could not be started: the shell's convention for a command that is not found.
    return { code: 127, signal: null };
  }
}

function endOf(ended: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): string {
  return ended.signal === null ? `exit code ${ended.code}` : ended.signal;
}

function tail(text: string): string {
  return text.length > 4000 ? `…${text.slice(-4000)}` : text;
}
