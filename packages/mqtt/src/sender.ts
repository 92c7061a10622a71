import {
  NX_NO_PACKET,
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  TRACE_MQTT_BLOCKED,
  type Tracer,
} from '@strata/contracts';
import { buildEmpty } from './build.ts';
import { MQTT_CONNECT, MQTT_DISCONNECT, MQTT_PINGREQ, MQTT_PUBLISH, PUBLISH_DUP } from './codec/control-packet.ts';
import type { MqttPayloadSource } from './options.ts';
import { appendWhole } from './packet-copy.ts';
import type { TransmitQueue } from './transmit-queue.ts';

/** {@link Sender.pump}: everything was handed over, or waits for the stream or the pool. */
export const PUMP_WELL = NX_SUCCESS;

/** No status: there is nothing to send. */
const NOTHING_LEFT = -1;

/** What the sender asks of the client. */
export interface SenderOwner {
  readonly now: number;
  /** Fills a packet with CONNECT. */
  writeConnect(packet: Packet): Status;
  /** A control packet is about to be handed to the stream; for tracing. `before` counts earlier transmissions. */
  sending(type: number, octet: number, id: number, before: number, packet: Packet): void;
  /** That control packet has been taken whole. */
  sent(type: number, before: number): void;
  /** A piece of a control packet that is sent piece by piece has been taken. */
  sentPiece(): void;
  /** A packet was needed for `type` and there is none: call `pump` again at the next tick. */
  starved(type: number): void;
}

/**
 * Everything that goes out, in one order: the rest of a packet the stream took in part, then CONNECT, PINGREQ, then what was
 * asked for, in the order of asking (packets that wait, and the transmit queue from its cursor), then DISCONNECT. A control
 * packet once begun is always finished first, so that the stream's framing holds.
 */
export class Sender {
  stream: PacketStream | null;
  /** CONNECT has to be sent. Nothing else goes before it. */
  connectWanted: boolean;
  /** PINGREQ has to be sent. */
  pingWanted: boolean;
  /** DISCONNECT has to be sent, last. */
  disconnectWanted: boolean;
  /** The CONNACK has come: the transmit queue may go. */
  open: boolean;
  /** Packets in {@link send}'s order that wait for the stream; the partly taken one is not among them. */
  backlog: number;
  private readonly owner: SenderOwner;
  private readonly queue: TransmitQueue;
  private readonly tracer: Tracer | null;
  private head: Packet | null;
  private tail: Packet | null;
  /** Taken in part, or refused: goes first. With its type and the times it was sent before. */
  private partial: Packet | null;
  private type: number;
  private before: number;
  /** The payload of the message that is being sent piece by piece, the octets already asked of it, and its identifier. */
  private body: MqttPayloadSource | null;
  private bodyAt: number;
  private bodyId: number;
  /** The source had nothing to give yet. */
  private bodyWaits: boolean;
  /** The stream refused and has not called back. */
  private blocked: boolean;
  /** PINGREQ found the pool empty during this pump. */
  private pingStarved: boolean;

  constructor(owner: SenderOwner, queue: TransmitQueue, tracer: Tracer | null) {
    this.stream = null;
    this.connectWanted = false;
    this.pingWanted = false;
    this.disconnectWanted = false;
    this.open = false;
    this.backlog = 0;
    this.owner = owner;
    this.queue = queue;
    this.tracer = tracer;
    this.head = null;
    this.tail = null;
    this.partial = null;
    this.type = 0;
    this.before = 0;
    this.body = null;
    this.bodyAt = 0;
    this.bodyId = 0;
    this.bodyWaits = false;
    this.blocked = false;
    this.pingStarved = false;
  }

  /** Control packets not yet handed over. */
  get waiting(): number {
    return (this.partial === null && this.body === null ? 0 : 1) + this.backlog + (this.open ? this.queue.unsent : 0);
  }

  /** Octets the stream still has to take of a control packet it began with. */
  get partialOctets(): number {
    return this.partial === null ? 0 : this.partial.length;
  }

  /** Octets of a payload that its source still has to give. */
  get bodyOctets(): number {
    return this.body === null ? 0 : this.body.length - this.bodyAt;
  }

  /** Whether the message with this identifier has left in part only. */
  isWithin(id: number): boolean {
    return this.body !== null && this.bodyId === id;
  }

  /** A source that had nothing to give has something now. */
  bodyReady(): void {
    this.bodyWaits = false;
  }

  /** The stream called `sendable`. */
  unblock(): void {
    this.blocked = false;
  }

  /** Takes `packet`, a whole control packet, and sends it in its turn. Answers as {@link pump}. */
  send(packet: Packet, type: number, id: number): Status {
    packet.marks = type;
    packet.sequence = id;
    packet.sequenceLength = this.queue.place();
    packet.queueNext = null;
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
    this.backlog++;
    return this.pump();
  }

  /** Sends what the stream and the pool allow. {@link PUMP_WELL}, or the status with which the stream failed. */
  pump(): Status {
    const stream = this.stream;
    if (stream === null || this.blocked) return PUMP_WELL;
    this.pingStarved = false;
    for (;;) {
      const status = this.sendOne(stream);
      if (status === NOTHING_LEFT) return PUMP_WELL;
      if (status !== NX_SUCCESS) return settled(status);
    }
  }

  /** Sends what comes first. {@link NOTHING_LEFT} when nothing may be sent now. */
  private sendOne(stream: PacketStream): Status {
    if (this.partial !== null) return this.offer(stream, this.partial);
    if (this.body !== null) return this.bodyWaits ? NOTHING_LEFT : this.sendPiece(stream, this.body);
    if (this.connectWanted) return this.sendConnect(stream);
    if (this.pingWanted && !this.pingStarved) {
      const status = this.sendEmpty(stream, MQTT_PINGREQ);
      // What has its packet already goes on: that is what frees packets.
      this.pingStarved = status === NX_NO_PACKET && this.partial === null;
      return this.pingStarved ? NX_SUCCESS : status;
    }
    if (this.head !== null || (this.open && this.queue.ready !== null)) return this.sendNext(stream);
    return this.disconnectWanted ? this.sendEmpty(stream, MQTT_DISCONNECT) : NOTHING_LEFT;
  }

  /** Forgets the connection and releases what waits. The transmit queue stays. */
  clear(): void {
    this.stream = null;
    this.connectWanted = false;
    this.pingWanted = false;
    this.disconnectWanted = false;
    this.open = false;
    this.blocked = false;
    this.partial?.release();
    this.partial = null;
    this.body = null;
    this.bodyWaits = false;
    while (this.head !== null) {
      const packet = this.head;
      this.head = packet.queueNext;
      packet.queueNext = null;
      this.queue.sources.delete(packet);
      packet.release();
    }
    this.tail = null;
    this.backlog = 0;
  }

  /** What was asked for first: a packet that waits, or the entry at the cursor. */
  private sendNext(stream: PacketStream): Status {
    const { head, queue } = this;
    const entry = this.open ? queue.ready : null;
    if (entry !== null && (head === null || ((entry.sequenceLength - head.sequenceLength) | 0) < 0)) {
      const status = this.sendEntry(stream, entry);
      // An entry needs another packet to leave in; what has its packet goes first then.
      if (head === null || queue.cursor !== entry) return status;
    }
    const packet = head as Packet;
    this.head = packet.queueNext;
    if (this.head === null) this.tail = null;
    this.backlog--;
    if (queue.sources.size > 0) this.begin(packet, 0);
    return this.first(stream, packet, packet.marks, packet.sequence, 0);
  }

  private sendConnect(stream: PacketStream): Status {
    const packet = stream.allocate();
    if (packet === null) return this.starve(MQTT_CONNECT);
    if (this.owner.writeConnect(packet) !== NX_SUCCESS) {
      packet.release();
      return this.starve(MQTT_CONNECT);
    }
    this.connectWanted = false;
    return this.first(stream, packet, MQTT_CONNECT, 0, 0);
  }

  private sendEmpty(stream: PacketStream, type: number): Status {
    const packet = stream.allocate();
    if (packet === null) return this.starve(type);
    buildEmpty(packet, type);
    if (type === MQTT_PINGREQ) this.pingWanted = false;
    else this.disconnectWanted = false;
    return this.first(stream, packet, type, 0, 0);
  }

  /** A copy of the entry leaves; the entry stays for its acknowledgement. */
  private sendEntry(stream: PacketStream, entry: Packet): Status {
    const packet = stream.allocate();
    if (packet === null) return this.starve(entry.marks);
    if (appendWhole(packet, entry) !== NX_SUCCESS) {
      packet.release();
      return this.starve(entry.marks);
    }
    const before = entry.transmissions;
    if (before > 0 && entry.marks === MQTT_PUBLISH) {
      // MQTT-3.3.1-1: set on every attempt to deliver again.
      packet.bytes[packet.prepend] = (packet.bytes[packet.prepend] as number) | PUBLISH_DUP;
    }
    const type = entry.marks;
    const id = entry.sequence;
    if (this.queue.sources.size > 0) this.begin(entry, id);
    this.queue.advance(this.owner.now);
    return this.first(stream, packet, type, id, before);
  }

  /** The packet is the header of a message whose payload follows piece by piece. */
  private begin(header: Packet, id: number): void {
    const source = this.queue.sources.get(header);
    if (source === undefined) return;
    // That of an entry stays for the next time.
    if (id === 0) this.queue.sources.delete(header);
    this.body = source.length === 0 ? null : source;
    this.bodyAt = 0;
    this.bodyId = id;
    this.bodyWaits = false;
  }

  /** The next piece of the payload, as much as one packet holds. */
  private sendPiece(stream: PacketStream, source: MqttPayloadSource): Status {
    const packet = stream.allocate();
    if (packet === null) return this.starve(MQTT_PUBLISH);
    const room = Math.min(packet.dataEnd - packet.append, source.length - this.bodyAt);
    const given = source.read(this.bodyAt, packet.bytes, packet.append, room);
    if (!(given > 0 && given <= room)) {
      packet.release();
      this.bodyWaits = given === 0;
      // A control packet that was begun and cannot be finished leaves the stream without a meaning.
      return given === 0 ? NX_TX_QUEUE_DEPTH : NX_NOT_SUCCESSFUL;
    }
    packet.append += given;
    packet.length = given;
    this.bodyAt += given;
    this.partial = packet;
    return this.offer(stream, packet);
  }

  /** Offers a packet for the first time. The fields used here are handed on as an allocator leaves them. */
  private first(stream: PacketStream, packet: Packet, type: number, id: number, before: number): Status {
    packet.marks = 0;
    packet.sequence = 0;
    packet.sequenceLength = 0;
    packet.queueNext = null;
    this.type = type;
    this.before = before;
    this.partial = packet;
    if (this.tracer !== null) {
      this.owner.sending(type, packet.bytes[packet.prepend] as number, id, before, packet);
    }
    return this.offer(stream, packet);
  }

  private offer(stream: PacketStream, packet: Packet): Status {
    const status = stream.send(packet);
    if (status === NX_SUCCESS) {
      this.partial = null;
      if (this.body !== null && this.bodyAt < this.body.length) this.owner.sentPiece();
      else {
        this.body = null;
        this.owner.sent(this.type, this.before);
      }
      return this.stream === stream ? NX_SUCCESS : NX_TX_QUEUE_DEPTH;
    }
    if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) {
      this.blocked = true;
      if (this.tracer !== null) this.tracer.event(TRACE_MQTT_BLOCKED, status, packet.length, this.backlog, 0, packet);
      return status;
    }
    // The stream had to split or copy and found its pool empty; nothing is wrong with the connection.
    if (status === NX_NO_PACKET) return this.starve(this.type);
    this.partial = null;
    packet.release();
    return status;
  }

  private starve(type: number): Status {
    this.owner.starved(type);
    return NX_NO_PACKET;
  }
}

/** "Later" is no failure. */
function settled(status: Status): Status {
  return status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH || status === NX_NO_PACKET ? PUMP_WELL : status;
}
