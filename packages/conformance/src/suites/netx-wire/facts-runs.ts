import { NX_IN_PROGRESS, NX_NO_RESPONSE, NX_SUCCESS } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import type { Scenario } from '../../suite/suite.ts';
import { NetxBench } from './bench.ts';
import { ping } from './link.ts';

/** Lines of a run that are TCP, without identifications. */
export function segments(bench: NetxBench): string[] {
  return bench.lines.filter((line) => !line.includes(' arp ')).map((line) => line.replace(/^(\d+ \S) \d+/, '$1'));
}

/** Further runs, of which the outcome is known and not each frame. */
export const furtherRuns: readonly Scenario[] = [
  {
    name: 'the third segment of a handshake lost: the SYN-ACK goes again after a second, and is acknowledged once more',
    covers: ['third-ack-lost'],
    check(t) {
      const bench = new NetxBench(t);
      let lost = 0;
      bench.fate = ({ from, flags }) => (from === 'a' && flags === 16 && lost++ === 0 ? 'drop' : 'pass');
      bench.connect(12, 8192);
      t.equal(bench.client?.inspect().state, 'ESTABLISHED', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'SYN_RECEIVED', 'the server’s state');
      bench.until(200);
      t.equal(bench.server?.inspect().state, 'ESTABLISHED', 'the server’s state in the end');
      const last = segments(bench).slice(-2);
      t.equal(last, ['110 b S. 0 1 0 8192 020405b401010100', '110 a . 1 1 0 8192'], 'the last segments');
      bench.end();
    },
  },
  {
    name: 'all acknowledgments lost: every repeated segment is acknowledged at once, and the sender gives up all the same',
    covers: ['acks-lost'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      bench.fate = ({ from }) => (from === 'b' ? 'drop' : 'pass');
      bench.send(1, 100);
      bench.until(1110);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'ESTABLISHED', 'the server’s state');
      t.equal(bench.received, [100], 'lengths received');
      const answers = segments(bench).filter((line) => / b \. /.test(line));
      t.equal(
        answers,
        [30, ...Array.from({ length: 10 }, (_, i) => 110 + 100 * i)].map((tick) => `${tick} b . 1 101 0 8192`),
        'acknowledgments',
      );
      bench.end();
    },
  },
  {
    name: 'a connect whose wait expires leaves the socket closed and bound, without a word; a late SYN-ACK is reset',
    covers: ['connect-expires'],
    check(t) {
      const bench = new NetxBench(t);
      bench.until(10);
      bench.serve(8192);
      bench.fate = ({ from, flags }) => (from === 'b' && flags === 18 ? 300 : 'pass');
      bench.until(12);
      const client = bench.dial(55401);
      bench.until(262);
      t.equal(client.disconnect(false), NX_SUCCESS, 'the status of giving up');
      t.equal([client.inspect().state, client.bound], ['CLOSED', true], 'the state, and whether it is bound');
      bench.until(320);
      t.equal(segments(bench).filter((line) => / a R /.test(line)).length > 0, true, 'whether the SYN-ACK is reset');
      bench.end();
    },
  },
  {
    name: 'a peer that never closes: the disconnect’s wait ends FIN_WAIT_2, nothing is sent; what comes later is reset',
    covers: ['peer-never-closes'],
    check(t) {
      const bench = new NetxBench(t);
      bench.closing = false;
      bench.connect(12, 8192);
      t.equal((bench.client as TcpSocket).disconnect(false), NX_IN_PROGRESS, 'the status of disconnect');
      bench.until(512);
      t.equal(bench.client?.inspect().state, 'FIN_WAIT_2', 'the state before the wait is over');
      (bench.client as TcpSocket).abandon();
      bench.until(600);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the state after it');
      t.equal(segments(bench).length, 5, 'segments on the wire');
      bench.answer(10);
      t.equal(segments(bench).at(-1)?.split(' ')[2], 'R', 'the answer to what the peer sends then');
      bench.end();
    },
  },
  {
    name: 'the server sends and closes first: the same segments in the other direction, and the client reads in CLOSE_WAIT',
    covers: ['server-closes'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      const client = bench.client as TcpSocket;
      let taken = 0;
      client.listener = bench.ear({
        receivable: () => {
          for (let packet = client.receive(); packet !== null; packet = client.receive()) {
            taken += packet.length;
            packet.release();
          }
        },
        peerFinished: () => void client.disconnect(false),
      });
      for (let i = 0; i < 4; i++) t.equal(bench.answer(1024), NX_SUCCESS, 'the status of a send');
      bench.server?.disconnect(false);
      bench.settle();
      t.equal(taken, 4096, 'octets taken');
      t.equal(bench.server?.inspect().state, 'TIMED_WAIT', 'the server’s state');
      t.equal(client.inspect().state, 'CLOSED', 'the client’s state');
      t.equal(
        segments(bench).slice(3),
        [
          '12 b P. 1 1 1024 8192',
          '12 b P. 1025 1 1024 8192',
          '12 b P. 2049 1 1024 8192',
          '12 b P. 3073 1 1024 8192',
          '12 a . 1 4097 0 8192',
          '12 b F. 4097 1 0 8192',
          '12 a . 1 4098 0 8192',
          '12 a F. 1 4098 0 8192',
          '12 b . 4098 2 0 8192',
        ],
        'the segments',
      );
      bench.end();
    },
  },
  {
    name: 'an IPv6 neighbour that does not answer is solicited three times: at once, after 1.03 s and after 2.13 s',
    covers: ['neighbour-unanswered'],
    ipVersions: [4, 6],
    check(t) {
      const bench = new NetxBench(t, { hexadecimal: true });
      const [one] = bench.a.ip.interfaces;
      if (one === undefined) return t.fail('no interface');
      bench.until(10);
      bench.a.ip.ipv6.enable(one);
      bench.until(1147);
      const result = ping(bench.a, 'fe80::211:22ff:fe33:4499', 'x');
      bench.until(2000);
      const solicitations = bench.lines.filter((line) => /^\d+ a 3333ff334499/.test(line));
      t.equal(
        solicitations.map((line) => Number(line.split(' ')[0]) - 1147),
        [0, 103, 213],
        'ticks of the solicitations',
      );
      t.equal(result.status, NX_NO_RESPONSE, 'the status of the ping');
      bench.end();
    },
  },
];
