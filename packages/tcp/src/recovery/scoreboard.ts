import { NEVER, type Packet } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { MARK_LOST, MARK_REPEATED, MARK_SACKED } from '../send/marks.ts';
import type { TransmitQueue } from '../send/transmit-queue.ts';
import { advanceRack, advanceRackInOrder } from './delivery.ts';
import { PHASE_OPEN, type RecoveryState } from './state.ts';

/**
 * The scoreboard (RFC 2018 8, RFC 6675 3): marks on the packets of the transmit queue. A sent packet is in the network, SACKed,
 * or taken for lost and not sent again; `sackedOut` and `lostOut` are the octets of the last two.
 */

/** An acknowledgment begins: what the last one has shown is forgotten, and what its SACK blocks say is marked. */
export function readAcknowledgment(tcb: ControlBlock, segment: TcpHeader): void {
  const { loss } = tcb;
  loss.quiet =
    loss.phase === PHASE_OPEN &&
    segment.sackCount === 0 &&
    tcb.sackedOut === 0 &&
    tcb.lostOut === 0 &&
    !loss.probeOutstanding &&
    loss.reorderDeadline === NEVER;
  if (loss.quiet) {
    loss.newlyDelivered = 0;
    loss.deliveredSentAt = NEVER;
    loss.sackRtt = -1;
    loss.holdRepeats = false;
    loss.hasEcho = false;
    loss.highestBefore = tcb.sndUna;
    return;
  }
  loss.newlyDelivered = 0;
  nothingShown(loss);
  loss.previousUna = tcb.sndUna;
  loss.sackRtt = -1;
  loss.holdRepeats = false;
  loss.hasEcho = tcb.timestamps && segment.hasTimestamps && segment.timestampEcho !== 0;
  loss.echo = segment.timestampEcho;
  if (tcb.sackedOut === 0) loss.highestSacked = tcb.sndUna;
  loss.highestBefore = loss.highestSacked;
  if (segment.sackCount > 0) readBlocks(tcb, segment);
}

function nothingShown(loss: RecoveryState): void {
  loss.newlySacked = 0;
  loss.newlyLost = 0;
  loss.sawDuplicate = false;
  loss.originalDelivered = false;
  loss.retransmissionLost = false;
  loss.reordered = false;
  loss.isDuplicate = false;
}

/** An acknowledgment that looked ordinary is more than that: from now on it is treated as every other. */
export function endQuiet(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (!loss.quiet) return;
  loss.quiet = false;
  nothingShown(loss);
  advanceRackInOrder(tcb);
}

function readBlocks(tcb: ControlBlock, segment: TcpHeader): void {
  const { sackEdges, sackCount, acknowledgment } = segment;
  const una = ((acknowledgment - tcb.sndUna) | 0) > 0 ? acknowledgment : tcb.sndUna;
  let first = 0;
  if (reportsDuplicate(segment)) {
    first = 1;
    noteDuplicateReport(tcb, sackEdges[0] as number, sackEdges[1] as number);
  }
  for (let i = first; i < sackCount; i++) {
    const from = sackEdges[2 * i] as number;
    const to = sackEdges[2 * i + 1] as number;
    // A block outside what is outstanding is a mistake or an attack (RFC 2018 5.1, RFC 5961 5 in spirit).
    if (((to - from) | 0) <= 0 || ((from - una) | 0) <= 0 || ((to - tcb.sndNxt) | 0) > 0) continue;
    markBlock(tcb, from, to);
  }
}

/** RFC 2883 4: a first block below the acknowledgment number, or within the second, reports a duplicate. */
function reportsDuplicate(segment: TcpHeader): boolean {
  const { sackEdges, sackCount, acknowledgment } = segment;
  const from = sackEdges[0] as number;
  const to = sackEdges[1] as number;
  if (((from - acknowledgment) | 0) < 0) return true;
  if (sackCount < 2) return false;
  return ((from - (sackEdges[2] as number)) | 0) >= 0 && ((to - (sackEdges[3] as number)) | 0) <= 0;
}

/** Believes a duplicate only when it may be one: no longer than a window, below what was sent, no more than was repeated. */
function noteDuplicateReport(tcb: ControlBlock, from: number, to: number): void {
  const { loss } = tcb;
  const octets = (to - from) | 0;
  if (octets <= 0 || octets > tcb.sndMaxWnd || ((to - tcb.sndNxt) | 0) > 0) return;
  const segments = Math.max(Math.ceil(octets / tcb.mss), 1);
  loss.duplicatesReported += segments;
  if (loss.duplicatesReported > tcb.retransmitPackets) return;
  loss.sawDuplicate = true;
  loss.duplicateTo = to;
  // It was delivered too: the network has room for as much.
  loss.newlyDelivered += segments * tcb.mss;
  if (!loss.undoable || loss.repeats <= 0 || ((to - loss.undoFrom) | 0) <= 0) return;
  loss.repeats = Math.max(loss.repeats - segments, 0);
}

/** Marks the packets that lie within a block. One that the block covers in part stays as it is. */
function markBlock(tcb: ControlBlock, from: number, to: number): void {
  const queue = tcb.transmit;
  for (let position = positionOf(queue, from); position !== queue.unsent; position = (position + 1) | 0) {
    const packet = queue.at(position);
    if (((packet.sequence + packet.sequenceLength - to) | 0) > 0) return;
    if ((packet.marks & MARK_SACKED) === 0) markSacked(tcb, packet);
  }
}

/** The first sent packet that begins at `sequence` or behind it; packets of the queue are in sequence order. */
function positionOf(queue: TransmitQueue, sequence: number): number {
  let low = queue.head;
  let count = (queue.unsent - low) | 0;
  while (count > 0) {
    const half = count >> 1;
    const middle = (low + half) | 0;
    if (((queue.at(middle).sequence - sequence) | 0) < 0) {
      low = (middle + 1) | 0;
      count -= half + 1;
    } else count = half;
  }
  return low;
}

function markSacked(tcb: ControlBlock, packet: Packet): void {
  const { loss } = tcb;
  const octets = packet.sequenceLength;
  const end = (packet.sequence + octets) | 0;
  if (packet.marks & MARK_LOST) tcb.lostOut -= octets;
  if (packet.transmissions === 1) {
    noteOriginal(tcb, packet);
    if (loss.sackRtt < 0) loss.sackRtt = Math.min(tcb.time.now - packet.sentAt, 0x7fffffff) | 0;
  }
  packet.marks = (packet.marks & ~(MARK_LOST | MARK_REPEATED)) | MARK_SACKED;
  tcb.sackedOut += octets;
  loss.newlySacked += octets;
  if (((end - loss.highestSacked) | 0) > 0) loss.highestSacked = end;
  advanceRack(tcb, packet);
}

/** A packet is acknowledged and about to leave the queue. */
export function packetDelivered(tcb: ControlBlock, packet: Packet): void {
  const { loss } = tcb;
  if (loss.quiet && packet.transmissions === 1) {
    loss.newlyDelivered += packet.sequenceLength;
    loss.rackOrder = packet.sentOrder;
    loss.deliveredSentAt = packet.sentAt;
    return;
  }
  if (packet.marks & MARK_SACKED) return;
  loss.newlyDelivered += packet.sequenceLength;
  if (packet.transmissions === 1) noteOriginal(tcb, packet);
  advanceRack(tcb, packet);
}

/** What the delivery of a packet that was sent once shows: reordering (RFC 8985 6.2 step 3), a needless timeout. */
function noteOriginal(tcb: ControlBlock, packet: Packet): void {
  const { loss } = tcb;
  const { sequence } = packet;
  if (((sequence + packet.sequenceLength - tcb.recover) | 0) <= 0) loss.originalDelivered = true;
  if (((sequence - loss.highestBefore) | 0) >= 0) return;
  if (!loss.reordered || ((sequence - loss.reorderedFrom) | 0) < 0) loss.reorderedFrom = sequence;
  loss.reordered = true;
}

/** Takes a packet that is in the network for lost. */
export function markLost(tcb: ControlBlock, position: number, packet: Packet): void {
  const { loss } = tcb;
  if (packet.marks & MARK_REPEATED) loss.retransmissionLost = true;
  packet.marks = (packet.marks & ~MARK_REPEATED) | MARK_LOST;
  tcb.lostOut += packet.sequenceLength;
  loss.newlyLost += packet.sequenceLength;
  if (((position - tcb.retransmitCursor) | 0) < 0) tcb.retransmitCursor = position;
}

/** Nothing counts as lost any more: the evidence was wrong. */
export function unmarkLost(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    queue.at(position).marks &= ~(MARK_LOST | MARK_REPEATED);
  }
  tcb.lostOut = 0;
  tcb.finLost = false;
}

/** RFC 2018 8: the receiver may have thrown away what it SACKed; all of it counts as outstanding again. */
export function forgetSacked(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    queue.at(position).marks &= ~MARK_SACKED;
  }
  tcb.sackedOut = 0;
  tcb.loss.highestSacked = tcb.sndUna;
}
