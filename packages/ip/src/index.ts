/**
 * `@strata/ip`: the IP instance (NetX Duo UG 3, "IP"): interfaces and their addresses, routes, ARP, IPv4 and IPv6 in both
 * directions, ICMP, groups, fragments, forwarding, and the {@link NetworkService} that TCP and UDP stand on.
 *
 * It holds a `LinkService` per interface and knows nothing of TCP or UDP: transports register for a protocol number and are
 * handed datagrams. Fragments are dropped until `enableFragments`, and nothing is forwarded until `forwarding` is set.
 *
 * ```ts
 * const ip = new IpInstance({ name: 'device', pool, time: scheduler, random: new SeededRandom(1) });
 * const eth0 = ip.attachInterface('eth0', driver);
 * ip.setAddress(eth0, 0xc0000201 | 0, 0xffffff00 | 0);
 * ip.icmp.echo.ping(ipv4Address(0xc0000202), new Uint8Array(32), SECOND, listener);
 * ```
 */
export { Arp } from './arp/arp.ts';
export type { AddressClaimListener, AddressConflictListener, ArpDefence } from './arp/defence.ts';
export { Rarp } from './arp/rarp.ts';
export { ArpCounters, IcmpCounters, IgmpCounters, IpCounters, MldCounters, RarpCounters } from './counters.ts';
export { IpFlow } from './flow.ts';
export { Fragmenter, type FragmentShaper } from './fragment/fragmenter.ts';
export { Reassembly, type ReassemblyOwner } from './fragment/reassembly.ts';
export { type Echo, Ping, type PingListener, type PingOptions } from './icmp/echo.ts';
export type { Icmp } from './icmp/icmp.ts';
export type { Icmpv6 } from './icmpv6/icmpv6.ts';
export {
  type ArpInfo,
  type IcmpInfo,
  type IgmpInfo,
  type InterfaceInfo,
  type IpInfo,
  IpInformation,
  type MaximumPayload,
  NX_IP_ADDRESS_RESOLVED,
  NX_IP_ARP_ENABLED,
  NX_IP_IGMP_ENABLED,
  NX_IP_INITIALIZE_DONE,
  NX_IP_INTERFACE_LINK_ENABLED,
  NX_IP_LINK_ENABLED,
  NX_IP_RARP_COMPLETE,
  NX_IP_TCP_ENABLED,
  NX_IP_UDP_ENABLED,
  type RarpInfo,
} from './info.ts';
export { type InterfaceListener, IpInstance, type IpOptions } from './instance.ts';
export { IpInterface, LOOPBACK_INTERFACE } from './interface.ts';
export {
  ADDRESS_DEPRECATED,
  ADDRESS_DUPLICATE,
  ADDRESS_TENTATIVE,
  ADDRESS_VALID,
  type Ipv6Address,
  ORIGIN_AUTOMATIC,
  ORIGIN_LINK_LOCAL,
  ORIGIN_MANUAL,
} from './ipv6/address.ts';
export type { Ipv6Interface } from './ipv6/interface.ts';
export type { DefaultRouterEntry, Ipv6, Ipv6Listener, Ipv6Settings } from './ipv6/ipv6.ts';
export { type Icmpv6Policy, type Ipv6Policy, modernIpv6Policy, netxIpv6Policy } from './ipv6/policy.ts';
export type { DefaultRouter, Ipv6Route, Ipv6Routes, OnLinkPrefix } from './ipv6/routes.ts';
export { isHostAddress, isLoopback, isMulticast, LIMITED_BROADCAST } from './martian.ts';
export { GroupTable } from './multicast/groups.ts';
export type { Igmp } from './multicast/igmp.ts';
export type { Mld, MldTransport } from './multicast/mld.ts';
export {
  ND_DELAY,
  ND_INCOMPLETE,
  ND_PROBE,
  ND_REACHABLE,
  ND_STALE,
  ND_STATES,
  ND_STATIC,
  type NdEntry,
} from './nd/entry.ts';
export type { Nd } from './nd/nd.ts';
export {
  NEIGHBOUR_DYNAMIC,
  NEIGHBOUR_FREE,
  NEIGHBOUR_INCOMPLETE,
  NEIGHBOUR_STATIC,
  Neighbour,
} from './neighbour.ts';
export { NX_IP_PACKET_IN, NX_IP_PACKET_OUT, type PacketFilter } from './packet-filter.ts';
export { PathMtuCache, plateauBelow } from './path-mtu.ts';
export {
  type ArpPolicy,
  CONFLICT_DEFEND,
  CONFLICT_GIVE_UP,
  CONFLICT_IGNORE,
  type FragmentPolicy,
  type IcmpPolicy,
  IDENTIFICATION_COUNTER,
  IDENTIFICATION_PER_PEER,
  type IpPolicy,
  type MulticastPolicy,
  modernIpPolicy,
  netxIpPolicy,
  type PathPolicy,
} from './policy.ts';
export { PROTOCOL_RAW, RawIp, type RawPacketFilter } from './raw.ts';
export { RedirectCache } from './redirects.ts';
export type { RouteTable, StaticRoute } from './routes.ts';
