import { NAMESPACE_ADVICE, namespaceArguments } from '../../tools/peers.mjs';
import { peerTool } from './peers.ts';
import { type Ended, Running, type StartOptions } from './process.ts';

/**
 * A network namespace of Linux: its own interfaces, addresses and ports, invisible from outside, made without privileges
 * where the kernel allows it. It exists as long as a process in it does, so it goes with this object whatever happens.
 *
 * ```ts
 * await using linux = await Namespace.open();
 * const up = linux.start(process.execPath, [strata, 'up', '--tap', 'tap0', …]);
 * await up.waitFor(/listening/);
 * await linux.run('ping', ['-c', '1', '192.0.2.2']);
 * ```
 */
export class Namespace implements AsyncDisposable {
  /** Holds the namespace: waits on its standard input, which closes with this process. */
  private readonly holder: Running;
  private readonly enter: readonly string[];
  private readonly started: Running[];

  /** Makes a namespace with `lo` up. */
  static async open(): Promise<Namespace> {
    const way = namespaceArguments();
    if (way === null) throw new Error(NAMESPACE_ADVICE);
    const script = `"${peerTool('ip')}" link set lo up && echo ready && exec cat`;
    const holder = new Running(peerTool('unshare'), [...way, 'sh', '-c', script], { keepInputOpen: true });
    try {
      await holder.waitFor(/^ready$/);
    } catch (error) {
      await holder.stop('SIGKILL');
      throw error;
    }
    const user = way.includes('-Urn') ? ['--user', '--preserve-credentials'] : [];
    return new Namespace(holder, ['--target', String(holder.pid), ...user, '--net', '--']);
  }

  private constructor(holder: Running, enter: readonly string[]) {
    this.holder = holder;
    this.enter = enter;
    this.started = [];
  }

  /** Starts a program inside. It is ended with the namespace, if not before. */
  start(command: string, args: readonly string[], options: StartOptions = {}): Running {
    const path = command.includes('/') ? command : peerTool(command);
    const running = new Running(peerTool('nsenter'), [...this.enter, path, ...args], options);
    this.started.push(running);
    return running;
  }

  /** Runs a program inside to its end; fails with what it printed unless it ends with `code`. */
  run(
    command: string,
    args: readonly string[],
    options: StartOptions & { readonly code?: number } = {},
  ): Promise<Ended> {
    return this.start(command, args, options).expectExit(options.code ?? 0);
  }

  /** Ends everything started inside, last first, and with it the namespace. */
  async close(): Promise<void> {
    for (const running of this.started.reverse()) await running.stop();
    await this.holder.stop('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
