import { NX_NOT_CONNECTED } from '@strata/contracts';
import type { Connection } from '../../suite/peer/connection.ts';
import { RST } from '../../suite/peer/frame.ts';
import { mss, timestamps } from '../../suite/peer/options.ts';
import type { OpenOptions } from '../../suite/peer/peer.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const SECOND = 1_000_000;

/** The host closes first and ends up in TIME-WAIT. */
function closedFirst(c: Connection): void {
  c.close();
  c.expect('F.', { seq: 1, ack: 1 });
  c.emit('.', { seq: 1, ack: 2 });
  c.emit('F.', { seq: 1, ack: 2 });
  c.expect('.', { seq: 2, ack: 2 });
}

/** A connection that the host has closed, with a listener on its port, in TIME-WAIT. */
function waiting(t: Trial, options: OpenOptions = {}): Connection {
  const c = t.peer().passive({ ...options, peerPort: 4444 });
  closedFirst(c);
  return c;
}

const NO_UNREAD =
  'closing with data unread sends a FIN like any other close, and data after the close is acknowledged or ignored';

/** RFC 9293 3.5.3 and 3.6: resets and closing. */
export const closing: readonly Scenario[] = [
  {
    name: 'the application is told an orderly end from an abort, and an abort by the peer from one of its own making',
    covers: ['MUST-12'],
    check(t) {
      const peer = t.peer();
      const orderly = peer.active();
      orderly.emit('F.', { seq: 1, ack: 1 });
      orderly.close();
      peer.drain();
      orderly.emit('.', { seq: 2, ack: 2 });
      t.equal(
        orderly.ear.heard.filter((word) => word !== 'established').join(),
        'peerFinished,closed 0x0',
        'what it hears of a close',
      );
      const aborted = peer.active();
      aborted.emit('R', { seq: 1 });
      t.equal(aborted.ear.heard.at(-1), `closed 0x${NX_NOT_CONNECTED.toString(16)}`, 'what it hears of a reset');
      t.equal(aborted.own.inspect().cause, 'reset by peer', 'the cause noted');
    },
  },
  {
    name: 'TIME-WAIT lasts twice the maximum segment lifetime, acknowledges a FIN that comes again, and then is over',
    covers: ['MUST-13'],
    check(t) {
      const c = waiting(t);
      // An MSL of two minutes as RFC 9293 has it, or of half a minute as most hosts have it.
      const lifetime = (t.is('netx') ? 120 : 30) * SECOND;
      t.equal(c.state, 'TIMED_WAIT', 'the state');
      c.peer.advance(2 * lifetime - SECOND);
      t.equal(c.state, 'TIMED_WAIT', 'the state a second before the end');
      // A FIN that comes again starts the time again (3.10.7.4).
      c.emit('F.', { seq: 1, ack: 2 });
      c.expect('.', { seq: 2, ack: 2 });
      c.peer.advance(2 * lifetime - SECOND);
      t.equal(c.state, 'TIMED_WAIT', 'the state a second before the new end');
      c.peer.advance(2 * SECOND);
      t.equal(c.state, 'CLOSED', 'the state after the end');
      c.silence();
    },
  },
  {
    name: 'a RST may carry data, and resets all the same',
    covers: ['SHLD-2'],
    check(t) {
      const c = t.peer().active();
      c.emit('R', { seq: 1, len: 20 });
      t.equal(c.state, 'CLOSED', 'the state');
      c.silence();
      t.equal(c.read().length, 0, 'octets that the application got');
    },
  },
  {
    name: 'closing with data unread sends a reset, not a FIN',
    covers: ['SHLD-3'],
    check(t) {
      const c = t.peer().passive();
      c.emit('P.', { seq: 1, ack: 1, len: 10 });
      c.close();
      c.expect('R.', { seq: 1, ack: 11 });
      c.silence();
    },
    deviations: {
      netx: {
        reason: NO_UNREAD,
        check(t) {
          const c = t.peer().passive();
          c.emit('P.', { seq: 1, ack: 1, len: 10 });
          c.close();
          c.expect('F.', { seq: 1, ack: 11 });
        },
      },
    },
  },
  {
    name: 'data that comes after both directions were closed is answered with a reset',
    covers: ['SHLD-3'],
    check(t) {
      const c = t.peer().passive();
      c.close();
      c.expect('F.', { seq: 1, ack: 1 });
      c.emit('.', { seq: 1, ack: 2 });
      c.emit('P.', { seq: 1, ack: 2, len: 10 });
      const reset = c.peer.next()?.tcp;
      t.equal([(reset?.flags ?? 0) & RST, ((reset?.sequence ?? 0) - c.hostIss) | 0], [RST, 2], 'RST, and its number');
      c.silence();
    },
    deviations: {
      netx: {
        reason: NO_UNREAD,
        check(t) {
          const c = t.peer().passive();
          c.close();
          c.expect('F.', { seq: 1, ack: 1 });
          c.emit('.', { seq: 1, ack: 2 });
          c.emit('P.', { seq: 1, ack: 2, len: 10 });
          c.expect('.', { seq: 2, ack: 11, within: SECOND / 2 });
          t.equal(c.state, 'FIN_WAIT_2', 'the state');
        },
      },
    },
  },
  {
    name: 'a SYN with a later timestamp reopens a connection before TIME-WAIT is over, one with an earlier does not',
    covers: ['SHLD-4'],
    check(t) {
      const again = { hostPort: 7, peerPort: 4444, peerIss: 0x1000 };
      const stale = waiting(t, { tsValue: 1000 });
      const old = stale.peer.connection(again);
      old.emit('S', { seq: 0, options: [...mss(1460), ...timestamps(900, 0)] });
      const answer = stale.peer.drain();
      t.ok(
        answer.every(({ tcp }) => tcp !== null && (tcp.flags & 2) === 0),
        'no SYN-ACK answers the earlier one',
      );
      const c = waiting(t, { tsValue: 1000 });
      // The sequence number is below the last one: only the timestamp speaks for the SYN.
      const next = c.peer.connection({ ...again, peerIss: (c.peerIss - 5000) | 0 });
      next.emit('S', { seq: 0, options: [...mss(1460), ...timestamps(2000, 0)] });
      next.expect('S.', { seq: 0, ack: 1 });
    },
    notApplicable: { netx: 'it has no timestamps' },
  },
  {
    name: 'a SYN with a higher sequence number reopens a connection from TIME-WAIT, above any number used before',
    covers: ['MAY-2'],
    check(t) {
      const c = waiting(t);
      const last = (c.hostIss + 2) | 0;
      const next = c.peer.connection({ hostPort: 7, peerPort: 4444, peerIss: 0x100000 });
      next.emit('S', { seq: 0 });
      const { tcp } = next.expect('S.', { seq: 0, ack: 1 });
      t.ok(((tcp.sequence - last) | 0) > 0, 'the new initial sequence number is above the last one used');
    },
    deviations: {
      netx: {
        reason: 'TIME-WAIT keeps its port until it is over; a SYN is answered as any segment that is not expected',
        check(t) {
          const c = waiting(t);
          const next = c.peer.connection({ hostPort: 7, peerPort: 4444, peerIss: 0x100000 });
          next.emit('S', { seq: 0 });
          for (const { tcp } of c.peer.drain()) t.equal((tcp?.flags ?? 0) & 2, 0, 'SYN in the answer');
          t.equal(c.state, 'TIMED_WAIT', 'the state');
        },
      },
    },
  },
  {
    name: 'a close ends both directions for the application: it neither sends nor hears any more',
    covers: ['MAY-1'],
    check(t) {
      const c = t.peer().active();
      c.close();
      c.expect('F.', { seq: 1, ack: 1 });
      t.equal(c.send(5), NX_NOT_CONNECTED, 'the status of a send after the close');
      c.emit('.', { seq: 1, ack: 2 });
      c.emit('F.', { seq: 1, ack: 2 });
      c.expect('.', { seq: 2, ack: 2 });
      t.equal(c.state, 'TIMED_WAIT', 'the state');
    },
  },
  {
    name: 'a half-close still receives: what comes after our FIN is read and acknowledged',
    covers: ['MAY-1'],
    check(t) {
      const c = t.peer().passive();
      c.own.shutdown();
      c.peer.settle();
      c.expect('F.', { seq: 1, ack: 1 });
      c.emit('.', { seq: 1, ack: 2 });
      c.emit('P.', { seq: 1, ack: 2, len: 10 });
      c.expect('.', { seq: 2, ack: 11, within: SECOND / 2 });
      t.equal(c.read().length, 10, 'octets read');
    },
  },
];
