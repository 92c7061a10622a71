import { LAYER_ARP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ARP << 8;

export const TRACE_ARP_REQUEST_SENT = LAYER | 1;
export const TRACE_ARP_REPLY_SENT = LAYER | 2;
export const TRACE_ARP_RECEIVED = LAYER | 3;
export const TRACE_ARP_LEARNED = LAYER | 4;
export const TRACE_ARP_QUEUED = LAYER | 5;
export const TRACE_ARP_RELEASED = LAYER | 6;
export const TRACE_ARP_FAILED = LAYER | 7;
export const TRACE_ARP_EXPIRED = LAYER | 8;
export const TRACE_ARP_RECYCLED = LAYER | 9;
export const TRACE_ARP_CONFLICT = LAYER | 10;
export const TRACE_ARP_DROPPED = LAYER | 11;
export const TRACE_ARP_PROBE = LAYER | 12;
export const TRACE_ARP_RARP_SENT = LAYER | 13;
export const TRACE_ARP_RARP_ANSWERED = LAYER | 14;

export const ARP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_ARP_REQUEST_SENT,
    name: 'arp.request-sent',
    arguments: ['address', 'address', 'count', 'none'],
    text: 'asks who has {a}, tell {b} (try {c})',
    comment: false,
  },
  {
    id: TRACE_ARP_REPLY_SENT,
    name: 'arp.reply-sent',
    arguments: ['address', 'address', 'none', 'none'],
    text: 'tells {b} that it has {a}',
    comment: false,
  },
  {
    id: TRACE_ARP_RECEIVED,
    name: 'arp.received',
    arguments: ['arpOperation', 'address', 'address', 'none'],
    text: 'receives {a} from {b} about {c}',
    comment: false,
  },
  {
    id: TRACE_ARP_LEARNED,
    name: 'arp.learned',
    arguments: ['address', 'hex', 'hex', 'count'],
    text: 'learns that {a} is at MAC {b}:{c} (interface {d})',
    comment: true,
  },
  {
    id: TRACE_ARP_QUEUED,
    name: 'arp.queued',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'keeps a packet until {a} is resolved ({b} waiting)',
    comment: false,
  },
  {
    id: TRACE_ARP_RELEASED,
    name: 'arp.released',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'sends what waited for {a}: {b} in all',
    comment: false,
  },
  {
    id: TRACE_ARP_FAILED,
    name: 'arp.failed',
    arguments: ['address', 'count', 'count', 'none'],
    text: 'gives up on {a} after {b:request}; dropped for it: {c:packet}',
    comment: false,
  },
  {
    id: TRACE_ARP_EXPIRED,
    name: 'arp.expired',
    arguments: ['address', 'none', 'none', 'none'],
    text: 'forgets {a}: its entry is too old',
    comment: false,
  },
  {
    id: TRACE_ARP_RECYCLED,
    name: 'arp.recycled',
    arguments: ['address', 'address', 'none', 'none'],
    text: 'forgets {a} to make room for {b}: the cache is full',
    comment: false,
  },
  {
    id: TRACE_ARP_CONFLICT,
    name: 'arp.conflict',
    arguments: ['address', 'hex', 'hex', 'yesNo'],
    text: 'finds that MAC {b}:{c} uses our address {a} too (defended: {d})',
    comment: true,
  },
  {
    id: TRACE_ARP_DROPPED,
    name: 'arp.dropped',
    arguments: ['reason', 'none', 'none', 'none'],
    text: 'drops: {a}',
    comment: true,
  },
  {
    id: TRACE_ARP_PROBE,
    name: 'arp.probe',
    arguments: ['address', 'count', 'none', 'none'],
    text: 'probes for {a}, {b} sent',
    comment: false,
  },
  {
    id: TRACE_ARP_RARP_SENT,
    name: 'arp.rarp-sent',
    arguments: ['count', 'none', 'none', 'none'],
    text: 'asks for its own address by RARP (try {a})',
    comment: false,
  },
  {
    id: TRACE_ARP_RARP_ANSWERED,
    name: 'arp.rarp-answered',
    arguments: ['address', 'address', 'none', 'none'],
    text: 'is told by {b} that its address is {a}',
    comment: true,
  },
];
