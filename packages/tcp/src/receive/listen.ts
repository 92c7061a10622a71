import {
  type DatagramInfo,
  DROP_TCP_FLAGS,
  DROP_TCP_NO_CONNECTION,
  type IpAddress,
  type Packet,
  PROTOCOL_TCP,
} from '@strata/contracts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import { type ControlBlock, ORIGIN_PASSIVE } from '../control-block.ts';
import { applyFlowOptions, learnFromSyn } from '../establish.ts';
import type { Listener } from '../listener.ts';
import { sendStrayReset, sendSynAck } from '../send/control.ts';
import type { TcpService } from '../service.ts';
import { TCP_LISTEN, TCP_SYN_RECEIVED } from '../states.ts';
import { transition } from '../transition.ts';
import { receiveSegment, SEGMENT_KEPT } from './segment.ts';

/** LISTEN (RFC 9293 3.10.7.2): a segment for a port that someone listens on and no connection owns. True when kept. */
export function receiveListen(
  service: TcpService,
  listener: Listener,
  segment: TcpHeader,
  packet: Packet,
  info: DatagramInfo,
): boolean {
  const { flags } = segment;
  if (flags & TCP_RST) {
    listener.resetArrived(segment, info);
    return false;
  }
  if (flags & TCP_ACK) {
    if ((flags & TCP_SYN) === 0 && listener.acknowledgmentArrived !== undefined) {
      const tcb = listener.acknowledgmentArrived(segment, info);
      if (tcb !== null) return receiveSegment(tcb, segment, packet, info) === SEGMENT_KEPT;
    }
    service.drop(DROP_TCP_NO_CONNECTION, null, segment.sequence);
    sendStrayReset(service, segment, info, DROP_TCP_NO_CONNECTION);
    return false;
  }
  if ((flags & (TCP_SYN | TCP_FIN)) !== TCP_SYN) {
    service.drop(DROP_TCP_FLAGS, null, segment.sequence);
    return false;
  }
  return listener.synArrived(segment, packet, info);
}

/**
 * Binds a listening control block to the peer whose SYN came; it stays in LISTEN until {@link answerSyn}. False when there
 * is no route back.
 */
export function beginPassive(tcb: ControlBlock, segment: TcpHeader, remote: IpAddress, local: IpAddress): boolean {
  const { service } = tcb;
  const flow = service.network.openFlow(remote, PROTOCOL_TCP, local);
  if (flow === null && !(service.profile.quirks.unroutableSyn && tcb.restState === TCP_LISTEN)) return false;
  tcb.flow = flow;
  applyFlowOptions(tcb);
  tcb.origin = ORIGIN_PASSIVE;
  tcb.localPort = segment.destinationPort;
  tcb.remotePort = segment.sourcePort;
  service.ports.take(tcb);
  tcb.irs = segment.sequence;
  tcb.rcvNxt = (segment.sequence + 1) | 0;
  tcb.rcvAdv = tcb.rcvNxt;
  learnFromSyn(tcb, segment);
  if (flow !== null) service.connections.insert(tcb);
  return true;
}

/** More than a window without scaling. */
const REOPEN_STEP = 0x10001;

/** Sends the SYN-ACK: LISTEN becomes SYN_RECEIVED. */
export function answerSyn(tcb: ControlBlock): void {
  const { service } = tcb;
  if (service.isn.dependsOnFlow || !tcb.acceptPending) tcb.iss = service.isn.next(tcb);
  // RFC 9293 3.6.1: larger than every number of the connection that made way in TIMED_WAIT.
  const beyond = (service.reopenedAt + REOPEN_STEP) | 0;
  if (service.reopening && ((tcb.iss - beyond) | 0) < 0) tcb.iss = beyond;
  tcb.acceptPending = false;
  beginHalfOpen(tcb, tcb.iss);
  sendSynAck(tcb);
}

/** LISTEN becomes SYN_RECEIVED with a SYN-ACK of the number `iss`, which is still to be sent or was sent before. */
export function beginHalfOpen(tcb: ControlBlock, iss: number): void {
  tcb.iss = iss;
  tcb.sndUna = iss;
  tcb.sndNxt = (iss + 1) | 0;
  tcb.writeSequence = tcb.sndNxt;
  transition(tcb, TCP_SYN_RECEIVED);
}
