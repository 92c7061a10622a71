import { NX_RECEIVE_PACKET, NX_SUCCESS, type Packet, type PacketAllocator } from '@strata/contracts';

/** A received frame starts two octets into its packet, so that the network header is 4-byte aligned. */
export const FRAME_ALIGNMENT = 2;

/** Moves `count` octets; within one memory without making a view. */
export function copyBytes(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  if (source === target) target.copyWithin(to, from, from + count);
  else target.set(source.subarray(from, from + count), to);
}

/** Octets of a frame over its whole chain. */
export function frameLength(packet: Packet): number {
  let length = packet.append - packet.prepend;
  for (let part = packet.next; part !== null; part = part.next) length += part.append - part.prepend;
  return length;
}

/** Copies a frame, chained or not, to one place. The caller has checked that it fits. */
export function gatherFrame(packet: Packet, target: Uint8Array, to: number): void {
  let at = to;
  for (let part: Packet | null = packet; part !== null; part = part.next) {
    const count = part.append - part.prepend;
    copyBytes(part.bytes, part.prepend, target, at, count);
    at += count;
  }
}

/**
 * A packet of the receiver's pool that holds these octets as a received frame, chained when one packet is too small. Null
 * when the pool cannot give enough packets; then nothing is taken.
 */
export function receiveFrame(pool: PacketAllocator, source: Uint8Array, from: number, count: number): Packet | null {
  const packet = pool.allocate(NX_RECEIVE_PACKET);
  if (packet === null) return null;
  const start = packet.dataStart + FRAME_ALIGNMENT;
  packet.prepend = start;
  packet.append = start;
  if (start + count <= packet.dataEnd) {
    copyBytes(source, from, packet.bytes, start, count);
    packet.append = start + count;
    packet.length = count;
    return packet;
  }
  if (packet.appendBytes(source, from, count) !== NX_SUCCESS) {
    packet.release();
    return null;
  }
  return packet;
}

/** Up to so many octets a loop over words is quicker than `copyWithin`, whose call alone costs some 80 ns. */
const SHORT_FRAME = 96;

/** As {@link receiveFrame}, straight from an outgoing packet of `length` octets: one copy. */
export function receivePacket(pool: PacketAllocator, frame: Packet, length: number): Packet | null {
  if (frame.next === null) {
    if (length <= SHORT_FRAME && (frame.prepend & 3) === FRAME_ALIGNMENT) return receiveShort(pool, frame, length);
    return receiveFrame(pool, frame.bytes, frame.prepend, length);
  }
  const packet = pool.allocate(NX_RECEIVE_PACKET);
  if (packet === null) return null;
  const start = packet.dataStart + FRAME_ALIGNMENT;
  packet.prepend = start;
  packet.append = start;
  if (start + length <= packet.dataEnd) {
    gatherFrame(frame, packet.bytes, start);
    packet.append = start + length;
    packet.length = length;
    return packet;
  }
  for (let part: Packet | null = frame; part !== null; part = part.next) {
    if (packet.appendBytes(part.bytes, part.prepend, part.append - part.prepend) !== NX_SUCCESS) {
      packet.release();
      return null;
    }
  }
  return packet;
}

/** A short frame by words: both packets have it at the same place of a word, so up to two octets of room on each side go along. */
function receiveShort(pool: PacketAllocator, frame: Packet, length: number): Packet | null {
  const packet = pool.allocate(NX_RECEIVE_PACKET);
  if (packet === null) return null;
  const start = packet.dataStart + FRAME_ALIGNMENT;
  const { words } = packet;
  packet.prepend = start;
  packet.append = start;
  if (words !== frame.words || start + length + 2 > packet.dataEnd) {
    if (packet.appendBytes(frame.bytes, frame.prepend, length) !== NX_SUCCESS) {
      packet.release();
      return null;
    }
    return packet;
  }
  const end = (start + length + 3) >> 2;
  let from = frame.prepend >> 2;
  for (let to = start >> 2; to < end; to++, from++) words[to] = words[from]!;
  packet.append = start + length;
  packet.length = length;
  return packet;
}
