import { LAYER_UDP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_UDP << 8;

export const TRACE_UDP_BOUND = LAYER | 1;
export const TRACE_UDP_UNBOUND = LAYER | 2;
export const TRACE_UDP_SENT = LAYER | 3;
export const TRACE_UDP_RECEIVED = LAYER | 4;
export const TRACE_UDP_QUEUE_FULL = LAYER | 5;
export const TRACE_UDP_ERROR = LAYER | 6;

export const UDP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_UDP_BOUND,
    name: 'udp.bound',
    arguments: ['port', 'none', 'none', 'none'],
    text: 'binds port {a}',
    comment: false,
  },
  {
    id: TRACE_UDP_UNBOUND,
    name: 'udp.unbound',
    arguments: ['port', 'count', 'none', 'none'],
    text: 'unbinds port {a}; released with it: {b:queued datagram}',
    comment: false,
  },
  {
    id: TRACE_UDP_SENT,
    name: 'udp.sent',
    arguments: ['port', 'address', 'port', 'bytes'],
    text: 'sends {d} from port {a} to {b} port {c}',
    comment: false,
  },
  {
    id: TRACE_UDP_RECEIVED,
    name: 'udp.received',
    arguments: ['port', 'address', 'port', 'bytes'],
    text: 'receives {d} on port {a} from {b} port {c}',
    comment: false,
  },
  {
    id: TRACE_UDP_QUEUE_FULL,
    name: 'udp.queue-full',
    arguments: ['port', 'count', 'none', 'none'],
    text: 'drops a datagram to port {a}: {b} wait already',
    comment: true,
  },
  {
    id: TRACE_UDP_ERROR,
    name: 'udp.error',
    arguments: ['port', 'address', 'port', 'networkError'],
    text: 'error "{d}" about port {a} to {b} port {c}',
    comment: true,
  },
];
