import { LAYER_IP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_IP << 8;

export const TRACE_IP_SENT = LAYER | 1;
export const TRACE_IP_RECEIVED = LAYER | 2;
export const TRACE_IP_DROPPED = LAYER | 3;
export const TRACE_IP_SEND_DROPPED = LAYER | 4;
export const TRACE_IP_LOOPED = LAYER | 5;
export const TRACE_IP_ADDRESS_SET = LAYER | 6;
export const TRACE_IP_LINK = LAYER | 7;
export const TRACE_IP_FRAGMENT_KEPT = LAYER | 8;
export const TRACE_IP_REASSEMBLED = LAYER | 9;
export const TRACE_IP_REASSEMBLY_TIMEOUT = LAYER | 10;
export const TRACE_IP_REASSEMBLY_EVICTED = LAYER | 11;
export const TRACE_IP_FRAGMENTED = LAYER | 12;
export const TRACE_IP_PATH_MTU = LAYER | 13;
export const TRACE_IP_PATH_MTU_AGED = LAYER | 14;
export const TRACE_IP_FORWARDED = LAYER | 15;
export const TRACE_IP_GROUP_JOINED = LAYER | 16;
export const TRACE_IP_GROUP_LEFT = LAYER | 17;
export const TRACE_IGMP_REPORT_SENT = LAYER | 18;
export const TRACE_IGMP_LEAVE_SENT = LAYER | 19;
export const TRACE_IGMP_QUERY_RECEIVED = LAYER | 20;
export const TRACE_IGMP_REPORT_HEARD = LAYER | 21;
export const TRACE_MLD_REPORT_SENT = LAYER | 22;
export const TRACE_MLD_DONE_SENT = LAYER | 23;
export const TRACE_MLD_QUERY_RECEIVED = LAYER | 24;
export const TRACE_IP_ROUTE_REDIRECTED = LAYER | 25;
export const TRACE_IP_DETACHED = LAYER | 26;

export const IP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_IP_SENT,
    name: 'ip.sent',
    arguments: ['address', 'address', 'ipProtocol', 'bytes'],
    text: 'sends {a} -> {b} {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_IP_RECEIVED,
    name: 'ip.received',
    arguments: ['address', 'address', 'ipProtocol', 'bytes'],
    text: 'receives {a} -> {b} {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_IP_DROPPED,
    name: 'ip.dropped',
    arguments: ['reason', 'none', 'none', 'none'],
    text: 'drops: {a}',
    comment: true,
  },
  {
    id: TRACE_IP_SEND_DROPPED,
    name: 'ip.send-dropped',
    arguments: ['reason', 'address', 'none', 'none'],
    text: 'drops a packet to {b} instead of sending it: {a}',
    comment: false,
  },
  {
    id: TRACE_IP_LOOPED,
    name: 'ip.looped',
    arguments: ['address', 'address', 'ipProtocol', 'bytes'],
    text: 'returns to itself {a} -> {b} {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_IP_ADDRESS_SET,
    name: 'ip.address-set',
    arguments: ['count', 'address', 'address', 'none'],
    text: 'interface {a} has address {b} mask {c}',
    comment: false,
  },
  {
    id: TRACE_IP_LINK,
    name: 'ip.link',
    arguments: ['count', 'count', 'none', 'none'],
    text: 'interface {a}: link state is now {b}',
    comment: false,
  },
  {
    id: TRACE_IP_FRAGMENT_KEPT,
    name: 'ip.fragment-kept',
    arguments: ['hex', 'bytes', 'bytes', 'count'],
    text: 'keeps a fragment of datagram {a}: {c} at offset {b} ({d:packet} held)',
    comment: false,
  },
  {
    id: TRACE_IP_REASSEMBLED,
    name: 'ip.reassembled',
    arguments: ['hex', 'bytes', 'count', 'none'],
    text: 'puts datagram {a} together: {b} out of {c:fragment}',
    comment: true,
  },
  {
    id: TRACE_IP_REASSEMBLY_TIMEOUT,
    name: 'ip.reassembly-timeout',
    arguments: ['hex', 'bytes', 'count', 'none'],
    text: 'gives up on datagram {a}: {b} of it came in {c:fragment}',
    comment: false,
  },
  {
    id: TRACE_IP_REASSEMBLY_EVICTED,
    name: 'ip.reassembly-evicted',
    arguments: ['hex', 'count', 'reason', 'none'],
    text: 'gives up on datagram {a} and its {b:packet}: {c}',
    comment: false,
  },
  {
    id: TRACE_IP_FRAGMENTED,
    name: 'ip.fragmented',
    arguments: ['bytes', 'count', 'bytes', 'none'],
    text: 'cuts {a} into {b:fragment} of at most {c}',
    comment: false,
  },
  {
    id: TRACE_IP_PATH_MTU,
    name: 'ip.path-mtu',
    arguments: ['address', 'bytes', 'bytes', 'none'],
    text: 'learns that the path to {a} takes packets of {b}, not {c}',
    comment: true,
  },
  {
    id: TRACE_IP_PATH_MTU_AGED,
    name: 'ip.path-mtu-aged',
    arguments: ['address', 'bytes', 'none', 'none'],
    text: 'forgets that the path to {a} takes packets of {b} only',
    comment: false,
  },
  {
    id: TRACE_IP_FORWARDED,
    name: 'ip.forwarded',
    arguments: ['address', 'address', 'count', 'count'],
    text: 'forwards {a} -> {b} by interface {c}, {d:hop} left',
    comment: false,
  },
  {
    id: TRACE_IP_GROUP_JOINED,
    name: 'ip.group-joined',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'joins group {a} on interface {b}',
    comment: false,
  },
  {
    id: TRACE_IP_GROUP_LEFT,
    name: 'ip.group-left',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'leaves group {a} on interface {b}',
    comment: false,
  },
  {
    id: TRACE_IGMP_REPORT_SENT,
    name: 'igmp.report-sent',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'reports that somebody listens to {a} (version {b})',
    comment: false,
  },
  {
    id: TRACE_IGMP_LEAVE_SENT,
    name: 'igmp.leave-sent',
    arguments: ['address', 'none', 'none', 'none'],
    text: 'tells the routers that nobody listens to {a} here any more',
    comment: false,
  },
  {
    id: TRACE_IGMP_QUERY_RECEIVED,
    name: 'igmp.query-received',
    arguments: ['address', 'microseconds', 'none', 'none'],
    text: 'is asked who listens to {a}, to be answered within {b}',
    comment: false,
  },
  {
    id: TRACE_IGMP_REPORT_HEARD,
    name: 'igmp.report-heard',
    arguments: ['address', 'none', 'none', 'none'],
    text: 'hears another listener report {a}, and need not',
    comment: false,
  },
  {
    id: TRACE_MLD_REPORT_SENT,
    name: 'mld.report-sent',
    arguments: ['count', 'count', 'none', 'none'],
    text: 'reports {b:group} (version {a})',
    comment: false,
  },
  {
    id: TRACE_MLD_DONE_SENT,
    name: 'mld.done-sent',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'tells the routers that nobody listens to {a} here any more',
    comment: false,
  },
  {
    id: TRACE_MLD_QUERY_RECEIVED,
    name: 'mld.query-received',
    arguments: ['count', 'microseconds', 'none', 'none'],
    text: 'is asked by a router of version {a} who listens, to be answered within {b}',
    comment: false,
  },
  {
    id: TRACE_IP_ROUTE_REDIRECTED,
    name: 'ip.redirected',
    arguments: ['address', 'address', 'address', 'none'],
    text: 'is told by {c} that {b} is the better way to {a}',
    comment: true,
  },
  {
    id: TRACE_IP_DETACHED,
    name: 'ip.detached',
    arguments: ['count', 'address', 'none', 'none'],
    text: 'interface {a} with {b} is detached: what was bound to it is gone',
    comment: false,
  },
];
