import { DROP_TCP_ACKNOWLEDGMENT, NEVER, TRACE_TCP_CONGESTION } from '@strata/contracts';
import { TCP_ECE, type TcpHeader } from '@strata/wire';
import { noteEcho } from '../congestion/ecn.ts';
import type { ControlBlock } from '../control-block.ts';
import { MARK_FIN, MARK_LOST, MARK_SACKED } from '../send/marks.ts';
import { flightSize, tellWhenSendable } from '../send/output.ts';
import { dropFirst } from '../send/segmentation.ts';
import { rearm, restartRetransmit } from '../timers/arm.ts';
import { measure } from '../timers/round-trip.ts';
import { echoedRoundTrip, noteTimestamp } from '../timestamps.ts';
import { answerStray } from './stray-answers.ts';

/**
 * RFC 9293 3.10.7.4, fifth, for synchronized states: takes what the segment acknowledges off the transmit queue, feeds
 * recovery and congestion control, updates the peer's window. False when the segment must be dropped.
 */
export function acceptAcknowledgment(tcb: ControlBlock, segment: TcpHeader): boolean {
  const ack = segment.acknowledgment;
  const ahead = (ack - tcb.sndUna) | 0;
  if (((ack - tcb.sndNxt) | 0) > 0 && !acknowledgesProbe(tcb, ack)) {
    tcb.service.drop(DROP_TCP_ACKNOWLEDGMENT, tcb, segment.sequence);
    answerStray(tcb, segment);
    return false;
  }
  if (tcb.timestamps && ahead >= 0) noteTimestamp(tcb, segment);
  const { recovery } = tcb;
  if (ahead >= 0) recovery.arrived(tcb, segment);
  if (ahead > 0) {
    newAcknowledgment(tcb, segment, ack, ahead);
    return true;
  }
  if (ahead === 0) {
    if (tcb.ecn && segment.flags & TCP_ECE) noteEcho(tcb, 0);
    if (recovery.isDuplicate(tcb, segment)) {
      tcb.duplicateAcks++;
      tcb.duplicateAcksReceived++;
      updateWindow(tcb, segment);
      recovery.duplicateAck(tcb, segment);
      recovery.settled(tcb, segment, 0);
      tellWhenSendable(tcb);
      return true;
    }
    updateWindow(tcb, segment);
    recovery.settled(tcb, segment, 0);
    return true;
  }
  if (tcb.profile.defence.acknowledgmentTooOld(tcb, ack)) return false;
  if (tcb.timestamps) noteTimestamp(tcb, segment);
  if (segment.sackCount > 0) {
    recovery.arrived(tcb, segment);
    recovery.settled(tcb, segment, -1);
  }
  return true;
}

/** An acknowledgment beyond SND.UNA. */
function newAcknowledgment(tcb: ControlBlock, segment: TcpHeader, ack: number, acked: number): void {
  const recovering = tcb.inRecovery;
  const { flow } = tcb;
  // RFC 4861 7.3.1: what we send arrives, so the neighbor it goes by is there.
  if (flow !== null && flow.family === 6) tcb.service.network.confirm?.(flow);
  tcb.sndUna = ack;
  const freed = takeAcknowledged(tcb, segment, ack);
  if (((tcb.sndNxt - ack) | 0) < 0) tcb.sndNxt = ack;
  if (tcb.sndUrgent && ((tcb.sndUp - ack) | 0) <= 0) tcb.sndUrgent = false;
  if (freed || !tcb.transmit.hasSent) {
    tcb.retries = 0;
    tcb.troubleSince = NEVER;
    tcb.softError = 0;
  }
  if (tcb.ecn && segment.flags & TCP_ECE) noteEcho(tcb, acked);
  tcb.recovery.newAck(tcb, acked, segment);
  tcb.duplicateAcks = 0;
  // An old segment's window does not count; the edge that the last one gave stays where it was.
  if (!updateWindow(tcb, segment)) tcb.sndWnd = Math.max(tcb.sndWnd - acked, 0);
  if (tcb.sndNxt === ack) {
    if (tcb.sendRefused && tcb.sndWnd === 0 && tcb.profile.probeOnTransmitTimer) {
      tcb.persistDeadline = tcb.retransmitDeadline;
    }
    tcb.retransmitDeadline = NEVER;
    rearm(tcb);
  } else if (!recovering || freed) restartRetransmit(tcb);
  tcb.recovery.settled(tcb, segment, acked);
  const tracer = tcb.service.tracer;
  if (tracer !== null) {
    tracer.event(TRACE_TCP_CONGESTION, tcb.cwnd, tcb.ssthresh, flightSize(tcb), tcb.sndWnd, tcb.service.current);
  }
  tellWhenSendable(tcb);
}

/**
 * Releases the packets below `ack` and measures a round trip: on the oldest when all were sent once (Karn), otherwise by the
 * timestamp's echo where there is one. True when any was freed.
 */
function takeAcknowledged(tcb: ControlBlock, segment: TcpHeader, ack: number): boolean {
  const { recovery, transmit: queue } = tcb;
  const { now } = tcb.time;
  let freed = false;
  let measurable = tcb.rto.measures;
  let rtt = -1;
  while (queue.head !== queue.tail) {
    const packet = queue.at(queue.head);
    const rest = (packet.sequence + packet.sequenceLength - ack) | 0;
    if (rest > 0) {
      const taken = packet.sequenceLength - rest;
      if (taken > 0 && !queue.hasSent) {
        dropFirst(tcb, queue.head, taken);
        // A window probe has delivered all of its data; the FIN that was to ride on it goes by itself.
        if (packet.marks & MARK_FIN && rest === 1) queue.shift().release();
      }
      break;
    }
    queue.shift();
    recovery.delivered(tcb, packet);
    if (packet.transmissions !== 1) measurable = false;
    if (measurable && rtt < 0 && (packet.marks & MARK_SACKED) === 0)
      rtt = Math.min(now - packet.sentAt, LONGEST_ROUND_TRIP) | 0;
    if (packet.marks & MARK_LOST) tcb.lostOut -= packet.sequenceLength;
    if (packet.marks & MARK_SACKED) tcb.sackedOut -= packet.sequenceLength;
    packet.release();
    freed = true;
  }
  if (freed && tcb.retries > 0) tcb.rto.keepBackoff(tcb.retries);
  if (freed && tcb.rto.measures) {
    if (!measurable) rtt = -1;
    if (rtt < 0) rtt = tcb.loss.sackRtt;
    if (rtt < 0 && !measurable) rtt = echoedRoundTrip(tcb, segment);
    if (rtt >= 0) measure(tcb, rtt);
  }
  return freed;
}

/** Half an hour. A round trip below it is a small integer and passes through calls without an allocation. */
const LONGEST_ROUND_TRIP = 0x7fffffff;

/** The octet of a window probe is acknowledged although it was never sent in earnest. */
function acknowledgesProbe(tcb: ControlBlock, ack: number): boolean {
  if (tcb.probes === 0 || ack !== tcb.probeEnd) return false;
  return ((tcb.writeSequence - ack) | 0) >= 0 || tcb.staleOctet >= 0;
}

/** RFC 9293 3.10.7.4: a newer segment's window replaces the old one. False when the segment is an older one. */
export function updateWindow(tcb: ControlBlock, segment: TcpHeader): boolean {
  const newer = (segment.sequence - tcb.sndWl1) | 0;
  if (newer < 0 || (newer === 0 && ((segment.acknowledgment - tcb.sndWl2) | 0) < 0)) return false;
  const window = segment.window << tcb.sndScale;
  tcb.sndWl1 = segment.sequence;
  tcb.sndWl2 = segment.acknowledgment;
  if (window === 0) {
    tcb.sndWnd = 0;
    if (tcb.probes > 0) {
      tcb.retries = 0;
      tcb.troubleSince = NEVER;
    }
    return true;
  }
  const grew = window > tcb.sndWnd;
  tcb.sndWnd = window;
  if (window > tcb.sndMaxWnd) tcb.sndMaxWnd = window;
  if (grew) {
    if (tcb.persistDeadline !== NEVER || tcb.probes > 0) {
      tcb.persistDeadline = NEVER;
      tcb.probes = 0;
      tcb.retries = 0;
      // What was on its way when the window closed is most likely lost: it does not wait for the next probe's turn.
      if (tcb.retransmitDeadline !== NEVER) restartRetransmit(tcb);
    }
    tellWhenSendable(tcb);
  }
  return true;
}
