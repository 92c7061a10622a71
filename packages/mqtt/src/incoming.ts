import {
  DROP_MQTT_CONNACK_AGAIN,
  DROP_MQTT_CONNACK_FLAGS,
  DROP_MQTT_CONNACK_MISSING,
  DROP_MQTT_DIRECTION,
  DROP_MQTT_LENGTH,
  DROP_MQTT_PACKET_ID_UNKNOWN,
  DROP_MQTT_PACKET_ID_ZERO,
  DROP_MQTT_PINGRESP_UNASKED,
  DROP_MQTT_QOS2_UNSUPPORTED,
  DROP_MQTT_RETURN_CODE,
  DROP_MQTT_SESSION_PRESENT,
  DROP_MQTT_STRING_LENGTH,
  NX_SUCCESS,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  type Packet,
  type PacketAllocator,
  type PacketStream,
  type Status,
  type TimeService,
  TRACE_MQTT_ACKNOWLEDGED,
  TRACE_MQTT_CONNACK,
  TRACE_MQTT_PING_ANSWERED,
  TRACE_MQTT_PUBLISH_RECEIVED,
  type Tracer,
} from '@strata/contracts';
import { buildAcknowledgement, type ConnectParts } from './build.ts';
import {
  MQTT_CONNACK,
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
import { checkTopicName } from './codec/topic.ts';
import { FRAME_COMPLETE, FRAME_INCOMPLETE, Inbound } from './inbound.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { Notifier } from './notifier.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import type { Sender } from './sender.ts';
import { MQTT_STATE_CONNECTED, MQTT_STATE_CONNECTING, type MqttCounters } from './state.ts';
import type { TransmitQueue } from './transmit-queue.ts';

/** What the reader asks of the client, and tells it. */
export interface IncomingOwner {
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
  accepted(sessionPresent: boolean): void;
  refusedBy(returnCode: number): void;
  violation(reason: number, octet: number): void;
  lost(status: Status): Status;
  starved(type: number): void;
}

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

  constructor(owner: IncomingOwner, maximumPacketSize: number, backlogMaximum: number, poolFloor: number) {
    this.stalled = false;
    this.owner = owner;
    this.inbound = new Inbound(maximumPacketSize);
    this.backlogMaximum = backlogMaximum;
    this.poolFloor = poolFloor;
  }

  /** Octets of an unfinished, or not yet processed, control packet. */
  get length(): number {
    return this.inbound.length;
  }

  /** Forgets the connection and releases what waits. */
  clear(): void {
    this.inbound.clear();
    this.stalled = false;
  }

  /**
   * Processes all that has arrived. While it is stalled it takes nothing, so that the stream's window closes and holds the
   * broker back.
   */
  read(stream: PacketStream): void {
    const { inbound, owner } = this;
    if (this.stalled) return;
    while (this.isReading()) {
      const found = inbound.scan();
      if (found === FRAME_COMPLETE) {
        if (!this.handle()) {
          this.stalled = true;
          return;
        }
      } else if (found === FRAME_INCOMPLETE) {
        const packet = stream.receive();
        if (packet === null) return;
        inbound.push(packet);
      } else owner.violation(found, inbound.octet);
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
    owner.counters.packetsReceived++;
    const reason = this.handleControl(type);
    if (reason !== 0) owner.violation(reason, inbound.octet);
    return true;
  }

  /** Everything but PUBLISH. 0 or the reason why the connection is to be closed. */
  private handleControl(type: number): number {
    switch (type) {
      case MQTT_CONNACK:
        return this.handleConnack();
      case MQTT_PUBACK:
        return this.handleAcknowledgement(type, MQTT_PUBLISH);
      case MQTT_SUBACK:
        // One filter was asked for, so there is one return code (MQTT-3.8.4-5).
        return this.inbound.remaining === 3 ? this.handleAcknowledgement(type, MQTT_SUBSCRIBE) : DROP_MQTT_LENGTH;
      case MQTT_UNSUBACK:
        return this.handleAcknowledgement(type, MQTT_UNSUBSCRIBE);
      case MQTT_PINGRESP:
        return this.handlePingresp();
      case MQTT_PUBREC:
      case MQTT_PUBREL:
      case MQTT_PUBCOMP:
        return DROP_MQTT_PACKET_ID_UNKNOWN;
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
    inbound.look(inbound.headerSize + inbound.remaining);
    const at = inbound.at + inbound.headerSize;
    const id = ((inbound.bytes[at] as number) << 8) | (inbound.bytes[at + 1] as number);
    const code = type === MQTT_SUBACK ? (inbound.bytes[at + 2] as number) : 0;
    if (id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    if (code > 2 && code !== SUBACK_FAILURE) return DROP_MQTT_RETURN_CODE;
    if (!owner.queue.acknowledge(answered, id)) return DROP_MQTT_PACKET_ID_UNKNOWN;
    inbound.skip();
    if (owner.tracer !== null) owner.tracer.event(TRACE_MQTT_ACKNOWLEDGED, type, id, code, owner.queue.count, null);
    owner.notifier.acknowledged(type, id, code);
    return 0;
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
    const { octet, headerSize, remaining } = inbound;
    const qos = (octet >> 1) & 3;
    const topicAt = headerSize + 2;
    inbound.look(topicAt);
    const at = inbound.at + headerSize;
    const topicLength = ((inbound.bytes[at] as number) << 8) | (inbound.bytes[at + 1] as number);
    const header = topicLength + (qos === 0 ? 2 : 4);
    let reason = header > remaining ? DROP_MQTT_STRING_LENGTH : 0;
    let id = 0;
    if (reason === 0) {
      inbound.look(headerSize + header);
      const start = inbound.at + topicAt;
      reason = checkTopicName(inbound.bytes, start, start + topicLength);
      if (qos !== 0) {
        const idAt = start + topicLength;
        id = ((inbound.bytes[idAt] as number) << 8) | (inbound.bytes[idAt + 1] as number);
        if (reason === 0 && id === 0) reason = DROP_MQTT_PACKET_ID_ZERO;
      }
    }
    if (reason === 0 && qos === 2) reason = DROP_MQTT_QOS2_UNSUPPORTED;
    if (reason !== 0) {
      owner.counters.packetsReceived++;
      owner.violation(reason, inbound.octet);
      return true;
    }
    if (!this.mayKeepMessage()) return false;
    let answer: Packet | null = null;
    if (qos === 1) {
      // What cannot be acknowledged is not taken: the stream's window then holds the broker back.
      if (owner.sender.backlog >= this.backlogMaximum) return false;
      answer = owner.sender.stream === null ? null : owner.sender.stream.allocate();
      if (answer === null) {
        owner.starved(MQTT_PUBACK);
        return false;
      }
    }
    const packet = inbound.take(owner.pool);
    if (packet === null) {
      answer?.release();
      owner.starved(MQTT_PUBLISH);
      return false;
    }
    const size = packet.length;
    owner.counters.packetsReceived++;
    owner.counters.messagesReceived++;
    owner.received.add(packet, octet, id, topicAt, topicLength);
    if (owner.tracer !== null)
      owner.tracer.event(TRACE_MQTT_PUBLISH_RECEIVED, qos, id, size, owner.received.count, packet);
    owner.notifier.received(owner.received.count);
    if (answer !== null) {
      buildAcknowledgement(answer, MQTT_PUBACK, id);
      const status = owner.sender.send(answer, MQTT_PUBACK, id);
      if (status !== NX_SUCCESS) owner.lost(status);
    }
    return true;
  }
}
