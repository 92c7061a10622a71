import { LAYER_ETHERNET, LAYER_LINK, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_ETHERNET << 8;
const LINK = LAYER_LINK << 8;

/** The driver. A MAC address is two arguments: its upper 16 and its lower 32 bits. */
export const TRACE_ETHERNET_SENT = LAYER | 1;
export const TRACE_ETHERNET_RECEIVED = LAYER | 2;
export const TRACE_ETHERNET_DROPPED = LAYER | 3;
export const TRACE_ETHERNET_SEND_REFUSED = LAYER | 4;
export const TRACE_ETHERNET_LINK_CHANGED = LAYER | 5;
export const TRACE_ETHERNET_GROUP_JOINED = LAYER | 6;
export const TRACE_ETHERNET_GROUP_LEFT = LAYER | 7;

/** The link: what a cable, a shared medium or a switch did to a frame. */
export const TRACE_LINK_LOST = LINK | 1;
export const TRACE_LINK_CORRUPTED = LINK | 2;
export const TRACE_LINK_DUPLICATED = LINK | 3;
export const TRACE_LINK_REORDERED = LINK | 4;
export const TRACE_LINK_CHANGED = LINK | 5;
export const TRACE_SWITCH_LEARNED = LINK | 6;
export const TRACE_SWITCH_MOVED = LINK | 7;
export const TRACE_SWITCH_AGED = LINK | 8;
export const TRACE_SWITCH_FLOODED = LINK | 9;
export const TRACE_SWITCH_DROPPED = LINK | 10;
export const TRACE_SWITCH_TABLE_FULL = LINK | 11;

export const ETHERNET_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_ETHERNET_SENT,
    name: 'ethernet.sent',
    arguments: ['etherType', 'bytes', 'hex', 'hex'],
    text: 'sent {a}, {b} to MAC {c}:{d}',
    comment: false,
  },
  {
    id: TRACE_ETHERNET_RECEIVED,
    name: 'ethernet.received',
    arguments: ['etherType', 'bytes', 'hex', 'hex'],
    text: 'received {a}, {b} from MAC {c}:{d}',
    comment: false,
  },
  {
    id: TRACE_ETHERNET_DROPPED,
    name: 'ethernet.dropped',
    arguments: ['reason', 'bytes', 'none', 'none'],
    text: 'dropped a frame of {b}: {a}',
    comment: true,
  },
  {
    id: TRACE_ETHERNET_SEND_REFUSED,
    name: 'ethernet.send-refused',
    arguments: ['reason', 'bytes', 'none', 'none'],
    text: 'did not send a packet of {b}: {a}',
    comment: false,
  },
  {
    id: TRACE_ETHERNET_LINK_CHANGED,
    name: 'ethernet.link-changed',
    arguments: ['yesNo', 'none', 'none', 'none'],
    text: 'link up: {a}',
    comment: false,
  },
  {
    id: TRACE_ETHERNET_GROUP_JOINED,
    name: 'ethernet.group-joined',
    arguments: ['hex', 'hex', 'count', 'none'],
    text: 'accepts frames to group MAC {a}:{b} ({c:member} here)',
    comment: false,
  },
  {
    id: TRACE_ETHERNET_GROUP_LEFT,
    name: 'ethernet.group-left',
    arguments: ['hex', 'hex', 'count', 'none'],
    text: 'one member of group MAC {a}:{b} left ({c} remain)',
    comment: false,
  },
  {
    id: TRACE_LINK_LOST,
    name: 'link.lost',
    arguments: ['reason', 'bytes', 'count', 'none'],
    text: 'lost on the link, {b} from end {c}: {a}',
    comment: true,
  },
  {
    id: TRACE_LINK_CORRUPTED,
    name: 'link.corrupted',
    arguments: ['count', 'bytes', 'count', 'none'],
    text: 'corrupted on the link: {a:bit} of {b} from end {c}',
    comment: true,
  },
  {
    id: TRACE_LINK_DUPLICATED,
    name: 'link.duplicated',
    arguments: ['count', 'bytes', 'count', 'none'],
    text: 'duplicate made by the link of frame {a}, {b} from end {c}',
    comment: true,
  },
  {
    id: TRACE_LINK_REORDERED,
    name: 'link.reordered',
    arguments: ['microseconds', 'bytes', 'count', 'none'],
    text: 'held back by the link for {a}, {b} from end {c}',
    comment: true,
  },
  {
    id: TRACE_LINK_CHANGED,
    name: 'link.changed',
    arguments: ['yesNo', 'none', 'none', 'none'],
    text: 'cable plugged in: {a}',
    comment: false,
  },
  {
    id: TRACE_SWITCH_LEARNED,
    name: 'switch.learned',
    arguments: ['count', 'count', 'hex', 'hex'],
    text: 'switch learned MAC {c}:{d} at port {a}, VLAN {b}',
    comment: true,
  },
  {
    id: TRACE_SWITCH_MOVED,
    name: 'switch.moved',
    arguments: ['count', 'count', 'hex', 'hex'],
    text: 'switch saw MAC {c}:{d} move to port {a}, VLAN {b}',
    comment: true,
  },
  {
    id: TRACE_SWITCH_AGED,
    name: 'switch.aged',
    arguments: ['count', 'count', 'hex', 'hex'],
    text: 'switch forgot MAC {c}:{d} at port {a}, VLAN {b}: not seen for the ageing time',
    comment: false,
  },
  {
    id: TRACE_SWITCH_FLOODED,
    name: 'switch.flooded',
    arguments: ['count', 'count', 'count', 'none'],
    text: 'switch flooded a frame from port {a}, VLAN {b}, to {c:port}',
    comment: true,
  },
  {
    id: TRACE_SWITCH_DROPPED,
    name: 'switch.dropped',
    arguments: ['reason', 'count', 'count', 'none'],
    text: 'switch dropped a frame at port {b}, VLAN {c}: {a}',
    comment: true,
  },
  {
    id: TRACE_SWITCH_TABLE_FULL,
    name: 'switch.table-full',
    arguments: ['count', 'count', 'hex', 'hex'],
    text: 'switch did not learn MAC {c}:{d} at port {a}, VLAN {b}: its table is full',
    comment: false,
  },
];
