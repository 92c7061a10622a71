import { CONSTANTS } from './constants.ts';

/** How a system call ended. */
export interface CallOutcome {
  readonly value: number;
  readonly errno: string | null;
  /** What the call wrote into memory differs from what the script says; null when it does not. */
  readonly mismatch: string | null;
  /** The call asked for something that does not exist here. */
  readonly unsupported: string | null;
}

/** Done, with a value. */
export function done(value: number, mismatch: string | null = null): CallOutcome {
  return { value, errno: null, mismatch, unsupported: null };
}

/** -1 with an error. */
export function failed(errno: string): CallOutcome {
  return { value: -1, errno, mismatch: null, unsupported: null };
}

/** Beyond what a stack in user space, or this one, has. */
export function unsupported(what: string, errno = 'ENOPROTOOPT'): CallOutcome {
  return { value: -1, errno, mismatch: null, unsupported: what };
}

/** A call under way: asked again after every event until it answers. */
export interface PendingCall {
  /** Null: not yet. */
  attempt(): CallOutcome | null;
  /** When to ask again even if nothing happens; NEVER. */
  readonly deadline: number;
}

export const POLLIN = CONSTANTS.POLLIN as number;
export const POLLOUT = CONSTANTS.POLLOUT as number;
export const POLLERR = CONSTANTS.POLLERR as number;
export const POLLHUP = CONSTANTS.POLLHUP as number;
export const POLLRDHUP = CONSTANTS.POLLRDHUP as number;
export const POLLPRI = CONSTANTS.POLLPRI as number;
export const POLLRDNORM = CONSTANTS.POLLRDNORM as number;
export const POLLWRNORM = CONSTANTS.POLLWRNORM as number;

/** What a descriptor stands for. */
export abstract class OpenFile {
  nonblocking: boolean;
  /** Counts what an edge-triggered waiter would be woken for. */
  wakeups: number;
  /** The application has closed it. */
  released: boolean;

  constructor() {
    this.nonblocking = false;
    this.wakeups = 0;
    this.released = false;
  }

  /** POLL bits that hold now. */
  abstract ready(): number;
  /** Takes part in a poll that found it not writable: its becoming so is an edge. */
  abstract expectRoom(): void;
  /** Null: blocks until the answer is there. */
  abstract close(): CallOutcome | null;
  /** Lets go of everything, without a word. */
  abstract destroy(): void;
}

/** A descriptor with socket options; values are numbers by `LEVEL:NAME`. */
export abstract class SocketFile extends OpenFile {
  readonly stored: Map<string, number>;
  /** Bound local port; 0: none. */
  port: number;
  /** Pending error, for SO_ERROR and the next call. */
  error: string | null;

  constructor() {
    super();
    this.stored = new Map();
    this.port = 0;
    this.error = null;
  }

  abstract readonly type: 'tcp' | 'udp';

  /** Port of the peer; 0: none. */
  get remotePort(): number {
    return 0;
  }

  /** The pending error, which is thereby over. */
  takeError(): string | null {
    const { error } = this;
    this.error = null;
    return error;
  }

  /** What a router has said of an open connection, which only SO_ERROR tells on Linux, and which is thereby over. */
  takeSoftError(): string | null {
    return null;
  }

  option(name: string, otherwise: number): number {
    return this.stored.get(name) ?? otherwise;
  }

  /** An option has changed. */
  abstract changed(name: string, value: number): void;
}
