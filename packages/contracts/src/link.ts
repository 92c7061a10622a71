import type { Packet, PacketAllocator } from './packet.ts';

/** What a link tells about itself. A MAC address is its upper 16 bits and its lower 32 bits (int32), as NetX splits it. */
export interface LinkProperties {
  readonly macMsw: number;
  readonly macLsw: number;
  /** Largest IP packet in bytes; an Ethernet frame is 14 (18 with a VLAN tag) longer. */
  readonly mtu: number;
  readonly up: boolean;
  /** Sum of CAPABILITY_ bits: work the link does so that the layers above need not. */
  readonly capabilities: number;
}

/** The link fills in / has verified the IPv4 header, TCP, UDP and ICMP checksums. */
export const CAPABILITY_TX_CHECKSUM = 1;
export const CAPABILITY_RX_CHECKSUM = 2;
/** The link cuts TCP segments larger than the MTU to size. */
export const CAPABILITY_SEGMENTATION = 4;

/** Takes frames. A frame is a packet whose `prepend` is at the Ethernet header. */
export interface FrameSink {
  /** Where a port gets the packets that it hands to {@link accept}. */
  readonly receivePool: PacketAllocator;
  /** Takes the frame and owns it. Never throws, whatever the bytes. */
  accept(frame: Packet): void;
  /** The cable was plugged in or pulled. */
  linkChanged(up: boolean): void;
}

/** The lower edge of a driver: a place where frames go out and come in (a segment's end, a switch's port, a TAP device). */
export interface LinkPort {
  readonly properties: LinkProperties;
  /** Names the receiver of incoming frames; null detaches. */
  attach(sink: FrameSink | null): void;
  /** Takes the frame and owns it. It is queued, never delivered from inside this call. */
  send(frame: Packet): void;
}

/** Who a frame was addressed to at the link layer. */
export const LINK_UNICAST = 0;
export const LINK_MULTICAST = 1;
export const LINK_BROADCAST = 2;

/** The upper edge of a driver: what IP holds for each interface (NX_IP_DRIVER's requests as methods). */
export interface LinkService {
  readonly properties: LinkProperties;
  attach(sink: LinkSink): void;
  /** Adds the link header and sends. `packet.prepend` is at the network header. Takes the packet and owns it. */
  send(packet: Packet, etherType: number, destinationMsw: number, destinationLsw: number): void;
  /** Accept frames to this multicast address too. Joins are counted. */
  joinGroup(msw: number, lsw: number): void;
  leaveGroup(msw: number, lsw: number): void;
  /** Nothing is delivered to the sink any more (NX_LINK_INTERFACE_DETACH); {@link attach} begins anew. */
  detach(): void;
  /** Takes another MAC address (NX_LINK_SET_PHYSICAL_ADDRESS). False, or absent, when the link cannot. */
  setPhysicalAddress?(msw: number, lsw: number): boolean;
}

/** What a driver hands frames to. IP owns this interface. */
export interface LinkSink {
  readonly receivePool: PacketAllocator;
  /**
   * Takes a packet whose link header has been consumed (`prepend` is at the network header). `sourceMsw/Lsw` is the
   * sender's MAC, `cast` one of the LINK_ constants. The callee owns the packet.
   */
  accept(packet: Packet, etherType: number, cast: number, sourceMsw: number, sourceLsw: number): void;
  linkChanged(up: boolean): void;
}
