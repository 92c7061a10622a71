import type { DropDescription } from '../drop.ts';

export const DROP_UDP_SHORT = 0xb0;
export const DROP_UDP_LENGTH = 0xb1;
export const DROP_UDP_CHECKSUM = 0xb2;
export const DROP_UDP_CHECKSUM_ZERO = 0xb3;
export const DROP_UDP_QUEUE_FULL = 0xb4;
export const DROP_UDP_PORT_ZERO = 0xb5;

/** Reasons 0xb0 and up. */
export const DROP_UDP: readonly DropDescription[] = [
  [DROP_UDP_SHORT, 'udp-short', 'the datagram is shorter than a UDP header'],
  [DROP_UDP_LENGTH, 'udp-length', 'the length field is below 8 or beyond the IP payload'],
  [DROP_UDP_CHECKSUM, 'udp-checksum', 'the UDP checksum is wrong'],
  [DROP_UDP_CHECKSUM_ZERO, 'udp-checksum-zero', 'the datagram has no checksum and must have one'],
  [
    DROP_UDP_QUEUE_FULL,
    'udp-queue-full',
    "the socket's receive queue is full; it loses its oldest datagram (NetX) or this one",
  ],
  [DROP_UDP_PORT_ZERO, 'udp-port-zero', 'the destination port is 0'],
];
