import {
  NEVER,
  NX_NOT_SUPPORTED,
  NX_PTR_ERROR,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WAIT_FOREVER,
  NXD_MQTT_ALREADY_CONNECTED,
  NXD_MQTT_CONNECTING,
  NXD_MQTT_INTERNAL_ERROR,
  NXD_MQTT_INVALID_PARAMETER,
  NXD_MQTT_INVALID_STATE,
  NXD_MQTT_NO_MESSAGE,
  NXD_MQTT_NOT_CONNECTED,
  NXD_MQTT_PACKET_POOL_FAILURE,
  NXD_MQTT_QOS2_NOT_SUPPORTED,
  NXD_MQTT_SUCCESS,
  type Packet,
  type Status,
  type StreamConnector,
} from '@strata/contracts';
import { Backoff } from './backoff.ts';
import { buildPublish, buildPublishHeader, buildRequest, publishFits, textLength } from './build.ts';
import {
  CONNECT_WILL_RETAIN,
  MAXIMUM_FIELD,
  MQTT_PUBLISH,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBSCRIBE,
} from './codec/control-packet.ts';
import { checkFilterText, checkTopicFilter, checkTopicName, checkTopicText } from './codec/topic.ts';
import { encodeText } from './codec/utf8.ts';
import { Engine } from './engine.ts';
import { describeFailure, inspectEngine, type MqttFailure, type MqttInspection } from './inspect.ts';
import type {
  MqttClientOptions,
  MqttConnectOptions,
  MqttListener,
  MqttMessage,
  MqttMessageBuffers,
  MqttPayloadSource,
  MqttText,
} from './options.ts';
import { MQTT_STATE_CONNECTED, MQTT_STATE_CONNECTING, MQTT_STATE_IDLE, type MqttCounters } from './state.ts';
import type { MqttMessageStream } from './streamed-message.ts';

/**
 * An MQTT 3.1.1 client with NetX Duo's services and statuses, over any stream. No method waits: `connect` and `disconnect`
 * answer NX_IN_PROGRESS and the listener hears the rest.
 *
 * A method that sends answers NX_SUCCESS when the control packet was handed to the stream or is certain to be, in order;
 * NX_TX_QUEUE_DEPTH when too much waits already (nothing was taken, `writable` follows); otherwise why not.
 */
export class MqttClient {
  /** The identifier that the last successful `subscribe`, `unsubscribe` or QoS 1 `publish` used. */
  lastPacketId: number;
  private readonly engine: Engine;
  private readonly connector: StreamConnector | null;
  private readonly transmitQueueMaximum: number;
  private readonly reserve: number;
  private readonly chained: boolean;

  /**
   * @throws RangeError when {@link MqttClient.check} refuses the options, when the store keeps another client's session, and
   * when the pool is too small for what the store keeps
   */
  constructor(options: MqttClientOptions) {
    if (MqttClient.check(options) !== NX_SUCCESS) {
      throw new RangeError(
        'mqtt: the client identifier must be valid UTF-8 without U+0000, at most 65535 octets; numbers of extensions in range',
      );
    }
    this.lastPacketId = 0;
    this.engine = new Engine(options, {
      clientId: options.clientId,
      keepAlive: 0,
      cleanSession: true,
      willTopic: null,
      willMessage: NOTHING,
      willFlags: 0,
      username: null,
      password: null,
    });
    this.connector = options.connector ?? null;
    this.transmitQueueMaximum = options.transmitQueueMaximum ?? 0;
    this.reserve = options.poolReserve ?? Math.min(4, options.pool.available >> 2);
    this.chained = options.extensions?.chainedPackets ?? false;
  }

  /** Judges options without making a client: NX_SUCCESS or NXD_MQTT_INVALID_PARAMETER. */
  static check(options: MqttClientOptions): Status {
    const { reconnect, inFlightMaximum = 0 } = options.extensions ?? {};
    if (!(Number.isInteger(inFlightMaximum) && inFlightMaximum >= 0)) return NXD_MQTT_INVALID_PARAMETER;
    if (reconnect !== undefined && !Backoff.check(reconnect)) return NXD_MQTT_INVALID_PARAMETER;
    return textLength(options.clientId) < 0 ? NXD_MQTT_INVALID_PARAMETER : NX_SUCCESS;
  }

  /** One of the MQTT_STATE_ constants. */
  get state(): number {
    return this.engine.state;
  }

  get isConnected(): boolean {
    return this.engine.state === MQTT_STATE_CONNECTED;
  }

  get counters(): Readonly<MqttCounters> {
    return this.engine.counters;
  }

  /** Messages in the receive queue. */
  get messages(): number {
    return this.engine.received.count;
  }

  /** Entries of the transmit queue: QoS 1 and 2 messages, PUBREL, SUBSCRIBE and UNSUBSCRIBE that await acknowledgement. */
  get unacknowledged(): number {
    return this.engine.queue.count;
  }

  get listener(): MqttListener | null {
    return this.engine.notifier.listener;
  }

  set listener(listener: MqttListener | null) {
    this.engine.notifier.listener = listener;
  }

  /**
   * User name and password for the next CONNECT; null takes them back. They are forgotten when a connection ends. A password
   * without a user name is not sent. NXD_MQTT_INVALID_PARAMETER: not a string MQTT allows, or longer than 65535 octets.
   */
  loginSet(username: MqttText | null, password: MqttText | null = null): Status {
    if (username !== null && textLength(username) < 0) return NXD_MQTT_INVALID_PARAMETER;
    const secret = typeof password === 'string' ? encodeText(password) : password;
    if (secret !== null && secret.length > MAXIMUM_FIELD) return NXD_MQTT_INVALID_PARAMETER;
    this.engine.parts = { ...this.engine.parts, username, password: secret };
    return NXD_MQTT_SUCCESS;
  }

  /**
   * The message the broker publishes when the connection is lost. Forgotten when a connection ends; until then retain and QoS
   * can be added by a later call and not taken away, as in NetX Duo. NXD_MQTT_INVALID_PARAMETER: bad topic, message longer
   * than 65535 octets, or no such QoS; NXD_MQTT_QOS2_NOT_SUPPORTED.
   */
  willMessageSet(topic: MqttText, message: MqttText, retain: boolean, qos: number): Status {
    if (checkTopic(topic) < 0 || !isQos(qos)) return NXD_MQTT_INVALID_PARAMETER;
    const payload = octets(message);
    if (payload.length > MAXIMUM_FIELD) return NXD_MQTT_INVALID_PARAMETER;
    if (qos === 2 && !this.engine.qos2) return NXD_MQTT_QOS2_NOT_SUPPORTED;
    const willFlags = this.engine.parts.willFlags | (retain ? CONNECT_WILL_RETAIN : 0) | (qos << 3);
    this.engine.parts = { ...this.engine.parts, willTopic: topic, willMessage: payload, willFlags };
    return NXD_MQTT_SUCCESS;
  }

  /**
   * Begins to connect. NX_IN_PROGRESS: the listener hears `connected` with NX_SUCCESS or why not. NXD_MQTT_ALREADY_CONNECTED,
   * NXD_MQTT_CONNECTING, NXD_MQTT_INVALID_STATE (closing, or deleted), NXD_MQTT_INVALID_PARAMETER (keep-alive out of range, or
   * an empty client identifier without a clean session), NX_PTR_ERROR (no connector), NXD_MQTT_CONNECT_FAILURE (the connector
   * cannot begin).
   */
  connect(options: MqttConnectOptions = {}): Status {
    const { engine } = this;
    const connector = options.connector ?? this.connector;
    if (connector === null) return NX_PTR_ERROR;
    const keepAlive = options.keepAliveSeconds ?? 0;
    const cleanSession = options.cleanSession ?? true;
    if (!Number.isInteger(keepAlive) || keepAlive < 0 || keepAlive > 65535) return NXD_MQTT_INVALID_PARAMETER;
    if (engine.isDeleted) return NXD_MQTT_INVALID_STATE;
    if (engine.state === MQTT_STATE_CONNECTED) return NXD_MQTT_ALREADY_CONNECTED;
    if (engine.state === MQTT_STATE_CONNECTING) return NXD_MQTT_CONNECTING;
    if (engine.state !== MQTT_STATE_IDLE) return NXD_MQTT_INVALID_STATE;
    if (!cleanSession && engine.parts.clientId.length === 0) return NXD_MQTT_INVALID_PARAMETER;
    engine.parts = { ...engine.parts, keepAlive, cleanSession };
    return engine.open(connector, options.waitTicks ?? NX_WAIT_FOREVER);
  }

  /** There is no connection, and the client makes one by itself: it waits to try, or is trying (extension `reconnect`). */
  get returns(): boolean {
    return this.engine.returns;
  }

  /** A new attempt to connect is due, by itself (extension `reconnect`). */
  get isReconnecting(): boolean {
    return this.engine.reconnector.at !== NEVER;
  }

  /**
   * Publishes a message; with QoS 1 a copy stays in the transmit queue until PUBACK, with QoS 2 until PUBREC, and is sent
   * again after a reconnect that goes on with the session. NXD_MQTT_INVALID_PARAMETER (topic empty, with wildcards, or not valid; no such QoS; too large),
   * NXD_MQTT_QOS2_NOT_SUPPORTED (judged before the connection), NXD_MQTT_NOT_CONNECTED, NX_TX_QUEUE_DEPTH (later),
   * NXD_MQTT_PACKET_POOL_FAILURE (no packet, no identifier, or the transmit queue is full), NXD_MQTT_INTERNAL_ERROR (the
   * store failed; nothing was sent), NXD_MQTT_COMMUNICATION_FAILURE (the stream failed; a QoS 1 or 2 message stays queued).
   */
  publish(topic: MqttText, payload: MqttText, retain: boolean, qos: number): Status {
    const topicLength = checkTopic(topic);
    if (qos === 3 && topicLength > 0 && this.engine.quirks.publishQos3)
      return this.publishQos3(topic, topicLength, payload, retain);
    if (topicLength < 0 || !isQos(qos)) return NXD_MQTT_INVALID_PARAMETER;
    if (qos === 2 && !this.engine.qos2) return NXD_MQTT_QOS2_NOT_SUPPORTED;
    const bytes = octets(payload);
    if (!publishFits(topicLength, bytes.length)) return NXD_MQTT_INVALID_PARAMETER;
    const { engine } = this;
    if (engine.state !== MQTT_STATE_CONNECTED) return NXD_MQTT_NOT_CONNECTED;
    if (!engine.admit()) return NX_TX_QUEUE_DEPTH;
    if (qos === 0) {
      const { stream } = engine.sender;
      const packet = stream === null ? null : stream.allocate();
      if (packet === null) return NXD_MQTT_PACKET_POOL_FAILURE;
      if (buildPublish(packet, topic, topicLength, bytes, 0, retain, 0) !== NX_SUCCESS) return discard(packet);
      return engine.send(packet, MQTT_PUBLISH, 0);
    }
    const entry = this.allocateEntry();
    if (entry === null) return NXD_MQTT_PACKET_POOL_FAILURE;
    const id = engine.queue.allocateId();
    if (id === 0) return discard(entry);
    if (buildPublish(entry, topic, topicLength, bytes, qos, retain, id) !== NX_SUCCESS) return discard(entry);
    if (engine.persistence !== null && engine.persistence.published(entry, id) !== NX_SUCCESS) {
      entry.release();
      return NXD_MQTT_INTERNAL_ERROR;
    }
    engine.queue.add(entry, MQTT_PUBLISH, id);
    this.lastPacketId = id;
    return engine.sendQueued();
  }

  /** Quirk `mqtt-publish-qos3`: both bits of QoS, no identifier, and an entry that no acknowledgement will ever release. */
  private publishQos3(topic: MqttText, topicLength: number, payload: MqttText, retain: boolean): Status {
    const { engine } = this;
    if (engine.state !== MQTT_STATE_CONNECTED) return NXD_MQTT_NOT_CONNECTED;
    const entry = this.allocateEntry();
    if (entry === null) return NXD_MQTT_PACKET_POOL_FAILURE;
    const at = entry.append;
    if (buildPublish(entry, topic, topicLength, octets(payload), 0, retain, 0) !== NX_SUCCESS) return discard(entry);
    entry.bytes[at] = (entry.bytes[at] as number) | 6;
    engine.queue.add(entry, MQTT_PUBLISH, 0);
    return engine.sendQueued();
  }

  /**
   * Publishes a message whose payload `source` gives piece by piece, as the stream takes it (extension `chainedPackets`;
   * NX_NOT_SUPPORTED without). The client keeps none of it: until it is acknowledged the source is asked again, from its
   * beginning, after each reconnect, and a store keeps no such message. Statuses as `publish`.
   */
  publishFrom(topic: MqttText, source: MqttPayloadSource, retain: boolean, qos: number): Status {
    if (!this.chained) return NX_NOT_SUPPORTED;
    const topicLength = checkTopic(topic);
    const { length } = source;
    if (topicLength < 0 || !isQos(qos) || !(Number.isInteger(length) && length >= 0)) return NXD_MQTT_INVALID_PARAMETER;
    const { engine } = this;
    if (qos === 2 && !engine.qos2) return NXD_MQTT_QOS2_NOT_SUPPORTED;
    if (!publishFits(topicLength, length)) return NXD_MQTT_INVALID_PARAMETER;
    if (engine.state !== MQTT_STATE_CONNECTED) return NXD_MQTT_NOT_CONNECTED;
    if (!engine.admit()) return NX_TX_QUEUE_DEPTH;
    const { stream } = engine.sender;
    const header = qos !== 0 ? this.allocateEntry() : stream === null ? null : stream.allocate();
    if (header === null) return NXD_MQTT_PACKET_POOL_FAILURE;
    const id = qos === 0 ? 0 : engine.queue.allocateId();
    if (qos !== 0 && id === 0) return discard(header);
    if (buildPublishHeader(header, topic, topicLength, length, qos, retain, id) !== NX_SUCCESS) return discard(header);
    engine.queue.sources.set(header, source);
    if (qos === 0) return engine.send(header, MQTT_PUBLISH, 0);
    engine.queue.add(header, MQTT_PUBLISH, id);
    this.lastPacketId = id;
    return engine.sendQueued();
  }

  /** A source that had nothing to give has something now. */
  payloadReady(): void {
    this.engine.sender.bodyReady();
    this.engine.sendQueued();
  }

  /**
   * Asks for a subscription; answers before SUBACK, which the listener hears as `acknowledged`. Statuses as `publish`; QoS 0
   * or 1, with its extension 2.
   */
  subscribe(filter: MqttText, qos: number): Status {
    const length = checkFilter(filter);
    if (length < 0 || !isQos(qos)) return NXD_MQTT_INVALID_PARAMETER;
    if (qos === 2 && !this.engine.qos2) return NXD_MQTT_QOS2_NOT_SUPPORTED;
    return this.request(MQTT_SUBSCRIBE, filter, length, qos);
  }

  /** Takes a subscription back; answers before UNSUBACK. Statuses as `subscribe`. */
  unsubscribe(filter: MqttText): Status {
    const length = checkFilter(filter);
    if (length < 0) return NXD_MQTT_INVALID_PARAMETER;
    return this.request(MQTT_UNSUBSCRIBE, filter, length, 0);
  }

  /**
   * Copies the oldest received message into the caller's buffers and releases it. NXD_MQTT_NO_MESSAGE at once when there is
   * none; NXD_MQTT_INSUFFICIENT_BUFFER_SPACE when a buffer is too small, and the message stays.
   */
  messageGet(into: MqttMessageBuffers): Status {
    if (this.engine.isDeleted) return NXD_MQTT_NO_MESSAGE;
    const status = this.engine.received.get(into);
    this.engine.messageTaken();
    return status;
  }

  /**
   * The oldest received message, if it is too large to be held and is received piece by piece (extension `chainedPackets`);
   * otherwise null. Until then `receive` answers null and `messageGet` NXD_MQTT_INSUFFICIENT_BUFFER_SPACE.
   */
  receiveStream(): MqttMessageStream | null {
    return this.engine.received.openStream();
  }

  /** The oldest received message is one for {@link receiveStream}. */
  get isStreamNext(): boolean {
    return this.engine.received.isStreamNext;
  }

  /** The oldest received message in memory of its own, or null when there is none. */
  receive(): MqttMessage | null {
    const message = this.engine.received.take();
    this.engine.messageTaken();
    return message;
  }

  /**
   * Ends the connection: what was accepted is still sent, then DISCONNECT, then the stream is closed. The receive queue is
   * emptied; unacknowledged messages stay in the transmit queue. NX_IN_PROGRESS: `disconnected` follows; NXD_MQTT_SUCCESS:
   * there was nothing to end, or an attempt was called off (`connected` follows with NXD_MQTT_CONNECT_FAILURE).
   */
  disconnect(): Status {
    return this.engine.disconnect();
  }

  /**
   * Releases both queues, and closes the stream without DISCONNECT, so that the broker publishes the will. The client cannot
   * be used again. NX_PTR_ERROR when it was deleted before.
   */
  delete(): Status {
    if (this.engine.isDeleted) return NX_PTR_ERROR;
    this.engine.delete();
    return NXD_MQTT_SUCCESS;
  }

  /** Why the last connection ended or was not made. */
  failure(): MqttFailure {
    return describeFailure(this.engine);
  }

  /** The session as plain data: state, identifiers in flight, queues, timers, what would be sent again. */
  inspect(): MqttInspection {
    return inspectEngine(this.engine);
  }

  private request(type: number, filter: MqttText, length: number, qos: number): Status {
    const { engine } = this;
    if (engine.state !== MQTT_STATE_CONNECTED) return NXD_MQTT_NOT_CONNECTED;
    if (!engine.admit()) return NX_TX_QUEUE_DEPTH;
    const entry = this.allocateEntry();
    if (entry === null) return NXD_MQTT_PACKET_POOL_FAILURE;
    const id = engine.queue.allocateId();
    if (id === 0) return discard(entry);
    if (buildRequest(entry, type, filter, length, qos, id) !== NX_SUCCESS) return discard(entry);
    engine.queue.add(entry, type, id);
    engine.requested(filter, qos, type === MQTT_SUBSCRIBE, id);
    this.lastPacketId = id;
    return engine.sendQueued();
  }

  /** A packet for the transmit queue, unless that is full or the pool is down to its reserve. */
  private allocateEntry(): Packet | null {
    const { pool, queue } = this.engine;
    if (this.transmitQueueMaximum > 0 && queue.count >= this.transmitQueueMaximum) return null;
    return pool.available > this.reserve ? pool.allocate(0) : null;
  }
}

const NOTHING = new Uint8Array(0);

function discard(packet: Packet): Status {
  packet.release();
  return NXD_MQTT_PACKET_POOL_FAILURE;
}

function octets(data: MqttText): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}

function isQos(qos: number): boolean {
  return qos === 0 || qos === 1 || qos === 2;
}

/** Octets of a topic name that may be published to, or -1. */
function checkTopic(topic: MqttText): number {
  const reason = typeof topic === 'string' ? checkTopicText(topic) : checkTopicName(topic, 0, topic.length);
  return reason === 0 ? textLength(topic) : -1;
}

/** Octets of a topic filter that may be subscribed to, or -1. */
function checkFilter(filter: MqttText): number {
  const reason = typeof filter === 'string' ? checkFilterText(filter) : checkTopicFilter(filter, 0, filter.length);
  return reason === 0 ? textLength(filter) : -1;
}
