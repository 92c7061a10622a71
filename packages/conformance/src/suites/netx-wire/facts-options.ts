import { NX_OPTION_ERROR, NX_SUCCESS, NX_TX_QUEUE_DEPTH, SECOND, TICK } from '@strata/contracts';
import { FixedRto, netxScaledOptions } from '@strata/tcp';
import { SYN } from '../../suite/peer/frame.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Peer } from '../../suite/peer/peer.ts';
import type { Scenario } from '../../suite/suite.ts';
import { ADDRESS_B, CLIENT_PORT, NetxBench, SERVER_PORT } from './bench.ts';

const PORT = 70;

/** A port that somebody listens on and has accepted, and the peer's side of a connection to it. */
function door(peer: Peer, windowSize = 8192) {
  const socket = peer.socket({ windowSize });
  peer.host.tcp.serverListen(PORT, socket, 5, null);
  socket.accept();
  const c = peer.connection({ hostPort: PORT });
  c.socket = socket;
  return { c, shut: () => void peer.host.tcp.unlisten(PORT) };
}

/** The options of SYNs, and what builds of the real stack change. */
export const optionFacts: readonly Scenario[] = [
  {
    name: 'the MSS of the peer’s SYN bounds segments; without one they have 536 octets, over IPv6 1220; elsewhere it is noise',
    covers: ['peer-mss'],
    ipVersions: [4, 6],
    check(t) {
      const [none, most] = t.ipVersion === 4 ? [536, 1460] : [1220, 1440];
      for (const [options, wanted] of [
        [[], none],
        [mss(512), 512],
        [[1, 1, 1, 1, ...mss(512)], 512],
        [[0xfd, 4, 0, 0, ...mss(512)], 512],
        [mss(9000), most],
      ] as const) {
        const c = t.peer().passive({ synOptions: options });
        c.send(1500 - 76);
        c.expect('P.', { seq: 1, len: Math.min(wanted, 1424) });
      }
      const c = t.peer().passive({ synOptions: mss(1000) });
      c.emit('P.', { seq: 1, ack: 1, len: 10, options: mss(100) });
      t.equal([c.read().length, c.own.mss], [10, 1000], 'octets read, and the MSS');
    },
  },
  {
    name: 'an MSS option that cannot be read resets the attempt to connect, and the listener goes on',
    covers: ['bad-options'],
    ipVersions: [4, 6],
    check(t) {
      for (const options of [
        [2, 3, 5, 0],
        [2, 0, 5, 0xb4],
        [2, 6, 5, 0xb4, 0, 0, 0, 0],
      ]) {
        const { c, shut } = door(t.peer());
        c.emit('S', { seq: 0, options });
        c.expect('R.', { ack: 1, len: 0 });
        c.silence(SECOND);
        c.emit('S', { seq: 0, options: mss(1460) });
        c.expect('S.', { ack: 1 });
        shut();
        const own = t.peer().opening();
        own.emit('S.', { seq: 0, ack: 1, options });
        own.expect('R', { seq: 1 });
        t.equal([own.state, own.own.bound, own.ear.heard.at(-1)], ['CLOSED', true, 'closed 0x38'], 'the connect');
      }
    },
  },
  {
    name: 'built with window scaling: 02 04 mss mss 03 03 shift 00, in a SYN-ACK only when the SYN has it',
    covers: ['window-scaling'],
    ipVersions: [4, 6],
    check(t) {
      const build = { options: netxScaledOptions, maximumWindow: 1 << 30 };
      const [high, low] = t.ipVersion === 4 ? [5, 0xb4] : [5, 0xa0];
      const peer = t.peer({ tcp: build });
      const c = peer.connection();
      c.socket = peer.socket({ windowSize: 200_000 });
      c.own.bind(0);
      c.own.connect(peer.self.address, c.peerPort);
      peer.settle();
      c.expect('S', { win: 65535, options: [2, 4, high, low, 3, 3, 2, 0] });
      for (const [offer, shift] of [
        [
          [3, 3, 7, 0],
          [3, 3, 2, 0],
        ],
        [[], [1, 1, 1, 0]],
      ] as const) {
        const { c: other, shut } = door(t.peer({ tcp: build }), 200_000);
        other.emit('S', { seq: 0, options: [...mss(1460), ...offer] });
        other.expect('S.', { ack: 1, win: 65535, options: [2, 4, high, low, ...shift] });
        other.emit('.', { seq: 1, ack: 1 });
        other.send(10);
        other.expect('P.', { seq: 1, win: offer.length > 0 ? 50_000 : 65535 });
        shut();
      }
    },
  },
  {
    name: 'a retry shift of 1 doubles the time before each repetition',
    covers: ['retry-shift'],
    ipVersions: [4],
    check(t) {
      const profile = { ...t.profile, tcp: { ...t.profile.tcp, rto: () => new FixedRto(SECOND, 1) } };
      const bench = new NetxBench(t, { profile });
      bench.connect(12, 8192);
      bench.fate = ({ length }) => (length > 0 ? 'drop' : 'pass');
      bench.send(1, 100);
      bench.until(3200);
      const ticks = bench.lines.filter((line) => / a \d+ P\. /.test(line)).map((line) => Number(line.split(' ')[0]));
      t.equal(ticks, [12, 110, 310, 710, 1510, 3110], 'ticks of the copies');
      bench.end();
    },
  },
  {
    name: 'nx_tcp_socket_transmit_configure: queue, timeout, retries and shift of one socket, for SYNs, data and FINs',
    covers: ['transmit-configure'],
    ipVersions: [4],
    check(t) {
      const ticksOf = (bench: NetxBench, flags: string) =>
        bench.lines
          .filter((line) => line.includes(` ${flags} `) && / a \d+ /.test(line))
          .map((line) => Number(line.split(' ')[0]));
      const opening = new NetxBench(t);
      opening.fate = ({ flags }) => (flags === SYN ? 'drop' : 'pass');
      opening.until(12);
      const socket = opening.socketOf(opening.a);
      t.equal(socket.configureTransmit(0, SECOND, 3, 1), NX_OPTION_ERROR, 'the status for a queue of none');
      t.equal(socket.configureTransmit(2, SECOND / 2, 3, 1), NX_SUCCESS, 'the status');
      socket.bind(CLIENT_PORT);
      socket.connect(ADDRESS_B, SERVER_PORT);
      opening.until(759);
      t.equal(socket.inspect().state, 'SYN_SENT', 'the state at tick 759');
      opening.until(760);
      t.equal(socket.inspect().state, 'CLOSED', 'the state at tick 760');
      t.equal(ticksOf(opening, 'S'), [12, 60, 160, 360], 'ticks of the SYNs');
      opening.end();
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      bench.client?.configureTransmit(2, SECOND / 2, 3, 0);
      bench.fate = ({ length }) => (length > 0 ? 'drop' : 'pass');
      t.equal([bench.trySend(10), bench.trySend(10), bench.trySend(10)], [0, 0, NX_TX_QUEUE_DEPTH], 'three sends');
      bench.until(300);
      t.equal(ticksOf(bench, 'P.'), [12, 12, 60, 60, 110, 110, 160, 160], 'ticks of the data');
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the state in the end');
      bench.end();
    },
  },
  {
    name: 'a window of 65535 is used whole while nobody reads, whatever the pool; then it is probed, and reading opens it in halves',
    covers: ['whole-window'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 65535);
      bench.reading = false;
      bench.send(50, 1440);
      bench.until(1000);
      t.equal(bench.server?.receiveBytes, 65535, 'octets that wait to be read');
      const closed = bench.lines.find((line) => / b \d+ \. 1 65536 0 0$/.test(line));
      t.ok(closed !== undefined, 'the window is told to be closed');
      bench.reading = true;
      bench.read();
      bench.until(1300);
      t.equal(
        bench.received.reduce((sum, length) => sum + length, 0),
        50 * 1440,
        'octets read in the end',
      );
      const repeated = bench.client?.inspect().retransmissions;
      t.equal(repeated, 0, 'segments that went twice');
      t.equal(bench.tick * TICK, 1300 * TICK, 'the end of the run');
      bench.end();
    },
  },
];
