import { LAYER_ICMP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ICMP << 8;

export const TRACE_ICMP_ECHO_SENT = LAYER | 1;
export const TRACE_ICMP_ECHO_ANSWERED = LAYER | 2;
export const TRACE_ICMP_ECHO_REPLY = LAYER | 3;
export const TRACE_ICMP_ECHO_TIMEOUT = LAYER | 4;
export const TRACE_ICMP_ERROR_SENT = LAYER | 5;
export const TRACE_ICMP_ERROR_RECEIVED = LAYER | 6;
export const TRACE_ICMP_ERROR_WITHHELD = LAYER | 7;

export const ICMP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_ICMP_ECHO_SENT,
    name: 'icmp.echo-sent',
    arguments: ['address', 'count', 'count', 'bytes'],
    text: 'pings {a} id {b} sequence {c}, {d} of data',
    comment: false,
  },
  {
    id: TRACE_ICMP_ECHO_ANSWERED,
    name: 'icmp.echo-answered',
    arguments: ['address', 'count', 'count', 'bytes'],
    text: 'answers the ping of {a} id {b} sequence {c}, {d} of data',
    comment: false,
  },
  {
    id: TRACE_ICMP_ECHO_REPLY,
    name: 'icmp.echo-reply',
    arguments: ['address', 'count', 'count', 'microseconds'],
    text: '{a} answered ping id {b} sequence {c} after {d}',
    comment: false,
  },
  {
    id: TRACE_ICMP_ECHO_TIMEOUT,
    name: 'icmp.echo-timeout',
    arguments: ['address', 'count', 'count', 'none'],
    text: 'no answer from {a} to ping id {b} sequence {c}',
    comment: false,
  },
  {
    id: TRACE_ICMP_ERROR_SENT,
    name: 'icmp.error-sent',
    arguments: ['icmpError', 'icmpError', 'address', 'none'],
    text: 'sends error "{a}" to {c}',
    comment: true,
  },
  {
    id: TRACE_ICMP_ERROR_RECEIVED,
    name: 'icmp.error-received',
    arguments: ['icmpError', 'icmpError', 'address', 'ipProtocol'],
    text: 'error "{a}" about our packet to {c} ({d})',
    comment: true,
  },
  {
    id: TRACE_ICMP_ERROR_WITHHELD,
    name: 'icmp.error-withheld',
    arguments: ['icmpError', 'icmpError', 'address', 'none'],
    text: 'does not send error "{a}" to {c}: the rate limit is reached',
    comment: false,
  },
];
