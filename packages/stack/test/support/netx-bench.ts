import {
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  NX_WINDOW_OVERFLOW,
  type Packet,
  type StreamListener,
  TICK,
} from '@strata/contracts';
import { type FrameHook, HOOK_DELAY, HOOK_DROP, HOOK_PASS } from '@strata/ethernet';
import { type Host, Lab, netxProfile, type Profile } from '@strata/stack';
import type { TcpSocket } from '@strata/tcp';
import { describeTcpFlags, formatIpv4, parseAddress, parseTcp, TcpHeader } from '@strata/wire';

export const SERVER_PORT = 9123;
export const CLIENT_PORT = 55401;
const REMOTE = parseAddress('192.0.2.2')!;

/** What becomes of a frame: passed, dropped, or held back for so many ticks. */
export type Fate = 'pass' | 'drop' | number;

/** A frame on its way, as a scenario decides about it. */
export interface Seen {
  readonly from: 'a' | 'b';
  readonly flags: number;
  readonly length: number;
}

/**
 * Two hosts of NetX's profile on a bridge, `a` the client and `b` the server, as in the captured runs: hosts made at tick 0,
 * applications that act at given ticks, blocking senders that go on when there is room, readers that read at once. Every TCP
 * segment is noted where its sender put it on the wire, one line each: ticks since the connect, sender, IP identification,
 * flags, sequence and acknowledgment number relative to the initial ones, data octets, window, options.
 */
export class NetxBench {
  readonly lab: Lab;
  readonly a: Host;
  readonly b: Host;
  readonly frames: string[];
  fate: (seen: Seen) => Fate;
  client: TcpSocket | null;
  server: TcpSocket | null;
  /** The server's application takes what has come. */
  reading: boolean;
  /** Lengths of what it took. */
  readonly received: number[];
  private start: number;
  private packet: Packet | null;
  private left: number;
  private size: number;
  private waiting: boolean;
  private readonly initial: Map<string, number>;
  private readonly header: TcpHeader;

  constructor(profile: Profile = netxProfile) {
    this.lab = new Lab({ profile });
    this.a = this.lab.host('a', { packets: 132 });
    this.b = this.lab.host('b', { packets: 132 });
    const bridge = this.lab.bridge();
    this.a.attach(bridge.a, { address: '192.0.2.1/24' });
    this.b.attach(bridge.b, { address: '192.0.2.2/24' });
    bridge.a.setFaults({ hook: this.hook('a') });
    bridge.b.setFaults({ hook: this.hook('b') });
    this.frames = [];
    this.fate = () => 'pass';
    this.client = null;
    this.server = null;
    this.reading = true;
    this.received = [];
    this.start = 0;
    this.packet = null;
    this.left = 0;
    this.size = 0;
    this.waiting = false;
    this.initial = new Map();
    this.header = new TcpHeader();
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
    this.mark();
    this.client = this.dial(CLIENT_PORT, window);
    this.client.listener = this.ear({ sendable: () => (this.waiting = false) });
    this.settle();
  }

  serve(window: number): void {
    const server = this.b.tcp.createSocket({ windowSize: window });
    this.server = server;
    this.b.tcp.serverListen(SERVER_PORT, server, 5, null);
    server.accept();
    server.listener = this.ear({
      receivable: () => this.read(),
      peerFinished: () => {
        this.read();
        server.disconnect(false);
      },
    });
  }

  /** Ticks are counted from here. */
  mark(): void {
    this.start = this.tick;
  }

  dial(port: number, window = 8192, remotePort = SERVER_PORT): TcpSocket {
    const socket = this.a.tcp.createSocket({ windowSize: window });
    socket.bind(port);
    socket.connect(REMOTE, remotePort);
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

  /** The server's application sends one packet; the client's does not read it. */
  answer(size: number): void {
    const server = this.server as TcpSocket;
    const packet = server.allocate() as Packet;
    packet.appendBytes(new Uint8Array(size).fill(0x62), 0, size);
    if (server.send(packet) !== NX_SUCCESS) packet.release();
    this.settle();
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

  /** Ends everything; what the frames were, one per line. */
  async finish(): Promise<string> {
    for (const host of [this.a, this.b]) {
      for (const tcb of host.tcp.connections.all()) (tcb as TcpSocket).destroy();
    }
    this.packet?.release();
    this.packet = null;
    this.client?.destroy();
    this.server?.destroy();
    this.b.tcp.unlisten(SERVER_PORT);
    this.settle();
    await this.lab.close();
    if (this.lab.outstanding() !== 0) throw new Error(`${this.lab.outstanding()} packets leaked`);
    return this.text();
  }

  text(): string {
    return `\n${this.frames.join('\n')}\n`;
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

  private ear(told: Partial<StreamListener>): StreamListener {
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
      const { header, initial } = this;
      const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset + frame.offset, frame.length);
      if (view.getUint16(12) !== 0x0800) return HOOK_PASS;
      const ttl = view.getUint8(22);
      const fragment = view.getUint16(20);
      if (view.getUint16(14) !== 0x4500 || ttl !== 128 || fragment !== 0) {
        throw new Error(`header of ${formatIpv4(view.getInt32(26))}: ttl ${ttl}, fragment word ${fragment}`);
      }
      parseTcp(header, view, 34, view.getUint16(16) - 20);
      const own = `${from} ${header.sourcePort} ${header.destinationPort}`;
      const other = `${from === 'a' ? 'b' : 'a'} ${header.destinationPort} ${header.sourcePort}`;
      if (header.flags & 2) initial.set(own, header.sequence);
      const sequence = (header.sequence - (initial.get(own) ?? header.sequence)) >>> 0;
      const acknowledgment = header.flags & 16 ? (header.acknowledgment - (initial.get(other) ?? 0)) >>> 0 : 0;
      const options = [];
      for (let i = 54; i < 34 + header.headerLength; i++) options.push(view.getUint8(i).toString(16).padStart(2, '0'));
      const fields: (number | string)[] = [
        Math.round(frame.time / TICK - this.start),
        from,
        view.getUint16(18),
        describeTcpFlags(header.flags),
        sequence,
        acknowledgment,
        header.payloadLength,
        header.window,
      ];
      if (options.length > 0) fields.push(options.join(''));
      const port = from === 'a' ? header.sourcePort : header.destinationPort;
      if (port !== CLIENT_PORT) fields.push('port', port);
      this.frames.push(fields.join(' '));
      const fate = this.fate({ from, flags: header.flags, length: header.payloadLength });
      if (fate === 'pass') return HOOK_PASS;
      if (fate === 'drop') return HOOK_DROP;
      frame.delayMicroseconds = fate * TICK;
      return HOOK_DELAY;
    };
  }
}
