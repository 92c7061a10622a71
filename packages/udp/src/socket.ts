import {
  type DatagramInfo,
  type Deferred,
  type Disposition,
  DROP_UDP_QUEUE_FULL,
  type Flow,
  HANDLED,
  type IpAddress,
  LINK_BROADCAST,
  type NetworkError,
  NX_ALREADY_BOUND,
  NX_ENTRY_NOT_FOUND,
  NX_IN_PROGRESS,
  NX_INVALID_PORT,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_BOUND,
  NX_NOT_ENABLED,
  NX_NOT_SUPPORTED,
  NX_OVERFLOW,
  NX_PORT_UNAVAILABLE,
  NX_SUCCESS,
  NX_UNDERFLOW,
  type Packet,
  PROTOCOL_UDP,
  type Status,
  TRACE_UDP_BOUND,
  TRACE_UDP_ERROR,
  TRACE_UDP_QUEUE_FULL,
  TRACE_UDP_RECEIVED,
  TRACE_UDP_SENT,
  TRACE_UDP_UNBOUND,
} from '@strata/contracts';
import { emitUdp, fold, isUnspecified, sameAddress, sumPacket, UDP_CHECKSUM, UDP_HEADER, UdpRepr } from '@strata/wire';
import type { BindWaiter } from './bind-queue.ts';
import { UdpCounters, type UdpSocketInfo } from './counters.ts';
import { localOrAny } from './port-table.ts';
import type { UdpService } from './service.ts';

/** Hears what happens to a socket, always after the event. */
export interface UdpListener {
  /** A datagram was queued. Called once per datagram (nx_udp_socket_receive_notify). */
  receivable(socket: UdpSocket): void;
  /**
   * An ICMP error came about a datagram that the socket sent; `kind` is an ERROR_ constant. With ERROR_TOO_BIG, `mtu` is the
   * MTU that the error told of, 0 when it did not; {@link UdpSocket.largestTo} says what fits now.
   */
  failed(socket: UdpSocket, kind: number, remote: IpAddress, port: number, mtu: number): void;
}

/** How to make a {@link UdpSocket}; whatever is absent is the policy's. */
export interface UdpSocketOptions {
  /** Shown in reports. */
  readonly name?: string;
  readonly timeToLive?: number;
  readonly typeOfService?: number;
  readonly dontFragment?: boolean;
  /** Datagrams queued at most; {@link UdpPolicy.dropOldest} says which goes when there are that many. */
  readonly queueMaximum?: number;
  readonly listener?: UdpListener | null;
}

const header = new UdpRepr();

/** A UDP socket (NX_UDP_SOCKET). Made by {@link UdpService.createSocket}. */
export class UdpSocket implements Deferred {
  readonly service: UdpService;
  readonly name: string;
  /** Null: nobody is told. */
  listener: UdpListener | null;
  readonly counters: UdpCounters;
  /** Bound port, 0 when not bound. */
  port: number;
  /** Bound address, null for any. */
  local: IpAddress | null;
  /** Where a connected socket sends to and receives from, or null. */
  remote: IpAddress | null;
  remotePort: number;
  /** 0: the IP instance's default. */
  timeToLive: number;
  typeOfService: number;
  dontFragment: boolean;
  /** False: sends no checksum and does not look at received ones (nx_udp_socket_checksum_disable). IPv4 only. */
  checksumEnabled: boolean;
  /** May send to broadcast addresses. */
  broadcast: boolean;
  /** Hear of ICMP errors even when not connected (as IP_RECVERR). */
  receiveErrors: boolean;
  /** Interface that datagrams leave by, -1 for the route's. */
  interfaceIndex: number;
  queueMaximum: number;
  /** Datagrams queued now. */
  queued: number;
  /** Pool packets that they hold. */
  private held: number;
  /** @internal Next in the port table's bucket. */
  nextBound: UdpSocket | null;
  private head: Packet | null;
  private tail: Packet | null;
  private flow: Flow | null;
  private flowInterface: number;
  private notices: number;
  private scheduled: boolean;
  private errorKind: number;
  private errorRemote: IpAddress | null;
  private errorPort: number;
  private errorMtu: number;
  private readonly joined: { readonly group: IpAddress; readonly interfaceIndex: number }[];

  /** @internal */
  constructor(service: UdpService, options: UdpSocketOptions) {
    this.service = service;
    this.name = options.name ?? 'udp';
    this.listener = options.listener ?? null;
    this.counters = new UdpCounters();
    this.port = 0;
    this.local = null;
    this.remote = null;
    this.remotePort = 0;
    this.timeToLive = options.timeToLive ?? 0;
    this.typeOfService = options.typeOfService ?? 0;
    this.dontFragment = options.dontFragment ?? false;
    this.checksumEnabled = true;
    this.broadcast = service.policy.broadcast;
    this.receiveErrors = false;
    this.interfaceIndex = -1;
    this.queueMaximum = options.queueMaximum ?? service.policy.queueMaximum;
    this.queued = 0;
    this.held = 0;
    this.nextBound = null;
    this.head = null;
    this.tail = null;
    this.flow = null;
    this.flowInterface = -1;
    this.notices = 0;
    this.scheduled = false;
    this.errorKind = 0;
    this.errorRemote = null;
    this.errorPort = 0;
    this.errorMtu = 0;
    this.joined = [];
  }

  /**
   * Binds a port, 0 for any free one, and if `local` is given only datagrams to that address, which may be that of a group.
   * NX_ALREADY_BOUND,
   * NX_INVALID_PORT, NX_PORT_UNAVAILABLE when another socket has it, NX_NO_FREE_PORTS, NX_IP_ADDRESS_ERROR for a local
   * address that is not ours.
   */
  bind(port: number, local?: IpAddress | null): Status {
    if (this.port !== 0) return NX_ALREADY_BOUND;
    if (!(port >= 0 && port <= 0xffff)) return NX_INVALID_PORT;
    const address = localOrAny(local);
    if (address !== null && !isGroup(address) && !this.service.network.isLocal(address)) return NX_IP_ADDRESS_ERROR;
    let chosen = port;
    if (port === 0) {
      chosen = this.service.chooseFreePort();
      if (chosen < 0) return -chosen;
    } else if (this.service.ports.taken(port, address)) return NX_PORT_UNAVAILABLE;
    this.port = chosen;
    this.local = address;
    this.service.ports.add(this);
    this.service.binding.remove(this);
    this.service.tracer?.event(TRACE_UDP_BOUND, chosen, 0, 0, 0, null);
    return NX_SUCCESS;
  }

  /**
   * As {@link bind}; when another socket has the port this one waits until it is unbound, first come first served, and `waiter`
   * hears of it (NX_IN_PROGRESS). {@link cancelBind}, or a {@link bind} to another port, ends the wait without a word.
   */
  bindOrWait(port: number, waiter: BindWaiter, local?: IpAddress | null): Status {
    const { binding } = this.service;
    if (binding.has(this)) return NX_ALREADY_BOUND;
    const status = this.bind(port, local);
    if (status !== NX_PORT_UNAVAILABLE) return status;
    binding.add(this, port, localOrAny(local), waiter);
    return NX_IN_PROGRESS;
  }

  /** Waits for a port no longer. False when it did not. */
  cancelBind(): boolean {
    return this.service.binding.remove(this);
  }

  /** Gives the port back, to whoever waits for it, and releases what is queued. NX_NOT_BOUND. */
  unbind(): Status {
    if (this.port === 0) return NX_NOT_BOUND;
    this.service.tracer?.event(TRACE_UDP_UNBOUND, this.port, this.queued, 0, 0, null);
    const { port } = this;
    this.service.ports.remove(this);
    this.port = 0;
    this.local = null;
    this.remote = null;
    this.flow = null;
    this.notices = 0;
    for (const { group, interfaceIndex } of this.joined.splice(0)) {
      this.service.network.groups?.leaveOn(interfaceIndex, group);
    }
    for (let packet = this.receive(); packet !== null; packet = this.receive()) packet.release();
    this.service.binding.offer(port);
    return NX_SUCCESS;
  }

  /**
   * Listens to a multicast group, on an interface or on the first one, until {@link leaveGroup} or {@link unbind}. Datagrams
   * to the group reach every socket of the host that is bound to their port for any address, or for the group's.
   * NX_NOT_BOUND, NX_IP_ADDRESS_ERROR (no group), NX_INVALID_INTERFACE, NX_NO_MORE_ENTRIES, NX_NOT_SUPPORTED.
   */
  joinGroup(group: IpAddress, interfaceIndex = -1): Status {
    if (this.port === 0) return NX_NOT_BOUND;
    const { groups } = this.service.network;
    if (groups === undefined) return NX_NOT_SUPPORTED;
    const status = groups.joinOn(interfaceIndex, group);
    if (status === NX_SUCCESS) this.joined.push({ group, interfaceIndex });
    return status;
  }

  /** Ends {@link joinGroup}. NX_ENTRY_NOT_FOUND when the socket has not joined the group there. */
  leaveGroup(group: IpAddress, interfaceIndex = -1): Status {
    const at = this.joined.findIndex(
      (each) => each.interfaceIndex === interfaceIndex && sameAddress(each.group, group),
    );
    if (at < 0) return NX_ENTRY_NOT_FOUND;
    this.joined.splice(at, 1);
    return this.service.network.groups?.leaveOn(interfaceIndex, group) ?? NX_NOT_SUPPORTED;
  }

  /** @internal */
  interfaceDetached(interfaceIndex: number): void {
    for (let i = this.joined.length - 1; i >= 0; i--) {
      const on = this.joined[i]?.interfaceIndex ?? 0;
      if (Math.max(on, 0) === interfaceIndex) this.joined.splice(i, 1);
    }
  }

  /** Octets of data in the largest datagram to a peer that need not be cut, as far as the path is known; 0 without route. */
  largestTo(remote: IpAddress): number {
    const flow = this.service.network.openFlow(remote, PROTOCOL_UDP, this.local, this.interfaceIndex);
    return flow === null ? 0 : flow.mtu - (remote.family === 4 ? 20 : 40) - UDP_HEADER;
  }

  /** Sends to, receives from and hears errors about one peer only; null ends that. NX_NOT_BOUND, NX_INVALID_PORT. */
  connect(remote: IpAddress | null, port: number): Status {
    if (this.port === 0) return NX_NOT_BOUND;
    if (remote !== null && !(port > 0 && port <= 0xffff)) return NX_INVALID_PORT;
    this.remote = remote;
    this.remotePort = remote === null ? 0 : port;
    return NX_SUCCESS;
  }

  /**
   * Sends one datagram. `packet` holds the data, with NX_UDP_PACKET of head-room. NX_SUCCESS takes it; on any other status
   * the caller still owns it, as it was: NX_NOT_BOUND, NX_INVALID_PORT, NX_IP_ADDRESS_ERROR (no route, or no such address),
   * NX_NOT_ENABLED (broadcast not allowed), NX_UNDERFLOW (head-room), NX_OVERFLOW (too long).
   *
   * @param local where to send from, for this datagram; must be ours
   */
  send(packet: Packet, remote: IpAddress, port: number, local?: IpAddress | null): Status {
    if (this.port === 0) return NX_NOT_BOUND;
    if (!(port > 0 && port <= 0xffff)) return NX_INVALID_PORT;
    if (isUnspecified(remote)) return NX_IP_ADDRESS_ERROR;
    if (packet.prepend - UDP_HEADER < packet.dataStart) return NX_UNDERFLOW;
    const length = packet.length + UDP_HEADER;
    if (length > 0xffff) return NX_OVERFLOW;
    const from = local === undefined ? this.local : local;
    let flow = this.flowTo(remote, from);
    if (flow === null) return NX_IP_ADDRESS_ERROR;
    if (flow.cast === LINK_BROADCAST && !this.broadcast) return NX_NOT_ENABLED;
    packet.prepend -= UDP_HEADER;
    packet.length = length;
    let status = this.transmit(packet, flow, port, length);
    if (status === NX_IP_ADDRESS_ERROR) {
      // The cached flow's address or route is gone: perhaps there is another.
      this.flow = null;
      flow = this.flowTo(remote, from);
      if (flow !== null) status = this.transmit(packet, flow, port, length);
    }
    if (status !== NX_SUCCESS) {
      packet.prepend += UDP_HEADER;
      packet.length -= UDP_HEADER;
      return status;
    }
    const data = length - UDP_HEADER;
    this.counters.packetsSent++;
    this.counters.bytesSent += data;
    this.service.counters.packetsSent++;
    this.service.counters.bytesSent += data;
    return NX_SUCCESS;
  }

  private transmit(packet: Packet, flow: Flow, port: number, length: number): Status {
    flow.timeToLive = this.timeToLive;
    flow.typeOfService = this.typeOfService;
    flow.dontFragment = this.dontFragment;
    header.sourcePort = this.port;
    header.destinationPort = port;
    header.length = length;
    header.checksum = 0;
    emitUdp(packet.view, packet.prepend, header);
    if ((this.checksumEnabled || flow.family === 6) && !flow.checksumOffload) {
      const sum = ~fold(sumPacket(packet) + flow.pseudoHeaderSum + length) & 0xffff;
      packet.view.setUint16(packet.prepend + UDP_CHECKSUM, sum === 0 ? 0xffff : sum);
    }
    const tracer = this.service.tracer;
    if (tracer !== null) tracer.event(TRACE_UDP_SENT, this.port, flow.remote.w3, port, length - UDP_HEADER, packet);
    return this.service.network.send(packet, flow);
  }

  /** The flow of the last datagram when it goes the same way, a new one otherwise. */
  private flowTo(remote: IpAddress, local: IpAddress | null): Flow | null {
    const flow = this.flow;
    if (
      flow !== null &&
      sameAddress(flow.remote, remote) &&
      this.flowInterface === this.interfaceIndex &&
      (local === null || sameAddress(flow.local, local))
    ) {
      return flow;
    }
    this.flow = this.service.network.openFlow(remote, PROTOCOL_UDP, local, this.interfaceIndex);
    this.flowInterface = this.interfaceIndex;
    return this.flow;
  }

  /**
   * The oldest queued datagram, its `prepend` at the data, now the caller's; null when none waits. {@link datagramSource}
   * says where it came from.
   */
  receive(): Packet | null {
    const packet = this.head;
    if (packet === null) return null;
    this.head = packet.queueNext;
    if (this.head === null) this.tail = null;
    packet.queueNext = null;
    packet.holder = '';
    this.queued--;
    this.held -= packet.next === null ? 1 : partsOf(packet);
    return packet;
  }

  /** nx_udp_socket_info_get. */
  get info(): UdpSocketInfo {
    const { packetsSent, bytesSent, packetsReceived, bytesReceived, receivePacketsDropped, checksumErrors } =
      this.counters;
    return {
      packetsSent,
      bytesSent,
      packetsReceived,
      bytesReceived,
      packetsQueued: this.queued,
      receivePacketsDropped,
      checksumErrors,
    };
  }

  /** Octets of the oldest datagram that waits (nx_udp_socket_bytes_available); 0 when none does. */
  get bytesAvailable(): number {
    return this.head === null ? 0 : this.head.length;
  }

  /** @internal Does a datagram from there, to that address, belong to this socket? 0 no; otherwise the more, the better. */
  match(info: DatagramInfo, sourcePort: number): number {
    let score = 1;
    const local = this.local;
    if (local !== null) {
      if (local.w3 !== info.destination3 || local.family !== info.family) return 0;
      if (local.w2 !== info.destination2 || local.w1 !== info.destination1 || local.w0 !== info.destination0) return 0;
      score += 1;
    }
    const remote = this.remote;
    if (remote !== null) {
      if (remote.w3 !== info.source3 || remote.family !== info.family || this.remotePort !== sourcePort) return 0;
      if (remote.w2 !== info.source2 || remote.w1 !== info.source1 || remote.w0 !== info.source0) return 0;
      score += 2;
    }
    return score;
  }

  /** @internal Takes a valid datagram whose `prepend` is at the data. */
  deliver(packet: Packet, sourceAddress: number, sourcePort: number): Disposition {
    const service = this.service;
    const parts = packet.next === null ? 1 : partsOf(packet);
    if (this.queued >= this.queueMaximum || this.held + parts > service.policy.queuePackets) {
      this.counters.receivePacketsDropped++;
      service.counters.receivePacketsDropped++;
      service.tracer?.event(TRACE_UDP_QUEUE_FULL, this.port, this.queued, 0, 0, packet);
      const oldest = service.policy.dropOldest ? this.receive() : null;
      if (oldest === null) return DROP_UDP_QUEUE_FULL;
      oldest.release();
    }
    const length = packet.length;
    this.counters.packetsReceived++;
    this.counters.bytesReceived += length;
    service.counters.packetsReceived++;
    service.counters.bytesReceived += length;
    if (service.tracer !== null) {
      service.tracer.event(TRACE_UDP_RECEIVED, this.port, sourceAddress, sourcePort, length, packet);
    }
    packet.queueNext = null;
    packet.holder = 'udp receive queue';
    if (this.tail === null) this.head = packet;
    else this.tail.queueNext = packet;
    this.tail = packet;
    this.queued++;
    this.held += parts;
    if (this.listener !== null) {
      this.notices++;
      this.schedule();
    }
    return HANDLED;
  }

  /** @internal True when the socket is connected to that peer, or sent its last datagram there. */
  sendsTo(remote: IpAddress, port: number): boolean {
    if (this.remote !== null) return sameAddress(this.remote, remote) && this.remotePort === port;
    return this.flow !== null && sameAddress(this.flow.remote, remote);
  }

  /** @internal */
  networkError(error: NetworkError): void {
    const connected =
      this.remote !== null && sameAddress(this.remote, error.remote) && this.remotePort === error.remotePort;
    if (!connected && !(this.receiveErrors && this.remote === null)) return;
    if (this.local !== null && !sameAddress(this.local, error.local)) return;
    const tracer = this.service.tracer;
    if (tracer !== null) {
      tracer.event(TRACE_UDP_ERROR, this.port, error.remote.w3, error.remotePort, error.kind, null);
    }
    this.errorKind = error.kind;
    this.errorRemote = error.remote;
    this.errorPort = error.remotePort;
    this.errorMtu = error.mtu;
    if (this.listener !== null) this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.service.time.defer(this);
  }

  /** @internal Tells the listener what has gathered. */
  run(): void {
    this.scheduled = false;
    const remote = this.errorRemote;
    if (remote !== null) {
      const kind = this.errorKind;
      this.errorRemote = null;
      this.errorKind = 0;
      this.listener?.failed(this, kind, remote, this.errorPort, this.errorMtu);
    }
    while (this.notices > 0) {
      this.notices--;
      this.listener?.receivable(this);
    }
  }
}

function isGroup(address: IpAddress): boolean {
  return address.family === 4 ? address.w3 >>> 28 === 14 : address.w0 >>> 24 === 0xff;
}

/** Pool packets in a chain. */
function partsOf(packet: Packet): number {
  let count = 0;
  for (let part: Packet | null = packet; part !== null; part = part.next) count++;
  return count;
}
