import type { DatagramInfo, Packet } from '@strata/contracts';
import { TCP_ACK, TCP_PSH, type TcpHeader } from '@strata/wire';
import { noteMark } from '../congestion/ecn.ts';
import type { ControlBlock } from '../control-block.ts';
import { mayHoldToRead } from '../pool-shares.ts';
import { sendAcknowledgment } from '../send/control.ts';
import { output } from '../send/output.ts';
import {
  TCP_CLOSE_WAIT,
  TCP_CLOSING,
  TCP_DELETED,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_1,
  TCP_FIN_WAIT_2,
  TCP_LAST_ACK,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
  TCP_TIMED_WAIT,
} from '../states.ts';
import { noteTimestamp, passesTimestamps } from '../timestamps.ts';
import { acceptability, SEGMENT_OUTSIDE } from '../window.ts';
import { receiveCloseWait } from './close-wait.ts';
import { receiveClosing } from './closing.ts';
import { queueInOrder } from './data.ts';
import { receiveEstablished, receiveEstablishedText } from './established.ts';
import { receiveFinWait1 } from './fin-wait-1.ts';
import { receiveFinWait2 } from './fin-wait-2.ts';
import { receiveLastAck } from './last-ack.ts';
import { receiveSynReceived } from './syn-received.ts';
import { receiveSynSent } from './syn-sent.ts';
import { receiveTimeWait } from './time-wait.ts';

/** What {@link receiveSegment} did with the packet. */
export const SEGMENT_KEPT = 0;
export const SEGMENT_DONE = 1;
/** The connection in TIMED_WAIT has made way for a new one: give the segment to the listener. */
export const SEGMENT_REOPENS = 2;

/**
 * RFC 9293 3.10.7 for a segment of an existing connection. `packet` is at its TCP header. Afterwards whatever has become due
 * goes out: data first, an acknowledgment by itself only if no data carried it.
 */
export function receiveSegment(tcb: ControlBlock, segment: TcpHeader, packet: Packet, info: DatagramInfo): number {
  tcb.packetsReceived++;
  if (tcb.keepalive && (tcb.profile.keepaliveByAnySegment || isAcceptable(tcb, segment))) {
    tcb.lastReceivedAt = tcb.time.now;
    tcb.keepaliveProbes = 0;
  }
  packet.prepend += segment.headerLength;
  packet.length -= segment.headerLength;
  let kept = false;
  const passes = !tcb.timestamps || tcb.state === TCP_TIMED_WAIT || passesTimestamps(tcb, segment);
  switch (passes ? tcb.state : TCP_DELETED) {
    case TCP_ESTABLISHED:
      if (predicted(tcb, segment)) {
        const octets = segment.payloadLength;
        packet.sequence = segment.sequence;
        packet.sequenceLength = octets;
        tcb.sndWl1 = segment.sequence;
        tcb.sndWl2 = segment.acknowledgment;
        if (octets > tcb.rcvMss) tcb.rcvMss = octets;
        if (tcb.timestamps) noteTimestamp(tcb, segment);
        queueInOrder(tcb, packet);
        if (tcb.ecn) noteMark(tcb, segment);
        tcb.profile.acks.dataArrived(tcb, octets, false);
        if (tcb.ackNow) sendAcknowledgment(tcb);
        return SEGMENT_KEPT;
      }
      kept = receiveEstablished(tcb, segment, packet);
      break;
    case TCP_SYN_SENT:
      receiveSynSent(tcb, segment, info);
      break;
    case TCP_SYN_RECEIVED:
      if (receiveSynReceived(tcb, segment, info)) kept = receiveEstablishedText(tcb, segment, packet);
      break;
    case TCP_FIN_WAIT_1:
      kept = receiveFinWait1(tcb, segment, packet);
      break;
    case TCP_FIN_WAIT_2:
      kept = receiveFinWait2(tcb, segment, packet);
      break;
    case TCP_CLOSE_WAIT:
      receiveCloseWait(tcb, segment);
      break;
    case TCP_CLOSING:
      receiveClosing(tcb, segment);
      break;
    case TCP_LAST_ACK:
      receiveLastAck(tcb, segment);
      break;
    case TCP_TIMED_WAIT:
      if (receiveTimeWait(tcb, segment)) {
        packet.prepend -= segment.headerLength;
        packet.length += segment.headerLength;
        return SEGMENT_REOPENS;
      }
      break;
    default:
      break;
  }
  if (tcb.state >= TCP_ESTABLISHED) output(tcb);
  if (tcb.ackNow && tcb.state >= TCP_SYN_RECEIVED) sendAcknowledgment(tcb);
  return kept ? SEGMENT_KEPT : SEGMENT_DONE;
}

function isAcceptable(tcb: ControlBlock, segment: TcpHeader): boolean {
  const window = (tcb.rcvAdv - tcb.rcvNxt) | 0;
  return acceptability(segment.sequence, segment.sequenceLength, tcb.rcvNxt, window) !== SEGMENT_OUTSIDE;
}

/**
 * Header prediction (Van Jacobson): the next in-order data of a one-way transfer, which changes nothing but the receive side.
 * Everything else takes the full path.
 */
function predicted(tcb: ControlBlock, segment: TcpHeader): boolean {
  const length = segment.payloadLength;
  return (
    (segment.flags & ~TCP_PSH) === TCP_ACK &&
    segment.sequence === tcb.rcvNxt &&
    segment.acknowledgment === tcb.sndUna &&
    length > 0 &&
    tcb.reassemblyHead === null &&
    length <= ((tcb.rcvAdv - tcb.rcvNxt) | 0) &&
    segment.window << tcb.sndScale === tcb.sndWnd &&
    !tcb.finSeen &&
    segment.headerLength === (tcb.timestamps ? 32 : 20) &&
    segment.hasTimestamps === tcb.timestamps &&
    (tcb.sndNxt === tcb.sndUna || !tcb.profile.quirks.dataAsDuplicateAck) &&
    mayHoldToRead(tcb)
  );
}
