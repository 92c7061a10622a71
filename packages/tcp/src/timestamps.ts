import { DROP_TCP_TIMESTAMP, type IpAddress, MILLISECOND, SECOND } from '@strata/contracts';
import { TCP_RST, TCP_SYN, type TcpHeader } from '@strata/wire';
import type { ControlBlock } from './control-block.ts';
import { halfSipHash } from './keyed-hash.ts';
import { answerStray } from './receive/stray-answers.ts';
import type { TcpService } from './service.ts';

/** Timestamps (RFC 7323 3 to 5): the clock, what is echoed, protection against old duplicates, round trips. */

/** RFC 7323 5.5: a timestamp that has not been renewed for so long cannot be compared any more. */
const STALE_AFTER = 24 * 24 * 3600 * SECOND;

/** The clock itself, in milliseconds. */
export function timestampClock(service: TcpService): number {
  return Math.floor(service.time.now / MILLISECOND) | 0;
}

/** The timestamp clock of a connection: milliseconds plus an offset that nobody outside knows (RFC 7323 5.4 and 7.1). */
export function timestampNow(tcb: ControlBlock): number {
  return timestampAt(tcb, tcb.time.now);
}

/** What that clock showed at `time`. */
export function timestampAt(tcb: ControlBlock, time: number): number {
  return (Math.floor(time / MILLISECOND) + tcb.tsOffset) | 0;
}

/**
 * Where the clock starts for a pair of hosts: a keyed hash, the same for all their connections, so that a new one on the
 * ports of an old one has later timestamps (RFC 6191 2, RFC 7323 7.1).
 */
export function timestampOffset(service: TcpService, local: IpAddress, remote: IpAddress): number {
  const words = hashed;
  words[0] = local.w0;
  words[1] = local.w1;
  words[2] = local.w2;
  words[3] = local.w3;
  words[4] = remote.w0;
  words[5] = remote.w1;
  words[6] = remote.w2;
  words[7] = remote.w3;
  return halfSipHash(service.secret0, service.secret1, words);
}

const hashed = new Int32Array(8);

/** The peer's SYN or SYN-ACK has the option: its timestamp is the first to be echoed. */
export function firstTimestamp(tcb: ControlBlock, segment: TcpHeader): void {
  tcb.tsRecent = segment.timestampValue;
  tcb.tsRecentAt = tcb.time.now;
  tcb.lastAckSent = tcb.rcvNxt;
}

/**
 * RFC 7323 5.3 R1, before all other checks: an older timestamp than one that was seen marks an old duplicate, which is
 * acknowledged and dropped; a reset never is one. A segment without the option is dropped silently where the profile asks
 * for it (3.2). False when the segment is done with.
 */
export function passesTimestamps(tcb: ControlBlock, segment: TcpHeader): boolean {
  if (segment.flags & TCP_RST) return true;
  if (!segment.hasTimestamps) {
    if (!tcb.profile.requireTimestamps || segment.flags & TCP_SYN) return true;
    tcb.service.drop(DROP_TCP_TIMESTAMP, tcb, segment.sequence);
    return false;
  }
  if (((segment.timestampValue - tcb.tsRecent) | 0) >= 0) return true;
  if (tcb.time.now - tcb.tsRecentAt > STALE_AFTER) {
    tcb.tsRecent = segment.timestampValue;
    return true;
  }
  tcb.service.drop(DROP_TCP_TIMESTAMP, tcb, segment.sequence);
  tcb.pawsRejected++;
  answerStray(tcb, segment);
  return false;
}

/** RFC 7323 4.3 (2): notes the timestamp of a segment that reaches back to the last acknowledgment sent or before it. */
export function noteTimestamp(tcb: ControlBlock, segment: TcpHeader): void {
  if (
    segment.hasTimestamps &&
    ((segment.sequence - tcb.lastAckSent) | 0) <= 0 &&
    ((segment.timestampValue - tcb.tsRecent) | 0) >= 0
  ) {
    tcb.tsRecent = segment.timestampValue;
    tcb.tsRecentAt = tcb.time.now;
  }
}

/**
 * The round trip that an acknowledgment's echo shows, in microseconds, or -1. It serves where the acknowledged segment was
 * sent more than once and its own times cannot tell which sending was acknowledged (RFC 7323 4.1); a segment that was sent
 * once is measured by its own time, which is finer.
 */
export function echoedRoundTrip(tcb: ControlBlock, segment: TcpHeader): number {
  if (!tcb.timestamps || !segment.hasTimestamps || segment.timestampEcho === 0) return -1;
  const elapsed = (timestampNow(tcb) - segment.timestampEcho) | 0;
  return elapsed >= 0 && elapsed < LONGEST_ECHO ? Math.max(elapsed, 1) * MILLISECOND : -1;
}

/** Milliseconds, below half an hour, so that microseconds stay a small integer. */
const LONGEST_ECHO = 1_000_000;
