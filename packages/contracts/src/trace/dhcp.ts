import { LAYER_DHCP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_DHCP << 8;

export const TRACE_DHCP_STATE = LAYER | 1;
export const TRACE_DHCP_SENT = LAYER | 2;
export const TRACE_DHCP_RECEIVED = LAYER | 3;
export const TRACE_DHCP_LEASE = LAYER | 4;
export const TRACE_DHCP_CONFLICT = LAYER | 5;
export const TRACE_DHCP_IGNORED = LAYER | 6;

export const DHCP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_DHCP_STATE,
    name: 'dhcp.state',
    arguments: ['dhcpState', 'dhcpState', 'count', 'none'],
    text: 'interface {c}: {a} to {b}',
    comment: false,
  },
  {
    id: TRACE_DHCP_SENT,
    name: 'dhcp.sent',
    arguments: ['dhcpMessage', 'count', 'address', 'none'],
    text: 'sends {a} to {c}, attempt {b}',
    comment: false,
  },
  {
    id: TRACE_DHCP_RECEIVED,
    name: 'dhcp.received',
    arguments: ['dhcpMessage', 'address', 'address', 'none'],
    text: 'receives {a} for {b} from server {c}',
    comment: false,
  },
  {
    id: TRACE_DHCP_LEASE,
    name: 'dhcp.lease',
    arguments: ['address', 'address', 'microseconds', 'none'],
    text: 'has {a} from server {b} for {c}',
    comment: false,
  },
  {
    id: TRACE_DHCP_CONFLICT,
    name: 'dhcp.conflict',
    arguments: ['address', 'none', 'none', 'none'],
    text: 'declines {a}: another host uses it',
    comment: false,
  },
  {
    id: TRACE_DHCP_IGNORED,
    name: 'dhcp.ignored',
    arguments: ['dhcpState', 'none', 'none', 'none'],
    text: 'ignores a message in state {a}: malformed, for another client, or not asked for',
    comment: true,
  },
];
