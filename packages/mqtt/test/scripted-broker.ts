import { expect } from '@jest/globals';
import {
  type Deferred,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TCP_PACKET,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type PacketStream,
  type Status,
  type StreamConnector,
  type StreamListener,
  TICK,
  type Tracer,
} from '@strata/contracts';
import { MqttClient, type MqttClientOptions, type MqttListener } from '@strata/mqtt';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler } from '@strata/time';

/** Octets from text such as `10 13 00 04`. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.split(/\s+/).filter(Boolean), (octet) => Number.parseInt(octet, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(' ');
}

export const CONNACK = '20 02 00 00';

/** What a {@link FakeStream} needs of the test around it. */
export interface StreamHome {
  readonly time: Scheduler;
  readonly streamPool: PacketPool;
  readonly networkPool: PacketPool;
  readonly log: string[];
  /** The client sent octets. */
  heard(stream: FakeStream, bytes: Uint8Array): void;
  /** The client ended the stream. */
  endedBy?(stream: FakeStream): void;
}

/** One stream between the client and the script. Its callbacks come after the event, as the contract says. */
export class FakeStream implements PacketStream {
  listener: StreamListener | null;
  /** Octets it takes before it refuses; sending takes from it. */
  window: number;
  /** What the client sent, one entry per packet or part of one taken. */
  readonly taken: Uint8Array[];
  /** `fin` or `reset` once the client has ended it. */
  ended: string;
  isClosed: boolean;
  /** A status every `send` answers, or -1. */
  failSends: Status;
  /** Answers a FIN at once with its own, as a broker does. */
  answersFin: boolean;
  private readonly lab: StreamHome;
  private readonly arrived: Packet[];
  private refused: boolean;

  constructor(lab: StreamHome, listener: StreamListener) {
    this.lab = lab;
    this.listener = listener;
    this.window = Number.POSITIVE_INFINITY;
    this.taken = [];
    this.ended = '';
    this.isClosed = false;
    this.failSends = -1;
    this.answersFin = true;
    this.arrived = [];
    this.refused = false;
  }

  allocate(): Packet | null {
    return this.lab.streamPool.allocate(NX_TCP_PACKET);
  }

  send(packet: Packet): Status {
    if (this.failSends >= 0) return this.failSends;
    if (this.isClosed || this.ended !== '') return NX_NOT_CONNECTED;
    if (this.window >= packet.length) {
      this.take(packet, packet.length);
      packet.release();
      return NX_SUCCESS;
    }
    this.refused = true;
    if (this.window > 0) {
      const count = this.window;
      this.take(packet, count);
      consume(packet, count);
    }
    return NX_WINDOW_OVERFLOW;
  }

  receive(): Packet | null {
    return this.arrived.shift() ?? null;
  }

  disconnect(abort: boolean): Status {
    if (this.isClosed || this.ended !== '') {
      if (abort && !this.isClosed) {
        this.ended = 'reset';
        this.close(NX_SUCCESS);
      }
      return NX_SUCCESS;
    }
    this.ended = abort ? 'reset' : 'fin';
    this.lab.log.push(this.ended);
    this.lab.endedBy?.(this);
    if (abort || this.answersFin) this.close(NX_SUCCESS);
    return NX_SUCCESS;
  }

  /** Opens the window by `octets` more. */
  open(octets: number): void {
    this.window += octets;
    if (!this.refused) return;
    this.refused = false;
    this.tell(() => this.listener?.sendable());
  }

  deliver(bytes: Uint8Array): void {
    const packet = this.lab.networkPool.allocate(60);
    if (packet === null || packet.appendBytes(bytes, 0, bytes.length) !== NX_SUCCESS) {
      packet?.release();
      throw new Error('the network pool is too small for this test');
    }
    if (this.isClosed) packet.release();
    else this.arrived.push(packet);
    this.tell(() => this.listener?.receivable());
  }

  finish(): void {
    this.tell(() => this.listener?.peerFinished());
  }

  close(reason: Status): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.tell(() => {
      for (const packet of this.arrived.splice(0)) packet.release();
      this.listener?.closed(reason);
    });
  }

  tell(run: () => void): void {
    const task: Deferred = { run };
    this.lab.time.defer(task);
  }

  private take(packet: Packet, count: number): void {
    const bytes = new Uint8Array(count);
    packet.extract(0, bytes, 0, count);
    this.taken.push(bytes);
    this.window -= count;
    this.lab.heard(this, bytes);
  }
}

/** Moves a packet past its first octets, as a stream does that took a part. */
function consume(packet: Packet, count: number): void {
  let left = count;
  packet.length -= count;
  for (let part: Packet | null = packet; part !== null && left > 0; part = part.next) {
    const n = Math.min(left, part.append - part.prepend);
    part.prepend += n;
    left -= n;
  }
}

export interface LabOptions {
  readonly client?: Partial<MqttClientOptions>;
  /** Answers CONNECT with CONNACK 0 by itself. Default true. */
  readonly accepts?: boolean;
  /** Packets of the client's pool. */
  readonly packets?: number;
  readonly payloadSize?: number;
  /** What comes from the network is in packets of the client's pool, as on a host. */
  readonly onePool?: boolean;
}

/**
 * A client, virtual time, and a broker that a test scripts. `log` tells everything in order: what the broker heard
 * (`< octets`), `fin`, `reset`, and what the listener heard.
 */
export class BrokerLab implements StreamConnector, StreamHome {
  readonly time: Scheduler;
  readonly memory: PacketMemory;
  /** The client's, the stream's, and that of what comes in from the network. */
  readonly pool: PacketPool;
  readonly streamPool: PacketPool;
  readonly networkPool: PacketPool;
  readonly client: MqttClient;
  readonly log: string[];
  readonly streams: FakeStream[];
  readonly events: { id: number; a: number; b: number; c: number; d: number }[];
  accepts: boolean;
  /** Called with what the client sent, after it is logged. */
  onHeard: ((stream: FakeStream, bytes: Uint8Array) => void) | null;
  /** The stream opens by itself. */
  establishes: boolean;
  /** `connect` answers null. */
  refusesToBegin: boolean;

  constructor(options: LabOptions = {}) {
    this.time = new Scheduler();
    // The captures begin at tick 10.
    this.time.advanceTo(10 * TICK);
    this.memory = new PacketMemory(8 << 20);
    const payloadSize = options.payloadSize ?? 1536;
    this.pool = new PacketPool({ name: 'client', payloadSize, packets: options.packets ?? 64, memory: this.memory });
    this.streamPool = new PacketPool({ name: 'stream', payloadSize, packets: 64, memory: this.memory });
    this.networkPool = options.onePool
      ? this.pool
      : new PacketPool({ name: 'network', payloadSize: 1536, packets: 512, memory: this.memory });
    this.log = [];
    this.streams = [];
    this.events = [];
    this.accepts = options.accepts ?? true;
    this.onHeard = null;
    this.establishes = true;
    this.refusesToBegin = false;
    const listener: MqttListener = {
      connected: (status, code, present) => {
        this.log.push(`connected 0x${status.toString(16)} code=${code} present=${present}`);
      },
      disconnected: (status) => {
        this.log.push(`disconnected 0x${status.toString(16)}`);
      },
      received: (count) => {
        this.log.push(`received ${count}`);
      },
      acknowledged: (type, id, code) => {
        this.log.push(`acknowledged ${type} id=${id} code=${code}`);
      },
      writable: () => {
        this.log.push('writable');
      },
      streamed: () => {
        if (this.log.at(-1) !== 'streamed') this.log.push('streamed');
      },
    };
    const tracer: Tracer = { event: (id, a, b, c, d) => this.events.push({ id, a, b, c, d }) };
    this.client = new MqttClient({
      clientId: 'netxcli',
      time: this.time,
      pool: this.pool,
      connector: this,
      listener,
      tracer,
      ...options.client,
    });
  }

  connect(listener: StreamListener): PacketStream | null {
    if (this.refusesToBegin) return null;
    const stream = new FakeStream(this, listener);
    this.streams.push(stream);
    if (this.establishes) stream.tell(() => stream.listener?.established());
    return stream;
  }

  /** The present stream. */
  get stream(): FakeStream {
    return this.streams[this.streams.length - 1] as FakeStream;
  }

  /** The tick of the present, as the captures count. */
  get tick(): number {
    return Math.floor(this.time.now / TICK);
  }

  heard(stream: FakeStream, bytes: Uint8Array): void {
    this.log.push(`< ${toHex(bytes)}`);
    if (this.accepts && stream.taken.length === 1 && (bytes[0] as number) === 0x10) stream.deliver(hex(CONNACK));
    this.onHeard?.(stream, bytes);
  }

  /** Processes what is due at this moment. */
  settle(): void {
    while (this.time.step(this.time.now));
  }

  /** The broker says each text in a segment of its own; then everything due is processed. */
  say(...segments: string[]): void {
    for (const segment of segments) this.stream.deliver(hex(segment));
    this.settle();
  }

  sayBytes(bytes: Uint8Array): void {
    this.stream.deliver(bytes);
    this.settle();
  }

  /** Lets time pass up to a tick. */
  runTo(tick: number): void {
    while (this.time.step(tick * TICK));
    this.time.advanceTo(tick * TICK);
  }

  /** Connects, and forgets what was logged doing so. */
  connected(options: Parameters<MqttClient['connect']>[0] = {}): this {
    this.client.connect(options);
    this.settle();
    expect(this.client.isConnected).toBe(true);
    this.log.length = 0;
    return this;
  }

  /** What was logged since the last call. */
  heardSince(): string[] {
    return this.log.splice(0);
  }

  /** Every packet is back where it came from. */
  expectNoLeak(): void {
    this.settle();
    expect([this.pool.available, this.streamPool.available, this.networkPool.available]).toEqual([
      this.pool.total,
      this.streamPool.total,
      this.networkPool.total,
    ]);
    expect([this.pool.invalidReleases, this.streamPool.invalidReleases, this.networkPool.invalidReleases]).toEqual([
      0, 0, 0,
    ]);
  }

  /** Deletes the client, lets the closing run out, and looks for leaks. */
  end(): void {
    this.client.delete();
    this.settle();
    this.runTo(this.tick + 4000);
    this.expectNoLeak();
  }
}
