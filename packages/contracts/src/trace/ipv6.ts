import { LAYER_IP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_IP << 8;

export const TRACE_IPV6_SENT = LAYER | 64;
export const TRACE_IPV6_RECEIVED = LAYER | 65;
export const TRACE_IPV6_LOOPED = LAYER | 66;
export const TRACE_IPV6_SEND_DROPPED = LAYER | 67;
export const TRACE_IPV6_ADDRESS_TENTATIVE = LAYER | 68;
export const TRACE_IPV6_ADDRESS_ASSIGNED = LAYER | 69;
export const TRACE_IPV6_ADDRESS_DUPLICATE = LAYER | 70;
export const TRACE_IPV6_ADDRESS_DEPRECATED = LAYER | 71;
export const TRACE_IPV6_ADDRESS_REMOVED = LAYER | 72;
export const TRACE_IPV6_PATH_MTU = LAYER | 73;
export const TRACE_IPV6_FORWARDED = LAYER | 74;
export const TRACE_IPV6_GROUP_JOINED = LAYER | 75;
export const TRACE_IPV6_GROUP_LEFT = LAYER | 76;

/** Events of IPv6. An address takes all four arguments. */
export const IPV6_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_IPV6_GROUP_JOINED,
    name: 'ipv6.group-joined',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'joins group {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_GROUP_LEFT,
    name: 'ipv6.group-left',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'leaves group {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_SENT,
    name: 'ipv6.sent',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'sends to {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_RECEIVED,
    name: 'ipv6.received',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'receives from {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_LOOPED,
    name: 'ipv6.looped',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'returns to itself a packet to {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_SEND_DROPPED,
    name: 'ipv6.send-dropped',
    arguments: ['reason', 'none', 'none', 'none'],
    text: 'drops an IPv6 packet instead of sending it: {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_ADDRESS_TENTATIVE,
    name: 'ipv6.address-tentative',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'checks whether somebody has {a} before using it',
    comment: false,
  },
  {
    id: TRACE_IPV6_ADDRESS_ASSIGNED,
    name: 'ipv6.address-assigned',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'has address {a} from now on',
    comment: false,
  },
  {
    id: TRACE_IPV6_ADDRESS_DUPLICATE,
    name: 'ipv6.address-duplicate',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'does not use {a}: another host has it',
    comment: true,
  },
  {
    id: TRACE_IPV6_ADDRESS_DEPRECATED,
    name: 'ipv6.address-deprecated',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'begins nothing new from {a}: its preferred lifetime is over',
    comment: false,
  },
  {
    id: TRACE_IPV6_ADDRESS_REMOVED,
    name: 'ipv6.address-removed',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'no longer has address {a}',
    comment: false,
  },
  {
    id: TRACE_IPV6_PATH_MTU,
    name: 'ipv6.path-mtu',
    arguments: ['bytes', 'none', 'none', 'none'],
    text: 'a path takes packets of {a} now',
    comment: true,
  },
  {
    id: TRACE_IPV6_FORWARDED,
    name: 'ipv6.forwarded',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'forwards a packet to {a}',
    comment: false,
  },
];
