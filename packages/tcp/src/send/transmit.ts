import {
  NEVER,
  NX_SUCCESS,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
  type Packet,
  TRACE_TCP_RETRANSMIT,
  TRACE_TCP_SEND,
} from '@strata/contracts';
import {
  TCP_ACK,
  TCP_ACKNOWLEDGMENT,
  TCP_CHECKSUM,
  TCP_FIN,
  TCP_HEADER,
  TCP_OFFSET_AND_FLAGS,
  TCP_PSH,
} from '@strata/wire';
import { capableTypeOfService, echoFlag, plainTypeOfService, takeReductionFlag } from '../congestion/ecn.ts';
import { noteUsage } from '../congestion/slow-start.ts';
import type { ControlBlock } from '../control-block.ts';
import { PROBE_SENT } from '../probe-events.ts';
import { emitSack, hasSackToReport, sackLength } from '../receive/sack-blocks.ts';
import { CAUSE_OF_NONE } from '../recovery/state.ts';
import { acknowledgmentSent, armRetransmit } from '../timers/arm.ts';
import { headerInPlace, writeHeader } from './header.ts';
import { MARK_FIN, MARK_LOST, MARK_PUSH, MARK_RETRANSMITTED } from './marks.ts';
import { splitSent } from './segmentation.ts';

/**
 * Sends the first unsent packet of the transmit queue. The packet stays in the queue: IP and the driver borrow it
 * (PACKET_TRANSMITTING), and the driver's transmitRelease gives it back (PACKET_RETAINED).
 */
export function transmitNext(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  const packet = queue.at(queue.unsent);
  queue.markSent();
  tcb.sndNxt = (packet.sequence + packet.sequenceLength) | 0;
  if (packet.sequenceLength < tcb.mss) tcb.sndSmall = tcb.sndNxt;
  let flags = TCP_ACK;
  if (packet.marks & MARK_FIN) {
    flags = TCP_ACK | TCP_FIN;
    tcb.finSent = true;
  }
  if (tcb.profile.pushAlways || packet.marks & MARK_PUSH || !queue.hasUnsent) flags |= TCP_PSH;
  put(tcb, packet, flags, packet.prepend);
  noteUsage(tcb, inFlight(tcb));
  const { dataSent } = tcb.profile.acks;
  if (dataSent !== undefined) dataSent(tcb);
  armRetransmit(tcb);
}

/** Sends a packet of the queue again. False when a driver still holds it: it has not even left yet. */
export function retransmit(tcb: ControlBlock, packet: Packet): boolean {
  if (packet.state === PACKET_TRANSMITTING) return false;
  if (packet.sequenceLength > tcb.mss && !cutToSize(tcb, packet)) return false;
  if (packet.marks & MARK_LOST) tcb.lostOut -= packet.sequenceLength;
  packet.marks = (packet.marks & ~MARK_LOST) | MARK_RETRANSMITTED;
  let flags = TCP_ACK;
  if (packet.marks & MARK_FIN) flags = TCP_ACK | TCP_FIN;
  const queue = tcb.transmit;
  const isLast = ((packet.sequence + packet.sequenceLength) | 0) === tcb.writeSequence;
  if (tcb.profile.pushAlways || packet.marks & MARK_PUSH || (isLast && !queue.hasUnsent)) flags |= TCP_PSH;
  if (tcb.userTimeout !== NEVER && tcb.troubleSince === NEVER) tcb.troubleSince = packet.sentAt;
  const { service } = tcb;
  tcb.retransmitPackets++;
  service.counters.retransmitPackets++;
  if (service.tracer !== null && tcb.loss.cause !== CAUSE_OF_NONE) {
    service.tracer.event(TRACE_TCP_RETRANSMIT, packet.sequence, packet.transmissions, tcb.loss.cause, tcb.cwnd, packet);
  }
  put(tcb, packet, flags, packet.transportHeader + headerInPlace(packet));
  tcb.recovery.repeated(tcb, packet);
  armRetransmit(tcb);
  return true;
}

/** A packet was sent when segments could be bigger: what is too much follows in one of its own. False without a packet for it. */
function cutToSize(tcb: ControlBlock, packet: Packet): boolean {
  const payload = packet.sequenceLength - (packet.marks & MARK_FIN ? 1 : 0);
  return payload <= tcb.mss || splitSent(tcb, packet, tcb.mss);
}

function inFlight(tcb: ControlBlock): number {
  return ((tcb.sndNxt - tcb.sndUna) | 0) - tcb.lostOut - tcb.sackedOut;
}

/** Writes the header in front of the payload at `payloadAt` and hands the packet to IP. */
function put(tcb: ControlBlock, packet: Packet, flags: number, payloadAt: number): void {
  const flow = tcb.flow;
  if (flow === null) return;
  const service = tcb.service;
  const payload = packet.marks & MARK_FIN ? packet.sequenceLength - 1 : packet.sequenceLength;
  const optionSet = tcb.profile.options;
  const options = optionSet.dataLength(tcb);
  const sack = tcb.sackBlocks === null ? 0 : roomForSack(tcb, packet, payload, payloadAt - TCP_HEADER, options);
  const headerLength = TCP_HEADER + options + sack;
  const at = payloadAt - headerLength;
  const { view } = packet;
  const again = packet.transmissions > 0;
  let allFlags = flags;
  if (tcb.ecn) {
    allFlags |= echoFlag(tcb);
    if (again || payload === 0) flow.typeOfService = plainTypeOfService(tcb);
    else {
      flow.typeOfService = capableTypeOfService(tcb);
      allFlags |= takeReductionFlag(tcb);
    }
  }
  const acknowledgment = again ? view.getInt32(at + TCP_ACKNOWLEDGMENT) : 0;
  const flagsAndWindow = again ? view.getInt32(at + TCP_OFFSET_AND_FLAGS) : 0;
  const checksumAndUrgent = again ? view.getInt32(at + TCP_CHECKSUM) : 0;
  if (options > 0) optionSet.emitData(tcb, packet.view, at + TCP_HEADER);
  if (sack > 0) emitSack(tcb, packet.view, at + TCP_HEADER + options, sack);
  writeHeader(tcb, flow, packet, at, headerLength, packet.sequence, allFlags, payload);
  if (
    !again ||
    options > 0 ||
    tcb.ecn ||
    sack > 0 ||
    at !== packet.transportHeader ||
    view.getInt32(at + TCP_ACKNOWLEDGMENT) !== acknowledgment ||
    view.getInt32(at + TCP_OFFSET_AND_FLAGS) !== flagsAndWindow ||
    view.getInt32(at + TCP_CHECKSUM) !== checksumAndUrgent
  ) {
    // Only an identical repetition may carry its first identification again (RFC 9293 3.8.1, MAY-4).
    packet.ipHeader = -1;
  }
  packet.transmissions++;
  packet.sentAt = tcb.time.now;
  packet.sentOrder = tcb.packetsSent;
  tcb.lastSentAt = packet.sentAt;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_SEND, allFlags, packet.sequence, tcb.rcvNxt, payload, packet);
  }
  packet.state = PACKET_TRANSMITTING;
  tcb.packetsSent++;
  tcb.bytesSent += payload;
  service.counters.packetsSent++;
  service.counters.bytesSent += payload;
  if (service.network.send(packet, flow) === NX_SUCCESS) {
    if (service.probe !== null) service.probe.sample(tcb, PROBE_SENT);
    if (tcb.sackBlocks === null || !tcb.ackNow || !hasSackToReport(tcb) || sack > 0) acknowledgmentSent(tcb);
    return;
  }
  packet.state = PACKET_RETAINED;
  packet.prepend = at;
  packet.length = headerLength + payload;
  service.counters.sendFailures++;
}

/**
 * Length of the SACK option that a data segment can carry: what the MSS leaves beside the payload, and the head-room in
 * front of it. Where there is none, an acknowledgment of its own follows the data.
 */
function roomForSack(tcb: ControlBlock, packet: Packet, payload: number, end: number, options: number): number {
  const below = tcb.headroom - TCP_HEADER - options;
  const headroom = end - options - packet.dataStart - below;
  return sackLength(tcb, Math.min(tcb.mss - payload, headroom, 40 - options));
}
