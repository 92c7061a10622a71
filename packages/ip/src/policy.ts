import { SECOND } from '@strata/contracts';
import { type Ipv6Policy, modernIpv6Policy, netxIpv6Policy } from './ipv6/policy.ts';

/** How IPv4 identifications are chosen (RFC 6864). */
export const IDENTIFICATION_COUNTER = 0;
export const IDENTIFICATION_PER_PEER = 1;

/** What to do about a host that uses our address (RFC 5227 2.4). */
export const CONFLICT_IGNORE = 0;
export const CONFLICT_DEFEND = 1;
export const CONFLICT_GIVE_UP = 2;

/** Choices of ARP. Times are microseconds. */
export interface ArpPolicy {
  /** Entries of the cache, static ones included. */
  readonly cacheSize: number;
  /** Packets kept per unresolved address; one more drops the oldest. */
  readonly queueLimit: number;
  /** From one request to the next. */
  readonly retryInterval: number;
  /** Requests after the first before the address is given up. */
  readonly retries: number;
  /** Age at which a dynamic entry is forgotten; 0 = never. */
  readonly expiry: number;
  /** Retries and expiries happen on multiples of this since the instance was made (NetX's slow timer); 0 = exactly. */
  readonly timerGrid: number;
  /** Create entries from any valid request seen, not only from those for our address (NetX's "auto entry"). */
  readonly learnFromRequests: boolean;
  /** Tell the transport (ERROR_HOST_UNREACHABLE) when packets are dropped because nobody answered. */
  readonly reportUnresolved: boolean;
  /** One of the CONFLICT_ constants: the answer to a conflict over an address in use. */
  readonly conflict: number;
  /** At most one defence in this time. */
  readonly defendInterval: number;
  /** RFC 5227 1.1: PROBE_WAIT, PROBE_NUM, PROBE_MIN, PROBE_MAX, ANNOUNCE_WAIT, ANNOUNCE_NUM, ANNOUNCE_INTERVAL. */
  readonly probeWait: number;
  readonly probeCount: number;
  readonly probeMinimum: number;
  readonly probeMaximum: number;
  readonly announceWait: number;
  readonly announceCount: number;
  readonly announceInterval: number;
  /** RFC 5227 1.1: after MAX_CONFLICTS conflicts, one attempt per RATE_LIMIT_INTERVAL. */
  readonly maximumConflicts: number;
  readonly rateLimitInterval: number;
}

/** Choices of fragmentation and reassembly, of both families; `IpInstance.enableFragments` switches them on. Times are microseconds. */
export interface FragmentPolicy {
  /** How long the rest of a datagram may take, from its first fragment on (RFC 1122 3.3.2: 60 to 120 s; RFC 8200 4.5: 60 s). */
  readonly timeoutIpv4: number;
  readonly timeoutIpv6: number;
  /** Datagrams of which a part is kept at one time. */
  readonly maximumDatagrams: number;
  /** Fragments that one datagram may come in. */
  readonly maximumFragments: number;
  /** Pool packets that one datagram, and that all datagrams of one source, may hold. */
  readonly datagramPackets: number;
  readonly sourcePackets: number;
  /** Share of the pool, as it was when the instance was made, that all datagrams together may hold. */
  readonly poolShare: number;
}

/** Choices of multicast, of both families. */
export interface MulticastPolicy {
  /** Groups that the interfaces of an instance may listen to, for each family (NX_MAX_MULTICAST_GROUPS). */
  readonly groups: number;
  /** What the host sends to an IPv4 group that it listens to comes back to it. */
  readonly loopback: boolean;
  /** Time to live of packets to IPv4 groups when the sender does not choose one; 0 is that of other packets. */
  readonly timeToLive: number;
  /** Version of Multicast Listener Discovery spoken: 2, 1, or 0 for none. */
  readonly mldVersion: number;
}

/** Choices of path MTU discovery, of both families. */
export interface PathPolicy {
  /** How long a lowered MTU is believed, in microseconds (RFC 1191 6.3: ten minutes). */
  readonly age: number;
  /** Destinations remembered. */
  readonly entries: number;
  /** IPv4: below this a path is not followed down; its packets may be fragmented on the way instead. */
  readonly minimumIpv4: number;
}

/** Choices of ICMP. */
export interface IcmpPolicy {
  /** Answer echo requests sent to a broadcast or multicast address (RFC 1122 3.2.2.6 leaves it open). */
  readonly answerGroupEcho: boolean;
  /** An echo reply must match identifier and source too, not only the sequence number. */
  readonly matchEchoStrictly: boolean;
  /** Hand received errors to the transports; otherwise they are counted as unhandled and ignored. */
  readonly acceptErrors: boolean;
  /** Let the gateway in use tell of a better one. A host that forwards never does. */
  readonly acceptRedirects: boolean;
  /** Send errors at all. */
  readonly sendErrors: boolean;
  /** Octets of the offending packet's data quoted behind its header, at most; the whole error stays within 576 octets. */
  readonly quoteLimit: number;
  /** Token bucket of errors sent: how many at once, and how many a second after that; 0 a second = unlimited. */
  readonly errorBurst: number;
  readonly errorsPerSecond: number;
  /** Type of service octet of errors sent (RFC 1812 4.3.2.5 says 6 or 7 in the precedence bits, hosts mostly 0). */
  readonly errorTypeOfService: number;
}

/** Choices of the IP instance, one record handed to one engine. `netxIpPolicy` is NetX Duo 6.4's, `modernIpPolicy` a current host's. */
export interface IpPolicy {
  /** 1..255. */
  readonly defaultTimeToLive: number;
  /** One of the IDENTIFICATION_ constants. */
  readonly identification: number;
  /** A retransmission whose IP header is still in place and still right goes out with it, identification included. */
  readonly reuseHeader: boolean;
  /**
   * A packet larger than the MTU while fragmentation is off: true refuses it (NX_OVERFLOW, the sender keeps it); false
   * takes it, counts it as dropped and lets the sender believe it went out, as NetX does.
   */
  readonly refuseOversized: boolean;
  /** Static routes an instance can hold (NX_IP_ROUTING_TABLE_SIZE). */
  readonly routeTableSize: number;
  readonly arp: ArpPolicy;
  readonly icmp: IcmpPolicy;
  readonly ipv6: Ipv6Policy;
  readonly fragments: FragmentPolicy;
  readonly paths: PathPolicy;
  readonly multicast: MulticastPolicy;
}

const rfc5227 = {
  defendInterval: 10 * SECOND,
  probeWait: 1 * SECOND,
  probeCount: 3,
  probeMinimum: 1 * SECOND,
  probeMaximum: 2 * SECOND,
  announceWait: 2 * SECOND,
  announceCount: 2,
  announceInterval: 2 * SECOND,
  maximumConflicts: 10,
  rateLimitInterval: 60 * SECOND,
};

/** 65,535 octets in fragments of an Ethernet take 45 packets; the rest is room for smaller ones. */
const boundedFragments = {
  timeoutIpv6: 60 * SECOND,
  maximumDatagrams: 64,
  maximumFragments: 2048,
  datagramPackets: 64,
  sourcePackets: 128,
  poolShare: 0.5,
};

const rfc1191 = { age: 600 * SECOND, entries: 256, minimumIpv4: 552 };

/** NetX Duo 6.4 with an empty nx_user.h. */
export const netxIpPolicy: IpPolicy = {
  defaultTimeToLive: 128,
  identification: IDENTIFICATION_COUNTER,
  reuseHeader: true,
  refuseOversized: false,
  routeTableSize: 8,
  arp: {
    ...rfc5227,
    cacheSize: 64,
    queueLimit: 4,
    retryInterval: 10 * SECOND,
    retries: 18,
    expiry: 0,
    timerGrid: SECOND,
    learnFromRequests: true,
    reportUnresolved: false,
    conflict: CONFLICT_DEFEND,
  },
  icmp: {
    answerGroupEcho: false,
    matchEchoStrictly: false,
    acceptErrors: false,
    acceptRedirects: false,
    sendErrors: true,
    quoteLimit: 8,
    errorBurst: 0,
    errorsPerSecond: 0,
    errorTypeOfService: 0,
  },
  fragments: { ...boundedFragments, timeoutIpv4: 15 * SECOND },
  paths: rfc1191,
  multicast: { groups: 7, loopback: false, timeToLive: 0, mldVersion: 0 },
  ipv6: netxIpv6Policy,
};

/** A current Internet host. */
export const modernIpPolicy: IpPolicy = {
  defaultTimeToLive: 64,
  identification: IDENTIFICATION_PER_PEER,
  reuseHeader: false,
  refuseOversized: true,
  routeTableSize: 256,
  arp: {
    ...rfc5227,
    cacheSize: 1024,
    queueLimit: 4,
    retryInterval: 1 * SECOND,
    retries: 2,
    expiry: 60 * SECOND,
    timerGrid: 0,
    learnFromRequests: false,
    reportUnresolved: true,
    conflict: CONFLICT_DEFEND,
  },
  icmp: {
    answerGroupEcho: false,
    matchEchoStrictly: true,
    acceptErrors: true,
    acceptRedirects: true,
    sendErrors: true,
    quoteLimit: 528,
    errorBurst: 10,
    errorsPerSecond: 100,
    errorTypeOfService: 0,
  },
  fragments: { ...boundedFragments, timeoutIpv4: 60 * SECOND },
  paths: rfc1191,
  // RFC 1112 6.1: packets to a group stay on the link unless their sender wants it otherwise.
  multicast: { groups: 256, loopback: true, timeToLive: 1, mldVersion: 2 },
  ipv6: modernIpv6Policy,
};
