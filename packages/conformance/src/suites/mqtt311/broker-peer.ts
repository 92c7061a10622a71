import { NX_IN_PROGRESS, NXD_MQTT_SERVER_MESSAGE_FAILURE, SECOND, type Status } from '@strata/contracts';
import { MqttClient, type MqttClientOptions, type MqttConnectOptions } from '@strata/mqtt';
import type { Host, Lab } from '@strata/stack';
import type { TcpServer, TcpSocket } from '@strata/tcp';
import { CheckFailure } from '../../suite/failure.ts';
import type { Check, Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

/** Long enough for delayed acknowledgments and Nagle's algorithm, too short for any timer of MQTT's. */
const QUIET = SECOND / 2;

/** How to make a {@link BrokerPeer}. */
export interface BrokerPeerOptions {
  readonly client?: Partial<MqttClientOptions>;
  /** What answers CONNECT by itself; null: the scenario does. Default `20 02 00 00`. */
  readonly connack?: string | null;
}

/** Octets from text such as `40 02 00 01`. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text.split(/\s+/).filter(Boolean), (octet) => Number.parseInt(octet, 16));
}

function text(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(' ');
}

/** An MQTT client on a host, over the stack's own TCP, and the scenario as its broker on another host. */
export class BrokerPeer {
  readonly trial: Trial;
  readonly client: MqttClient;
  readonly told: string[];
  /** What answers CONNECT by itself. */
  connack: string | null;
  private readonly lab: Lab;
  private readonly device: Host;
  private readonly server: TcpServer;
  private socket: TcpSocket | null;
  private bytes: number[];
  /** How the client ended the present connection: '' not at all, `fin`, `reset`. */
  ending: string;

  constructor(trial: Trial, options: BrokerPeerOptions) {
    this.trial = trial;
    this.told = [];
    this.bytes = [];
    this.socket = null;
    this.ending = '';
    this.connack = options.connack === undefined ? '20 02 00 00' : options.connack;
    this.lab = trial.lab();
    const bridge = this.lab.bridge();
    this.device = this.lab.host('device', { packets: 128 });
    const broker = this.lab.host('broker', { packets: 128 });
    this.device.attach(bridge.a, { address: '192.0.2.1/24' });
    broker.attach(bridge.b, { address: '192.0.2.2/24' });
    const server = broker.tcp.listen(1883, { onConnection: (socket) => this.accept(socket) });
    if (server === null) throw new Error('the broker cannot listen');
    this.server = server;
    this.client = new MqttClient({
      clientId: 'dev',
      time: this.device.time,
      pool: this.device.pool,
      connector: this.device.connector('192.0.2.2', 1883),
      listener: {
        connected: (status, code, present) => this.told.push(`connected ${hex(status)} ${code} ${present}`),
        disconnected: (status) => this.told.push(`disconnected ${hex(status)}`),
        received: (count) => this.told.push(`received ${count}`),
        acknowledged: (type, id, code) => this.told.push(`acknowledged ${type} ${id} ${code}`),
        writable: () => this.told.push('writable'),
      },
      tracer: this.device.tracer,
      ...options.client,
    });
  }

  private accept(socket: TcpSocket): void {
    this.socket = socket;
    this.bytes = [];
    this.ending = '';
    const current = (): boolean => this.socket === socket;
    let answered = false;
    socket.listener = {
      established: () => {},
      receivable: () => {
        for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
          const into = new Uint8Array(packet.length);
          packet.extract(0, into, 0, into.length);
          packet.release();
          if (current()) this.bytes.push(...into);
        }
        if (answered || !current() || this.connack === null || this.bytes[0] !== 0x10) return;
        answered = true;
        this.say(this.connack);
      },
      sendable: () => {},
      peerFinished: () => {
        if (current() && this.ending === '') this.ending = 'fin';
        socket.disconnect(false);
      },
      closed: (reason) => {
        if (current() && this.ending === '' && reason !== 0) this.ending = 'reset';
      },
    };
  }

  /** Lets everything happen that happens without a timer of MQTT's. */
  settle(): void {
    this.advance(QUIET);
  }

  /** Lets so many microseconds go by. */
  advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.lab.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  get now(): number {
    return this.lab.now;
  }

  /** The broker sends octets, each text in a segment of its own. */
  say(...segments: readonly string[]): void {
    for (const segment of segments) this.sayBytes(octets(segment));
  }

  sayBytes(bytes: Uint8Array): void {
    const { socket } = this;
    if (socket === null) throw new Error('there is no connection');
    const packet = socket.allocate();
    if (packet === null) throw new Error('the broker has no packet');
    packet.appendBytes(bytes, 0, bytes.length);
    if (socket.send(packet) !== 0) packet.release();
  }

  /** The same, and all that comes of it. */
  tell(...segments: readonly string[]): void {
    for (const segment of segments) {
      this.say(segment);
      this.settle();
    }
  }

  /** Connects, and hands back CONNECT as the broker saw it. */
  connect(options: MqttConnectOptions = {}): Uint8Array {
    this.status(this.client.connect(options), NX_IN_PROGRESS, 'connect');
    this.settle();
    return octets(this.next());
  }

  /** Connects, and forgets how. */
  connected(options: MqttConnectOptions = {}): this {
    this.connect(options);
    if (!this.client.isConnected)
      throw new CheckFailure('the client did not connect', 'connected', this.told.join(', '));
    this.told.length = 0;
    return this;
  }

  /** The next control packet from the client; '' when there is none. */
  next(): string {
    const { bytes } = this;
    let size = 1;
    let remaining = 0;
    for (;;) {
      const digit = bytes[size];
      if (digit === undefined || size > 4) return '';
      remaining += (digit & 127) * 128 ** (size - 1);
      size++;
      if (digit < 128) break;
    }
    if (bytes.length < size + remaining) return '';
    return text(Uint8Array.from(bytes.splice(0, size + remaining)));
  }

  /** All control packets that have come. */
  all(): string[] {
    const packets: string[] = [];
    for (let packet = this.next(); packet !== ''; packet = this.next()) packets.push(packet);
    return packets;
  }

  /** The client has sent just these. @throws CheckFailure */
  expect(...packets: readonly string[]): void {
    this.settle();
    this.trial.equal(this.all(), packets, 'what the client sent');
  }

  status(actual: Status, expected: Status, what: string): void {
    this.trial.equal(hex(actual), hex(expected), `the status of ${what}`);
  }

  /** What the broker says is a violation: the client closes with this reason, having said nothing more. */
  violates(segment: string, reason: string): void {
    this.tell(segment);
    this.trial.equal(this.client.failure().reasonName, reason, `the reason for ${segment}`);
    this.trial.equal(hex(this.client.failure().status), hex(NXD_MQTT_SERVER_MESSAGE_FAILURE), 'the status');
    this.trial.ok(this.ending !== '', `the client did not close the connection after ${segment}`);
    this.trial.equal(this.all(), [], 'what the client sent after the violation');
  }

  /** The connection breaks. */
  cut(): void {
    this.socket?.disconnect(true);
    this.settle();
    this.told.length = 0;
  }

  /** Connects again to the session of before, and answers CONNACK. What the client sent after CONNECT is left to look at. */
  resume(present = true): void {
    this.connack = present ? '20 02 01 00' : '20 02 00 00';
    this.connect({ cleanSession: false });
    this.told.length = 0;
  }

  /** Everything is given back. */
  end(): void {
    this.client.delete();
    this.socket?.disconnect(true);
    this.settle();
    this.server.close();
    this.settle();
  }
}

function hex(status: number): string {
  return `0x${status.toString(16)}`;
}

/** A scenario with a client and its scripted broker. */
export function mqtt(
  name: string,
  covers: readonly string[],
  run: (broker: BrokerPeer, trial: Trial) => void,
  options: BrokerPeerOptions = {},
): Scenario {
  const check: Check = (trial) => {
    const peer = new BrokerPeer(trial, options);
    try {
      run(peer, trial);
    } finally {
      peer.end();
    }
  };
  return { name, covers: covers.map((id) => `MQTT-${id}`), check };
}

/** QoS 2 is one of the client's extensions. */
export const QOS2: BrokerPeerOptions = { client: { extensions: { qos2: true } } };
