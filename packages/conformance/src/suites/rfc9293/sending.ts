import { PSH } from '../../suite/peer/frame.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';

const SECOND = 1_000_000;

const NO_NAGLE = 'every send is at least one segment of its own, sent at once and pushed';

/** RFC 9293 3.7.4, 3.8.6.2.1 and 3.9.1.2: when data goes out, and in what pieces. */
export const sending: readonly Scenario[] = [
  {
    name: 'a small segment waits while something is outstanding, and goes when that is acknowledged',
    covers: ['SHLD-7', 'MAY-16', 'SHLD-27'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.send(10);
      c.send(10);
      c.silence(SECOND / 10);
      c.emit('.', { seq: 1, ack: 11 });
      c.expect('P.', { seq: 11, len: 20 });
    },
    deviations: {
      netx: {
        reason: NO_NAGLE,
        check(t) {
          const c = t.peer().passive();
          for (let i = 0; i < 3; i++) {
            c.send(10);
            c.expect('P.', { seq: 1 + 10 * i, len: 10, anyPush: false });
          }
        },
      },
    },
  },
  {
    name: 'an application switches Nagle off for a connection, and small segments go at once',
    covers: ['MUST-17'],
    check(t) {
      const peer = t.peer();
      const [c, other] = [peer.passive(), peer.passive()];
      c.own.setNoDelay(true);
      for (let i = 0; i < 3; i++) {
        c.send(10);
        c.expect('P.', { seq: 1 + 10 * i, len: 10 });
      }
      other.send(10);
      other.expect('P.', { seq: 1, len: 10 });
      if (t.is('modern')) {
        other.send(10);
        other.silence(SECOND / 10);
      }
    },
  },
  {
    name: 'switching Nagle off lets go what it held back',
    covers: ['MUST-17'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.send(10);
      c.silence();
      c.own.setNoDelay(true);
      c.expect('P.', { seq: 11, len: 10 });
    },
    notApplicable: { netx: 'it never holds a segment back' },
  },
  {
    name: 'a window of a few octets is not filled with a few octets at once',
    covers: ['MUST-38'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), window: 4000 });
      for (let i = 0; i < 4; i++) c.send(1000);
      for (let i = 0; i < 4; i++) c.expect('.', { seq: 1 + 1000 * i, len: 1000 });
      c.send(1000);
      c.emit('.', { seq: 1, ack: 4001, win: 50 });
      c.silence(SECOND / 10);
      c.emit('.', { seq: 1, ack: 4001, win: 2000 });
      c.expect('.', { seq: 4001, len: 1000 });
    },
    deviations: {
      netx: {
        reason: 'a packet is cut to whatever the window leaves, however little that is',
        check(t) {
          const c = t.peer().passive({ synOptions: mss(1000), window: 4000 });
          for (let i = 0; i < 4; i++) c.send(1000);
          for (let i = 0; i < 4; i++) c.expect('.', { seq: 1 + 1000 * i, len: 1000 });
          c.emit('.', { seq: 1, ack: 4001, win: 50 });
          c.send(1000);
          c.expect('P.', { seq: 4001, len: 50 });
        },
      },
    },
  },
  {
    name: 'what silly-window avoidance keeps back goes out at last',
    covers: ['MUST-38', 'MUST-60'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), window: 4000 });
      for (let i = 0; i < 4; i++) c.send(1000);
      for (let i = 0; i < 4; i++) c.expect('.', { seq: 1 + 1000 * i, len: 1000 });
      c.emit('.', { seq: 1, ack: 4001, win: 50 });
      c.send(1000);
      const { tcp } = c.expect('.', { seq: 4001, within: 5 * SECOND });
      t.between(tcp.data.length, 1, 50, 'octets sent into the small window');
    },
  },
  {
    name: 'data is not kept for ever, though nobody pushes it and nothing is acknowledged any more',
    covers: ['MUST-60'],
    check(t) {
      const c = t.peer().passive();
      c.send(700);
      c.expect('P.', { seq: 1, len: 700 });
      c.send(1);
      let last = 0;
      for (let i = 0; i < 5 && last < 702; i++) {
        c.peer.advance(SECOND);
        for (const { tcp } of c.peer.drain()) {
          last = Math.max(last, (((tcp?.sequence ?? 0) - c.hostIss) | 0) + (tcp?.data.length ?? 0));
        }
        c.emit('.', { seq: 1, ack: Math.max(701, last) });
      }
      t.equal(last, 702, 'the end of what was sent');
    },
  },
  {
    name: 'the last segment of what was written carries PSH',
    covers: ['MUST-61', 'MAY-15'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(500) });
      c.send(1200);
      c.expect('.', { seq: 1, len: 500 });
      c.expect('.', { seq: 501, len: 500 });
      c.emit('.', { seq: 1, ack: 1001 });
      const { tcp } = c.expect('P.', { seq: 1001, len: 200 });
      t.equal(tcp.flags & PSH, PSH, 'PSH of the last segment');
    },
  },
  {
    name: 'segments are full while there is data for full ones',
    covers: ['SHLD-28', 'SHLD-27'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000) });
      c.send(1000);
      c.expect('.', { seq: 1, len: 1000 });
      for (let i = 0; i < 5; i++) c.send(400);
      c.emit('.', { seq: 1, ack: 1001 });
      c.expect('.', { seq: 1001, len: 1000 });
    },
    deviations: {
      netx: {
        reason: NO_NAGLE,
        check(t) {
          const c = t.peer().passive({ synOptions: mss(1000) });
          for (let i = 0; i < 4; i++) {
            c.send(400);
            c.expect('P.', { seq: 1 + 400 * i, len: 400 });
          }
        },
      },
    },
  },
  {
    name: 'a packet larger than a segment goes in full segments and a rest',
    covers: ['SHLD-28'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(400) });
      c.own.setNoDelay(true);
      c.send(1100);
      c.expect('.', { seq: 1, len: 400 });
      c.expect('.', { seq: 401, len: 400 });
      c.expect('P.', { seq: 801, len: 300 });
    },
  },
  {
    name: 'the application can flush: what it has written goes out as far as the window lets it',
    covers: ['MAY-14'],
    check(t) {
      const c = t.peer().passive();
      c.send(10);
      c.send(10);
      c.own.setNoDelay(true);
      c.peer.settle();
      const octets = c.peer.drain().reduce((sum, { tcp }) => sum + (tcp?.data.length ?? 0), 0);
      t.equal(octets, 20, 'octets sent');
    },
  },
];
