import {
  NX_IN_PROGRESS,
  NX_NO_PACKET,
  NX_NO_RESPONSE,
  NX_NOT_CONNECTED,
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NXD_MQTT_COMMUNICATION_FAILURE,
  NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
  NXD_MQTT_NOT_CONNECTED,
  NXD_MQTT_PACKET_POOL_FAILURE,
  type Status,
  type StreamConnector,
} from '@strata/contracts';
import {
  MQTT_PUBACK,
  MQTT_PUBCOMP,
  MQTT_SUBACK,
  MQTT_TYPE_NAMES,
  MQTT_UNSUBACK,
  MqttClient,
  type MqttClientOptions,
  type MqttConnectOptions,
  type MqttListener,
  type MqttMessage,
  type MqttMessageStream,
  type MqttPayloadSource,
  type MqttText,
} from '@strata/mqtt';
import { TCP_FIN_WAIT_2 } from '@strata/tcp';
import { type Suspension, type Waited, WaitQueue } from '@strata/time';
import { TlsSetup } from '@strata/tls';
import { HostTlsConnector, TcpConnector } from './connectors.ts';
import type { Host } from './host.ts';
import { NetError } from './net-error.ts';
import { mqttQuirks } from './quirks.ts';
import { ticksOf, type WaitOptions } from './stream-connection.ts';
import type { HostTlsOptions } from './tls.ts';
import { connectorCause } from './tls-cause.ts';

/** How an MQTT client secures its connection. The server must be `host`; default: the broker as it was named. */
export type MqttTlsOptions = HostTlsOptions & {
  /**
   * NetX's TLS setup callback, called by `connect` before the TCP connection is opened. What it sets up goes before the other
   * options; anything but NX_SUCCESS is what `connect` fails with.
   */
  readonly setup?: (setup: TlsSetup, client: MqttClient) => Status;
};

/** How to make an {@link MqttSession}. */
export interface MqttSessionOptions {
  readonly clientId: string;
  /** The broker's address. Default port 1883 (NXD_MQTT_PORT), with `tls` 8883 (NXD_MQTT_TLS_PORT). */
  readonly broker: string;
  readonly port?: number;
  /** Connect securely (nxd_mqtt_client_secure_connect). */
  readonly tls?: MqttTlsOptions;
  /** Opens the streams instead of TCP, or TLS over TCP, to `broker`. */
  readonly connector?: StreamConnector;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly will?: {
    readonly topic: string;
    readonly message: MqttText;
    readonly retain?: boolean;
    readonly qos?: number;
  };
  readonly client?: Partial<
    Pick<MqttClientOptions, 'transmitQueueMaximum' | 'sendQueueMaximum' | 'maximumPacketSize' | 'quirks' | 'extensions'>
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
/** The most octets that `read` hands out at once. */
const PIECE_BYTES = 65_536;
const MQTT_TLS_PORT = 8883;

/** What a service answered, and the acknowledgement to wait for, if any. */
interface Answered {
  readonly status: Status;
  readonly acknowledged: Promise<Waited<number>> | null;
}

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
  private readonly connector: StreamConnector;
  /** What the next TLS session is made with; null without TLS. */
  private tls: HostTlsOptions | null;
  /** Those who wait for an attempt to connect, for room to send, for a message, for the end. */
  private readonly connecting: WaitQueue<Status>;
  private readonly sending: WaitQueue<Answered>;
  private readonly receiving: WaitQueue<MqttMessage | MqttMessageStream>;
  private readonly pieces: WaitQueue<Uint8Array | 'ended' | 'broken'>;
  private readonly ending: WaitQueue<Status>;
  /** Requests that await their acknowledgement, by type and packet identifier. */
  private readonly requests: Map<number, Suspension<number>>;
  private answer: MqttConnected;
  /** What the application waits for goes on with the next connection: the client makes one by itself, with the same session. */
  private cleanSession: boolean;

  constructor(host: Host, options: MqttSessionOptions) {
    const { waits, name } = host;
    this.host = host;
    this.options = options;
    this.connecting = new WaitQueue(waits, NX_NOT_CONNECTED, `${name}: MQTT connect`);
    this.sending = new WaitQueue(waits, NX_TX_QUEUE_DEPTH, `${name}: MQTT send`);
    this.receiving = new WaitQueue(waits, NX_NO_PACKET, `${name}: MQTT receive`);
    this.pieces = new WaitQueue(waits, NX_NO_PACKET, `${name}: MQTT message`);
    this.ending = new WaitQueue(waits, NX_NOT_SUCCESSFUL, `${name}: MQTT disconnect`);
    this.requests = new Map();
    this.answer = { returnCode: -1, sessionPresent: false };
    this.cleanSession = true;
    this.tls = options.tls === undefined ? null : { host: options.broker, ...options.tls };
    this.connector = options.connector ?? this.makeConnector();
    this.client = new MqttClient({
      clientId: options.clientId,
      time: host.time,
      pool: host.pool,
      connector: this.connector,
      listener: this.listener(),
      tracer: host.tracer,
      quirks: mqttQuirks(host.profile.quirks ?? []),
      ...options.client,
    });
  }

  private makeConnector(): StreamConnector {
    const { host, options, tls } = this;
    const { broker, port } = options;
    if (tls === null) return host.connector(broker, port ?? MQTT_PORT, { dontFragment: true });
    return host.tlsConnector(broker, port ?? MQTT_TLS_PORT, () => this.tls ?? tls);
  }

  /** Calls NetX's TLS setup callback. @throws NetError with its status */
  private setUpTls(what: string): void {
    const { tls, broker } = this.options;
    if (tls?.setup === undefined) return;
    const setup = new TlsSetup();
    const status = tls.setup(setup, this.client);
    if (status !== NX_SUCCESS) throw new NetError(what, status, new Error('the TLS setup callback refused'));
    this.tls = { host: broker, ...tls, ...setup.options() };
  }

  private listener(): MqttListener {
    return {
      connected: (status, returnCode, sessionPresent) => {
        this.answer = { returnCode, sessionPresent };
        if (status === NX_SUCCESS || !this.client.returns) this.connecting.give(status);
        if (status === NX_SUCCESS) this.sending.wake();
        else if (!this.client.returns) this.disconnected(status);
      },
      disconnected: (status) => this.disconnected(status),
      received: () => this.receiving.wake(),
      acknowledged: (type, id, code) => {
        const key = requestKey(type, id);
        this.requests.get(key)?.granted(code);
        this.requests.delete(key);
        this.sending.wake();
      },
      writable: () => this.sending.wake(),
      streamed: () => {
        this.receiving.wake();
        this.pieces.wake();
      },
    };
  }

  private disconnected(status: Status): void {
    const lost = status === NX_SUCCESS ? NX_NOT_CONNECTED : status;
    const goesOn = this.client.returns;
    if (!goesOn) {
      this.sending.refuse(lost);
      this.receiving.refuse(lost);
    }
    for (const [key, request] of this.requests) {
      // Messages are sent again with the session that goes on; requests are made anew, under other identifiers.
      if (goesOn && !this.cleanSession && isMessageKey(key)) continue;
      this.requests.delete(key);
      request.refused(lost);
    }
    while (this.ending.give(status));
  }

  /** Why there is no connection: known as soon as it is being ended, before it is over. */
  private ended(): Status {
    const { status } = this.client.failure();
    return status === NX_SUCCESS ? NX_NOT_CONNECTED : status;
  }

  /** An error that says why the last connection ended or was not made, with its cause chain. */
  failure(what: string, status: Status): NetError {
    const { explanation, streamStatus } = this.client.failure();
    const stream = streamStatus === NX_SUCCESS ? undefined : new NetError('the stream below', streamStatus);
    const cause = connectorCause(this.connector) ?? stream;
    return new NetError(explanation === '' ? what : `${what}: ${explanation}`, status, cause);
  }

  /** Connects: TCP, TLS if wanted, CONNECT, CONNACK. @throws NetError with the whole chain when that fails */
  async connect(options: MqttConnectOptions & WaitOptions = {}): Promise<MqttConnected> {
    const { username, password, will, broker } = this.options;
    const what = `connect to MQTT broker ${broker}`;
    if (username !== undefined) this.check(this.client.loginSet(username, password ?? null), what);
    if (will !== undefined) {
      this.check(this.client.willMessageSet(will.topic, will.message, will.retain ?? false, will.qos ?? 0), what);
    }
    this.setUpTls(what);
    if (broker.includes(':') && this.host.ip.ipv6.settling) await this.host.settled();
    this.cleanSession = options.cleanSession ?? true;
    const begun = this.client.connect(options);
    if (begun !== NX_IN_PROGRESS && begun !== NX_SUCCESS) throw this.failure(what, begun);
    const waited = await this.connecting.wait(ticksOf(options), options.signal);
    const status = waited.value ?? waited.status;
    if (status !== NX_SUCCESS) throw this.failure(what, status);
    return this.answer;
  }

  get isConnected(): boolean {
    return this.client.isConnected;
  }

  /** Subscribes and waits for SUBACK. Resolves with the granted QoS. @throws NetError when refused or disconnected */
  async subscribe(filter: string, qos = 0, options: WaitOptions = {}): Promise<number> {
    const what = `subscribe to "${filter}"`;
    const granted = await this.request(() => this.client.subscribe(filter, qos), MQTT_SUBACK, what, options);
    if (granted === SUBSCRIPTION_REFUSED) {
      throw new NetError(`${what}: the broker refused it`, NXD_MQTT_COMMUNICATION_FAILURE);
    }
    return granted;
  }

  /** Takes a subscription back and waits for UNSUBACK. */
  async unsubscribe(filter: string, options: WaitOptions = {}): Promise<void> {
    await this.request(() => this.client.unsubscribe(filter), MQTT_UNSUBACK, `unsubscribe from "${filter}"`, options);
  }

  /**
   * Publishes. QoS 0 resolves when the client has taken it, QoS 1 with PUBACK, QoS 2 with PUBCOMP. With the extension
   * `reconnect` that may be on a later connection. @throws NetError when the connection ends before (a QoS 1 or 2 message is
   * then kept, and sent again when the session goes on), and when the message would not fit the host's pool if all of it were
   * free; with the extension `chainedPackets` such a message leaves piece by piece
   */
  async publish(
    topic: string,
    payload: MqttText,
    options: { readonly qos?: number; readonly retain?: boolean } & WaitOptions = {},
  ): Promise<void> {
    const { qos = 0, retain = false } = options;
    if (typeof payload !== 'string' && this.options.client?.extensions?.chainedPackets && !this.fits(payload, qos)) {
      await this.publishFrom(topic, piecesOf(payload), options);
      return;
    }
    this.checkRoom(topic, payload, qos);
    const service = () => this.client.publish(topic, payload, retain, qos);
    await this.request(service, acknowledgementOf(qos), `publish to "${topic}"`, options);
  }

  /** Publishes what `source` gives piece by piece (extension `chainedPackets`). Resolves as {@link publish} does. */
  async publishFrom(
    topic: string,
    source: MqttPayloadSource,
    options: { readonly qos?: number; readonly retain?: boolean } & WaitOptions = {},
  ): Promise<void> {
    const { qos = 0, retain = false } = options;
    const service = () => this.client.publishFrom(topic, source, retain, qos);
    await this.request(service, acknowledgementOf(qos), `publish to "${topic}"`, options);
  }

  /**
   * The next message; waits for one. @throws NetError when the connection ends while there is none, and with
   * NXD_MQTT_INSUFFICIENT_BUFFER_SPACE when it is one for {@link receiveStream}
   */
  async receive(options: WaitOptions = {}): Promise<MqttMessage> {
    const next = await this.next(options);
    if ('payload' in next) return next;
    next.discard();
    throw new NetError(
      `receive an MQTT message: one of ${next.length} bytes on "${next.topic}" must be read piece by piece`,
      NXD_MQTT_INSUFFICIENT_BUFFER_SPACE,
    );
  }

  /** The next message, as one to be read piece by piece if it is too large to be held (extension `chainedPackets`). */
  async next(options: WaitOptions = {}): Promise<MqttMessage | MqttMessageStream> {
    const message = this.taken();
    if (message !== null && this.receiving.length === 0) return message;
    if (!this.client.isConnected && !this.client.returns) throw this.failure('receive an MQTT message', this.ended());
    const { status, value } = await this.receiving.until(() => this.taken(), ticksOf(options), options.signal);
    if (value === null) throw this.failure('receive an MQTT message', status);
    return value;
  }

  /**
   * The next octets of a message that is read piece by piece; null at its end. @throws NetError when the connection ended
   * before the message did: what was read of it is to be thrown away
   */
  async read(message: MqttMessageStream, options: WaitOptions = {}): Promise<Uint8Array | null> {
    const attempt = (): Uint8Array | 'ended' | 'broken' | null => {
      if (message.available > 0) {
        const piece = new Uint8Array(Math.min(message.available, PIECE_BYTES));
        message.read(piece, 0, piece.length);
        return piece;
      }
      return message.broken ? 'broken' : message.ended ? 'ended' : null;
    };
    const { status, value } = await this.pieces.until(attempt, ticksOf(options), options.signal);
    if (value === null) throw this.failure('read an MQTT message', status);
    if (value === 'broken') throw this.failure(`read a message on "${message.topic}"`, NXD_MQTT_COMMUNICATION_FAILURE);
    return value === 'ended' ? null : value;
  }

  private taken(): MqttMessage | MqttMessageStream | null {
    return this.client.receive() ?? this.client.receiveStream();
  }

  /** Disconnects in order and waits until the connection is over. */
  async disconnect(options: WaitOptions = {}): Promise<void> {
    if (!this.client.isConnected) {
      this.client.disconnect();
      return;
    }
    const over = this.ending.wait(ticksOf(options), options.signal);
    this.client.disconnect();
    const { status } = await over;
    if (status !== NX_SUCCESS) throw this.failure('disconnect from the MQTT broker', status);
  }

  /** All that was sent has been acknowledged by the broker's TCP, the end included: only the broker's own end is missing. */
  get isDelivered(): boolean {
    const { connector } = this;
    const tcp = connector instanceof HostTlsConnector ? connector.tcp : connector;
    return tcp instanceof TcpConnector && tcp.socket?.state === TCP_FIN_WAIT_2;
  }

  /** Ends the client for good; everything it keeps is released. */
  delete(): void {
    this.client.delete();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    this.delete();
  }

  /** Room for a message can be waited for, but not if the pool is too small for it. QoS 1 keeps a copy until PUBACK. */
  private checkRoom(topic: string, payload: MqttText, qos: number): void {
    if (this.fits(payload, qos)) return;
    const { pool } = this.host;
    const packets = this.packetsFor(payload, qos);
    const why = `${payload.length} bytes at QoS ${qos} take ${packets} packets, and pool "${pool.name}" has ${pool.total}`;
    throw new NetError(`publish to "${topic}": ${why}`, NXD_MQTT_PACKET_POOL_FAILURE);
  }

  private fits(payload: MqttText, qos: number): boolean {
    return this.packetsFor(payload, qos) <= this.host.pool.total;
  }

  private packetsFor(payload: MqttText, qos: number): number {
    return Math.ceil(payload.length / this.host.pool.payloadSize) * (qos === 0 ? 1 : 2);
  }

  private check(status: Status, what: string): void {
    if (status !== NX_SUCCESS) throw new NetError(what, status);
  }

  /**
   * Calls a service of the client, as soon as it has room, and waits for the acknowledgement of the given type.
   * @param type 0: there is none
   */
  private async request(service: () => Status, type: number, what: string, options: WaitOptions): Promise<number> {
    const ticks = ticksOf(options);
    const attempt = (): Answered | null => {
      const status = service();
      if (status === NX_TX_QUEUE_DEPTH || status === NXD_MQTT_PACKET_POOL_FAILURE) return null;
      if (status === NXD_MQTT_NOT_CONNECTED && this.client.returns) return null;
      const expected = status === NX_SUCCESS && type !== 0;
      return { status, acknowledged: expected ? this.expect(type, this.client.lastPacketId, what, options) : null };
    };
    const { status, value } = await this.sending.until(attempt, ticks, options.signal);
    const outcome = value?.status ?? status;
    if (value === null || outcome !== NX_SUCCESS) throw this.failure(what, outcome);
    if (value.acknowledged === null) return 0;
    const acknowledged = await value.acknowledged;
    if (acknowledged.value !== null) return acknowledged.value;
    const silent = acknowledged.status === NX_NO_RESPONSE;
    throw this.failure(silent ? `${what}: the broker sent no ${MQTT_TYPE_NAMES[type]}` : what, acknowledged.status);
  }

  private expect(type: number, id: number, what: string, options: WaitOptions): Promise<Waited<number>> {
    const key = requestKey(type, id);
    const forget = () => void this.requests.delete(key);
    const label = `${this.host.name}: ${what}`;
    const request = this.host.waits.suspend<number>(ticksOf(options), NX_NO_RESPONSE, forget, options.signal, label);
    if (request.pending) this.requests.set(key, request);
    return request.result;
  }
}

/** The acknowledgement that ends a publication. */
function acknowledgementOf(qos: number): number {
  return qos === 0 ? 0 : qos === 1 ? MQTT_PUBACK : MQTT_PUBCOMP;
}

function isMessageKey(key: number): boolean {
  return key >> 16 === MQTT_PUBACK || key >> 16 === MQTT_PUBCOMP;
}

/** A payload that is there as a whole, given piece by piece. */
function piecesOf(payload: Uint8Array): MqttPayloadSource {
  return {
    length: payload.length,
    read(offset, target, at, count) {
      target.set(payload.subarray(offset, offset + count), at);
      return count;
    },
  };
}

function requestKey(type: number, id: number): number {
  return (type << 16) | id;
}
