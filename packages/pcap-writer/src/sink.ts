/**
 * Where a capture goes. A sink may keep the chunk: the writer never touches it again.
 *
 * A `live` sink is being watched while it is written (a pipe into an analyser), so the writer hands over every packet at
 * once instead of waiting for a full chunk.
 */
export interface ByteSink {
  readonly live?: boolean;
  write(chunk: Uint8Array): void;
  end(): Promise<void> | void;
}

/** A capture in memory. */
export class MemorySink implements ByteSink {
  readonly chunks: Uint8Array[];
  /** Bytes received so far. */
  length: number;
  ended: boolean;

  constructor() {
    this.chunks = [];
    this.length = 0;
    this.ended = false;
  }

  write(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  end(): void {
    this.ended = true;
  }

  /** Everything received so far, as one array. */
  bytes(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
