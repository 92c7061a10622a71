import { NX_CONNECTION_PENDING, NX_IN_PROGRESS, NX_SUCCESS, SECOND } from '@strata/contracts';
import type { Profile } from '@strata/stack';
import type { Scenario } from '../../suite/suite.ts';
import { ADDRESS_B, NetxBench, SERVER_PORT } from './bench.ts';
import { compareRun } from './compare.ts';
import { RUN_B1, RUN_B1W, RUN_B3, RUN_C4, RUN_KA, RUN_LQ, RUN_TW2 } from './frames/open-close.ts';

/** The profile with keepalive compiled in: 10 s, every 5 s, 3 times. */
function withKeepalive(profile: Profile): Profile {
  const tcp = {
    ...profile.tcp,
    keepalive: true,
    keepaliveIdle: 10 * SECOND,
    keepaliveInterval: 5 * SECOND,
    keepaliveProbes: 3,
  };
  return { ...profile, tcp };
}

/** Runs of opening, transferring and closing without losses. */
export const openAndClose: readonly Scenario[] = [
  {
    name: 'b1: ten packets into a window of 8192, an acknowledgment when reading has opened half of it, FIN behind the data',
    covers: ['b1'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      t.equal(
        [bench.client?.cwnd, bench.client?.ssthresh, bench.client?.mss],
        [4380, 8192, 1460],
        'cwnd, ssthresh, MSS',
      );
      bench.send(10, 1024);
      t.equal(bench.client?.cwnd, 7300, 'cwnd after the data');
      bench.disconnect();
      t.equal(bench.client?.inspect().state, 'TIMED_WAIT', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'LISTEN', 'the server’s state');
      t.equal(bench.received, new Array(10).fill(1024), 'lengths received');
      compareRun(t, bench, RUN_B1);
    },
  },
  {
    name: 'b1 with the calls of the hosts: a send goes on when all that it leads to has happened, as a thread below the IP thread',
    covers: ['b1'],
    async check(t) {
      const bench = new NetxBench(t);
      const received: number[] = [];
      const server = bench.b.listen(
        SERVER_PORT,
        async (connection) => {
          for await (const bytes of connection) received.push(bytes.length);
          await connection.close();
        },
        { socket: { windowSize: 8192 } },
      );
      bench.atEnd.push(() => server.close());
      bench.until(12);
      await bench.lab.run(async () => {
        const client = await bench.a.connect(ADDRESS_B, SERVER_PORT, { windowSize: 8192 });
        for (let i = 0; i < 10; i++) await client.send(new Uint8Array(1024));
        await client.close();
      });
      t.equal(received, new Array(10).fill(1024), 'lengths received');
      compareRun(t, bench, RUN_B1);
    },
  },
  {
    name: 'b1w: the same with 65535: the congestion window cuts packets, the delayed acknowledgment lets the rest go',
    covers: ['b1w'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 65535);
      bench.send(10, 1024);
      bench.until(50);
      t.equal(bench.client?.cwnd, 7300, 'cwnd after the data');
      bench.disconnect();
      t.equal(bench.received, [1024, 1024, 1024, 1024, 284, 740, 1024, 1024, 1024, 1024, 1004, 20], 'lengths received');
      compareRun(t, bench, RUN_B1W);
    },
  },
  {
    name: 'b3: NX_NO_WAIT ends a connection with a bare reset, and answers NX_IN_PROGRESS',
    covers: ['b3'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      bench.send(1, 100);
      bench.until(42);
      t.equal(bench.client?.disconnect(true), NX_IN_PROGRESS, 'the status of disconnect');
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the client’s state');
      bench.until(62);
      t.equal(bench.server?.inspect().state, 'LISTEN', 'the server’s state');
      compareRun(t, bench, RUN_B3);
    },
  },
  {
    name: 'c4: a port without a listener answers RST and ACK with a window of 0, and the connect fails',
    covers: ['c4'],
    check(t) {
      const bench = new NetxBench(t);
      bench.until(10);
      const client = bench.dial(50535, 8192, 9999);
      bench.settle();
      t.equal(client.inspect().state, 'CLOSED', 'the client’s state');
      t.equal(client.bound, true, 'whether it is still bound');
      bench.until(300);
      compareRun(t, bench, RUN_C4);
    },
  },
  {
    name: 'tw2: TIMED_WAIT lasts 24000 ticks',
    covers: ['tw2'],
    check(t) {
      const bench = new NetxBench(t);
      bench.connect(12, 8192);
      bench.disconnect();
      bench.until(23_990);
      t.equal(bench.client?.inspect().state, 'TIMED_WAIT', 'the state after 23990 ticks');
      bench.until(24_012);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the state after 24012 ticks');
      compareRun(t, bench, RUN_TW2);
    },
  },
  {
    name: 'ka: keepalive 10/5/3: both ends probe on the grid of a second, and give up when their probes stay without answer',
    covers: ['ka'],
    check(t) {
      const bench = new NetxBench(t, { profile: withKeepalive(t.profile) });
      bench.connect(12, 8192);
      bench.until(3012);
      t.equal(bench.client?.inspect().state, 'ESTABLISHED', 'the state after 30 idle seconds');
      bench.fate = ({ from }) => (from === 'b' ? 'drop' : 'pass');
      bench.until(5499);
      t.equal(bench.client?.inspect().state, 'ESTABLISHED', 'the client’s state before the end');
      t.equal(bench.server?.inspect().state, 'ESTABLISHED', 'the server’s state before the end');
      bench.until(5500);
      t.equal(bench.client?.inspect().state, 'CLOSED', 'the client’s state');
      t.equal(bench.server?.inspect().state, 'LISTEN', 'the server’s state');
      compareRun(t, bench, RUN_KA, { unorderedTicks: true });
    },
  },
  {
    name: 'lq: in a listen queue of two the armed socket waits for accept, the oldest waiting SYN goes, relisten takes the next',
    covers: ['lq'],
    check(t) {
      const bench = new NetxBench(t);
      const { tcp } = bench.b;
      const [first, second] = [bench.socketOf(bench.b), bench.socketOf(bench.b)];
      const called: string[] = [];
      bench.until(10);
      tcp.serverListen(SERVER_PORT, first, 2, (socket) => called.push(socket.inspect().state));
      for (const port of [40_001, 40_002, 40_003, 40_004]) {
        bench.dial(port);
        bench.settle();
      }
      t.equal(called, ['LISTEN'], 'states in the listen callback');
      bench.until(60);
      t.equal(first.accept(), NX_IN_PROGRESS, 'the status of accept');
      bench.until(62);
      t.equal(first.accept(), NX_SUCCESS, 'the status of accept once established');
      t.equal(first.remotePort, 40_001, 'whose SYN the first socket has');
      t.equal(tcp.relisten(SERVER_PORT, second), NX_CONNECTION_PENDING, 'the status of relisten');
      bench.settle();
      t.equal(second.remotePort, 40_003, 'whose SYN the second socket has');
      t.equal(second.accept(), NX_IN_PROGRESS, 'the status of the second accept');
      bench.until(212);
      t.equal(called, ['LISTEN', 'LISTEN'], 'states in the listen callback');
      t.equal(second.inspect().state, 'ESTABLISHED', 'the second socket’s state');
      t.mask('the client’s ports: those of the run');
      compareRun(t, bench, RUN_LQ);
    },
  },
];
