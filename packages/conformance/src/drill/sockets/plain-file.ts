import { type CallOutcome, done, OpenFile, POLLIN, POLLOUT } from './file.ts';

/** A file on disk, as scripts need one for sendfile(): endless zeros to read, and a place for what is written. */
export class PlainFile extends OpenFile {
  read(length: number): CallOutcome {
    return done(length);
  }

  ready(): number {
    return POLLIN | POLLOUT;
  }

  expectRoom(): void {}

  close(): CallOutcome {
    this.released = true;
    return done(0);
  }

  destroy(): void {}
}
