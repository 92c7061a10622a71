import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { NX_NOT_SUCCESSFUL, NX_SUCCESS, type Status } from '@strata/contracts';
import { applyChange, type MqttStore, type MqttStoreChange, type MqttStoreRecord } from '../store.ts';
import { encodeGroup, LOG_MARK, readGroups } from './log-format.ts';

/** How to open a {@link FileMqttStore}. */
export interface FileMqttStoreOptions {
  /**
   * Waits for the disk with each durable commit (default). False: what was committed survives the end of the program, and
   * not that of the machine.
   */
  readonly fsync?: boolean;
  /** The log is written anew when it is larger than this many octets and four times what is kept. Default 65536. */
  readonly compactAbove?: number;
}

/**
 * A session in a file that survives a crash at any octet: a write-ahead log of checksummed groups, one for each commit. A group
 * that was being written when everything stopped is cut off when the file is opened again; all before it is kept.
 *
 * ```ts
 * const store = FileMqttStore.open('session.log');
 * const client = new MqttClient({ clientId: 'sensor-7', time, pool, connector, extensions: { qos2: true, store } });
 * ```
 */
export class FileMqttStore implements MqttStore {
  readonly path: string;
  /** Octets cut off when the file was opened: what a crash left unfinished. */
  readonly tornOctets: number;
  private readonly records: Map<number, MqttStoreRecord>;
  private readonly fsync: boolean;
  private readonly compactAbove: number;
  private readonly lock: string;
  private fd: number;
  /** Octets of whole groups; what is written goes behind them. */
  private size: number;
  /** Octets that the records would take if they were written anew. */
  private live: number;
  /** The disk failed in a way that leaves its state unknown: nothing is accepted any more. */
  private failed: boolean;

  /** Opens or makes the file. @throws Error when it is no such file, is in use by a living program, or cannot be used */
  static open(path: string, options: FileMqttStoreOptions = {}): FileMqttStore {
    const lock = `${path}.lock`;
    takeLock(lock);
    try {
      return new FileMqttStore(path, lock, options);
    } catch (error) {
      rmSync(lock, { force: true });
      throw error;
    }
  }

  private constructor(path: string, lock: string, options: FileMqttStoreOptions) {
    this.path = path;
    this.records = new Map();
    this.fsync = options.fsync ?? true;
    this.compactAbove = options.compactAbove ?? 65_536;
    this.lock = lock;
    this.live = 0;
    this.failed = false;
    // Left behind by a crash while the log was written anew: the log itself is whole.
    rmSync(`${path}.new`, { force: true });
    this.fd = openSync(path, 'a+');
    closeSync(this.fd);
    this.fd = openSync(path, 'r+');
    const octets = readAll(this.fd);
    const begun = octets.subarray(0, LOG_MARK.length);
    if (!begun.every((octet, at) => octet === LOG_MARK[at])) {
      closeSync(this.fd);
      throw new Error(`${path} is not the file of an MQTT session`);
    }
    if (begun.length < LOG_MARK.length) {
      this.tornOctets = begun.length;
      writeAll(this.fd, LOG_MARK, 0);
      this.size = LOG_MARK.length;
      this.sync();
      syncFolder(path);
      return;
    }
    this.size = readGroups(octets, (changes) => {
      for (const change of changes) this.apply(change);
    });
    this.tornOctets = octets.length - this.size;
    if (this.tornOctets > 0) {
      ftruncateSync(this.fd, this.size);
      this.sync();
    }
  }

  load(): Iterable<MqttStoreRecord> {
    return [...this.records.values()];
  }

  commit(changes: readonly MqttStoreChange[], durable: boolean): Status {
    if (this.failed || this.fd < 0) return NX_NOT_SUCCESSFUL;
    if (changes.length === 0) return NX_SUCCESS;
    const group = encodeGroup(changes);
    try {
      writeAll(this.fd, group, this.size);
    } catch {
      // The disk is full: half a group must not lie before the next one.
      this.cutBack();
      return NX_NOT_SUCCESSFUL;
    }
    if (durable && this.fsync) {
      try {
        fsyncSync(this.fd);
      } catch {
        // What of it has reached the disk is unknown, and asking again does not tell.
        this.failed = true;
        return NX_NOT_SUCCESSFUL;
      }
    }
    this.size += group.length;
    for (const change of changes) this.apply(change);
    if (this.size > this.compactAbove && this.size > 4 * this.live) this.compact();
    return NX_SUCCESS;
  }

  /** Octets of the log. */
  get octets(): number {
    return this.size;
  }

  /** Closes the file. What was committed stays. */
  close(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
    rmSync(this.lock, { force: true });
  }

  private apply(change: MqttStoreChange): void {
    applyChange(this.records, change);
    // Counted from the records only when it matters, so that a put that replaces needs no second look.
    if (this.size > this.compactAbove || change.op === 'clear') this.live = this.measure();
    else if (change.op === 'put') this.live += RECORD_OVERHEAD + change.octets.length;
  }

  private measure(): number {
    let octets = LOG_MARK.length;
    for (const record of this.records.values()) octets += RECORD_OVERHEAD + record.octets.length;
    return octets;
  }

  /** Writes what is kept to a new file and puts it in the place of the old one; until then the old one stands. */
  private compact(): void {
    this.live = this.measure();
    if (this.size <= 4 * this.live) return;
    const fresh = `${this.path}.new`;
    let fd = -1;
    try {
      fd = openSync(fresh, 'w+');
      writeAll(fd, LOG_MARK, 0);
      let size = LOG_MARK.length;
      for (const record of this.records.values()) {
        const group = encodeGroup([{ op: 'put', ...record }]);
        writeAll(fd, group, size);
        size += group.length;
      }
      fsyncSync(fd);
      renameSync(fresh, this.path);
      closeSync(this.fd);
      this.fd = fd;
      this.size = size;
      syncFolder(this.path);
    } catch {
      if (fd >= 0 && fd !== this.fd) {
        closeSync(fd);
        rmSync(fresh, { force: true });
      }
    }
  }

  private cutBack(): void {
    try {
      ftruncateSync(this.fd, this.size);
    } catch {
      this.failed = true;
    }
  }

  private sync(): void {
    if (this.fsync) fsyncSync(this.fd);
  }
}

/** What a record takes in the log besides its octets. */
const RECORD_OVERHEAD = 18;

function readAll(fd: number): Uint8Array {
  const octets = new Uint8Array(fstatSync(fd).size);
  let at = 0;
  while (at < octets.length) {
    const count = readSync(fd, octets, at, octets.length - at, at);
    if (count === 0) return octets.subarray(0, at);
    at += count;
  }
  return octets;
}

function writeAll(fd: number, octets: Uint8Array, position: number): void {
  let at = 0;
  while (at < octets.length) at += writeSync(fd, octets, at, octets.length - at, position + at);
}

/** A new name in a folder is on the disk once the folder is. */
function syncFolder(path: string): void {
  const fd = openSync(dirname(path), 'r');
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems know no such thing; then there is nothing to wait for.
  } finally {
    closeSync(fd);
  }
}

/** One program at a time. What a program that was killed left behind does not count. */
function takeLock(path: string): void {
  for (let tries = 0; tries < 2; tries++) {
    try {
      const fd = openSync(path, 'wx');
      writeAll(fd, new TextEncoder().encode(String(process.pid)), 0);
      closeSync(fd);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(path, 'utf8'));
      if (owner !== process.pid && !isAlive(owner)) {
        rmSync(path, { force: true });
        continue;
      }
      throw new Error(`the session is in use by process ${owner}; if that is another program, remove ${path}`);
    }
  }
  throw new Error(`${path} cannot be made`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
