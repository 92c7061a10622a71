import type { DropDescription } from '../drop.ts';

export const DROP_IPV4_SHORT = 0x40;
export const DROP_IPV4_VERSION = 0x41;
export const DROP_IPV4_HEADER_LENGTH = 0x42;
export const DROP_IPV4_CHECKSUM = 0x43;
export const DROP_IPV4_TOTAL_LENGTH = 0x44;
export const DROP_IPV4_TRUNCATED = 0x45;
export const DROP_IPV4_OPTION = 0x46;
export const DROP_IPV4_SOURCE_ROUTE = 0x47;
export const DROP_IPV4_SOURCE_ADDRESS = 0x48;
export const DROP_IPV4_OWN_SOURCE = 0x49;
export const DROP_IPV4_NOT_FOR_US = 0x4a;
export const DROP_IPV4_LINK_CAST = 0x4b;
export const DROP_IPV4_FRAGMENT = 0x4c;
export const DROP_IPV4_PROTOCOL = 0x4d;
export const DROP_IPV4_UNHANDLED = 0x4e;
export const DROP_IPV4_NO_ROUTE = 0x4f;
export const DROP_IPV4_TOO_BIG = 0x50;
export const DROP_IPV4_LOOPBACK_POOL = 0x51;
export const DROP_IPV4_ETHERTYPE = 0x52;
export const DROP_IPV4_TIME_TO_LIVE = 0x53;
export const DROP_IPV4_FORWARD_NOT_UNICAST = 0x54;
export const DROP_IPV4_RAW_FILTERED = 0x55;
export const DROP_IPV4_RAW_QUEUE_FULL = 0x56;
export const DROP_IP_FILTERED = 0x57;

/** Reasons 0x40 and up. */
export const DROP_IPV4: readonly DropDescription[] = [
  [DROP_IPV4_SHORT, 'ipv4-short', 'fewer octets arrived than an IPv4 header has'],
  [DROP_IPV4_VERSION, 'ipv4-version', 'the version field is not 4'],
  [DROP_IPV4_HEADER_LENGTH, 'ipv4-header-length', 'the header length is below 20 octets or beyond the packet'],
  [DROP_IPV4_CHECKSUM, 'ipv4-checksum', 'the header checksum is wrong'],
  [DROP_IPV4_TOTAL_LENGTH, 'ipv4-total-length', 'the total length is below the header length'],
  [DROP_IPV4_TRUNCATED, 'ipv4-truncated', 'the total length is beyond what arrived'],
  [DROP_IPV4_OPTION, 'ipv4-option', 'an option has an impossible length'],
  [DROP_IPV4_SOURCE_ROUTE, 'ipv4-source-route', 'the packet is source routed, which this host refuses'],
  [DROP_IPV4_SOURCE_ADDRESS, 'ipv4-source-address', 'the source address cannot be that of a host on this link'],
  [DROP_IPV4_OWN_SOURCE, 'ipv4-own-source', 'the packet came from outside with our own address as source'],
  [DROP_IPV4_NOT_FOR_US, 'ipv4-not-for-us', 'the destination address is not one of this interface'],
  [DROP_IPV4_LINK_CAST, 'ipv4-link-cast', 'a frame to a group carried a packet to one host'],
  [DROP_IPV4_FRAGMENT, 'ipv4-fragment', 'the packet is a fragment and reassembly is not enabled'],
  [DROP_IPV4_PROTOCOL, 'ipv4-protocol', 'no transport has registered for this protocol'],
  [DROP_IPV4_UNHANDLED, 'ipv4-unhandled', 'the transport has no use for the datagram'],
  [DROP_IPV4_NO_ROUTE, 'ipv4-no-route', 'there is no route to the destination any more'],
  [DROP_IPV4_TOO_BIG, 'ipv4-too-big', 'the packet is larger than the MTU and fragmentation is not enabled'],
  [DROP_IPV4_LOOPBACK_POOL, 'ipv4-loopback-pool', 'the packet pool is empty, and a packet to ourselves needs a copy'],
  [DROP_IPV4_TIME_TO_LIVE, 'ipv4-time-to-live', 'the packet has made as many hops as it may'],
  [
    DROP_IPV4_FORWARD_NOT_UNICAST,
    'ipv4-forward-not-unicast',
    'a router forwards only what one host sends to one other, beyond the link',
  ],
  [DROP_IPV4_RAW_FILTERED, 'ipv4-raw-filtered', 'the filter of raw packets does not want it'],
  [DROP_IPV4_RAW_QUEUE_FULL, 'ipv4-raw-queue-full', 'as many raw packets wait as may'],
  [DROP_IP_FILTERED, 'ip-filtered', 'the packet filter of the application does not want it'],
  [DROP_IPV4_ETHERTYPE, 'ipv4-ethertype', 'no network protocol of this host has this EtherType'],
];
