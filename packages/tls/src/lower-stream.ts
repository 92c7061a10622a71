import {
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  type PacketStream,
  type Status,
  type StreamListener,
  type Tracer,
} from '@strata/contracts';
import type { TlsEngine } from './engine.ts';
import { RecordSender } from './record-sender.ts';

/** The stream below a session: records go down through a {@link RecordSender}, ciphertext comes up into an engine. */
export class LowerStream {
  readonly sender: RecordSender;
  /** The peer sends nothing more. */
  finished: boolean;
  /** It is over, for this reason. */
  closed: boolean;
  status: Status;
  /** We have ended it. */
  disconnected: boolean;
  /** Reading was stopped because the session holds enough. */
  paused: boolean;
  private stream: PacketStream | null;

  constructor(tracer: Tracer | null) {
    this.sender = new RecordSender(tracer);
    this.finished = false;
    this.closed = false;
    this.status = NX_SUCCESS;
    this.disconnected = false;
    this.paused = false;
    this.stream = null;
  }

  attach(stream: PacketStream): void {
    this.stream = stream;
  }

  /** Everything that came is with the engine, and no more will come. */
  get ended(): boolean {
    return (this.finished || this.closed) && !this.paused;
  }

  allocate() {
    return this.stream?.allocate() ?? null;
  }

  /** Moves what has arrived into the engine, until `paused`. */
  feed(engine: TlsEngine): void {
    const { stream } = this;
    if (stream === null) return;
    while (!this.paused) {
      const packet = stream.receive();
      if (packet === null) break;
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      packet.release();
      engine.feed(bytes);
    }
  }

  /** Takes ciphertext from the engine, and sends what can be sent. Anything but NX_SUCCESS: the stream takes no more. */
  send(engine: TlsEngine): Status {
    for (let bytes = engine.takeCiphertext(); bytes !== null; bytes = engine.takeCiphertext()) this.sender.add(bytes);
    return this.pump();
  }

  /** Sends what can be sent now. */
  pump(): Status {
    const { stream, sender } = this;
    if (stream === null || sender.isEmpty || this.closed || this.disconnected) return NX_SUCCESS;
    const status = sender.pump(stream);
    if (status !== NX_SUCCESS) sender.clear();
    return status;
  }

  disconnect(abort: boolean): void {
    this.disconnected = true;
    this.stream?.disconnect(abort);
  }

  /** It is over. */
  over(reason: Status): void {
    this.closed = true;
    this.status = reason;
  }

  /** Releases whatever has arrived. */
  drain(): void {
    const { stream } = this;
    if (stream === null) return;
    for (let packet = stream.receive(); packet !== null; packet = stream.receive()) packet.release();
  }

  /** Cuts it off for good: what still comes is released, and nobody is told. */
  abandon(): void {
    const { stream } = this;
    this.sender.clear();
    this.drain();
    if (stream === null || this.closed) return;
    stream.listener = new Leftover(stream);
    if (!this.disconnected) this.disconnect(true);
    this.over(NX_NOT_CONNECTED);
  }
}

/** Listens to a stream that its session has left. */
class Leftover implements StreamListener {
  private readonly stream: PacketStream;

  constructor(stream: PacketStream) {
    this.stream = stream;
  }

  established(): void {
    this.stream.disconnect(true);
  }

  receivable(): void {
    for (let packet = this.stream.receive(); packet !== null; packet = this.stream.receive()) packet.release();
  }

  sendable(): void {}

  peerFinished(): void {
    this.receivable();
  }

  closed(): void {
    this.receivable();
  }
}
