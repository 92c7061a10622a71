import {
  DROP_MQTT_CONNACK_AGAIN,
  DROP_MQTT_CONNACK_FLAGS,
  DROP_MQTT_CONNACK_MISSING,
  DROP_MQTT_DIRECTION,
  DROP_MQTT_LENGTH,
  DROP_MQTT_PACKET_ID_UNKNOWN,
  DROP_MQTT_PACKET_ID_ZERO,
  DROP_MQTT_PINGRESP_UNASKED,
  DROP_MQTT_RETURN_CODE,
  DROP_MQTT_SESSION_PRESENT,
  NX_SUCCESS,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  type Packet,
  type PacketAllocator,
  type PacketStream,
  type Status,
  type TimeService,
  TRACE_MQTT_ACKNOWLEDGED,
  TRACE_MQTT_CONNACK,
  TRACE_MQTT_DUPLICATE,
  TRACE_MQTT_PING_ANSWERED,
  TRACE_MQTT_PUBLISH_RECEIVED,
  TRACE_MQTT_RELEASED,
  type Tracer,
} from '@strata/contracts';
import { buildAcknowledgement, type ConnectParts } from './build.ts';
import {
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_PINGRESP,
  MQTT_PUBACK,
  MQTT_PUBCOMP,
  MQTT_PUBLISH,
  MQTT_PUBREC,
  MQTT_PUBREL,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  SUBACK_FAILURE,
} from './codec/control-packet.ts';
import type { IdSet } from './id-set.ts';
import { FRAME_COMPLETE, FRAME_INCOMPLETE, FRAME_LARGE, Inbound } from './inbound.ts';
import type { KeepAlive } from './keep-alive.ts';
import { LargeMessages, STALLED } from './large-messages.ts';
import type { Notifier } from './notifier.ts';
import type { Persistence } from './persistence.ts';
import { PublishHeader } from './publish-header.ts';
import type { MqttQuirks } from './quirks.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import type { Sender } from './sender.ts';
import { MQTT_STATE_CONNECTED, MQTT_STATE_CONNECTING, type MqttCounters } from './state.ts';
import type { Subscriptions } from './subscriptions.ts';
import { STEP_NONE, STEP_PUBREC, type TransmitQueue } from './transmit-queue.ts';

/** What the reader asks of the client, and tells it. */
export interface IncomingOwner {
  readonly quirks: MqttQuirks;
  readonly state: number;
  readonly counters: MqttCounters;
  readonly queue: TransmitQueue;
  readonly received: ReceiveQueue;
  readonly sender: Sender;
  readonly keepAlive: KeepAlive;
  readonly notifier: Notifier;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly tracer: Tracer | null;
  readonly parts: ConnectParts;
  /** QoS 2 is spoken. */
  readonly qos2: boolean;
  /** QoS 2 messages received whose PUBREL has not come; and all that were ever received in this session. */
  readonly held: IdSet;
  readonly known: IdSet;
  /** The broker went on with a session of before. */
  readonly resumed: boolean;
  readonly persistence: Persistence | null;
  readonly subscriptions: Subscriptions | null;
  /** Packets of a streamed message have become free. */
  messageTaken(): void;
  /** Sends what can be sent. */
  pump(): Status;
  accepted(sessionPresent: boolean): void;
  refusedBy(returnCode: number): void;
  violation(reason: number, octet: number): void;
  lost(status: Status): Status;
  starved(type: number): void;
}

/** Octets of a whole CONNACK. */
const CONNACK_LENGTH = 4;

/** Remaining length of SUBACK: one filter is asked for at a time, so there is one return code (MQTT-3.8.4-5). */
const SUBACK_REMAINING = 3;

/**
 * Reads the stream and acts on each control packet, strictly: whatever MQTT 3.1.1 does not allow a broker to send is handed
 * to {@link IncomingOwner.violation} with its reason.
 */
export class Incoming {
  /** What has arrived cannot be processed yet: the pool is empty, or too many acknowledgements wait for the stream. */
  stalled: boolean;
  private readonly owner: IncomingOwner;
  private readonly inbound: Inbound;
  private readonly backlogMaximum: number;
  private readonly poolFloor: number;
  /** Of the PUBLISH at the front. */
  private readonly header: PublishHeader;
  private readonly large: LargeMessages;

  /** @param streams larger messages than `maximumPacketSize` are received piece by piece */
  constructor(
    owner: IncomingOwner,
    maximumPacketSize: number,
    backlogMaximum: number,
    poolFloor: number,
    streams: boolean,
  ) {
    this.stalled = false;
    this.owner = owner;
    this.inbound = new Inbound(maximumPacketSize, streams);
    this.backlogMaximum = backlogMaximum;
    this.poolFloor = poolFloor;
    this.header = new PublishHeader(this.inbound, owner.qos2);
    this.large = new LargeMessages(owner, this, this.inbound, this.header, maximumPacketSize, poolFloor);
  }

  /** Octets of the message that is being received piece by piece which have not come; 0 when there is none. */
  get streamedLeft(): number {
    return this.large.left;
  }

  /** Octets of an unfinished, or not yet processed, control packet. */
  get length(): number {
    return this.inbound.length;
  }

  /** Forgets the connection and releases what waits. */
  clear(): void {
    this.inbound.clear();
    this.stalled = false;
    this.large.clear();
  }

  /**
   * Processes all that has arrived. While it is stalled it takes nothing, so that the stream's window closes and holds the
   * broker back.
   */
  read(stream: PacketStream): void {
    const { inbound, owner } = this;
    if (this.stalled) return;
    while (this.isReading()) {
      if (this.large.isWithin) {
        const went = this.large.read(stream);
        if (went === STALLED) this.stalled = true;
        if (went !== NX_SUCCESS) return;
        continue;
      }
      const found = inbound.scan();
      if (found === FRAME_COMPLETE) {
        if (!this.handle()) {
          this.stalled = true;
          return;
        }
      } else if (found === FRAME_INCOMPLETE || (found === FRAME_LARGE && !this.large.isHeaderHere())) {
        const reason = inbound.headerSize === 0 ? 0 : this.judgeBeginning();
        if (reason !== 0) {
          owner.violation(reason, inbound.octet);
          return;
        }
        const packet = stream.receive();
        if (packet === null) return;
        if (owner.quirks.connackAlone && owner.state === MQTT_STATE_CONNECTING && packet.length !== CONNACK_LENGTH) {
          packet.release();
          owner.violation(DROP_MQTT_LENGTH, inbound.octet);
          return;
        }
        inbound.push(packet);
      } else if (found === FRAME_LARGE) {
        if (!this.large.begin()) {
          this.stalled = true;
          return;
        }
      } else owner.violation(found, inbound.octet);
    }
  }

  /** The fixed header tells already: nobody waits for the rest of what will not be accepted. 0 or the reason. */
  private judgeBeginning(): number {
    const { inbound, owner } = this;
    const type = inbound.octet >> 4;
    if (owner.state === MQTT_STATE_CONNECTING) {
      return type === MQTT_CONNACK && !owner.sender.connectWanted ? 0 : DROP_MQTT_CONNACK_MISSING;
    }
    switch (type) {
      case MQTT_CONNACK:
        return DROP_MQTT_CONNACK_AGAIN;
      case MQTT_CONNECT:
      case MQTT_SUBSCRIBE:
      case MQTT_UNSUBSCRIBE:
        return DROP_MQTT_DIRECTION;
      case MQTT_SUBACK:
        return inbound.remaining === SUBACK_REMAINING ? 0 : DROP_MQTT_LENGTH;
      case MQTT_PUBLISH:
        return owner.quirks.malformedLeak ? 0 : this.header.judgeLengths();
      default:
        return 0;
    }
  }

  private isReading(): boolean {
    return this.owner.state === MQTT_STATE_CONNECTED || this.owner.state === MQTT_STATE_CONNECTING;
  }

  /** Processes the control packet at the front. False: it stays, for want of packets or of room to answer. */
  private handle(): boolean {
    const { inbound, owner } = this;
    const type = inbound.octet >> 4;
    if (owner.state === MQTT_STATE_CONNECTING && (type !== MQTT_CONNACK || owner.sender.connectWanted)) {
      owner.violation(DROP_MQTT_CONNACK_MISSING, inbound.octet);
      return true;
    }
    if (type === MQTT_PUBLISH) return this.handlePublish();
    const reason = this.handleControl(type);
    if (reason === STALLED) return false;
    owner.counters.packetsReceived++;
    if (reason !== 0) owner.violation(reason, inbound.octet);
    return true;
  }

  /** Everything but PUBLISH. 0, {@link STALLED}, or the reason why the connection is to be closed. */
  private handleControl(type: number): number {
    switch (type) {
      case MQTT_CONNACK:
        return this.handleConnack();
      case MQTT_PUBACK:
        return this.handleAcknowledgement(type, MQTT_PUBLISH);
      case MQTT_SUBACK:
        return this.inbound.remaining === SUBACK_REMAINING
          ? this.handleAcknowledgement(type, MQTT_SUBSCRIBE)
          : DROP_MQTT_LENGTH;
      case MQTT_UNSUBACK:
        return this.handleAcknowledgement(type, MQTT_UNSUBSCRIBE);
      case MQTT_PINGRESP:
        return this.handlePingresp();
      case MQTT_PUBREC:
        return this.owner.qos2 ? this.handlePubrec() : DROP_MQTT_PACKET_ID_UNKNOWN;
      case MQTT_PUBREL:
        return this.owner.qos2 ? this.handlePubrel() : DROP_MQTT_PACKET_ID_UNKNOWN;
      case MQTT_PUBCOMP:
        return this.owner.qos2 ? this.handleAcknowledgement(type, MQTT_PUBREL) : DROP_MQTT_PACKET_ID_UNKNOWN;
      default:
        return DROP_MQTT_DIRECTION;
    }
  }

  private handleConnack(): number {
    const { inbound, owner } = this;
    if (owner.state !== MQTT_STATE_CONNECTING) return DROP_MQTT_CONNACK_AGAIN;
    inbound.look(4);
    const flags = inbound.bytes[inbound.at + 2] as number;
    const returnCode = inbound.bytes[inbound.at + 3] as number;
    if (flags > 1) return DROP_MQTT_CONNACK_FLAGS;
    if (returnCode > 5) return DROP_MQTT_RETURN_CODE;
    // A clean session has no past, and neither has a refused one (MQTT-3.2.2-1, -4).
    if (flags === 1 && (owner.parts.cleanSession || returnCode !== 0)) return DROP_MQTT_SESSION_PRESENT;
    inbound.skip();
    const status = returnCode === 0 ? NX_SUCCESS : NXD_MQTT_ERROR_CONNECT_RETURN_CODE + returnCode;
    if (owner.tracer !== null) owner.tracer.event(TRACE_MQTT_CONNACK, returnCode, flags, status, 0, null);
    if (returnCode !== 0) {
      owner.refusedBy(returnCode);
      return 0;
    }
    owner.accepted(flags === 1);
    return 0;
  }

  private handleAcknowledgement(type: number, answered: number): number {
    const { inbound, owner } = this;
    const id = this.readId();
    const code = type === MQTT_SUBACK ? (inbound.bytes[inbound.at + inbound.headerSize + 2] as number) : 0;
    if (id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    if (code > 2 && code !== SUBACK_FAILURE) return DROP_MQTT_RETURN_CODE;
    // Nothing acknowledges a message of which only a part has left.
    if (owner.sender.isWithin(id) || !owner.queue.acknowledge(answered, id, 1)) return DROP_MQTT_PACKET_ID_UNKNOWN;
    inbound.skip();
    if (type === MQTT_PUBACK) owner.persistence?.acknowledged(id);
    else if (type === MQTT_PUBCOMP) owner.persistence?.completed(id);
    else owner.subscriptions?.answered(id, code === SUBACK_FAILURE);
    this.tellAcknowledged(type, id, code);
    // A place in the window of messages in flight may have become free.
    if (owner.queue.ready !== null) owner.pump();
    return 0;
  }

  private tellAcknowledged(type: number, id: number, code: number): void {
    const { owner } = this;
    if (owner.tracer !== null) owner.tracer.event(TRACE_MQTT_ACKNOWLEDGED, type, id, code, owner.queue.count, null);
    owner.notifier.acknowledged(type, id, code);
  }

  /** The packet identifier at the start of the variable header. */
  private readId(): number {
    const { inbound } = this;
    inbound.look(inbound.headerSize + inbound.remaining);
    const at = inbound.at + inbound.headerSize;
    return ((inbound.bytes[at] as number) << 8) | (inbound.bytes[at + 1] as number);
  }

  /** The broker has the message, and answers for it from here on: PUBREL. Said again, it is answered again. */
  private handlePubrec(): number {
    const { inbound, owner } = this;
    const id = this.readId();
    if (id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    const step = owner.queue.step(id);
    if (step === STEP_NONE || owner.sender.isWithin(id)) return DROP_MQTT_PACKET_ID_UNKNOWN;
    const answer = this.allocateAnswer(MQTT_PUBREL);
    if (answer === null) return STALLED;
    let sends = true;
    if (step === STEP_PUBREC) {
      if (owner.persistence !== null && owner.persistence.released(id) !== NX_SUCCESS) {
        answer.release();
        owner.starved(MQTT_PUBREL);
        return STALLED;
      }
      sends = owner.queue.release(id, owner.time.now);
    }
    inbound.skip();
    this.tellAcknowledged(MQTT_PUBREC, id, 0);
    if (sends) this.answer(answer, MQTT_PUBREL, id);
    else answer.release();
    return 0;
  }

  /** The broker has let its copy go: the identifier is free. Said again after a reconnect, it is answered again. */
  private handlePubrel(): number {
    const { inbound, owner } = this;
    const id = this.readId();
    if (id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    const held = owner.held.has(id);
    if (!held && !owner.resumed && !owner.known.has(id)) return DROP_MQTT_PACKET_ID_UNKNOWN;
    const answer = this.allocateAnswer(MQTT_PUBCOMP);
    if (answer === null) return STALLED;
    if (held) {
      if (owner.persistence !== null && owner.persistence.finished(id) !== NX_SUCCESS) {
        answer.release();
        owner.starved(MQTT_PUBCOMP);
        return STALLED;
      }
      owner.held.delete(id);
    }
    inbound.skip();
    if (owner.tracer !== null) owner.tracer.event(TRACE_MQTT_RELEASED, id, owner.held.count, held ? 1 : 0, 0, null);
    this.answer(answer, MQTT_PUBCOMP, id);
    return 0;
  }

  /** A packet for an acknowledgement, or null: what cannot be acknowledged is not taken. */
  allocateAnswer(type: number): Packet | null {
    const { sender } = this.owner;
    if (sender.backlog >= this.backlogMaximum) return null;
    const answer = sender.stream === null ? null : sender.stream.allocate();
    if (answer === null) this.owner.starved(type);
    return answer;
  }

  answer(packet: Packet, type: number, id: number): void {
    buildAcknowledgement(packet, type, id);
    const status = this.owner.sender.send(packet, type, id);
    if (status !== NX_SUCCESS) this.owner.lost(status);
  }

  private handlePingresp(): number {
    const { owner } = this;
    const { keepAlive } = owner;
    if (!keepAlive.outstanding) return DROP_MQTT_PINGRESP_UNASKED;
    keepAlive.outstanding = false;
    this.inbound.skip();
    if (owner.tracer !== null) {
      owner.tracer.event(TRACE_MQTT_PING_ANSWERED, owner.time.now - keepAlive.pingSentAt, 0, 0, 0, null);
    }
    return 0;
  }

  /** Messages that nobody takes hold half the pool at most; the stream's window then holds the broker back. */
  mayKeepMessage(): boolean {
    return this.owner.received.count === 0 || this.owner.pool.available >= this.poolFloor;
  }

  private handlePublish(): boolean {
    const { inbound, owner } = this;
    const { octet, headerSize } = inbound;
    const qos = (octet >> 1) & 3;
    const topicAt = headerSize + 2;
    const reason = this.header.judge();
    if (reason !== 0) {
      owner.counters.packetsReceived++;
      if (!owner.quirks.malformedLeak) owner.violation(reason, octet);
      // The defect: whoever takes this packet never gives it back.
      else if (inbound.take(owner.pool) === null) inbound.skip();
      return true;
    }
    const { topicLength, id } = this.header;
    const duplicate = qos === 2 && owner.held.has(id);
    if (!duplicate && !this.mayKeepMessage()) return false;
    let answer: Packet | null = null;
    const answerType = qos === 1 ? MQTT_PUBACK : MQTT_PUBREC;
    if (qos !== 0) {
      // What cannot be acknowledged is not taken: the stream's window then holds the broker back.
      answer = this.allocateAnswer(answerType);
      if (answer === null) return false;
    }
    if (duplicate) {
      // MQTT-4.3.3-2: acknowledged again, and not handed on again.
      inbound.skip();
      owner.counters.packetsReceived++;
      if (owner.tracer !== null) owner.tracer.event(TRACE_MQTT_DUPLICATE, qos, id, 0, 0, null);
      this.answer(answer as Packet, answerType, id);
      return true;
    }
    const packet = inbound.take(owner.pool);
    if (packet === null) {
      answer?.release();
      owner.starved(MQTT_PUBLISH);
      return false;
    }
    const key = owner.persistence === null ? 0 : owner.persistence.arrived(packet, qos, id);
    if (key < 0) {
      answer?.release();
      inbound.putBack(packet);
      owner.starved(MQTT_PUBLISH);
      return false;
    }
    const size = packet.length;
    owner.counters.packetsReceived++;
    owner.counters.messagesReceived++;
    owner.received.add(packet, octet, id, topicAt, topicLength, key);
    if (owner.tracer !== null)
      owner.tracer.event(TRACE_MQTT_PUBLISH_RECEIVED, qos, id, size, owner.received.count, packet);
    owner.notifier.received(owner.received.count);
    if (qos === 2) this.hold(id);
    if (answer !== null) this.answer(answer, answerType, id);
    return true;
  }

  /** Remembers a QoS 2 message until its PUBREL comes. */
  hold(id: number): void {
    this.owner.held.add(id);
    this.owner.known.add(id);
  }
}
