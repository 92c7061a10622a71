import { PACKET_RETAINED, type Packet, type PacketAllocator } from '@strata/contracts';
import { TCP_HEADER, TCP_OFFSET_AND_FLAGS } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { headerInPlace } from './header.ts';
import { MARK_FIN, MARK_PUSH } from './marks.ts';

/** Copies `count` octets, starting `offset` into `source`'s data, to the end of `target`, which has the room. */
export function copyPayload(source: Packet, offset: number, target: Packet, count: number): void {
  if (source.next === null && source.bytes === target.bytes) {
    const from = source.prepend + offset;
    target.bytes.copyWithin(target.append, from, from + count);
  } else {
    source.extract(offset, target.bytes, target.append, count);
  }
  target.append += count;
  target.length += count;
}

/** Drops `count` octets from the front of a packet's data; parts of a chain may become empty. */
export function trimFront(packet: Packet, count: number): void {
  packet.length -= count;
  let left = count;
  for (let part: Packet | null = packet; part !== null && left > 0; part = part.next) {
    const held = part.append - part.prepend;
    const n = Math.min(held, left);
    part.prepend += n;
    left -= n;
  }
}

/** Keeps only the first `count` octets of a packet's data. */
export function trimTo(packet: Packet, count: number): void {
  packet.length = count;
  let left = count;
  for (let part: Packet | null = packet; part !== null; part = part.next) {
    const held = part.append - part.prepend;
    const n = Math.min(held, left);
    part.append = part.prepend + n;
    left -= n;
  }
}

/** True when the packet can be sent where it lies: an aligned header fits in front and all parts are in one piece. */
export function fitsInPlace(packet: Packet, headroom: number): boolean {
  return (packet.prepend & 3) === 0 && packet.prepend - packet.dataStart >= headroom;
}

/** A new packet holding `count` octets of `source`'s data from `offset` on, or null when the pool is empty. */
export function copyPiece(
  pool: PacketAllocator,
  source: Packet,
  offset: number,
  count: number,
  headroom: number,
): Packet | null {
  const piece = pool.allocate(headroom);
  if (piece === null) return null;
  copyPayload(source, offset, piece, count);
  return piece;
}

/** Gives a packet its place in the sequence space and queues it, unsent. */
export function enqueue(tcb: ControlBlock, packet: Packet, octets: number): void {
  packet.sequence = tcb.writeSequence;
  packet.sequenceLength = octets;
  packet.transmissions = 0;
  packet.marks = 0;
  packet.holder = 'tcp transmit queue';
  tcb.writeSequence = (tcb.writeSequence + octets) | 0;
  tcb.transmit.push(packet);
}

/**
 * Cuts the unsent packet at `position` so that its first part holds `octets` of payload; the rest follows it in a packet of
 * its own. False when the pool is empty.
 */
export function split(tcb: ControlBlock, position: number, octets: number): boolean {
  const queue = tcb.transmit;
  const packet = queue.at(position);
  const payload = packet.sequenceLength - (packet.marks & MARK_FIN ? 1 : 0);
  const rest = payload - octets;
  const second = copyPiece(tcb.service.pool, packet, octets, rest, tcb.service.dataHeadroom);
  if (second === null) return false;
  second.sequence = (packet.sequence + octets) | 0;
  second.sequenceLength = packet.sequenceLength - octets;
  second.marks = packet.marks;
  trimTo(packet, octets);
  packet.marks &= ~(MARK_FIN | MARK_PUSH);
  queue.resized(position, octets - packet.sequenceLength);
  packet.sequenceLength = octets;
  queue.insertAfter(position, second);
  return true;
}

/**
 * Cuts a packet that was sent before so that it keeps `octets` of payload; the rest follows it in the queue, with the same
 * marks, as if it had been sent so. False when the pool is empty.
 */
export function splitSent(tcb: ControlBlock, packet: Packet, octets: number): boolean {
  const queue = tcb.transmit;
  let position = queue.head;
  while (position !== queue.unsent && queue.at(position) !== packet) position = (position + 1) | 0;
  if (position === queue.unsent) return false;
  // A driver has left the headers below in front: the payload is what the packet holds while it is cut.
  const payload = packet.sequenceLength - (packet.marks & MARK_FIN ? 1 : 0);
  packet.prepend = packet.transportHeader + headerInPlace(packet);
  packet.length = payload;
  const marks = packet.marks;
  if (!split(tcb, position, octets)) return false;
  const rest = queue.at((position + 1) | 0);
  rest.marks = marks;
  rest.transmissions = packet.transmissions;
  rest.sentAt = packet.sentAt;
  rest.state = PACKET_RETAINED;
  rest.ipHeader = -1;
  // What tells where the payload begins (see `headerInPlace`): a plain header that was never written.
  rest.transportHeader = rest.prepend - TCP_HEADER;
  rest.view.setUint8(rest.transportHeader + TCP_OFFSET_AND_FLAGS, (TCP_HEADER >> 2) << 4);
  packet.ipHeader = -1;
  return true;
}

/** Drops the first `octets` of an unsent packet (the peer has them from a window probe) and keeps the rest aligned. */
export function dropFirst(tcb: ControlBlock, position: number, octets: number): void {
  const packet = tcb.transmit.at(position);
  trimFront(packet, octets);
  packet.sequence = (packet.sequence + octets) | 0;
  packet.sequenceLength -= octets;
  tcb.transmit.resized(position, -octets);
  realign(packet, tcb.service.dataHeadroom);
}

/**
 * Moves the data of a packet without a chain back to `headroom` octets behind the packet's start, so that an aligned header
 * fits in front and all the room there is lies behind.
 */
export function realign(packet: Packet, headroom: number): void {
  const to = packet.dataStart + headroom;
  if (packet.next !== null || packet.prepend <= to) return;
  packet.bytes.copyWithin(to, packet.prepend, packet.append);
  packet.append -= packet.prepend - to;
  packet.prepend = to;
}
