import {
  NX_NOT_CONNECTED,
  type PacketStream,
  type StreamConnector,
  type StreamListener,
  TICK,
} from '@strata/contracts';
import {
  decodeMqtt,
  encodeMqtt,
  MQTT_CONNACK,
  MQTT_CONNECT,
  MQTT_DISCONNECT,
  MQTT_PINGREQ,
  MQTT_PINGRESP,
  MQTT_PUBACK,
  MQTT_PUBLISH,
  MQTT_SUBACK,
  MQTT_SUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_UNSUBSCRIBE,
  MqttClient,
  type MqttClientOptions,
  type MqttPacket,
  type PublishPacket,
  topicMatches,
} from '@strata/mqtt';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler } from '@strata/time';
import { FakeStream, type StreamHome } from './scripted-broker.ts';

/** What the broker knows of one client identifier. */
interface Session {
  readonly filters: Map<string, number>;
  /** QoS 1 messages not acknowledged by the client, in order. */
  readonly unacknowledged: PublishPacket[];
  nextId: number;
  stream: FakeStream | null;
  will: PublishPacket | null;
}

/**
 * A small broker in virtual time for several clients: routing, QoS 0 and 1, sessions, wills, retained messages. It counts
 * what passed and can be told to lose PUBACKs or connections.
 */
export class RoutingBroker {
  readonly time: Scheduler;
  readonly sessions: Map<string, Session>;
  readonly retained: Map<string, PublishPacket>;
  /** Every PUBLISH that clients sent. */
  readonly published: PublishPacket[];
  /** Does not answer QoS 1 messages. */
  losesAcknowledgements: boolean;
  private readonly homes: Home[];

  constructor() {
    this.time = new Scheduler();
    this.time.advanceTo(10 * TICK);
    this.sessions = new Map();
    this.retained = new Map();
    this.published = [];
    this.losesAcknowledgements = false;
    this.homes = [];
  }

  client(clientId: string, options: Partial<MqttClientOptions> = {}): Home {
    const home = new Home(this, clientId, options);
    this.homes.push(home);
    return home;
  }

  settle(): void {
    while (this.time.step(this.time.now));
  }

  run(ticks: number): void {
    const until = this.time.now + ticks * TICK;
    while (this.time.step(until));
    this.time.advanceTo(until);
  }

  /** Cuts a client's connection, as a broken cable does. */
  cut(clientId: string): void {
    this.sessions.get(clientId)?.stream?.close(NX_NOT_CONNECTED);
    this.lost(clientId);
    this.settle();
  }

  lost(clientId: string): void {
    const session = this.sessions.get(clientId);
    if (session === undefined || session.stream === null) return;
    session.stream = null;
    if (session.will !== null) this.route(session.will);
    session.will = null;
  }

  /** Deletes all clients; what they held must be back. Returns the packets missing. */
  end(): number {
    for (const { client } of this.homes) client.delete();
    this.run(4000);
    return this.homes.reduce((missing, home) => missing + home.missing(), 0);
  }

  handle(home: Home, stream: FakeStream, packet: MqttPacket): void {
    if (packet.type === MQTT_CONNECT) {
      let session = packet.cleanSession ? undefined : this.sessions.get(packet.clientId);
      const sessionPresent = session !== undefined;
      session ??= { filters: new Map(), unacknowledged: [], nextId: 1, stream: null, will: null };
      this.sessions.set(packet.clientId, session);
      session.stream = stream;
      session.will =
        packet.will === null
          ? null
          : { type: MQTT_PUBLISH, ...packet.will, dup: false, id: packet.will.qos === 0 ? 0 : 1 };
      say(stream, { type: MQTT_CONNACK, sessionPresent, returnCode: 0 });
      for (const kept of session.unacknowledged) say(stream, { ...kept, dup: true });
      return;
    }
    const session = this.sessions.get(home.clientId) as Session;
    switch (packet.type) {
      case MQTT_PUBLISH:
        this.published.push(packet);
        if (packet.qos === 1 && !this.losesAcknowledgements) say(stream, { type: MQTT_PUBACK, id: packet.id });
        this.route(packet);
        return;
      case MQTT_PUBACK: {
        const at = session.unacknowledged.findIndex(({ id }) => id === packet.id);
        if (at >= 0) session.unacknowledged.splice(at, 1);
        return;
      }
      case MQTT_SUBSCRIBE:
        for (const { filter, qos } of packet.subscriptions) session.filters.set(filter, qos);
        say(stream, { type: MQTT_SUBACK, id: packet.id, returnCodes: packet.subscriptions.map(({ qos }) => qos) });
        for (const message of this.retained.values()) {
          if (packet.subscriptions.some(({ filter }) => topicMatches(filter, message.topic)))
            this.deliver(session, message, true);
        }
        return;
      case MQTT_UNSUBSCRIBE:
        for (const filter of packet.filters) session.filters.delete(filter);
        say(stream, { type: MQTT_UNSUBACK, id: packet.id });
        return;
      case MQTT_PINGREQ:
        say(stream, { type: MQTT_PINGRESP });
        return;
      case MQTT_DISCONNECT:
        session.will = null;
        session.stream = null;
        return;
      default:
        throw new Error(`a client does not send type ${packet.type}`);
    }
  }

  private route(message: PublishPacket): void {
    if (message.retain) this.retained.set(message.topic, message);
    for (const session of this.sessions.values()) this.deliver(session, message, false);
  }

  private deliver(session: Session, message: PublishPacket, retain: boolean): void {
    let qos = -1;
    for (const [filter, granted] of session.filters)
      if (topicMatches(filter, message.topic)) qos = Math.max(qos, granted);
    if (qos < 0) return;
    const level = Math.min(qos, message.qos) as 0 | 1;
    if (level === 0) {
      if (session.stream !== null) say(session.stream, { ...message, qos: 0, retain, dup: false, id: 0 });
      return;
    }
    const kept: PublishPacket = { ...message, qos: level, retain, dup: false, id: session.nextId++ };
    session.unacknowledged.push(kept);
    if (session.stream !== null) say(session.stream, kept);
  }
}

function say(stream: FakeStream, packet: MqttPacket): void {
  const { bytes } = encodeMqtt(packet);
  if (bytes === null) throw new Error('the broker cannot say that');
  stream.deliver(bytes);
}

/** One client of a {@link RoutingBroker}, with pools of its own. */
export class Home implements StreamHome {
  readonly connector: StreamConnector;
  readonly clientId: string;
  readonly time: Scheduler;
  readonly pool: PacketPool;
  readonly streamPool: PacketPool;
  readonly networkPool: PacketPool;
  readonly client: MqttClient;
  readonly log: string[];
  private readonly broker: RoutingBroker;
  private buffer: number[];

  constructor(broker: RoutingBroker, clientId: string, options: Partial<MqttClientOptions>) {
    const memory = new PacketMemory(4 << 20);
    this.broker = broker;
    this.clientId = clientId;
    this.time = broker.time;
    this.pool = new PacketPool({ name: 'client', payloadSize: 1536, packets: 64, memory });
    this.streamPool = new PacketPool({ name: 'stream', payloadSize: 1536, packets: 64, memory });
    this.networkPool = new PacketPool({ name: 'network', payloadSize: 1536, packets: 256, memory });
    this.log = [];
    this.buffer = [];
    this.connector = { connect: (listener) => this.open(listener) };
    this.client = new MqttClient({
      clientId,
      time: broker.time,
      pool: this.pool,
      connector: this.connector,
      listener: {
        connected: (status, _code, present) => this.log.push(`connected 0x${status.toString(16)} present=${present}`),
        disconnected: (status) => this.log.push(`disconnected 0x${status.toString(16)}`),
        received: (count) => this.log.push(`received ${count}`),
        acknowledged: (type, id) => this.log.push(`acknowledged ${type} ${id}`),
        writable: () => this.log.push('writable'),
      },
      ...options,
    });
  }

  /** Connects and lets everything happen. */
  connect(options: Parameters<MqttClient['connect']>[0] = {}): MqttClient {
    this.client.connect(options);
    this.broker.settle();
    return this.client;
  }

  /** Everything received, as `topic=payload`. */
  texts(): string[] {
    const texts: string[] = [];
    for (let message = this.client.receive(); message !== null; message = this.client.receive()) {
      texts.push(`${message.topic}=${new TextDecoder().decode(message.payload)}`);
    }
    return texts;
  }

  missing(): number {
    return [this.pool, this.streamPool, this.networkPool].reduce((sum, pool) => sum + pool.total - pool.available, 0);
  }

  heard(stream: FakeStream, bytes: Uint8Array): void {
    this.buffer.push(...bytes);
    for (;;) {
      const { packet, size } = decodeMqtt(Uint8Array.from(this.buffer));
      if (packet === null) return;
      this.buffer = this.buffer.slice(size);
      this.broker.handle(this, stream, packet);
    }
  }

  endedBy(): void {
    this.buffer = [];
    this.broker.lost(this.clientId);
  }

  private open(listener: StreamListener): PacketStream {
    const stream = new FakeStream(this, listener);
    this.buffer = [];
    stream.tell(() => listener.established());
    return stream;
  }
}
