import { NEVER, type Packet } from '@strata/contracts';
import { type ControlBlock, ORIGIN_NONE } from './control-block.ts';
import {
  EVENT_CLOSED,
  EVENT_DISCONNECT,
  EVENT_DISCONNECT_COMPLETE,
  EVENT_PEER_FINISHED,
  EVENT_TIMED_WAIT,
  raise,
} from './events.ts';
import { flushReassembly } from './receive/reassembly.ts';
import { forgetSackBlocks } from './receive/sack-blocks.ts';
import type { TcpService } from './service.ts';
import {
  CAUSE_ABORTED,
  CAUSE_NONE,
  CAUSE_ORDERLY,
  TCP_CLOSED,
  TCP_ESTABLISHED,
  TCP_SYN_RECEIVED,
  TCP_TIMED_WAIT,
} from './states.ts';
import { armTimeWait, disarmAll } from './timers/arm.ts';
import { transition } from './transition.ts';

/**
 * The connection is over: timers off, queues flushed, out of the demultiplexer, CLOSED (or LISTEN, for a NetX server
 * socket). What the application has not read survives an orderly end only (RFC 9293 3.10.7.4: a reset flushes all).
 */
export function endConnection(tcb: ControlBlock, cause: number): void {
  const { state, service } = tcb;
  if (state === TCP_TIMED_WAIT) service.waiting.delete(tcb);
  if (tcb.cause === CAUSE_NONE) tcb.cause = cause;
  disarmAll(tcb);
  tcb.transmit.clear();
  tcb.lostOut = 0;
  tcb.sackedOut = 0;
  flushReassembly(tcb);
  if (cause !== CAUSE_ORDERLY) {
    if (tcb.profile.errorsFlushUnread || cause === CAUSE_ABORTED) flushReceiveQueue(tcb);
    tcb.pending &= ~EVENT_PEER_FINISHED;
  }
  service.connections.remove(tcb);
  tcb.origin = ORIGIN_NONE;
  tcb.ackNow = false;
  tcb.acceptPending = false;
  // A NetX server socket that has a SYN and has not answered it is in LISTEN already.
  if (state !== tcb.restState) transition(tcb, tcb.restState);
  service.counters.connectionsClosed++;
  if (tcb.server !== null && state === TCP_SYN_RECEIVED) tcb.server.settled(tcb);
  const wasOpen = state >= TCP_ESTABLISHED;
  let events = wasOpen ? EVENT_DISCONNECT_COMPLETE : 0;
  if (!tcb.ended) {
    if (wasOpen) service.counters.disconnections++;
    if (cause !== CAUSE_ORDERLY && cause !== CAUSE_ABORTED) service.counters.connectionsDropped++;
    tcb.ended = true;
    events |= EVENT_CLOSED;
    if (state === TCP_ESTABLISHED && cause !== CAUSE_ABORTED) events |= EVENT_DISCONNECT;
  }
  raise(tcb, events);
  if (tcb.deleteWhenClosed && tcb.state === TCP_CLOSED) service.forget(tcb);
}

/** Both FINs are acknowledged and ours went first: TIMED_WAIT. The application is told that the connection is over. */
export function enterTimeWait(tcb: ControlBlock): void {
  disarmAll(tcb);
  tcb.transmit.clear();
  flushReassembly(tcb);
  if (tcb.cause === CAUSE_NONE) tcb.cause = CAUSE_ORDERLY;
  transition(tcb, TCP_TIMED_WAIT);
  armTimeWait(tcb, tcb.profile.timeWait);
  const { waiting } = tcb.service;
  waiting.add(tcb);
  const { maximumTimeWait } = tcb.profile;
  if (maximumTimeWait > 0 && waiting.size > maximumTimeWait) endOldestWait(tcb.service);
  let events = EVENT_DISCONNECT | EVENT_TIMED_WAIT;
  if (!tcb.ended) {
    tcb.service.counters.disconnections++;
    tcb.ended = true;
    events |= EVENT_CLOSED;
  }
  raise(tcb, events);
}

/** The connection that has been in TIMED_WAIT longest ends before its time. False when there is none. */
export function endOldestWait(service: TcpService): boolean {
  for (const oldest of service.waiting) {
    service.counters.timeWaitsCut++;
    endConnection(oldest, CAUSE_ORDERLY);
    return true;
  }
  return false;
}

/** Releases what the application has not taken. */
export function flushReceiveQueue(tcb: ControlBlock): void {
  let packet = tcb.receiveHead;
  while (packet !== null) {
    const next: Packet | null = packet.queueNext;
    packet.queueNext = null;
    packet.release();
    packet = next;
  }
  tcb.receiveHead = null;
  tcb.receiveTail = null;
  tcb.receivePackets = 0;
  tcb.receiveArrivals = 0;
  tcb.rcvQueued = 0;
}

/**
 * Puts a control block back to what a new connection starts from; options of the application stay, and in `iss` how far the
 * sequence numbers of the last connection went.
 */
export function resetForConnection(tcb: ControlBlock): void {
  flushReceiveQueue(tcb);
  flushReassembly(tcb);
  forgetSackBlocks(tcb);
  tcb.transmit.clear();
  tcb.cause = CAUSE_NONE;
  tcb.ended = false;
  tcb.acceptPending = false;
  if (tcb.sndNxt !== 0) tcb.iss = tcb.sndNxt;
  tcb.sndUna = 0;
  tcb.sndNxt = 0;
  tcb.sndWnd = 0;
  tcb.sndMaxWnd = 0;
  tcb.sndWl1 = 0;
  tcb.sndWl2 = 0;
  tcb.sndUrgent = false;
  tcb.sndScale = 0;
  tcb.rcvScale = 0;
  tcb.irs = 0;
  tcb.rcvNxt = 0;
  tcb.rcvAdv = 0;
  tcb.rcvUrgent = false;
  tcb.scaling = false;
  tcb.timestamps = false;
  tcb.sackPermitted = false;
  tcb.tsRecent = 0;
  tcb.tsRecentAt = NEVER;
  tcb.ecn = false;
  tcb.ecnEcho = false;
  tcb.reductionToTell = false;
  tcb.reductionEnd = 0;
  tcb.reducing = false;
  tcb.cwnd = 0;
  tcb.ssthresh = 0;
  tcb.duplicateAcks = 0;
  tcb.lastAdvance = 0;
  tcb.inRecovery = false;
  tcb.lostOut = 0;
  tcb.sackedOut = 0;
  tcb.ackedInAvoidance = 0;
  tcb.loss.reset(tcb.profile.lossPolicies.duplicateThreshold);
  tcb.cwndLimited = false;
  tcb.mostInFlight = 0;
  tcb.usageEnd = 0;
  tcb.lastSentAt = NEVER;
  tcb.rto.reset();
  tcb.finQueued = false;
  tcb.finSent = false;
  tcb.finLost = false;
  tcb.sendRefused = false;
  tcb.finSeen = false;
  tcb.ackNow = false;
  tcb.unackedSegments = 0;
  tcb.unackedBytes = 0;
  tcb.quickAcks = 0;
  tcb.rcvMss = 0;
  tcb.retries = 0;
  tcb.probes = 0;
  tcb.staleOctet = -1;
  tcb.awaited = null;
  tcb.keepaliveProbes = 0;
  tcb.synTransmissions = 0;
  tcb.synLost = false;
  tcb.softError = 0;
  tcb.troubleSince = NEVER;
  tcb.receiverGone = false;
}
