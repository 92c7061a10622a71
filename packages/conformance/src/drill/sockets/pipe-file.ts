import { type CallOutcome, done, OpenFile, POLLIN, POLLOUT } from './file.ts';

/** How much a pipe holds. */
const CAPACITY = 65536;

/** What the two ends of a pipe share. */
class Pipe {
  octets: number;
  writers: number;

  constructor() {
    this.octets = 0;
    this.writers = 1;
  }
}

/** One end of a pipe, as scripts need one for splice(). What is in it are zeros. */
export class PipeFile extends OpenFile {
  readonly writes: boolean;
  private readonly pipe: Pipe;

  private constructor(pipe: Pipe, writes: boolean) {
    super();
    this.pipe = pipe;
    this.writes = writes;
  }

  /** The end to read from, and the one to write to. */
  static pair(): [PipeFile, PipeFile] {
    const pipe = new Pipe();
    return [new PipeFile(pipe, false), new PipeFile(pipe, true)];
  }

  get readable(): number {
    return this.pipe.octets;
  }

  get room(): number {
    return CAPACITY - this.pipe.octets;
  }

  /** Takes up to `length` octets out; null: nothing is there yet. */
  read(length: number): CallOutcome | null {
    const { pipe } = this;
    if (pipe.octets === 0) return pipe.writers === 0 ? done(0) : null;
    const count = Math.min(length, pipe.octets);
    pipe.octets -= count;
    return done(count);
  }

  /** Puts up to `length` octets in; null: it is full. */
  write(length: number): CallOutcome | null {
    const count = Math.min(length, this.room);
    this.pipe.octets += count;
    return count > 0 || length === 0 ? done(count) : null;
  }

  ready(): number {
    if (this.writes) return this.room > 0 ? POLLOUT : 0;
    return this.readable > 0 || this.pipe.writers === 0 ? POLLIN : 0;
  }

  expectRoom(): void {}

  close(): CallOutcome {
    this.released = true;
    if (this.writes) this.pipe.writers = 0;
    return done(0);
  }

  destroy(): void {}
}
