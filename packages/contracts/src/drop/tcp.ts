import type { DropDescription } from '../drop.ts';

/** Reasons 0xc0 and up. */
export const DROP_TCP_SHORT = 0xc0;
export const DROP_TCP_DATA_OFFSET = 0xc1;
export const DROP_TCP_CHECKSUM = 0xc2;
export const DROP_TCP_PORT_ZERO = 0xc3;
export const DROP_TCP_OPTION_LENGTH = 0xc4;
export const DROP_TCP_NOT_UNICAST = 0xc5;
export const DROP_TCP_LAND = 0xc6;
export const DROP_TCP_NO_CONNECTION = 0xc7;
export const DROP_TCP_SEQUENCE = 0xc8;
export const DROP_TCP_ACKNOWLEDGMENT = 0xc9;
export const DROP_TCP_NO_ACK = 0xca;
export const DROP_TCP_RESET_UNACCEPTABLE = 0xcb;
export const DROP_TCP_SYN_UNEXPECTED = 0xcc;
export const DROP_TCP_DUPLICATE_DATA = 0xcd;
export const DROP_TCP_OUTSIDE_WINDOW = 0xce;
export const DROP_TCP_OUT_OF_ORDER_LIMIT = 0xcf;
export const DROP_TCP_BACKLOG = 0xd0;
export const DROP_TCP_LISTEN_QUEUE = 0xd1;
export const DROP_TCP_NO_RECEIVER = 0xd2;
export const DROP_TCP_STATE = 0xd3;
export const DROP_TCP_FLAGS = 0xd4;
export const DROP_TCP_TIMESTAMP = 0xd5;
export const DROP_TCP_WATERMARK = 0xd6;
export const DROP_TCP_COOKIE = 0xd7;
export const DROP_TCP_CONNECTION_LIMIT = 0xd8;

export const DROP_TCP: readonly DropDescription[] = [
  [DROP_TCP_SHORT, 'tcp-short', 'the segment is shorter than a TCP header'],
  [DROP_TCP_DATA_OFFSET, 'tcp-data-offset', 'the data offset is below 5 or points behind the segment'],
  [DROP_TCP_CHECKSUM, 'tcp-checksum', 'the TCP checksum is wrong'],
  [DROP_TCP_PORT_ZERO, 'tcp-port-zero', 'the source or destination port is 0'],
  [DROP_TCP_OPTION_LENGTH, 'tcp-option-length', 'an option has a length below 2 or one that leaves the header'],
  [DROP_TCP_NOT_UNICAST, 'tcp-not-unicast', 'the segment came from or went to a broadcast or multicast address'],
  [DROP_TCP_LAND, 'tcp-land', 'source and destination are the same'],
  [DROP_TCP_NO_CONNECTION, 'tcp-no-connection', 'no connection and no listener takes the segment'],
  [DROP_TCP_SEQUENCE, 'tcp-sequence', 'the segment lies outside the receive window'],
  [DROP_TCP_ACKNOWLEDGMENT, 'tcp-acknowledgment', 'the segment acknowledges what was never sent'],
  [DROP_TCP_NO_ACK, 'tcp-no-ack', 'a segment of an open connection carries no acknowledgment'],
  [DROP_TCP_RESET_UNACCEPTABLE, 'tcp-reset-unacceptable', 'the reset does not match the connection exactly enough'],
  [DROP_TCP_SYN_UNEXPECTED, 'tcp-syn-unexpected', 'a SYN came on an open connection'],
  [DROP_TCP_DUPLICATE_DATA, 'tcp-duplicate-data', 'every octet of the segment had arrived before'],
  [DROP_TCP_OUTSIDE_WINDOW, 'tcp-outside-window', 'the data lies behind the window that was advertised'],
  [DROP_TCP_OUT_OF_ORDER_LIMIT, 'tcp-out-of-order-limit', 'too many segments wait for a gap to be filled'],
  [DROP_TCP_BACKLOG, 'tcp-backlog', 'the listener has as many half-open connections as it may'],
  [DROP_TCP_LISTEN_QUEUE, 'tcp-listen-queue', 'the listen queue was full and its oldest SYN had to go'],
  [DROP_TCP_NO_RECEIVER, 'tcp-no-receiver', 'data came after the application had closed'],
  [DROP_TCP_STATE, 'tcp-state', 'nothing in this state takes the segment'],
  [DROP_TCP_FLAGS, 'tcp-flags', 'this combination of flags means nothing'],
  [DROP_TCP_TIMESTAMP, 'tcp-timestamp', 'the timestamp is older than one already seen (PAWS), or missing'],
  [DROP_TCP_COOKIE, 'tcp-cookie', 'the backlog was full and the acknowledgment is not of a cookie that was sent'],
  [DROP_TCP_CONNECTION_LIMIT, 'tcp-connection-limit', 'the host has as many connections as it may'],
  [DROP_TCP_WATERMARK, 'tcp-watermark', 'the packet pool is below its low watermark'],
];
