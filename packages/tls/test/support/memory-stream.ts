import { Duplex } from 'node:stream';
import {
  NX_IN_PROGRESS,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TCP_PACKET,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  type StreamListener,
  type TimeService,
} from '@strata/contracts';
import type { PacketPool } from '@strata/packet';
import { RecordSplitter } from '../../src/alert.ts';

/** One end of a stream in memory. What is sent arrives after the event, changed as the test wants. */
export class MemoryStream implements PacketStream {
  listener: StreamListener | null = null;
  peer: MemoryStream | null = null;
  /** Changes what this end sends; `index` counts calls. */
  tamper: ((bytes: Buffer, index: number) => Buffer) | null = null;
  /** Octets that may be on their way; more is refused until they are received. */
  window = Number.POSITIVE_INFINITY;
  readonly records: Buffer[] = [];
  readonly packetSizes: number[] = [];
  private readonly splitter = new RecordSplitter();
  private readonly queue: Packet[] = [];
  private sends = 0;
  private queued = 0;
  private refused = false;
  private ended = false;
  private over = false;

  private readonly pool: PacketPool;
  private readonly time: TimeService;

  constructor(pool: PacketPool, time: TimeService) {
    this.pool = pool;
    this.time = time;
  }

  allocate(): Packet | null {
    const packet = this.pool.available > 8 ? this.pool.allocate(NX_TCP_PACKET) : null;
    if (packet === null) this.refused = true;
    return packet;
  }

  send(packet: Packet): Status {
    const peer = this.peer as MemoryStream;
    if (this.ended || this.over) return NX_NOT_CONNECTED;
    if (peer.queued + packet.length > this.window) {
      this.refused = true;
      return NX_WINDOW_OVERFLOW;
    }
    let bytes = Buffer.alloc(packet.length);
    packet.extract(0, bytes, 0, bytes.length);
    packet.release();
    this.packetSizes.push(bytes.length);
    for (const record of this.splitter.push(bytes)) this.records.push(Buffer.from(record));
    bytes = (this.tamper?.(bytes, this.sends++) ?? bytes) as typeof bytes;
    peer.arrive(bytes);
    return NX_SUCCESS;
  }

  /** Puts octets into the stream as if the other end had sent them. */
  arrive(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const packet = this.pool.allocate(0);
    if (packet === null || packet.appendBytes(bytes, 0, bytes.length) !== NX_SUCCESS)
      throw new Error('the test’s pool is too small');
    this.queue.push(packet);
    this.queued += bytes.length;
    this.time.defer({ run: () => this.listener?.receivable() });
  }

  receive(): Packet | null {
    const packet = this.queue.shift() ?? null;
    if (packet !== null) this.queued -= packet.length;
    const { peer } = this;
    if (packet !== null && peer?.refused) {
      peer.refused = false;
      this.time.defer({ run: () => peer.listener?.sendable() });
    }
    return packet;
  }

  disconnect(abort: boolean): Status {
    if (this.over || this.ended) return NX_NOT_CONNECTED;
    this.ended = true;
    const peer = this.peer as MemoryStream;
    const over = abort || peer.ended;
    this.time.defer({ run: () => peer.listener?.peerFinished() });
    if (over) {
      for (const end of [this, peer]) {
        end.over = true;
        this.time.defer({ run: () => end.listener?.closed(abort ? NX_NOT_CONNECTED : NX_SUCCESS) });
      }
    }
    return NX_IN_PROGRESS;
  }
}

export function memoryPair(pool: PacketPool, time: TimeService): [MemoryStream, MemoryStream] {
  const a = new MemoryStream(pool, time);
  const b = new MemoryStream(pool, time);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** A Node stream over one end, for node:tls. */
export class StreamDuplex extends Duplex {
  private readonly stream: MemoryStream;

  constructor(stream: MemoryStream) {
    super({ allowHalfOpen: true });
    this.stream = stream;
    const drain = () => {
      for (let packet = stream.receive(); packet !== null; packet = stream.receive()) {
        const bytes = Buffer.alloc(packet.length);
        packet.extract(0, bytes, 0, bytes.length);
        packet.release();
        this.push(bytes);
      }
    };
    stream.listener = {
      established: () => undefined,
      receivable: drain,
      sendable: () => undefined,
      peerFinished: () => {
        drain();
        this.push(null);
        stream.disconnect(false);
      },
      closed: () => undefined,
    };
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    for (let at = 0; at < chunk.length; ) {
      const packet = this.stream.allocate();
      if (packet === null) throw new Error('the test’s pool is too small');
      const count = Math.min(chunk.length - at, packet.dataEnd - packet.append);
      packet.appendBytes(chunk, at, count);
      if (this.stream.send(packet) !== NX_SUCCESS) packet.release();
      at += count;
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.stream.disconnect(false);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.stream.disconnect(false);
    done(error);
  }
}
