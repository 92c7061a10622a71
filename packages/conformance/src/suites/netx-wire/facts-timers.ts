import { NX_MAX_LISTEN, NX_SUCCESS, NX_TX_QUEUE_DEPTH, NX_WINDOW_OVERFLOW, SECOND, TICK } from '@strata/contracts';
import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';
import { NetxBench } from './bench.ts';

/** Ticks at which segments of one side went out, and how many there were at each. */
function ticksOf(lines: readonly string[], from: string, flags: string): number[] {
  const matching = lines.map((line) => line.split(' ')).filter(([, sender, , has]) => sender === from && has === flags);
  return matching.map(([tick]) => Number(tick));
}

/** Timers, retransmission and giving up. */
export const timerFacts: readonly Scenario[] = [
  {
    name: 'timeouts fall on a grid of ten ticks that began when TCP was enabled: a SYN goes again 91 to 100 ticks later',
    covers: ['fast-timer'],
    ipVersions: [4],
    check(t) {
      for (const tick of [10, 11, 15, 19, 20, 27]) {
        const bench = new NetxBench(t);
        bench.fate = ({ flags }) => (flags === 2 ? 'drop' : 'pass');
        bench.connect(tick, 8192);
        bench.until(tick + 250);
        const first = 10 * Math.floor(tick / 10) + 100;
        t.equal(ticksOf(bench.lines, 'a', 'S'), [tick, first, first + 100], `the ticks of the SYNs from tick ${tick}`);
        bench.end();
      }
    },
  },
  {
    name: 'an acknowledgment is delayed until the second tick of the fast timer: 100 to 200 ms',
    covers: ['delayed-ack'],
    ipVersions: [4],
    check(t) {
      for (const tick of [20, 21, 25, 29, 30]) {
        const bench = new NetxBench(t);
        bench.connect(12, 8192);
        bench.until(tick);
        bench.send(1, 100);
        bench.until(tick + 50);
        const acks = ticksOf(bench.lines, 'b', '.');
        t.equal(acks, [10 * Math.floor(tick / 10) + 20], `the tick of the acknowledgment of data at tick ${tick}`);
        bench.end();
      }
    },
  },
  {
    name: 'data that is never acknowledged goes eleven times, a second apart, then the connection ends without a word',
    covers: ['data-given-up'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      let told = 0;
      if (bench.client !== null) bench.client.notifications.disconnect = () => told++;
      bench.fate = ({ length }) => (length > 0 ? 'drop' : 'pass');
      bench.send(1, 512);
      bench.until(1109);
      t.equal(bench.client?.inspect().state, 'ESTABLISHED', 'the state at tick 1109');
      bench.until(1110);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the state at tick 1110');
      t.equal(bench.server?.inspect().state, 'ESTABLISHED', 'the peer’s state');
      t.equal(told, 1, 'calls of the disconnect callback');
      bench.until(3000);
      const copies = [12, ...Array.from({ length: 10 }, (_, i) => 110 + 100 * i)];
      t.equal(ticksOf(bench.lines, 'a', 'P.'), copies, 'the ticks of the copies');
      t.equal(bench.lines.filter((line) => / R/.test(line)).length, 0, 'resets on the wire');
      bench.end();
    },
  },
  {
    name: 'a timeout resends as many queued segments as fit one MSS together, and halves the window down to two',
    covers: ['timeout-resends', 'timeout-window'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      bench.fate = ({ length }) => (length > 0 ? 'drop' : 'pass');
      bench.send(3, 400);
      bench.until(110);
      t.equal(ticksOf(bench.lines, 'a', 'P.'), [12, 12, 12, 110, 110, 110], 'the ticks of three segments of 400');
      t.equal([bench.client?.cwnd, bench.client?.ssthresh], [2920, 2920], 'cwnd and ssthresh');
      bench.end();
      const full = new NetxBench(t);
      full.connect(12, 8192);
      full.fate = ({ length }) => (length > 0 ? 'drop' : 'pass');
      full.send(3, 1000);
      full.until(110);
      t.equal(ticksOf(full.lines, 'a', 'P.'), [12, 12, 12, 110], 'the ticks of three segments of 1000');
      full.end();
    },
  },
  {
    name: 'a SYN-ACK that is lost goes again a second later, and leaves a window of one segment',
    covers: ['syn-ack-lost'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      let lost = 0;
      bench.fate = ({ from, flags }) => (from === 'b' && flags === 18 && lost++ < 2 ? 'drop' : 'pass');
      bench.connect(12, 8192);
      bench.until(400);
      t.equal(bench.client?.inspect().state, 'ESTABLISHED', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'ESTABLISHED', 'the server’s state');
      t.ok(ticksOf(bench.lines, 'b', 'S.').length >= 3, 'the SYN-ACK goes three times');
      t.equal(bench.server?.cwnd, 1460, 'the server’s congestion window');
      bench.end();
    },
  },
  {
    name: 'a FIN goes again every second until it is acknowledged',
    covers: ['fin-lost'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      let lost = 0;
      bench.fate = ({ from, flags }) => (from === 'a' && (flags & 1) !== 0 && lost++ < 2 ? 'drop' : 'pass');
      bench.disconnect();
      bench.until(400);
      t.equal(ticksOf(bench.lines, 'a', 'F.'), [12, 110, 210], 'the ticks of the FINs');
      t.equal(bench.client?.inspect().state, 'TIMED_WAIT', 'the state');
      bench.end();
    },
  },
  {
    name: 'twenty packets wait for acknowledgments at most: the next send answers 0x49, a full window 0x39',
    covers: ['queue-depth'],
    check(t) {
      const c = t.peer().passive({ window: 65535 });
      const statuses = Array.from({ length: 21 }, () => c.send(10));
      t.equal(statuses, [...new Array(20).fill(NX_SUCCESS), NX_TX_QUEUE_DEPTH], 'the statuses of 21 sends');
      const small = t.peer().passive({ window: 100 });
      t.equal([small.send(100), small.send(10)], [NX_SUCCESS, NX_WINDOW_OVERFLOW], 'the statuses at a full window');
    },
  },
  {
    name: 'ten ports can be listened on; the eleventh listen answers 0x33',
    covers: ['listen-requests'],
    check(t) {
      const peer = t.peer();
      const statuses = Array.from({ length: 11 }, (_, i) =>
        peer.host.tcp.serverListen(100 + i, peer.socket(), 1, null),
      );
      t.equal(statuses, [...new Array(10).fill(NX_SUCCESS), NX_MAX_LISTEN], 'the statuses');
      for (let i = 0; i < 11; i++) peer.host.tcp.unlisten(100 + i);
    },
  },
  {
    name: 'the first window is 4 MSS, 3 above 1095 octets, 2 above 2190; the threshold is the peer’s window',
    covers: ['first-window'],
    check(t) {
      for (const [size, window] of [
        [536, 2144],
        [1095, 4380],
        [1096, 3288],
        [1400, 4200],
      ] as const) {
        const c = t.peer().passive({ synOptions: mss(size), window: 20_000 });
        t.equal([c.own.cwnd, c.own.ssthresh], [window, 20_000], `cwnd and ssthresh at an MSS of ${size}`);
      }
      const jumbo = t.peer({ mtu: 4000, packets: 16 }).passive({ synOptions: mss(3000) });
      t.equal(jumbo.own.cwnd, 6000, 'cwnd at an MSS of 3000');
    },
  },
  {
    name: 'slow start adds what was acknowledged, an MSS at most; avoidance MSS * MSS / cwnd',
    covers: ['window-growth'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), window: 65535 });
      for (let i = 0; i < 4; i++) c.send(1000);
      c.peer.drain();
      c.emit('.', { seq: 1, ack: 501 });
      t.equal(c.own.cwnd, 4500, 'cwnd after 500 octets');
      c.emit('.', { seq: 1, ack: 3001 });
      t.equal(c.own.cwnd, 5500, 'cwnd after 2500 octets at once');
      c.own.ssthresh = 5000;
      c.emit('.', { seq: 1, ack: 4001 });
      const grown = 5500 + Math.floor(1_000_000 / 5500);
      t.equal(c.own.cwnd, grown, 'cwnd in avoidance');
      c.peer.advance(600 * SECOND);
      c.send(1000);
      t.equal(c.own.cwnd, grown, 'cwnd after ten idle minutes');
    },
  },
  {
    name: 'three duplicate acknowledgments: the first segment again, half of what is out for a threshold, three MSS above it',
    covers: ['fast-retransmit'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000), window: 65535 });
      for (let i = 0; i < 4; i++) c.send(1000);
      c.peer.drain();
      for (let i = 0; i < 2; i++) c.emit('.', { seq: 1, ack: 1 });
      c.silence();
      t.equal([c.send(1000), c.send(1000), c.send(1000)], [0, 0, NX_WINDOW_OVERFLOW], 'sends after two duplicates');
      c.peer.drain();
      c.emit('.', { seq: 1, ack: 1 });
      c.expect('P.', { seq: 1, len: 1000 });
      t.equal([c.own.ssthresh, c.own.cwnd], [3000, 6000], 'ssthresh and cwnd');
      c.emit('.', { seq: 1, ack: 1 });
      t.equal(c.own.cwnd, 7000, 'cwnd after a fourth');
      // A partial acknowledgment sends the next hole; a full one ends recovery at the threshold.
      c.emit('.', { seq: 1, ack: 2001 });
      c.expect('P.', { seq: 2001, len: 1000 });
      c.emit('.', { seq: 1, ack: 6001 });
      t.equal(
        c.own.cwnd,
        3000 + Math.floor(1_000_000 / 3000),
        'cwnd after recovery: the threshold, and one step of avoidance',
      );
    },
  },
  {
    name: 'ticks are hundredths of a second, and TIMED_WAIT is 24000 of them',
    covers: ['ticks'],
    check(t) {
      t.equal([TICK, t.profile.tcp.timeWait / TICK], [10_000, 24_000], 'a tick, and TIMED_WAIT');
    },
  },
  {
    name: 'a fast retransmission counts as a retry: then nine more by the timer end the connection; what frees a packet clears the count',
    covers: ['retry-counter'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1000) });
      for (let i = 0; i < 4; i++) c.send(1000);
      c.peer.drain();
      for (let i = 0; i < 3; i++) c.emit('.', { seq: 1, ack: 1 });
      c.expect('P.', { seq: 1, len: 1000 });
      let copies = 0;
      for (let i = 0; i < 30; i++) {
        c.peer.advance(SECOND);
        copies += c.peer.drain().length;
      }
      t.equal([copies, c.ear.heard.at(-1)], [9, 'closed 0x38'], 'further copies, and what was heard');
      const other = t.peer().passive({ synOptions: mss(1000) });
      for (let i = 0; i < 2; i++) other.send(1000);
      other.peer.advance(9 * SECOND);
      other.emit('.', { seq: 1, ack: 1001 });
      other.peer.advance(9 * SECOND);
      t.equal(other.state, 'ESTABLISHED', 'the state after eighteen retries with an acknowledgment between');
    },
  },
  {
    name: 'DF is in every segment of a socket that was made with it, and in none of others',
    covers: ['dont-fragment'],
    ipVersions: [4],
    check(t) {
      for (const dontFragment of [true, false]) {
        const c = t.peer().active({ socket: { dontFragment } });
        c.send(10);
        const word = dontFragment ? 0x4000 : 0;
        t.equal(c.expect('P.', { len: 10 }).fragment, word, 'the fragment word of data');
        c.close();
        t.equal(c.expect('F.', { seq: 11 }).fragment, word, 'the fragment word of the FIN');
      }
    },
  },
];
