import { MILLISECOND, SECOND } from '@strata/contracts';

/** Choices of IPv6, ICMPv6 and Neighbor Discovery. Times are microseconds. */
export interface Ipv6Policy {
  /** Hop limit of packets until a router names another, 1..255. */
  readonly hopLimit: number;
  /** TCP's packets use the socket's hop limit; false: the interface's, whatever the socket says. */
  readonly socketHopLimit: boolean;
  /** Addresses per interface, the link-local one included. */
  readonly addresses: number;
  /** Form interface identifiers that are stable and tell nothing (RFC 7217) instead of from the MAC address. */
  readonly opaqueIdentifiers: boolean;
  /** Take addresses from advertised prefixes (RFC 4862) unless switched off. */
  readonly autoconfiguration: boolean;
  /** DupAddrDetectTransmits: solicitations before an address is used; 0 uses it at once. */
  readonly dadTransmits: number;
  /** Longest random delay before the first of them (RFC 4862 5.4.2); 0: none. */
  readonly dadDelay: number;
  /** Router solicitations: longest random delay before the first, the spacing, and how many (RFC 4861 6.3.7). */
  readonly solicitationDelay: number;
  readonly solicitationInterval: number;
  readonly solicitations: number;
  /** Routers, prefixes, static routes and redirected destinations that are kept at most. */
  readonly routers: number;
  readonly prefixes: number;
  readonly routes: number;
  readonly destinations: number;
  readonly acceptRedirects: boolean;
  /** Entries of the neighbor cache, and packets kept per unresolved neighbor. */
  readonly cacheSize: number;
  readonly queueLimit: number;
  /** REACHABLE_TIME and RETRANS_TIMER until a router names others; DELAY_FIRST_PROBE_TIME. */
  readonly reachableTime: number;
  readonly retransTimer: number;
  readonly delayFirstProbe: number;
  /** Draw the reachable time from 0.5 to 1.5 times the base (RFC 4861 6.3.2). */
  readonly reachableRandom: boolean;
  /** MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT. */
  readonly multicastSolicits: number;
  readonly unicastSolicits: number;
  /** Progress of a transport shows that a neighbor is reachable (RFC 4861 7.3.1). */
  readonly upperLayerConfirmation: boolean;
  /** Tell the transport (ERROR_HOST_UNREACHABLE) when packets are dropped because nobody answered. */
  readonly reportUnresolved: boolean;
  /** Timers of seconds, and of less, run on multiples of these since the instance was made (NetX's slow and fast timer); 0: exactly. */
  readonly slowGrid: number;
  readonly fastGrid: number;
  /** Identification of the first fragment sent; each datagram takes the next. -1: random (RFC 7739). */
  readonly fragmentIdentification: number;
  readonly icmp: Icmpv6Policy;
}

/** Choices of ICMPv6. */
export interface Icmpv6Policy {
  /** Answer echo requests to a group (RFC 4443 4.2: SHOULD). */
  readonly answerGroupEcho: boolean;
  /** Hand received errors to the transports; Packet Too Big always counts. */
  readonly acceptErrors: boolean;
  readonly sendErrors: boolean;
  /** Token bucket of errors sent (RFC 4443 2.4 (f)): how many at once, how many a second after that; 0 a second = unlimited. */
  readonly errorBurst: number;
  readonly errorsPerSecond: number;
}

/** NetX Duo 6.4 with an empty nx_user.h. */
export const netxIpv6Policy: Ipv6Policy = {
  hopLimit: 255,
  socketHopLimit: false,
  addresses: 8,
  opaqueIdentifiers: false,
  autoconfiguration: true,
  dadTransmits: 3,
  dadDelay: 0,
  solicitationDelay: 0,
  solicitationInterval: 4 * SECOND,
  solicitations: 3,
  routers: 8,
  prefixes: 8,
  routes: 8,
  destinations: 8,
  acceptRedirects: true,
  cacheSize: 16,
  queueLimit: 4,
  reachableTime: 30 * SECOND,
  retransTimer: SECOND,
  delayFirstProbe: 5 * SECOND,
  reachableRandom: false,
  multicastSolicits: 3,
  unicastSolicits: 3,
  upperLayerConfirmation: false,
  reportUnresolved: false,
  slowGrid: SECOND,
  fastGrid: 100 * MILLISECOND,
  fragmentIdentification: 1,
  icmp: { answerGroupEcho: true, acceptErrors: false, sendErrors: true, errorBurst: 0, errorsPerSecond: 0 },
};

/** A current Internet host. */
export const modernIpv6Policy: Ipv6Policy = {
  hopLimit: 64,
  socketHopLimit: true,
  addresses: 16,
  opaqueIdentifiers: true,
  autoconfiguration: true,
  dadTransmits: 1,
  dadDelay: SECOND,
  solicitationDelay: SECOND,
  solicitationInterval: 4 * SECOND,
  solicitations: 3,
  routers: 16,
  prefixes: 32,
  routes: 256,
  destinations: 1024,
  acceptRedirects: true,
  cacheSize: 1024,
  queueLimit: 4,
  reachableTime: 30 * SECOND,
  retransTimer: SECOND,
  delayFirstProbe: 5 * SECOND,
  reachableRandom: true,
  multicastSolicits: 3,
  unicastSolicits: 3,
  upperLayerConfirmation: true,
  reportUnresolved: true,
  slowGrid: 0,
  fastGrid: 0,
  fragmentIdentification: -1,
  icmp: { answerGroupEcho: true, acceptErrors: true, sendErrors: true, errorBurst: 10, errorsPerSecond: 100 },
};
