import { Duplex } from 'node:stream';

/** Who owns the far side of a {@link MemoryDuplex}. */
export interface MemoryDuplexOwner {
  /** OpenSSL has made ciphertext. */
  wrote(bytes: Uint8Array): void;
  /** It will make no more. */
  ended(): void;
}

/** What OpenSSL takes for a socket. Ciphertext comes and goes in memory. */
export class MemoryDuplex extends Duplex {
  private readonly owner: MemoryDuplexOwner;

  constructor(owner: MemoryDuplexOwner) {
    super({ allowHalfOpen: true });
    this.owner = owner;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.owner.wrote(chunk);
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.owner.ended();
    done();
  }
}
