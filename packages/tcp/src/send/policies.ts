import { NX_NO_PACKET, NX_SUCCESS, NX_TX_QUEUE_DEPTH, NX_WINDOW_OVERFLOW, type Packet } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { mayHoldToSend } from '../pool-shares.ts';
import type { SendPolicy } from '../profile.ts';
import { armPersist } from '../timers/arm.ts';
import { MARK_PUSH, MARK_RECORD } from './marks.ts';
import { output, sendRoom } from './output.ts';
import { copyPayload, copyPiece, enqueue, fitsInPlace, realign, trimFront } from './segmentation.ts';
import { transmitNext } from './transmit.ts';

/**
 * NetX's way: a packet goes out at once, cut to what the windows allow, or the call is refused; nothing waits unsent. One
 * send makes at least one segment.
 */
export const directSending: SendPolicy = {
  name: 'direct',
  atOnce: true,

  send(tcb: ControlBlock, packet: Packet): number {
    const { service, transmit } = tcb;
    for (;;) {
      if (transmit.count >= tcb.transmitQueueMaximum) return refuse(tcb, NX_TX_QUEUE_DEPTH);
      const room = sendRoom(tcb);
      if (room <= 0) return refuseForWindow(tcb, packet);
      const limit = Math.min(room, tcb.mss);
      const length = packet.length;
      if (length <= limit && fitsInPlace(packet, tcb.headroom)) {
        enqueue(tcb, packet, length);
        transmitNext(tcb);
        return NX_SUCCESS;
      }
      const capacity = service.pool.payloadSize - service.dataHeadroom;
      const octets = Math.min(length, limit, capacity);
      const piece = mayHoldToSend(tcb) ? copyPiece(service.pool, packet, 0, octets, service.dataHeadroom) : null;
      if (piece === null) return refuse(tcb, NX_NO_PACKET);
      enqueue(tcb, piece, octets);
      transmitNext(tcb);
      if (octets === length) {
        packet.release();
        return NX_SUCCESS;
      }
      trimFront(packet, octets);
    }
  },

  hasRoom(tcb: ControlBlock): boolean {
    return tcb.transmit.count < tcb.transmitQueueMaximum && sendRoom(tcb) > 0;
  },
};

/** The usual way: data waits in the transmit queue up to the profile's send buffer, small pieces are put together. */
export const bufferedSending: SendPolicy = {
  name: 'buffered',
  atOnce: false,

  send(tcb: ControlBlock, packet: Packet): number {
    const { service, transmit, profile } = tcb;
    if (transmit.bytes > 0 && transmit.bytes + packet.length > profile.sendBuffer)
      return refuse(tcb, NX_WINDOW_OVERFLOW);
    if (transmit.count >= tcb.transmitQueueMaximum) return refuse(tcb, NX_TX_QUEUE_DEPTH);
    if (transmit.hasUnsent) fillTail(tcb, packet);
    if (packet.length > 0 && packet.length <= tcb.mss && fitsInPlace(packet, tcb.headroom)) {
      enqueue(tcb, packet, packet.length);
      packet.marks = MARK_PUSH;
      output(tcb);
      return NX_SUCCESS;
    }
    const capacity = Math.min(tcb.mss, service.pool.payloadSize - service.dataHeadroom);
    while (packet.length > 0) {
      const octets = Math.min(packet.length, capacity);
      const piece = mayHoldToSend(tcb) ? copyPiece(service.pool, packet, 0, octets, service.dataHeadroom) : null;
      if (piece === null) {
        output(tcb);
        return refuse(tcb, NX_NO_PACKET);
      }
      enqueue(tcb, piece, octets);
      trimFront(packet, octets);
      if (packet.length === 0) piece.marks = MARK_PUSH;
    }
    packet.release();
    output(tcb);
    return NX_SUCCESS;
  },

  hasRoom(tcb: ControlBlock): boolean {
    const { transmit, profile } = tcb;
    return transmit.count < tcb.transmitQueueMaximum && transmit.bytes * 3 <= profile.sendBuffer * 2;
  },
};

/** Moves octets from the front of `packet` to the last unsent one until that is a full segment. */
function fillTail(tcb: ControlBlock, packet: Packet): void {
  const queue = tcb.transmit;
  const position = (queue.tail - 1) | 0;
  const tail = queue.at(position);
  if (tail.next !== null || tail.marks & MARK_RECORD) return;
  const octets = Math.min(tcb.mss - tail.sequenceLength, tail.dataEnd - tail.append, packet.length);
  if (octets <= 0) return;
  copyPayload(packet, 0, tail, octets);
  tail.sequenceLength += octets;
  // RFC 9293 3.9.1.2, SHLD-27: what is put together in one segment is pushed once, at its end.
  if (octets === packet.length) tail.marks |= MARK_PUSH;
  else tail.marks &= ~MARK_PUSH;
  queue.resized(position, octets);
  tcb.writeSequence = (tcb.writeSequence + octets) | 0;
  trimFront(packet, octets);
  realign(packet, tcb.service.dataHeadroom);
}

function refuse(tcb: ControlBlock, status: number): number {
  tcb.sendRefused = true;
  if (tcb.sndNxt === tcb.sndUna && (tcb.sndWnd === 0 || status === NX_NO_PACKET)) armPersist(tcb);
  return status;
}

/** The window is full. NetX's defects around that are here. */
function refuseForWindow(tcb: ControlBlock, packet: Packet): number {
  const { quirks } = tcb.profile;
  if (quirks.staleProbeOctet) tcb.staleOctet = packet.bytes[packet.prepend] as number;
  if (quirks.endlessRetries) tcb.retries = 0;
  return refuse(tcb, NX_WINDOW_OVERFLOW);
}

/** The pool had nothing for the application: it is told when an acknowledgment, or time, has brought packets back. */
export function waitForPackets(tcb: ControlBlock): void {
  refuse(tcb, NX_NO_PACKET);
}
