import { NX_PHYSICAL_HEADER, type Packet, type PacketAllocator } from '@strata/contracts';

/** Octets that headers may take together, as long as they are not absurd: an IP header with options and the largest TCP header. */
const HEADERS = 128;

/**
 * Brings the first `wanted` octets of a chain into its first packet, as far as that has room; what is left of the next one
 * stays aligned. Everybody above reads headers in one piece.
 */
export function pullUp(head: Packet, wanted: number): void {
  for (;;) {
    const next = head.next;
    const missing = wanted - (head.append - head.prepend);
    if (next === null || missing <= 0) return;
    const held = next.append - next.prepend;
    const moved = Math.min(held, (missing + 3) & ~3);
    if (moved > head.dataEnd - head.append) return;
    move(next, moved, head);
    if (next.prepend < next.append) return;
    head.next = next.next;
    if (head.last === next) head.last = null;
    next.next = null;
    next.release();
  }
}

/**
 * A received chain with its headers in one piece, however the driver has spread them over its buffers. When the first buffer
 * has no room for them, a packet of `pool` takes its place; without one the chain is returned as it is, and its headers are
 * judged as cut off.
 */
export function gatherHeaders(chain: Packet, pool: PacketAllocator): Packet {
  const wanted = Math.min(HEADERS, chain.length);
  if (chain.append - chain.prepend >= wanted) return chain;
  pullUp(chain, wanted);
  if (chain.append - chain.prepend >= wanted || pool.payloadSize < NX_PHYSICAL_HEADER + wanted) return chain;
  const head = pool.allocate(NX_PHYSICAL_HEADER);
  if (head === null) return chain;
  head.length = chain.length;
  head.interfaceIndex = chain.interfaceIndex;
  head.frameId = chain.frameId;
  move(chain, chain.append - chain.prepend, head);
  head.next = chain.next;
  head.last = chain.last;
  chain.next = null;
  chain.last = null;
  chain.release();
  pullUp(head, wanted);
  return head;
}

function move(from: Packet, count: number, to: Packet): void {
  if (from.bytes === to.bytes) to.bytes.copyWithin(to.append, from.prepend, from.prepend + count);
  else to.bytes.set(from.bytes.subarray(from.prepend, from.prepend + count), to.append);
  to.append += count;
  from.prepend += count;
}
