import { mss, scale, timestamps } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';

const HALF_SECOND = 500_000;

/** Every way in which an option can be longer or shorter than it can be. */
const BROKEN_OPTIONS: readonly (readonly number[])[] = [
  [2, 0, 5, 180],
  [2, 1, 5, 180],
  [2, 40, 5, 180],
  [1, 1, 1, 2],
  [8, 10, 0, 0],
  [253, 0, 0, 0],
  [253, 255, 0, 0],
  [5, 3, 0, 1],
];

/** RFC 9293 3.1 and 3.2: the header, its checksum and its options. */
export const segmentFormat: readonly Scenario[] = [
  {
    name: 'a window of 65535 is 65535 octets, in both directions',
    covers: ['MUST-1', 'REC-1'],
    check(t) {
      const c = t.peer().passive({ window: 65535, socket: { windowSize: 65535 } });
      t.equal(c.own.inspect().sndWnd, 65535, 'the send window');
      c.emit('P.', { seq: 40_001, ack: 1, len: 1000 });
      c.expect('.', { seq: 1, ack: 1, win: 65535 });
      t.equal(c.own.inspect().outOfOrderPackets, 1, 'segments kept beyond half of the window');
      c.emit('.', { seq: 65_536, ack: 1, len: 1 });
      c.expect('.', { ack: 1 });
      t.equal(c.own.inspect().outOfOrderPackets, 1, 'segments kept, one beyond the window having come');
    },
  },
  {
    name: 'windows beyond 65535 octets are kept whole',
    covers: ['REC-1'],
    notApplicable: { netx: 'it does not scale windows' },
    check(t) {
      const c = t.peer().passive({ synOptions: [...mss(1460), ...scale(14)], synWindow: 65535 });
      c.emit('.', { seq: 1, ack: 1, win: 65535 });
      t.equal(c.own.inspect().sndWnd, 65535 << 14, 'the send window');
    },
  },
  {
    name: 'every segment of a connection carries a right checksum, odd lengths and an end without data too',
    covers: ['MUST-2'],
    check(t) {
      const c = t.peer().passive();
      for (const [length, sequence] of [
        [1, 1],
        [2, 2],
        [333, 4],
      ] as const) {
        t.equal(c.send(length), 0, 'the status of send');
        c.expect('P.', { seq: sequence, len: length });
        c.emit('.', { seq: 1, ack: sequence + length });
      }
      c.close();
      t.ok(c.expect('F.', { seq: 337, len: 0 }).tcp.checksum !== 0, 'a checksum of 0 says that there is none');
      c.emit('.', { seq: 1, ack: 338 });
      // Each was summed up by code of the peer's own before anything else was compared.
      c.silence();
    },
  },
  {
    name: 'a segment with a wrong checksum changes nothing and is not answered',
    covers: ['MUST-3'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      c.emit('P.', { seq: 1, ack: 1, len: 10, checksumError: 1 });
      c.silence(1_000_000);
      t.equal(c.read().length, 0, 'octets that the application got');
      c.emit('P.', { seq: 1, ack: 1, len: 10 });
      c.expect('.', { seq: 1, ack: 11, len: 0, within: HALF_SECOND });
      const other = peer.connection();
      other.emit('S', { seq: 0, checksumError: 0x100 });
      other.silence(1_000_000);
    },
  },
  {
    name: 'No-Operation, End of Option List and MSS are understood in a SYN',
    covers: ['MUST-4'],
    check(t) {
      const peer = t.peer();
      for (const options of [
        [1, 1, ...mss(700), 1, 0],
        [...mss(700), 0, 0, 0, 0],
        [1, 1, 1, 1, ...mss(700)],
      ]) {
        const c = peer.passive({ synOptions: options });
        c.send(1000);
        c.expect('.', { seq: 1, len: 700 });
        c.emit('R', { seq: 1 });
        peer.drain();
      }
    },
  },
  {
    name: 'options behind the End of Option List are not looked at',
    covers: ['MUST-4'],
    check(t) {
      const c = t.peer().passive({ synOptions: [0, 0, 0, 0, ...mss(100)] });
      t.equal(c.own.inspect().mss, t.ipVersion === 4 ? 536 : 1220, 'the segment size');
    },
  },
  {
    name: 'options come in segments with data, in bare acknowledgments and in a FIN',
    covers: ['MUST-5'],
    check(t) {
      const c = t.peer().passive();
      const nothing = [1, 1, 253, 6, 1, 2, 3, 4];
      c.emit('P.', { seq: 1, ack: 1, len: 5, options: nothing });
      c.expect('.', { ack: 6, within: HALF_SECOND });
      t.equal(c.read().length, 5, 'octets that the application got');
      c.send(10);
      c.expect('P.', { seq: 1, len: 10 });
      c.emit('.', { seq: 6, ack: 11, options: nothing });
      t.equal(c.own.inspect().flight, 0, 'octets outstanding');
      c.emit('F.', { seq: 6, ack: 11, options: nothing });
      c.expect('.', { ack: 7, within: HALF_SECOND });
      t.equal(c.state, 'CLOSE_WAIT', 'the state');
    },
  },
  {
    name: 'an option that nobody knows is skipped by its length, in a SYN and later',
    covers: ['MUST-6'],
    check(t) {
      const c = t.peer().passive({ synOptions: [77, 4, 9, 9, 200, 2, ...mss(800), 254, 4, 0xf9, 0x89] });
      t.equal(c.own.inspect().mss, 800, 'the segment size');
      c.emit('P.', { seq: 1, ack: 1, len: 3, options: [99, 3, 1, 99, 2, 1, 1, 0] });
      c.expect('.', { ack: 4, within: HALF_SECOND });
    },
  },
  {
    name: 'options with impossible lengths are dropped with their segment, and the connection goes on',
    covers: ['MUST-7'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      for (const options of BROKEN_OPTIONS) {
        c.emit('P.', { seq: 1, ack: 1, len: 4, options });
        peer.advance(HALF_SECOND);
        t.equal(c.state, 'ESTABLISHED', `the state after [${options}]`);
        for (const seen of peer.drain()) t.equal(seen.tcp?.flags, 16, `the answer to [${options}]`);
      }
      c.read();
      c.emit('P.', { seq: (c.own.inspect().rcvNxt - c.peerIss) | 0, ack: 1, len: 7 });
      c.expect('.', { within: HALF_SECOND });
      t.equal(c.read().length, 7, 'octets that the application got at the end');
    },
  },
  {
    name: 'a SYN whose options are broken opens nothing that is not closed again',
    covers: ['MUST-7'],
    check(t) {
      const peer = t.peer();
      peer.listen();
      for (const options of BROKEN_OPTIONS) {
        const c = peer.connection();
        c.emit('S', { seq: 0, options });
        for (const seen of peer.drain()) t.ok(seen.tcp !== null, 'the answer is a segment');
        c.emit('R', { seq: 1 });
      }
      peer.passive();
    },
  },
  {
    name: 'options begin at any octet: three No-Operations, then an MSS, then timestamps across words',
    covers: ['MUST-64'],
    check(t) {
      const peer = t.peer();
      for (let lead = 0; lead < 4; lead++) {
        const c = peer.passive({ synOptions: [...new Array(lead).fill(1), ...mss(900 + lead)] });
        t.equal(c.own.inspect().mss, 900 + lead, `the segment size behind ${lead} octets`);
        c.emit('P.', { seq: 1, ack: 1, len: 1, options: [1, ...timestamps(7, 0).slice(2), 1] });
        c.expect('.', { ack: 2, within: HALF_SECOND });
        c.emit('R', { seq: 2 });
        peer.drain();
      }
    },
  },
  {
    name: 'every option sent has a length, and nothing but zeros is behind the end of the list',
    covers: ['MUST-68', 'MUST-69'],
    check(t) {
      const peer = t.peer();
      const c = peer.opening();
      c.emit('S.', { seq: 0, ack: 1, options: [...mss(1460), ...scale(3), ...timestamps(5, 0), 1, 1, 4, 2] });
      c.expect('.', { seq: 1, ack: 1 });
      c.send(100);
      c.expect('P.', { len: 100 });
      // Out of order, so that a host that knows SACK answers with blocks: options of every shape that it sends.
      c.emit('.', { seq: 500, ack: 1, len: 10, options: timestamps(6, 0) });
      c.emit('.', { seq: 700, ack: 1, len: 10, options: timestamps(6, 0) });
      for (const seen of peer.drain()) t.equal(seen.problems, [], 'what is wrong with a segment');
      const other = peer.passive({ synOptions: [...mss(1460), 1, 1, 4, 2] });
      other.emit('.', { seq: 500, ack: 1, len: 10 });
      for (const seen of peer.drain()) t.equal(seen.problems, [], 'what is wrong with a segment');
    },
  },
];
