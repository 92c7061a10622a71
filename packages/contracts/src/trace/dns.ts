import { LAYER_DNS, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_DNS << 8;

export const TRACE_DNS_QUERY = LAYER | 1;
export const TRACE_DNS_ANSWER = LAYER | 2;
export const TRACE_DNS_TIMEOUT = LAYER | 3;
export const TRACE_DNS_REFUSED = LAYER | 4;
export const TRACE_DNS_FORGED = LAYER | 5;
export const TRACE_DNS_TRUNCATED = LAYER | 6;
export const TRACE_DNS_FAILED = LAYER | 7;

export const DNS_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_DNS_QUERY,
    name: 'dns.query',
    arguments: ['dnsType', 'hex', 'port', 'count'],
    text: 'asks for {a} with id {b} from port {c}, attempt {d}',
    comment: false,
  },
  {
    id: TRACE_DNS_ANSWER,
    name: 'dns.answer',
    arguments: ['dnsType', 'hex', 'dnsCode', 'count'],
    text: 'answer to id {b} about {a}: {c}, {d:record}',
    comment: false,
  },
  {
    id: TRACE_DNS_TIMEOUT,
    name: 'dns.timeout',
    arguments: ['hex', 'count', 'microseconds', 'none'],
    text: 'no answer to id {a} within {c}, attempt {b}',
    comment: false,
  },
  {
    id: TRACE_DNS_REFUSED,
    name: 'dns.server-failed',
    arguments: ['hex', 'dnsCode', 'none', 'none'],
    text: 'the server cannot answer id {a} ({b}): the next one is asked',
    comment: true,
  },
  {
    id: TRACE_DNS_FORGED,
    name: 'dns.ignored',
    arguments: ['hex', 'none', 'none', 'none'],
    text: 'ignores a message that does not answer id {a}: malformed, another id, or another question',
    comment: true,
  },
  {
    id: TRACE_DNS_TRUNCATED,
    name: 'dns.truncated',
    arguments: ['hex', 'none', 'none', 'none'],
    text: 'the answer to id {a} does not fit a datagram: asks again over TCP',
    comment: true,
  },
  {
    id: TRACE_DNS_FAILED,
    name: 'dns.failed',
    arguments: ['hex', 'status', 'count', 'none'],
    text: 'gives id {a} up after {c:attempt}: {b}',
    comment: false,
  },
];
