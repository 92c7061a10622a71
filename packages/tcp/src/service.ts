import {
  type DatagramInfo,
  type DatagramSink,
  type Disposition,
  DROP_TCP_CHECKSUM,
  DROP_TCP_DATA_OFFSET,
  DROP_TCP_LAND,
  DROP_TCP_NO_CONNECTION,
  DROP_TCP_NOT_UNICAST,
  DROP_TCP_OPTION_LENGTH,
  DROP_TCP_PORT_ZERO,
  DROP_TCP_SHORT,
  ERROR_TOO_BIG,
  HANDLED,
  type IpAddress,
  LINK_UNICAST,
  type NetworkError,
  type NetworkService,
  NX_ALREADY_BOUND,
  NX_CONNECTION_PENDING,
  NX_DUPLICATE_LISTEN,
  NX_ENTRY_NOT_FOUND,
  NX_IN_PROGRESS,
  NX_INVALID_PORT,
  NX_INVALID_RELISTEN,
  NX_MAX_LISTEN,
  NX_NOT_CLOSED,
  NX_SUCCESS,
  NX_TCP_PACKET,
  type Packet,
  type PacketAllocator,
  PROTOCOL_TCP,
  type Random,
  SECOND,
  type Status,
  type StreamListener,
  type TimeService,
  TRACE_TCP_DROP,
  TRACE_TCP_NETWORK_ERROR,
  TRACE_TCP_RECEIVE,
  type TraceRef,
  type Tracer,
} from '@strata/contracts';
import {
  checkTcp,
  fold,
  parseTcp,
  sameAddress,
  sumAligned,
  TCP_ACK,
  TCP_HEADER_GOOD,
  TCP_HEADER_SHORT,
  TCP_SYN,
  TcpHeader,
  tcpDestinationPort,
  tcpSourcePort,
} from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import { TcpCounters } from './counters.ts';
import { Demultiplexer } from './demultiplexer.ts';
import { type ListenCallback, type Listener, ListenQueue } from './listener.ts';
import { PortTable } from './port-table.ts';
import type { TcpProbe } from './probe.ts';
import { PROBE_RECEIVED } from './probe-events.ts';
import type { IsnGenerator, TcpProfile } from './profile.ts';
import { receiveListen } from './receive/listen.ts';
import { receiveSegment, SEGMENT_DONE, SEGMENT_KEPT } from './receive/segment.ts';
import { sendStrayReset } from './send/control.ts';
import { sumChain } from './send/header.ts';
import { TcpServer, type TcpServerOptions } from './server.ts';
import { serviceInfoOf, type TcpInfo } from './snapshot.ts';
import { TcpSocket, type TcpSocketOptions } from './socket.ts';
import { CAUSE_REFUSED, CAUSE_UNREACHABLE, TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT } from './states.ts';
import { endConnection } from './teardown.ts';
import { transition } from './transition.ts';

/** An eighth of the pool is kept back, but not more packets than this. */
const LARGEST_RESERVE = 32;

/** Drop reasons of TCP start here; counted by their distance from it. */
const FIRST_DROP_REASON = 0xc0;

/**
 * TCP of one host: finds the connection of each segment, owns ports and listeners, makes sockets. Registers itself with IP.
 *
 * `accept` and the timers are the only ways into the state machine besides the sockets' own calls; each runs to completion.
 */
export class TcpService implements DatagramSink {
  readonly network: NetworkService;
  readonly pool: PacketAllocator;
  readonly time: TimeService;
  readonly profile: TcpProfile;
  readonly counters: TcpCounters;
  readonly connections: Demultiplexer;
  readonly ports: PortTable;
  readonly isn: IsnGenerator;
  tracer: Tracer | null;
  /** Looks at connections after each segment, or null. */
  probe: TcpProbe | null;
  /** What the event being processed is about: the packet that came in, or null. Trace events point to it. */
  current: TraceRef | null;
  /** Type of service of the datagram being processed. */
  typeOfService: number;
  /** The moment from which the profile's timer grid counts: when this service was made. */
  readonly phase: number;
  /** Head-room of a packet for data: every header below, and the profile's options. */
  readonly dataHeadroom: number;
  /** Packets of the pool that applications do not get, so that their data cannot shut out acknowledgments. */
  readonly poolReserve: number;
  /** Packets of the pool when this service was made. */
  readonly poolPackets: number;
  /** The one parsed header. Valid during `accept`. */
  readonly header: TcpHeader;
  private readonly listeners: Map<number, Listener>;
  private readonly drops: Float64Array;
  private challengeSecond: number;
  private challengesLeft: number;
  private readonly challengeRandom: Random;
  /** The key of this host's hashes: nobody outside can tell where a connection's numbers start. */
  readonly secret0: number;
  readonly secret1: number;
  /** Connections in TIMED_WAIT, oldest first. */
  readonly waiting: Set<ControlBlock>;
  /** When the pool was last relieved of connections that nobody reads. */
  relievedAt: number;
  /** A connection in TIMED_WAIT has made way: the initial number of the next one lies beyond {@link reopenedAt}. */
  reopening: boolean;
  reopenedAt: number;

  constructor(
    network: NetworkService,
    pool: PacketAllocator,
    time: TimeService,
    random: Random,
    profile: TcpProfile,
    tracer: Tracer | null,
  ) {
    this.network = network;
    this.pool = pool;
    this.time = time;
    this.profile = profile;
    this.tracer = tracer;
    this.probe = null;
    this.counters = new TcpCounters();
    this.connections = new Demultiplexer(random.fork('demultiplexer'));
    this.listeners = new Map();
    this.ports = new PortTable(profile.ports(random), (port) => this.listeners.has(port));
    this.isn = profile.isn(random, time);
    this.current = null;
    this.typeOfService = 0;
    this.phase = time.now;
    this.dataHeadroom = NX_TCP_PACKET + profile.options.dataHeadroom;
    this.poolPackets = pool.available;
    this.poolReserve = Math.min(pool.available >> 3, LARGEST_RESERVE);
    this.header = new TcpHeader();
    this.drops = new Float64Array(64);
    this.challengeSecond = -1;
    this.challengesLeft = 0;
    this.challengeRandom = random.fork('challenge ACKs');
    const secrets = random.fork('TCP secret');
    this.secret0 = secrets.uint32() | 0;
    this.secret1 = secrets.uint32() | 0;
    this.waiting = new Set();
    this.relievedAt = Number.NEGATIVE_INFINITY;
    this.reopening = false;
    this.reopenedAt = 0;
    network.register(PROTOCOL_TCP, this);
  }

  /** A new socket, CLOSED and unbound. Throws RangeError for a window the profile does not allow or a TTL above 255. */
  createSocket(options: TcpSocketOptions = {}): TcpSocket {
    return new TcpSocket(this, this.profile, this.time, options);
  }

  /**
   * The whole active open in one call: a socket with `deleteWhenClosed`, an ephemeral port, and a SYN. Null when there is no
   * route or no port; otherwise the listener hears `established` or `closed`.
   */
  open(remote: IpAddress, port: number, listener: StreamListener, options: TcpSocketOptions = {}): TcpSocket | null {
    const socket = this.createSocket({ ...options, deleteWhenClosed: true });
    socket.listener = listener;
    if (socket.bind(0) === NX_SUCCESS && socket.connect(remote, port) === NX_IN_PROGRESS) return socket;
    socket.listener = null;
    socket.destroy();
    return null;
  }

  /**
   * Listens and accepts by itself, a new socket for each connection. Null when the port is taken or not 1..65535. Throws
   * what {@link createSocket} throws for the options of those sockets, now and not when a peer connects.
   */
  listen(port: number, options: TcpServerOptions): TcpServer | null {
    this.createSocket(options.socket).destroy();
    if (!Number.isInteger(port) || port < 0 || port > 0xffff) return null;
    let chosen = port;
    if (port === 0) {
      const probe = this.createSocket();
      if (probe.bind(0) !== NX_SUCCESS) return null;
      chosen = probe.localPort;
      probe.destroy();
    }
    if (!this.ports.mayListen(chosen)) return null;
    const server = new TcpServer(this, chosen, options);
    this.listeners.set(chosen, server);
    return server;
  }

  /**
   * NetX's listen: the first SYN goes to `socket`, further ones wait in a queue of `queueMaximum`.
   * NX_INVALID_PORT, NX_NOT_CLOSED, NX_ALREADY_BOUND, NX_DUPLICATE_LISTEN, NX_MAX_LISTEN.
   */
  serverListen(port: number, socket: TcpSocket, queueMaximum: number, callback: ListenCallback | null): Status {
    if (!Number.isInteger(port) || port < 1 || port > 0xffff) return NX_INVALID_PORT;
    if (socket.state !== TCP_CLOSED) return NX_NOT_CLOSED;
    if (socket.bound) return NX_ALREADY_BOUND;
    if (this.listeners.has(port)) return NX_DUPLICATE_LISTEN;
    if (this.listeners.size >= this.profile.maximumListeners) return NX_MAX_LISTEN;
    const queue = new ListenQueue(this, port, queueMaximum, callback);
    this.listeners.set(port, queue);
    socket.beginListening();
    queue.offer(socket);
    return NX_SUCCESS;
  }

  /**
   * Arms a listener again: NX_SUCCESS, or NX_CONNECTION_PENDING when a queued SYN was bound to the socket, which must then be
   * accepted. NX_NOT_CLOSED, NX_ALREADY_BOUND, NX_INVALID_RELISTEN.
   */
  relisten(port: number, socket: TcpSocket): Status {
    if (socket.state !== TCP_CLOSED) return NX_NOT_CLOSED;
    if (socket.bound) return NX_ALREADY_BOUND;
    const queue = this.listeners.get(port);
    if (!(queue instanceof ListenQueue) || queue.socket !== null) return NX_INVALID_RELISTEN;
    socket.beginListening();
    return queue.offer(socket) ? NX_CONNECTION_PENDING : NX_SUCCESS;
  }

  /** Stops listening: queued SYNs are dropped, an armed socket is CLOSED again. NX_ENTRY_NOT_FOUND. */
  unlisten(port: number): Status {
    const queue = this.listeners.get(port);
    if (!(queue instanceof ListenQueue)) return NX_ENTRY_NOT_FOUND;
    const { socket } = queue;
    queue.close();
    this.listeners.delete(port);
    if (socket !== null && socket.state === TCP_LISTEN) {
      socket.acceptPending = false;
      transition(socket, TCP_CLOSED);
    }
    return NX_SUCCESS;
  }

  /** How many segments were dropped for one of the DROP_TCP_ reasons. */
  dropped(reason: number): number {
    return this.drops[reason - FIRST_DROP_REASON] ?? 0;
  }

  accept(packet: Packet, info: DatagramInfo): Disposition {
    const at = packet.prepend;
    const { length, view } = packet;
    const check = checkTcp(view, at, length);
    if (check !== TCP_HEADER_GOOD) {
      return this.malformed(check === TCP_HEADER_SHORT ? DROP_TCP_SHORT : DROP_TCP_DATA_OFFSET);
    }
    if (!info.checksumVerified) {
      const sum =
        packet.next === null && (at & 3) === 0
          ? sumAligned(packet.words, view, at, length)
          : sumChain(packet, at, length);
      if (fold(sum + info.pseudoHeaderSum + length) !== 0xffff) {
        this.counters.checksumErrors++;
        const pair = (tcpDestinationPort(view, at) << 16) | tcpSourcePort(view, at);
        const damaged = this.connections.find(pair, info);
        if (damaged !== null) damaged.checksumErrors++;
        return this.malformed(DROP_TCP_CHECKSUM);
      }
    }
    const segment = this.header;
    parseTcp(segment, view, at, length);
    if (packet.append - at < segment.headerLength && packet.next !== null) return this.malformed(DROP_TCP_DATA_OFFSET);
    packet.transportHeader = at;
    this.typeOfService = info.typeOfService;
    this.counters.packetsReceived++;
    if (this.tracer !== null) {
      this.tracer.event(
        TRACE_TCP_RECEIVE,
        segment.flags,
        segment.sequence,
        segment.acknowledgment,
        segment.payloadLength,
        packet,
      );
    }
    const ports = (segment.destinationPort << 16) | segment.sourcePort;
    const tcb = this.connections.find(ports, info);
    this.current = packet;
    if (tcb !== null && this.hasBadOptions(segment)) this.refuseOptions(tcb, segment, info);
    else if (tcb !== null) {
      const result = info.toUnicast ? receiveSegment(tcb, segment, packet, info) : SEGMENT_DONE;
      if (this.probe !== null) this.probe.sample(tcb, PROBE_RECEIVED);
      if (result === SEGMENT_KEPT) {
        this.current = null;
        return HANDLED;
      }
      if (result === SEGMENT_DONE) packet.release();
      else {
        this.reopening = true;
        this.reopenedAt = tcb.sndNxt;
        this.acceptStray(packet, segment, info);
        this.reopening = false;
      }
      this.current = null;
      return HANDLED;
    } else {
      this.acceptStray(packet, segment, info);
      this.current = null;
      return HANDLED;
    }
    packet.release();
    this.current = null;
    return HANDLED;
  }

  /** A segment without a connection: for a listener, or answered with a reset (RFC 9293 3.10.7.1). Takes the packet. */
  private acceptStray(packet: Packet, segment: TcpHeader, info: DatagramInfo): void {
    let reason = 0;
    if (segment.sourcePort === 0 || segment.destinationPort === 0) reason = DROP_TCP_PORT_ZERO;
    else if (!info.toUnicast || info.linkCast !== LINK_UNICAST || isInvalidSource(info)) reason = DROP_TCP_NOT_UNICAST;
    else if (segment.sourcePort === segment.destinationPort && isLand(info)) reason = DROP_TCP_LAND;
    if (reason !== 0) {
      this.drop(reason, null, segment.sequence);
      packet.release();
      return;
    }
    const listener = this.listeners.get(segment.destinationPort);
    if (listener !== undefined && this.hasBadOptions(segment)) {
      this.refuseOptions(null, segment, info);
      packet.release();
      return;
    }
    if (listener !== undefined) {
      if (!receiveListen(this, listener, segment, packet, info)) packet.release();
      return;
    }
    this.drop(DROP_TCP_NO_CONNECTION, null, segment.sequence);
    if (this.profile.ignoresStrays?.(segment) !== true) sendStrayReset(this, segment, info, DROP_TCP_NO_CONNECTION);
    packet.release();
  }

  /** An MSS that cannot be read matters where it is negotiated, to profiles that mind. */
  private hasBadOptions(segment: TcpHeader): boolean {
    if (segment.badOption) return true;
    return segment.badMss && (segment.flags & TCP_SYN) !== 0 && this.profile.resetOnBadOptions;
  }

  /**
   * Drops a segment whose options cannot be read. RFC 9293 3.1 (MUST-7) suggests a reset; a profile that follows it ends
   * attempts to connect so, ours and others'. On open connections such a segment is no more than noise.
   */
  private refuseOptions(tcb: ControlBlock | null, segment: TcpHeader, info: DatagramInfo): void {
    this.drop(DROP_TCP_OPTION_LENGTH, tcb, segment.sequence);
    if (!this.profile.resetOnBadOptions || (segment.flags & TCP_SYN) === 0) return;
    if (tcb === null) sendStrayReset(this, segment, info, DROP_TCP_OPTION_LENGTH);
    else if (tcb.state === TCP_SYN_SENT && segment.flags & TCP_ACK && segment.acknowledgment === tcb.sndNxt) {
      sendStrayReset(this, segment, info, DROP_TCP_OPTION_LENGTH);
      endConnection(tcb, CAUSE_REFUSED);
    }
  }

  /** True when an error quotes a segment that a connection may have in flight. */
  confirms(error: NetworkError): boolean {
    return this.quotedConnection(error) !== null;
  }

  /** RFC 5927 4.1: the quoted sequence number must be one that is outstanding. */
  private quotedConnection(error: NetworkError): ControlBlock | null {
    if (error.protocol !== PROTOCOL_TCP) return null;
    const tcb = this.connections.findPair((error.localPort << 16) | error.remotePort, error.local, error.remote);
    if (tcb === null) return null;
    const offset = (error.sequence - tcb.sndUna) | 0;
    const beyond = (error.sequence - tcb.sndNxt) | 0;
    // What is at SND.NXT was an acknowledgment or a probe; neither is ever too big.
    return offset < 0 || beyond > 0 || (beyond === 0 && error.kind === ERROR_TOO_BIG) ? null : tcb;
  }

  /** Connections from these addresses end at once; nothing could be sent from there any more. */
  interfaceDetached(_interfaceIndex: number, addresses: readonly IpAddress[]): void {
    for (const tcb of this.connections.all()) {
      const local = tcb.flow?.local;
      if (local !== undefined && addresses.some((each) => sameAddress(each, local)))
        endConnection(tcb, CAUSE_UNREACHABLE);
    }
  }

  networkError(error: NetworkError): void {
    const tcb = this.quotedConnection(error);
    if (tcb === null) return;
    this.counters.networkErrors++;
    if (this.tracer !== null) {
      this.tracer.event(
        TRACE_TCP_NETWORK_ERROR,
        error.kind,
        error.localPort,
        error.remotePort,
        error.sequence,
        this.current,
      );
    }
    this.profile.networkErrors(tcb, error);
  }

  /** @internal Counts and traces a segment that was dropped. */
  drop(reason: number, tcb: ControlBlock | null, sequence: number): void {
    const index = reason - FIRST_DROP_REASON;
    this.drops[index] = (this.drops[index] ?? 0) + 1;
    this.counters.packetsDropped++;
    if (this.tracer !== null) {
      const local = tcb === null ? this.header.destinationPort : tcb.localPort;
      const remote = tcb === null ? this.header.sourcePort : tcb.remotePort;
      this.tracer.event(TRACE_TCP_DROP, reason, remote, local, sequence, this.current);
    }
  }

  /** @internal RFC 5961 7: whether one more challenge ACK may go out in this second. */
  mayChallenge(): boolean {
    const second = Math.floor(this.time.now / SECOND);
    if (second !== this.challengeSecond) {
      this.challengeSecond = second;
      // Not always the same number: counting our challenge ACKs would show an outsider that its guess was right.
      const rate = this.profile.challengeAcksPerSecond;
      this.challengesLeft = (rate >> 1) + this.challengeRandom.below(rate + 1);
    }
    if (this.challengesLeft <= 0) return false;
    this.challengesLeft--;
    return true;
  }

  /** @internal A socket is done with its port. */
  forget(tcb: ControlBlock): void {
    this.connections.remove(tcb);
    this.ports.release(tcb);
  }

  /** @internal */
  removeListener(listener: Listener): void {
    if (this.listeners.get(listener.port) === listener) this.listeners.delete(listener.port);
  }

  /** nx_tcp_info_get. */
  get info(): TcpInfo {
    return serviceInfoOf(this.counters);
  }

  /** @internal The listen request whose armed socket is `socket`, or null. */
  listenQueueOf(socket: TcpSocket): ListenQueue | null {
    for (const listener of this.listeners.values()) {
      if (listener instanceof ListenQueue && listener.socket === socket) return listener;
    }
    return null;
  }

  private malformed(reason: number): Disposition {
    this.counters.invalidPackets++;
    const index = reason - FIRST_DROP_REASON;
    this.drops[index] = (this.drops[index] ?? 0) + 1;
    return reason;
  }
}

/** RFC 9293 3.9.2.3 (MUST-63): a source that cannot be a host's. */
function isInvalidSource(info: DatagramInfo): boolean {
  if (info.family === 4) return info.source3 >>> 28 >= 14 || info.source3 === 0;
  return info.source0 >>> 24 === 0xff || (info.source0 | info.source1 | info.source2 | info.source3) === 0;
}

/** Source and destination address are the same. */
function isLand(info: DatagramInfo): boolean {
  return (
    info.source3 === info.destination3 &&
    info.source2 === info.destination2 &&
    info.source1 === info.destination1 &&
    info.source0 === info.destination0
  );
}
