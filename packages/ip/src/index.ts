/**
 * `@strata/ip`: the IP instance (NetX Duo UG 3, "IP"): interfaces and their addresses, routes, ARP, IPv4 in both
 * directions, ICMP, and the {@link NetworkService} that TCP and UDP stand on.
 *
 * It holds a `LinkService` per interface and knows nothing of TCP or UDP: transports register for a protocol number and are
 * handed datagrams. Fragments are counted and dropped; nothing is forwarded.
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
export { ArpCounters, IcmpCounters, IgmpCounters, IpCounters, MldCounters } from './counters.ts';
export { IpFlow } from './flow.ts';
export { Fragmenter, type FragmentShaper } from './fragment/fragmenter.ts';
export { Reassembly, type ReassemblyOwner } from './fragment/reassembly.ts';
export { type Echo, Ping, type PingListener, type PingOptions } from './icmp/echo.ts';
export type { Icmp } from './icmp/icmp.ts';
export { type InterfaceListener, IpInstance, type IpOptions } from './instance.ts';
export { IpInterface, LOOPBACK_INTERFACE } from './interface.ts';
export { isHostAddress, isLoopback, isMulticast, LIMITED_BROADCAST } from './martian.ts';
export { GroupTable } from './multicast/groups.ts';
export type { Igmp } from './multicast/igmp.ts';
export type { Mld, MldTransport } from './multicast/mld.ts';
export {
  NEIGHBOUR_DYNAMIC,
  NEIGHBOUR_FREE,
  NEIGHBOUR_INCOMPLETE,
  NEIGHBOUR_STATIC,
  Neighbour,
} from './neighbour.ts';
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
export type { RouteTable, StaticRoute } from './routes.ts';
