import type { DropDescription } from '../drop.ts';

export const DROP_ETHERNET_SHORT = 0x10;
export const DROP_ETHERNET_NOT_FOR_US = 0x11;
export const DROP_ETHERNET_OWN_SOURCE = 0x12;
export const DROP_ETHERNET_TYPE_UNKNOWN = 0x13;
export const DROP_ETHERNET_TOO_LONG = 0x14;
export const DROP_ETHERNET_VLAN = 0x15;
export const DROP_LINK_DOWN = 0x16;
export const DROP_NO_RECEIVE_PACKET = 0x17;
export const DROP_ETHERNET_GROUP_SOURCE = 0x18;

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
];
