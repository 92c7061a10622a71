import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';

const SECOND = 1_000_000;
const HALF_SECOND = 500_000;

const NO_COUNT =
  'acknowledgments go by a timer of 100 to 200 ms and by the window that reading opens, not by the number of segments';

/** RFC 9293 3.8.6.3 and 3.10.7.4: acknowledging. */
export const acknowledging: readonly Scenario[] = [
  {
    name: 'an acknowledgment by itself comes, and within half a second',
    covers: ['MUST-40', 'SHLD-18'],
    check(t) {
      const c = t.peer().passive();
      for (let seq = 1; seq <= 31; seq += 10) {
        c.emit('P.', { seq, ack: 1, len: 10 });
        c.silence();
        t.between(c.peer.waitForFrame(SECOND), 1, HALF_SECOND - 1, 'the delay of the acknowledgment');
        c.expect('.', { seq: 1, ack: seq + 10, len: 0 });
      }
    },
  },
  {
    name: 'an acknowledgment that is waiting rides on data',
    covers: ['SHLD-18', 'MUST-58'],
    check(t) {
      const c = t.peer().passive();
      c.emit('P.', { seq: 1, ack: 1, len: 10 });
      c.silence();
      c.send(20);
      c.expect('P.', { seq: 1, ack: 11, len: 20 });
      c.emit('.', { seq: 11, ack: 21 });
      c.silence(SECOND);
    },
  },
  {
    name: 'one acknowledgment covers small segments that came one after the other',
    covers: ['MUST-58'],
    check(t) {
      const c = t.peer().passive();
      for (let i = 0; i < 8; i++) c.emit('P.', { seq: 1 + 10 * i, ack: 1, len: 10 });
      c.peer.advance(HALF_SECOND);
      const answers = c.peer.drain();
      t.between(answers.length, 1, 4, 'acknowledgments of eight segments');
      t.equal(((answers.at(-1)?.tcp?.acknowledgment ?? 0) - c.peerIss) | 0, 81, 'what the last one acknowledges');
    },
  },
  {
    name: 'segments that fill a gap are processed before one acknowledgment answers all of them',
    covers: ['MUST-59', 'SHLD-31'],
    check(t) {
      const c = t.peer().passive();
      c.emit('.', { seq: 101, ack: 1, len: 100 });
      c.expect('.', { ack: 1 });
      c.emit('.', { seq: 201, ack: 1, len: 100 });
      c.expect('.', { ack: 1 });
      c.emit('.', { seq: 1, ack: 1, len: 100 });
      c.expect('.', { ack: 301, within: HALF_SECOND });
      c.silence(SECOND);
      t.equal(c.read().length, 300, 'octets read');
    },
  },
  {
    name: 'the second of two full segments is acknowledged at once',
    covers: ['SHLD-19'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), socket: { windowSize: 65535 } });
      for (let i = 0; i < 6; i += 2) {
        c.emit('.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
        c.silence();
        c.emit('.', { seq: 1001 + 1000 * i, ack: 1, len: 1000 });
        c.expect('.', { ack: 2001 + 1000 * i });
      }
    },
    deviations: {
      netx: {
        reason: NO_COUNT,
        check(t) {
          const c = t.peer().passive({ synOptions: mss(1000), socket: { windowSize: 65535 } });
          for (let i = 0; i < 6; i++) c.emit('.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
          c.silence();
          c.expect('.', { ack: 6001, within: 200_000 });
        },
      },
    },
  },
  {
    name: 'segments out of order are kept, in whatever order they come',
    covers: ['SHLD-31'],
    check(t) {
      const c = t.peer().passive();
      const octets = Uint8Array.from({ length: 500 }, (_, i) => i & 255);
      for (const i of [4, 2, 1, 3]) {
        c.emit('.', { seq: 1 + 100 * i, ack: 1, data: octets.subarray(100 * i, 100 * i + 100) });
        c.expect('.', { ack: 1 });
      }
      c.emit('P.', { seq: 1, ack: 1, data: octets.subarray(0, 100) });
      c.expect('.', { ack: 501, within: HALF_SECOND });
      t.equal(c.read(), [...octets], 'the octets read');
    },
  },
  {
    name: 'a segment out of order is acknowledged at once, with what is missing',
    covers: ['MAY-13'],
    check(t) {
      const c = t.peer().passive();
      c.emit('.', { seq: 11, ack: 1, len: 10 });
      c.expect('.', { seq: 1, ack: 1 });
    },
  },
  {
    name: 'an acknowledgment older than anything in a window is dropped and answered, and its data with it',
    covers: ['MAY-12'],
    check(t) {
      const c = t.peer().passive();
      c.emit('P.', { seq: 1, ack: -70_000, len: 10 });
      c.expect('.', { seq: 1, ack: 1 });
      c.silence(SECOND);
      t.equal(c.read().length, 0, 'octets read');
    },
    deviations: {
      netx: {
        reason: 'an acknowledgment of the past is passed over, and the data taken',
        check(t) {
          const c = t.peer().passive();
          c.emit('P.', { seq: 1, ack: -70_000, len: 10 });
          c.expect('.', { seq: 1, ack: 11, within: HALF_SECOND });
          t.equal(c.read().length, 10, 'octets read');
        },
      },
    },
  },
  {
    name: 'data is handed to the application whether it was pushed or not',
    covers: ['MAY-17'],
    check(t) {
      const c = t.peer().passive();
      c.emit('.', { seq: 1, ack: 1, len: 10 });
      t.equal(c.read().length, 10, 'octets read without a PSH');
      c.emit('P.', { seq: 11, ack: 1, len: 10 });
      t.equal(c.read().length, 10, 'octets read with one');
    },
  },
];
