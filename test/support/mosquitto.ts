import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from './namespace.ts';
import type { Running } from './process.ts';

/** How to start a {@link Mosquitto}. */
export interface MosquittoOptions {
  /** Address and port it listens on. Default: every address, 1883. */
  readonly address?: string;
  readonly port?: number;
  /** User names and passwords; when given, nobody else gets in. */
  readonly users?: Readonly<Record<string, string>>;
  /** Further lines of its configuration. */
  readonly configuration?: readonly string[];
}

/** A real Mosquitto broker in a namespace, with a folder of its own that goes with it. */
export class Mosquitto implements AsyncDisposable {
  readonly running: Running;
  readonly port: number;
  private readonly folder: string;

  /** Starts the broker and waits until it listens. */
  static async start(namespace: Namespace, options: MosquittoOptions = {}): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-mosquitto-'));
    const port = options.port ?? 1883;
    const lines = [
      `listener ${port}${options.address === undefined ? '' : ` ${options.address}`}`,
      'persistence false',
      'log_dest stderr',
      'log_type all',
      // Started as root it would otherwise change to a user who may not read the folder.
      'user root',
      ...(options.configuration ?? []),
    ];
    if (options.users === undefined) lines.push('allow_anonymous true');
    else {
      const passwords = join(folder, 'passwords');
      writeFileSync(passwords, '', { mode: 0o600 });
      for (const [name, password] of Object.entries(options.users)) {
        await namespace.run('mosquitto_passwd', ['-b', passwords, name, password]);
      }
      lines.push('allow_anonymous false', `password_file ${passwords}`);
    }
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const running = namespace.start('mosquitto', ['-c', file]);
    try {
      await running.waitFor(/mosquitto version .* running/);
    } catch (error) {
      await running.stop();
      rmSync(folder, { recursive: true });
      throw error;
    }
    return new Mosquitto(running, port, folder);
  }

  private constructor(running: Running, port: number, folder: string) {
    this.running = running;
    this.port = port;
    this.folder = folder;
  }

  async close(): Promise<void> {
    await this.running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
