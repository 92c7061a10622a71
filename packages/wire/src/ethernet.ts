/**
 * Ethernet II (IEEE 802.3 3.2.6) and the 802.1Q tag. Offsets are relative to the first octet of the destination address.
 * A frame sits two bytes past a 4-byte boundary so that the network header behind it is aligned.
 */
export const ETHERNET_HEADER = 14;
export const VLAN_TAG = 4;
export const ETHERNET_DESTINATION = 0;
export const ETHERNET_SOURCE = 6;
export const ETHERNET_TYPE = 12;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_RARP = 0x8035;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
