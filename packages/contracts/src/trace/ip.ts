import { LAYER_IP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_IP << 8;

export const TRACE_IP_SENT = LAYER | 1;
export const TRACE_IP_RECEIVED = LAYER | 2;
export const TRACE_IP_DROPPED = LAYER | 3;
export const TRACE_IP_SEND_DROPPED = LAYER | 4;
export const TRACE_IP_LOOPED = LAYER | 5;
export const TRACE_IP_ADDRESS_SET = LAYER | 6;
export const TRACE_IP_LINK = LAYER | 7;

export const IP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_IP_SENT,
    name: 'ip.sent',
    arguments: ['address', 'address', 'count', 'bytes'],
    text: 'sends {a} -> {b} protocol {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_IP_RECEIVED,
    name: 'ip.received',
    arguments: ['address', 'address', 'count', 'bytes'],
    text: 'receives {a} -> {b} protocol {c}, {d}',
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
    arguments: ['address', 'address', 'count', 'bytes'],
    text: 'returns to itself {a} -> {b} protocol {c}, {d}',
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
];
