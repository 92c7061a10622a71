/** What tshark, which had no part in it, finds in the capture of one combination. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const FIELDS = ['frame.time_relative', 'ip.src', 'tcp.stream', 'tcp.nxtseq', 'tcp.len', 'tcp.ack', 'tcp.flags.syn'];
/** All names that tshark has for "these octets have been on the wire before". */
const AGAIN = ['retransmission', 'fast_retransmission', 'spurious_retransmission', 'out_of_order'].map(
  (name) => `tcp.analysis.${name}`,
);

/** Longest wait that needs no timer: the machine was busy. */
const GRACE = 0.5;

/**
 * Counts our retransmissions, and looks for stalls: a wait for the next acknowledgment of new data that is longer than the
 * retransmission timers of the losses in it explain. Timers double (RFC 6298 5.5), so n transmissions in vain explain
 * (2^(n+1) - 1) timeouts, each of at most `timeout` in the beginning.
 */
export async function analyse(file, { ours, linux, delay }) {
  const arguments_ = ['-r', file, '-Y', 'tcp', '-T', 'fields', '-E', 'separator=|'];
  for (const field of [...FIELDS, ...AGAIN]) arguments_.push('-e', field);
  const { stdout } = await promisify(execFile)('tshark', arguments_, { maxBuffer: 1 << 28 });
  const roundTrip = (2 * delay) / 1000;
  const timeout = 1 + 2 * roundTrip;
  const senders = new Map();
  const stalls = [];
  let retransmitted = 0;
  let theirs = 0;
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const [at, source, stream, next, length, acknowledgment, syn, ...again] = line.split('|');
    const time = Number(at);
    const repeated = again.some((value) => value !== '');
    if (repeated && source === ours) retransmitted++;
    if (repeated && source === linux) theirs++;
    const mine = sender(senders, `${stream} ${source}`);
    if (Number(length) > 0 || syn === '1')
      noteSent(mine, time, Number(next), repeated, syn === '1' ? 3 + 2 * roundTrip : null);
    const other = sender(senders, `${stream} ${source === ours ? linux : ours}`);
    if (Number(acknowledgment) > other.acknowledged) {
      const waited = other.waitingSince === null ? 0 : time - other.waitingSince;
      const limit = (2 ** (Math.min(other.repeated, 10) + 1) - 1) * (other.timeout ?? timeout) + roundTrip + GRACE;
      if (waited > limit) {
        stalls.push(
          `stream ${stream}: ${source === ours ? 'Linux' : 'we'} waited ${waited.toFixed(1)} s after ${other.repeated} retransmissions`,
        );
      }
      other.acknowledged = Number(acknowledgment);
      other.waitingSince = other.acknowledged < other.next ? time : null;
      other.repeated = 0;
    }
  }
  return { retransmitted, theirs, stalls };
}

/** Notes a segment with data or a SYN. `afterSyn`: the timeout that a repeated SYN leaves behind, in seconds (RFC 6298 5.7). */
function noteSent(mine, time, next, repeated, afterSyn) {
  mine.next = Math.max(mine.next, next);
  // A repeat of what is acknowledged already waits for nothing.
  if (mine.waitingSince === null && mine.next > mine.acknowledged) mine.waitingSince = time;
  if (repeated && mine.waitingSince !== null) mine.repeated++;
  if (repeated && afterSyn !== null) mine.timeout = afterSyn;
}

function sender(senders, key) {
  let found = senders.get(key);
  if (found === undefined) {
    found = { next: 0, acknowledged: 0, waitingSince: null, repeated: 0 };
    senders.set(key, found);
  }
  return found;
}
