import { LAYER_ICMP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ICMP << 8;

export const TRACE_ICMPV6_ECHO_SENT = LAYER | 64;
export const TRACE_ICMPV6_ECHO_ANSWERED = LAYER | 65;
export const TRACE_ICMPV6_ECHO_REPLY = LAYER | 66;
export const TRACE_ICMPV6_ECHO_TIMEOUT = LAYER | 67;
export const TRACE_ICMPV6_ERROR_SENT = LAYER | 68;
export const TRACE_ICMPV6_ERROR_RECEIVED = LAYER | 69;
export const TRACE_ICMPV6_ERROR_WITHHELD = LAYER | 70;

/** Events of ICMPv6. An address takes all four arguments. */
export const ICMPV6_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_ICMPV6_ECHO_SENT,
    name: 'icmpv6.echo-sent',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'pings {a}',
    comment: false,
  },
  {
    id: TRACE_ICMPV6_ECHO_ANSWERED,
    name: 'icmpv6.echo-answered',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'answers the ping of {a}',
    comment: false,
  },
  {
    id: TRACE_ICMPV6_ECHO_REPLY,
    name: 'icmpv6.echo-reply',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: '{a} answered the ping',
    comment: false,
  },
  {
    id: TRACE_ICMPV6_ECHO_TIMEOUT,
    name: 'icmpv6.echo-timeout',
    arguments: ['address6', 'address6', 'address6', 'address6'],
    text: 'no answer from {a} to the ping',
    comment: false,
  },
  {
    id: TRACE_ICMPV6_ERROR_SENT,
    name: 'icmpv6.error-sent',
    arguments: ['icmpv6Error', 'icmpv6Error', 'none', 'none'],
    text: 'sends ICMPv6 error "{a}"',
    comment: true,
  },
  {
    id: TRACE_ICMPV6_ERROR_RECEIVED,
    name: 'icmpv6.error-received',
    arguments: ['icmpv6Error', 'icmpv6Error', 'ipProtocol', 'none'],
    text: 'ICMPv6 error "{a}" about our packet ({c})',
    comment: true,
  },
  {
    id: TRACE_ICMPV6_ERROR_WITHHELD,
    name: 'icmpv6.error-withheld',
    arguments: ['icmpv6Error', 'icmpv6Error', 'none', 'none'],
    text: 'does not send ICMPv6 error "{a}": the rate limit is reached',
    comment: false,
  },
];
