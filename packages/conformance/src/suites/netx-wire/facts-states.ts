import {
  NX_ALREADY_BOUND,
  NX_CONNECTION_PENDING,
  NX_DUPLICATE_LISTEN,
  NX_ENTRY_NOT_FOUND,
  NX_IN_PROGRESS,
  NX_INVALID_RELISTEN,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NOT_BOUND,
  NX_NOT_CLOSED,
  NX_NOT_CONNECTED,
  NX_NOT_LISTEN_STATE,
  NX_PORT_UNAVAILABLE,
  NX_STILL_BOUND,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import type { Connection } from '../../suite/peer/connection.ts';
import { ACK, SYN } from '../../suite/peer/frame.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Peer } from '../../suite/peer/peer.ts';
import type { Scenario } from '../../suite/suite.ts';
import { ADDRESS_B, NetxBench, SERVER_PORT } from './bench.ts';
import { compareRun } from './compare.ts';
import { RUN_API } from './frames/open-close.ts';

const PORT = 70;

/** A socket that listens on {@link PORT}, with the peer's side of a connection to it; the SYN has been sent. */
function listening(peer: Peer, accept: boolean, queue = 5): { socket: TcpSocket; c: Connection; calls: string[] } {
  const socket = peer.socket();
  const calls: string[] = [];
  peer.host.tcp.serverListen(PORT, socket, queue, (called) => calls.push(called.inspect().state));
  if (accept) socket.accept();
  const c = peer.connection({ hostPort: PORT });
  c.socket = socket;
  c.emit('S', { seq: 0, options: mss(1460) });
  return { socket, c, calls };
}

/** The same with the connection established. */
function accepted(peer: Peer): { socket: TcpSocket; c: Connection } {
  const { socket, c } = listening(peer, true);
  c.expect('S.', { ack: 1 });
  c.emit('.', { seq: 1, ack: 1 });
  return { socket, c };
}

/** States, calls and their statuses. */
export const stateFacts: readonly Scenario[] = [
  {
    name: 'api: misuse of sockets answers what the real stack answers, and sends nothing',
    covers: ['api'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      const { tcp } = bench.a;
      const client = bench.client as TcpSocket;
      const other = bench.socketOf(bench.a);
      const away = parseAddress('10.1.1.1') ?? ADDRESS_B;
      const empty = client.allocate();
      if (empty === null) t.fail('no packet');
      const rows: (readonly [what: string, status: number, wanted: number])[] = [
        ['send of an empty packet', empty === null ? 0 : client.send(empty), 0x12],
        ['connect once more', client.connect(ADDRESS_B, SERVER_PORT), NX_NOT_CLOSED],
        ['bind once more', client.bind(5555), NX_ALREADY_BOUND],
        ['unbind of a connected socket', client.unbind(), NX_NOT_CLOSED],
        ['delete of a connected socket', client.delete(), NX_STILL_BOUND],
        ['bind to its port', other.bind(client.localPort), NX_PORT_UNAVAILABLE],
        ['connect without a port', other.connect(ADDRESS_B, SERVER_PORT), NX_NOT_BOUND],
        ['unbind without a port', other.unbind(), NX_NOT_BOUND],
        ['disconnect without a connection', other.disconnect(true), NX_NOT_CONNECTED],
        ['receive without a port', other.receiveStatus(), NX_NOT_BOUND],
        ['bind to another', other.bind(6001), NX_SUCCESS],
        ['receive without a connection', other.receiveStatus(), NX_NOT_CONNECTED],
        ['connect without a route', other.connect(away, 1), NX_IP_ADDRESS_ERROR],
        ['accept on a client', other.accept(), NX_NOT_LISTEN_STATE],
        ['unaccept of a closed, bound socket', other.unaccept(), NX_SUCCESS],
        ['listen', tcp.serverListen(PORT, other, 1, null), NX_SUCCESS],
        ['unbind of a listening socket', other.unbind(), NX_NOT_CLOSED],
        ['listen once more', tcp.serverListen(PORT, other, 1, null), NX_NOT_CLOSED],
        ['delete of a listening socket', other.delete(), NX_STILL_BOUND],
        ['relisten while armed', tcp.relisten(PORT, other), NX_NOT_CLOSED],
        ['unlisten', tcp.unlisten(PORT), NX_SUCCESS],
        ['delete', other.delete(), NX_SUCCESS],
        ['receive without data', client.receiveStatus(), NX_NO_PACKET],
      ];
      for (const [what, status, wanted] of rows) t.equal(status, wanted, `the status of ${what}`);
      empty?.release();
      compareRun(t, bench, RUN_API);
    },
  },
  {
    name: 'a SYN binds an armed socket that has not accepted, calls the listen callback, and is answered by accept alone',
    covers: ['accept-later'],
    check(t) {
      const peer = t.peer();
      const { socket, c, calls } = listening(peer, false);
      t.equal([socket.inspect().state, calls], ['LISTEN', ['LISTEN']], 'the state, and those in the callback');
      c.silence(5 * SECOND);
      c.emit('S', { seq: 0, options: mss(1460) });
      c.silence(SECOND);
      t.equal(socket.accept(), NX_IN_PROGRESS, 'the status of accept');
      peer.settle();
      c.expect('S.', { ack: 1 });
      t.equal(socket.inspect().state, 'SYN_RECEIVED', 'the state');
      c.emit('.', { seq: 1, ack: 1 });
      t.equal(socket.accept(), NX_SUCCESS, 'the status of accept once established');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'after accept, the SYN is answered at once and the listen callback sees SYN_RECEIVED',
    covers: ['accept-first'],
    check(t) {
      const peer = t.peer();
      const { c, calls } = listening(peer, true);
      c.expect('S.', { ack: 1 });
      t.equal(calls, ['SYN_RECEIVED'], 'states in the callback');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'a reset takes a queued SYN back, a repeated SYN is queued once',
    covers: ['queued-syns'],
    check(t) {
      const peer = t.peer();
      const { socket } = listening(peer, false);
      const [one, two] = [peer.connection({ hostPort: PORT }), peer.connection({ hostPort: PORT })];
      for (const c of [one, one, two]) c.emit('S', { seq: 0 });
      one.emit('R', { seq: 1 });
      const next = peer.socket();
      t.equal(peer.host.tcp.relisten(PORT, next), NX_CONNECTION_PENDING, 'the status of relisten');
      t.equal(next.remotePort, two.peerPort, 'whose SYN it is');
      const last = peer.socket();
      t.equal(peer.host.tcp.relisten(PORT, last), NX_SUCCESS, 'the status of another relisten: nothing waits');
      t.equal(peer.host.tcp.relisten(PORT, socket), NX_NOT_CLOSED, 'the status with a socket in use');
      t.equal(peer.host.tcp.relisten(PORT, peer.socket()), NX_INVALID_RELISTEN, 'the status while one is armed');
      t.equal(
        peer.host.tcp.relisten(99, peer.socket()),
        NX_INVALID_RELISTEN,
        'the status for a port nobody listens on',
      );
      t.equal(peer.host.tcp.serverListen(PORT, peer.socket(), 1, null), NX_DUPLICATE_LISTEN, 'the status of listen');
      t.equal(peer.host.tcp.unlisten(99), NX_ENTRY_NOT_FOUND, 'the status of unlisten');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'an accept whose wait expires leaves LISTEN, bound to its peer: unaccept and relisten follow',
    covers: ['accept-expires'],
    check(t) {
      const peer = t.peer();
      const { socket, c } = listening(peer, true);
      c.expect('S.', { ack: 1 });
      t.equal(socket.unaccept(), NX_NOT_LISTEN_STATE, 'the status of unaccept in SYN_RECEIVED');
      socket.cancelAccept();
      t.equal([socket.inspect().state, socket.bound], ['LISTEN', true], 'the state, and whether it is bound');
      c.silence(2 * SECOND);
      c.emit('.', { seq: 1, ack: 1 });
      c.emit('S', { seq: 0, options: mss(1460) });
      c.silence(2 * SECOND);
      t.equal(socket.accept(), NX_IN_PROGRESS, 'the status of another accept');
      peer.settle();
      t.ok((c.peer.next()?.tcp?.flags ?? 0) === (SYN | ACK), 'the SYN is answered once more');
      socket.cancelAccept();
      t.equal(socket.unaccept(), NX_SUCCESS, 'the status of unaccept');
      t.equal(socket.inspect().state, 'CLOSED', 'the state after unaccept');
      t.equal(peer.host.tcp.relisten(PORT, socket), NX_SUCCESS, 'the status of relisten');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'a server socket whose connection is over is in LISTEN and bound; it has to be unaccepted to be used again',
    covers: ['server-rests'],
    check(t) {
      const peer = t.peer();
      const { socket, c } = accepted(peer);
      t.equal(socket.unaccept(), NX_NOT_LISTEN_STATE, 'the status of unaccept in ESTABLISHED');
      c.emit('R', { seq: 1 });
      t.equal([socket.inspect().state, socket.bound], ['LISTEN', true], 'the state, and whether it is bound');
      t.equal([socket.receiveStatus(), socket.disconnect(false)], [NX_NOT_CONNECTED, NX_NOT_CONNECTED], 'its statuses');
      t.equal(socket.unaccept(), NX_SUCCESS, 'the status of unaccept');
      t.equal(peer.host.tcp.relisten(PORT, socket), NX_SUCCESS, 'the status of relisten');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'a stray segment is answered by a reset: its acknowledgment for a number, or ACK and 0; never DF, TTL 128 or hop limit 255, window 0',
    covers: ['stray-reset'],
    check(t) {
      const peer = t.peer();
      const c = peer.connection({ hostPort: 4321 });
      c.emit('.', { seq: 5, ack: 1000, len: 3 });
      const first = c.expect('R', { seq: 1000, win: 0 });
      t.equal([first.fragment, first.ttl], [0, t.ipVersion === 4 ? 128 : 255], 'fragment word and TTL');
      c.emit('SF', { seq: 0, len: 3 });
      const second = c.expect('R.', { seq: 0, ack: 5, win: 0 });
      t.equal([second.fragment, second.ttl], [0, t.ipVersion === 4 ? 128 : 255], 'fragment word and TTL');
      c.emit('R', { seq: 0 });
      c.silence(SECOND);
    },
  },
  {
    name: 'a SYN from an address that is no host’s, or from our own, is dropped silently, and the socket stays armed',
    covers: ['no-host'],
    ipVersions: [4, 6],
    check(t) {
      const strange =
        t.ipVersion === 4
          ? ['255.255.255.255', '224.0.0.5', '192.0.2.255', '192.0.2.0', '0.0.0.0', '127.0.0.1', '192.0.2.1']
          : ['ff02::1', 'ff0e::5', '::', '::1', '2001:db8::1'];
      const peer = t.peer();
      const socket = peer.socket();
      peer.host.tcp.serverListen(PORT, socket, 5, null);
      socket.accept();
      for (const text of strange) {
        const c = peer.connection({ hostPort: PORT });
        c.emit('S', { seq: 0, options: mss(1460), from: parseAddress(text) ?? peer.self.address });
        c.silence(2 * SECOND);
        t.equal(socket.inspect().state, 'LISTEN', `the state after a SYN from ${text}`);
      }
      const land = peer.connection({ hostPort: PORT });
      land.emit('S', { seq: 0, from: peer.hostStation.address });
      land.silence(2 * SECOND);
      const c = peer.connection({ hostPort: PORT });
      c.emit('S', { seq: 0, options: mss(1460) });
      c.expect('S.', { ack: 1 });
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'segments in LISTEN that are no SYN: an acknowledgment draws a reset with its number, all else nothing',
    covers: ['listen-noise'],
    check(t) {
      const peer = t.peer();
      const socket = peer.socket();
      peer.host.tcp.serverListen(PORT, socket, 5, null);
      socket.accept();
      const c = peer.connection({ hostPort: PORT });
      for (const flags of ['F', 'P', 'R', 'SF', '']) {
        c.emit(flags, { seq: 0, len: flags === 'P' ? 5 : 0 });
        c.silence(SECOND);
      }
      for (const flags of ['.', 'F.', 'S.']) {
        c.emit(flags, { seq: 0, ack: 5 });
        c.expect('R', { seq: 5, len: 0 });
      }
      t.equal(socket.inspect().state, 'LISTEN', 'the state');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'a SYN inside the window of an open connection resets it, with a reset on the wire',
    covers: ['syn-on-open'],
    check(t) {
      const c = t.peer().active();
      c.emit('S', { seq: 1 });
      c.expect('R', { seq: 1 });
      t.equal([c.state, c.ear.heard.at(-1)], ['CLOSED', 'closed 0x38'], 'the state, and what was heard');
    },
  },
  {
    name: 'a reset anywhere inside the window resets, outside it is passed over; in SYN_SENT it must acknowledge the SYN',
    covers: ['reset-in-window'],
    check(t) {
      const c = t.peer().active();
      c.emit('R', { seq: 9000 });
      t.equal(c.state, 'ESTABLISHED', 'the state after a reset outside');
      c.emit('R', { seq: 4000 });
      t.equal(c.state, 'CLOSED', 'the state after a reset inside');
      const opening = t.peer().opening();
      opening.emit('R', { seq: 0 });
      opening.emit('R.', { seq: 0, ack: 7 });
      t.equal(opening.state, 'SYN_SENT', 'the state after resets that do not acknowledge the SYN');
      opening.emit('R.', { seq: 0, ack: 1 });
      t.equal([opening.state, opening.own.bound], ['CLOSED', true], 'the state after one that does, and the port');
    },
  },
  {
    name: 'a segment outside the window and an acknowledgment of what was never sent are answered once, and dropped',
    covers: ['answered-once'],
    check(t) {
      const c = t.peer().passive();
      c.emit('P.', { seq: 20_000, ack: 1, len: 10 });
      c.expect('.', { seq: 1, ack: 1 });
      c.emit('P.', { seq: 1, ack: 500, len: 10 });
      c.expect('.', { seq: 1, ack: 1 });
      c.silence(SECOND);
      t.equal(c.read().length, 0, 'octets read');
    },
  },
  {
    name: 'a simultaneous open answers with SYN-ACK, which is not repeated when it is lost',
    covers: ['simultaneous-open'],
    check(t) {
      const c = t.peer().opening();
      c.emit('S', { seq: 0, options: mss(1460) });
      c.expect('S.', { seq: 0, ack: 1 });
      c.silence(30 * SECOND);
      t.equal(c.state, 'SYN_RECEIVED', 'the state');
      c.emit('.', { seq: 1, ack: 1 });
      t.equal(c.state, 'ESTABLISHED', 'the state after the acknowledgment');
    },
  },
  {
    name: 'a disconnect in SYN_SENT closes without a word, in SYN_RECEIVED with a FIN, both at once and with status 0',
    covers: ['disconnect-opening'],
    check(t) {
      const c = t.peer().opening();
      t.equal(c.close(), NX_SUCCESS, 'the status in SYN_SENT');
      c.silence(SECOND);
      t.equal([c.state, c.own.bound], ['CLOSED', true], 'the state, and whether it is bound');
      const peer = t.peer();
      const { socket, c: half } = listening(peer, true);
      half.expect('S.', { ack: 1 });
      t.equal(half.close(), NX_SUCCESS, 'the status in SYN_RECEIVED');
      half.expect('F.', { seq: 1, ack: 1 });
      t.equal(socket.inspect().state, 'LISTEN', 'the state');
      peer.host.tcp.unlisten(PORT);
    },
  },
  {
    name: 'a disconnect in CLOSE_WAIT sends FIN and ends when it is acknowledged; with NX_NO_WAIT it resets',
    covers: ['disconnect-close-wait'],
    check(t) {
      const c = t.peer().active();
      c.emit('F.', { seq: 1, ack: 1 });
      c.expect('.', { ack: 2 });
      t.equal(c.close(), NX_IN_PROGRESS, 'the status');
      c.expect('F.', { seq: 1, ack: 2 });
      t.equal(c.state, 'LAST_ACK', 'the state');
      c.emit('.', { seq: 2, ack: 2 });
      t.equal(c.state, 'CLOSED', 'the state once the FIN is acknowledged');
      const other = t.peer().active();
      other.emit('F.', { seq: 1, ack: 1 });
      other.expect('.', { ack: 2 });
      t.equal(other.close(true), NX_IN_PROGRESS, 'the status with NX_NO_WAIT');
      other.expect('R', { seq: 1 });
      t.equal(other.state, 'CLOSED', 'the state at once');
    },
  },
  {
    name: 'with NX_NO_WAIT a connection that is being closed answers 0x38 and is given up without a word',
    covers: ['disconnect-closing'],
    check(t) {
      const peer = t.peer();
      const ways: Record<string, (c: Connection) => void> = {
        FIN_WAIT_1: (c) => void c.close(),
        FIN_WAIT_2: (c) => {
          c.close();
          c.emit('.', { seq: 1, ack: 2 });
        },
        CLOSING: (c) => {
          c.close();
          c.emit('F.', { seq: 1, ack: 1 });
        },
        LAST_ACK: (c) => {
          c.emit('F.', { seq: 1, ack: 1 });
          c.close();
        },
      };
      for (const [state, way] of Object.entries(ways)) {
        const c = peer.active();
        way(c);
        peer.drain();
        t.equal(c.state, state, 'the state');
        t.equal(c.close(true), NX_NOT_CONNECTED, `the status in ${state}`);
        c.silence(15 * SECOND);
        t.equal(c.state, 'CLOSED', `the state after ${state}`);
      }
    },
  },
  {
    name: 'FIN_WAIT_2 lasts until the caller loses patience; then the socket is closed and nothing is sent',
    covers: ['patience'],
    check(t) {
      const c = t.peer().active();
      c.close();
      c.expect('F.', { seq: 1, ack: 1 });
      c.emit('.', { seq: 1, ack: 2 });
      c.silence(3600 * SECOND);
      t.equal(c.state, 'FIN_WAIT_2', 'the state after an hour');
      c.own.abandon();
      c.silence(SECOND);
      t.equal([c.state, c.own.bound], ['CLOSED', true], 'the state, and whether it is bound');
    },
  },
  {
    name: 'the disconnect callback runs for a FIN, for a reset, and on entering TIMED_WAIT',
    covers: ['disconnect-callback'],
    check(t) {
      const states: string[] = [];
      const watch = (c: Connection) => {
        c.own.notifications.disconnect = (socket) => states.push(socket.inspect().state);
        return c;
      };
      watch(t.peer().active()).emit('F.', { seq: 1, ack: 1 });
      watch(t.peer().active()).emit('R', { seq: 1 });
      const closing = watch(t.peer().active());
      closing.close();
      closing.emit('F.', { seq: 1, ack: 2 });
      t.equal(states, ['CLOSE_WAIT', 'CLOSED', 'TIMED_WAIT'], 'states in the callback');
    },
  },
  {
    name: 'what was queued before the FIN of the peer can still be received; then receive answers 0x38',
    covers: ['receive-after-fin'],
    check(t) {
      const c = t.peer().active();
      c.emit('P.', { seq: 1, ack: 1, len: 10 });
      c.emit('FP.', { seq: 11, ack: 1, len: 5 });
      c.peer.drain();
      t.equal(c.state, 'CLOSE_WAIT', 'the state');
      t.equal([c.own.receiveStatus(), c.readOne(), c.readOne()], [NX_SUCCESS, 10, 5], 'a status, and lengths read');
      t.equal(c.own.receiveStatus(), NX_NOT_CONNECTED, 'the status afterwards');
      t.equal(c.send(10), NX_SUCCESS, 'the status of a send in CLOSE_WAIT');
    },
  },
  {
    name: 'a socket that connects again goes on from its last sequence number',
    covers: ['isn'],
    check(t) {
      const c = t.peer().opening();
      const first = c.hostIss;
      c.emit('R.', { seq: 0, ack: 1 });
      const again = c.peer.connection();
      c.own.connect(c.peer.self.address, again.peerPort);
      c.peer.settle();
      const step = (again.expect('S', {}).tcp.sequence - first) >>> 0;
      t.between(step, 0x10000, 0x10000 + 0x7fffffff, 'the step to the next initial sequence number');
    },
  },
  {
    name: 'a port of its own choice is 0xC000 or above; a taken one is passed over upwards, and the end wraps',
    covers: ['ephemeral-ports'],
    check(t) {
      const peer = t.peer();
      for (let port = 0xc000; port <= 0xffff; port++) if (port !== 0xd123) peer.socket().bind(port);
      const socket = peer.socket();
      t.equal(socket.bind(0), NX_SUCCESS, 'the status of bind');
      t.equal(socket.localPort, 0xd123, 'the only port left');
    },
  },
];
