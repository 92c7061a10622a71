import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TcpProbeSink } from '@strata/stack';
import { probeCsvHeader, probeCsvLine, type TcpProbeRow } from '@strata/tcp';
import { cannotWrite } from '../files.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** So much is gathered before it is written. */
const CHUNK = 64 * 1024;

/** Begins a file of TCP's numbers, one line per segment: JSON objects when its name ends in .ndjson or .json, otherwise CSV. */
export class TcpProbeFile implements TcpProbeSink {
  private readonly path: string;
  private readonly json: boolean;
  private readonly file: number;
  private lines: string[];
  private length: number;

  /** @throws UserError when it cannot be written */
  constructor(path: string, terminal: Terminal) {
    this.path = path;
    this.json = /\.(nd)?jsonl?$/i.test(path);
    this.lines = [];
    this.length = 0;
    this.file = this.trying(() => openSync(resolve(terminal.surroundings.directory, path), 'w'));
    if (!this.json) this.add(probeCsvHeader());
  }

  /** One segment more. */
  write(row: TcpProbeRow): void {
    this.add(this.json ? JSON.stringify(row) : probeCsvLine(row));
  }

  /** Writes what was gathered, and ends the file. */
  close(): void {
    this.flush();
    this.trying(() => closeSync(this.file));
  }

  private add(line: string): void {
    this.lines.push(line);
    this.length += line.length + 1;
    if (this.length >= CHUNK) this.flush();
  }

  private flush(): void {
    if (this.lines.length === 0) return;
    const text = `${this.lines.join('\n')}\n`;
    this.lines = [];
    this.length = 0;
    this.trying(() => writeSync(this.file, text));
  }

  private trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw cannotWrite('--tcp-probe FILE', this.path, error);
    }
  }
}
