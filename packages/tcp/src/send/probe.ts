import type { Packet } from '@strata/contracts';
import { NX_SUCCESS, TRACE_TCP_SEND } from '@strata/contracts';
import { TCP_ACK, TCP_HEADER } from '@strata/wire';
import { echoFlag, plainTypeOfService } from '../congestion/ecn.ts';
import type { ControlBlock } from '../control-block.ts';
import { PROBE_SENT } from '../probe-events.ts';
import { acknowledgmentSent } from '../timers/arm.ts';
import { headerInPlace, writeHeader } from './header.ts';

/**
 * Sends the first octet of `source`, the first packet of the transmit queue, by itself. The octet stays in the queue: if
 * the peer takes it, `probeEnd` tells the acknowledgment from a wild one.
 */
export function sendProbeOctet(tcb: ControlBlock, source: Packet, headroom: number): void {
  sendOctet(tcb, firstOctet(source), source.sequence, headroom);
}

/** Sends a segment of one octet that is in no queue. */
export function sendOctet(tcb: ControlBlock, octet: number, sequence: number, headroom: number): void {
  const { flow, service } = tcb;
  if (flow === null) return;
  const packet = service.pool.allocate(headroom);
  if (packet === null) {
    service.counters.noPacket++;
    return;
  }
  const optionSet = tcb.profile.options;
  const options = optionSet.dataLength(tcb);
  const at = packet.prepend;
  const headerLength = TCP_HEADER + options;
  if (options > 0) optionSet.emitData(tcb, packet.view, at + TCP_HEADER);
  packet.bytes[at + headerLength] = octet;
  packet.append = at + headerLength + 1;
  const flags = TCP_ACK | echoFlag(tcb);
  if (tcb.ecn) flow.typeOfService = plainTypeOfService(tcb);
  writeHeader(tcb, flow, packet, at, headerLength, sequence, flags, 1);
  tcb.probeEnd = (sequence + 1) | 0;
  if (service.tracer !== null) service.tracer.event(TRACE_TCP_SEND, flags, sequence, tcb.rcvNxt, 1, packet);
  if (service.network.send(packet, flow) !== NX_SUCCESS) {
    packet.release();
    service.counters.sendFailures++;
    return;
  }
  tcb.packetsSent++;
  service.counters.packetsSent++;
  if (service.probe !== null) service.probe.sample(tcb, PROBE_SENT);
  acknowledgmentSent(tcb);
}

/** The first octet of a queued packet's data; the first part of a chain may hold nothing but headers. */
function firstOctet(source: Packet): number {
  let part: Packet = source;
  let from = source.transmissions === 0 ? source.prepend : source.transportHeader + headerInPlace(source);
  while (from === part.append && part.next !== null) {
    part = part.next;
    from = part.prepend;
  }
  return part.bytes[from] as number;
}
