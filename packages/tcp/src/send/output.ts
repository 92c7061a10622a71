import type { Packet } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { settleMss } from '../establish.ts';
import { EVENT_SENDABLE, raise } from '../events.ts';
import { armPersist } from '../timers/arm.ts';
import { sendableOctets, usableWindow } from '../window.ts';
import { repeatFin, sendFin } from './control.ts';
import { MARK_FIN, MARK_LOST, MARK_REPEATED } from './marks.ts';
import { split } from './segmentation.ts';
import { retransmit, transmitNext } from './transmit.ts';

/** Octets sent and not acknowledged. */
export function flightSize(tcb: ControlBlock): number {
  return (tcb.sndNxt - tcb.sndUna) | 0;
}

/** Octets thought to be in the network: RFC 6675's pipe. The first packet's marks also count what is acknowledged of it. */
export function pipe(tcb: ControlBlock): number {
  return Math.max(((tcb.sndNxt - tcb.sndUna) | 0) - tcb.lostOut - tcb.sackedOut, 0);
}

/** Octets that congestion control and the peer's window let go now. Negative when the window has shrunk. */
export function sendRoom(tcb: ControlBlock): number {
  const byWindow = usableWindow(tcb.sndUna, tcb.sndNxt, tcb.sndWnd);
  const byCongestion = tcb.cwnd + tcb.recovery.extraAllowance(tcb) - pipe(tcb);
  return Math.min(byWindow, byCongestion);
}

/** Sends whatever may go now: lost packets first, then new data, then the FIN. Starts the probe timer when nothing may. */
export function output(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  const { flow, sndNxt } = tcb;
  if (flow !== null && flow.mtu !== tcb.pathMtu) settleMss(tcb);
  if ((tcb.lostOut > 0 || tcb.finLost) && !tcb.loss.holdRepeats) retransmitLost(tcb);
  if (tcb.sndNxt === tcb.sndUna && queue.hasUnsent && pausedTooLong(tcb)) tcb.congestion.restartAfterIdle(tcb);
  while (queue.hasUnsent && mayPassLost(tcb)) {
    if (!outputNext(tcb, false)) break;
  }
  if (tcb.finQueued && !tcb.finSent && !queue.hasUnsent) {
    tcb.finSent = true;
    tcb.sndNxt = (tcb.finSequence + 1) | 0;
    sendFin(tcb);
  }
  if (tcb.inRecovery && tcb.sackPermitted) tcb.profile.lossPolicies.detection.fillRecovery(tcb);
  if (tcb.sndNxt !== sndNxt) tcb.recovery.sentNew(tcb);
  if (tcb.sndNxt === tcb.sndUna && (queue.hasUnsent || tcb.sndWnd === 0) && waitsForWindow(tcb)) armPersist(tcb);
}

/** New data waits for what was lost (RFC 6675 4, NextSeg rule 1), unless repeats are held back on purpose. */
function mayPassLost(tcb: ControlBlock): boolean {
  return tcb.lostOut === 0 || tcb.loss.holdRepeats;
}

/** Sends new data without regard to Nagle and silly windows, as far as both windows allow. */
export function outputUrgently(tcb: ControlBlock): void {
  while (tcb.transmit.hasUnsent) {
    if (!outputNext(tcb, true)) break;
  }
}

/** Sends one new segment whatever the congestion window says, if the peer's takes it. */
export function outputPastCongestion(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  if (!queue.hasUnsent) return;
  const position = queue.unsent;
  const packet = queue.at(position);
  const payload = packet.marks & MARK_FIN ? packet.sequenceLength - 1 : packet.sequenceLength;
  const octets = Math.min(payload, usableWindow(tcb.sndUna, tcb.sndNxt, tcb.sndWnd), tcb.mss);
  if (octets > 0 && (octets === payload || split(tcb, position, octets))) transmitNext(tcb);
}

/** Nothing was sent for longer than a retransmission timeout, and the profile minds (RFC 5681 4.1). */
function pausedTooLong(tcb: ControlBlock): boolean {
  return tcb.profile.slowStartAfterIdle && tcb.time.now - tcb.lastSentAt > tcb.rto.timeout(0);
}

/** There is data to send, here or in the application's hands, or the application wants to hear of packets to fill. */
export function waitsForWindow(tcb: ControlBlock): boolean {
  return tcb.transmit.hasUnsent || (tcb.sendRefused && !tcb.finQueued);
}

/** Sends the first unsent packet, or the part of it that may go. False when it must wait. `force` overrides avoidance. */
export function outputNext(tcb: ControlBlock, force: boolean): boolean {
  const queue = tcb.transmit;
  const position = queue.unsent;
  const packet = queue.at(position);
  const payload = packet.marks & MARK_FIN ? packet.sequenceLength - 1 : packet.sequenceLength;
  const byWindow = usableWindow(tcb.sndUna, tcb.sndNxt, tcb.sndWnd);
  const byCongestion = tcb.cwnd + tcb.recovery.extraAllowance(tcb) - pipe(tcb);
  let octets: number;
  if (force) {
    octets = Math.min(payload, byWindow, byCongestion, tcb.mss);
  } else {
    const unhurried = !(tcb.noDelay || tcb.finQueued || nothingToWaitFor(tcb));
    const isLast = ((position + 1) | 0) === queue.tail;
    octets = sendableOctets(payload, isLast, byWindow, byCongestion, tcb.mss, tcb.sndMaxWnd, unhurried);
  }
  if (octets <= 0 || (octets < payload && !split(tcb, position, octets))) return false;
  transmitNext(tcb);
  return true;
}

/** True when Nagle lets a small segment go (RFC 9293 3.7.4). */
function nothingToWaitFor(tcb: ControlBlock): boolean {
  if (tcb.profile.nagleForgivesFull) return ((tcb.sndSmall - tcb.sndUna) | 0) <= 0;
  return tcb.sndNxt === tcb.sndUna;
}

/** Sends packets that are marked lost, oldest first, as far as the congestion window allows; then a lost FIN. */
function retransmitLost(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  const allowed = tcb.cwnd + tcb.recovery.extraAllowance(tcb);
  let position = tcb.retransmitCursor;
  if (((position - queue.head) | 0) < 0) position = queue.head;
  while (position !== queue.unsent && tcb.lostOut > 0) {
    const packet = queue.at(position);
    if (packet.marks & MARK_LOST) {
      if (position !== queue.head && isBeyondWindow(tcb, packet)) break;
      const inFlight = pipe(tcb);
      if (inFlight > 0 && inFlight + packet.sequenceLength > allowed) break;
      if (!retransmit(tcb, packet)) break;
    }
    position = (position + 1) | 0;
  }
  tcb.retransmitCursor = position;
  if (tcb.finLost && tcb.lostOut === 0) repeatFin(tcb);
}

/** RFC 9293 3.8.6: of a window that has shrunk, what lies beyond it now can wait; the first packet asks for it to open. */
function isBeyondWindow(tcb: ControlBlock, packet: Packet): boolean {
  return ((packet.sequence + packet.sequenceLength - tcb.sndUna - tcb.sndWnd) | 0) > 0;
}

/** Sends the oldest lost packet again whatever the congestion window says (RFC 6675 5 step 4.3). */
export function retransmitFirstLost(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    const packet = queue.at(position);
    if ((packet.marks & MARK_LOST) === 0) continue;
    retransmit(tcb, packet);
    return;
  }
}

/** Marks every packet on the network lost (RFC 6298 5.4 and RFC 5681 3.1), so that `output` sends them again in order. */
export function markAllLost(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  tcb.lostOut = 0;
  tcb.sackedOut = 0;
  for (let position = queue.head; position !== queue.unsent; position = (position + 1) | 0) {
    const packet = queue.at(position);
    packet.marks = (packet.marks & ~MARK_REPEATED) | MARK_LOST;
    tcb.lostOut += packet.sequenceLength;
  }
  tcb.retransmitCursor = queue.head;
  tcb.finLost = tcb.finSent && tcb.finSequence === ((tcb.sndNxt - 1) | 0) && !finRides(tcb);
}

/** Sends the oldest unacknowledged packet again, or the FIN when only that is outstanding. */
export function retransmitHead(tcb: ControlBlock): void {
  const queue = tcb.transmit;
  if (queue.hasSent) retransmit(tcb, queue.at(queue.head));
  else if (tcb.finSent) repeatFin(tcb);
}

/** The application's direction ends here: FIN on the last unsent packet, or by itself behind everything. */
export function queueFin(tcb: ControlBlock): void {
  if (tcb.finQueued) return;
  tcb.finQueued = true;
  tcb.finSequence = tcb.writeSequence;
  const queue = tcb.transmit;
  if (tcb.profile.finOnData && queue.hasUnsent) {
    const position = (queue.tail - 1) | 0;
    const last = queue.at(position);
    last.marks |= MARK_FIN;
    last.sequenceLength++;
    queue.resized(position, 1);
  }
  tcb.writeSequence = (tcb.writeSequence + 1) | 0;
  output(tcb);
}

/** True when the FIN is on a packet of the queue. */
export function finRides(tcb: ControlBlock): boolean {
  const queue = tcb.transmit;
  return queue.count > 0 && (queue.at((queue.tail - 1) | 0).marks & MARK_FIN) !== 0;
}

/** A refused sender can go on: says so. */
export function tellWhenSendable(tcb: ControlBlock): void {
  if (tcb.sendRefused && tcb.profile.sending.hasRoom(tcb)) {
    tcb.sendRefused = false;
    raise(tcb, EVENT_SENDABLE);
  }
}
