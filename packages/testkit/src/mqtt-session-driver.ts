import {
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  type Random,
  type Status,
  type StreamConnector,
  type StreamListener,
  type Tracer,
} from '@strata/contracts';
import { MemoryMqttStore, MqttClient, type MqttStore, type MqttStoreChange } from '@strata/mqtt';
import type { Host } from '@strata/stack';

/** A message of a scenario: numbered from 0 for each QoS. */
export interface NumberedMessage {
  readonly qos: 1 | 2;
  readonly number: number;
}

/** How an {@link MqttSessionDriver} behaves. */
export interface DriverOptions {
  readonly clientId: string;
  readonly connector: StreamConnector;
  readonly random: Random;
  /** What it publishes, in order. */
  readonly uplinks: readonly NumberedMessage[];
  readonly inFlightMaximum: number;
  readonly keepAliveSeconds: number;
  /** Default: one in memory. */
  readonly store?: MqttStore;
  readonly tracer?: Tracer | null;
}

/** The topic on which a device says something, or is told something. */
export function topicOf(direction: 'up' | 'down', clientId: string, qos: number): string {
  return `${direction}/${clientId}/${qos}`;
}

/**
 * An application with an MQTT client whose connection breaks and whose program dies: publishes what its plan says, notes what
 * it receives, and goes on with its session each time.
 */
export class MqttSessionDriver {
  client: MqttClient;
  /** What the application took, in order. */
  readonly received: NumberedMessage[];
  /** What must not happen. */
  readonly faults: string[];
  /** Both subscriptions were acknowledged once. */
  subscribed: boolean;
  published: number;
  reconnects: number;
  crashes: number;
  private readonly host: Host;
  private readonly options: DriverOptions;
  private readonly store: MortalStore;
  private readonly connector: StreamConnector;
  private stream: { disconnect(abort: boolean): unknown } | null;
  /** QoS 1 and QoS 2 as bits. */
  private granted: number;

  constructor(host: Host, options: DriverOptions) {
    this.received = [];
    this.faults = [];
    this.subscribed = false;
    this.published = 0;
    this.reconnects = 0;
    this.crashes = 0;
    this.host = host;
    this.options = options;
    this.store = new MortalStore(options.store ?? new MemoryMqttStore(), () =>
      host.time.defer({ run: () => this.crash() }),
    );
    this.stream = null;
    this.granted = 0;
    this.connector = {
      connect: (listener: StreamListener) => {
        const stream = options.connector.connect(listener);
        this.stream = stream;
        if (stream === null) return null;
        const send = stream.send.bind(stream);
        // A program that is dead sends nothing, though its last event is still processed to the end here.
        stream.send = (packet) => (this.store.isDead ? packet.release() : send(packet));
        return stream;
      },
    };
    this.client = this.makeClient();
  }

  private makeClient(): MqttClient {
    const { options, host } = this;
    const client: MqttClient = new MqttClient({
      clientId: options.clientId,
      time: host.time,
      pool: host.pool,
      connector: this.connector,
      tracer: options.tracer === undefined ? host.tracer : options.tracer,
      extensions: {
        qos2: true,
        inFlightMaximum: options.inFlightMaximum,
        store: this.store,
        reconnect: { random: options.random, minimumSeconds: 0.05, maximumSeconds: 0.8, first: true },
      },
      listener: {
        connected: (status) => {
          if (this.client !== client || status !== NX_SUCCESS) return;
          this.reconnects++;
          this.work();
        },
        disconnected: () => {},
        received: () => {
          if (this.client === client) this.take();
        },
        acknowledged: (type, _id, code) => {
          if (this.client !== client) return;
          if (type === SUBACK) this.acknowledgeSubscription(code);
          this.work();
        },
        writable: () => {
          if (this.client === client) this.work();
        },
      },
    });
    return client;
  }

  /** Connects for the first time, or after the program has died. */
  start(): void {
    this.client.connect({ cleanSession: false, keepAliveSeconds: this.options.keepAliveSeconds, waitTicks: 1500 });
  }

  /** Does what can be done: subscribes at first, then publishes what comes next. */
  work(): void {
    const { client, options } = this;
    this.take();
    if (!client.isConnected || this.store.isDead) return;
    if (!this.subscribed) {
      if (client.unacknowledged > 0) return;
      for (const qos of [1, 2]) client.subscribe(topicOf('down', options.clientId, qos), qos);
      return;
    }
    while (this.published < options.uplinks.length) {
      const { qos, number } = options.uplinks[this.published] as NumberedMessage;
      const violations = client.counters.violations;
      const status = client.publish(topicOf('up', options.clientId, qos), String(number), false, qos);
      if (client.counters.violations > violations) this.faults.push('a violation while publishing');
      // Failing to leave, it is kept all the same, and leaves with the next connection.
      if (status !== NX_SUCCESS && status !== COMMUNICATION_FAILURE) return;
      this.published++;
      if (this.store.isDead) return;
    }
  }

  /** Everything it had to say is acknowledged to the end. */
  get isDone(): boolean {
    return this.published === this.options.uplinks.length && this.client.unacknowledged === 0;
  }

  /** The connection is gone, without a word to the other side that would arrive. */
  cut(): void {
    this.stream?.disconnect(true);
    this.stream = null;
  }

  /** The program dies at its next commit: right behind it, or before it has had any effect. */
  dieAtCommit(applied: boolean): void {
    this.store.dieNext(applied);
  }

  /** The program dies, and starts anew with what its store kept. */
  crash(): void {
    this.crashes++;
    const dead = this.client;
    this.cut();
    dead.delete();
    this.store.revive();
    this.client = this.makeClient();
    this.granted = 0;
    this.take();
    this.start();
  }

  /** The end: nothing is left in the client. */
  stop(): void {
    this.client.delete();
  }

  private acknowledgeSubscription(code: number): void {
    if (code > 2) this.faults.push(`a subscription was refused with ${code}`);
    // Repeated after a break, one of them may be answered twice: each is known by the QoS it was granted.
    this.granted |= code;
    if (this.granted === 3) this.subscribed = true;
  }

  private take(): void {
    while (!this.store.isDead) {
      const message = this.client.receive();
      // Dead before the store knew that it was taken: the application has not come to see it.
      if (message === null || this.store.lostLast) return;
      const [, , qos] = message.topic.split('/');
      const number = Number(new TextDecoder().decode(message.payload));
      if (Number(qos) !== message.qos) this.faults.push(`a message of QoS ${qos} came with QoS ${message.qos}`);
      this.received.push({ qos: message.qos === 2 ? 2 : 1, number });
    }
  }
}

/** A store whose program can die in the middle of an event: from then on nothing is kept. */
class MortalStore implements MqttStore {
  isDead: boolean;
  /** The commit at which it died had no effect. */
  lostLast: boolean;
  private readonly inner: MqttStore;
  private readonly died: () => void;
  private dies: 'no' | 'before' | 'behind';

  constructor(inner: MqttStore, died: () => void) {
    this.isDead = false;
    this.lostLast = false;
    this.inner = inner;
    this.died = died;
    this.dies = 'no';
  }

  load(): ReturnType<MqttStore['load']> {
    return this.inner.load();
  }

  commit(changes: readonly MqttStoreChange[], durable: boolean): Status {
    if (this.isDead) return NX_NOT_SUCCESSFUL;
    if (this.dies !== 'no') {
      this.isDead = true;
      this.lostLast = this.dies === 'before';
      this.died();
      if (this.lostLast) return NX_NOT_SUCCESSFUL;
    }
    return this.inner.commit(changes, durable);
  }

  dieNext(applied: boolean): void {
    this.dies = applied ? 'behind' : 'before';
  }

  revive(): void {
    this.dies = 'no';
    this.isDead = false;
    this.lostLast = false;
  }
}

const SUBACK = 9;
const COMMUNICATION_FAILURE = 0x10007;

/**
 * Judges what arrived of numbered messages sent in order: QoS 2 exactly once and in order; QoS 1 at least once, each for the
 * first time in order.
 */
export function judgeDelivery(
  what: string,
  arrived: readonly NumberedMessage[],
  sent: readonly NumberedMessage[],
): string[] {
  const faults: string[] = [];
  for (const qos of [1, 2] as const) {
    const wanted = sent.filter((message) => message.qos === qos).map(({ number }) => number);
    const all = arrived.filter((message) => message.qos === qos).map(({ number }) => number);
    const firsts = qos === 2 ? all : [...new Set(all)];
    if (firsts.join() !== wanted.join()) {
      faults.push(`${what}, QoS ${qos}: sent ${wanted.join()}, and ${qos === 2 ? '' : 'first '}came ${firsts.join()}`);
    }
  }
  return faults;
}
