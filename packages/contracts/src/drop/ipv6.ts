import type { DropDescription } from '../drop.ts';

export const DROP_IPV6_SHORT = 0x80;
export const DROP_IPV6_VERSION = 0x81;
export const DROP_IPV6_TRUNCATED = 0x82;
export const DROP_IPV6_EMPTY = 0x83;
export const DROP_IPV6_SOURCE_ADDRESS = 0x84;
export const DROP_IPV6_OWN_SOURCE = 0x85;
export const DROP_IPV6_NOT_FOR_US = 0x86;
export const DROP_IPV6_TENTATIVE = 0x87;
export const DROP_IPV6_DISABLED = 0x88;
export const DROP_IPV6_EXTENSION_LENGTH = 0x89;
export const DROP_IPV6_OPTION_LENGTH = 0x8a;
export const DROP_IPV6_OPTION = 0x8b;
export const DROP_IPV6_HEADER_ORDER = 0x8c;
export const DROP_IPV6_ROUTING_HEADER = 0x8d;
export const DROP_IPV6_FRAGMENT_LENGTH = 0x8e;
export const DROP_IPV6_FRAGMENT_TOO_LONG = 0x8f;
export const DROP_IPV6_FRAGMENT_HEADERS = 0x90;
export const DROP_IPV6_NEXT_HEADER = 0x91;
export const DROP_IPV6_NO_NEXT_HEADER = 0x92;
export const DROP_IPV6_UNHANDLED = 0x93;
export const DROP_IPV6_NO_ROUTE = 0x94;
export const DROP_IPV6_TOO_BIG = 0x95;
export const DROP_IPV6_FRAGMENT = 0x96;
export const DROP_ND_HOP_LIMIT = 0x98;
export const DROP_ND_CODE = 0x99;
export const DROP_ND_SHORT = 0x9a;
export const DROP_ND_OPTION = 0x9b;
export const DROP_ND_TARGET = 0x9c;
export const DROP_ND_SOURCE = 0x9d;
export const DROP_ND_DESTINATION = 0x9e;
export const DROP_ND_FRAGMENTED = 0x9f;
export const DROP_ND_NOT_FOR_US = 0xa0;
export const DROP_ND_UNKNOWN_NEIGHBOUR = 0xa1;
export const DROP_ND_NO_LINK_ADDRESS = 0xa2;
export const DROP_ND_UNRESOLVED = 0xa3;
export const DROP_ND_QUEUE_FULL = 0xa4;
export const DROP_ND_CACHE_FULL = 0xa5;
export const DROP_ND_FLUSHED = 0xa6;
export const DROP_ND_DUPLICATE = 0xa7;
export const DROP_ND_HOST = 0xa8;
export const DROP_ND_NOT_FIRST_HOP = 0xa9;
export const DROP_IPV6_HOP_LIMIT = 0xad;
export const DROP_IPV6_FORWARD_NOT_UNICAST = 0xae;
export const DROP_IPV6_BEYOND_SCOPE = 0xaf;

/** Reasons 0x80 and up: IPv6, and Neighbor Discovery from 0x98 on. */
export const DROP_IPV6: readonly DropDescription[] = [
  [DROP_IPV6_SHORT, 'ipv6-short', 'fewer octets arrived than an IPv6 header has'],
  [DROP_IPV6_VERSION, 'ipv6-version', 'the version field is not 6'],
  [DROP_IPV6_TRUNCATED, 'ipv6-truncated', 'the payload length is beyond what arrived'],
  [DROP_IPV6_EMPTY, 'ipv6-empty', 'the payload length is 0, and jumbograms are refused'],
  [DROP_IPV6_SOURCE_ADDRESS, 'ipv6-source-address', 'the source address cannot be that of a host on this link'],
  [DROP_IPV6_OWN_SOURCE, 'ipv6-own-source', 'the packet came from outside with our own address as source'],
  [DROP_IPV6_NOT_FOR_US, 'ipv6-not-for-us', 'the destination address is not one of this interface'],
  [DROP_IPV6_TENTATIVE, 'ipv6-tentative', 'the destination address is still being checked for duplicates'],
  [DROP_IPV6_DISABLED, 'ipv6-disabled', 'IPv6 is not enabled on this interface'],
  [DROP_IPV6_EXTENSION_LENGTH, 'ipv6-extension-length', 'an extension header is longer than the packet'],
  [DROP_IPV6_OPTION_LENGTH, 'ipv6-option-length', 'an option is longer than its extension header'],
  [DROP_IPV6_OPTION, 'ipv6-option', 'an unknown option asks that the packet be discarded'],
  [DROP_IPV6_HEADER_ORDER, 'ipv6-header-order', 'a hop-by-hop options header is not the first extension header'],
  [DROP_IPV6_ROUTING_HEADER, 'ipv6-routing-header', 'the packet is source routed, which this host refuses'],
  [DROP_IPV6_FRAGMENT_LENGTH, 'ipv6-fragment-length', 'a fragment that is not the last has no multiple of 8 octets'],
  [DROP_IPV6_FRAGMENT_TOO_LONG, 'ipv6-fragment-too-long', 'the fragment reaches beyond 65,535 octets'],
  [DROP_IPV6_FRAGMENT_HEADERS, 'ipv6-fragment-headers', 'the first fragment does not hold every header of the packet'],
  [DROP_IPV6_NEXT_HEADER, 'ipv6-next-header', 'no transport has registered for this next header'],
  [DROP_IPV6_NO_NEXT_HEADER, 'ipv6-no-next-header', 'nothing follows the headers, as they say themselves'],
  [DROP_IPV6_UNHANDLED, 'ipv6-unhandled', 'the transport has no use for the datagram'],
  [DROP_IPV6_NO_ROUTE, 'ipv6-no-route', 'there is no route to the destination any more'],
  [DROP_IPV6_TOO_BIG, 'ipv6-too-big', 'the packet is larger than the path MTU and fragmentation is not enabled'],
  [DROP_IPV6_FRAGMENT, 'ipv6-fragment', 'the packet is a fragment and reassembly is not enabled'],
  [DROP_IPV6_HOP_LIMIT, 'ipv6-hop-limit', 'the packet has made as many hops as it may'],
  [
    DROP_IPV6_FORWARD_NOT_UNICAST,
    'ipv6-forward-not-unicast',
    'a router forwards only what one host sends to one other, beyond the link',
  ],
  [DROP_IPV6_BEYOND_SCOPE, 'ipv6-beyond-scope', 'the source address means nothing beyond its link'],
  [DROP_ND_HOP_LIMIT, 'nd-hop-limit', 'the hop limit is not 255: the message may come from another link'],
  [DROP_ND_CODE, 'nd-code', 'the ICMPv6 code is not 0'],
  [DROP_ND_SHORT, 'nd-short', 'the message is shorter than its type requires'],
  [DROP_ND_OPTION, 'nd-option', 'an option has length 0 or reaches beyond the message'],
  [DROP_ND_TARGET, 'nd-target', 'the target is a multicast address, or one that this message must not have'],
  [DROP_ND_SOURCE, 'nd-source', 'the source address, or a source link-layer option, is not allowed in this message'],
  [DROP_ND_DESTINATION, 'nd-destination', 'the destination address is not allowed in this message'],
  [DROP_ND_FRAGMENTED, 'nd-fragmented', 'Neighbor Discovery in fragments is refused'],
  [DROP_ND_NOT_FOR_US, 'nd-not-for-us', 'the target is another host'],
  [DROP_ND_UNKNOWN_NEIGHBOUR, 'nd-unknown-neighbour', 'nobody asked about this neighbor'],
  [DROP_ND_NO_LINK_ADDRESS, 'nd-no-link-address', 'the advertisement names no link-layer address, and none is known'],
  [DROP_ND_UNRESOLVED, 'nd-unresolved', 'nobody answered for the next hop, and a packet waited for it'],
  [DROP_ND_QUEUE_FULL, 'nd-queue-full', 'more packets wait for one next hop than may; the oldest goes'],
  [DROP_ND_CACHE_FULL, 'nd-cache-full', 'every entry of the neighbor cache is static or in use'],
  [DROP_ND_FLUSHED, 'nd-flushed', 'the neighbor a packet waited for was forgotten'],
  [DROP_ND_DUPLICATE, 'nd-duplicate', 'another host has, or is about to take, our address'],
  [DROP_ND_HOST, 'nd-host', 'only routers take this message'],
  [DROP_ND_NOT_FIRST_HOP, 'nd-not-first-hop', 'the redirect is not from the current first hop of its destination'],
];
