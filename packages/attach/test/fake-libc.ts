import { EAGAIN, type Libc, type Readiness } from '../src/libc.ts';

/** A C library whose TAP device is two arrays: what the kernel has for us, and what we wrote. Addresses are indexes + base. */
export class FakeLibc implements Libc {
  /** Frames the kernel has for us. */
  readonly incoming: Uint8Array[] = [];
  readonly written: Buffer[] = [];
  /** Where written frames arrive. */
  peer: FakeLibc | null = null;
  /** Next errors of `write` and of `read`, before anything else happens. */
  readonly writeErrors: number[] = [];
  readonly readErrors: number[] = [];
  /** Error of TUNSETIFF and of opening; 0 for none. */
  attachErrno = 0;
  openErrno = 0;
  existing: string[] = [];
  mtu = 1500;
  reads = 0;
  openDescriptors = 0;
  readonly requests: number[] = [];
  watched: { readable: boolean; writable: boolean } | null = null;
  ready: (() => void) | null = null;
  private lastErrno = 0;
  private readonly buffers: Uint8Array[] = [];

  open(): number {
    return this.openErrno === 0 ? this.descriptor() : this.fail(this.openErrno);
  }

  close(): number {
    this.openDescriptors--;
    return 0;
  }

  read(_fd: number, address: number, count: number): number {
    this.reads++;
    const error = this.readErrors.shift();
    if (error !== undefined) return this.fail(error);
    const frame = this.incoming.shift();
    if (frame === undefined) return this.fail(EAGAIN);
    const { bytes, at } = this.resolve(address);
    const length = Math.min(count, frame.length);
    bytes.set(frame.subarray(0, length), at);
    return length;
  }

  write(_fd: number, address: number, count: number): number {
    const error = this.writeErrors.shift();
    if (error !== undefined) return this.fail(error);
    const { bytes, at } = this.resolve(address);
    const frame = Buffer.from(bytes.subarray(at, at + count));
    this.written.push(frame);
    this.peer?.incoming.push(frame);
    return count;
  }

  ioctl(_fd: number, request: number, argument: Uint8Array): number {
    this.requests.push(request);
    if (request === 0x400454ca && this.attachErrno !== 0) return this.fail(this.attachErrno);
    if (request === 0x8921) new DataView(argument.buffer).setInt32(16, this.mtu, true);
    return 0;
  }

  socket(): number {
    return this.descriptor();
  }

  interfaceIndex(name: string): number {
    return this.existing.indexOf(name) + 1;
  }

  errno(): number {
    return this.lastErrno;
  }

  setErrno(errno: number): void {
    this.lastErrno = errno;
  }

  addressOf(bytes: Uint8Array): number {
    let index = this.buffers.indexOf(bytes);
    if (index < 0) index = this.buffers.push(bytes) - 1;
    return (index + 1) * 0x1_0000_0000;
  }

  watch(_fd: number, ready: () => void): Readiness {
    this.ready = ready;
    return {
      start: (options) => {
        this.watched = { ...options };
      },
      stop: () => {
        this.watched = null;
      },
      close: () => {
        this.watched = null;
        this.ready = null;
      },
      ref: () => {},
      unref: () => {},
    };
  }

  /** What the event loop does while the descriptor is ready: calls back, then runs the check phase. */
  async turn(): Promise<void> {
    this.ready?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  private descriptor(): number {
    this.openDescriptors++;
    return 10 + this.openDescriptors;
  }

  private fail(errno: number): number {
    this.lastErrno = errno;
    return -1;
  }

  private resolve(address: number): { bytes: Uint8Array; at: number } {
    const index = Math.floor(address / 0x1_0000_0000) - 1;
    return { bytes: this.buffers[index]!, at: address % 0x1_0000_0000 };
  }
}
