import { renoController } from '@strata/tcp';
import type { Connection } from '../../suite/peer/connection.ts';
import { mss } from '../../suite/peer/options.ts';
import type { OpenOptions } from '../../suite/peer/peer.ts';
import type { Seen } from '../../suite/peer/seen.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const SECOND = 1_000_000;
const MILLISECOND = 1000;
const MINUTE = 60 * SECOND;

/** A connection whose handshake took `roundTrip` microseconds. */
function distant(t: Trial, roundTrip: number, options: OpenOptions = {}): Connection {
  const c = t.peer({ packets: 512 }).opening(options);
  c.peer.advance(roundTrip);
  c.emit('S.', { seq: 0, ack: 1, options: options.synOptions ?? mss(1460) });
  c.expect('.', { seq: 1, ack: 1 });
  return c;
}

/** Times between the transmissions of what is outstanding, which nobody acknowledges. */
function intervals(c: Connection, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    found.push(c.peer.waitForFrame(5 * MINUTE));
    c.peer.drain();
  }
  return found;
}

/** Sends packets of 1000 octets until there is no room. */
function fill(c: Connection): void {
  for (let i = 0; i < 24 && c.send(1000) === 0; i++);
}

/** Where a frame's data ends, in the host's numbers. */
function endOf(c: Connection, { tcp }: Seen): number {
  return (((tcp?.sequence ?? 0) - c.hostIss) | 0) + (tcp?.data.length ?? 0);
}

/** Acknowledges every segment of a flight by itself; returns the segments of the next one. */
function acknowledgeFlight(c: Connection, flight: readonly Seen[]): Seen[] {
  for (const seen of flight) {
    c.emit('.', { seq: 1, ack: endOf(c, seen) });
    c.send(1000);
    c.send(1000);
  }
  return c.peer.drain();
}

/** Seconds from the first SYN until the host gives up. */
function secondsOfSyns(t: Trial): number {
  const c = t.peer().opening();
  const begin = c.peer.now;
  let syns = 1;
  while (c.state === 'SYN_SENT' && c.peer.now - begin < 30 * MINUTE) {
    c.peer.advance(SECOND);
    syns += c.peer.drain().length;
  }
  t.ok(syns > 3, 'the SYN goes more than three times');
  t.equal(c.ear.heard.at(-1), 'closed 0x38', 'what the application hears at the end');
  return (c.peer.now - begin) / SECOND;
}

const FIXED =
  'the timeout is one second, measured nothing and never backed off; eleven seconds without an answer end the connection';

/** RFC 9293 3.8.1 to 3.8.3: retransmission, congestion control, giving up. */
export const retransmission: readonly Scenario[] = [
  {
    name: 'the timeout follows the measured round trips as RFC 6298 computes it',
    covers: ['MUST-18'],
    check(t) {
      const c = distant(t, 300 * MILLISECOND);
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      // SRTT 300, RTTVAR 150: 300 + 4 * 150.
      t.between(c.peer.waitForFrame(5 * SECOND), 900 * MILLISECOND, 902 * MILLISECOND, 'the first timeout');
      const other = distant(t, 300 * MILLISECOND);
      other.send(10);
      other.expect('P.', { seq: 1, len: 10 });
      other.peer.advance(500 * MILLISECOND);
      other.emit('.', { seq: 1, ack: 11 });
      other.send(10);
      other.expect('P.', { seq: 11, len: 10 });
      // RTTVAR 3/4 * 150 + 1/4 * 200 = 162.5; SRTT 7/8 * 300 + 1/8 * 500 = 325: 325 + 650.
      t.between(other.peer.waitForFrame(5 * SECOND), 975 * MILLISECOND, 977 * MILLISECOND, 'the second timeout');
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          for (const roundTrip of [0, 300 * MILLISECOND, 700 * MILLISECOND]) {
            const c = distant(t, roundTrip);
            c.send(10);
            c.expect('P.', { seq: 1, len: 10 });
            t.between(c.peer.waitForFrame(5 * SECOND), 900 * MILLISECOND, SECOND, 'the timeout');
          }
        },
      },
    },
  },
  {
    name: 'the acknowledgment of a retransmitted segment is no measurement (Karn)',
    covers: ['MUST-18'],
    check(t) {
      const c = distant(t, 300 * MILLISECOND);
      const before = c.own.inspect();
      t.ok(before.srtt > 0, 'the handshake was measured');
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.peer.waitForFrame(5 * SECOND);
      c.peer.drain();
      c.peer.advance(100 * MILLISECOND);
      c.emit('.', { seq: 1, ack: 11 });
      t.equal(c.own.inspect().srtt, before.srtt, 'the smoothed round trip');
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          t.equal(distant(t, 300 * MILLISECOND).own.inspect().srtt, 0, 'the smoothed round trip');
        },
      },
    },
  },
  {
    name: 'the timeout doubles with every retransmission of the same data',
    covers: ['MUST-19'],
    check(t) {
      const c = distant(t, 100 * MILLISECOND);
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      const times = intervals(c, 6);
      for (let i = 1; i < times.length; i++) {
        t.between((times[i] as number) / (times[i - 1] as number), 1.98, 2.02, `how much longer wait ${i + 1} is`);
      }
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          const c = distant(t, 0);
          c.send(10);
          c.expect('P.', { seq: 1, len: 10 });
          t.equal(intervals(c, 6).slice(1), new Array(5).fill(SECOND), 'the times between retransmissions');
        },
      },
    },
  },
  {
    name: 'slow start: the flight doubles when all of it is acknowledged',
    covers: ['MUST-19'],
    check(t) {
      const c = t.peer({ packets: 512 }).passive({ synOptions: mss(1000) });
      fill(c);
      const first = c.peer.drain();
      t.between(first.length, 2, 10, 'segments of the first flight');
      t.equal(acknowledgeFlight(c, first).length, 2 * first.length, 'segments of the second flight');
    },
  },
  {
    name: 'congestion avoidance: after a loss the window grows by a segment a round trip, no faster',
    covers: ['MUST-19', 'MAY-18'],
    check(t) {
      const c = t.peer({ packets: 512 }).passive({ synOptions: mss(1000) });
      fill(c);
      let flight = acknowledgeFlight(c, c.peer.drain());
      const lost = endOf(c, flight[0] as Seen) - 1000;
      for (let i = 0; i < 3; i++) c.emit('.', { seq: 1, ack: lost });
      c.emit('.', { seq: 1, ack: endOf(c, flight.at(-1) as Seen) });
      c.peer.advance(SECOND);
      c.peer.drain();
      for (let round = 0; round < 4; round++) {
        fill(c);
        flight = c.peer.drain();
        c.peer.advance(20 * MILLISECOND);
        const { cwnd, ssthresh, mss: size } = c.own.inspect();
        if (flight.length === 0) break;
        c.emit('.', { seq: 1, ack: endOf(c, flight.at(-1) as Seen) });
        const grown = c.own.inspect().cwnd - cwnd;
        if (cwnd >= ssthresh) t.between(grown, 0, size, 'the growth of the congestion window in a round trip');
      }
    },
  },
  {
    name: 'after a timeout one segment goes out, and the window starts small again',
    covers: ['MUST-19'],
    check(t) {
      const c = distant(t, 100 * MILLISECOND, { synOptions: mss(1000) });
      fill(c);
      const flight = c.peer.drain();
      t.ok(flight.length > 2, 'several segments are out');
      c.peer.waitForFrame(5 * SECOND);
      c.peer.advance(MILLISECOND);
      t.equal(c.peer.drain().length, 1, 'segments after the timeout');
      t.ok(c.own.inspect().cwnd <= 1000, 'the congestion window is one segment');
    },
    deviations: {
      netx: {
        reason: 'after a timeout the congestion window is half of what was outstanding, two segments at least, not one',
        check(t) {
          const c = distant(t, 0, { synOptions: mss(1000) });
          fill(c);
          c.peer.drain();
          c.peer.waitForFrame(5 * SECOND);
          const { cwnd, ssthresh } = c.own.inspect();
          t.equal(cwnd, ssthresh, 'the congestion window');
          t.equal(cwnd, 2000, 'half of what was outstanding');
        },
      },
    },
  },
  {
    name: 'another congestion control can be put in place of this one',
    covers: ['MAY-18'],
    check(t) {
      const peer = t.peer({ packets: 512, tcp: { congestion: () => renoController } });
      const c = peer.passive({ synOptions: mss(1000) });
      fill(c);
      const first = c.peer.drain();
      t.between(
        acknowledgeFlight(c, first).length,
        first.length + 1,
        2 * first.length,
        'segments of the second flight',
      );
    },
  },
  {
    name: 'after three retransmissions IP is told, and looks for its next hop again',
    covers: ['MUST-20', 'SHLD-10'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.expect('P.', { len: 10 });
      const asked = c.peer.addressRequests;
      intervals(c, 2);
      t.equal(c.peer.addressRequests, asked, 'requests for the link address after two retransmissions');
      intervals(c, 4);
      t.equal(c.peer.addressRequests, asked + 1, 'requests for the link address after six');
    },
    deviations: {
      netx: {
        reason: 'IP is never told that segments are not acknowledged',
        check(t) {
          const c = t.peer().passive();
          c.send(10);
          c.expect('P.', { len: 10 });
          const asked = c.peer.addressRequests;
          intervals(c, 9);
          t.equal(c.peer.addressRequests, asked, 'requests for the link address');
        },
      },
    },
  },
  {
    name: 'data that nobody acknowledges ends the connection at last, and the application hears of it',
    covers: ['MUST-20'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      for (let i = 0; i < 60 && c.ear.heard.at(-1) !== 'closed 0x38'; i++) c.peer.advance(MINUTE);
      t.equal(c.ear.heard.at(-1), 'closed 0x38', 'what the application hears at the end');
    },
  },
  {
    name: 'an application sets after how many retransmissions its connection ends',
    covers: ['MUST-21'],
    check(t) {
      const peer = t.peer();
      const [c, other] = [peer.passive(), peer.passive()];
      c.own.maximumRetries = 2;
      c.send(10);
      c.expect('P.', { len: 10 });
      t.equal(intervals(c, 2).length, 2, 'retransmissions');
      c.silence(10 * SECOND);
      t.equal(c.ear.heard.at(-1), 'closed 0x38', 'what the application hears at the end');
      other.send(10);
      intervals(other, 4);
      t.equal(other.state, 'ESTABLISHED', 'the state of a connection that did not ask');
    },
  },
  {
    name: 'a SYN is retransmitted by the same rules: backed off, and given up with a word to the application',
    covers: ['MUST-22'],
    check(t) {
      const c = t.peer().opening();
      const times = intervals(c, 4);
      for (let i = 1; i < times.length; i++) {
        t.between((times[i] as number) / (times[i - 1] as number), 1.98, 2.02, `how much longer wait ${i + 1} is`);
      }
      t.equal(c.state, 'SYN_SENT', 'the state');
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          const c = t.peer().opening();
          t.equal(intervals(c, 4).slice(1), [SECOND, SECOND, SECOND], 'the times between SYNs');
        },
      },
    },
  },
  {
    name: 'a SYN that nobody answers is tried for three minutes at least',
    covers: ['MUST-23', 'MUST-22'],
    check(t) {
      t.between(secondsOfSyns(t), 180, 1800, 'seconds until the host gives up');
    },
    deviations: {
      netx: {
        reason: 'a SYN goes eleven times, a second apart',
        check(t) {
          t.between(secondsOfSyns(t), 10, 12, 'seconds until the host gives up');
        },
      },
    },
  },
  {
    name: 'the application hears of trouble before the connection ends, and reads what it is',
    covers: ['SHLD-9', 'MUST-47'],
    check(t) {
      const c = t.peer().passive();
      let told = 0;
      c.own.notifications.trouble = () => told++;
      c.send(10);
      intervals(c, 5);
      t.equal(told, 1, 'reports after five retransmissions');
      t.ok(c.own.softError !== 0, 'the error can be read');
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
    deviations: {
      netx: {
        reason: 'an application hears of trouble when the connection is over',
        check(t) {
          const c = t.peer().passive();
          let told = 0;
          c.own.notifications.trouble = () => told++;
          c.send(10);
          intervals(c, 9);
          t.equal(told, 0, 'reports after nine retransmissions');
        },
      },
    },
  },
  {
    name: 'the first three retransmissions change nothing but the time to the next',
    covers: ['SHLD-10'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.expect('P.', { len: 10 });
      for (let i = 0; i < 3; i++) {
        c.expect('P.', { seq: 1, len: 10, within: 5 * SECOND });
        t.equal(c.state, 'ESTABLISHED', `the state after retransmission ${i + 1}`);
      }
      c.emit('.', { seq: 1, ack: 11 });
      t.equal(c.own.inspect().flight, 0, 'octets outstanding');
    },
  },
  {
    name: 'a connection is not given up before 100 seconds',
    covers: ['SHLD-11'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.peer.advance(100 * SECOND);
      t.equal(c.state, 'ESTABLISHED', 'the state after 100 seconds');
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          const c = t.peer().passive();
          c.send(10);
          c.peer.advance(10 * SECOND);
          t.equal(c.state, 'ESTABLISHED', 'the state after 10 seconds');
          c.peer.advance(2 * SECOND);
          t.equal(c.ear.heard.at(-1), 'closed 0x38', 'what the application hears after 12 seconds');
        },
      },
    },
  },
  {
    name: 'a retransmission that is the same goes with the IPv4 identification it had',
    covers: ['MAY-4'],
    ipVersions: [4],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      const first = c.expect('P.', { seq: 1, len: 10 });
      const again = c.expect('P.', { seq: 1, len: 10, within: 5 * SECOND });
      t.equal(again.identification, first.identification, 'the identification');
    },
    notApplicable: { modern: 'every packet has an identification of its own' },
  },
];
