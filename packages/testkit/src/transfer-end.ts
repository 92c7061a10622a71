import {
  type Alarm,
  NEVER,
  NX_NO_PACKET,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type Random,
  type StreamListener,
  type Timed,
  type TimeService,
} from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';

/** How one side of a transfer behaves. */
export interface EndPlan {
  readonly bytes: Uint8Array;
  /** Octets written at a time: 1 up to this. */
  readonly chunk: number;
  /** The longest pause between two writes, in microseconds; 0: writes as fast as the stream takes it. */
  readonly writePause: number;
  /** The longest pause before arrived data is read; 0: at once. */
  readonly readPause: number;
  /** Closes as soon as it has sent and received everything; otherwise when the peer has. */
  readonly closes: boolean;
  /** Ends its direction by itself when everything is written (`shutdown`), instead of closing. */
  readonly halfCloses: boolean;
}

/** Microseconds until a pool that was empty is looked at again. */
const POOL_RETRY = 10_000;

/**
 * The application on one side of a transfer, all callbacks: writes what its plan says, compares what it reads with what the
 * other side was told to write, closes, and notes whatever it is told that it should not be.
 */
export class TransferEnd implements StreamListener, Timed {
  readonly name: string;
  readonly plan: EndPlan;
  socket: TcpSocket | null;
  written: number;
  received: number;
  opened: boolean;
  peerDone: boolean;
  over: boolean;
  reason: number;
  /** What must not happen. */
  readonly faults: string[];
  private readonly expected: Uint8Array;
  private readonly random: Random;
  private readonly time: TimeService;
  private readonly alarm: Alarm;
  private readonly scratch: Uint8Array;
  /** What `send` has not taken yet. */
  private pending: Packet | null;
  private writeAt: number;
  private readAt: number;
  private finished: boolean;

  constructor(name: string, plan: EndPlan, expected: Uint8Array, random: Random, time: TimeService) {
    this.name = name;
    this.plan = plan;
    this.socket = null;
    this.written = 0;
    this.received = 0;
    this.opened = false;
    this.peerDone = false;
    this.over = false;
    this.reason = NX_SUCCESS;
    this.faults = [];
    this.expected = expected;
    this.random = random;
    this.time = time;
    this.scratch = new Uint8Array(1 << 16);
    this.pending = null;
    this.writeAt = NEVER;
    this.readAt = NEVER;
    this.finished = false;
    this.alarm = time.alarm(this);
  }

  /** Takes over a connection that was accepted; `established` follows. */
  adopt(socket: TcpSocket): void {
    this.socket = socket;
    socket.listener = this;
  }

  established(): void {
    if (this.opened) this.faults.push('told twice that the connection is open');
    this.opened = true;
    this.schedule(this.plan.writePause, true);
    this.schedule(0, false);
  }

  receivable(): void {
    if (!this.opened) this.faults.push('told of data before the connection was open');
    if (this.readAt === NEVER) this.schedule(this.plan.readPause, false);
  }

  sendable(): void {
    if (this.writeAt === NEVER) this.schedule(0, true);
  }

  peerFinished(): void {
    if (this.peerDone) this.faults.push('told twice that the peer has finished');
    this.peerDone = true;
    if (this.readAt === NEVER) this.schedule(0, false);
  }

  closed(reason: number): void {
    if (this.over) this.faults.push('told twice that the connection is over');
    this.over = true;
    this.reason = reason;
    this.stopWriting();
    // What arrived before can still be read.
    if (this.readAt === NEVER) this.schedule(this.plan.readPause, false);
  }

  private stopWriting(): void {
    this.pending?.release();
    this.pending = null;
    this.writeAt = NEVER;
  }

  /** Lets go of everything it holds, unread data included. */
  dispose(): void {
    this.stopWriting();
    this.readAt = NEVER;
    this.alarm.cancel();
    const { socket } = this;
    for (let packet = socket?.receive() ?? null; packet !== null; packet = socket?.receive() ?? null) packet.release();
  }

  private schedule(pause: number, write: boolean): void {
    const at = this.time.now + (pause === 0 ? 0 : this.random.below(pause + 1));
    if (write) this.writeAt = at;
    else this.readAt = at;
    this.alarm.set(this.nextDeadline());
  }

  nextDeadline(): number {
    return Math.min(this.writeAt, this.readAt);
  }

  onTime(now: number): void {
    if (this.readAt <= now) {
      this.readAt = NEVER;
      this.read();
    }
    if (this.writeAt <= now) {
      this.writeAt = NEVER;
      this.write();
    }
  }

  private read(): void {
    const { socket } = this;
    if (socket === null) return;
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
      this.take(packet);
      if (this.plan.readPause > 0 && this.random.below(4) === 0) {
        this.schedule(this.plan.readPause, false);
        break;
      }
    }
    this.closeWhenDone();
  }

  /** Compares a packet with what was to come. */
  private take(packet: Packet): void {
    const { length } = packet;
    if (length === 0) this.faults.push('received an empty packet');
    const target = length <= this.scratch.length ? this.scratch : new Uint8Array(length);
    const copied = packet.extract(0, target, 0, length);
    packet.release();
    if (copied !== length) this.faults.push(`a packet of ${length} octets gave ${copied}`);
    const { expected, received } = this;
    if (received + length > expected.length) {
      this.faults.push(`received ${received + length} octets, ${expected.length} were sent`);
    } else {
      for (let i = 0; i < length; i++) {
        if (target[i] === expected[received + i]) continue;
        this.faults.push(`octet ${received + i} of ${expected.length} is not what was sent`);
        break;
      }
    }
    this.received += length;
  }

  private write(): void {
    const { socket, plan } = this;
    if (socket === null || !this.opened || this.over) return;
    while (this.written < plan.bytes.length || this.pending !== null) {
      const packet = this.pending ?? this.nextPacket(socket);
      this.pending = null;
      if (packet === null) {
        this.writeAt = this.time.now + POOL_RETRY;
        this.alarm.set(this.nextDeadline());
        return;
      }
      const status = socket.send(packet);
      if (status !== NX_SUCCESS) {
        this.refused(packet, status);
        return;
      }
      if (plan.writePause > 0) {
        this.schedule(plan.writePause, true);
        return;
      }
    }
    if (plan.halfCloses && !this.finished) {
      this.finished = true;
      socket.shutdown();
    }
    this.closeWhenDone();
  }

  private refused(packet: Packet, status: number): void {
    if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) this.pending = packet;
    else if (status === NX_NO_PACKET) {
      this.pending = packet;
      this.writeAt = this.time.now + POOL_RETRY;
      this.alarm.set(this.nextDeadline());
    } else packet.release();
  }

  /** The next chunk as a packet, a chain when it is longer than one holds; null when the pool is empty. */
  private nextPacket(socket: TcpSocket): Packet | null {
    const packet = socket.allocate();
    if (packet === null) return null;
    const { bytes, chunk } = this.plan;
    const count = Math.min(1 + this.random.below(chunk), bytes.length - this.written);
    if (packet.appendBytes(bytes, this.written, count) !== NX_SUCCESS) {
      packet.release();
      return null;
    }
    this.written += count;
    return packet;
  }

  get expectedLength(): number {
    return this.expected.length;
  }

  get complete(): boolean {
    return this.received === this.expected.length && this.wroteAll;
  }

  private get wroteAll(): boolean {
    return this.written === this.plan.bytes.length && this.pending === null;
  }

  private closeWhenDone(): void {
    const { socket, plan } = this;
    if (this.finished || socket === null || this.over || !this.complete) return;
    if (!plan.closes && !this.peerDone) return;
    this.finished = true;
    socket.disconnect(false);
  }
}
