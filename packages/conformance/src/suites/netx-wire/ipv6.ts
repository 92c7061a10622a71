import { NX_SUCCESS } from '@strata/contracts';
import type { TcpSocket } from '@strata/tcp';
import { parseAddress } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import { CLIENT_PORT, NetxBench, SERVER_PORT } from './bench.ts';
import { compareRun } from './compare.ts';
import { RUN_E1 } from './frames/ipv6.ts';
import { ping } from './link.ts';

const LINK_LOCAL_B = 'fe80::211:22ff:fe33:4457';
const GLOBAL_B = '2001:db8:1::2';
const PACKETS = 4;
const OCTETS = 1024;

/** The client sends four packets and closes; the server reads and closes behind it. */
function transfer(bench: NetxBench): void {
  bench.serve(8192);
  const client = bench.socketOf(bench.a);
  client.bind(CLIENT_PORT);
  const remote = parseAddress(GLOBAL_B);
  if (remote !== null) client.connect(remote, SERVER_PORT);
  bench.client = client as TcpSocket;
  bench.settle();
  bench.send(PACKETS, OCTETS);
  bench.disconnect();
}

/** Runs over IPv6. */
export const ipv6: readonly Scenario[] = [
  {
    name: 'e1: duplicate address detection, routers asked for, neighbours, pings and TCP over IPv6',
    covers: ['e1'],
    ipVersions: [4, 6],
    check(t) {
      const bench = new NetxBench(t, { hexadecimal: true });
      const [one, other] = [bench.a.ip.interfaces[0], bench.b.ip.interfaces[0]];
      if (one === undefined || other === undefined) return t.fail('no interface');
      bench.until(10);
      bench.a.ip.ipv6.enable(one);
      bench.until(47);
      bench.b.ip.ipv6.enable(other);
      bench.until(647);
      for (const text of ['ABCDEFGHIJKLMNOPQRSTUVWXYZ  ', 'again']) {
        const result = ping(bench.a, LINK_LOCAL_B, text);
        bench.settle();
        t.equal(result.status, NX_SUCCESS, 'the status of a ping');
      }
      bench.a.addAddress(one, '2001:db8:1::1/64');
      bench.b.addAddress(other, `${GLOBAL_B}/64`);
      bench.until(1147);
      ping(bench.a, GLOBAL_B, 'global');
      bench.until(1149);
      transfer(bench);
      t.equal(bench.received, new Array(PACKETS).fill(OCTETS), 'lengths received');
      bench.until(2149);
      compareRun(t, bench, RUN_E1);
    },
  },
];
