import { NX_SUCCESS } from '@strata/contracts';
import type { Connection } from '../../suite/peer/connection.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** A connection whose window the host has filled with `count` segments of 100 octets. */
function filled(t: Trial, count: number, window = 100 * count): Connection {
  const c = t.peer().passive({ synOptions: mss(100), window });
  for (let i = 0; i < count; i++) c.send(100);
  for (let i = 0; i < count; i++) c.expect('P.', { seq: 1 + 100 * i, len: 100 });
  return c;
}

/** A connection whose window is closed, with data waiting behind it; no probe has been sent yet. */
function closed(t: Trial): Connection {
  const c = t.peer().passive({ synOptions: mss(100), window: 200 });
  c.send(100);
  c.send(100);
  c.expect('P.', { seq: 1, len: 100 });
  c.expect('P.', { seq: 101, len: 100 });
  queue(c);
  c.emit('.', { seq: 1, ack: 201, win: 0 });
  c.silence();
  return c;
}

/** Something more to send: it stays in the queue, or is refused by a profile that has none, which then probes all the same. */
function queue(c: Connection): void {
  c.send(100);
}

const FIXED = 'probes come every second, never less often';

/** RFC 9293 3.4, 3.8.6 and 3.8.6.1: windows, and probing closed ones. */
export const windows: readonly Scenario[] = [
  {
    name: 'a window that shrinks below what was sent stops the sender, and opening it again lets it go on',
    covers: ['MUST-34', 'SHLD-15'],
    check(t) {
      const c = filled(t, 3, 1000);
      c.emit('.', { seq: 1, ack: 101, win: 100 });
      c.send(100);
      c.silence(t.is('netx') ? 900_000 : 150_000);
      t.equal(c.state, 'ESTABLISHED', 'the state');
      c.emit('.', { seq: 1, ack: 301, win: 1000 });
      if (c.peer.waiting === 0) c.send(100);
      c.expect('P.', { seq: 301, len: 100 });
    },
  },
  {
    name: 'nothing new goes beyond a window that shrank, however long it stays so',
    covers: ['SHLD-15'],
    check(t) {
      const c = filled(t, 4, 1000);
      c.emit('.', { seq: 1, ack: 101, win: 50 });
      c.send(100);
      for (let i = 0; i < 20; i++) {
        c.peer.advance(SECOND);
        for (const { tcp } of c.peer.drain()) {
          const end = (((tcp?.sequence ?? 0) - c.hostIss) | 0) + (tcp?.data.length ?? 0);
          t.ok(end <= 401, `nothing new is sent: ${end} is beyond 401`);
        }
        c.emit('.', { seq: 1, ack: 101, win: 50 });
        c.peer.drain();
      }
    },
  },
  {
    name: 'old data inside a window that shrank is retransmitted',
    covers: ['SHLD-16'],
    check(t) {
      const c = filled(t, 4, 1000);
      c.emit('.', { seq: 1, ack: 101, win: 200 });
      const { tcp } = c.expect('P.', { seq: 101, within: 5 * SECOND });
      t.ok(tcp.data.length > 0, 'octets within the window are retransmitted');
    },
  },
  {
    name: 'a peer that keeps answering does not lose the connection for data beyond its window',
    covers: ['SHLD-17'],
    check(t) {
      const c = filled(t, 4, 1000);
      c.emit('.', { seq: 1, ack: 101, win: 0 });
      for (const end = c.peer.now + 10 * MINUTE; c.peer.now < end; ) {
        c.peer.waitForFrame(5 * MINUTE);
        c.peer.drain();
        c.emit('.', { seq: 1, ack: 101, win: 0 });
      }
      t.equal(c.state, 'ESTABLISHED', 'the state after ten minutes');
      c.emit('.', { seq: 1, ack: 101, win: 1000 });
      c.expect('P.', { seq: 101, within: 3 * MINUTE });
    },
  },
  {
    name: 'data beyond a window that shrank goes again once the window is back, at the latest',
    covers: ['MAY-7'],
    check(t) {
      const c = filled(t, 4, 1000);
      c.emit('.', { seq: 1, ack: 201, win: 100 });
      c.peer.advance(5 * SECOND);
      c.peer.drain();
      c.emit('.', { seq: 1, ack: 301, win: 1000 });
      c.peer.advance(5 * SECOND);
      const sent = c.peer.drain().map(({ tcp }) => ((tcp?.sequence ?? 0) - c.hostIss) | 0);
      t.ok(sent.includes(301), 'the octets that were beyond the edge are retransmitted');
    },
  },
  {
    name: 'a window shrunk to nothing is probed',
    covers: ['MUST-35', 'MUST-36'],
    check(t) {
      const c = filled(t, 2, 1000);
      c.emit('.', { seq: 1, ack: 101, win: 0 });
      const { tcp } = c.expect('.', { within: 3 * SECOND });
      t.between((tcp.sequence - c.hostIss) | 0, 100, 101, 'the sequence number of the probe');
      t.between(tcp.data.length, 0, 1, 'octets of the probe');
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'a closed window is probed with at most one octet, and the answer that opens it lets the data go',
    covers: ['MUST-36'],
    check(t) {
      const c = closed(t);
      const { tcp } = c.expect('.', { within: 3 * SECOND });
      t.between((tcp.sequence - c.hostIss) | 0, 200, 201, 'the sequence number of the probe');
      t.between(tcp.data.length, 0, 1, 'octets of the probe');
      c.emit('.', { seq: 1, ack: 201, win: 1000 });
      if (c.peer.waiting === 0) t.equal(c.send(100), NX_SUCCESS, 'the status of send');
      c.expect('P.', { seq: 201, len: 100 });
    },
  },
  {
    name: 'a connection lives while its probes are acknowledged, for ten minutes too',
    covers: ['MUST-37', 'MAY-8'],
    check(t) {
      const c = closed(t);
      for (const end = c.peer.now + 10 * MINUTE; c.peer.now < end; ) {
        c.peer.waitForFrame(5 * MINUTE);
        c.peer.drain();
        c.emit('.', { seq: 1, ack: 201, win: 0 });
      }
      t.equal(c.state, 'ESTABLISHED', 'the state');
    },
  },
  {
    name: 'the first probe comes one retransmission timeout after the window closed',
    covers: ['SHLD-29'],
    check(t) {
      const c = closed(t);
      const { rto } = c.own.inspect();
      const grid = t.profile.tcp.fastTimer;
      t.between(c.peer.waitForFrame(3 * SECOND), rto - 2 * grid - 1, rto + grid + 1, 'the time to the first probe');
    },
  },
  {
    name: 'the time between probes doubles, up to a limit',
    covers: ['SHLD-30'],
    check(t) {
      const c = closed(t);
      let before = c.peer.waitForFrame(3 * SECOND);
      for (let i = 0; i < 6; i++) {
        c.peer.drain();
        c.emit('.', { seq: 1, ack: 201, win: 0 });
        const interval = c.peer.waitForFrame(5 * MINUTE);
        t.between(interval / before, 1.9, 2.1, `how much longer interval ${i + 2} is`);
        before = interval;
      }
    },
    deviations: {
      netx: {
        reason: FIXED,
        check(t) {
          const c = closed(t);
          c.peer.waitForFrame(3 * SECOND);
          for (let i = 0; i < 6; i++) {
            c.peer.drain();
            c.emit('.', { seq: 1, ack: 201, win: 0 });
            t.equal(c.peer.waitForFrame(3 * SECOND), SECOND, `interval ${i + 2}`);
          }
        },
      },
    },
  },
  {
    name: 'while the own window is closed, resets, acknowledgments and urgent pointers count',
    covers: ['MUST-66'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive({ socket: { windowSize: 100 } });
      c.emit('P.', { seq: 1, ack: 1, len: 100 });
      c.expect('.', { ack: 101, win: 0, within: SECOND / 2 });
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.emit('.', { seq: 101, ack: 11 });
      t.equal(c.own.inspect().flight, 0, 'octets outstanding');
      let urgent = 0;
      c.own.notifications.urgent = () => urgent++;
      c.emit('PU.', { seq: 101, ack: 11, len: 1, urgent: 5 });
      t.equal(urgent, 1, 'urgent data announced');
      peer.drain();
      c.emit('R', { seq: 101 });
      t.ok(c.ear.heard.includes('closed 0x38'), 'the reset ends the connection');
    },
  },
  {
    name: 'a window that was promised is not taken back while the application does not read',
    covers: ['SHLD-14'],
    check(t) {
      const c = t.peer().passive({ socket: { windowSize: 4000 } });
      let edge = 4001;
      for (let seq = 1; seq < 4001; seq += 500) {
        c.emit('P.', { seq, ack: 1, len: 500 });
        c.peer.advance(SECOND / 2);
        for (const { tcp } of c.peer.drain()) {
          const promised = (((tcp?.acknowledgment ?? 0) - c.peerIss) | 0) + (tcp?.window ?? 0);
          t.ok(promised >= edge, `the right edge of the window goes back from ${edge} to ${promised}`);
          edge = promised;
        }
      }
      t.equal(c.read().length, 4000, 'octets read');
    },
  },
  {
    name: 'a receiver opens its window in steps of a segment or half of its buffer',
    covers: ['MUST-39'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), socket: { windowSize: 4000 } });
      // In pieces, each its own packet even where arriving data is put together.
      for (let i = 0; i < 4; i++) c.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
      c.peer.advance(SECOND / 2);
      const last = c.peer.drain().at(-1);
      t.equal(last?.tcp?.window, 0, 'the window once the buffer is full');
      let told = 0;
      for (let i = 0; i < 4; i++) {
        c.readOne();
        for (const { tcp } of c.peer.drain()) {
          t.ok((tcp?.window ?? 0) - told >= 1000, `the window grows from ${told} to ${tcp?.window} at once`);
          told = tcp?.window ?? 0;
        }
      }
      t.ok(told >= 2000, 'the window is told again once there is room');
    },
  },
  {
    name: 'reading in small pieces does not open the window in small pieces',
    covers: ['MUST-39'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), socket: { windowSize: 3000 } });
      for (let i = 0; i < 30; i++) c.emit('.', { seq: 1 + 100 * i, ack: 1, len: 100 });
      c.peer.advance(SECOND / 2);
      t.equal(c.peer.drain().at(-1)?.tcp?.window, 0, 'the window once the buffer is full');
      let told = 0;
      for (let left = 30; left > 0 && c.readOne() > 0; left--) {
        for (const { tcp } of c.peer.drain()) {
          t.ok((tcp?.window ?? 0) - told >= 1000, `the window grows from ${told} to ${tcp?.window} at once`);
          told = tcp?.window ?? 0;
        }
      }
      t.ok(told > 0, 'the window is told again once there is room');
    },
  },
];
