import { NX_SUCCESS, NX_WINDOW_OVERFLOW, type Packet } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { NetxBench } from './bench.ts';
import { segments } from './facts-runs.ts';

const FIN = 1;

/** The client has connected at tick 12; what comes before tick 13 is not looked at, unless it is data. */
function open(t: Trial, window = 8192, closing = true): NetxBench {
  const bench = new NetxBench(t);
  bench.closing = closing;
  bench.connect(12, window);
  return bench;
}

/** Compares what came after the handshake, and takes the bench down. */
function compare(t: Trial, bench: NetxBench, wanted: readonly string[]): void {
  bench.end();
  t.equal(segments(bench).slice(3), wanted, 'the segments after the handshake');
}

/** `count` segments of 1024 octets at a tick, from number `first` on. */
function data(tick: number, count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, i) => `${tick} a P. ${first + 1024 * i} 1 1024 8192`);
}

/** Runs whose frames follow from what is known of timers, windows and states. */
export const closingRuns: readonly Scenario[] = [
  {
    name: 'data, and the close a second later: the rest is acknowledged by the timer, the FIN at once',
    covers: ['late-close'],
    check(t) {
      const bench = open(t);
      bench.send(10, 1024);
      bench.until(112);
      bench.disconnect();
      compare(t, bench, [
        ...data(12, 4),
        '12 b . 1 4097 0 8192',
        ...data(12, 4, 4097),
        '12 b . 1 8193 0 8192',
        ...data(12, 2, 8193),
        '30 b . 1 10241 0 8192',
        '112 a F. 10241 1 0 8192',
        '112 b . 1 10242 0 8192',
        '112 b F. 1 10242 0 8192',
        '112 a . 10242 2 0 8192',
      ]);
    },
  },
  {
    name: 'a server that sends ten packets into 65535: 4380 octets, then what each delayed acknowledgment lets go; 284 + 740 of one packet',
    covers: ['server-sends'],
    check(t) {
      const bench = open(t, 65535);
      const [client, server] = [bench.client as TcpSocket, bench.server as TcpSocket];
      const taken: number[] = [];
      client.listener = bench.ear({
        receivable: () => {
          for (let packet = client.receive(); packet !== null; packet = client.receive()) {
            taken.push(packet.length);
            packet.release();
          }
        },
        peerFinished: () => void client.disconnect(false),
      });
      let left = 10;
      let packet: Packet | null = null;
      const go = () => {
        while (left > 0 || packet !== null) {
          if (packet === null) {
            left--;
            packet = server.allocate() as Packet;
            packet.appendBytes(new Uint8Array(1024), 0, 1024);
          }
          if (server.send(packet) !== NX_SUCCESS) return;
          packet = null;
        }
        server.disconnect(false);
      };
      server.listener = bench.ear({ sendable: go });
      go();
      bench.until(100);
      t.equal(taken, [1024, 1024, 1024, 1024, 284, 740, 1024, 1024, 1024, 1024, 1004, 20], 'lengths received');
      const wide = (text: string) => `${text} 65535`;
      compare(t, bench, [
        ...[0, 1, 2, 3].map((i) => wide(`12 b P. ${1 + 1024 * i} 1 1024`)),
        wide('12 b P. 4097 1 284'),
        wide('30 a . 1 4381 0'),
        wide('30 b P. 4381 1 740'),
        ...[0, 1, 2, 3].map((i) => wide(`30 b P. ${5121 + 1024 * i} 1 1024`)),
        wide('30 b P. 9217 1 1004'),
        wide('50 a . 1 10221 0'),
        wide('50 b P. 10221 1 20'),
        wide('50 b F. 10241 1 0'),
        wide('50 a . 1 10242 0'),
        wide('50 a F. 1 10242 0'),
        wide('50 b . 10242 2 0'),
      ]);
    },
  },
  {
    name: 'two FINs lost: the third, two seconds later, closes both ends',
    covers: ['fin-lost'],
    check(t) {
      const bench = open(t);
      let lost = 0;
      bench.fate = ({ from, flags }) => (from === 'a' && flags & FIN && lost++ < 2 ? 'drop' : 'pass');
      bench.until(62);
      bench.disconnect();
      bench.until(400);
      compare(t, bench, [
        '62 a F. 1 1 0 8192',
        '160 a F. 1 1 0 8192',
        '260 a F. 1 1 0 8192',
        '260 b . 1 2 0 8192',
        '260 b F. 1 2 0 8192',
        '260 a . 2 2 0 8192',
      ]);
    },
  },
  {
    name: 'data and the FIN behind it lost: the data goes first, the FIN a second after its acknowledgment',
    covers: ['data-and-fin-lost'],
    check(t) {
      const bench = open(t);
      let lost = 0;
      bench.fate = ({ from, flags, length }) =>
        from === 'a' && (flags & FIN || length > 0) && lost++ < 3 ? 'drop' : 'pass';
      bench.until(20);
      bench.send(2, 600);
      bench.disconnect();
      bench.until(400);
      compare(t, bench, [
        '20 a P. 1 1 600 8192',
        '20 a P. 601 1 600 8192',
        '20 a F. 1201 1 0 8192',
        '120 a P. 1 1 600 8192',
        '120 a P. 601 1 600 8192',
        '140 b . 1 1201 0 8192',
        '240 a F. 1201 1 0 8192',
        '240 b . 1 1202 0 8192',
        '240 b F. 1 1202 0 8192',
        '240 a . 1202 2 0 8192',
      ]);
    },
  },
  {
    name: 'a sender that waits for a closed window: its octet every second, and the packet in the tick in which reading opens it',
    covers: ['blocked-probe'],
    check(t) {
      const bench = open(t, 4096);
      const client = bench.client as TcpSocket;
      bench.reading = false;
      bench.send(4, 1024);
      const packet = client.allocate() as Packet;
      packet.appendBytes(new Uint8Array(1024).fill(0x62), 0, 1024);
      t.equal(client.send(packet), NX_WINDOW_OVERFLOW, 'the status of the fifth send');
      client.waitToSend(packet);
      let sent = false;
      client.listener = bench.ear({
        sendable: () => {
          if (sent || client.send(packet) !== NX_SUCCESS) return;
          sent = true;
          client.waitToSend(null);
        },
      });
      bench.until(313);
      bench.reading = true;
      bench.read();
      bench.until(412);
      bench.disconnect();
      const small = (text: string) => text.replace(/8192$/, '4096');
      compare(t, bench, [
        ...data(12, 4).map(small),
        '30 b . 1 4097 0 0',
        ...[110, 210, 310].flatMap((tick) => [`${tick} a . 4097 1 1 4096`, `${tick} b . 1 4097 0 0`]),
        '313 b . 1 4097 0 2048',
        '313 b . 1 4097 0 4096',
        '313 a P. 4097 1 1024 4096',
        '330 b . 1 5121 0 4096',
        '412 a F. 5121 1 0 4096',
        '412 b . 1 5122 0 4096',
        '412 b F. 1 5122 0 4096',
        '412 a . 5122 2 0 4096',
      ]);
    },
  },
  {
    name: 'both ends close at once, 30 ms apart: both FINs cross, both are acknowledged, both ends are in TIMED_WAIT',
    covers: ['simultaneous-close'],
    check(t) {
      const bench = open(t, 8192, false);
      bench.until(20);
      bench.fate = () => 3;
      bench.disconnect();
      bench.server?.disconnect(false);
      bench.until(300);
      t.equal(bench.client?.inspect().state, 'TIMED_WAIT', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'TIMED_WAIT', 'the server’s state');
      compare(t, bench, ['20 a F. 1 1 0 8192', '20 b F. 1 1 0 8192', '23 b . 2 2 0 8192', '23 a . 2 2 0 8192']);
    },
  },
  {
    name: 'a server goes on sending after the client’s FIN; what it sends is acknowledged by the timer, its FIN at once',
    covers: ['half-close'],
    check(t) {
      const bench = open(t, 8192, false);
      bench.until(20);
      bench.disconnect();
      bench.until(31);
      t.equal([bench.answer(100), bench.answer(200)], [NX_SUCCESS, NX_SUCCESS], 'the statuses of sends in CLOSE_WAIT');
      bench.until(100);
      bench.server?.disconnect(false);
      bench.until(200);
      t.equal(bench.client?.inspect().state, 'TIMED_WAIT', 'the client’s state');
      compare(t, bench, [
        '20 a F. 1 1 0 8192',
        '20 b . 1 2 0 8192',
        '31 b P. 1 2 100 8192',
        '31 b P. 101 2 200 8192',
        '50 a . 2 301 0 7892',
        '100 b F. 301 2 0 8192',
        '100 a . 2 302 0 7892',
      ]);
    },
  },
];
