import {
  ERROR_NO_ANSWER,
  NEVER,
  NX_TCP_PACKET,
  TRACE_TCP_GAVE_UP,
  TRACE_TCP_KEEPALIVE,
  TRACE_TCP_RETRANSMIT_TIMEOUT,
  TRACE_TCP_WINDOW_PROBE,
} from '@strata/contracts';
import { TCP_ACK } from '@strata/wire';
import { type ControlBlock, ORIGIN_PASSIVE } from '../control-block.ts';
import { EVENT_TROUBLE, raise } from '../events.ts';
import { reorderingTimedOut } from '../recovery/sack-recovery.ts';
import { probeTail } from '../recovery/tail-loss-probe.ts';
import { sendAcknowledgment, sendControl, sendReset, sendSyn, sendSynAck } from '../send/control.ts';
import { output, outputNext, tellWhenSendable, waitsForWindow } from '../send/output.ts';
import { sendOctet, sendProbeOctet } from '../send/probe.ts';
import {
  CAUSE_KEEPALIVE,
  CAUSE_ORDERLY,
  CAUSE_TIMED_OUT,
  isSynchronized,
  TCP_FIN_WAIT_2,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
} from '../states.ts';
import { endConnection } from '../teardown.ts';
import { armKeepalive, armPersist, armRetransmit, rearm, userDeadline } from './arm.ts';
import { expiry } from './grid.ts';

/** Does everything that is due for a connection. Each deadline is off before its handler runs, which may set it again. */
export function runTimeouts(tcb: ControlBlock, now: number): void {
  if (tcb.delayedAckDeadline <= now) {
    tcb.delayedAckDeadline = NEVER;
    if (tcb.state >= TCP_SYN_RECEIVED) sendAcknowledgment(tcb);
  }
  const { loss } = tcb;
  if (loss.reorderDeadline <= now) {
    loss.reorderDeadline = NEVER;
    reorderingTimedOut(tcb);
  }
  if (loss.probeDeadline <= now) {
    loss.probeDeadline = NEVER;
    probeTail(tcb);
  }
  if (tcb.retransmitDeadline <= now) {
    tcb.retransmitDeadline = NEVER;
    retransmitTimeout(tcb, now);
  }
  if (tcb.persistDeadline <= now) {
    tcb.persistDeadline = NEVER;
    persistTimeout(tcb, now);
  }
  if (tcb.keepaliveDeadline <= now) {
    tcb.keepaliveDeadline = NEVER;
    keepaliveTimeout(tcb, now);
  }
  if (tcb.timeWaitDeadline <= now) {
    tcb.timeWaitDeadline = NEVER;
    endConnection(tcb, tcb.state === TCP_FIN_WAIT_2 ? CAUSE_TIMED_OUT : CAUSE_ORDERLY);
  }
}

/** The retransmission timer expired: SYN, SYN-ACK, data or FIN goes again, or the connection is given up. */
function retransmitTimeout(tcb: ControlBlock, now: number): void {
  if (isExhausted(tcb, now)) {
    giveUp(tcb, CAUSE_TIMED_OUT);
    return;
  }
  const { service } = tcb;
  const timeout = tcb.rto.timeout(tcb.retries);
  tcb.retries++;
  if (tcb.retries === tcb.profile.doubtAfter) doubt(tcb);
  service.counters.retransmitTimeouts++;
  if (service.tracer !== null) {
    const head = tcb.transmit.hasSent ? tcb.transmit.at(tcb.transmit.head) : null;
    service.tracer.event(TRACE_TCP_RETRANSMIT_TIMEOUT, tcb.sndUna, tcb.retries, timeout, tcb.cwnd, head);
  }
  if (tcb.state === TCP_SYN_SENT) {
    sendSyn(tcb);
    return;
  }
  if (tcb.state === TCP_SYN_RECEIVED) {
    sendSynAck(tcb);
    return;
  }
  if (tcb.sndWnd === 0 && tcb.transmit.hasSent) {
    if (isForsaken(tcb, now)) {
      forsake(tcb);
      return;
    }
    const interval = tcb.rto.probeInterval(tcb.probes + 1);
    probe(tcb, interval);
    tcb.retransmitDeadline = expiry(now, interval, tcb.profile.fastTimer, service.phase);
    rearm(tcb);
  } else {
    tcb.recovery.timedOut(tcb);
    output(tcb);
  }
  if (tcb.sndNxt !== tcb.sndUna) armRetransmit(tcb);
}

/** A closed (or silly) window has lasted long enough: probe it, or send what avoidance held back. */
function persistTimeout(tcb: ControlBlock, now: number): void {
  if (!isSynchronized(tcb.state) || !waitsForWindow(tcb)) return;
  if (tcb.sndWnd > 0) {
    if (tcb.transmit.hasUnsent) outputNext(tcb, true);
    output(tcb);
    tellWhenSendable(tcb);
    return;
  }
  if (isExhausted(tcb, now)) {
    giveUp(tcb, CAUSE_TIMED_OUT);
    return;
  }
  if (isForsaken(tcb, now)) {
    forsake(tcb);
    return;
  }
  tcb.retries++;
  probe(tcb, tcb.rto.probeInterval(tcb.probes + 1));
  armPersist(tcb);
}

/**
 * RFC 9293 3.8.6.1: one octet beyond the window asks the peer for its window; or a segment without data from before it, when
 * there is nothing to send or the profile has it so.
 */
function probe(tcb: ControlBlock, next: number): void {
  const { service } = tcb;
  if (tcb.probes === 0) tcb.probingSince = tcb.time.now;
  tcb.probes++;
  tcb.zeroWindowProbes++;
  service.counters.zeroWindowProbes++;
  const withData = tcb.profile.probeWithData && tcb.transmit.count > 0;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_WINDOW_PROBE, tcb.sndUna, tcb.probes, withData ? 1 : 0, next, null);
  }
  if (withData) sendProbeOctet(tcb, tcb.transmit.at(tcb.transmit.head), NX_TCP_PACKET);
  else if (tcb.staleOctet >= 0) sendOctet(tcb, tcb.staleOctet, tcb.sndNxt, NX_TCP_PACKET);
  else sendControl(tcb, (tcb.sndUna - 1) | 0, TCP_ACK);
}

/** RFC 9293 3.8.4. A timer that finds the connection busy since it was set starts again from then. */
function keepaliveTimeout(tcb: ControlBlock, now: number): void {
  if (!tcb.keepalive || !isSynchronized(tcb.state)) return;
  if (tcb.keepaliveProbes === 0) {
    if (tcb.lastReceivedAt !== NEVER && now - tcb.lastReceivedAt < tcb.keepaliveIdle) {
      const before = tcb.keepaliveDeadline;
      armKeepalive(tcb, tcb.lastReceivedAt, tcb.keepaliveIdle);
      if (tcb.keepaliveDeadline > now) return;
      tcb.keepaliveDeadline = before;
    }
    if (tcb.sndNxt !== tcb.sndUna || tcb.transmit.count > 0) {
      armKeepalive(tcb, now, tcb.keepaliveIdle);
      return;
    }
  } else if (isSilent(tcb, now)) {
    if (tcb.profile.resetAfterKeepalive) sendReset(tcb);
    giveUp(tcb, CAUSE_KEEPALIVE);
    return;
  }
  tcb.keepaliveProbes++;
  const { service } = tcb;
  service.counters.keepaliveProbes++;
  if (service.tracer !== null) {
    service.tracer.event(
      TRACE_TCP_KEEPALIVE,
      (tcb.sndNxt - 1) | 0,
      tcb.keepaliveProbes,
      tcb.lastReceivedAt === NEVER ? 0 : now - tcb.lastReceivedAt,
      0,
      null,
    );
  }
  sendControl(tcb, (tcb.sndNxt - 1) | 0, TCP_ACK);
  armKeepalive(tcb, now, tcb.keepaliveInterval);
}

/** Probes have gone unanswered as often, or for as long, as the application bears it (RFC 5482 for the latter). */
function isSilent(tcb: ControlBlock, now: number): boolean {
  if (tcb.userTimeout === NEVER) return tcb.keepaliveProbes >= tcb.keepaliveLimit;
  return tcb.lastReceivedAt !== NEVER && now - tcb.lastReceivedAt >= tcb.userTimeout;
}

/** R1: IP is to look at its next hop again, and the application hears of it (RFC 9293 3.8.3). */
function doubt(tcb: ControlBlock): void {
  tcb.softError = ERROR_NO_ANSWER;
  raise(tcb, EVENT_TROUBLE);
  if (tcb.flow !== null) tcb.service.network.doubt?.(tcb.flow);
}

/** Retransmissions of a SYN, or of the SYN-ACK that answers one. */
function opening({ origin, openingRetries, profile }: ControlBlock): number {
  if (openingRetries >= 0) return openingRetries;
  if (origin !== ORIGIN_PASSIVE) return profile.maximumSynRetries;
  return profile.maximumSynAckRetries ?? profile.maximumSynRetries;
}

/** R2: as many retries as allowed have expired, or the user timeout has (RFC 9293 3.8.3). */
function isExhausted(tcb: ControlBlock, now: number): boolean {
  const synchronized = isSynchronized(tcb.state);
  const limit = synchronized ? tcb.maximumRetries : opening(tcb);
  if (tcb.userTimeout === NEVER) return tcb.retries >= limit;
  if (!synchronized && tcb.retries >= limit) return true;
  return now >= userDeadline(tcb);
}

/**
 * The application has gone and the peer keeps its window closed: whether it has done so for as long as the profile bears it.
 * Answers to probes do not count; a peer could keep the data here with them for ever.
 */
function isForsaken(tcb: ControlBlock, now: number): boolean {
  return tcb.receiverGone && tcb.probes > 0 && now - tcb.probingSince >= tcb.profile.orphanLife;
}

/** Ends what {@link isForsaken} found, with a reset: the peer lives and should know. */
function forsake(tcb: ControlBlock): void {
  sendReset(tcb);
  giveUp(tcb, CAUSE_TIMED_OUT);
}

/** Ends the connection here; nothing is sent, the peer has been silent for too long anyway. */
function giveUp(tcb: ControlBlock, cause: number): void {
  const { service } = tcb;
  service.counters.gaveUp++;
  if (service.tracer !== null) {
    service.tracer.event(TRACE_TCP_GAVE_UP, tcb.localPort, tcb.remotePort, tcb.retries, cause, null);
  }
  endConnection(tcb, cause);
}
