import { DROP_TCP_OUT_OF_ORDER_LIMIT, DROP_TCP_WATERMARK, type Packet } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { mayHoldOutOfOrder } from '../pool-shares.ts';
import { trimFront, trimTo } from '../send/segmentation.ts';
import { noteDuplicate } from './sack-blocks.ts';

/**
 * Keeps data that lies behind a gap: a chain in sequence order without overlap. What is there already is not stored again,
 * so each octet is kept once and the chain is bounded by the window. `packet.sequence`/`sequenceLength` describe its data.
 * Takes the packet.
 */
export function keepOutOfOrder(tcb: ControlBlock, packet: Packet): void {
  let previous: Packet | null = null;
  let next = tcb.reassemblyHead;
  const tail = tcb.reassemblyTail;
  if (tail !== null && ((packet.sequence - tail.sequence) | 0) >= 0) {
    previous = tail;
    next = null;
  }
  while (next !== null && ((next.sequence - packet.sequence) | 0) <= 0) {
    previous = next;
    next = next.queueNext;
  }
  if (previous !== null) {
    const overlap = (previous.sequence + previous.sequenceLength - packet.sequence) | 0;
    if (overlap > 0) {
      noteDuplicate(tcb, packet.sequence, (packet.sequence + Math.min(overlap, packet.sequenceLength)) | 0);
    }
    if (overlap >= packet.sequenceLength) {
      packet.release();
      return;
    }
    if (overlap > 0) dropFront(packet, overlap);
  }
  while (next !== null) {
    const overlap = (packet.sequence + packet.sequenceLength - next.sequence) | 0;
    if (overlap <= 0) break;
    noteDuplicate(tcb, next.sequence, (next.sequence + Math.min(overlap, next.sequenceLength)) | 0);
    if (overlap < next.sequenceLength) {
      keepFront(packet, packet.sequenceLength - overlap);
      break;
    }
    const covered = next;
    next = next.queueNext;
    unlink(tcb, previous, covered);
    covered.release();
  }
  const { maximumOutOfOrder } = tcb.profile;
  if (maximumOutOfOrder > 0 && tcb.reassemblyPackets >= maximumOutOfOrder) {
    tcb.service.drop(DROP_TCP_OUT_OF_ORDER_LIMIT, tcb, packet.sequence);
    packet.release();
    return;
  }
  if (!mayHoldOutOfOrder(tcb)) {
    tcb.service.drop(DROP_TCP_WATERMARK, tcb, packet.sequence);
    packet.release();
    return;
  }
  packet.queueNext = next;
  if (previous === null) tcb.reassemblyHead = packet;
  else previous.queueNext = packet;
  if (next === null) tcb.reassemblyTail = packet;
  tcb.reassemblyPackets++;
  tcb.reassemblyBytes += packet.sequenceLength;
}

/** Takes the first packet off when its data begins at or before `rcvNxt` (trimmed to begin there), else null. */
export function takeReady(tcb: ControlBlock): Packet | null {
  for (;;) {
    const head = tcb.reassemblyHead;
    if (head === null) return null;
    const old = (tcb.rcvNxt - head.sequence) | 0;
    if (old < 0) return null;
    unlink(tcb, null, head);
    if (old < head.sequenceLength) {
      if (old > 0) dropFront(head, old);
      return head;
    }
    head.release();
  }
}

/** Releases everything that waits behind a gap. */
export function flushReassembly(tcb: ControlBlock): void {
  let packet = tcb.reassemblyHead;
  while (packet !== null) {
    const next: Packet | null = packet.queueNext;
    packet.queueNext = null;
    packet.release();
    packet = next;
  }
  tcb.reassemblyHead = null;
  tcb.reassemblyTail = null;
  tcb.reassemblyPackets = 0;
  tcb.reassemblyBytes = 0;
}

function unlink(tcb: ControlBlock, previous: Packet | null, packet: Packet): void {
  if (previous === null) tcb.reassemblyHead = packet.queueNext;
  else previous.queueNext = packet.queueNext;
  if (packet === tcb.reassemblyTail) tcb.reassemblyTail = previous;
  packet.queueNext = null;
  tcb.reassemblyPackets--;
  tcb.reassemblyBytes -= packet.sequenceLength;
}

function dropFront(packet: Packet, octets: number): void {
  trimFront(packet, octets);
  packet.sequence = (packet.sequence + octets) | 0;
  packet.sequenceLength -= octets;
}

function keepFront(packet: Packet, octets: number): void {
  trimTo(packet, octets);
  packet.sequenceLength = octets;
}
