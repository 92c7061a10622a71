import type { PacketDetails, PacketRecorder } from './recorder.ts';
import type { CaptureTime } from './time.ts';

export interface OrderedPacketQueueOptions {
  /** Most packets held back at a time; the oldest is then written although something may still be said about it. Default 65536. */
  readonly maximumPackets?: number | undefined;
  /** Most bytes held back at a time. Default 64 MiB. */
  readonly maximumBytes?: number | undefined;
}

const NO_COMMENTS: readonly string[] = [];

/** A packet that was entered and may still be spoken about. */
export class QueuedPacket {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly bytes: Uint8Array;
  readonly packetId: number | bigint | undefined;
  private readonly details: PacketDetails;
  private readonly queue: OrderedPacketQueue;
  private comments: readonly string[];
  private flags: number;
  private holders: number;
  /** True once it stands in the capture; nothing can be added any more. */
  written: boolean;

  constructor(
    queue: OrderedPacketQueue,
    interfaceId: number,
    time: CaptureTime,
    bytes: Uint8Array,
    details: PacketDetails,
  ) {
    this.interfaceId = interfaceId;
    this.time = time;
    this.bytes = bytes;
    this.packetId = details.packetId;
    this.details = details;
    this.queue = queue;
    this.comments = details.comments ?? NO_COMMENTS;
    this.flags = details.flags ?? 0;
    this.holders = 1;
    this.written = false;
  }

  /** False while somebody may still speak about it. */
  get closed(): boolean {
    return this.holders === 0;
  }

  /** Adds a comment. Returns false when the packet has been written already; that is counted. */
  comment(text: string): boolean {
    if (this.written) {
      this.queue.lateComments++;
      return false;
    }
    this.comments = [...this.comments, text];
    return true;
  }

  /** Adds bits of epb_flags. Returns false when the packet has been written already. */
  flag(bits: number): boolean {
    if (this.written) return false;
    this.flags |= bits;
    return true;
  }

  /** One more party has to {@link close} it before it is written (a second copy is under way). */
  retain(): void {
    if (this.holders > 0) this.holders++;
  }

  /** This party has said all it had to say. */
  close(): void {
    if (this.holders === 0) return;
    this.holders--;
    if (this.holders === 0) this.queue.flushClosed();
  }

  writeTo(recorder: PacketRecorder): void {
    this.written = true;
    this.holders = 0;
    const { details } = this;
    const unchanged = this.flags === (details.flags ?? 0) && this.comments === (details.comments ?? NO_COMMENTS);
    const said = unchanged ? details : { ...details, comments: this.comments, flags: this.flags };
    recorder.writePacket(this.interfaceId, this.time, this.bytes, said);
  }
}

/**
 * Holds packets back so that they can be commented on after they were sent, and writes them in the order they were entered.
 *
 * A packet is entered when it is sent and closed when its receiver has done with it; packets leave from the head of the
 * queue as they close. {@link hold} keeps everything back until {@link release}, so that secrets which become known later
 * can still be written in front of the packets they open. The bounds are kept whatever happens, and {@link end} writes all.
 */
export class OrderedPacketQueue {
  /** Comments that came after their packet was written. */
  lateComments: number;
  /** Packets written open, because a bound was reached or the capture ended. */
  forced: number;
  private readonly recorder: PacketRecorder;
  private readonly maximumPackets: number;
  private readonly maximumBytes: number;
  private readonly packets: QueuedPacket[];
  private readonly byId: Map<number | bigint, QueuedPacket>;
  private head: number;
  private bytes: number;
  private holds: number;

  constructor(recorder: PacketRecorder, options: OrderedPacketQueueOptions = {}) {
    this.lateComments = 0;
    this.forced = 0;
    this.recorder = recorder;
    this.maximumPackets = options.maximumPackets ?? 65536;
    this.maximumBytes = options.maximumBytes ?? 64 << 20;
    this.packets = [];
    this.byId = new Map();
    this.head = 0;
    this.bytes = 0;
    this.holds = 0;
  }

  /** Packets entered and not yet written. */
  get length(): number {
    return this.packets.length - this.head;
  }

  /** Enters a packet; its bytes are copied. It is open until {@link QueuedPacket.close}. */
  enter(interfaceId: number, time: CaptureTime, bytes: Uint8Array, details: PacketDetails = {}): QueuedPacket {
    const packet = new QueuedPacket(this, interfaceId, time, new Uint8Array(bytes), details);
    this.packets.push(packet);
    this.bytes += packet.bytes.length;
    if (packet.packetId !== undefined) this.byId.set(packet.packetId, packet);
    while (this.length > this.maximumPackets || this.bytes > this.maximumBytes) this.writeHead();
    return packet;
  }

  /** The packet entered last under this number, as long as it has not been written; otherwise null. */
  find(packetId: number | bigint): QueuedPacket | null {
    return this.byId.get(packetId) ?? null;
  }

  /** Keeps everything back until {@link release} was called as often, or a bound is reached. */
  hold(): void {
    this.holds++;
  }

  release(): void {
    if (this.holds > 0) this.holds--;
    this.flushClosed();
  }

  /** Writes the closed packets at the head, unless the queue is held. */
  flushClosed(): void {
    if (this.holds > 0) return;
    while (this.head < this.packets.length && (this.packets[this.head] as QueuedPacket).closed) this.writeHead();
  }

  /** Writes everything, open or not. */
  end(): void {
    this.holds = 0;
    while (this.length > 0) this.writeHead();
  }

  private writeHead(): void {
    const packet = this.packets[this.head++] as QueuedPacket;
    // The dead part is cut off now and then, so that a long capture costs a constant amount per packet.
    if (this.head >= 1024 && this.head * 2 >= this.packets.length) {
      this.packets.splice(0, this.head);
      this.head = 0;
    }
    this.bytes -= packet.bytes.length;
    if (packet.packetId !== undefined && this.byId.get(packet.packetId) === packet) this.byId.delete(packet.packetId);
    if (!packet.closed) this.forced++;
    packet.writeTo(this.recorder);
  }
}
