import type { DropDescription } from '../drop.ts';

export const DROP_ARP_SHORT = 0x30;
export const DROP_ARP_HARDWARE_TYPE = 0x31;
export const DROP_ARP_PROTOCOL_TYPE = 0x32;
export const DROP_ARP_ADDRESS_LENGTH = 0x33;
export const DROP_ARP_OPERATION = 0x34;
export const DROP_ARP_SENDER_MAC = 0x35;
export const DROP_ARP_SENDER_ADDRESS = 0x36;
export const DROP_ARP_NOT_FOR_US = 0x37;
export const DROP_ARP_UNRESOLVED = 0x38;
export const DROP_ARP_QUEUE_FULL = 0x39;
export const DROP_ARP_CACHE_FULL = 0x3a;
export const DROP_ARP_CONFLICT = 0x3b;
export const DROP_ARP_FLUSHED = 0x3c;
export const DROP_RARP_NOT_ASKED = 0x3d;
export const DROP_RARP_MESSAGE = 0x3e;

/** Reasons 0x30 and up. */
export const DROP_ARP: readonly DropDescription[] = [
  [DROP_ARP_SHORT, 'arp-short', 'the frame is shorter than an ARP packet'],
  [DROP_ARP_HARDWARE_TYPE, 'arp-hardware-type', 'the hardware type is not Ethernet'],
  [DROP_ARP_PROTOCOL_TYPE, 'arp-protocol-type', 'the protocol type is not IPv4'],
  [DROP_ARP_ADDRESS_LENGTH, 'arp-address-length', 'an address length is not 6 and 4'],
  [DROP_ARP_OPERATION, 'arp-operation', 'the operation is neither request nor reply'],
  [DROP_ARP_SENDER_MAC, 'arp-sender-mac', 'the sender hardware address is our own, zero, or a group address'],
  [DROP_ARP_SENDER_ADDRESS, 'arp-sender-address', 'the sender protocol address is not that of a host'],
  [DROP_ARP_NOT_FOR_US, 'arp-not-for-us', 'the target is another host'],
  [DROP_ARP_UNRESOLVED, 'arp-unresolved', 'nobody answered for the next hop, and a packet waited for it'],
  [DROP_ARP_QUEUE_FULL, 'arp-queue-full', 'more packets wait for one next hop than may; the oldest goes'],
  [DROP_ARP_CACHE_FULL, 'arp-cache-full', 'every entry of the ARP cache is static or in resolution'],
  [DROP_ARP_CONFLICT, 'arp-conflict', 'another host uses our address'],
  [DROP_RARP_NOT_ASKED, 'rarp-not-asked', 'nobody here asks for an address by RARP, or this answer is for another'],
  [DROP_RARP_MESSAGE, 'rarp-message', 'the RARP answer holds no address that a host can have'],
  [DROP_ARP_FLUSHED, 'arp-flushed', 'the entry a packet waited for was deleted'],
];
