import { DROP_TCP_DUPLICATE_DATA, DROP_TCP_OUTSIDE_WINDOW, DROP_TCP_WATERMARK, type Packet } from '@strata/contracts';
import { TCP_FIN, TCP_URG, type TcpHeader } from '@strata/wire';
import { noteMark } from '../congestion/ecn.ts';
import type { ControlBlock } from '../control-block.ts';
import { EVENT_PEER_FINISHED, EVENT_RECEIVABLE, EVENT_URGENT, raise } from '../events.ts';
import { relievePool } from '../pool-relief.ts';
import { mayHoldToRead } from '../pool-shares.ts';
import { copyPayload, trimFront, trimTo } from '../send/segmentation.ts';
import { keepOutOfOrder, takeReady } from './reassembly.ts';
import { noteArrival, noteDuplicate, noteFinArrival } from './sack-blocks.ts';

/**
 * RFC 9293 3.10.7.4, seventh: takes the segment's data, cut to what is new and inside the window. `packet` is at the
 * payload. True when the packet was kept; otherwise the caller releases it.
 */
export function acceptData(tcb: ControlBlock, segment: TcpHeader, packet: Packet): boolean {
  let length = segment.payloadLength;
  if (length === 0) return false;
  let sequence = segment.sequence;
  const old = (tcb.rcvNxt - sequence) | 0;
  if (old > 0) {
    tcb.ackNow = true;
    noteDuplicate(tcb, sequence, (sequence + Math.min(old, length)) | 0);
    if (old >= length) {
      tcb.service.drop(DROP_TCP_DUPLICATE_DATA, tcb, sequence);
      return false;
    }
    trimFront(packet, old);
    sequence = tcb.rcvNxt;
    length -= old;
  }
  const end = tcb.finSeen && ((tcb.peerFinSequence - tcb.rcvAdv) | 0) < 0 ? tcb.peerFinSequence : tcb.rcvAdv;
  const excess = (sequence + length - end) | 0;
  if (excess > 0) {
    tcb.ackNow = true;
    if (excess >= length) {
      tcb.service.drop(DROP_TCP_OUTSIDE_WINDOW, tcb, sequence);
      return false;
    }
    length -= excess;
    trimTo(packet, length);
  }
  if (tcb.ecn) noteMark(tcb, segment);
  packet.sequence = sequence;
  packet.sequenceLength = length;
  if (length > tcb.rcvMss) tcb.rcvMss = length;
  if (sequence !== tcb.rcvNxt) {
    tcb.ackNow = true;
    keepOutOfOrder(tcb, packet);
    noteArrival(tcb, sequence);
    return true;
  }
  if (!mayHoldToRead(tcb)) {
    tcb.ackNow = true;
    tcb.service.drop(DROP_TCP_WATERMARK, tcb, sequence);
    relievePool(tcb.service, tcb);
    return false;
  }
  if (tcb.reassemblyHead === null) {
    queueInOrder(tcb, packet);
    tcb.profile.acks.dataArrived(tcb, length, false);
    return true;
  }
  let filled = length;
  queueInOrder(tcb, packet);
  for (let ready = takeReady(tcb); ready !== null; ready = takeReady(tcb)) {
    filled += ready.sequenceLength;
    queueInOrder(tcb, ready);
  }
  tcb.profile.acks.dataArrived(tcb, filled, true);
  return true;
}

/** Appends in-order data to what the application will receive. Takes the packet. */
export function queueInOrder(tcb: ControlBlock, packet: Packet): void {
  const length = packet.sequenceLength;
  tcb.rcvNxt = (tcb.rcvNxt + length) | 0;
  tcb.rcvQueued += length;
  tcb.bytesReceived += length;
  tcb.service.counters.bytesReceived += length;
  tcb.receiveArrivals++;
  raise(tcb, EVENT_RECEIVABLE);
  const tail = tcb.receiveTail;
  packet.queueNext = null;
  if (tail === null) {
    tcb.receiveHead = packet;
    tcb.unreadSince = tcb.time.now;
  } else {
    if (tcb.profile.mergeReceived && mergeIntoTail(tail, packet, length)) return;
    tail.queueNext = packet;
  }
  packet.holder = 'tcp receive queue';
  tcb.receiveTail = packet;
  tcb.receivePackets++;
}

/** Copies a small segment behind the last one when it fits there, so that many small segments do not empty the pool. */
function mergeIntoTail(tail: Packet, packet: Packet, length: number): boolean {
  if (tail.next !== null || packet.next !== null || tail.dataEnd - tail.append < length) return false;
  copyPayload(packet, 0, tail, length);
  tail.sequenceLength += length;
  packet.release();
  return true;
}

/** RFC 9293 3.10.7.4, sixth, and RFC 6093: urgent data stays in the stream; the application hears where it ends. */
export function noteUrgent(tcb: ControlBlock, segment: TcpHeader): void {
  if ((segment.flags & TCP_URG) === 0) return;
  const pointer = (segment.sequence + segment.urgentPointer) | 0;
  if (((pointer - tcb.rcvNxt) | 0) <= 0) return;
  if (tcb.rcvUrgent && ((tcb.rcvUp - tcb.rcvNxt) | 0) > 0 && ((pointer - tcb.rcvUp) | 0) <= 0) return;
  tcb.rcvUp = pointer;
  tcb.rcvUrgent = true;
  raise(tcb, EVENT_URGENT);
}

/**
 * RFC 9293 3.10.7.4, eighth: notes the segment's FIN and says whether the stream has reached it now. On true `rcvNxt` is
 * behind the FIN and an acknowledgment is due. A FIN behind a gap waits for the gap to be filled.
 */
export function reachedFin(tcb: ControlBlock, segment: TcpHeader): boolean {
  const waited = tcb.finSeen;
  if (segment.flags & TCP_FIN && !waited) {
    const at = (segment.sequence + segment.payloadLength) | 0;
    if (((at - tcb.rcvNxt) | 0) >= 0 && ((at - tcb.rcvAdv) | 0) <= 0) {
      tcb.finSeen = true;
      tcb.peerFinSequence = at;
      if (at !== tcb.rcvNxt) {
        tcb.ackNow = true;
        noteFinArrival(tcb, at);
      }
    }
  }
  if (!tcb.finSeen || tcb.rcvNxt !== tcb.peerFinSequence) return false;
  tcb.rcvNxt = (tcb.rcvNxt + 1) | 0;
  if (((tcb.rcvNxt - tcb.rcvAdv) | 0) > 0) tcb.rcvAdv = tcb.rcvNxt;
  const { finArrived } = tcb.profile.acks;
  if (finArrived === undefined) tcb.ackNow = true;
  else finArrived(tcb, waited);
  raise(tcb, EVENT_PEER_FINISHED);
  return true;
}
