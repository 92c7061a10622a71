import type { Scenario } from '../../suite/suite.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
/** Timers of a profile with a coarse clock may be late by this. */
const GRID = 2 * SECOND;

/** RFC 9293 3.8.4: keep-alives. */
export const keepAlive: readonly Scenario[] = [
  {
    name: 'nothing keeps an idle connection alive unless it was asked for',
    covers: ['MUST-25', 'MUST-24', 'MAY-5'],
    check(t) {
      const c = t.peer().passive();
      c.silence(5 * HOUR);
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'an application switches keep-alive on, sets its interval, and switches it off again',
    covers: ['MUST-24', 'MUST-27', 'MAY-5'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      const other = peer.passive();
      c.own.setKeepalive(true, 30 * SECOND, 10 * SECOND, 5);
      t.between(peer.waitForFrame(60 * SECOND), 30 * SECOND - GRID, 30 * SECOND + GRID, 'the time to the first probe');
      c.expect('.', { seq: 0, ack: 1 });
      c.emit('.', { seq: 1, ack: 1 });
      c.own.setKeepalive(false);
      c.silence(HOUR);
      t.equal(other.state, 'ESTABLISHED', 'the state of a connection that did not ask');
    },
  },
  {
    name: 'unless set, the interval is two hours at least',
    covers: ['MUST-28'],
    check(t) {
      const c = t.peer().passive();
      c.own.setKeepalive(true);
      c.silence(2 * HOUR - GRID);
      c.expect('.', { seq: 0, ack: 1, within: 2 * GRID });
    },
  },
  {
    name: 'traffic puts a keep-alive off',
    covers: ['MUST-26'],
    check(t) {
      const c = t.peer().passive();
      c.own.setKeepalive(true, 30 * SECOND, 10 * SECOND, 5);
      for (let i = 0; i < 6; i++) {
        c.peer.advance(20 * SECOND);
        c.emit('P.', { seq: 1 + i, ack: 1, len: 1 });
        c.expect('.', { ack: 2 + i, within: SECOND });
      }
      c.silence(30 * SECOND - GRID);
      c.expect('.', { seq: 0, ack: 7, within: 2 * GRID });
    },
  },
  {
    name: 'while data is outstanding it is retransmitted, and no keep-alive is sent',
    covers: ['MUST-26'],
    check(t) {
      const c = t.peer().passive();
      c.own.setKeepalive(true, 3 * SECOND, SECOND, 5);
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.peer.advance(8 * SECOND);
      for (const { tcp } of c.peer.drain()) t.equal(tcp?.data.length, 10, 'the data of a segment');
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'one probe without an answer does not end the connection, all of them do',
    covers: ['MUST-29'],
    check(t) {
      const c = t.peer().passive();
      c.own.setKeepalive(true, 30 * SECOND, 10 * SECOND, 3);
      for (let i = 0; i < 3; i++) {
        c.expect('.', { seq: 0, ack: 1, within: 40 * SECOND });
        t.equal(c.state, 'ESTABLISHED', `the state after probe ${i + 1}`);
      }
      c.peer.advance(20 * SECOND);
      t.ok(c.state === 'CLOSED' || c.state === 'DELETED', 'the connection ends after the last probe');
      t.equal(c.ear.heard.at(-1), 'closed 0x38', 'what the application heard last');
    },
  },
  {
    name: 'a probe is a segment without data, one before the next sequence number',
    covers: ['SHLD-12', 'MAY-6'],
    check(t) {
      const c = t.peer().passive();
      c.send(100);
      c.expect('P.', { seq: 1, len: 100 });
      c.emit('.', { seq: 1, ack: 101 });
      c.own.setKeepalive(true, 30 * SECOND, 10 * SECOND, 3);
      c.expect('.', { seq: 100, ack: 1, len: 0, within: 40 * SECOND });
    },
  },
  {
    name: 'a probe of the peer is answered, with an octet of garbage too',
    covers: ['MAY-6'],
    check(t) {
      const c = t.peer().passive();
      c.emit('.', { seq: 0, ack: 1 });
      c.expect('.', { seq: 1, ack: 1 });
      c.emit('.', { seq: 0, ack: 1, len: 1 });
      c.expect('.', { seq: 1, ack: 1 });
      t.equal(c.read().length, 0, 'octets read');
    },
  },
];
