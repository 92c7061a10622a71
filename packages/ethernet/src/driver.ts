import {
  DROP_ETHERNET_GROUP_SOURCE,
  DROP_ETHERNET_NO_HEADROOM,
  DROP_ETHERNET_NOT_FOR_US,
  DROP_ETHERNET_OWN_SOURCE,
  DROP_ETHERNET_TOO_LONG,
  DROP_ETHERNET_VLAN,
  DROP_LINK_DOWN,
  DROP_LINK_NO_RECEIVER,
  type DropReason,
  type FrameSink,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  type LinkPort,
  type LinkProperties,
  type LinkService,
  type LinkSink,
  NX_RECEIVE_PACKET,
  type Packet,
  type PacketAllocator,
  TRACE_ETHERNET_DROPPED,
  TRACE_ETHERNET_GROUP_JOINED,
  TRACE_ETHERNET_GROUP_LEFT,
  TRACE_ETHERNET_LINK_CHANGED,
  TRACE_ETHERNET_RECEIVED,
  TRACE_ETHERNET_SEND_REFUSED,
  TRACE_ETHERNET_SENT,
  type Tracer,
} from '@strata/contracts';
import {
  ETHERNET_HEADER,
  ETHERNET_TYPE,
  ETHERTYPE_VLAN,
  EthernetHeader,
  isBroadcastMac,
  isGroupMac,
  parseEthernet,
  setEthernetDestination,
  setEthernetSource,
  setVlanControl,
  VLAN_MAXIMUM,
  VLAN_NONE,
  VLAN_TAG,
  VLAN_TYPE,
} from '@strata/wire';
import { DropCounters } from './drop-counters.ts';
import { gatherFrame } from './frame-copy.ts';

/** A MAC address as its upper 16 and its lower 32 bits; what `parseMac` of `@strata/wire` returns. */
export interface MacAddress {
  readonly msw: number;
  readonly lsw: number;
}

/** How to make an {@link EthernetDriver}. */
export interface EthernetDriverOptions {
  /** Where frames leave and come in. The driver attaches itself to it when IP attaches to the driver. */
  readonly port: LinkPort;
  /** This interface's address; the port's own when absent. Must not be a group address or zero. */
  readonly mac?: MacAddress;
  /** Largest IP packet in bytes, 68 up to the port's own MTU; the port's when absent. */
  readonly mtu?: number;
  /** 802.1Q: tag every frame with this identifier, 1..4094, and accept no other. Untagged when absent. */
  readonly vlan?: number;
  /** 802.1Q priority of outgoing tagged frames, 0..7. Default 0. */
  readonly priority?: number;
  /** Accept frames to any address. Default false. */
  readonly promiscuous?: boolean;
  /** Sum of CAPABILITY_ bits; the port's when absent. */
  readonly capabilities?: number;
  readonly tracer?: Tracer | null;
}

/** What a driver has seen, as plain data. */
export interface EthernetDriverCounters {
  readonly framesSent: number;
  readonly bytesSent: number;
  readonly framesReceived: number;
  readonly bytesReceived: number;
  /** Packets not sent and frames not accepted, by the reason's name. */
  readonly drops: Readonly<Record<string, number>>;
}

/** The smallest MTU of an IPv4 link (RFC 791 3.2). */
const MINIMUM_MTU = 68;

const NO_POOL: PacketAllocator = { payloadSize: 0, available: 0, allocate: () => null };

class DriverProperties implements LinkProperties {
  macMsw: number;
  macLsw: number;
  readonly mtu: number;
  readonly capabilities: number;
  up: boolean;

  constructor(macMsw: number, macLsw: number, mtu: number, capabilities: number, up: boolean) {
    this.macMsw = macMsw;
    this.macLsw = macLsw;
    this.mtu = mtu;
    this.capabilities = capabilities;
    this.up = up;
  }
}

class JoinedGroup {
  readonly msw: number;
  readonly lsw: number;
  members: number;

  constructor(msw: number, lsw: number) {
    this.msw = msw;
    this.lsw = lsw;
    this.members = 1;
  }
}

/**
 * The emulated network driver: between IP, which knows packets and EtherTypes, and a {@link LinkPort}, which knows frames.
 * It adds and strips the Ethernet header and decides which frames are for this interface.
 *
 * Frames are not padded to 60 octets, as in NetX's RAM driver; padding of received frames passes up untouched, IP cuts it.
 */
export class EthernetDriver implements LinkService, FrameSink {
  receivePool: PacketAllocator;
  tracer: Tracer | null;
  promiscuous: boolean;
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  readonly drops: DropCounters;
  private readonly port: LinkPort;
  private readonly state: DriverProperties;
  private macMsw: number;
  private macLsw: number;
  private readonly mtu: number;
  private readonly vlan: number;
  private readonly priority: number;
  private readonly headerLength: number;
  private readonly header: EthernetHeader;
  private readonly groups: JoinedGroup[];
  private sink: LinkSink | null;
  private enabled: boolean;

  /** @throws RangeError when an option is out of its range. */
  constructor(options: EthernetDriverOptions) {
    const { port } = options;
    this.receivePool = NO_POOL;
    this.tracer = options.tracer ?? null;
    this.promiscuous = options.promiscuous ?? false;
    this.framesSent = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesSent = 0.5;
    this.bytesSent = 0;
    this.framesReceived = 0;
    this.bytesReceived = 0.5;
    this.bytesReceived = 0;
    this.drops = new DropCounters();
    this.port = port;
    this.macMsw = (options.mac?.msw ?? port.properties.macMsw) & 0xffff;
    this.macLsw = (options.mac?.lsw ?? port.properties.macLsw) | 0;
    this.mtu = options.mtu ?? port.properties.mtu;
    this.vlan = options.vlan ?? VLAN_NONE;
    this.priority = options.priority ?? 0;
    this.headerLength = this.vlan === VLAN_NONE ? ETHERNET_HEADER : ETHERNET_HEADER + VLAN_TAG;
    this.header = new EthernetHeader();
    this.groups = [];
    this.sink = null;
    this.enabled = true;
    if (isGroupMac(this.macMsw) || (this.macMsw | this.macLsw) === 0) {
      throw new RangeError('an Ethernet driver needs a MAC address that is neither zero nor a group address');
    }
    if (!Number.isInteger(this.mtu) || this.mtu < MINIMUM_MTU || this.mtu > port.properties.mtu) {
      throw new RangeError(
        `an MTU of ${this.mtu} B is not within ${MINIMUM_MTU}..${port.properties.mtu}, what the link allows`,
      );
    }
    if (this.vlan !== VLAN_NONE && !(Number.isInteger(this.vlan) && this.vlan >= 1 && this.vlan <= VLAN_MAXIMUM)) {
      throw new RangeError(`a VLAN identifier is 1..${VLAN_MAXIMUM}, not ${this.vlan}`);
    }
    if (!Number.isInteger(this.priority) || this.priority < 0 || this.priority > 7) {
      throw new RangeError(`a VLAN priority is 0..7, not ${this.priority}`);
    }
    const capabilities = options.capabilities ?? port.properties.capabilities;
    this.state = new DriverProperties(this.macMsw, this.macLsw, this.mtu, capabilities, port.properties.up);
  }

  get properties(): LinkProperties {
    return this.state;
  }

  attach(sink: LinkSink): void {
    this.sink = sink;
    this.receivePool = sink.receivePool;
    this.port.attach(this);
    this.state.up = this.enabled && this.port.properties.up;
  }

  /** Leaves the link: nothing is delivered any more. */
  detach(): void {
    this.port.attach(null);
    this.sink = null;
    this.receivePool = NO_POOL;
  }

  /** Sends from, and takes frames to, another MAC address from now on. False for a group's address and for none. */
  setPhysicalAddress(msw: number, lsw: number): boolean {
    if (isGroupMac(msw) || (msw | lsw) === 0) return false;
    this.macMsw = msw & 0xffff;
    this.macLsw = lsw | 0;
    this.state.macMsw = this.macMsw;
    this.state.macLsw = this.macLsw;
    return true;
  }

  /** NX_LINK_ENABLE and NX_LINK_DISABLE: the interface is up when it is enabled and its cable is. */
  setEnabled(enabled: boolean): void {
    this.enabled = enabled;
    this.changeTo(enabled && this.port.properties.up);
  }

  linkChanged(up: boolean): void {
    this.changeTo(this.enabled && up);
  }

  private changeTo(up: boolean): void {
    if (up === this.state.up) return;
    this.state.up = up;
    if (this.tracer !== null) this.tracer.event(TRACE_ETHERNET_LINK_CHANGED, up ? 1 : 0, 0, 0, 0, null);
    this.sink?.linkChanged(up);
  }

  send(packet: Packet, etherType: number, destinationMsw: number, destinationLsw: number): void {
    const length = packet.length;
    if (!this.state.up) {
      this.refuse(packet, DROP_LINK_DOWN);
      return;
    }
    if (length > this.mtu) {
      this.refuse(packet, DROP_ETHERNET_TOO_LONG);
      return;
    }
    let frame = packet;
    const start = packet.prepend - this.headerLength;
    if (start < packet.dataStart) {
      const copy = this.copyWithRoom(packet);
      if (copy === null) {
        this.refuse(packet, DROP_ETHERNET_NO_HEADROOM);
        return;
      }
      frame = copy;
    }
    this.writeHeader(frame, etherType, destinationMsw, destinationLsw);
    this.framesSent++;
    this.bytesSent += length + this.headerLength;
    if (this.tracer !== null) {
      this.tracer.event(TRACE_ETHERNET_SENT, etherType, frame.length, destinationMsw, destinationLsw, packet);
    }
    this.port.send(frame);
    if (frame !== packet) {
      packet.frameId = frame.frameId;
      packet.transmitRelease();
    }
  }

  private writeHeader(frame: Packet, etherType: number, destinationMsw: number, destinationLsw: number): void {
    const start = frame.prepend - this.headerLength;
    const view = frame.view;
    frame.prepend = start;
    frame.length += this.headerLength;
    setEthernetDestination(view, start, destinationMsw, destinationLsw);
    setEthernetSource(view, start, this.macMsw, this.macLsw);
    if (this.vlan === VLAN_NONE) {
      view.setUint16(start + ETHERNET_TYPE, etherType);
    } else {
      view.setUint16(start + ETHERNET_TYPE, ETHERTYPE_VLAN);
      setVlanControl(view, start, this.vlan, this.priority);
      view.setUint16(start + VLAN_TYPE, etherType);
    }
  }

  /**
   * NX_PHYSICAL_HEADER leaves 16 octets in front of the IP header, two short of a tagged header. Such a packet goes out as a
   * copy, so that one that is kept for retransmission stays where it is.
   */
  private copyWithRoom(packet: Packet): Packet | null {
    const copy = this.receivePool.allocate(NX_RECEIVE_PACKET);
    if (copy === null) return null;
    const start = copy.dataStart + ETHERNET_HEADER + VLAN_TAG + 2;
    if (start + packet.length > copy.dataEnd) {
      copy.release();
      return null;
    }
    gatherFrame(packet, copy.bytes, start);
    copy.prepend = start;
    copy.append = start + packet.length;
    copy.length = packet.length;
    return copy;
  }

  private refuse(packet: Packet, reason: DropReason): void {
    this.drops.count(reason);
    if (this.tracer !== null) this.tracer.event(TRACE_ETHERNET_SEND_REFUSED, reason, packet.length, 0, 0, packet);
    packet.transmitRelease();
  }

  accept(frame: Packet): void {
    const header = this.header;
    const length = frame.length;
    const held = frame.next === null ? length : frame.append - frame.prepend;
    const reason = parseEthernet(frame.view, frame.prepend, held, header);
    if (reason !== 0) {
      this.drop(frame, reason);
      return;
    }
    const cast = this.castOf(header.destinationMsw, header.destinationLsw);
    if (cast < 0) {
      this.drop(frame, DROP_ETHERNET_NOT_FOR_US);
      return;
    }
    const refusal = this.judge(header, length);
    if (refusal !== 0) {
      this.drop(frame, refusal);
      return;
    }
    const sink = this.sink;
    if (sink === null) {
      this.drop(frame, DROP_LINK_NO_RECEIVER);
      return;
    }
    this.framesReceived++;
    this.bytesReceived += length;
    frame.prepend += header.headerLength;
    frame.length = length - header.headerLength;
    if (this.tracer !== null) {
      this.tracer.event(TRACE_ETHERNET_RECEIVED, header.etherType, length, header.sourceMsw, header.sourceLsw, frame);
    }
    sink.accept(frame, header.etherType, cast, header.sourceMsw, header.sourceLsw);
  }

  /** How a destination concerns this interface: one of the LINK_ constants, or -1 when it does not. */
  private castOf(msw: number, lsw: number): number {
    if (lsw === this.macLsw && msw === this.macMsw) return LINK_UNICAST;
    if (!isGroupMac(msw)) return this.promiscuous ? LINK_UNICAST : -1;
    if (isBroadcastMac(msw, lsw)) return LINK_BROADCAST;
    return this.promiscuous || this.findGroup(msw, lsw) >= 0 ? LINK_MULTICAST : -1;
  }

  /** Everything but the destination. */
  private judge(header: EthernetHeader, length: number): DropReason {
    if (isGroupMac(header.sourceMsw)) return DROP_ETHERNET_GROUP_SOURCE;
    if (header.sourceLsw === this.macLsw && header.sourceMsw === this.macMsw) return DROP_ETHERNET_OWN_SOURCE;
    if (header.vlan !== this.vlan) {
      // IEEE 802.1Q 6.9: identifier 0 carries a priority only; the frame counts as untagged.
      if (header.vlan !== 0 || this.vlan !== VLAN_NONE) return DROP_ETHERNET_VLAN;
    }
    if (!this.state.up) return DROP_LINK_DOWN;
    return length - header.headerLength > this.mtu ? DROP_ETHERNET_TOO_LONG : 0;
  }

  private drop(frame: Packet, reason: DropReason): void {
    this.drops.count(reason);
    if (this.tracer !== null) this.tracer.event(TRACE_ETHERNET_DROPPED, reason, frame.length, 0, 0, frame);
    frame.release();
  }

  joinGroup(msw: number, lsw: number): void {
    const index = this.findGroup(msw, lsw);
    let members = 1;
    if (index >= 0) members = ++this.groups[index]!.members;
    else this.groups.push(new JoinedGroup(msw, lsw | 0));
    if (this.tracer !== null) this.tracer.event(TRACE_ETHERNET_GROUP_JOINED, msw, lsw, members, 0, null);
  }

  leaveGroup(msw: number, lsw: number): void {
    const index = this.findGroup(msw, lsw);
    if (index < 0) return;
    const members = --this.groups[index]!.members;
    if (members === 0) this.groups.splice(index, 1);
    if (this.tracer !== null) this.tracer.event(TRACE_ETHERNET_GROUP_LEFT, msw, lsw, members, 0, null);
  }

  private findGroup(msw: number, lsw: number): number {
    const groups = this.groups;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group.lsw === (lsw | 0) && group.msw === msw) return i;
    }
    return -1;
  }

  counters(): EthernetDriverCounters {
    return {
      framesSent: this.framesSent,
      bytesSent: this.bytesSent,
      framesReceived: this.framesReceived,
      bytesReceived: this.bytesReceived,
      drops: this.drops.toRecord(),
    };
  }
}
