import { type Flow, NEVER, NX_IPV4_TCP_PACKET, NX_IPV6_TCP_PACKET } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import { negotiateEcn } from './congestion/ecn.ts';
import { type ControlBlock, ORIGIN_PASSIVE } from './control-block.ts';
import { EVENT_ESTABLISHED, raise } from './events.ts';
import { noteRoundTrip } from './recovery/delivery.ts';
import { TCP_ESTABLISHED } from './states.ts';
import { armKeepalive, rearm } from './timers/arm.ts';
import { measure } from './timers/round-trip.ts';
import { timestampOffset } from './timestamps.ts';
import { transition } from './transition.ts';

/** Sets the send side's limits from the peer's SYN or SYN-ACK (RFC 9293 3.7.1, RFC 7323 2.2). */
export function learnFromSyn(tcb: ControlBlock, segment: TcpHeader): void {
  const flow = tcb.flow;
  const family = flow === null ? 4 : flow.family;
  const stated = segment.mss >= 0 ? segment.mss : family === 4 ? 536 : 1220;
  tcb.peerMss = Math.max(stated, SMALLEST_MSS);
  tcb.profile.options.negotiate(tcb, segment);
  negotiateEcn(tcb, segment, tcb.service.typeOfService);
  settleMss(tcb);
  tcb.sndWnd = segment.window;
  tcb.sndMaxWnd = segment.window;
  tcb.sndWl1 = segment.sequence;
  tcb.sndWl2 = segment.acknowledgment;
}

/** Effective send MSS: the smaller of the peer's and the path's, less the options of every segment (RFC 9293 3.7.1). */
export function settleMss(tcb: ControlBlock): void {
  const flow = tcb.flow;
  if (flow === null) return;
  tcb.pathMtu = flow.mtu;
  let mss = Math.min(tcb.peerMss, pathMss(tcb));
  if (tcb.mssLimit > 0 && tcb.mssLimit < mss) mss = tcb.mssLimit;
  const options = tcb.profile.options.dataLength(tcb);
  tcb.mss = Math.max(mss - options, 1);
  tcb.headroom = (flow.family === 4 ? NX_IPV4_TCP_PACKET : NX_IPV6_TCP_PACKET) + options;
}

/** Gives the connection's new flow what the application chose for its socket, and starts the clock of its timestamps. */
export function applyFlowOptions(tcb: ControlBlock): void {
  const { flow } = tcb;
  if (flow === null) return;
  tcb.tsOffset = timestampOffset(tcb.service, flow.local, flow.remote);
  flow.timeToLive = tcb.timeToLive;
  flow.typeOfService = tcb.typeOfService;
  flow.dontFragment = tcb.dontFragment;
}

/** What the path's MTU leaves for a segment's data. */
export function pathMss(tcb: ControlBlock): number {
  return tcb.flow === null ? 0 : flowMss(tcb.flow);
}

/** The same for a flow. */
export function flowMss(flow: Flow): number {
  return Math.max(flow.mtu - (flow.family === 4 ? 40 : 60), SMALLEST_MSS);
}

/** No peer makes us send smaller segments than this. */
const SMALLEST_MSS = 48;

/** The handshake is complete. The acknowledgment of our SYN has been seen; `sndUna` is behind it. */
export function establish(tcb: ControlBlock): void {
  const { service } = tcb;
  tcb.retransmitDeadline = NEVER;
  tcb.retries = 0;
  tcb.troubleSince = NEVER;
  tcb.recover = tcb.iss;
  tcb.sndSmall = tcb.sndUna;
  tcb.reductionEnd = tcb.iss;
  if (tcb.synLost) tcb.rto.synTimedOut();
  else if (tcb.synTransmissions === 1) {
    const rtt = Math.round(tcb.time.now - tcb.synSentAt);
    measure(tcb, rtt);
    noteRoundTrip(tcb, rtt);
  }
  tcb.congestion.begin(tcb);
  transition(tcb, TCP_ESTABLISHED);
  service.counters.connections++;
  if (tcb.origin === ORIGIN_PASSIVE) service.counters.passiveConnections++;
  else service.counters.activeConnections++;
  if (tcb.keepalive) armKeepalive(tcb, tcb.time.now, tcb.keepaliveIdle);
  if (tcb.server !== null) tcb.server.settled(tcb);
  rearm(tcb);
  raise(tcb, EVENT_ESTABLISHED);
}
