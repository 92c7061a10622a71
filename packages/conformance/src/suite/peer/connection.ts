import type { IpAddress, StreamListener } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { CheckFailure, hex } from '../failure.ts';
import { emitTcp, flagBits, flagLetters, type IpFields, PSH, SYN, TCP } from './frame.ts';
import { timestamps } from './options.ts';
import type { Peer } from './peer.ts';
import { describe, optionOf, type Seen, type SeenTcp } from './seen.ts';

/** A segment from the peer. Sequence numbers count from the initial ones; what is absent is 0 or nothing. */
export interface Emission extends IpFields {
  readonly seq?: number;
  readonly ack?: number;
  /** Default 65535. */
  readonly win?: number;
  /** Octets of data, all 'x'. */
  readonly len?: number;
  readonly data?: ArrayLike<number>;
  readonly options?: readonly number[];
  readonly urgent?: number;
  /** Added to the right checksum. */
  readonly checksumError?: number;
  readonly headerLength?: number;
  /** Somebody else's source address, or another destination. */
  readonly from?: IpAddress;
  readonly to?: IpAddress;
}

/** What the host's next segment is to look like; what is absent is not looked at. Sequence numbers as in {@link Emission}. */
export interface Expectation {
  readonly seq?: number;
  readonly ack?: number;
  readonly win?: number;
  readonly len?: number;
  readonly data?: ArrayLike<number>;
  /** The octets of all options. */
  readonly options?: readonly number[];
  readonly urgent?: number;
  /** Microseconds from now within which it comes. Default: at once. */
  readonly within?: number;
  /** PSH may be there or not. Default true: where it must be, requirements about it say so. */
  readonly anyPush?: boolean;
}

/** Notes what the application hears. */
export class Ear implements StreamListener {
  readonly heard: string[] = [];
  established(): void {
    this.heard.push('established');
  }
  receivable(): void {
    this.heard.push('receivable');
  }
  sendable(): void {
    this.heard.push('sendable');
  }
  peerFinished(): void {
    this.heard.push('peerFinished');
  }
  closed(reason: number): void {
    this.heard.push(`closed 0x${reason.toString(16)}`);
  }
}

/**
 * One TCP connection between the host and the peer, from the peer's side: what the peer sends and what the host must send.
 * The peer's initial sequence number lies just below the wrap.
 */
export class Connection {
  readonly peer: Peer;
  readonly peerPort: number;
  hostPort: number;
  peerIss: number;
  hostIss: number;
  /** Its SYN has been seen: `hostIss` is the host's initial sequence number. */
  private hostKnown: boolean;
  /** The host's socket, where there is one. */
  socket: TcpSocket | null;
  readonly ear: Ear;
  /** What the peer's next timestamp says, once timestamps were negotiated; null: it sends none by itself. */
  tsValue: number | null;
  /** The host's last timestamp. */
  tsEcho: number;

  constructor(peer: Peer, peerPort: number, hostPort: number, peerIss: number) {
    this.peer = peer;
    this.peerPort = peerPort;
    this.hostPort = hostPort;
    this.peerIss = peerIss;
    this.hostIss = 0;
    this.hostKnown = false;
    this.socket = null;
    this.ear = new Ear();
    this.tsValue = null;
    this.tsEcho = 0;
  }

  /** The host's socket. @throws Error before there is one */
  get own(): TcpSocket {
    if (this.socket === null) throw new Error('the host has no socket for this connection yet');
    return this.socket;
  }

  get state(): string {
    return this.own.inspect().state;
  }

  /** The peer sends a segment, which is processed at once. */
  emit(flags: string, what: Emission = {}): void {
    this.peer.deliver(this.frame(flags, what));
  }

  /** The same, but only made: {@link Peer.deliver} sends it. */
  frame(flags: string, what: Emission = {}): Uint8Array {
    const bits = flagBits(flags);
    const { peer } = this;
    const source = what.from ?? peer.self.address;
    const destination = what.to ?? peer.hostStation.address;
    const segment = emitTcp(source, destination, {
      sourcePort: this.peerPort,
      destinationPort: this.hostPort,
      sequence: (this.peerIss + (what.seq ?? 0)) | 0,
      acknowledgment: what.ack === undefined ? 0 : (this.hostIss + what.ack) | 0,
      flags: bits,
      window: what.win ?? 65535,
      urgent: what.urgent ?? 0,
      options: what.options ?? (bits & SYN ? [] : this.ownOptions()),
      data: what.data ?? new Uint8Array(what.len ?? 0).fill(0x78),
      ...(what.headerLength === undefined ? {} : { headerLength: what.headerLength }),
    });
    if (what.checksumError !== undefined) {
      const sum = ((segment[16] as number) << 8) | (segment[17] as number);
      const wrong = (sum + what.checksumError) & 0xffff;
      segment[16] = wrong >> 8;
      segment[17] = wrong & 255;
    }
    return peer.ipFrame(TCP, segment, what, source, destination);
  }

  private ownOptions(): readonly number[] {
    if (this.tsValue === null) return [];
    this.tsValue++;
    return timestamps(this.tsValue, this.tsEcho);
  }

  /** The host's next frame, which must be this segment of this connection. */
  expect(flags: string, want: Expectation = {}): Seen & { readonly tcp: SeenTcp } {
    const seen = this.peer.next(want.within ?? 0);
    const wanted = `${flags} ${describeWanted(want)}`.trim();
    if (seen === null) throw new CheckFailure('the host sent nothing', wanted, 'nothing');
    const { tcp } = seen;
    if (tcp === null) throw new CheckFailure('the host sent something else', wanted, describe(seen));
    if (tcp.flags & SYN && !this.hostKnown) {
      this.hostKnown = true;
      this.hostIss = tcp.sequence;
      this.hostPort = tcp.sourcePort;
    }
    const stamp = optionOf(tcp, 8);
    if (stamp !== null) this.tsEcho = new DataView(stamp.buffer, stamp.byteOffset).getUint32(0);
    const problems = [...seen.problems];
    const compare = (name: string, actual: number, expected: number | undefined) => {
      if (expected !== undefined && actual !== expected) problems.push(`${name} is ${actual}, not ${expected}`);
    };
    compare('source port', tcp.sourcePort, this.hostPort);
    compare('destination port', tcp.destinationPort, this.peerPort);
    const ignored = (want.anyPush ?? true) ? PSH : 0;
    if ((tcp.flags | ignored) !== (flagBits(flags) | ignored)) {
      problems.push(`flags are ${flagLetters(tcp.flags)}, not ${flags}`);
    }
    compare('seq', (tcp.sequence - this.hostIss) | 0, want.seq);
    compare('ack', (tcp.acknowledgment - this.peerIss) | 0, want.ack);
    compare('win', tcp.window, want.win);
    compare('len', tcp.data.length, want.len);
    compare('urgent pointer', tcp.urgent, want.urgent);
    if (want.options !== undefined && hex(tcp.options) !== hex(want.options)) {
      problems.push(`options are ${hex(tcp.options)}, not ${hex(want.options)}`);
    }
    if (want.data !== undefined && hex(tcp.data) !== hex(want.data)) problems.push('the data is other data');
    if (problems.length > 0) throw new CheckFailure(problems.join('; '), wanted, this.relative(seen));
    return seen as Seen & { readonly tcp: SeenTcp };
  }

  /** The host sends nothing for so many microseconds, nor has anything waiting. */
  silence(microseconds = 0): void {
    const seen = this.peer.next(microseconds);
    if (seen !== null) throw new CheckFailure('the host was to be silent', 'nothing', this.relative(seen));
  }

  /** A segment with this connection's numbers. */
  relative(seen: Seen): string {
    const { tcp } = seen;
    if (tcp === null) return describe(seen);
    const seq = (tcp.sequence - this.hostIss) | 0;
    const ack = tcp.flags & 16 ? ` ack ${(tcp.acknowledgment - this.peerIss) | 0}` : '';
    const options = tcp.options.length > 0 ? ` options ${hex(tcp.options)}` : '';
    return `${flagLetters(tcp.flags)} seq ${seq}${ack} win ${tcp.window} len ${tcp.data.length}${options}`;
  }

  /** The application sends so many octets in one packet. Returns the status. */
  send(length: number, fill = 0x61): number {
    return this.sendBytes(new Uint8Array(length).fill(fill));
  }

  sendBytes(bytes: Uint8Array, urgent = false): number {
    const socket = this.own;
    const packet = socket.allocate();
    if (packet === null) throw new CheckFailure('the host has no packet to send with');
    packet.appendBytes(bytes, 0, bytes.length);
    const status = urgent ? socket.sendUrgent(packet) : socket.send(packet);
    if (status !== 0) packet.release();
    this.peer.settle();
    return status;
  }

  /** The application takes everything there is; returns the octets. */
  read(): number[] {
    const octets: number[] = [];
    const socket = this.own;
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
      const bytes = new Uint8Array(packet.length);
      packet.extract(0, bytes, 0, bytes.length);
      octets.push(...bytes);
      packet.release();
    }
    this.peer.settle();
    return octets;
  }

  /** The application takes one packet; returns its length, or 0 when there is none. */
  readOne(): number {
    const packet = this.own.receive();
    const length = packet?.length ?? 0;
    packet?.release();
    this.peer.settle();
    return length;
  }

  /** The application ends the connection: in order, or with a reset. */
  close(abort = false): number {
    const status = this.own.disconnect(abort);
    this.peer.settle();
    return status;
  }

  /** The maximum segment size that a segment announces, or null. */
  static mssOf(seen: { readonly tcp: SeenTcp }): number | null {
    const value = optionOf(seen.tcp, 2);
    return value === null ? null : ((value[0] as number) << 8) | (value[1] as number);
  }
}

function describeWanted(want: Expectation): string {
  return Object.entries(want)
    .filter(([name]) => name !== 'anyPush')
    .map(([name, value]) => `${name} ${typeof value === 'object' ? hex(value as ArrayLike<number>) : value}`)
    .join(' ');
}
