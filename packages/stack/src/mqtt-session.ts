import {
  NX_IN_PROGRESS,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WAIT_ABORTED,
  NXD_MQTT_COMMUNICATION_FAILURE,
  NXD_MQTT_PACKET_POOL_FAILURE,
  type Status,
} from '@strata/contracts';
import {
  MQTT_PUBACK,
  MQTT_SUBACK,
  MQTT_UNSUBACK,
  MqttClient,
  type MqttClientOptions,
  type MqttConnectOptions,
  type MqttListener,
  type MqttMessage,
  type MqttText,
} from '@strata/mqtt';
import type { Suspension } from '@strata/time';
import type { Host } from './host.ts';
import { NetError } from './net-error.ts';
import { ticksOf, type WaitOptions } from './stream-connection.ts';

/** How to make an {@link MqttSession}. */
export interface MqttSessionOptions {
  readonly clientId: string;
  /** The broker's address. Default port 1883 (NXD_MQTT_PORT). */
  readonly broker: string;
  readonly port?: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly will?: {
    readonly topic: string;
    readonly message: MqttText;
    readonly retain?: boolean;
    readonly qos?: number;
  };
  readonly client?: Partial<
    Pick<MqttClientOptions, 'transmitQueueMaximum' | 'sendQueueMaximum' | 'maximumPacketSize' | 'quirks'>
  >;
}

/** CONNACK's answer. */
export interface MqttConnected {
  readonly returnCode: number;
  readonly sessionPresent: boolean;
}

/** The code of a SUBACK that refuses the subscription. */
const SUBSCRIPTION_REFUSED = 0x80;

const MQTT_PORT = 1883;

/**
 * The MQTT client of a host for people: promises at the edge, waits timed by the host's clock. The client itself, with
 * NetX's services and statuses, is {@link client}.
 *
 * ```ts
 * const session = new MqttSession(host, { clientId: 'sensor-7', broker: '192.0.2.2' });
 * await session.connect({ keepAliveSeconds: 60 });
 * await session.subscribe('plant/#', 1);
 * await session.publish('plant/7/temp', '21.5', { qos: 1 }); // resolves with PUBACK
 * const message = await session.receive();
 * await session.disconnect();
 * ```
 */
export class MqttSession implements AsyncDisposable {
  readonly client: MqttClient;
  private readonly host: Host;
  private readonly options: MqttSessionOptions;
  private readonly waiting: Set<Suspension<null>>;
  /** Answers that somebody waits for, by type and packet identifier. */
  private readonly answers: Map<number, number>;
  private connected: MqttConnected | null;
  private attempt: Status;
  private lost: Status;

  constructor(host: Host, options: MqttSessionOptions) {
    this.host = host;
    this.options = options;
    this.waiting = new Set();
    this.answers = new Map();
    this.connected = null;
    this.attempt = NX_SUCCESS;
    this.lost = NX_SUCCESS;
    this.client = new MqttClient({
      clientId: options.clientId,
      time: host.time,
      pool: host.pool,
      connector: host.connector(options.broker, options.port ?? MQTT_PORT),
      listener: this.listener(),
      tracer: host.tracer,
      ...options.client,
    });
  }

  private listener(): MqttListener {
    return {
      connected: (status, returnCode, sessionPresent) => {
        this.attempt = status;
        this.connected = status === NX_SUCCESS ? { returnCode, sessionPresent } : null;
        this.wake();
      },
      disconnected: (status) => {
        this.connected = null;
        this.lost = status;
        this.wake();
      },
      received: () => this.wake(),
      acknowledged: (type, id, code) => {
        const key = answerKey(type, id);
        if (this.answers.has(key)) this.answers.set(key, code);
        this.wake();
      },
      writable: () => this.wake(),
    };
  }

  /** Why the last connection ended or was not made, as an error with its cause chain. */
  failure(what: string, status: Status): NetError {
    const { explanation, streamStatus } = this.client.failure();
    const stream = streamStatus === NX_SUCCESS ? undefined : new NetError('stream', streamStatus);
    return new NetError(explanation === '' ? what : `${what}: ${explanation}`, status, stream);
  }

  /** Connects: TCP, CONNECT, CONNACK. @throws NetError with the whole chain when that fails */
  async connect(options: MqttConnectOptions & WaitOptions = {}): Promise<MqttConnected> {
    const { username, password, will, broker } = this.options;
    const what = `connect to MQTT broker ${broker}`;
    if (username !== undefined) this.check(this.client.loginSet(username, password ?? null), what);
    if (will !== undefined) {
      this.check(this.client.willMessageSet(will.topic, will.message, will.retain ?? false, will.qos ?? 0), what);
    }
    this.attempt = NX_IN_PROGRESS;
    const status = this.client.connect(options);
    if (status !== NX_IN_PROGRESS && status !== NX_SUCCESS) throw this.failure(what, status);
    while (this.attempt === NX_IN_PROGRESS) await this.pause(what, options);
    if (this.connected === null) throw this.failure(what, this.attempt);
    return this.connected;
  }

  get isConnected(): boolean {
    return this.client.isConnected;
  }

  /** Subscribes and waits for SUBACK. Resolves with the granted QoS. @throws NetError when refused or disconnected */
  async subscribe(filter: string, qos = 0, options: WaitOptions = {}): Promise<number> {
    const what = `subscribe to "${filter}"`;
    await this.whenPossible(() => this.client.subscribe(filter, qos), what, options);
    const granted = await this.answer(MQTT_SUBACK, what, options);
    if (granted === SUBSCRIPTION_REFUSED)
      throw new NetError(`${what}: the broker refused`, NXD_MQTT_COMMUNICATION_FAILURE);
    return granted;
  }

  /** Takes a subscription back and waits for UNSUBACK. */
  async unsubscribe(filter: string, options: WaitOptions = {}): Promise<void> {
    const what = `unsubscribe from "${filter}"`;
    await this.whenPossible(() => this.client.unsubscribe(filter), what, options);
    await this.answer(MQTT_UNSUBACK, what, options);
  }

  /** Publishes. QoS 0 resolves when the stream has it, QoS 1 with PUBACK, or when the connection ends (the client keeps it). */
  async publish(
    topic: string,
    payload: MqttText,
    options: { readonly qos?: number; readonly retain?: boolean } & WaitOptions = {},
  ): Promise<void> {
    const what = `publish to "${topic}"`;
    const { qos = 0, retain = false } = options;
    await this.whenPossible(() => this.client.publish(topic, payload, retain, qos), what, options);
    if (qos > 0) await this.answer(MQTT_PUBACK, what, options);
  }

  /** The next message; waits for one. @throws NetError when the connection ends while there is none */
  async receive(options: WaitOptions = {}): Promise<MqttMessage> {
    for (;;) {
      const message = this.client.receive();
      if (message !== null) return message;
      if (!this.client.isConnected)
        throw this.failure('receive', this.lost === NX_SUCCESS ? NX_NOT_CONNECTED : this.lost);
      await this.pause('receive an MQTT message', options);
    }
  }

  /** Disconnects in order and waits until the connection is over. */
  async disconnect(options: WaitOptions = {}): Promise<void> {
    if (!this.client.isConnected) return;
    this.client.disconnect();
    while (this.connected !== null) await this.pause('disconnect from the MQTT broker', options);
  }

  /** Ends the client for good; everything it keeps is released. */
  delete(): void {
    this.client.delete();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    this.delete();
  }

  private check(status: Status, what: string): void {
    if (status !== NX_SUCCESS) throw new NetError(what, status);
  }

  /** Calls a service of the client until it has room. */
  private async whenPossible(service: () => Status, what: string, options: WaitOptions): Promise<void> {
    for (;;) {
      const status = service();
      if (status === NX_SUCCESS) return;
      if (status !== NX_TX_QUEUE_DEPTH && status !== NXD_MQTT_PACKET_POOL_FAILURE) throw this.failure(what, status);
      await this.pause(what, options);
    }
  }

  /** Waits for the acknowledgement of the request made last. */
  private async answer(type: number, what: string, options: WaitOptions): Promise<number> {
    const key = answerKey(type, this.client.lastPacketId);
    this.answers.set(key, -1);
    try {
      for (;;) {
        const code = this.answers.get(key) as number;
        if (code >= 0) return code;
        if (!this.client.isConnected) throw this.failure(what, this.lost === NX_SUCCESS ? NX_NOT_CONNECTED : this.lost);
        await this.pause(what, options);
      }
    } finally {
      this.answers.delete(key);
    }
  }

  private async pause(what: string, options: WaitOptions): Promise<void> {
    const suspension: Suspension<null> = this.host.waits.suspend<null>(
      ticksOf(options),
      NX_WAIT_ABORTED,
      () => this.waiting.delete(suspension),
      options.signal,
      `${this.host.name}: ${what}`,
    );
    if (suspension.pending) this.waiting.add(suspension);
    const { status } = await suspension.result;
    if (status !== NX_SUCCESS) throw new NetError(`${what}: gave up waiting`, status);
  }

  private wake(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const suspension of woken) suspension.granted(null);
  }
}

function answerKey(type: number, id: number): number {
  return (type << 16) | id;
}
