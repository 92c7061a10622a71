import {
  DROP_MQTT_CONNACK_MISSING,
  DROP_MQTT_TOO_LARGE,
  NX_SUCCESS,
  type Packet,
  type PacketStream,
  TRACE_MQTT_DUPLICATE,
  TRACE_MQTT_PUBLISH_RECEIVED,
} from '@strata/contracts';
import { MQTT_PUBACK, MQTT_PUBLISH, MQTT_PUBREC } from './codec/control-packet.ts';
import { readUtf8 } from './codec/utf8.ts';
import type { Inbound } from './inbound.ts';
import type { IncomingOwner } from './incoming.ts';
import type { PublishHeader } from './publish-header.ts';
import { MQTT_STATE_CONNECTING } from './state.ts';
import { StreamedMessage } from './streamed-message.ts';

/** A control packet cannot be processed yet, for want of packets, of room to answer, or of the store. */
export const STALLED = -1;
/** {@link LargeMessages.read}: nothing more has come. */
const NOTHING_CAME = 1;

/** What the reader of control packets does for messages of any size. */
export interface Acknowledger {
  mayKeepMessage(): boolean;
  allocateAnswer(type: number): Packet | null;
  answer(packet: Packet, type: number, id: number): void;
  hold(id: number): void;
}

/** Receives messages that are too large to be held, one at a time, piece by piece (extension `chainedPackets`). */
export class LargeMessages {
  private readonly owner: IncomingOwner;
  private readonly acknowledger: Acknowledger;
  private readonly inbound: Inbound;
  private readonly header: PublishHeader;
  private readonly maximumHeader: number;
  private readonly poolFloor: number;
  private message: StreamedMessage | null;

  constructor(
    owner: IncomingOwner,
    acknowledger: Acknowledger,
    inbound: Inbound,
    header: PublishHeader,
    maximumHeader: number,
    poolFloor: number,
  ) {
    this.owner = owner;
    this.acknowledger = acknowledger;
    this.inbound = inbound;
    this.header = header;
    this.maximumHeader = maximumHeader;
    this.poolFloor = poolFloor;
    this.message = null;
  }

  /** What comes next belongs to a message that has begun. */
  get isWithin(): boolean {
    return this.message !== null;
  }

  /** Octets of it that have not come. */
  get left(): number {
    return this.message === null ? 0 : this.message.left;
  }

  /** The connection is over: so is a message in the middle of which it was. */
  clear(): void {
    if (this.message === null) return;
    this.message.breakOff();
    this.message = null;
    this.owner.notifier.streamed();
  }

  /** Whether all of the variable header of the PUBLISH at the front has come, or enough to refuse it. */
  isHeaderHere(): boolean {
    const { inbound } = this;
    const topicAt = inbound.headerSize + 2;
    if (inbound.length < topicAt) return false;
    const topicLength = this.header.readTopicLength();
    const header = topicAt + topicLength + ((inbound.octet & 6) === 0 ? 0 : 2);
    return inbound.length >= header || header > this.maximumHeader || topicLength + 2 > inbound.remaining;
  }

  /** The message at the front begins: from here on its payload goes to whoever reads it. False: not yet, as the pool is short. */
  begin(): boolean {
    const { inbound, owner, header } = this;
    const { octet, headerSize, remaining } = inbound;
    const qos = (octet >> 1) & 3;
    const reason = this.judge();
    if (reason !== 0) {
      owner.counters.packetsReceived++;
      owner.violation(reason, octet);
      return true;
    }
    const { topicLength, id } = header;
    const duplicate = qos === 2 && owner.held.has(id);
    if (!duplicate && !this.acknowledger.mayKeepMessage()) return false;
    const place = duplicate ? null : owner.pool.allocate(0);
    if (place === null && !duplicate) {
      owner.starved(MQTT_PUBLISH);
      return false;
    }
    const size = headerSize + 2 + topicLength + (qos === 0 ? 0 : 2);
    inbound.look(size);
    const start = inbound.at + headerSize + 2;
    const topic = readUtf8(inbound.bytes, start, start + topicLength);
    const length = headerSize + remaining - size;
    const message = new StreamedMessage(octet, topic, id, length, () => owner.messageTaken());
    inbound.skipOctets(size);
    this.message = message;
    const { tracer, received } = owner;
    if (place === null) {
      if (tracer !== null) tracer.event(TRACE_MQTT_DUPLICATE, qos, id, 0, 0, null);
      message.discard();
      return true;
    }
    received.addStream(place, message);
    const octets = headerSize + remaining;
    if (tracer !== null) tracer.event(TRACE_MQTT_PUBLISH_RECEIVED, qos, id, octets, received.count, place);
    owner.notifier.received(received.count);
    return true;
  }

  private judge(): number {
    const { inbound, owner } = this;
    if (owner.state === MQTT_STATE_CONNECTING) return DROP_MQTT_CONNACK_MISSING;
    const topicLength = this.header.readTopicLength();
    const size = inbound.headerSize + 2 + topicLength + ((inbound.octet & 6) === 0 ? 0 : 2);
    const tooLarge = inbound.length < size && topicLength + 2 <= inbound.remaining;
    return tooLarge ? DROP_MQTT_TOO_LARGE : this.header.judge();
  }

  /** The next octets of the message that has begun. NX_SUCCESS: go on; {@link STALLED}; or nothing has come. */
  read(stream: PacketStream): number {
    const { inbound, owner } = this;
    const message = this.message as StreamedMessage;
    if (message.left === 0) return this.finish(message);
    // Nobody reads it: the stream's window holds the broker back.
    if (message.available > 0 && owner.pool.available < this.poolFloor) return STALLED;
    if (inbound.length === 0) {
      const packet = stream.receive();
      if (packet === null) return NOTHING_CAME;
      inbound.push(packet);
      return NX_SUCCESS;
    }
    const piece = inbound.takeOctets(owner.pool, message.left);
    if (piece === null) {
      owner.starved(MQTT_PUBLISH);
      return STALLED;
    }
    message.add(piece);
    owner.keepAlive.pieceReceived(owner.time.now);
    owner.notifier.streamed();
    return NX_SUCCESS;
  }

  /** All of it is here: it is acknowledged as its QoS wants. */
  private finish(message: StreamedMessage): number {
    const { owner, acknowledger } = this;
    const { qos, id } = message;
    let answer: Packet | null = null;
    const type = qos === 1 ? MQTT_PUBACK : MQTT_PUBREC;
    if (qos !== 0) {
      answer = acknowledger.allocateAnswer(type);
      if (answer === null) return STALLED;
      const fresh = qos === 2 && !owner.held.has(id);
      if (fresh && owner.persistence !== null && owner.persistence.arrived(null, qos, id) < 0) {
        answer.release();
        owner.starved(MQTT_PUBLISH);
        return STALLED;
      }
      if (fresh) acknowledger.hold(id);
    }
    owner.counters.packetsReceived++;
    owner.counters.messagesReceived++;
    // It is whole, whatever becomes of the connection while it is acknowledged.
    this.message = null;
    if (answer !== null) acknowledger.answer(answer, type, id);
    return NX_SUCCESS;
  }
}
