import { modernTcpProfile, type TcpProfile, type TcpSocket, tcpOptions } from '../../src/index.ts';
import { ScriptedPeer } from './peer.ts';

/** Payload of a full segment in these tests. */
export const MSS = 1000;

/** The options of the peer's SYN-ACK: an MSS of 1000, SACK permitted, and window scale 7 so that no window is short. */
const SYN_OPTIONS = [2, 4, MSS >> 8, MSS & 0xff, 1, 1, 4, 2, 1, 3, 3, 7];

/** A profile with SACK and without timestamps, so that options in the tests are SACK's alone. */
export const sackProfile: TcpProfile = {
  ...modernTcpProfile,
  nagle: false,
  options: tcpOptions({ sack: true, timestamps: false, windowScale: true }),
};

/** A SACK option with blocks of relative numbers: those of `peer`, the receiver of what the host sends. */
export function sackOption(peer: ScriptedPeer, ...blocks: readonly (readonly [number, number])[]): number[] {
  if (blocks.length === 0) return [];
  return [1, 1, 5, 2 + 8 * blocks.length, ...blocks.flat().flatMap((edge) => octets(peer.hostIss + edge))];
}

/** The SACK option that the host sends about what `peer` has sent. */
export function hostSack(peer: ScriptedPeer, ...blocks: readonly (readonly [number, number])[]): number[] {
  return [1, 1, 5, 2 + 8 * blocks.length, ...blocks.flat().flatMap((edge) => octets(peer.peerIss + edge))];
}

export function octets(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** A connection whose peer is `rtt` microseconds away and understands SACK. */
export function connectSack(
  rtt: number,
  profile: TcpProfile = sackProfile,
  synOptions: readonly number[] = SYN_OPTIONS,
): { peer: ScriptedPeer; socket: TcpSocket } {
  const peer = new ScriptedPeer(profile, { packets: 256 });
  const socket = peer.tcp.createSocket({ windowSize: 1 << 20 });
  socket.bind(0);
  socket.connect(peer.remote, peer.peerPort);
  peer.expect('S', { seq: 0 });
  peer.advance(rtt);
  peer.emit('S.', { seq: 0, ack: 1, win: 65535, options: synOptions });
  peer.expect('.', { seq: 1, ack: 1 });
  return { peer, socket };
}

/** The sender's side of a script: segments by their number, counted from 0. */
export class Sender {
  readonly peer: ScriptedPeer;
  readonly socket: TcpSocket;

  constructor(peer: ScriptedPeer, socket: TcpSocket) {
    this.peer = peer;
    this.socket = socket;
  }

  /** The application writes full segments. */
  write(segments: number): void {
    for (let i = 0; i < segments; i++) this.peer.send(this.socket, MSS);
  }

  /** The host sends these segments now, in this order, and nothing else. */
  sends(...segments: readonly number[]): void {
    for (const n of segments) this.sendsOne(n);
    this.peer.silence();
  }

  sendsOne(n: number): void {
    const header = this.peer.take();
    if (header === null) throw new Error(this.peer.report(`segment ${n} was expected`));
    const sequence = (header.sequence - this.peer.hostIss) | 0;
    if (sequence !== 1 + n * MSS || header.payloadLength !== MSS) {
      throw new Error(this.peer.report(`segment ${n} was expected, not ${(sequence - 1) / MSS}`));
    }
  }

  /** The numbers of all segments sent and not looked at yet. */
  sent(): number[] {
    const numbers: number[] = [];
    for (let header = this.peer.take(); header !== null; header = this.peer.take()) {
      numbers.push((((header.sequence - this.peer.hostIss) | 0) - 1) / MSS);
    }
    return numbers;
  }

  /** The peer acknowledges all before segment `n`, and SACKs runs of segments: `[from, to)`. */
  ack(n: number, ...runs: readonly (readonly [number, number])[]): void {
    const blocks = runs.map(([from, to]) => [1 + from * MSS, 1 + to * MSS] as const);
    this.peer.emit('.', { seq: 1, ack: 1 + n * MSS, win: 65535, options: sackOption(this.peer, ...blocks) });
  }

  /** The congestion window, in segments. */
  get window(): number {
    return this.socket.cwnd / MSS;
  }

  finish(): void {
    this.peer.discard();
    this.peer.finish(this.socket);
  }
}

/** A sender of `profile` with `written` segments in its hands, ten of which have just gone out. */
export function sender(rtt: number, written: number, profile: TcpProfile = sackProfile): Sender {
  const { peer, socket } = connectSack(rtt, profile);
  const one = new Sender(peer, socket);
  one.write(written);
  return one;
}

/** `from`, `from + 1`, … up to but without `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
