import {
  type Alarm,
  type IpAddress,
  MILLISECOND,
  NEVER,
  NX_IN_PROGRESS,
  NX_INVALID_PORT,
  NX_NO_PACKET,
  NX_PORT_UNAVAILABLE,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  SECOND,
  type StreamListener,
  type Timed,
} from '@strata/contracts';
import { TCP_ESTABLISHED, type TcpSocket, type TcpSocketOptions } from '@strata/tcp';
import { codeOfCause } from './errors.ts';
import { inTurn } from './event-loop.ts';
import type { SocketHost } from './host.ts';

/** Whom a connection tells, each time in a turn of the event loop of its own. `code` is an error code, null for success. */
export interface ConnectionOwner {
  /** The connection is open, or will not be. */
  connected(code: string | null): void;
  /** Octets have come. More follow until `readStop`. */
  received(bytes: Buffer): void;
  /** The peer has finished. Reading has stopped. */
  ended(): void;
  /** The connection broke while it was read. Reading has stopped. */
  broke(code: string): void;
}

/** Called when a write or a shutdown is over. */
export type Done = (code: string | null) => void;

/** Octets handed to the owner at a time, as libuv has it. */
const READ_SIZE = 65_536;

const NOTHING = Buffer.alloc(0);

/** A writer that found its host's pool empty looks again after this time, and after twice as long each time, up to the maximum. */
const POOL_RETRY = MILLISECOND;
const POOL_RETRY_MAXIMUM = 1000 * MILLISECOND;

/** Probes as Node sets them up: ten, one second apart. */
const KEEPALIVE_PROBES = 10;

/**
 * What the kernel and libuv are to `node:net`: one TCP connection as octets, for one reader and one writer, on Node's event
 * loop. Moves octets between packets and buffers; keeps no more of them than one read and one write, so that a slow reader
 * closes the receive window and a closed window stops the writer.
 */
export class Connection implements StreamListener, Timed {
  bytesRead: number;
  /** Octets of all writes, including those that wait for the window. */
  bytesWritten: number;
  /** Null until somebody has taken the connection; nothing is read before. */
  owner: ConnectionOwner | null;
  private readonly host: SocketHost;
  private tcp: TcpSocket | null;
  /** Bound, and nothing has gone out yet. */
  private isUnused: boolean;
  private isOpening: boolean;
  /** The owner has let go; what is left happens without it. */
  private isReleased: boolean;
  /** TCP has no more part in it. */
  private isOver: boolean;
  private isReading: boolean;
  private readQueued: boolean;
  /** Octets taken from TCP for the turn that is to come. */
  private inbox: Buffer[];
  private inboxBytes: number;
  /** The last buffer of the inbox, and how much of it is filled. */
  private filling: Buffer;
  private filled: number;
  private lastRead: number;
  private peerIsDone: boolean;
  private endTold: boolean;
  /** Why the connection broke, until somebody has been told. */
  private failure: string | null;
  private chunk: Uint8Array | null;
  private chunkOffset: number;
  private chunkDone: Done | null;
  /** Filled from the chunk and refused by TCP so far. */
  private packet: Packet | null;
  private alarm: Alarm | null;
  private retryDeadline: number;
  private retryAfter: number;

  constructor(host: SocketHost, owner: ConnectionOwner | null) {
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.owner = owner;
    this.host = host;
    this.tcp = null;
    this.isUnused = false;
    this.isOpening = false;
    this.isReleased = false;
    this.isOver = false;
    this.isReading = false;
    this.readQueued = false;
    this.inbox = [];
    this.inboxBytes = 0;
    this.filling = NOTHING;
    this.filled = 0;
    this.lastRead = 0;
    this.peerIsDone = false;
    this.endTold = false;
    this.failure = null;
    this.chunk = null;
    this.chunkOffset = 0;
    this.chunkDone = null;
    this.packet = null;
    this.alarm = null;
    this.retryDeadline = NEVER;
    this.retryAfter = POOL_RETRY;
  }

  /** Takes over a connection that a server has accepted. */
  adopt(tcp: TcpSocket): this {
    this.tcp = tcp;
    tcp.listener = this;
    return this;
  }

  /** Takes a local address (null: any) and port (0: any). Returns null, or the code of what is wrong. */
  bind(address: IpAddress | null, port: number, options: TcpSocketOptions): string | null {
    const { host } = this;
    if (address !== null && !host.ip.isLocal(address)) return 'EADDRNOTAVAIL';
    const tcp = host.tcp.createSocket({ ...options, localAddress: address, deleteWhenClosed: true });
    const status = tcp.bind(port);
    if (status === NX_SUCCESS) {
      this.adopt(tcp);
      this.isUnused = true;
      return null;
    }
    tcp.destroy();
    return status === NX_PORT_UNAVAILABLE ? 'EADDRINUSE' : 'EADDRNOTAVAIL';
  }

  /** Begins to connect once bound; the owner hears `connected`. Returns null, or the code of what is wrong. */
  connect(remote: IpAddress, port: number): string | null {
    const { tcp } = this;
    if (tcp === null) return 'EBADF';
    this.isOpening = true;
    const status = tcp.connect(remote, port);
    if (status === NX_IN_PROGRESS) {
      this.isUnused = false;
      return null;
    }
    if (status === NX_INVALID_PORT) {
      this.tellConnected('ECONNREFUSED');
      return null;
    }
    return status === NX_PORT_UNAVAILABLE ? 'EADDRNOTAVAIL' : 'ENETUNREACH';
  }

  /** The TCP socket below, for its addresses and options; null before there is one. */
  get socket(): TcpSocket | null {
    return this.tcp;
  }

  /** Octets of the write under way that TCP has not taken yet. */
  get writeQueueSize(): number {
    const waiting = this.chunk === null ? 0 : this.chunk.length - this.chunkOffset;
    return waiting + (this.packet?.length ?? 0);
  }

  // What TCP tells, outside of the event loop.

  established(): void {
    if (this.isOpening && !this.isReleased) this.tellConnected(null);
  }

  receivable(): void {
    if (this.isReleased) this.refuseLateData();
    else if (this.isReading) this.take();
  }

  sendable(): void {
    if (!this.isReleased) this.resumeWrite();
  }

  peerFinished(): void {
    this.peerIsDone = true;
    this.wantTurn();
  }

  closed(): void {
    this.isOver = true;
    const { tcp } = this;
    if (this.isReleased || tcp === null) return;
    this.failure = codeOfCause(tcp.cause, tcp.softError, this.isOpening, this.peerIsDone);
    if (this.isOpening) {
      this.tellConnected(this.takeFailure() ?? 'ECONNABORTED');
      return;
    }
    if (this.failure === null) this.peerIsDone = true;
    this.wantTurn();
    if (this.chunk === null) return;
    // A reader hears of it first, and lets go; a writer alone is told through its write.
    inTurn(this.host, () => {
      if (this.isReleased || this.chunk === null) return;
      const done = this.chunkDone;
      this.dropWrite();
      done?.(this.takeFailure() ?? 'EPIPE');
    });
  }

  private tellConnected(code: string | null): void {
    inTurn(this.host, () => {
      if (this.isReleased) return;
      this.isOpening = false;
      this.owner?.connected(code);
    });
  }

  private takeFailure(): string | null {
    const code = this.failure;
    this.failure = null;
    return code;
  }

  // Reading.

  /** Tells the owner of what has come and what comes, until {@link readStop}. */
  readStart(): void {
    if (this.isReading || this.isReleased || this.endTold) return;
    this.isReading = true;
    this.take();
    this.wantTurn();
  }

  readStop(): void {
    this.isReading = false;
  }

  /** Moves received packets into the inbox, up to one read. What stays behind closes the receive window. */
  private take(): void {
    const { tcp } = this;
    if (tcp === null) return;
    while (this.inboxBytes < READ_SIZE) {
      const packet = tcp.receive();
      if (packet === null) break;
      const { length } = packet;
      if (this.filling.length - this.filled < length) this.refill(Math.max(length + tcp.receiveBytes, this.lastRead));
      packet.extract(0, this.filling, this.filled, length);
      packet.release();
      this.filled += length;
      this.inboxBytes += length;
    }
    this.wantTurn();
  }

  /** Begins another buffer for at least one packet, as large as this read is likely to be. */
  private refill(size: number): void {
    if (this.filled > 0) this.inbox.push(this.filling.subarray(0, this.filled));
    this.filling = Buffer.allocUnsafe(size);
    this.filled = 0;
  }

  private emptyInbox(): Buffer {
    const last = this.filling.subarray(0, this.filled);
    const bytes = this.inbox.length === 0 ? last : Buffer.concat([...this.inbox, last], this.inboxBytes);
    this.lastRead = this.inboxBytes;
    this.dropInbox();
    return bytes;
  }

  private dropInbox(): void {
    this.inbox = [];
    this.inboxBytes = 0;
    this.filling = NOTHING;
    this.filled = 0;
  }

  private wantTurn(): void {
    if (this.readQueued || !this.isReading || this.isReleased) return;
    if (this.inboxBytes === 0 && this.failure === null && !this.peerIsDone) return;
    this.readQueued = true;
    inTurn(this.host, () => this.readTurn());
  }

  private readTurn(): void {
    this.readQueued = false;
    if (!this.isReading || this.isReleased) return;
    if (this.inboxBytes === 0) this.take();
    if (this.inboxBytes > 0) {
      const bytes = this.emptyInbox();
      this.bytesRead += bytes.length;
      this.owner?.received(bytes);
      if (this.isReading) this.take();
      return;
    }
    if (this.peerIsDone && !this.endTold) {
      this.isReading = false;
      this.endTold = true;
      this.owner?.ended();
      return;
    }
    const code = this.takeFailure();
    if (code === null) return;
    this.isReading = false;
    this.owner?.broke(code);
  }

  // Writing.

  /** Writes all of `bytes`, which must stay as they are until `done` is called: at once, or when TCP has taken the last octet. */
  write(bytes: Uint8Array, done: Done): void {
    if (this.isOver) {
      done(this.takeFailure() ?? 'EPIPE');
      return;
    }
    this.bytesWritten += bytes.length;
    this.chunk = bytes;
    this.chunkOffset = 0;
    const code = this.feed();
    if (code === undefined) this.chunkDone = done;
    else {
      this.dropWrite();
      done(code);
    }
    this.host.touch();
  }

  /** Goes on with the write under way; its end is told in a turn. */
  private resumeWrite(): void {
    const code = this.feed();
    if (code === undefined) return;
    const done = this.chunkDone;
    this.dropWrite();
    if (done !== null) inTurn(this.host, () => done(this.isReleased ? null : code));
  }

  /** Copies the chunk into packets. Null: all is sent; undefined: TCP or the pool has no room now; otherwise what is wrong. */
  private feed(): string | null | undefined {
    const { tcp, chunk } = this;
    if (tcp === null || chunk === null) return undefined;
    for (;;) {
      if (this.packet === null) {
        if (this.chunkOffset === chunk.length) return null;
        this.packet = tcp.allocate();
        if (this.packet === null) return this.retryLater();
        const room = Math.min(tcp.mss, this.packet.dataEnd - this.packet.append);
        const count = Math.min(room, chunk.length - this.chunkOffset);
        this.packet.appendBytes(chunk, this.chunkOffset, count);
        this.chunkOffset += count;
      }
      const status = tcp.send(this.packet);
      if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) return undefined;
      if (status === NX_NO_PACKET) return this.retryLater();
      if (status !== NX_SUCCESS) return this.takeFailure() ?? 'EPIPE';
      this.packet = null;
      this.retryAfter = POOL_RETRY;
    }
  }

  private dropWrite(): void {
    this.chunk = null;
    this.chunkDone = null;
    this.packet?.release();
    this.packet = null;
  }

  private retryLater(): undefined {
    this.retryDeadline = this.host.time.now + this.retryAfter;
    this.retryAfter = Math.min(this.retryAfter * 2, POOL_RETRY_MAXIMUM);
    if (this.alarm === null) this.alarm = this.host.time.alarm(this);
    else this.alarm.set(this.retryDeadline);
    return undefined;
  }

  nextDeadline(): number {
    return this.retryDeadline;
  }

  onTime(now: number): void {
    if (now < this.retryDeadline) return;
    this.retryDeadline = NEVER;
    if (!this.isReleased) this.resumeWrite();
  }

  /** Ends our direction behind everything written. */
  shutdown(done: Done): void {
    this.tcp?.shutdown();
    inTurn(this.host, () => done(null));
  }

  // The end.

  /** Lets go: in order, or with a reset when data would be lost (RFC 9293 3.6.1) or `abort` asks for it. Then `done`, in a turn. */
  close(abort: boolean, done: () => void): void {
    const { tcp } = this;
    this.isReleased = true;
    this.isReading = false;
    this.alarm?.cancel();
    this.alarm = null;
    const interrupted = this.chunkDone;
    const unread = this.inboxBytes > 0 || (tcp !== null && tcp.receiveBytes > 0);
    this.dropWrite();
    this.dropInbox();
    if (tcp !== null) {
      drain(tcp);
      if (this.isUnused) tcp.destroy();
      else if (!this.isOver) end(tcp, abort || unread);
    }
    if (interrupted !== null) inTurn(this.host, () => interrupted(null));
    inTurn(this.host, done);
  }

  /** Data for a program that has gone: the peer must know that nobody reads it (RFC 9293 3.6.1, SHLD-3). */
  private refuseLateData(): void {
    const { tcp } = this;
    if (tcp === null || this.isOver || tcp.receiveBytes === 0) return;
    drain(tcp);
    end(tcp, true);
  }

  /** @param idleSeconds before the first probe; 0 leaves what is set */
  setKeepAlive(on: boolean, idleSeconds: number): void {
    if (!on || idleSeconds === 0) this.tcp?.setKeepalive(on);
    else this.tcp?.setKeepalive(true, idleSeconds * SECOND, SECOND, KEEPALIVE_PROBES);
  }

  setNoDelay(on: boolean): void {
    this.tcp?.setNoDelay(on);
  }
}

/** Ends in order, or at once: a connection that is open or being closed with a reset, whatever the profile. */
function end(tcp: TcpSocket, abort: boolean): void {
  if (abort && tcp.state >= TCP_ESTABLISHED) tcp.abort();
  else tcp.disconnect(abort);
}

function drain(tcp: TcpSocket): void {
  for (let packet = tcp.receive(); packet !== null; packet = tcp.receive()) packet.release();
}
