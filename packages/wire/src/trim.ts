import type { Packet } from '@strata/contracts';

/** Cuts a packet to what its length field says: keeps the first `length` octets, releases chained packets beyond them. */
export function trimPacket(packet: Packet, length: number): void {
  if (packet.length === length) return;
  let left = length;
  let part: Packet = packet;
  for (;;) {
    const held = part.append - part.prepend;
    if (left <= held) break;
    left -= held;
    if (part.next === null) return;
    part = part.next;
  }
  part.append = part.prepend + left;
  packet.length = length;
  if (part.next !== null) {
    part.next.release();
    part.next = null;
    packet.last = part === packet ? null : part;
  }
}
