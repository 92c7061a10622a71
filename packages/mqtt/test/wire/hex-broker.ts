import { expect } from '@jest/globals';
import { NX_SUCCESS, type Packet, SECOND, type StreamListener } from '@strata/contracts';
import { MqttClient, type MqttClientOptions } from '@strata/mqtt';
import { type Host, Lab } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import { VirtualClock } from '@strata/time';

/** Octets of hexadecimal text; blanks are free. */
export function octetsOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** What a client did on one connection, as the broker's TCP saw it. */
export class HexConnection implements StreamListener {
  /** The payload of each segment, as hexadecimal text, and when it came, in milliseconds. */
  readonly segments: string[];
  readonly times: number[];
  /** `fin` or `reset` when the client has ended it. */
  ended: string;
  /** Called with each segment. */
  heard: ((segment: string) => void) | null;
  private readonly socket: TcpSocket;
  private readonly lab: Lab;
  private readonly answersFin: boolean;

  constructor(socket: TcpSocket, lab: Lab, answersFin: boolean) {
    this.segments = [];
    this.times = [];
    this.ended = '';
    this.heard = null;
    this.socket = socket;
    this.lab = lab;
    this.answersFin = answersFin;
    socket.listener = this;
  }

  /** All octets of the client. */
  get octets(): string {
    return this.segments.join('');
  }

  /** Says octets, each text in a segment of its own. */
  say(...texts: string[]): void {
    for (const text of texts) this.sayOctets(octetsOf(text));
  }

  sayOctets(octets: Uint8Array): void {
    const packet = this.socket.allocate() as Packet;
    expect(packet.appendBytes(octets, 0, octets.length)).toBe(NX_SUCCESS);
    if (this.socket.send(packet) !== NX_SUCCESS) packet.release();
  }

  finish(): void {
    this.socket.disconnect(false);
  }

  reset(): void {
    this.socket.disconnect(true);
  }

  established(): void {}
  sendable(): void {}

  receivable(): void {
    for (let packet = this.socket.receive(); packet !== null; packet = this.socket.receive()) {
      const octets = Buffer.alloc(packet.length);
      packet.extract(0, octets, 0, octets.length);
      packet.release();
      const segment = octets.toString('hex');
      this.segments.push(segment);
      this.times.push(Math.round(this.lab.now / 1000));
      this.heard?.(segment);
    }
  }

  peerFinished(): void {
    this.receivable();
    this.ended ||= 'fin';
    if (this.answersFin) this.socket.disconnect(false);
  }

  closed(status: number): void {
    if (status !== NX_SUCCESS) this.ended ||= 'reset';
  }
}

export interface HexBrokerOptions {
  readonly client?: Partial<MqttClientOptions>;
  readonly packets?: number;
  /** Default true. */
  readonly answersFin?: boolean;
}

/**
 * A client over real TCP on the embedded bridge, and a broker that knows nothing of MQTT: it hears segments and says octets.
 * `told` is what the listener was told.
 */
export class HexBroker {
  readonly lab: Lab;
  readonly device: Host;
  readonly client: MqttClient;
  readonly connections: HexConnection[];
  readonly told: string[];
  /** Called with each connection when it begins. */
  began: ((connection: HexConnection) => void) | null;
  private readonly peer: Host;
  private readonly clock: VirtualClock;

  constructor(options: HexBrokerOptions = {}) {
    this.clock = new VirtualClock();
    this.lab = new Lab({ seed: 1, clock: this.clock });
    this.connections = [];
    this.told = [];
    this.began = null;
    const packets = options.packets ?? 512;
    this.device = this.lab.host('device', { packets });
    this.peer = this.lab.host('broker', { packets: 1024 });
    const bridge = this.lab.bridge();
    this.device.attach(bridge.a, { address: '192.0.2.1/24' });
    this.peer.attach(bridge.b, { address: '192.0.2.2/24' });
    this.peer.tcp.listen(1883, {
      socket: { windowSize: 65535 },
      onConnection: (socket) => {
        const connection = new HexConnection(socket, this.lab, options.answersFin ?? true);
        this.connections.push(connection);
        this.began?.(connection);
      },
    });
    const { told } = this;
    this.client = new MqttClient({
      clientId: 'c',
      time: this.device.time,
      pool: this.device.pool,
      connector: this.device.connector('192.0.2.2', 1883, { dontFragment: true }),
      listener: {
        connected: (status, code, present) => told.push(`connected ${status.toString(16)} ${code} ${present}`),
        disconnected: (status) => told.push(`disconnected ${status.toString(16)}`),
        received: (count) => told.push(`received ${count}`),
        acknowledged: (type, id, code) => told.push(`acknowledged ${type} ${id} ${code}`),
        writable: () => told.push('writable'),
      },
      ...options.client,
    });
  }

  /** The present connection. */
  get at(): HexConnection {
    return this.connections.at(-1) as HexConnection;
  }

  /** Lets time pass. */
  run(seconds: number): void {
    this.clock.runSync({ until: this.lab.now + Math.round(seconds * SECOND) });
  }

  /** Begins to connect; the broker has CONNECT. (A port that was used just before may need a second SYN.) */
  begin(options: Parameters<MqttClient['connect']>[0] = {}): HexConnection {
    const before = this.connections.length;
    this.client.connect(options);
    this.clock.runSync({ until: () => (this.connections[before]?.segments.length ?? 0) > 0 });
    return this.at;
  }

  /** Connects; the broker accepts. What came before is forgotten. */
  connected(options: Parameters<MqttClient['connect']>[0] = {}): HexConnection {
    this.begin(options).say('20020000');
    this.run(0.01);
    expect(this.client.isConnected).toBe(true);
    this.at.segments.length = 0;
    this.at.times.length = 0;
    this.told.length = 0;
    return this.at;
  }

  /** Deletes the client and lets everything end: every packet is back. */
  end(): void {
    this.client.delete();
    this.run(400);
    expect([this.device.pool.available, this.peer.pool.available]).toEqual([
      this.device.pool.total,
      this.peer.pool.total,
    ]);
  }
}
