import type { IpAddress, StreamListener } from '@strata/contracts';
import { PacketPool } from '@strata/packet';
import { Scheduler, SeededRandom } from '@strata/time';
import {
  checkTcp,
  describeTcp,
  describeTcpFlags,
  fold,
  parseAddress,
  parseTcp,
  sumBytes,
  TCP_HEADER_GOOD,
  TcpHeader,
} from '@strata/wire';
import { type TcpProfile, TcpService, TcpSocket, type TcpSocketOptions } from '../../src/index.ts';
import { addressInfo, type SentSegment, sumOfAddresses, TestNetwork } from './network.ts';

const LETTERS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32, E: 64, W: 128 };

export interface Emission {
  readonly seq?: number;
  readonly ack?: number;
  readonly win?: number;
  readonly len?: number;
  readonly data?: Uint8Array;
  readonly options?: readonly number[];
  readonly urgent?: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly typeOfService?: number;
}

export interface Expectation {
  readonly seq?: number;
  readonly ack?: number;
  readonly win?: number;
  readonly len?: number;
  /** Option bytes exactly. */
  readonly options?: readonly number[];
  readonly data?: Uint8Array;
  readonly urgent?: number;
  readonly typeOfService?: number;
}

/** Notes what an application hears. */
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
 * A host under test against a peer that a script plays. Sequence numbers are relative, as tools print them: the host's to
 * its initial number, the peer's to `peerIss`, which lies close to the wrap. `expect` first checks lengths and checksum.
 */
export class ScriptedPeer {
  readonly time: Scheduler;
  readonly pool: PacketPool;
  readonly network: TestNetwork;
  readonly tcp: TcpService;
  readonly remote: IpAddress;
  readonly local: IpAddress;
  /** The peer's and the host's ports, and their initial sequence numbers (the host's once its SYN was seen). */
  peerPort: number;
  hostPort: number;
  peerIss: number;
  hostIss: number;
  readonly log: string[];
  private readonly sent: SentSegment[];
  private readonly header: TcpHeader;

  constructor(
    profile: TcpProfile,
    options: {
      readonly packets?: number;
      readonly start?: number;
      readonly payload?: number;
      readonly family?: 4 | 6;
    } = {},
  ) {
    this.time = new Scheduler();
    this.pool = new PacketPool({ name: 'host', payloadSize: options.payload ?? 1568, packets: options.packets ?? 128 });
    const [local, remote] = options.family === 6 ? ['2001:db8::1', '2001:db8::2'] : ['192.0.2.1', '192.0.2.2'];
    this.local = parseAddress(local as string) as IpAddress;
    this.remote = parseAddress(remote as string) as IpAddress;
    this.network = new TestNetwork(this.local, this.time);
    this.tcp = new TcpService(this.network, this.pool, this.time, new SeededRandom('host'), profile, null);
    this.time.advanceTo(options.start ?? 0);
    this.sent = [];
    this.log = [];
    this.header = new TcpHeader();
    this.peerPort = 9123;
    this.hostPort = 0;
    this.peerIss = 0xfffffff0 | 0;
    this.hostIss = 0;
    this.network.onSend = (segment) => {
      this.sent.push(segment);
    };
  }

  /** Microseconds since the start. */
  get now(): number {
    return this.time.now;
  }

  /** Lets deferred work and whatever is due now run. */
  settle(): void {
    while (this.time.step(this.time.now));
  }

  advance(microseconds: number): void {
    const until = this.time.now + microseconds;
    while (this.time.step(until));
    this.time.advanceTo(until);
  }

  /** The peer sends a segment. */
  emit(flags: string, what: Emission = {}): void {
    const options = what.options ?? [];
    const data = what.data ?? new Uint8Array(what.len ?? 0).fill(0x78);
    const headerLength = 20 + options.length;
    const bytes = new Uint8Array(headerLength + data.length);
    const view = new DataView(bytes.buffer);
    let bits = 0;
    for (const letter of flags) bits |= LETTERS[letter] as number;
    view.setUint16(0, what.sourcePort ?? this.peerPort);
    view.setUint16(2, what.destinationPort ?? this.hostPort);
    view.setInt32(4, (this.peerIss + (what.seq ?? 0)) | 0);
    view.setInt32(8, bits & 16 ? (this.hostIss + (what.ack ?? 0)) | 0 : 0);
    view.setUint16(12, (headerLength << 10) | bits);
    view.setUint16(14, what.win ?? 65535);
    view.setUint16(18, what.urgent ?? 0);
    bytes.set(options, 20);
    bytes.set(data, headerLength);
    const sum = sumBytes(view, 0, bytes.length) + sumOfAddresses(this.remote, this.local) + bytes.length;
    view.setUint16(16, ~fold(sum) & 0xffff);
    this.note('<', bytes);
    const info = addressInfo(this.remote, this.local);
    info.typeOfService = what.typeOfService ?? 0;
    this.network.deliver(this.pool, bytes, info);
    this.settle();
  }

  /** The next segment that the host sent; fails when there is none, or when it is not as described. */
  expect(flags: string, want: Expectation = {}): TcpHeader {
    const segment = this.sent.shift();
    if (segment === undefined) throw new Error(this.report(`expected ${flags}, got nothing`));
    const { bytes } = segment;
    const header = this.parse(bytes);
    if (header.flags & 2) this.hostIss = header.sequence;
    this.hostPort = header.sourcePort;
    this.note('>', bytes);
    let bits = 0;
    for (const letter of flags) bits |= LETTERS[letter] as number;
    const problems: string[] = [];
    const compare = (name: string, actual: number, wanted: number | undefined) => {
      if (wanted !== undefined && actual !== wanted) problems.push(`${name} is ${actual}, not ${wanted}`);
    };
    if (header.flags !== bits) problems.push(`flags are ${describeTcpFlags(header.flags)}, not ${flags}`);
    compare('seq', (header.sequence - this.hostIss) | 0, want.seq);
    compare('ack', (header.acknowledgment - this.peerIss) | 0, want.ack);
    compare('win', header.window, want.win);
    compare('len', header.payloadLength, want.len);
    compare('urgent', header.urgentPointer, want.urgent);
    compare('type of service', segment.typeOfService, want.typeOfService);
    const optionBytes = [...bytes.subarray(20, header.headerLength)];
    if (want.options !== undefined && String(optionBytes) !== String(want.options)) {
      problems.push(`options are [${optionBytes}], not [${want.options}]`);
    }
    if (want.data !== undefined) {
      const data = bytes.subarray(header.headerLength);
      if (String([...data]) !== String([...want.data])) problems.push('data differs');
    }
    if (problems.length > 0) throw new Error(this.report(problems.join('; ')));
    return header;
  }

  /** Nothing was sent that was not expected, and nothing is for `microseconds`. */
  silence(microseconds = 0): void {
    if (microseconds > 0) this.advance(microseconds);
    const segment = this.sent[0];
    if (segment !== undefined) {
      throw new Error(this.report(`expected silence, got ${describeTcp(this.parse(segment.bytes))} at ${segment.at}`));
    }
  }

  /** Runs until the host sends something, and returns how long that took. */
  waitForSegment(limit: number): number {
    const from = this.time.now;
    while (this.sent.length === 0) {
      if (!this.time.step(from + limit)) throw new Error(this.report(`nothing was sent within ${limit} us`));
    }
    return this.time.now - from;
  }

  /** The next segment that the host sent, whatever it is, or null; valid until the next call. */
  take(): TcpHeader | null {
    const segment = this.sent.shift();
    if (segment === undefined) return null;
    this.note('>', segment.bytes);
    return this.parse(segment.bytes);
  }

  /** What the host has sent is of no interest. */
  discard(): void {
    this.sent.length = 0;
  }

  /** What was sent and not expected yet is of no interest. */
  ignore(): void {
    this.sent.length = 0;
  }

  /** How many segments wait to be expected. */
  get waiting(): number {
    return this.sent.length;
  }

  /** An established connection that the host opened. The peer's SYN-ACK had these options and window. */
  connected(socket: TcpSocket, options: readonly number[] = [2, 4, 5, 0xb4], win = 65535): void {
    if (!socket.bound) socket.bind(0);
    socket.connect(this.remote, this.peerPort);
    this.expect('S', { seq: 0 });
    this.emit('S.', { seq: 0, ack: 1, win, options });
    this.expect('.', { seq: 1, ack: 1 });
  }

  /** A socket that is connected, with an ear. */
  client(
    options: TcpSocketOptions = {},
    synOptions?: readonly number[],
    win?: number,
  ): { socket: TcpSocket; ear: Ear } {
    const socket = this.tcp.createSocket(options);
    const ear = new Ear();
    socket.listener = ear;
    this.connected(socket, synOptions, win);
    return { socket, ear };
  }

  /** The application sends `length` octets; returns the status, releasing the packet when it was refused. */
  send(socket: TcpSocket, length: number, fill = 0x61): number {
    const packet = socket.allocate();
    if (packet === null) throw new Error('no packet');
    packet.appendBytes(new Uint8Array(length).fill(fill), 0, length);
    const status = socket.send(packet);
    if (status !== 0) packet.release();
    this.settle();
    return status;
  }

  /** The application takes everything there is; returns the lengths. */
  receive(socket: TcpSocket): number[] {
    const lengths: number[] = [];
    for (let packet = socket.receive(); packet !== null; packet = socket.receive()) {
      lengths.push(packet.length);
      packet.release();
    }
    this.settle();
    return lengths;
  }

  /** Everything is over: no packet is missing. */
  finish(...sockets: TcpSocket[]): void {
    this.network.letGo();
    for (const tcb of this.tcp.connections.all()) (tcb as TcpSocket).destroy();
    for (const socket of sockets) socket.destroy();
    this.settle();
    if (this.pool.available !== this.pool.total) {
      throw new Error(this.report(`${this.pool.total - this.pool.available} packets leaked`));
    }
    if (this.pool.invalidReleases !== 0) throw new Error(this.report(`${this.pool.invalidReleases} invalid releases`));
  }

  private parse(bytes: Uint8Array): TcpHeader {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (checkTcp(view, 0, bytes.length) !== TCP_HEADER_GOOD) throw new Error(this.report('the host sent a bad header'));
    const sum = sumBytes(view, 0, bytes.length) + sumOfAddresses(this.remote, this.local) + bytes.length;
    if (fold(sum) !== 0xffff) throw new Error(this.report('the host sent a bad checksum'));
    parseTcp(this.header, view, 0, bytes.length);
    if (this.header.badOption) throw new Error(this.report('the host sent a bad option'));
    return this.header;
  }

  private note(arrow: string, bytes: Uint8Array): void {
    const header = new TcpHeader();
    parseTcp(header, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    this.log.push(`${(this.time.now / 1e6).toFixed(6)} ${arrow} ${describeTcp(header)}`);
  }

  /** A problem and the segments that led to it. */
  report(problem: string): string {
    const left = this.sent.map(
      (segment) =>
        `${(segment.at / 1e6).toFixed(6)} > (not expected yet) ${describeTcp(this.unchecked(segment.bytes))}`,
    );
    return [problem, ...this.log.slice(-30), ...left].join('\n');
  }

  private unchecked(bytes: Uint8Array): TcpHeader {
    const header = new TcpHeader();
    parseTcp(header, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    return header;
  }
}

export { TcpSocket };
