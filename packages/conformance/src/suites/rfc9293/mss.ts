import { Connection } from '../../suite/peer/connection.ts';
import { mss } from '../../suite/peer/options.ts';
import { optionOf } from '../../suite/peer/seen.ts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';

const HALF_SECOND = 500_000;

/** Octets of IP and TCP header without options. */
function headers(t: Trial): number {
  return t.ipVersion === 4 ? 40 : 60;
}

/** RFC 9293 3.7.1 to 3.7.3: the maximum segment size. */
export const segmentSize: readonly Scenario[] = [
  {
    name: 'SYN and SYN-ACK carry an MSS option, and that of the peer is obeyed',
    covers: ['MUST-14', 'SHLD-5', 'MAY-3'],
    check(t) {
      const peer = t.peer();
      const opened = peer.connection();
      opened.socket = peer.socket();
      opened.own.bind(0);
      opened.own.connect(peer.self.address, opened.peerPort);
      peer.settle();
      t.equal(Connection.mssOf(opened.expect('S', {})), 1500 - headers(t), 'the MSS option of the SYN');
      opened.emit('S.', { seq: 0, ack: 1, options: mss(1000) });
      opened.expect('.', { seq: 1, ack: 1 });
      opened.send(1400);
      opened.expect('.', { seq: 1, len: 1000 });
      peer.drain();
      peer.listen();
      const c = peer.connection();
      c.emit('S', { seq: 0, options: mss(1200) });
      t.equal(Connection.mssOf(c.expect('S.', { ack: 1 })), 1500 - headers(t), 'the MSS option of the SYN-ACK');
    },
  },
  {
    name: 'a link whose segments happen to be of the default size still gets an MSS option',
    covers: ['MAY-3'],
    ipVersions: [4],
    check(t) {
      const peer = t.peer({ mtu: 576 });
      peer.listen();
      const c = peer.connection();
      c.emit('S', { seq: 0, options: mss(536) });
      t.equal(Connection.mssOf(c.expect('S.', { ack: 1 })), 536, 'the MSS option');
    },
  },
  {
    name: 'without an MSS option the default is the limit, whichever side opens',
    covers: ['MUST-15'],
    check(t) {
      const peer = t.peer();
      const limit = t.ipVersion === 4 ? 536 : 1220;
      for (const c of [peer.passive({ synOptions: [] }), peer.active({ synOptions: [] })]) {
        c.send(1400);
        c.expect('.', { seq: 1, len: limit });
        peer.drain();
        c.emit('R.', { seq: 1, ack: 1 });
        peer.drain();
      }
    },
  },
  {
    name: 'segments fit the smaller of the MSS of the peer and the MTU of the link, options included',
    covers: ['MUST-16'],
    check(t) {
      const peer = t.peer({ mtu: 1300 });
      const c = peer.passive({ synOptions: mss(1460) });
      c.send(1400);
      const { packet } = c.expect('.', { seq: 1, len: 1300 - headers(t) });
      t.equal(packet.length, 1300, 'the length of the IP packet');
      c.emit('R.', { seq: 1, ack: 1 });
      peer.drain();
      const small = peer.passive({ synOptions: mss(600) });
      small.send(1400);
      small.expect('.', { seq: 1, len: 600 });
    },
  },
  {
    name: 'the MSS option is in SYN segments only',
    covers: ['MUST-65'],
    check(t) {
      const peer = t.peer();
      const c = peer.passive();
      c.send(100);
      c.emit('P.', { seq: 1, ack: 101, len: 100 });
      peer.advance(HALF_SECOND);
      c.close();
      c.read();
      c.emit('.', { seq: 101, ack: 102 });
      c.emit('F.', { seq: 101, ack: 102 });
      peer.advance(HALF_SECOND);
      for (const { tcp } of peer.drain()) {
        t.ok(tcp !== null && optionOf(tcp, 2) === null, 'no segment but a SYN has an MSS option');
      }
    },
  },
  {
    name: 'the MSS option says the MTU of the link less the fixed headers, whatever the peer said',
    covers: ['MUST-67', 'SHLD-5', 'SHLD-6'],
    check(t) {
      for (const mtu of [1300, 1400, 1500]) {
        const peer = t.peer({ mtu });
        peer.listen();
        const c = peer.connection();
        c.emit('S', { seq: 0, options: mss(9000) });
        t.equal(Connection.mssOf(c.expect('S.', { ack: 1 })), mtu - headers(t), `the MSS option at an MTU of ${mtu}`);
      }
    },
  },
];
