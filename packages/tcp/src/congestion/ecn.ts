import { TRACE_TCP_CONGESTION_ECHO, TRACE_TCP_CONGESTION_MARK } from '@strata/contracts';
import { TCP_ACK, TCP_CWR, TCP_ECE, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';

/** Explicit congestion notification (RFC 3168 6.1): routers mark, receivers echo, senders slow down before anything is lost. */

/** How a host takes part, with the numbers of net.ipv4.tcp_ecn: not at all, always, only when the peer asks. */
export const ECN_OFF = 0;
export const ECN_ACTIVE = 1;
export const ECN_PASSIVE = 2;

/** The lower two bits of the type-of-service octet (RFC 3168 5). */
const FIELD = 3;
const ECT_0 = 2;
const CONGESTION_EXPERIENCED = 3;

/** Flags of our SYN: the request, unless it was lost once, perhaps to a box that takes offence (6.1.1.1). */
export function synFlags(tcb: ControlBlock): number {
  return tcb.profile.ecn === ECN_ACTIVE && tcb.synTransmissions <= 1 ? TCP_ECE | TCP_CWR : 0;
}

/** Flags of our SYN-ACK. */
export function synAckFlags(tcb: ControlBlock): number {
  return tcb.ecn ? TCP_ECE : 0;
}

/**
 * 6.1.1: both flags in a SYN ask, ECE alone in a SYN-ACK agrees. A SYN that is itself marked ECN-capable, or a SYN-ACK with
 * both, comes from a host or a box that reflects bits without meaning.
 */
export function negotiateEcn(tcb: ControlBlock, segment: TcpHeader, typeOfService: number): void {
  const asked = segment.flags & (TCP_ECE | TCP_CWR);
  if (segment.flags & TCP_ACK) tcb.ecn = synFlags(tcb) !== 0 && asked === TCP_ECE;
  else {
    const capable = (typeOfService & FIELD) !== 0;
    tcb.ecn = tcb.profile.ecn !== ECN_OFF && asked === (TCP_ECE | TCP_CWR) && !capable;
  }
  tcb.ecnEcho = false;
  tcb.reductionToTell = false;
  tcb.reductionEnd = tcb.iss;
  tcb.reducing = false;
}

/** Flags that every segment with ACK carries now. */
export function echoFlag(tcb: ControlBlock): number {
  return tcb.ecnEcho ? TCP_ECE : 0;
}

/** The type-of-service octet of segments that are not new data: neither they nor retransmissions are marked (6.1.4 to 6.1.6). */
export function plainTypeOfService(tcb: ControlBlock): number {
  return tcb.typeOfService & ~FIELD;
}

/** The same for new data, which routers may mark. */
export function capableTypeOfService(tcb: ControlBlock): number {
  return (tcb.typeOfService & ~FIELD) | ECT_0;
}

/** CWR goes out on the first new data after a reduction, once (6.1.2). */
export function takeReductionFlag(tcb: ControlBlock): number {
  if (!tcb.reductionToTell) return 0;
  tcb.reductionToTell = false;
  return TCP_CWR;
}

/**
 * 6.1.3, for data that was taken: CWR ends the echo, a mark starts it (again). Both are acknowledged at once: the peer's
 * window may be so small that it waits for that.
 */
export function noteMark(tcb: ControlBlock, segment: TcpHeader): void {
  const { service } = tcb;
  if (segment.flags & TCP_CWR) {
    tcb.ecnEcho = false;
    tcb.ackNow = true;
  }
  if ((service.typeOfService & FIELD) !== CONGESTION_EXPERIENCED) return;
  service.counters.congestionExperienced++;
  if (tcb.ecnEcho) return;
  tcb.ecnEcho = true;
  tcb.ackNow = true;
  if (service.tracer !== null) {
    service.tracer.event(
      TRACE_TCP_CONGESTION_MARK,
      tcb.localPort,
      tcb.remotePort,
      segment.sequence,
      0,
      service.current,
    );
  }
}

/**
 * An acknowledgment of `acked` new octets, now off SND.UNA, echoes a mark: the window is reduced as after a loss, but not twice for the same
 * window of data (6.1.2).
 */
export function noteEcho(tcb: ControlBlock, acked: number): void {
  if (((tcb.sndUna - tcb.reductionEnd) | 0) <= 0) return;
  const { service } = tcb;
  service.counters.congestionEchoes++;
  const flight = ((tcb.sndNxt - tcb.sndUna) | 0) + acked;
  if (tcb.recovery.congestionMarked !== undefined) tcb.recovery.congestionMarked(tcb, flight);
  else reduceAtOnce(tcb, flight);
  tcb.reducing = true;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_CONGESTION_ECHO, tcb.sndUna, tcb.cwnd, tcb.ssthresh, 0, service.current);
  }
}

function reduceAtOnce(tcb: ControlBlock, flight: number): void {
  tcb.congestion.lossDetected(tcb, flight);
  if (tcb.cwnd > tcb.ssthresh) tcb.cwnd = tcb.ssthresh;
}

/** The window was reduced, for whatever reason: the peer is to hear of it, and what is outstanding now asks no more. */
export function noteReduction(tcb: ControlBlock): void {
  tcb.reductionEnd = tcb.sndNxt;
  tcb.reductionToTell = tcb.ecn;
}

/** The window does not grow while the peer has not heard of the reduction (6.1.2). */
export function isReducing(tcb: ControlBlock): boolean {
  if (tcb.reducing && ((tcb.sndUna - tcb.reductionEnd) | 0) > 0) tcb.reducing = false;
  return tcb.reducing;
}
