import {
  DROP_MQTT_CONNACK_AGAIN,
  DROP_MQTT_CONNACK_FLAGS,
  DROP_MQTT_CONNACK_MISSING,
  DROP_MQTT_CONNECT_TIMEOUT,
  DROP_MQTT_DIRECTION,
  DROP_MQTT_LENGTH,
  DROP_MQTT_PACKET_ID_UNKNOWN,
  DROP_MQTT_PACKET_ID_ZERO,
  DROP_MQTT_PEER_CLOSED,
  DROP_MQTT_PING_TIMEOUT,
  DROP_MQTT_PINGRESP_UNASKED,
  DROP_MQTT_QOS2_UNSUPPORTED,
  DROP_MQTT_REFUSED,
  DROP_MQTT_RETURN_CODE,
  DROP_MQTT_SESSION_PRESENT,
  DROP_MQTT_STRING_LENGTH,
  NEVER,
  NX_IN_PROGRESS,
  NX_NO_WAIT,
  NX_SUCCESS,
  NX_WAIT_FOREVER,
  NXD_MQTT_COMMUNICATION_FAILURE,
  NXD_MQTT_CONNECT_FAILURE,
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE,
  NXD_MQTT_SERVER_MESSAGE_FAILURE,
  type Packet,
  type PacketAllocator,
  type Status,
  type StreamConnector,
  TICK,
  type Timed,
  type TimeService,
  TRACE_MQTT_ACKNOWLEDGED,
  TRACE_MQTT_CONNACK,
  TRACE_MQTT_CONNECT,
  TRACE_MQTT_ENDED,
  TRACE_MQTT_PING,
  TRACE_MQTT_PING_ANSWERED,
  TRACE_MQTT_PING_TIMEOUT,
  TRACE_MQTT_POOL_EMPTY,
  TRACE_MQTT_PUBLISH_RECEIVED,
  TRACE_MQTT_PUBLISH_SENT,
  TRACE_MQTT_RESENT,
  TRACE_MQTT_SENT,
  TRACE_MQTT_STATE,
  TRACE_MQTT_VIOLATION,
  type Tracer,
} from '@strata/contracts';
import { buildAcknowledgement, buildConnect, type ConnectParts, connectFlags } from './build.ts';
import {
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_DISCONNECT,
  MQTT_PINGREQ,
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
import { Connection, type ConnectionOwner } from './connection.ts';
import { FRAME_COMPLETE, FRAME_INCOMPLETE, Inbound } from './inbound.ts';
import { KEEP_ALIVE_PING, KEEP_ALIVE_TIMEOUT, KeepAlive } from './keep-alive.ts';
import { Notifier } from './notifier.ts';
import type { MqttClientOptions } from './options.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { Sender, type SenderOwner } from './sender.ts';
import { TransmitQueue } from './transmit-queue.ts';

/** States of a client. 1 to 3 are NetX Duo's; 4 is what NetX spends inside a blocking call. */
export const MQTT_STATE_DELETED = 0;
export const MQTT_STATE_IDLE = 1;
export const MQTT_STATE_CONNECTING = 2;
export const MQTT_STATE_CONNECTED = 3;
export const MQTT_STATE_DISCONNECTING = 4;

/** States each state may go to, as a bit set by number. */
const EDGES: readonly number[] = [
  0,
  (1 << MQTT_STATE_CONNECTING) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_CONNECTED) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_DISCONNECTING) | (1 << MQTT_STATE_DELETED),
  (1 << MQTT_STATE_IDLE) | (1 << MQTT_STATE_DELETED),
];

/** Counted since the client was made. */
export interface MqttCounters {
  packetsSent: number;
  packetsReceived: number;
  messagesSent: number;
  messagesReceived: number;
  messagesResent: number;
  pings: number;
  violations: number;
  /** Times a packet was needed and the pool was empty. */
  poolEmpty: number;
}

/**
 * The client's protocol machine: connecting, what arrives, what is due, how it ends. It is told what happens by the stream,
 * the clock and {@link MqttClient}'s methods, processes it to the end, and leaves the telling of the application to the
 * notifier.
 */
export class Engine implements ConnectionOwner, SenderOwner, Timed {
  state: number;
  readonly counters: MqttCounters;
  readonly queue: TransmitQueue;
  readonly received: ReceiveQueue;
  readonly sender: Sender;
  readonly inbound: Inbound;
  readonly keepAlive: KeepAlive;
  readonly notifier: Notifier;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly tracer: Tracer | null;
  /** What CONNECT will say. */
  parts: ConnectParts;
  /** How the last connection, or the last attempt, ended. */
  endStatus: Status;
  endReason: number;
  endCause: Status;
  /** A method was answered NX_TX_QUEUE_DEPTH; `writable` is owed. */
  refused: boolean;
  /** What has arrived cannot be processed yet: the pool is empty, or too many acknowledgements wait for the stream. */
  stalled: boolean;
  private connection: Connection | null;
  private deleted: boolean;
  private wait: number;
  private connectDeadline: number;
  private closeDeadline: number;
  private retryAt: number;
  private readonly sendQueueMaximum: number;
  private readonly closeTimeout: number;
  private readonly alarm: ReturnType<TimeService['alarm']>;

  constructor(options: MqttClientOptions, parts: ConnectParts) {
    this.state = MQTT_STATE_IDLE;
    this.counters = {
      packetsSent: 0,
      packetsReceived: 0,
      messagesSent: 0,
      messagesReceived: 0,
      messagesResent: 0,
      pings: 0,
      violations: 0,
      poolEmpty: 0,
    };
    const { pool, time } = options;
    this.tracer = options.tracer ?? null;
    this.queue = new TransmitQueue(options.quirks?.includes('mqtt-packet-id-reset') ?? false);
    this.received = new ReceiveQueue();
    this.sender = new Sender(this, this.queue, this.tracer);
    this.inbound = new Inbound(options.maximumPacketSize ?? Math.max(1024, (pool.payloadSize * pool.available) >> 1));
    this.keepAlive = new KeepAlive(options.pingTimeoutTicks ?? 100);
    this.notifier = new Notifier(time, options.listener ?? null);
    this.pool = pool;
    this.time = time;
    this.parts = parts;
    this.endStatus = NX_SUCCESS;
    this.endReason = 0;
    this.endCause = NX_SUCCESS;
    this.refused = false;
    this.stalled = false;
    this.connection = null;
    this.deleted = false;
    this.wait = NEVER;
    this.connectDeadline = NEVER;
    this.closeDeadline = NEVER;
    this.retryAt = NEVER;
    this.sendQueueMaximum = options.sendQueueMaximum ?? 20;
    this.closeTimeout = (options.closeTimeoutTicks ?? 3000) * TICK;
    this.alarm = time.alarm(this);
  }

  get now(): number {
    return this.time.now;
  }

  /** Whether a method may hand over another control packet now; if not, `writable` will be called. */
  admit(): boolean {
    if (this.sender.waiting < this.sendQueueMaximum) return true;
    this.refused = true;
    return false;
  }

  /** From idle: begins to connect with {@link parts}. */
  begin(connector: StreamConnector, waitTicks: number): Status {
    const now = this.time.now;
    this.endStatus = NX_SUCCESS;
    this.endReason = 0;
    this.endCause = NX_SUCCESS;
    this.transition(MQTT_STATE_CONNECTING);
    this.keepAlive.begin(this.parts.keepAlive, now);
    this.wait = waitTicks === NX_NO_WAIT || waitTicks === NX_WAIT_FOREVER ? NEVER : waitTicks * TICK;
    this.connectDeadline = now + this.wait;
    const connection = new Connection(this);
    this.connection = connection;
    if (!connection.open(connector) && this.connection === connection) {
      connection.abandon(true);
      this.release();
      this.transition(MQTT_STATE_IDLE);
      this.endStatus = NXD_MQTT_CONNECT_FAILURE;
      return NXD_MQTT_CONNECT_FAILURE;
    }
    if (this.connection === connection && connection.isOpen) this.streamEstablished();
    this.arm();
    return NX_IN_PROGRESS;
  }

  /** Sends DISCONNECT behind what waits, closes, and empties the receive queue; the transmit queue stays. */
  disconnect(): Status {
    this.received.clear();
    switch (this.state) {
      case MQTT_STATE_CONNECTING:
        this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
        return NX_SUCCESS;
      case MQTT_STATE_CONNECTED:
        this.inbound.clear();
        this.stalled = false;
        this.closing(NX_SUCCESS, 0);
        this.sender.pingWanted = false;
        this.sender.disconnectWanted = true;
        this.pump();
        this.arm();
        return NX_IN_PROGRESS;
      case MQTT_STATE_DISCONNECTING:
        return NX_IN_PROGRESS;
      default:
        return NX_SUCCESS;
    }
  }

  /** Releases both queues and closes without DISCONNECT, so that the broker publishes the will. */
  delete(): void {
    this.deleted = true;
    this.received.clear();
    switch (this.state) {
      case MQTT_STATE_CONNECTING:
        this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
        this.finishDelete();
        break;
      case MQTT_STATE_CONNECTED:
        this.closing(NX_SUCCESS, 0);
        this.closeStream(false);
        this.queue.clear();
        break;
      case MQTT_STATE_DISCONNECTING:
        this.closeStream(false);
        this.queue.clear();
        break;
      default:
        this.finishDelete();
    }
    this.arm();
  }

  get isDeleted(): boolean {
    return this.deleted;
  }

  /** Sends what can be sent, after a method or an event added something. */
  pump(): Status {
    const status = this.sender.pump();
    return status === NX_SUCCESS ? NX_SUCCESS : this.lost(status);
  }

  /** The stream refused for good: the connection is over. Answers what the caller of a method is told. */
  private lost(status: Status): Status {
    this.endCause = status;
    if (this.state === MQTT_STATE_CONNECTING) this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
    else this.close(NXD_MQTT_COMMUNICATION_FAILURE, 0, true);
    return NXD_MQTT_COMMUNICATION_FAILURE;
  }

  /** Sends one packet of the caller's in its turn. */
  send(packet: Packet, type: number, id: number): Status {
    const status = this.sender.send(packet, type, id);
    const answer = status === NX_SUCCESS ? NX_SUCCESS : this.lost(status);
    this.arm();
    return answer;
  }

  /** The transmit queue has a new entry. */
  sendQueued(): Status {
    const answer = this.pump();
    this.arm();
    return answer;
  }

  /* What the stream says. */

  streamEstablished(): void {
    const stream = (this.connection as Connection).stream;
    // Told before `connect` has returned the stream: `begin` comes back to it.
    if (stream === null || this.state !== MQTT_STATE_CONNECTING || this.sender.stream !== null) return;
    this.connectDeadline = this.time.now + this.wait;
    this.sender.stream = stream;
    this.sender.connectWanted = true;
    this.pump();
    this.arm();
  }

  streamReceivable(): void {
    this.receive();
    this.arm();
  }

  streamSendable(): void {
    this.sender.unblock();
    this.resume();
    this.arm();
  }

  streamPeerFinished(): void {
    this.receive();
    if (this.state === MQTT_STATE_CONNECTED) this.close(NXD_MQTT_COMMUNICATION_FAILURE, DROP_MQTT_PEER_CLOSED, false);
    else if (this.state === MQTT_STATE_CONNECTING)
      this.failConnect(NXD_MQTT_CONNECT_FAILURE, DROP_MQTT_PEER_CLOSED, -1);
    else if (this.state === MQTT_STATE_DISCONNECTING) this.closeStream(false);
    this.arm();
  }

  streamClosed(reason: Status): void {
    this.endCause = reason;
    if (this.state === MQTT_STATE_CONNECTING) this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
    else if (this.state === MQTT_STATE_CONNECTED) {
      this.closing(NXD_MQTT_COMMUNICATION_FAILURE, reason === NX_SUCCESS ? DROP_MQTT_PEER_CLOSED : 0);
      this.ended();
    } else if (this.state === MQTT_STATE_DISCONNECTING) this.ended();
    this.arm();
  }

  /* What the clock says. */

  nextDeadline(): number {
    let deadline = Math.min(this.connectDeadline, this.closeDeadline, this.retryAt);
    if (this.state === MQTT_STATE_CONNECTED) deadline = Math.min(deadline, this.keepAlive.nextLook());
    return deadline;
  }

  onTime(now: number): void {
    if (now >= this.retryAt) {
      this.retryAt = NEVER;
      this.resume();
    }
    if (now >= this.connectDeadline) {
      // Without CONNACK the stream was there and the broker silent; without a stream there was no connection.
      const status = this.sender.stream === null ? NXD_MQTT_CONNECT_FAILURE : NXD_MQTT_COMMUNICATION_FAILURE;
      this.failConnect(status, DROP_MQTT_CONNECT_TIMEOUT, -1);
    }
    if (now >= this.closeDeadline) {
      this.connection?.abandon(true);
      this.ended();
    }
    if (this.state === MQTT_STATE_CONNECTED) {
      const action = this.keepAlive.check(now, this.stalled);
      if (action === KEEP_ALIVE_PING) {
        this.sender.pingWanted = true;
        this.pump();
      } else if (action === KEEP_ALIVE_TIMEOUT) {
        const since = this.keepAlive.outstanding ? now - this.keepAlive.pingSentAt : 0;
        if (this.tracer !== null) this.tracer.event(TRACE_MQTT_PING_TIMEOUT, since, 0, 0, 0, null);
        this.close(NXD_MQTT_COMMUNICATION_FAILURE, DROP_MQTT_PING_TIMEOUT, false);
      }
    }
    this.arm();
  }

  /* What the sender asks. */

  writeConnect(packet: Packet): Status {
    // On CONNECT with a clean session what the last session left is dropped (MQTT-3.1.2-6).
    if (this.parts.cleanSession) this.queue.clear();
    return buildConnect(packet, this.parts);
  }

  sent(type: number, octet: number, id: number, size: number, before: number): void {
    const { tracer, counters } = this;
    const now = this.time.now;
    this.keepAlive.sent(now);
    counters.packetsSent++;
    if (this.state === MQTT_STATE_DISCONNECTING) this.closeDeadline = now + this.closeTimeout;
    if (type === MQTT_PUBLISH) {
      const qos = (octet >> 1) & 3;
      if (before > 0) {
        counters.messagesResent++;
        if (tracer !== null) tracer.event(TRACE_MQTT_RESENT, qos, id, size, before, null);
      } else {
        counters.messagesSent++;
        if (tracer !== null) tracer.event(TRACE_MQTT_PUBLISH_SENT, qos, id, size, octet & 1, null);
      }
    } else if (type === MQTT_PINGREQ) {
      counters.pings++;
      this.keepAlive.pingSent(now);
      if (tracer !== null) tracer.event(TRACE_MQTT_PING, this.keepAlive.seconds, 0, 0, 0, null);
    } else if (type === MQTT_CONNECT) {
      const { parts } = this;
      const kept = tracer === null ? 0 : this.queue.messages();
      if (tracer !== null) tracer.event(TRACE_MQTT_CONNECT, parts.keepAlive, connectFlags(parts), size, kept, null);
    } else {
      if (tracer !== null) tracer.event(TRACE_MQTT_SENT, type, id, size, 0, null);
      // MQTT-3.14.4-1: the connection is closed after DISCONNECT.
      if (type === MQTT_DISCONNECT) this.connection?.close(false);
    }
    if (this.refused && this.sender.waiting < this.sendQueueMaximum) {
      this.refused = false;
      this.notifier.writable();
    }
  }

  starved(type: number): void {
    this.counters.poolEmpty++;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_POOL_EMPTY, type, 0, 0, 0, null);
    this.retryAt = Math.min(this.retryAt, this.time.now + TICK);
  }

  /* What arrives. */

  /** Goes on after the stream or the pool has room again. */
  private resume(): void {
    this.pump();
    if (!this.stalled) return;
    this.stalled = false;
    this.receive();
  }

  private receive(): void {
    const { connection, inbound } = this;
    if (connection === null || this.stalled) return;
    const stream = connection.stream;
    if (stream === null) return;
    for (;;) {
      while (this.state === MQTT_STATE_CONNECTED || this.state === MQTT_STATE_CONNECTING) {
        const found = inbound.scan();
        if (found === FRAME_INCOMPLETE) break;
        if (found !== FRAME_COMPLETE) this.violation(found);
        else if (!this.handle()) {
          this.stalled = true;
          return;
        }
      }
      if (this.state !== MQTT_STATE_CONNECTED && this.state !== MQTT_STATE_CONNECTING) {
        if (this.connection === connection) connection.drain();
        return;
      }
      const packet = stream.receive();
      if (packet === null) return;
      inbound.push(packet);
    }
  }

  /** Processes the control packet at the front. False: it stays, for want of packets or of room to answer. */
  private handle(): boolean {
    const { inbound } = this;
    const type = inbound.octet >> 4;
    if (this.state === MQTT_STATE_CONNECTING && (type !== MQTT_CONNACK || this.sender.connectWanted)) {
      this.violation(DROP_MQTT_CONNACK_MISSING);
      return true;
    }
    if (type === MQTT_PUBLISH) return this.handlePublish();
    this.counters.packetsReceived++;
    const reason = this.handleControl(type);
    if (reason !== 0) this.violation(reason);
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
    if (this.state !== MQTT_STATE_CONNECTING) return DROP_MQTT_CONNACK_AGAIN;
    const { inbound } = this;
    inbound.look(4);
    const flags = inbound.bytes[inbound.at + 2] as number;
    const returnCode = inbound.bytes[inbound.at + 3] as number;
    if (flags > 1) return DROP_MQTT_CONNACK_FLAGS;
    if (returnCode > 5) return DROP_MQTT_RETURN_CODE;
    // A clean session has no past, and neither has a refused one (MQTT-3.2.2-1, -4).
    if (flags === 1 && (this.parts.cleanSession || returnCode !== 0)) return DROP_MQTT_SESSION_PRESENT;
    inbound.skip();
    const status = returnCode === 0 ? NX_SUCCESS : NXD_MQTT_ERROR_CONNECT_RETURN_CODE + returnCode;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_CONNACK, returnCode, flags, status, 0, null);
    if (returnCode !== 0) {
      this.failConnect(status, DROP_MQTT_REFUSED, returnCode);
      return 0;
    }
    this.connectDeadline = NEVER;
    this.transition(MQTT_STATE_CONNECTED);
    this.queue.nextId = 1;
    this.queue.rewind();
    this.sender.open = true;
    this.notifier.connected(NX_SUCCESS, 0, flags === 1);
    this.pump();
    return 0;
  }

  private handleAcknowledgement(type: number, answered: number): number {
    const { inbound } = this;
    inbound.look(inbound.headerSize + inbound.remaining);
    const at = inbound.at + inbound.headerSize;
    const id = ((inbound.bytes[at] as number) << 8) | (inbound.bytes[at + 1] as number);
    const code = type === MQTT_SUBACK ? (inbound.bytes[at + 2] as number) : 0;
    if (id === 0) return DROP_MQTT_PACKET_ID_ZERO;
    if (code > 2 && code !== SUBACK_FAILURE) return DROP_MQTT_RETURN_CODE;
    if (!this.queue.acknowledge(answered, id)) return DROP_MQTT_PACKET_ID_UNKNOWN;
    inbound.skip();
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_ACKNOWLEDGED, type, id, code, this.queue.count, null);
    this.notifier.acknowledged(type, id, code);
    return 0;
  }

  private handlePingresp(): number {
    const { keepAlive } = this;
    if (!keepAlive.outstanding) return DROP_MQTT_PINGRESP_UNASKED;
    keepAlive.outstanding = false;
    this.inbound.skip();
    if (this.tracer !== null) {
      this.tracer.event(TRACE_MQTT_PING_ANSWERED, this.time.now - keepAlive.pingSentAt, 0, 0, 0, null);
    }
    return 0;
  }

  private handlePublish(): boolean {
    const { inbound } = this;
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
      this.counters.packetsReceived++;
      this.violation(reason);
      return true;
    }
    let answer: Packet | null = null;
    if (qos === 1) {
      // What cannot be acknowledged is not taken: the stream's window then holds the broker back.
      if (this.sender.backlog >= this.sendQueueMaximum) return false;
      answer = this.sender.stream === null ? null : this.sender.stream.allocate();
      if (answer === null) {
        this.starved(MQTT_PUBACK);
        return false;
      }
    }
    const packet = inbound.take(this.pool);
    if (packet === null) {
      answer?.release();
      this.starved(MQTT_PUBLISH);
      return false;
    }
    const size = packet.length;
    this.counters.packetsReceived++;
    this.counters.messagesReceived++;
    this.received.add(packet, octet, id, topicAt, topicLength);
    if (this.tracer !== null)
      this.tracer.event(TRACE_MQTT_PUBLISH_RECEIVED, qos, id, size, this.received.count, packet);
    this.notifier.received(this.received.count);
    if (answer !== null) {
      buildAcknowledgement(answer, MQTT_PUBACK, id);
      const status = this.sender.send(answer, MQTT_PUBACK, id);
      if (status !== NX_SUCCESS) this.lost(status);
    }
    return true;
  }

  /* How it ends. */

  private violation(reason: number): void {
    this.counters.violations++;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_VIOLATION, reason, this.inbound.octet, 0, 0, null);
    if (this.state === MQTT_STATE_CONNECTING) this.failConnect(NXD_MQTT_SERVER_MESSAGE_FAILURE, reason, -1);
    else this.close(NXD_MQTT_SERVER_MESSAGE_FAILURE, reason, false);
  }

  /** The attempt is over: the stream is cut off (NetX sends RST), the client is idle again. Login and will stay set. */
  private failConnect(status: Status, reason: number, returnCode: number): void {
    const { connection } = this;
    this.endStatus = status;
    this.endReason = reason;
    this.release();
    connection?.abandon(true);
    this.transition(MQTT_STATE_IDLE);
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_ENDED, status, reason, this.endCause, 0, null);
    this.notifier.connected(status, returnCode, false);
    this.arm();
  }

  /** Ends a connection that had been made; {@link ended} follows when the stream is over. */
  private close(status: Status, reason: number, abort: boolean): void {
    if (this.state === MQTT_STATE_CONNECTED) this.closing(status, reason);
    this.closeStream(abort);
  }

  private closing(status: Status, reason: number): void {
    this.endStatus = status;
    this.endReason = reason;
    this.transition(MQTT_STATE_DISCONNECTING);
    this.closeDeadline = this.time.now + this.closeTimeout;
  }

  private closeStream(abort: boolean): void {
    this.sender.clear();
    this.inbound.clear();
    this.stalled = false;
    this.retryAt = NEVER;
    this.connection?.close(abort);
    this.connection?.drain();
  }

  private ended(): void {
    this.release();
    this.queue.dropRequests();
    // NetX forgets login and will with every connection that ends: they are to be set again (NetX Duo MQTT 3).
    this.parts = { ...this.parts, willTopic: null, willMessage: NOTHING, willFlags: 0, username: null, password: null };
    if (this.tracer !== null)
      this.tracer.event(TRACE_MQTT_ENDED, this.endStatus, this.endReason, this.endCause, 0, null);
    this.transition(MQTT_STATE_IDLE);
    this.notifier.disconnected(this.endStatus);
    if (this.deleted) this.finishDelete();
  }

  /** Lets go of the connection and of all that belonged to it alone. */
  private release(): void {
    this.connection = null;
    this.sender.clear();
    this.inbound.clear();
    this.stalled = false;
    this.refused = false;
    this.keepAlive.end();
    this.connectDeadline = NEVER;
    this.closeDeadline = NEVER;
    this.retryAt = NEVER;
  }

  private finishDelete(): void {
    this.queue.clear();
    this.received.clear();
    this.transition(MQTT_STATE_DELETED);
    this.alarm.cancel();
  }

  private transition(next: number): void {
    const from = this.state;
    if (((EDGES[from] as number) & (1 << next)) === 0) throw new Error(`mqtt: no way from state ${from} to ${next}`);
    this.state = next;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_STATE, from, next, 0, 0, null);
  }

  private arm(): void {
    if (this.state !== MQTT_STATE_DELETED) this.alarm.set(this.nextDeadline());
  }
}

const NOTHING = new Uint8Array(0);
