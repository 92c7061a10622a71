import { Duplex } from 'node:stream';
import {
  type Alarm,
  MILLISECOND,
  NEVER,
  NX_NO_PACKET,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  type StreamListener,
  type Timed,
} from '@strata/contracts';
import { socketError } from './errors.ts';
import { inTurn } from './event-loop.ts';
import type { SocketHost } from './host.ts';

/** A stream of which one direction can be ended, such as a TLS session. */
type HalfClosable = PacketStream & { shutdown(): unknown };

type WriteDone = (error?: Error | null) => void;

/** A writer that found the pool empty looks again after this time. */
const POOL_RETRY = 10 * MILLISECOND;

/**
 * A Duplex over an open stream of packets that is no TCP socket: a TLS session, for programs that take Node's streams, such
 * as aedes. Several writes in one turn go out together; each packet of them is one record of TLS.
 */
export class PacketDuplex extends Duplex implements Timed {
  bytesRead: number;
  bytesWritten: number;
  private readonly host: SocketHost;
  private readonly stream: PacketStream;
  private readonly alarm: Alarm;
  private wanted: boolean;
  private turnAsked: boolean;
  private peerDone: boolean;
  private over: boolean;
  private failure: Error | null;
  private chunk: Uint8Array | null;
  private offset: number;
  private chunkDone: WriteDone | null;
  /** Filled from the chunk and refused so far. */
  private packet: Packet | null;
  private retryAt: number;

  /** @param stream open, with no other listener */
  constructor(host: SocketHost, stream: PacketStream) {
    super({ allowHalfOpen: true, decodeStrings: true });
    host.useEventLoop();
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.host = host;
    this.stream = stream;
    this.wanted = false;
    this.turnAsked = false;
    this.peerDone = false;
    this.over = false;
    this.failure = null;
    this.chunk = null;
    this.offset = 0;
    this.chunkDone = null;
    this.packet = null;
    this.retryAt = NEVER;
    this.alarm = host.time.alarm(this);
    stream.listener = this.events();
    // A program that only writes must hear of the end too.
    this.once('end', () => this.end());
  }

  /** What the stream is told by. */
  private events(): StreamListener {
    return {
      established: () => undefined,
      receivable: () => {
        if (this.destroyed) this.drain();
        else this.askTurn();
      },
      sendable: () => this.resumeWrite(),
      peerFinished: () => {
        this.peerDone = true;
        this.askTurn();
      },
      closed: (reason) => {
        this.over = true;
        this.peerDone = true;
        this.alarm.cancel();
        if (reason !== NX_SUCCESS) this.failure = socketError('ECONNRESET', 'read');
        this.askTurn();
      },
    };
  }

  private askTurn(): void {
    if (this.turnAsked) return;
    this.turnAsked = true;
    inTurn(this.host, () => {
      this.turnAsked = false;
      if (this.destroyed) return;
      this.handOn();
      const { chunkDone } = this;
      if (!this.over || chunkDone === null) return;
      this.dropWrite();
      chunkDone(socketError('EPIPE', 'write'));
    });
  }

  /** Hands on what has come, as long as it is wanted; then the end. */
  private handOn(): void {
    while (this.wanted) {
      const packet = this.stream.receive();
      if (packet === null) break;
      const bytes = Buffer.allocUnsafe(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      this.bytesRead += bytes.length;
      this.wanted = this.push(bytes);
    }
    if (!this.wanted || !this.peerDone) return;
    this.wanted = false;
    if (this.failure === null) this.push(null);
    else this.destroy(this.failure);
  }

  override _read(): void {
    this.wanted = true;
    this.askTurn();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: WriteDone): void {
    this.writeBytes(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: WriteDone): void {
    this.writeBytes(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  private writeBytes(bytes: Uint8Array, done: WriteDone): void {
    if (this.over) {
      done(this.failure ?? socketError('EPIPE', 'write'));
      return;
    }
    this.chunk = bytes;
    this.offset = 0;
    this.bytesWritten += bytes.length;
    const status = this.feed();
    if (status === null) this.chunkDone = done;
    else this.written(status, done);
    this.host.touch();
  }

  private resumeWrite(): void {
    const { chunkDone } = this;
    const status = chunkDone === null ? null : this.feed();
    if (status !== null) inTurn(this.host, () => this.written(status, chunkDone as WriteDone));
  }

  private written(status: Status, done: WriteDone): void {
    this.dropWrite();
    done(status === NX_SUCCESS ? null : socketError('EPIPE', 'write'));
  }

  /** Copies the chunk into packets. Null: there is no room now. */
  private feed(): Status | null {
    const { stream, chunk } = this;
    if (chunk === null) return null;
    for (;;) {
      if (this.packet === null) {
        if (this.offset === chunk.length) return NX_SUCCESS;
        this.packet = stream.allocate();
        if (this.packet === null) return this.retryLater();
        const room = this.packet.dataEnd - this.packet.append;
        const count = Math.min(stream.mss || room, room, chunk.length - this.offset);
        this.packet.appendBytes(chunk, this.offset, count);
        this.offset += count;
      }
      const status = stream.send(this.packet);
      if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) return null;
      if (status === NX_NO_PACKET) return this.retryLater();
      if (status !== NX_SUCCESS) return status;
      this.packet = null;
    }
  }

  private retryLater(): null {
    this.retryAt = this.host.time.now + POOL_RETRY;
    this.alarm.set(this.retryAt);
    return null;
  }

  nextDeadline(): number {
    return this.retryAt;
  }

  onTime(now: number): void {
    if (now < this.retryAt) return;
    this.retryAt = NEVER;
    this.resumeWrite();
  }

  private dropWrite(): void {
    this.chunk = null;
    this.chunkDone = null;
    this.packet?.release();
    this.packet = null;
  }

  override _final(done: WriteDone): void {
    const { stream } = this;
    if (!this.over && 'shutdown' in stream) (stream as HalfClosable).shutdown();
    else if (!this.over) stream.disconnect(false);
    this.host.touch();
    done();
  }

  override _destroy(error: Error | null, done: WriteDone): void {
    this.dropWrite();
    this.drain();
    this.alarm.cancel();
    if (!this.over) this.stream.disconnect(error !== null && error !== undefined);
    this.host.touch();
    done(error);
  }

  private drain(): void {
    for (let packet = this.stream.receive(); packet !== null; packet = this.stream.receive()) packet.release();
  }
}
