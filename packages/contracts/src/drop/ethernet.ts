import type { DropDescription } from '../drop.ts';

/** The driver's reasons, and those for which a link, a switch or a deliberate fault loses a frame: 0x10..0x1f. */
export const DROP_ETHERNET_SHORT = 0x10;
export const DROP_ETHERNET_NOT_FOR_US = 0x11;
export const DROP_ETHERNET_OWN_SOURCE = 0x12;
export const DROP_ETHERNET_TYPE_UNKNOWN = 0x13;
export const DROP_ETHERNET_TOO_LONG = 0x14;
export const DROP_ETHERNET_VLAN = 0x15;
export const DROP_LINK_DOWN = 0x16;
export const DROP_NO_RECEIVE_PACKET = 0x17;
export const DROP_ETHERNET_GROUP_SOURCE = 0x18;
export const DROP_ETHERNET_NO_HEADROOM = 0x19;
export const DROP_LINK_LOSS = 0x1a;
export const DROP_LINK_OUTAGE = 0x1b;
export const DROP_LINK_QUEUE_OVERFLOW = 0x1c;
export const DROP_LINK_CHOSEN = 0x1d;
export const DROP_LINK_NO_RECEIVER = 0x1e;
export const DROP_SWITCH_FILTERED = 0x1f;

export const DROP_ETHERNET: readonly DropDescription[] = [
  [DROP_ETHERNET_SHORT, 'ethernet-short', 'the frame is shorter than an Ethernet header'],
  [DROP_ETHERNET_NOT_FOR_US, 'ethernet-not-for-us', 'the destination MAC address is not one this interface accepts'],
  [DROP_ETHERNET_OWN_SOURCE, 'ethernet-own-source', 'the source MAC address is our own'],
  [DROP_ETHERNET_TYPE_UNKNOWN, 'ethernet-type-unknown', 'no layer takes this EtherType'],
  [DROP_ETHERNET_TOO_LONG, 'ethernet-too-long', 'the frame is longer than the MTU allows'],
  [DROP_ETHERNET_VLAN, 'ethernet-vlan', 'the VLAN tag is not ours'],
  [DROP_LINK_DOWN, 'link-down', 'the link is down'],
  [DROP_NO_RECEIVE_PACKET, 'no-receive-packet', 'the receiving packet pool is empty'],
  [DROP_ETHERNET_GROUP_SOURCE, 'ethernet-group-source', 'the source MAC address is a group address'],
  [DROP_ETHERNET_NO_HEADROOM, 'ethernet-no-headroom', 'the packet has no room in front for the Ethernet header'],
  [DROP_LINK_LOSS, 'link-loss', 'the loss fault of the link took the frame'],
  [DROP_LINK_OUTAGE, 'link-outage', 'the frame was sent during a scheduled outage of the link'],
  [DROP_LINK_QUEUE_OVERFLOW, 'link-queue-overflow', "the link's queue is full"],
  [DROP_LINK_CHOSEN, 'link-chosen', 'a fault chose exactly this frame'],
  [DROP_LINK_NO_RECEIVER, 'link-no-receiver', 'nobody is attached to the far end of the link'],
  [
    DROP_SWITCH_FILTERED,
    'switch-filtered',
    'the switch does not forward this frame: its destination is where it came from, or reserved',
  ],
];
