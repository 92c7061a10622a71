import { NEVER, type Packet, SECOND } from '@strata/contracts';
import type { ControlBlock } from '../control-block.ts';
import { timestampAt } from '../timestamps.ts';

/** What the latest delivery tells RACK (RFC 8985 6.2 steps 1 and 2): its round trip, and the packet that was sent last of all. */

/** RFC 8985 5.2: the smallest round trip counts for so long. */
const MINIMUM_LASTS = 300 * SECOND;

/** RFC 8985 6.2 step 1: keeps the smallest round trip of something sent once. */
export function noteRoundTrip(tcb: ControlBlock, rtt: number): void {
  const { loss } = tcb;
  const { now } = tcb.time;
  if (loss.minRtt > 0 && rtt > loss.minRtt && now - loss.minRttAt <= MINIMUM_LASTS) return;
  loss.minRtt = rtt > 0 ? rtt : 1;
  loss.minRttAt = now;
}

/** The same for all that an acknowledgment delivered in order, none of it sent twice. */
export function advanceRackInOrder(tcb: ControlBlock): void {
  const { loss } = tcb;
  if (loss.deliveredSentAt === NEVER) return;
  const rtt = Math.min(tcb.time.now - loss.deliveredSentAt, 0x7fffffff) | 0;
  loss.rackKnown = true;
  loss.rackRtt = rtt;
  noteRoundTrip(tcb, rtt);
}

/** RFC 8985 6.2 steps 1 and 2: a packet was delivered, by the acknowledgment number or a SACK block. */
export function advanceRack(tcb: ControlBlock, packet: Packet): void {
  const { loss } = tcb;
  const { sentAt } = packet;
  const { now } = tcb.time;
  const rtt = Math.min(now - sentAt, 0x7fffffff) | 0;
  if (packet.transmissions > 1) {
    // What was acknowledged is the first sending when the repeat cannot have come back yet.
    if (rtt < loss.minRtt) return;
    if (loss.hasEcho && ((loss.echo - timestampAt(tcb, sentAt)) | 0) < 0) return;
  } else noteRoundTrip(tcb, rtt);
  loss.rackRtt = rtt;
  if (loss.rackKnown && ((packet.sentOrder - loss.rackOrder) | 0) <= 0) return;
  loss.rackKnown = true;
  loss.rackOrder = packet.sentOrder;
}
