import {
  type FrameSink,
  type IpAddress,
  NX_RECEIVE_PACKET,
  type Packet,
  type PacketAllocator,
  SECOND,
} from '@strata/contracts';
import type { LoopbackBridge, SegmentEnd } from '@strata/ethernet';
import { PacketPool } from '@strata/packet';
import type { Host, Lab, Profile } from '@strata/stack';
import type { TcpProfile, TcpServer, TcpSocket, TcpSocketOptions } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import { CheckFailure } from '../failure.ts';
import { Connection } from './connection.ts';
import { emitIcmp, emitIp, type IpFields, type Station } from './frame.ts';
import { mss, timestamps } from './options.ts';
import { readFrame, type Seen } from './seen.ts';

/** How to make a {@link Peer}. */
export interface PeerOptions {
  /** Default: the trial's. */
  readonly profile?: Profile;
  /** Fields of the TCP profile to change. */
  readonly tcp?: Partial<TcpProfile>;
  readonly mtu?: number;
  /** Packets in the host's pool. Default 128. */
  readonly packets?: number;
  /** Answer ARP and neighbour solicitations for the peer. Default true; otherwise they are frames like others. */
  readonly answers?: boolean;
  /** The host has a default route. Default true. */
  readonly gateway?: boolean;
  /** Microseconds of the lab before the scenario begins. Default 0. */
  readonly start?: number;
  /** Default: the trial's. */
  readonly seed?: number;
}

/** How a connection is opened. */
export interface OpenOptions {
  readonly peerPort?: number;
  readonly hostPort?: number;
  /** Options of the peer's SYN or SYN-ACK. Default: MSS 1460. */
  readonly synOptions?: readonly number[];
  /** Windows of the peer's SYN (or SYN-ACK), and of everything else in the handshake. Default 65535. */
  readonly synWindow?: number;
  readonly window?: number;
  readonly peerIss?: number;
  /** The peer's first timestamp: it offers timestamps, and sends one in every segment by itself. */
  readonly tsValue?: number;
  /** Of the host's socket. */
  readonly socket?: TcpSocketOptions;
}

/** Neighbour discovery and group membership: nothing that a scenario about transports is about. */
function isLinkTalk({ payload }: Seen): boolean {
  const type = payload[0] ?? 0;
  return type >= FIRST_LINK_TYPE && type <= LAST_LINK_TYPE;
}

/** Options of the peer's SYN or SYN-ACK. */
function synOptionsOf(options: OpenOptions, echo: number): readonly number[] {
  const chosen = options.synOptions ?? mss(1460);
  return options.tsValue === undefined ? chosen : [...chosen, ...timestamps(options.tsValue, echo)];
}

const HOST_MAC = [2, 0, 0, 0, 0, 1];
const PEER_MAC = [2, 0, 0, 0, 0, 2];
const HOST_4 = parseAddress('192.0.2.1') as IpAddress;
const PEER_4 = parseAddress('192.0.2.2') as IpAddress;
const HOST_6 = parseAddress('2001:db8::1') as IpAddress;
const PEER_6 = parseAddress('2001:db8::2') as IpAddress;
/** Duplicate address detection is over by then, in every profile. */
const DETECTION = 5 * SECOND;
const ICMPV6 = 58;
/** From queries for group membership to redirects: what a link is full of. */
const FIRST_LINK_TYPE = 130;
const LAST_LINK_TYPE = 143;
const SOLICITATION = 135;
/** Just below the wrap, so that every scenario crosses it. */
const PEER_ISS = 0xffff_fff0 | 0;
const SERVER_PORT = 7;
const PEER_PORT = 40_000;
const PEER_PACKETS = 64;
const ARP = 0x0806;

/**
 * A real host in virtual time, and everybody else on its link played by the scenario. Frames from the scenario are processed
 * the moment they are sent; what the host sends is kept until the scenario asks for it.
 */
export class Peer implements FrameSink {
  readonly lab: Lab;
  readonly host: Host;
  readonly self: Station;
  readonly hostStation: Station;
  readonly receivePool: PacketAllocator;
  readonly bridge: LoopbackBridge;
  /** Sockets that a listening host has accepted, oldest first. */
  readonly accepted: TcpSocket[];
  /** How often the host has asked for the peer's link address. */
  addressRequests: number;
  private readonly pool: PacketPool;
  private readonly port: SegmentEnd;
  private readonly inbox: Seen[];
  private readonly answers: boolean;
  private readonly sockets: Set<TcpSocket>;
  private readonly servers: TcpServer[];
  private nextPort: number;

  constructor(lab: Lab, ipVersion: 4 | 6, options: PeerOptions = {}) {
    this.lab = lab;
    this.answers = options.answers ?? true;
    this.host = lab.host('host', { packets: options.packets ?? 128 });
    this.bridge = lab.bridge(options.mtu === undefined ? {} : { mtu: options.mtu });
    this.hostStation = { mac: HOST_MAC, address: ipVersion === 4 ? HOST_4 : HOST_6 };
    this.self = { mac: PEER_MAC, address: ipVersion === 4 ? PEER_4 : PEER_6 };
    const gateway = ipVersion === 4 ? '192.0.2.254' : 'fe80::fe';
    const route = options.gateway === false ? {} : { gateway };
    const address = ipVersion === 4 ? '192.0.2.1/24' : '2001:db8::1/64';
    this.host.attach(this.bridge.a, { ...route, address, mac: '02:00:00:00:00:01' });
    this.pool = new PacketPool({ name: 'peer pool', payloadSize: 2048, packets: PEER_PACKETS });
    this.receivePool = this.pool;
    this.port = this.bridge.b;
    this.port.attach(this);
    this.inbox = [];
    this.accepted = [];
    this.addressRequests = 0;
    this.sockets = new Set();
    this.servers = [];
    this.nextPort = PEER_PORT;
    this.advance((options.start ?? 0) + (ipVersion === 4 ? 0 : DETECTION));
    this.drain();
  }

  /** Microseconds of the lab. */
  get now(): number {
    return this.lab.now;
  }

  /** @internal What the host sends arrives here. */
  accept(frame: Packet): void {
    const bytes = new Uint8Array(frame.length);
    frame.extract(0, bytes, 0, bytes.length);
    frame.release();
    const seen = readFrame(bytes, this.now);
    if (this.answers && seen.etherType === ARP) this.answerArp(bytes);
    else if (this.answers && seen.protocol === ICMPV6 && isLinkTalk(seen)) this.answerSolicitation(seen);
    else this.inbox.push(seen);
  }

  linkChanged(): void {}

  /** Answers a request for the peer's address, and counts it. */
  private answerArp(request: Uint8Array): void {
    const view = new DataView(request.buffer);
    if (view.getUint16(20) !== 1 || view.getInt32(38) !== this.self.address.w3) return;
    this.addressRequests++;
    const reply = request.slice();
    reply.set(request.subarray(6, 12), 0);
    reply.set(this.self.mac, 6);
    reply[21] = 2;
    reply.set(this.self.mac, 22);
    reply.set(request.subarray(38, 42), 28);
    reply.set(request.subarray(22, 32), 32);
    this.post(reply);
  }

  /** Answers a neighbour solicitation for the peer's address, and counts it (RFC 4861 7.2.4). */
  private answerSolicitation({ payload, source }: Seen): void {
    if (payload[0] !== SOLICITATION) return;
    const view = new DataView(payload.buffer, payload.byteOffset);
    const { address, mac } = this.self;
    const isOurs = [address.w0, address.w1, address.w2, address.w3].every(
      (word, i) => view.getInt32(8 + 4 * i) === word,
    );
    if (!isOurs || (source.w0 | source.w3) === 0) return;
    this.addressRequests++;
    const body = [...payload.subarray(8, 24), 2, 1, ...mac];
    const message = emitIcmp(address, source, 136, 0, 0x60000000, body);
    this.post(emitIp(this.self, this.hostStation, ICMPV6, message, { ttl: 255 }, source));
  }

  /** Sends a frame as it is; the host processes it at once. */
  deliver(frame: Uint8Array): void {
    this.post(frame);
    this.settle();
  }

  /** Sends frames that arrive together: the host processes all of them before anything else happens. */
  deliverTogether(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.post(frame);
    this.settle();
  }

  private post(frame: Uint8Array): void {
    const packet = this.pool.allocate(NX_RECEIVE_PACKET);
    if (packet === null) throw new Error('the peer has no packet left: the link keeps them');
    packet.appendBytes(frame, 0, frame.length);
    this.port.send(packet);
  }

  /** @internal A frame around an IP payload. */
  ipFrame(protocol: number, payload: Uint8Array, ip: IpFields, source: IpAddress, destination: IpAddress): Uint8Array {
    const from = source === this.self.address ? this.self : { mac: this.self.mac, address: source };
    return emitIp(from, this.hostStation, protocol, payload, ip, destination);
  }

  /** An ICMP error about a packet of the host's, which is quoted as a router would. */
  icmpError(type: number, code: number, quoted: Uint8Array, rest = 0, from: IpAddress = this.self.address): void {
    const protocol = this.self.address.family === 4 ? 1 : 58;
    const message = emitIcmp(from, this.hostStation.address, type, code, rest, quoted.subarray(0, 548));
    this.deliver(this.ipFrame(protocol, message, {}, from, this.hostStation.address));
  }

  /** Lets everything happen that is due now. */
  settle(): void {
    const { scheduler } = this.lab.clock;
    while (scheduler.step(this.now));
  }

  /** Lets time go by, in microseconds. */
  advance(microseconds: number): void {
    const { scheduler } = this.lab.clock;
    const end = this.now + microseconds;
    while (scheduler.step(end));
    scheduler.advanceTo(end);
  }

  /** The host's next frame, waited for as long as this; null when there is none. */
  next(patience = 0): Seen | null {
    const { scheduler } = this.lab.clock;
    const end = this.now + patience;
    while (this.inbox.length === 0 && scheduler.step(end));
    if (this.inbox.length === 0) scheduler.advanceTo(end);
    return this.inbox.shift() ?? null;
  }

  /** How many frames of the host's wait to be looked at. */
  get waiting(): number {
    return this.inbox.length;
  }

  /** Forgets what the host has sent; returns it. */
  drain(): Seen[] {
    return this.inbox.splice(0);
  }

  /** Runs until the host sends something; microseconds that it took. @throws CheckFailure when nothing came */
  waitForFrame(limit: number): number {
    const from = this.now;
    const { scheduler } = this.lab.clock;
    while (this.inbox.length === 0) {
      if (!scheduler.step(from + limit)) {
        throw new CheckFailure('the host sent nothing', `a frame within ${limit / SECOND} s`, 'nothing');
      }
    }
    return this.now - from;
  }

  /** The host listens on port 7; `accepted` has the sockets. */
  listen(
    options: { readonly backlog?: number; readonly socket?: TcpSocketOptions; readonly port?: number } = {},
  ): TcpServer {
    const server = this.host.tcp.listen(options.port ?? SERVER_PORT, {
      ...(options.backlog === undefined ? {} : { backlog: options.backlog }),
      ...(options.socket === undefined ? {} : { socket: options.socket }),
      onConnection: (socket) => {
        this.accepted.push(socket);
        this.sockets.add(socket);
      },
    });
    if (server === null) throw new Error('the host cannot listen');
    this.servers.push(server);
    return server;
  }

  /** A socket of the host's, taken down with the peer. */
  socket(options: TcpSocketOptions = {}): TcpSocket {
    const socket = this.host.tcp.createSocket(options);
    this.sockets.add(socket);
    return socket;
  }

  /** The peer's side of a connection that nobody has opened yet. */
  connection(options: OpenOptions = {}): Connection {
    return new Connection(
      this,
      options.peerPort ?? this.nextPort++,
      options.hostPort ?? SERVER_PORT,
      options.peerIss ?? PEER_ISS,
    );
  }

  /** An established connection that the peer opened to the listening host. */
  passive(options: OpenOptions = {}): Connection {
    if (this.servers.length === 0) this.listen(options.socket === undefined ? {} : { socket: options.socket });
    const connection = this.connection(options);
    const window = options.window ?? 65535;
    const count = this.accepted.length;
    connection.emit('S', { seq: 0, win: options.synWindow ?? window, options: synOptionsOf(options, 0) });
    connection.expect('S.', { seq: 0, ack: 1 });
    connection.tsValue = options.tsValue ?? null;
    connection.emit('.', { seq: 1, ack: 1, win: window });
    connection.silence();
    const socket = this.accepted[count];
    if (socket === undefined) throw new CheckFailure('the host did not accept the connection');
    socket.listener = connection.ear;
    connection.socket = socket;
    return connection;
  }

  /** A connection that the host opens: its SYN has been seen, and not been answered. */
  opening(options: OpenOptions = {}): Connection {
    const connection = this.connection(options);
    const socket = this.socket(options.socket);
    connection.socket = socket;
    socket.listener = connection.ear;
    if (socket.bind(0) !== 0) throw new Error('the host has no port');
    socket.connect(this.self.address, connection.peerPort);
    this.settle();
    connection.expect('S', { seq: 0 });
    return connection;
  }

  /** An established connection that the host opened. */
  active(options: OpenOptions = {}): Connection {
    const connection = this.opening(options);
    const win = options.synWindow ?? options.window ?? 65535;
    connection.emit('S.', { seq: 0, ack: 1, win, options: synOptionsOf(options, connection.tsEcho) });
    connection.tsValue = options.tsValue ?? null;
    connection.expect('.', { seq: 1, ack: 1 });
    return connection;
  }

  /** @internal Ends everything without a word. */
  close(): void {
    for (const tcb of this.host.tcp.connections.all()) (tcb as TcpSocket).destroy();
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) server.close();
    this.settle();
    this.inbox.length = 0;
  }
}
