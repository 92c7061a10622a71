import type { IpAddress, IpFamily } from './address.ts';
import type { Packet } from './packet.ts';
import type { Status } from './status.ts';

/** IP protocol numbers. */
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;

/**
 * Who talks to whom: made once by {@link NetworkService.openFlow}, kept by a socket, passed with every packet.
 * IP keeps its route and neighbour inside, so sending costs no look-up. The writable members are the socket's options.
 */
export interface Flow {
  readonly family: IpFamily;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly protocol: number;
  /** Largest IP packet that fits the path now, in bytes. Path MTU discovery lowers it. */
  readonly mtu: number;
  /** Sum of the 16-bit words of both addresses and the protocol, for the transport checksum; unfolded, network order. */
  readonly pseudoHeaderSum: number;
  /** True when the transport need not fill in its checksum on this path. */
  readonly checksumOffload: boolean;
  /** One of the LINK_ constants: whether `remote` is one host, a multicast group, or a broadcast address. */
  readonly cast: number;
  /** 1..255; 0 means the IP instance's default. */
  timeToLive: number;
  /** The whole TOS / traffic class octet: DSCP in the upper six bits, ECN in the lower two. */
  typeOfService: number;
  dontFragment: boolean;
}

/** What IP says of a datagram it hands up. One record, reused: valid during the call only. */
export interface DatagramInfo {
  readonly family: IpFamily;
  readonly protocol: number;
  /** Source and destination as four int32 words each; IPv4 in word 3. */
  readonly source0: number;
  readonly source1: number;
  readonly source2: number;
  readonly source3: number;
  readonly destination0: number;
  readonly destination1: number;
  readonly destination2: number;
  readonly destination3: number;
  readonly timeToLive: number;
  readonly typeOfService: number;
  readonly interfaceIndex: number;
  /** One of the LINK_ constants: how the frame was addressed. */
  readonly linkCast: number;
  /** True when the IP destination is one of this host's unicast addresses. */
  readonly toUnicast: boolean;
  /** As {@link Flow.pseudoHeaderSum}, for this datagram's addresses. */
  readonly pseudoHeaderSum: number;
  /** True when the link has verified the transport checksum. */
  readonly checksumVerified: boolean;
}

/** What became of a datagram: HANDLED, UNHANDLED, or the reason why it is malformed (a DROP_ constant, >= 2). */
export type Disposition = number;
/** The callee took the packet and owns it. */
export const HANDLED = 0;
/** Nobody wants it. The caller still owns the packet and decides on ICMP. */
export const UNHANDLED = 1;

/** Takes datagrams of one IP protocol. The consumer, a transport, implements it; IP owns the interface. */
export interface DatagramSink {
  /**
   * `packet.prepend` is at the transport header and `packet.length` is exact (link padding is gone). HANDLED passes
   * ownership; any other answer leaves the packet with the caller. Never throws.
   */
  accept(packet: Packet, info: DatagramInfo): Disposition;
  /** An ICMP error about a datagram this host sent. */
  networkError(error: NetworkError): void;
  /**
   * Does the quoted datagram look like one that this transport sent lately (RFC 5927 4)? IP asks before it believes what an
   * error says of a path. A transport without an opinion leaves it out; then IP believes.
   */
  confirms?(error: NetworkError): boolean;
  /**
   * An interface is going, and with it these addresses of this host and its groups: what is bound to them cannot go on. A
   * transport that keeps nothing of the kind leaves it out.
   */
  interfaceDetached?(interfaceIndex: number, addresses: readonly IpAddress[]): void;
}

/** An ICMP error, translated for transports. One record, reused: valid during the call only. */
export interface NetworkError {
  readonly family: IpFamily;
  /** One of the ERROR_ constants. */
  readonly kind: number;
  /** Raw ICMP type and code. */
  readonly type: number;
  readonly code: number;
  /** For ERROR_TOO_BIG: the next hop's MTU in bytes; 0 when the router did not say. */
  readonly mtu: number;
  /** The quoted datagram's addresses (local is ours) and the first eight octets of its transport header. */
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly protocol: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** Octets 4..7 of the quoted transport header, int32: TCP's sequence number. */
  readonly sequence: number;
}

export const ERROR_NETWORK_UNREACHABLE = 1;
export const ERROR_HOST_UNREACHABLE = 2;
export const ERROR_PROTOCOL_UNREACHABLE = 3;
export const ERROR_PORT_UNREACHABLE = 4;
export const ERROR_TOO_BIG = 5;
export const ERROR_SOURCE_ROUTE_FAILED = 6;
export const ERROR_PROHIBITED = 7;
export const ERROR_TIME_EXCEEDED = 8;
export const ERROR_PARAMETER_PROBLEM = 9;
/** No ICMP error: several retransmissions in a row were not acknowledged (RFC 9293 3.8.3, R1). */
export const ERROR_NO_ANSWER = 10;

/** Membership in multicast groups of either family. Joins are counted. */
export interface GroupService {
  /** Listens to a group on an interface, -1 for the first. NX_IP_ADDRESS_ERROR, NX_INVALID_INTERFACE, NX_NO_MORE_ENTRIES. */
  joinOn(interfaceIndex: number, group: IpAddress): Status;
  /** Takes one join back. NX_ENTRY_NOT_FOUND. */
  leaveOn(interfaceIndex: number, group: IpAddress): Status;
}

/** TCP's and UDP's view of IP, for both families alike. */
export interface NetworkService {
  /**
   * Makes a flow. `local` null lets IP choose the source address. `interfaceIndex`, when not negative, makes packets leave by
   * that interface. Returns null when there is no route or no such local address.
   */
  openFlow(remote: IpAddress, protocol: number, local: IpAddress | null, interfaceIndex?: number): Flow | null;
  /**
   * Prepends the IP header and sends. `packet.prepend` is at the transport header. On NX_SUCCESS the packet is taken, also
   * when it waits for address resolution; on any other status the caller still owns it.
   *
   * A packet in state PACKET_TRANSMITTING whose `ipHeader` is not negative has been sent before: when the header there still
   * fits, it goes out as it is, with its old identification, if the policy is NetX's. Set `ipHeader` to -1 for a new header.
   */
  send(packet: Packet, flow: Flow): Status;
  /** Hands datagrams of `protocol` to `sink`. NX_ALREADY_ENABLED when the protocol has one. */
  register(protocol: number, sink: DatagramSink): Status;
  /** True when `address` is one of this host's own unicast addresses. */
  isLocal(address: IpAddress): boolean;
  /** What goes to this flow's remote seems not to arrive (RFC 9293 3.8.3, R1; RFC 1122 3.3.1.4): look at the next hop again. */
  doubt?(flow: Flow): void;
  /** What goes to this flow's remote does arrive: its next hop is reachable (RFC 4861 7.3.1). */
  confirm?(flow: Flow): void;
  /** Multicast groups; absent when the network has none. */
  readonly groups?: GroupService;
}
