import {
  type DatagramInfo,
  type Flow,
  type IpAddress,
  NEVER,
  NX_SUCCESS,
  NX_TCP_PACKET,
  type Packet,
  PROTOCOL_TCP,
  TRACE_TCP_NO_PACKET,
  TRACE_TCP_RESET_SENT,
  TRACE_TCP_SEND,
} from '@strata/contracts';
import { emitTcp, TCP_ACK, TCP_FIN, TCP_HEADER, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import { echoFlag, plainTypeOfService, synAckFlags, synFlags } from '../congestion/ecn.ts';
import type { ControlBlock } from '../control-block.ts';
import { PROBE_SENT } from '../probe-events.ts';
import type { TcpService } from '../service.ts';
import { acknowledgmentSent, armRetransmit, delayAcknowledgment } from '../timers/arm.ts';
import { fillChecksum, writeHeader } from './header.ts';

/** Sends a segment without data. False when the pool was empty or IP refused; whoever needs it sent tries again later. */
export function sendControl(tcb: ControlBlock, sequence: number, flags: number): boolean {
  const flow = tcb.flow;
  if (flow === null) return false;
  const service = tcb.service;
  const packet = service.pool.allocate(NX_TCP_PACKET);
  if (packet === null) {
    service.counters.noPacket++;
    if (service.tracer !== null) {
      service.tracer.event(TRACE_TCP_NO_PACKET, tcb.localPort, tcb.remotePort, flags, 0, null);
    }
    return false;
  }
  const at = packet.prepend;
  let headerLength = TCP_HEADER;
  if (flags & TCP_SYN) {
    headerLength += tcb.profile.options.emitSyn(tcb, packet.view, at + TCP_HEADER, (flags & TCP_ACK) !== 0);
  } else {
    const options = tcb.profile.options.controlLength(tcb);
    if (options > 0) {
      tcb.profile.options.emitControl(tcb, packet.view, at + TCP_HEADER);
      headerLength += options;
    }
  }
  packet.append = at + headerLength;
  let allFlags = flags;
  if (tcb.ecn) {
    flow.typeOfService = plainTypeOfService(tcb);
    if ((flags & (TCP_SYN | TCP_RST)) === 0) allFlags |= echoFlag(tcb);
  }
  writeHeader(tcb, flow, packet, at, headerLength, sequence, allFlags, 0);
  return hand(tcb, packet, sequence, allFlags);
}

function hand(tcb: ControlBlock, packet: Packet, sequence: number, flags: number): boolean {
  const service = tcb.service;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_SEND, flags, sequence, flags & TCP_ACK ? tcb.rcvNxt : 0, 0, packet);
  }
  const flow = tcb.flow;
  if (flow === null || service.network.send(packet, flow) !== NX_SUCCESS) {
    packet.release();
    service.counters.sendFailures++;
    return false;
  }
  service.counters.packetsSent++;
  tcb.packetsSent++;
  if (service.probe !== null) service.probe.sample(tcb, PROBE_SENT);
  if (flags & TCP_ACK) acknowledgmentSent(tcb);
  return true;
}

/** An acknowledgment now; when there is no packet for it, the delayed-ACK timer tries again. */
export function sendAcknowledgment(tcb: ControlBlock): void {
  if (!sendControl(tcb, tcb.sndNxt, TCP_ACK)) {
    tcb.ackNow = false;
    delayAcknowledgment(tcb);
  }
}

/** Our SYN, first or again. */
export function sendSyn(tcb: ControlBlock): void {
  if (tcb.synTransmissions++ > 0) countLostSyn(tcb);
  else if (tcb.userTimeout !== NEVER) tcb.troubleSince = tcb.time.now;
  tcb.synSentAt = tcb.time.now;
  sendControl(tcb, tcb.iss, TCP_SYN | synFlags(tcb));
  armRetransmit(tcb);
}

/** Our SYN-ACK, first or again. */
export function sendSynAck(tcb: ControlBlock): void {
  if (tcb.synTransmissions++ > 0) countLostSyn(tcb);
  else if (tcb.userTimeout !== NEVER) tcb.troubleSince = tcb.time.now;
  tcb.synSentAt = tcb.time.now;
  sendControl(tcb, tcb.iss, TCP_SYN | TCP_ACK | synAckFlags(tcb));
  armRetransmit(tcb);
}

/** Our FIN by itself, for the first time. */
export function sendFin(tcb: ControlBlock): void {
  tcb.finLost = false;
  sendControl(tcb, tcb.finSequence, TCP_FIN | TCP_ACK);
  armRetransmit(tcb);
}

/** Our FIN by itself, again. */
export function repeatFin(tcb: ControlBlock): void {
  countRepeat(tcb);
  sendFin(tcb);
}

function countLostSyn(tcb: ControlBlock): void {
  tcb.synLost = true;
  countRepeat(tcb);
}

function countRepeat(tcb: ControlBlock): void {
  tcb.retransmitPackets++;
  tcb.service.counters.retransmitPackets++;
}

/** Resets the peer's end of a connection that has one; the caller ends ours. */
export function sendReset(tcb: ControlBlock): void {
  const service = tcb.service;
  service.counters.resetsSent++;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_RESET_SENT, tcb.localPort, tcb.remotePort, tcb.sndNxt, 0, service.current);
  }
  sendControl(tcb, tcb.sndNxt, tcb.profile.resetWithAck ? TCP_RST | TCP_ACK : TCP_RST);
}

/** RFC 9293 3.10.7.1: answers a segment that belongs to no connection. Never answers a reset. */
export function sendStrayReset(service: TcpService, segment: TcpHeader, info: DatagramInfo, reason: number): void {
  if (segment.flags & TCP_RST) return;
  const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
  const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
  const flow = service.network.openFlow(remote, PROTOCOL_TCP, local);
  if (flow !== null) refuse(service, segment, flow, reason);
}

/** A reset in answer to `segment`, as from a connection that does not exist: without options, numbered by the segment. */
export function refuse(service: TcpService, segment: TcpHeader, flow: Flow, reason: number): void {
  const packet = service.pool.allocate(NX_TCP_PACKET);
  if (packet === null) {
    service.counters.noPacket++;
    return;
  }
  const at = packet.prepend;
  const hasAck = (segment.flags & TCP_ACK) !== 0;
  emitTcp(
    packet.view,
    at,
    segment.destinationPort,
    segment.sourcePort,
    hasAck ? segment.acknowledgment : 0,
    hasAck ? 0 : (segment.sequence + segment.sequenceLength) | 0,
    TCP_HEADER,
    hasAck ? TCP_RST : TCP_RST | TCP_ACK,
    0,
    0,
  );
  packet.append = at + TCP_HEADER;
  packet.length = TCP_HEADER;
  packet.transportHeader = at;
  if (!flow.checksumOffload) fillChecksum(flow, packet, at, TCP_HEADER);
  service.counters.resetsSent++;
  if (service.tracer !== null) {
    const sequence = hasAck ? segment.acknowledgment : 0;
    service.tracer.event(
      TRACE_TCP_RESET_SENT,
      segment.destinationPort,
      segment.sourcePort,
      sequence,
      reason,
      service.current,
    );
  }
  if (service.network.send(packet, flow) === NX_SUCCESS) service.counters.packetsSent++;
  else packet.release();
}

/** An address from the words that IP reports. */
export function addressOf(family: 4 | 6, w0: number, w1: number, w2: number, w3: number): IpAddress {
  return { family, w0, w1, w2, w3 };
}
