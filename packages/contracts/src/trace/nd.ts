import { LAYER_ND, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ND << 8;

export const TRACE_ND_SOLICITATION_SENT = LAYER | 1;
export const TRACE_ND_ADVERTISEMENT_SENT = LAYER | 2;
export const TRACE_ND_ROUTER_SOLICITATION_SENT = LAYER | 3;
export const TRACE_ND_RECEIVED = LAYER | 4;
export const TRACE_ND_INCOMPLETE = LAYER | 5;
export const TRACE_ND_REACHABLE = LAYER | 6;
export const TRACE_ND_STALE = LAYER | 7;
export const TRACE_ND_DELAY = LAYER | 8;
export const TRACE_ND_PROBE = LAYER | 9;
export const TRACE_ND_FAILED = LAYER | 10;
export const TRACE_ND_QUEUED = LAYER | 11;
export const TRACE_ND_RECYCLED = LAYER | 12;
export const TRACE_ND_ROUTER_ADDED = LAYER | 13;
export const TRACE_ND_ROUTER_REMOVED = LAYER | 14;
export const TRACE_ND_PREFIX_ADDED = LAYER | 15;
export const TRACE_ND_PREFIX_REMOVED = LAYER | 16;
export const TRACE_ND_REDIRECTED = LAYER | 17;
export const TRACE_ND_DROPPED = LAYER | 18;
export const TRACE_ND_LIST_FULL = LAYER | 19;

/** Events of Neighbor Discovery. An address takes all four arguments. */
export const ND_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_ND_SOLICITATION_SENT,
    name: 'nd.solicitation-sent',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'asks who has {a}',
    comment: false,
  },
  {
    id: TRACE_ND_ADVERTISEMENT_SENT,
    name: 'nd.advertisement-sent',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'tells that it has {a}',
    comment: false,
  },
  {
    id: TRACE_ND_ROUTER_SOLICITATION_SENT,
    name: 'nd.router-solicitation-sent',
    arguments: ['count', 'count', 'none', 'none'],
    text: 'asks for routers on interface {a} (try {b})',
    comment: false,
  },
  {
    id: TRACE_ND_RECEIVED,
    name: 'nd.received',
    arguments: ['ndMessage', 'none', 'none', 'none'],
    text: 'receives a {a}',
    comment: false,
  },
  {
    id: TRACE_ND_INCOMPLETE,
    name: 'nd.incomplete',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} is INCOMPLETE',
    comment: false,
  },
  {
    id: TRACE_ND_REACHABLE,
    name: 'nd.reachable',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} is REACHABLE',
    comment: true,
  },
  {
    id: TRACE_ND_STALE,
    name: 'nd.stale',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} is STALE',
    comment: true,
  },
  {
    id: TRACE_ND_DELAY,
    name: 'nd.delay',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} is in DELAY: it has some seconds to show that it is there',
    comment: false,
  },
  {
    id: TRACE_ND_PROBE,
    name: 'nd.probe',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} is in PROBE',
    comment: false,
  },
  {
    id: TRACE_ND_FAILED,
    name: 'nd.failed',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'neighbor {a} does not answer and is forgotten',
    comment: false,
  },
  {
    id: TRACE_ND_QUEUED,
    name: 'nd.queued',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'keeps a packet until {a} is resolved',
    comment: false,
  },
  {
    id: TRACE_ND_RECYCLED,
    name: 'nd.recycled',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'the neighbor cache is full: forgets {a}',
    comment: false,
  },
  {
    id: TRACE_ND_ROUTER_ADDED,
    name: 'nd.router-added',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: '{a} is a default router',
    comment: true,
  },
  {
    id: TRACE_ND_ROUTER_REMOVED,
    name: 'nd.router-removed',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: '{a} is no default router any more',
    comment: false,
  },
  {
    id: TRACE_ND_PREFIX_ADDED,
    name: 'nd.prefix-added',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'addresses that begin like {a} are on the link',
    comment: true,
  },
  {
    id: TRACE_ND_PREFIX_REMOVED,
    name: 'nd.prefix-removed',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'addresses that begin like {a} are no longer on the link',
    comment: false,
  },
  {
    id: TRACE_ND_REDIRECTED,
    name: 'nd.redirected',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'reaches {a} another way: its router says so',
    comment: true,
  },
  {
    id: TRACE_ND_DROPPED,
    name: 'nd.dropped',
    arguments: ['reason', 'none', 'none', 'none'],
    text: 'drops: {a}',
    comment: true,
  },
  {
    id: TRACE_ND_LIST_FULL,
    name: 'nd.list-full',
    arguments: ['count', 'none', 'none', 'none'],
    text: 'ignores what an advertisement offers: {a} are kept already',
    comment: true,
  },
];
