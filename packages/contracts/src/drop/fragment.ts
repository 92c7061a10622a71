import type { DropDescription } from '../drop.ts';

export const DROP_FRAGMENT_LENGTH = 0x70;
export const DROP_FRAGMENT_EMPTY = 0x71;
export const DROP_FRAGMENT_BEYOND = 0x72;
export const DROP_FRAGMENT_OVERLAP = 0x73;
export const DROP_FRAGMENT_DUPLICATE = 0x74;
export const DROP_FRAGMENT_END = 0x75;
export const DROP_FRAGMENT_REFUSED = 0x76;
export const DROP_FRAGMENT_DATAGRAM_FULL = 0x77;
export const DROP_FRAGMENT_SOURCE_FULL = 0x78;
export const DROP_FRAGMENT_MEMORY_FULL = 0x79;
export const DROP_FRAGMENT_TIMEOUT = 0x7a;
export const DROP_FRAGMENT_ECN = 0x7b;
export const DROP_FRAGMENT_CLOSED = 0x7c;
export const DROP_FRAGMENT_NO_PACKETS = 0x7d;

/** Reasons 0x70 and up: fragments of either family. */
export const DROP_FRAGMENT: readonly DropDescription[] = [
  [DROP_FRAGMENT_LENGTH, 'fragment-length', 'a fragment that is not the last has a length that is no multiple of 8'],
  [DROP_FRAGMENT_EMPTY, 'fragment-empty', 'the fragment carries no data'],
  [DROP_FRAGMENT_BEYOND, 'fragment-beyond', 'the fragment reaches beyond the largest datagram, or beyond its own end'],
  [DROP_FRAGMENT_OVERLAP, 'fragment-overlap', 'fragments overlap, so the whole datagram is discarded'],
  [DROP_FRAGMENT_DUPLICATE, 'fragment-duplicate', 'the same fragment is here already'],
  [DROP_FRAGMENT_END, 'fragment-end', 'two fragments disagree on where the datagram ends, so it is discarded'],
  [DROP_FRAGMENT_REFUSED, 'fragment-refused', 'the datagram that the fragment belongs to was discarded'],
  [DROP_FRAGMENT_DATAGRAM_FULL, 'fragment-datagram-full', 'the datagram comes in more pieces than one may hold'],
  [DROP_FRAGMENT_SOURCE_FULL, 'fragment-source-full', 'its sender has more fragments waiting than one sender may'],
  [DROP_FRAGMENT_MEMORY_FULL, 'fragment-memory-full', 'more fragments wait than may; the oldest datagram goes'],
  [DROP_FRAGMENT_TIMEOUT, 'fragment-timeout', 'the rest of the datagram did not come in time'],
  [DROP_FRAGMENT_ECN, 'fragment-ecn', 'fragments disagree on whether the transport understands ECN'],
  [DROP_FRAGMENT_CLOSED, 'fragment-closed', 'reassembly was switched off while the fragment waited'],
  [DROP_FRAGMENT_NO_PACKETS, 'fragment-no-packets', 'the pool has too few packets to cut the datagram into fragments'],
];
