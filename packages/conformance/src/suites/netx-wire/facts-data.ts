import {
  NX_INVALID_PACKET,
  NX_NO_PACKET,
  NX_NOT_BOUND,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_UNDERFLOW,
  NX_WINDOW_OVERFLOW,
  SECOND,
} from '@strata/contracts';
import { StreamConnection, withQuirks } from '@strata/stack';
import { netxAcks } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import { PSH } from '../../suite/peer/frame.ts';
import { mss } from '../../suite/peer/options.ts';
import type { Scenario } from '../../suite/suite.ts';
import { NetxBench } from './bench.ts';

/** Sending, receiving, windows and probes. */
export const dataFacts: readonly Scenario[] = [
  {
    name: 'every send is a segment of its own, at once and with PSH; FIN rides on none of them',
    covers: ['segmentation'],
    check(t) {
      const c = t.peer().passive();
      for (let i = 0; i < 3; i++) {
        c.send(10);
        c.expect('P.', { seq: 1 + 10 * i, len: 10, anyPush: false });
      }
      c.close();
      c.expect('F.', { seq: 31, len: 0, anyPush: false });
    },
  },
  {
    name: 'a packet is cut to what the window leaves; what was not taken stays in the caller’s packet with 0x39',
    covers: ['partial-send'],
    check(t) {
      const c = t.peer().passive({ synOptions: mss(1460), window: 300 });
      const packet = c.own.allocate();
      if (packet === null) return t.fail('no packet');
      packet.appendBytes(
        Uint8Array.from({ length: 1000 }, (_, i) => i & 255),
        0,
        1000,
      );
      t.equal(c.own.send(packet), NX_WINDOW_OVERFLOW, 'the status');
      c.peer.settle();
      const { tcp } = c.expect('P.', { seq: 1, len: 300 });
      t.equal(tcp.flags & PSH, PSH, 'PSH');
      t.equal([packet.length, packet.bytes[packet.prepend]], [700, 300 & 255], 'what is left, and its first octet');
      c.emit('.', { seq: 1, ack: 301, win: 1000 });
      t.equal(c.own.send(packet), NX_SUCCESS, 'the status once there is room');
      c.peer.settle();
      c.expect('P.', { seq: 301, len: 700 });
    },
  },
  {
    name: 'statuses of send: 0x24 without a port, 0x38 without a connection, 0x12 for an empty packet, 0x02 without head-room',
    covers: ['send-statuses'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      const [free, bound] = [peer.socket(), peer.socket()];
      bound.bind(6000);
      const [packet, tight] = [peer.host.pool.allocate(76), peer.host.pool.allocate(20)];
      if (packet === null || tight === null) return t.fail('no packet');
      t.equal(c.own.send(packet), NX_INVALID_PACKET, 'the status of an empty packet');
      packet.appendBytes(new Uint8Array(4), 0, 4);
      tight.appendBytes(new Uint8Array(4), 0, 4);
      t.equal(free.send(packet), NX_NOT_BOUND, 'the status without a port');
      t.equal(bound.send(packet), NX_NOT_CONNECTED, 'the status without a connection');
      t.equal(c.own.send(tight), NX_UNDERFLOW, 'the status without head-room');
      packet.release();
      tight.release();
      c.emit('F.', { seq: 1, ack: 1 });
      t.equal(c.send(4), NX_SUCCESS, 'the status after the peer’s FIN');
    },
  },
  {
    name: 'one receive returns one segment; without data the status is 0x01',
    covers: ['receive'],
    check(t) {
      const c = t.peer().passive();
      t.equal(c.own.receiveStatus(), NX_NO_PACKET, 'the status without data');
      for (const [seq, len] of [
        [1, 10],
        [11, 1],
        [12, 100],
      ] as const) {
        c.emit('P.', { seq, ack: 1, len });
      }
      t.equal([c.readOne(), c.readOne(), c.readOne(), c.readOne()], [10, 1, 100, 0], 'lengths received');
    },
  },
  {
    name: 'segments out of order are acknowledged at once, one by one, and do not shrink the window',
    covers: ['out-of-order'],
    check(t) {
      const c = t.peer().passive({ socket: { windowSize: 8192 } });
      for (let i = 1; i <= 5; i++) {
        c.emit('P.', { seq: 1 + 100 * i, ack: 1, len: 100 });
        c.expect('.', { seq: 1, ack: 1, win: 8192 });
      }
      let told = 0;
      c.own.notifications.receive = () => told++;
      c.emit('P.', { seq: 1, ack: 1, len: 100 });
      c.expect('.', { ack: 601, win: 8192 - 600, within: 300_000 });
      t.ok(told >= 1, 'the receive notification runs');
    },
  },
  {
    name: 'the window loses what arrives in order and gains what is read; reading all of it makes it whole',
    covers: ['receive-window'],
    check(t) {
      const c = t.peer().passive({ socket: { windowSize: 8000 } });
      for (let i = 0; i < 3; i++) c.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
      c.expect('.', { ack: 3001, win: 5000, within: 300_000 });
      c.readOne();
      c.silence();
      c.emit('P.', { seq: 3001, ack: 1, len: 1000 });
      c.expect('.', { ack: 4001, win: 5000, within: 300_000 });
      c.read();
      c.silence();
      c.send(10);
      c.expect('P.', { seq: 1, ack: 4001, win: 8000 });
    },
  },
  {
    name: 'growth of less than half of the window is told by the timer of delayed acknowledgments, at its second tick',
    covers: ['window-growth-later'],
    ipVersions: [4],
    check(t) {
      for (const [readAt, toldAt] of [
        [60, 80],
        [69, 80],
        [70, 90],
      ] as const) {
        const bench = new NetxBench(t);
        bench.connect(12, 8192);
        bench.reading = false;
        bench.send(3, 1000);
        bench.until(readAt);
        bench.reading = true;
        bench.read();
        bench.until(500);
        const answers = bench.lines.filter((line) => / b \d+ \. /.test(line)).map((line) => line.split(' '));
        const seen = answers.map(([tick, , , , , ack, , window]) => [tick, ack, window].map(Number));
        t.equal(
          seen,
          [
            [30, 3001, 5192],
            [toldAt, 3001, 8192],
          ],
          `ticks, numbers and windows of the acknowledgments, read at ${readAt}`,
        );
        bench.end();
      }
    },
  },
  {
    name: 'reading tells the peer at once when the window has grown by half of its size',
    covers: ['window-update'],
    check(t) {
      const c = t.peer().passive({ socket: { windowSize: 8000 } });
      for (let i = 0; i < 4; i++) c.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
      c.expect('.', { ack: 4001, win: 4000, within: 300_000 });
      for (let i = 0; i < 3; i++) {
        c.readOne();
        c.silence();
      }
      c.readOne();
      c.expect('.', { ack: 4001, win: 8000 });
    },
  },
  {
    name: 'acknowledgments do not count segments, unless built with NX_TCP_ACK_EVERY_N_PACKETS',
    covers: ['ack-every-n'],
    check(t) {
      const c = t.peer().passive({ socket: { windowSize: 65535 } });
      for (let i = 0; i < 12; i++) c.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
      c.silence();
      c.expect('.', { ack: 12_001, within: 200_000 });
      const two = t.peer({ tcp: { acks: netxAcks(2) } }).passive({ socket: { windowSize: 65535 } });
      for (let i = 0; i < 4; i += 2) {
        two.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
        two.silence();
        two.emit('P.', { seq: 1001 + 1000 * i, ack: 1, len: 1000 });
        two.expect('.', { ack: 2001 + 1000 * i });
      }
      // Only while ESTABLISHED.
      two.close();
      two.expect('F.', { seq: 1, ack: 4001 });
      two.emit('.', { seq: 4001, ack: 2 });
      for (let i = 4; i < 8; i++) two.emit('P.', { seq: 1 + 1000 * i, ack: 2, len: 1000 });
      two.silence();
      two.expect('.', { ack: 8001, within: 200_000 });
    },
  },
  {
    name: 'a sender that waits for a closed window probes with the first octet of its packet, every second, and goes on',
    covers: ['blocked-probe'],
    check(t) {
      const c = t.peer().passive({ window: 1000 });
      c.send(1000);
      c.expect('P.', { seq: 1, len: 1000 });
      c.emit('.', { seq: 1, ack: 1001, win: 0 });
      const packet = c.own.allocate();
      if (packet === null) return t.fail('no packet');
      packet.appendBytes(Uint8Array.of(0x41, 0x42, 0x43), 0, 3);
      t.equal(c.own.send(packet), NX_WINDOW_OVERFLOW, 'the status');
      c.own.waitToSend(packet);
      for (let i = 0; i < 3; i++) {
        c.expect('.', { seq: 1001, len: 1, data: [0x41], within: 1_100_000, anyPush: false });
        c.emit('.', { seq: 1, ack: 1001, win: 0 });
      }
      // The peer takes the octet of a probe: the same octet follows once more with its packet, which loses nothing.
      c.expect('.', { seq: 1001, len: 1, within: 1_100_000 });
      c.emit('.', { seq: 1, ack: 1002, win: 500 });
      t.equal(c.own.send(packet), NX_SUCCESS, 'the status once there is room');
      c.own.waitToSend(null);
      c.peer.settle();
      c.expect('P.', { seq: 1001, len: 3, data: [0x41, 0x42, 0x43] });
      c.emit('.', { seq: 1, ack: 1004 });
      c.send(2);
      c.expect('P.', { seq: 1004, len: 2 });
    },
  },
  {
    name: 'a sender that stops waiting after an octet of its packet was taken keeps the rest of it',
    covers: ['blocked-probe'],
    check(t) {
      const c = t.peer().passive({ window: 1000 });
      c.send(1000);
      c.expect('P.', { seq: 1, len: 1000 });
      c.emit('.', { seq: 1, ack: 1001, win: 0 });
      const packet = c.own.allocate();
      if (packet === null) return t.fail('no packet');
      packet.appendBytes(Uint8Array.of(0x41, 0x42, 0x43), 0, 3);
      c.own.send(packet);
      c.own.waitToSend(packet);
      c.expect('.', { seq: 1001, len: 1, within: 1_100_000 });
      c.emit('.', { seq: 1, ack: 1002, win: 0 });
      c.own.waitToSend(null);
      t.equal(packet.length, 2, 'octets left in the packet');
      packet.release();
      c.emit('.', { seq: 1, ack: 1002, win: 500 });
      c.send(2, 0x44);
      c.expect('P.', { seq: 1002, data: [0x44, 0x44] });
    },
  },
  {
    name: 'a blocking send of the host’s own calls waits in the same way',
    covers: ['blocked-probe'],
    async check(t) {
      const c = t.peer().passive({ window: 1000 });
      const { host } = c.peer;
      const connection = new StreamConnection(host.waits, 'tcp').attach(c.own, true);
      let done = false;
      const sending = connection.send(new Uint8Array(1003).fill(0x41)).then(() => {
        done = true;
      });
      for (let i = 0; i < 10; i++) await Promise.resolve();
      c.peer.settle();
      c.expect('P.', { seq: 1, len: 1000 });
      c.emit('.', { seq: 1, ack: 1001, win: 0 });
      c.expect('.', { seq: 1001, len: 1, data: [0x41], within: 1_100_000, anyPush: false });
      c.emit('.', { seq: 1, ack: 1001, win: 500 });
      for (let i = 0; i < 10; i++) await Promise.resolve();
      c.peer.settle();
      c.expect('P.', { seq: 1001, len: 3 });
      await sending;
      t.equal(done, true, 'whether the send has returned');
    },
  },
  {
    name: 'ten probes without an answer end the connection; answered ones go on for ever',
    covers: ['probes-end'],
    check(t) {
      const c = t.peer().passive({ window: 100 });
      c.send(100);
      c.expect('P.', { seq: 1, len: 100 });
      c.emit('.', { seq: 1, ack: 101, win: 0 });
      c.send(10);
      for (let i = 0; i < 30; i++) {
        c.peer.waitForFrame(2 * SECOND);
        c.peer.drain();
        c.emit('.', { seq: 1, ack: 101, win: 0 });
      }
      t.equal(c.state, 'ESTABLISHED', 'the state after 30 answered probes');
      let probes = 0;
      for (let i = 0; i < 20; i++) {
        c.peer.advance(SECOND);
        probes += c.peer.drain().length;
      }
      t.equal([probes, c.ear.heard.at(-1)], [10, 'closed 0x38'], 'probes without an answer, and what was heard');
    },
  },
  {
    name: 'a repeated segment whose acknowledgment has changed gets an identification of its own',
    covers: ['identification'],
    ipVersions: [4],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      let lost = 0;
      bench.fate = ({ from, length }) => (from === 'a' && length > 0 && lost++ === 0 ? 'drop' : 'pass');
      bench.send(1, 512);
      bench.until(62);
      bench.answer(100);
      bench.until(212);
      const sent = bench.lines.filter((line) => / a .* P\. 1 /.test(line)).map((line) => line.split(' ')[2]);
      t.equal(sent, ['3', '5'], 'identifications of the two copies');
      bench.end();
    },
  },
  {
    name: 'quirk tcp-stale-probe-octet: an octet that was refused takes the place of the first one sent afterwards; without it none does',
    covers: ['quirk-stale-probe-octet'],
    check(t) {
      for (const quirk of [true, false]) {
        const profile = quirk ? withQuirks(t.profile, ['tcp-stale-probe-octet']) : t.profile;
        const c = t.peer({ profile }).passive({ window: 100 });
        c.send(100);
        c.expect('P.', { seq: 1, len: 100 });
        c.emit('.', { seq: 1, ack: 101, win: 0 });
        t.equal(c.send(10, 0x58), NX_WINDOW_OVERFLOW, 'the status of the refused send');
        if (quirk) {
          c.expect('.', { seq: 101, data: [0x58], within: 1_100_000 });
          c.emit('.', { seq: 1, ack: 102, win: 0 });
          c.emit('.', { seq: 1, ack: 102, win: 500 });
        } else {
          c.expect('.', { seq: 100, len: 0, within: 1_100_000 });
          c.emit('.', { seq: 1, ack: 101, win: 500 });
        }
        c.send(3, 0x59);
        // With the defect the segment begins one octet back: its first octet is a repetition to the peer.
        c.expect('P.', { seq: 101, data: [0x59, 0x59, 0x59] });
      }
    },
  },
  {
    name: 'quirk tcp-endless-retries: an application that polls keeps a dead connection open; without it, it ends',
    covers: ['quirk-endless-retries'],
    check(t) {
      for (const quirk of [true, false]) {
        const profile = quirk ? withQuirks(t.profile, ['tcp-endless-retries']) : t.profile;
        const c = t.peer({ profile }).passive({ window: 100 });
        c.send(100);
        const begun = c.peer.now;
        for (let i = 0; i < 240 && c.ear.heard.at(-1) !== 'closed 0x38'; i++) {
          c.send(10);
          c.peer.advance(SECOND / 2);
          c.peer.drain();
        }
        const seconds = (c.peer.now - begun) / SECOND;
        t.equal(c.ear.heard.at(-1) === 'closed 0x38', !quirk, 'whether the connection was given up');
        if (quirk) t.equal(seconds, 120, 'seconds of polling');
        else t.between(seconds, 10, 12, 'seconds until it was');
      }
    },
  },
  {
    name: 'quirk tcp-data-as-duplicate-ack: data of the peer causes a needless retransmission; without it, it does not',
    covers: ['quirk-data-as-duplicate-ack'],
    check(t) {
      for (const quirk of [true, false]) {
        const profile = quirk ? withQuirks(t.profile, ['tcp-data-as-duplicate-ack']) : t.profile;
        const c = t.peer({ profile }).passive();
        c.send(100);
        c.expect('P.', { seq: 1, len: 100 });
        for (let i = 0; i < 3; i++) c.emit('P.', { seq: 1 + 10 * i, ack: 1, len: 10 });
        if (quirk) c.expect('P.', { seq: 1, len: 100 });
        else c.silence();
      }
    },
  },
  {
    name: 'quirk tcp-unroutable-syn: a SYN without a route back holds the armed socket for eleven seconds; without it, it does not',
    covers: ['quirk-unroutable-syn'],
    check(t) {
      for (const quirk of [true, false]) {
        const profile = quirk ? withQuirks(t.profile, ['tcp-unroutable-syn']) : t.profile;
        const peer = t.peer({ profile, gateway: false });
        const socket = peer.socket();
        peer.host.tcp.serverListen(70, socket, 5, null);
        socket.accept();
        const stranger = peer.connection({ hostPort: 70 });
        stranger.emit('S', { seq: 0, from: parseAddress('203.0.113.9') ?? peer.self.address });
        stranger.silence();
        const other = peer.connection({ hostPort: 70 });
        other.emit('S', { seq: 0 });
        if (quirk) {
          other.silence(9 * SECOND);
          t.equal(socket.inspect().state, 'SYN_RECEIVED', 'the state for nine seconds');
          peer.advance(3 * SECOND);
          t.equal(
            [socket.inspect().state, socket.receiveStatus()],
            ['LISTEN', NX_NOT_CONNECTED],
            'the state after eleven',
          );
        } else other.expect('S.', { ack: 1 });
        peer.host.tcp.unlisten(70);
      }
    },
  },
];
