import {
  NX_SUCCESS,
  type Packet,
  type PacketStream,
  type StreamConnector,
  type StreamListener,
} from '@strata/contracts';

/** Hears how an exchange goes. Nothing is heard after {@link TcpExchange.end}. */
export interface ExchangeListener {
  /** A whole message has come. */
  received(bytes: Uint8Array): void;
  /** There will be none. */
  ended(): void;
}

/** One question and one answer over TCP, each behind its length in two octets (RFC 1035 4.2.2). */
export class TcpExchange implements StreamListener {
  private readonly question: Uint8Array;
  private readonly listener: ExchangeListener;
  private stream: PacketStream | null;
  private collected: Uint8Array;
  private length: number;
  private over: boolean;

  constructor(question: Uint8Array, listener: ExchangeListener) {
    this.question = question;
    this.listener = listener;
    this.stream = null;
    this.collected = new Uint8Array(0);
    this.length = 0;
    this.over = false;
  }

  /** False when it cannot begin; then nothing is heard. */
  begin(connector: StreamConnector): boolean {
    this.stream = connector.connect(this);
    return this.stream !== null;
  }

  /** Ends it; the stream is reset, for nothing of it is wanted any more. */
  end(): void {
    if (this.over) return;
    this.over = true;
    this.stream?.disconnect(true);
  }

  established(): void {
    const packet = this.over ? null : (this.stream?.allocate() ?? null);
    if (packet === null) {
      this.giveUp();
      return;
    }
    const framed = new Uint8Array(2 + this.question.length);
    framed[0] = this.question.length >>> 8;
    framed[1] = this.question.length & 0xff;
    framed.set(this.question, 2);
    if (packet.appendBytes(framed, 0, framed.length) === NX_SUCCESS && this.stream?.send(packet) === NX_SUCCESS) return;
    packet.release();
    this.giveUp();
  }

  receivable(): void {
    for (let packet = this.stream?.receive() ?? null; packet !== null; packet = this.stream?.receive() ?? null) {
      this.take(packet);
      packet.release();
    }
    if (this.over || this.length < 2) return;
    const expected = 2 + (((this.collected[0] as number) << 8) | (this.collected[1] as number));
    if (this.length >= expected) this.listener.received(this.collected.slice(2, expected));
  }

  sendable(): void {}

  peerFinished(): void {
    this.giveUp();
  }

  closed(): void {
    this.giveUp();
  }

  /** Keeps at most one message: its length says how much that is, 65,535 octets at most. */
  private take(packet: Packet): void {
    const room = 2 + 0xffff - this.length;
    const count = Math.min(packet.length, room);
    if (this.over || count <= 0) return;
    if (this.length + count > this.collected.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * this.collected.length, this.length + count));
      larger.set(this.collected.subarray(0, this.length));
      this.collected = larger;
    }
    packet.extract(0, this.collected, this.length, count);
    this.length += count;
  }

  private giveUp(): void {
    if (this.over) return;
    this.listener.ended();
  }
}
