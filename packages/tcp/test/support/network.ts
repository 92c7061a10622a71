import {
  type DatagramInfo,
  type DatagramSink,
  type Flow,
  type IpAddress,
  LINK_UNICAST,
  type NetworkService,
  NX_ALREADY_ENABLED,
  NX_SUCCESS,
  type Packet,
  type PacketAllocator,
  PROTOCOL_TCP,
  type Status,
  type TimeService,
} from '@strata/contracts';

/** What left the host: the TCP segment's bytes and the moment. */
export interface SentSegment {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly flow: Flow;
  /** The flow's when the segment was sent. */
  readonly typeOfService: number;
}

export function sumOfAddresses(a: IpAddress, b: IpAddress): number {
  let sum = PROTOCOL_TCP;
  for (const address of [a, b]) {
    for (const word of [address.w0, address.w1, address.w2, address.w3]) sum += (word >>> 16) + (word & 0xffff);
  }
  return sum;
}

export function addressInfo(
  source: IpAddress,
  destination: IpAddress,
): { -readonly [K in keyof DatagramInfo]: DatagramInfo[K] } {
  return {
    family: source.family,
    protocol: PROTOCOL_TCP,
    source0: source.w0,
    source1: source.w1,
    source2: source.w2,
    source3: source.w3,
    destination0: destination.w0,
    destination1: destination.w1,
    destination2: destination.w2,
    destination3: destination.w3,
    timeToLive: 64,
    typeOfService: 0,
    interfaceIndex: 0,
    linkCast: 0,
    toUnicast: true,
    pseudoHeaderSum: sumOfAddresses(source, destination),
    checksumVerified: false,
  };
}

/** An IP layer that hands every segment to `onSend` and behaves like a driver towards the packet. */
export class TestNetwork implements NetworkService {
  readonly local: IpAddress;
  mtu: number;
  sink: DatagramSink | null;
  /** Answer of `send`; anything but NX_SUCCESS leaves the packet with the caller. */
  status: Status;
  /** Addresses without a route. */
  readonly unreachable: Set<number>;
  /** While true the "driver" keeps packets instead of releasing them. */
  holding: boolean;
  readonly held: Packet[];
  readonly flows: Flow[];
  onSend: (segment: SentSegment) => void;
  private readonly time: TimeService;

  constructor(local: IpAddress, time: TimeService) {
    this.local = local;
    this.time = time;
    this.mtu = 1500;
    this.sink = null;
    this.status = NX_SUCCESS;
    this.unreachable = new Set();
    this.holding = false;
    this.held = [];
    this.flows = [];
    this.onSend = () => {};
  }

  openFlow(remote: IpAddress, protocol: number, local: IpAddress | null): Flow | null {
    if (this.unreachable.has(remote.w3)) return null;
    const from = local ?? this.local;
    const flow: Flow = {
      family: remote.family,
      local: from,
      remote,
      protocol,
      mtu: this.mtu,
      pseudoHeaderSum: sumOfAddresses(from, remote),
      checksumOffload: false,
      cast: LINK_UNICAST,
      timeToLive: 0,
      typeOfService: 0,
      dontFragment: false,
    };
    this.flows.push(flow);
    return flow;
  }

  send(packet: Packet, flow: Flow): Status {
    if (this.status !== NX_SUCCESS) return this.status;
    const bytes = new Uint8Array(packet.length);
    if (packet.extract(0, bytes, 0, packet.length) !== packet.length) throw new Error('length beyond the packet');
    const header = flow.family === 4 ? 20 : 40;
    if (packet.prepend - header - 16 < packet.dataStart) throw new Error('no head-room for the headers below');
    if (packet.prepend & 3) throw new Error('TCP header is not aligned');
    packet.prepend -= header;
    packet.length += header;
    this.onSend({ bytes, at: this.time.now, flow, typeOfService: flow.typeOfService });
    if (this.holding) this.held.push(packet);
    else packet.transmitRelease();
    return NX_SUCCESS;
  }

  /** The driver is done with what it kept. */
  letGo(): void {
    for (const packet of this.held.splice(0)) packet.transmitRelease();
  }

  register(_protocol: number, sink: DatagramSink): Status {
    if (this.sink !== null) return NX_ALREADY_ENABLED;
    this.sink = sink;
    return NX_SUCCESS;
  }

  isLocal(address: IpAddress): boolean {
    return address.w3 === this.local.w3;
  }

  /** A datagram comes in. */
  deliver(pool: PacketAllocator, bytes: Uint8Array, info: DatagramInfo): number {
    const packet = pool.allocate(36);
    if (packet === null) return -1;
    if (packet.appendBytes(bytes, 0, bytes.length) !== NX_SUCCESS) {
      packet.release();
      return -1;
    }
    if (this.sink === null) throw new Error('nobody registered');
    const disposition = this.sink.accept(packet, info);
    if (disposition !== 0) packet.release();
    return disposition;
  }
}
