import {
  DROP_MQTT_CONNECT_TIMEOUT,
  DROP_MQTT_CUT_OFF,
  DROP_MQTT_PEER_CLOSED,
  DROP_MQTT_PING_TIMEOUT,
  DROP_MQTT_REFUSED,
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
  TRACE_MQTT_CONNECT,
  TRACE_MQTT_ENDED,
  TRACE_MQTT_PING,
  TRACE_MQTT_PING_TIMEOUT,
  TRACE_MQTT_POOL_EMPTY,
  TRACE_MQTT_PUBLISH_SENT,
  TRACE_MQTT_RESENT,
  TRACE_MQTT_RESTORED,
  TRACE_MQTT_SENT,
  TRACE_MQTT_STATE,
  TRACE_MQTT_VIOLATION,
  type Tracer,
} from '@strata/contracts';
import { buildConnect, type ConnectParts, connectFlags } from './build.ts';
import { MQTT_CONNECT, MQTT_DISCONNECT, MQTT_PINGREQ, MQTT_PUBLISH, MQTT_SUBSCRIBE } from './codec/control-packet.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { IdSet } from './id-set.ts';
import { Incoming, type IncomingOwner } from './incoming.ts';
import { KEEP_ALIVE_PING, KEEP_ALIVE_TIMEOUT, KeepAlive } from './keep-alive.ts';
import { Notifier } from './notifier.ts';
import type { MqttClientOptions, MqttText } from './options.ts';
import { Persistence } from './persistence.ts';
import { type MqttQuirks, quirksOf } from './quirks.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { Reconnector } from './reconnector.ts';
import { Sender, type SenderOwner } from './sender.ts';
import {
  MQTT_STATE_CONNECTED,
  MQTT_STATE_CONNECTING,
  MQTT_STATE_DELETED,
  MQTT_STATE_DISCONNECTING,
  MQTT_STATE_EDGES,
  MQTT_STATE_IDLE,
  type MqttCounters,
} from './state.ts';
import { Subscriptions } from './subscriptions.ts';
import { TransmitQueue } from './transmit-queue.ts';

/**
 * The client's protocol machine: connecting, what arrives, what is due, how it ends. It is told what happens by the stream,
 * the clock and {@link MqttClient}'s methods, processes it to the end, and leaves the telling of the application to the
 * notifier.
 */
export class Engine implements ConnectionOwner, IncomingOwner, SenderOwner, Timed {
  state: number;
  readonly counters: MqttCounters;
  readonly queue: TransmitQueue;
  readonly received: ReceiveQueue;
  readonly sender: Sender;
  readonly incoming: Incoming;
  readonly keepAlive: KeepAlive;
  readonly notifier: Notifier;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly tracer: Tracer | null;
  readonly quirks: MqttQuirks;
  readonly qos2: boolean;
  readonly held: IdSet;
  readonly known: IdSet;
  readonly persistence: Persistence | null;
  readonly subscriptions: Subscriptions | null;
  readonly reconnector: Reconnector;
  /** The broker went on with a session of before. */
  resumed: boolean;
  /** What CONNECT will say. */
  parts: ConnectParts;
  /** How the last connection, or the last attempt, ended. */
  endStatus: Status;
  endReason: number;
  endCause: Status;
  /** A method was answered NX_TX_QUEUE_DEPTH; `writable` is owed. */
  refused: boolean;
  private connection: Connection | null;
  /** The broker has closed its direction, and not all that came before has been read. */
  private peerFinished: boolean;
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
    const extensions = options.extensions ?? {};
    this.qos2 = extensions.qos2 ?? false;
    this.quirks = quirksOf(options.quirks ?? []);
    this.held = new IdSet();
    this.known = new IdSet();
    this.persistence = extensions.store === undefined ? null : new Persistence(extensions.store);
    this.reconnector = new Reconnector(extensions.reconnect, this.tracer);
    this.subscriptions = this.reconnector.backoff?.resubscribe ? new Subscriptions(this.persistence) : null;
    this.resumed = false;
    const inFlight = extensions.inFlightMaximum ?? 0;
    this.queue = new TransmitQueue(this.quirks.packetIdReset, inFlight);
    this.received = new ReceiveQueue(this.persistence);
    this.sender = new Sender(this, this.queue, this.tracer);
    this.incoming = new Incoming(
      this,
      options.maximumPacketSize ?? Math.max(1024, (pool.payloadSize * pool.available) >> 1),
      options.sendQueueMaximum ?? 20,
      pool.available >> 1,
      extensions.chainedPackets ?? false,
    );
    this.keepAlive = new KeepAlive(options.pingTimeoutTicks ?? 100);
    this.notifier = new Notifier(time, options.listener ?? null);
    this.pool = pool;
    this.time = time;
    this.parts = parts;
    this.endStatus = NX_SUCCESS;
    this.endReason = 0;
    this.endCause = NX_SUCCESS;
    this.refused = false;
    this.connection = null;
    this.peerFinished = false;
    this.deleted = false;
    this.wait = NEVER;
    this.connectDeadline = NEVER;
    this.closeDeadline = NEVER;
    this.retryAt = NEVER;
    this.sendQueueMaximum = options.sendQueueMaximum ?? 20;
    this.closeTimeout = (options.closeTimeoutTicks ?? 3000) * TICK;
    this.alarm = time.alarm(this);
    this.restore();
  }

  /** Takes up the session that the store kept. */
  private restore(): void {
    const { persistence, queue, received, held, subscriptions, pool, tracer } = this;
    if (persistence === null) return;
    persistence.restore(this.parts.clientId, pool, { queue, received, held, subscriptions });
    if (tracer !== null) tracer.event(TRACE_MQTT_RESTORED, queue.count, received.count, held.count, 0, null);
    if (received.count > 0) this.notifier.received(received.count);
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

  /** From idle, as the application asks: begins to connect with {@link parts}. */
  open(connector: StreamConnector, waitTicks: number): Status {
    this.reconnector.asked(connector, waitTicks);
    if (this.parts.cleanSession) this.subscriptions?.clear();
    if (this.persistence !== null) this.persistence.active = !this.parts.cleanSession;
    return this.begin(connector, waitTicks);
  }

  private begin(connector: StreamConnector, waitTicks: number): Status {
    const now = this.time.now;
    this.reconnector.at = NEVER;
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
      this.reconnector.failed(NXD_MQTT_CONNECT_FAILURE, now);
      this.arm();
      return NXD_MQTT_CONNECT_FAILURE;
    }
    if (this.connection === connection && connection.isOpen) this.streamEstablished();
    this.arm();
    return NX_IN_PROGRESS;
  }

  /** Sends DISCONNECT behind what waits, closes, and empties the receive queue; the transmit queue stays. */
  disconnect(): Status {
    if (this.quirks.unreadLeak) this.received.forget();
    else this.received.clearUnkept();
    const wasDue = this.reconnector.cancel();
    switch (this.state) {
      case MQTT_STATE_CONNECTING:
        this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
        return NX_SUCCESS;
      case MQTT_STATE_CONNECTED:
        this.incoming.clear();
        this.closing(NX_SUCCESS, 0);
        this.sender.pingWanted = false;
        this.sender.disconnectWanted = true;
        this.pump();
        this.arm();
        return NX_IN_PROGRESS;
      case MQTT_STATE_DISCONNECTING:
        return NX_IN_PROGRESS;
      default:
        if (!wasDue) return NX_SUCCESS;
        this.forgetLogin();
        this.arm();
        return NX_SUCCESS;
    }
  }

  /** Releases both queues and closes without DISCONNECT, so that the broker publishes the will. */
  delete(): void {
    this.deleted = true;
    this.reconnector.cancel();
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

  get returns(): boolean {
    if (this.state === MQTT_STATE_CONNECTED) return false;
    return this.reconnector.at !== NEVER || this.reconnector.persists;
  }

  get isDeleted(): boolean {
    return this.deleted;
  }

  /** Sends what can be sent, after a method or an event added something. */
  pump(): Status {
    const { subscriptions } = this;
    for (;;) {
      const due = subscriptions === null || !this.sender.open ? 0 : subscriptions.due;
      if (subscriptions !== null && due > 0) {
        const room = this.sendQueueMaximum - this.sender.waiting;
        if (!subscriptions.renew(this.queue, this.pool, room)) this.starved(MQTT_SUBSCRIBE);
      }
      const status = this.sender.pump();
      if (status !== NX_SUCCESS) return this.lost(status);
      // What has been handed over makes room for further requests.
      if (subscriptions === null || due === 0 || subscriptions.due === due) return NX_SUCCESS;
    }
  }

  /** The application asked for a subscription, or to take one back, which is now in the transmit queue. */
  requested(filter: MqttText, qos: number, wanted: boolean, id: number): void {
    this.subscriptions?.requested(filter, qos, wanted, id);
  }

  /** The stream refused for good: the connection is over. Answers what the caller of a method is told. */
  lost(status: Status): Status {
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
    this.read();
    this.arm();
  }

  streamSendable(): void {
    this.sender.unblock();
    this.resume();
    this.arm();
  }

  streamPeerFinished(): void {
    this.peerFinished = true;
    this.read();
    this.endIfPeerFinished();
    this.arm();
  }

  /** The broker has finished, and all it sent has been read. */
  private endIfPeerFinished(): void {
    if (!this.peerFinished || (this.incoming.stalled && this.state === MQTT_STATE_CONNECTED)) return;
    this.peerFinished = false;
    const { length, streamedLeft } = this.incoming;
    const reason = length + streamedLeft > 0 ? DROP_MQTT_CUT_OFF : DROP_MQTT_PEER_CLOSED;
    if (this.state === MQTT_STATE_CONNECTED) this.close(NXD_MQTT_COMMUNICATION_FAILURE, reason, false);
    else if (this.state === MQTT_STATE_CONNECTING) this.failConnect(NXD_MQTT_CONNECT_FAILURE, reason, -1);
    else if (this.state === MQTT_STATE_DISCONNECTING) this.closeStream(false);
  }

  streamClosed(reason: Status): void {
    // What made us end it says more than that it ended.
    if (reason !== NX_SUCCESS) this.endCause = reason;
    if (this.state === MQTT_STATE_CONNECTING) this.failConnect(NXD_MQTT_CONNECT_FAILURE, 0, -1);
    else if (this.state === MQTT_STATE_CONNECTED) {
      this.closing(NXD_MQTT_COMMUNICATION_FAILURE, reason === NX_SUCCESS ? DROP_MQTT_PEER_CLOSED : 0);
      this.ended();
    } else if (this.state === MQTT_STATE_DISCONNECTING) this.ended();
    this.arm();
  }

  /** The application has taken a message. */
  messageTaken(): void {
    if (this.incoming.stalled && this.incoming.mayKeepMessage()) {
      this.resume();
      this.arm();
    }
  }

  /** Goes on after the stream or the pool has room again. */
  private resume(): void {
    this.pump();
    if (!this.incoming.stalled) return;
    this.incoming.stalled = false;
    this.read();
    this.endIfPeerFinished();
  }

  private read(): void {
    const { connection } = this;
    if (connection === null || connection.stream === null) return;
    this.incoming.read(connection.stream);
    if (this.connection === connection && this.state === MQTT_STATE_DISCONNECTING) connection.drain();
  }

  /* What the clock says. */

  nextDeadline(): number {
    let deadline = Math.min(this.connectDeadline, this.closeDeadline, this.retryAt, this.reconnector.at);
    if (this.state === MQTT_STATE_CONNECTED) deadline = Math.min(deadline, this.keepAlive.nextLook());
    return deadline;
  }

  /** For {@link inspectEngine}. */
  timers(): { connect: number | null; close: number | null; retry: number | null } {
    const moment = (at: number) => (at === NEVER ? null : at);
    return { connect: moment(this.connectDeadline), close: moment(this.closeDeadline), retry: moment(this.retryAt) };
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
    const { at, connector, waitTicks } = this.reconnector;
    if (now >= at && connector !== null) this.begin(connector, waitTicks);
    if (this.state === MQTT_STATE_CONNECTED) {
      const action = this.keepAlive.check(now, this.incoming.stalled);
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
    if (this.parts.cleanSession) {
      this.queue.clear();
      this.held.clear();
      this.persistence?.forget(this.parts.clientId);
    }
    return buildConnect(packet, this.parts);
  }

  sending(type: number, octet: number, id: number, before: number, packet: Packet): void {
    const { tracer, parts } = this;
    if (tracer === null) return;
    const size = packet.length;
    if (type === MQTT_PUBLISH) {
      const qos = (octet >> 1) & 3;
      if (before > 0) tracer.event(TRACE_MQTT_RESENT, qos, id, size, before, packet);
      else tracer.event(TRACE_MQTT_PUBLISH_SENT, qos, id, size, octet & 1, packet);
    } else if (type === MQTT_PINGREQ) tracer.event(TRACE_MQTT_PING, this.keepAlive.seconds, 0, 0, 0, packet);
    else if (type === MQTT_CONNECT) {
      const kept = this.queue.messages();
      tracer.event(TRACE_MQTT_CONNECT, parts.keepAlive, connectFlags(parts), size, kept, packet);
    } else tracer.event(TRACE_MQTT_SENT, type, id, size, 0, packet);
  }

  sentPiece(): void {
    const now = this.time.now;
    this.keepAlive.sent(now);
    if (this.state === MQTT_STATE_DISCONNECTING) this.closeDeadline = now + this.closeTimeout;
  }

  sent(type: number, before: number): void {
    const { counters } = this;
    const now = this.time.now;
    this.keepAlive.sent(now);
    counters.packetsSent++;
    if (this.state === MQTT_STATE_DISCONNECTING) this.closeDeadline = now + this.closeTimeout;
    if (type === MQTT_PUBLISH) {
      if (before > 0) counters.messagesResent++;
      else counters.messagesSent++;
    } else if (type === MQTT_PINGREQ) {
      counters.pings++;
      this.keepAlive.pingSent(now);
    } else if (type === MQTT_DISCONNECT) {
      // MQTT-3.14.4-1: the connection is closed after DISCONNECT.
      this.connection?.close(false);
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

  /* What the reader of the stream finds. */

  /** CONNACK accepted the connection: what the session kept goes first, in order. */
  accepted(sessionPresent: boolean): void {
    this.connectDeadline = NEVER;
    this.transition(MQTT_STATE_CONNECTED);
    this.reconnector.connected(this.time.now);
    this.resumed = sessionPresent;
    this.known.clear();
    if (!sessionPresent) {
      // The broker begins anew: an identifier it uses now is not the one it used then.
      this.persistence?.forgetHeld(this.held);
      this.held.clear();
    }
    this.subscriptions?.connected(sessionPresent);
    this.queue.nextId = 1;
    this.queue.rewind();
    this.sender.open = true;
    this.notifier.connected(NX_SUCCESS, 0, sessionPresent);
    this.pump();
  }

  /** CONNACK refused it. */
  refusedBy(returnCode: number): void {
    this.failConnect(NXD_MQTT_ERROR_CONNECT_RETURN_CODE + returnCode, DROP_MQTT_REFUSED, returnCode);
  }

  /* How it ends. */

  /** The broker broke the protocol (MQTT-4.8.0-1). */
  violation(reason: number, octet: number): void {
    this.counters.violations++;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_VIOLATION, reason, octet, 0, 0, null);
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
    this.reconnector.failed(status, this.time.now);
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
    this.incoming.clear();
    this.retryAt = NEVER;
    this.connection?.close(abort);
    this.connection?.drain();
  }

  private ended(): void {
    this.release();
    this.queue.dropRequests();
    if (!this.reconnector.persists) this.forgetLogin();
    if (this.tracer !== null)
      this.tracer.event(TRACE_MQTT_ENDED, this.endStatus, this.endReason, this.endCause, 0, null);
    this.transition(MQTT_STATE_IDLE);
    this.notifier.disconnected(this.endStatus);
    if (this.deleted) this.finishDelete();
    else this.reconnector.lost(this.endStatus, this.time.now);
  }

  /** NetX forgets login and will with every connection that ends: they are to be set again (NetX Duo MQTT 3). */
  private forgetLogin(): void {
    this.parts = { ...this.parts, willTopic: null, willMessage: NOTHING, willFlags: 0, username: null, password: null };
  }

  /** Lets go of the connection and of all that belonged to it alone. */
  private release(): void {
    this.connection = null;
    this.peerFinished = false;
    this.sender.clear();
    this.incoming.clear();
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
    if (((MQTT_STATE_EDGES[from] as number) & (1 << next)) === 0)
      throw new Error(`mqtt: no way from state ${from} to ${next}`);
    this.state = next;
    if (this.tracer !== null) this.tracer.event(TRACE_MQTT_STATE, from, next, 0, 0, null);
  }

  private arm(): void {
    if (this.state !== MQTT_STATE_DELETED) this.alarm.set(this.nextDeadline());
  }
}

const NOTHING = new Uint8Array(0);
