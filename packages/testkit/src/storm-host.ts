import {
  type FrameSink,
  NX_RECEIVE_PACKET,
  type Packet,
  type PacketAllocator,
  type StreamListener,
} from '@strata/contracts';
import { type Dissection, dissect } from '@strata/dissect';
import type { Segment } from '@strata/ethernet';
import { MqttClient } from '@strata/mqtt';
import { PacketPool } from '@strata/packet';
import { type Host, Lab, type Profile } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import type { UdpSocket } from '@strata/udp';
import { parseAddress, parseMac } from '@strata/wire';
import { FrameMaker, type Station } from './frame-maker.ts';
import { type FrameEnd, StormAuditor } from './storm-auditor.ts';

export const ECHO_PORT = 7;
export const BYSTANDER_PORT = 9000;
export const UDP_PORT = 5683;
export const MQTT_PORT = 1883;

export const TARGET = station('02:00:5e:10:00:01', '192.0.2.1');
export const STRANGER = station('02:00:5e:20:00:02', '192.0.2.2');
/** Far from every other address, so that no flipped bit of the stranger's frames makes them this one's. */
const FRIEND = station('02:6b:a7:93:55:cc', '192.0.2.77');

/** Octets that an application remembers until it is told to forget them. */
const REMEMBERED = 256;

/** Time between two frames, in microseconds. */
const STEP = 100;

function station(mac: string, address: string): Station {
  const link = parseMac(mac);
  const network = parseAddress(address);
  if (link === null || network === null) throw new RangeError(`${mac} or ${address} is no address`);
  return { ...link, address: network.w3 };
}

/** What an application of the target was told and has read. */
export class TargetEnd implements StreamListener {
  socket: TcpSocket | null;
  readonly received: number[];
  over: boolean;
  peerDone: boolean;

  constructor() {
    this.socket = null;
    this.received = [];
    this.over = false;
    this.peerDone = false;
  }

  established(): void {}
  sendable(): void {}

  receivable(): void {
    const { socket } = this;
    for (let packet = socket?.receive() ?? null; packet !== null; packet = socket?.receive() ?? null) {
      const bytes = new Uint8Array(Math.min(packet.length, REMEMBERED - this.received.length));
      packet.extract(0, bytes, 0, bytes.length);
      for (const octet of bytes) this.received.push(octet);
      packet.release();
    }
  }

  peerFinished(): void {
    this.receivable();
    this.peerDone = true;
  }

  closed(): void {
    this.receivable();
    this.over = true;
  }

  /** Reads what is left and ends the connection at once. */
  abort(): void {
    this.socket?.disconnect(true);
    this.receivable();
  }
}

/**
 * The host that frames are thrown at, a friend with whom it has a connection of its own, and the stranger who throws. The
 * stranger is no host: it only makes frames, sees all that the target sends to it, and knows the target's sequence numbers.
 */
export class StormHost implements FrameSink {
  readonly lab: Lab;
  readonly target: Host;
  readonly friend: Host;
  readonly link: Segment;
  readonly auditor: StormAuditor;
  /** Makes frames from the stranger to the target. */
  readonly make: FrameMaker;
  readonly receivePool: PacketAllocator;
  readonly udp: UdpSocket;
  readonly mqtt: MqttClient;
  /** The target's ends of the stranger's connections to the echo port, newest last. */
  readonly accepted: TargetEnd[];
  readonly bystander: TargetEnd;
  readonly bystanderPeer: TargetEnd;
  /** The socket of the MQTT client's present connection. */
  mqttSocket: TcpSocket | null;
  /** Every well-formed frame the stranger sent to open connections and to talk: what is mutated. */
  readonly golden: Uint8Array[];
  /** What the target sent to the stranger since {@link clearSent}. */
  readonly sent: Uint8Array[];
  private readonly pool: PacketPool;

  constructor(seed: number, profile: Profile) {
    this.auditor = new StormAuditor(['target', 'net']);
    this.lab = new Lab({ seed, profile, listeners: [this.auditor], memoryBytes: 16 << 20 });
    this.target = this.lab.host('target', { packets: 1024 });
    this.friend = this.lab.host('friend');
    this.link = this.lab.segment(3, { name: 'net' });
    this.make = new FrameMaker(STRANGER, TARGET);
    this.pool = new PacketPool({ name: 'stranger pool', payloadSize: 2048, packets: 256 });
    this.receivePool = this.pool;
    this.accepted = [];
    this.golden = [];
    this.sent = [];
    this.mqttSocket = null;
    this.join(this.target, 0, TARGET);
    this.join(this.friend, 1, FRIEND);
    this.link.end(2).attach(this);
    for (const other of [STRANGER, FRIEND]) this.target.ip.arp.createStaticEntry(other.address, other.msw, other.lsw);
    this.friend.ip.arp.createStaticEntry(TARGET.address, TARGET.msw, TARGET.lsw);

    this.target.tcp.listen(ECHO_PORT, {
      onConnection: (socket) => {
        const end = new TargetEnd();
        end.socket = socket;
        socket.listener = end;
        this.accepted.push(end);
      },
    });
    this.udp = this.target.udp.createSocket({ name: 'storm' });
    this.udp.bind(UDP_PORT);
    this.mqtt = new MqttClient({
      clientId: 'storm',
      time: this.target.time,
      pool: this.target.pool,
      tracer: this.target.tracer,
      connector: { connect: (listener) => this.openMqtt(listener) },
    });
    this.bystander = new TargetEnd();
    this.bystanderPeer = new TargetEnd();
    this.target.tcp.listen(BYSTANDER_PORT, {
      onConnection: (socket) => {
        this.bystander.socket = socket;
        socket.listener = this.bystander;
      },
    });
    this.bystanderPeer.socket = this.friend.tcp.open(this.target.localAddress, BYSTANDER_PORT, this.bystanderPeer);
    this.advance(10_000);
    if (this.bystander.socket === null) throw new Error('the friend could not connect');
  }

  private join(host: Host, end: number, as: Station): void {
    const mac = [as.msw >> 8, as.msw, as.lsw >>> 24, as.lsw >>> 16, as.lsw >>> 8, as.lsw];
    host.attach(this.link.end(end), {
      address: `192.0.2.${as.address & 255}/24`,
      mac: mac.map((octet) => (octet & 255).toString(16).padStart(2, '0')).join(':'),
    });
  }

  private openMqtt(listener: StreamListener): TcpSocket | null {
    const remote = parseAddress('192.0.2.2');
    this.mqttSocket = remote === null ? null : this.target.tcp.open(remote, MQTT_PORT, listener);
    return this.mqttSocket;
  }

  /** @internal What the target sends arrives here. */
  accept(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.release();
    if (this.sent.length < 4096) this.sent.push(bytes);
  }

  linkChanged(): void {}

  clearSent(): void {
    this.sent.length = 0;
  }

  /** The last frame the target sent since {@link clearSent} that fits. */
  lastSent(fits: (frame: Dissection) => boolean): Dissection | null {
    for (let i = this.sent.length - 1; i >= 0; i--) {
      const frame = dissect(this.sent[i] as Uint8Array);
      if (fits(frame)) return frame;
    }
    return null;
  }

  /** A well-formed frame of the stranger. It joins the corpus. */
  talk(frame: Uint8Array): void {
    this.golden.push(frame);
    this.throwFrame(frame);
  }

  /** Any octets. Returns what became of them at the target. */
  throwFrame(frame: Uint8Array): FrameEnd {
    const packet = this.pool.allocate(NX_RECEIVE_PACKET);
    if (packet === null) throw new Error('the stranger has no packet left: the link keeps them');
    packet.appendBytes(frame, 0, frame.length);
    this.auditor.begin();
    this.link.end(2).send(packet);
    this.advance(0);
    const end = this.auditor.end();
    this.advance(STEP);
    return end;
  }

  advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = scheduler.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }
}
