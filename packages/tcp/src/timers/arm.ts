import { NEVER } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { expiry } from './grid.ts';

/** The earliest of a connection's deadlines. */
export function earliestDeadline(tcb: ControlBlock): number {
  let earliest = tcb.retransmitDeadline;
  if (tcb.delayedAckDeadline < earliest) earliest = tcb.delayedAckDeadline;
  if (tcb.persistDeadline < earliest) earliest = tcb.persistDeadline;
  if (tcb.keepaliveDeadline < earliest) earliest = tcb.keepaliveDeadline;
  if (tcb.timeWaitDeadline < earliest) earliest = tcb.timeWaitDeadline;
  const { loss } = tcb;
  if (loss.reorderDeadline < earliest) earliest = loss.reorderDeadline;
  if (loss.probeDeadline < earliest) earliest = loss.probeDeadline;
  return earliest;
}

/**
 * Tells the scheduler when a deadline has come nearer. One that has moved away is left where it is: the wake-up finds
 * nothing to do and asks again.
 */
export function rearm(tcb: ControlBlock): void {
  const earliest = earliestDeadline(tcb);
  if (earliest === NEVER) {
    if (tcb.armedAt === NEVER) return;
    tcb.armedAt = NEVER;
    // The constant, not the variable: a computed double that is passed on may cost an allocation.
    if (tcb.alarm !== null) tcb.alarm.set(NEVER);
  } else if (earliest < tcb.armedAt) {
    tcb.armedAt = earliest;
    if (tcb.alarm !== null) tcb.alarm.set(earliest);
  }
}

/** Starts the retransmission timer unless it runs. */
export function armRetransmit(tcb: ControlBlock): void {
  if (tcb.retransmitDeadline === NEVER) restartRetransmit(tcb);
}

/** Starts the retransmission timer from now (RFC 6298 5.3). */
export function restartRetransmit(tcb: ControlBlock): void {
  const service = tcb.service;
  const timeout = tcb.rto.timeout(tcb.retries);
  tcb.retransmitDeadline = expiry(tcb.time.now, timeout, tcb.profile.fastTimer, service.phase);
  if (tcb.userTimeout !== NEVER) {
    const limit = userDeadline(tcb);
    if (limit < tcb.retransmitDeadline) tcb.retransmitDeadline = Math.max(limit, tcb.time.now);
  }
  if (tcb.retransmitDeadline < tcb.armedAt) rearm(tcb);
}

/**
 * When the user timeout ends the connection (RFC 5482, RFC 9293 3.9.1.1): counted from the first sending of the oldest data
 * that is not acknowledged, or from when a closed window was first probed.
 */
export function userDeadline(tcb: ControlBlock): number {
  if (tcb.troubleSince === NEVER) {
    const queue = tcb.transmit;
    const since = queue.hasSent ? queue.at(queue.head).sentAt : tcb.time.now;
    if (tcb.retries === 0 && tcb.probes === 0) return since + tcb.userTimeout;
    tcb.troubleSince = since;
  }
  return tcb.troubleSince + tcb.userTimeout;
}

/** Starts the zero-window probe timer unless it runs. */
export function armPersist(tcb: ControlBlock): void {
  if (tcb.persistDeadline !== NEVER) return;
  const interval = tcb.rto.probeInterval(tcb.probes);
  tcb.persistDeadline = expiry(tcb.time.now, interval, tcb.profile.fastTimer, tcb.service.phase);
  if (tcb.userTimeout !== NEVER && tcb.troubleSince !== NEVER) {
    const limit = userDeadline(tcb);
    if (limit < tcb.persistDeadline) tcb.persistDeadline = Math.max(limit, tcb.time.now);
  }
  rearm(tcb);
}

/** Starts the delayed-ACK timer unless it runs. */
export function delayAcknowledgment(tcb: ControlBlock): void {
  if (tcb.delayedAckDeadline !== NEVER) return;
  const { acks, fastTimer } = tcb.profile;
  tcb.delayedAckDeadline = expiry(tcb.time.now, acks.delay, fastTimer, tcb.service.phase);
  rearm(tcb);
}

/** Everything received so far has been acknowledged by a segment that went out. */
export function acknowledgmentSent(tcb: ControlBlock): void {
  tcb.ackNow = false;
  tcb.unackedSegments = 0;
  tcb.unackedBytes = 0;
  tcb.delayedAckDeadline = NEVER;
  tcb.lastAckSent = tcb.rcvNxt;
}

/** Starts the keepalive timer for a connection that has been idle since `lastReceivedAt`. */
export function armKeepalive(tcb: ControlBlock, from: number, interval: number): void {
  tcb.keepaliveDeadline = expiry(from, interval, tcb.profile.slowTimer, tcb.service.phase);
  rearm(tcb);
}

/**
 * Starts the end of FIN_WAIT_2 after the application has gone. A profile that leaves it to the application to lose patience
 * (NetX: the wait of the disconnect) cannot do so for sockets that nobody holds: they wait as long as in TIMED_WAIT.
 */
export function armFinWait2(tcb: ControlBlock): void {
  const { finWait2 } = tcb;
  armTimeWait(tcb, finWait2 === NEVER && tcb.deleteWhenClosed ? tcb.profile.timeWait : finWait2);
}

/** Starts TIMED_WAIT, or the end of FIN_WAIT_2. */
export function armTimeWait(tcb: ControlBlock, interval: number): void {
  tcb.timeWaitDeadline =
    interval === NEVER ? NEVER : expiry(tcb.time.now, interval, tcb.profile.fastTimer, tcb.service.phase);
  rearm(tcb);
}

/** Stops everything. */
export function disarmAll(tcb: ControlBlock): void {
  tcb.retransmitDeadline = NEVER;
  tcb.persistDeadline = NEVER;
  tcb.delayedAckDeadline = NEVER;
  tcb.keepaliveDeadline = NEVER;
  tcb.timeWaitDeadline = NEVER;
  tcb.loss.reorderDeadline = NEVER;
  tcb.loss.probeDeadline = NEVER;
  rearm(tcb);
}
