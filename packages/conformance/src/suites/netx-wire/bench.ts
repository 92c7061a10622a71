import {
  type IpAddress,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type StreamListener,
  TICK,
} from '@strata/contracts';
import { type FrameHook, HOOK_DELAY, HOOK_DROP, HOOK_PASS } from '@strata/ethernet';
import type { Host, Lab, Profile } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import { SYN } from '../../suite/peer/frame.ts';
import { readFrame } from '../../suite/peer/seen.ts';
import type { Trial } from '../../suite/trial.ts';
import { FrameLines } from './frame-line.ts';

export const SERVER_PORT = 9123;
export const CLIENT_PORT = 55401;
export const ADDRESS_A = parseAddress('192.168.100.1') as IpAddress;
export const ADDRESS_B = parseAddress('192.168.100.2') as IpAddress;

/** What becomes of a frame: passed, dropped, or held back for so many ticks. */
export type Fate = 'pass' | 'drop' | number;

/** A TCP segment on its way, as a scenario decides about it. */
export interface OnItsWay {
  readonly from: 'a' | 'b';
  readonly flags: number;
  readonly length: number;
}

/** How a run is set up. */
export interface BenchOptions {
  /** Default: the trial's. */
  readonly profile?: Profile;
  /** Write TCP data down too. */
  readonly data?: boolean;
  /** Write frames down as hexadecimal digits; for runs over IPv6. */
  readonly hexadecimal?: boolean;
}

/**
 * The two nodes on which the runs of the real stack were made: `a` 192.168.100.1, mostly the client, and `b` 192.168.100.2,
 * with the same pools, made at tick 0; applications that act at given ticks, blocking senders that go on when there is room,
 * readers that read at once. Every frame is noted where its sender put it on the wire, before it can be lost.
 */
export class NetxBench {
  readonly lab: Lab;
  readonly a: Host;
  readonly b: Host;
  readonly lines: string[];
  fate: (segment: OnItsWay) => Fate;
  client: TcpSocket | null;
  server: TcpSocket | null;
  /** The server's application takes what has come. */
  reading: boolean;
  /** Lengths of what it took. */
  readonly received: number[];
  /** The server's application closes when its peer has. */
  closing: boolean;
  /** The client's ports, one per SYN that it sent. */
  readonly clientPorts: number[];
  /** What is to be done when the run is over, before sockets are taken down. */
  readonly atEnd: (() => void)[];
  private recording: boolean;
  private readonly writer: FrameLines;
  private packet: Packet | null;
  private left: number;
  private size: number;
  private waiting: boolean;
  private readonly sockets: Set<TcpSocket>;

  constructor(trial: Trial, options: BenchOptions = {}) {
    this.lab = trial.lab(options.profile === undefined ? {} : { profile: options.profile });
    this.a = this.lab.host('a', { packets: 132 });
    this.b = this.lab.host('b', { packets: 132 });
    const bridge = this.lab.bridge();
    this.a.attach(bridge.a, { address: '192.168.100.1/24', mac: '00:11:22:33:44:56' });
    this.b.attach(bridge.b, { address: '192.168.100.2/24', mac: '00:11:22:33:44:57' });
    bridge.a.setFaults({ hook: this.hook('a') });
    bridge.b.setFaults({ hook: this.hook('b') });
    this.lines = [];
    this.fate = () => 'pass';
    this.client = null;
    this.server = null;
    this.reading = true;
    this.received = [];
    this.closing = true;
    this.clientPorts = [];
    this.atEnd = [];
    this.recording = true;
    this.writer = new FrameLines({ data: options.data ?? false, hexadecimal: options.hexadecimal ?? false });
    this.packet = null;
    this.left = 0;
    this.size = 0;
    this.waiting = false;
    this.sockets = new Set();
  }

  get tick(): number {
    return this.lab.now / TICK;
  }

  /** Everything happens that is due up to this tick. */
  until(tick: number): void {
    const { scheduler } = this.lab.clock;
    this.settle();
    while (scheduler.step(tick * TICK)) this.settle();
    scheduler.advanceTo(tick * TICK);
  }

  /** The server listens and accepts at tick 10; the client connects at `tick`. */
  connect(tick: number, window: number): void {
    this.until(10);
    this.serve(window);
    this.until(tick);
    this.client = this.dial(CLIENT_PORT, window);
    this.client.listener = this.ear({ sendable: () => (this.waiting = false) });
    this.settle();
  }

  serve(window: number): void {
    const server = this.socketOf(this.b, window);
    this.server = server;
    this.b.tcp.serverListen(SERVER_PORT, server, 5, null);
    server.accept();
    server.listener = this.ear({
      receivable: () => this.read(),
      peerFinished: () => {
        this.read();
        if (this.closing) server.disconnect(false);
      },
    });
  }

  /** A socket of one of the hosts, taken down at the end. */
  socketOf(host: Host, window = 8192): TcpSocket {
    const socket = host.tcp.createSocket({ windowSize: window });
    this.sockets.add(socket);
    return socket;
  }

  dial(port: number, window = 8192, remotePort = SERVER_PORT): TcpSocket {
    const socket = this.socketOf(this.a, window);
    socket.bind(port);
    socket.connect(ADDRESS_B, remotePort);
    return socket;
  }

  /** The client sends `count` packets of `size` octets, each as soon as there is room for it (NX_WAIT_FOREVER). */
  send(count: number, size: number): void {
    this.left = count;
    this.size = size;
    this.waiting = false;
    this.settle();
  }

  /** One send with NX_NO_WAIT: its status. */
  trySend(size: number): number {
    const packet = this.make(size);
    const status = (this.client as TcpSocket).send(packet);
    if (status !== NX_SUCCESS) packet.release();
    this.settle();
    return status;
  }

  /** The server's application sends one packet. Its status. */
  answer(size: number): number {
    const server = this.server as TcpSocket;
    const packet = server.allocate() as Packet;
    packet.appendBytes(new Uint8Array(size).fill(0x62), 0, size);
    const status = server.send(packet);
    if (status !== NX_SUCCESS) packet.release();
    this.settle();
    return status;
  }

  /** The client ends the connection in order. */
  disconnect(): void {
    (this.client as TcpSocket).disconnect(false);
    this.settle();
  }

  /** The server's application takes everything that waits. */
  read(): void {
    const { server } = this;
    if (server === null || !this.reading) return;
    for (let packet = server.receive(); packet !== null; packet = server.receive()) {
      this.received.push(packet.length);
      packet.release();
    }
  }

  /** Everything that is due now happens; the sender goes on after each step, as a thread of low priority does. */
  settle(): void {
    const { scheduler } = this.lab.clock;
    do {
      while (scheduler.step(this.lab.now));
    } while (this.pump());
  }

  /** Ends everything; frames are no longer noted. */
  end(): void {
    this.recording = false;
    for (const step of this.atEnd) step();
    this.settle();
    for (const host of [this.a, this.b]) {
      for (const tcb of host.tcp.connections.all()) (tcb as TcpSocket).destroy();
    }
    this.packet?.release();
    this.packet = null;
    this.b.tcp.unlisten(SERVER_PORT);
    for (const socket of this.sockets) socket.destroy();
    this.settle();
  }

  private pump(): boolean {
    const { client } = this;
    if (client === null || this.waiting || (this.packet === null && this.left === 0)) return false;
    if (this.packet === null) {
      this.left--;
      this.packet = this.make(this.size);
    }
    const status = client.send(this.packet);
    if (status === NX_SUCCESS) this.packet = null;
    else if (status === NX_WINDOW_OVERFLOW || status === NX_TX_QUEUE_DEPTH) this.waiting = true;
    else throw new Error(`send answered ${status}`);
    return true;
  }

  private make(size: number): Packet {
    const packet = (this.client as TcpSocket).allocate() as Packet;
    packet.appendBytes(new Uint8Array(size).fill(0x61), 0, size);
    return packet;
  }

  /** A listener that hears only what is given. */
  ear(told: Partial<StreamListener>): StreamListener {
    return {
      established() {},
      receivable() {},
      sendable() {},
      peerFinished() {},
      closed() {},
      ...told,
    };
  }

  private hook(from: 'a' | 'b'): FrameHook {
    return (frame) => {
      const bytes = frame.bytes.slice(frame.offset, frame.offset + frame.length);
      if (this.recording) this.lines.push(this.writer.write(bytes, Math.round(frame.time / TICK)));
      const { tcp } = readFrame(bytes, 0);
      if (tcp === null) return HOOK_PASS;
      if (from === 'a' && tcp.flags === SYN) this.clientPorts.push(tcp.sourcePort);
      const fate = this.fate({ from, flags: tcp.flags, length: tcp.data.length });
      if (fate === 'pass') return HOOK_PASS;
      if (fate === 'drop') return HOOK_DROP;
      frame.delayMicroseconds = fate * TICK;
      return HOOK_DELAY;
    };
  }
}
