/** Sinks for Node: a file, and a stream such as standard output. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { ByteSink } from './sink.ts';

/** Writes a file, synchronously: when a call returns, the bytes are the operating system's. */
export class FileSink implements ByteSink {
  readonly path: string;
  private descriptor: number;

  /** Creates or empties the file. @throws what `fs.openSync` throws. */
  constructor(path: string) {
    this.path = path;
    this.descriptor = openSync(path, 'w');
  }

  write(chunk: Uint8Array): void {
    if (this.descriptor < 0) return;
    let at = 0;
    while (at < chunk.length) at += writeSync(this.descriptor, chunk, at, chunk.length - at);
  }

  end(): void {
    if (this.descriptor < 0) return;
    closeSync(this.descriptor);
    this.descriptor = -1;
  }
}

/**
 * Writes into a stream, by default standard output, packet by packet, so that `| wireshark -k -i -` shows them as they
 * happen. The stream is not closed at the end; whoever opened it does that.
 *
 * When the reader goes away (EPIPE), the rest is thrown away quietly: `broken` is then true, and `onBroken` was called.
 */
export class StreamSink implements ByteSink {
  readonly live = true;
  broken: boolean;
  private readonly stream: Writable;
  private readonly onBroken: (error: Error) => void;

  constructor(stream: Writable = process.stdout, onBroken: (error: Error) => void = () => {}) {
    this.broken = false;
    this.stream = stream;
    this.onBroken = onBroken;
    // Stays attached: an error of the last write may be told after `end`, and nobody else would listen.
    stream.on('error', (error) => this.fail(error));
  }

  private fail(error: Error): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken(error);
  }

  write(chunk: Uint8Array): void {
    if (this.broken) return;
    if (this.stream.destroyed || this.stream.writableEnded) this.fail(new Error('the stream has been closed'));
    else this.stream.write(chunk);
  }

  /** Resolves when the stream has taken everything, or is broken. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.broken || this.stream.destroyed) {
        resolve();
        return;
      }
      this.stream.once('error', () => resolve());
      this.stream.write('', () => resolve());
    });
  }
}
