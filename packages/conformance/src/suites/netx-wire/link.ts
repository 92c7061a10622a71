import { NX_NO_RESPONSE, NX_SUCCESS, TICK } from '@strata/contracts';
import type { Host } from '@strata/stack';
import { type ipv4Address, parseAddress } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import { ADDRESS_A, ADDRESS_B, NetxBench } from './bench.ts';
import { compareRun } from './compare.ts';
import { RUN_A1, RUN_A2 } from './frames/link.ts';

/** What became of a ping. */
export interface Pinged {
  status: number;
  length: number;
}

/** nx_icmp_ping with a wait of 100 ticks. */
export function ping(host: Host, to: string | ReturnType<typeof ipv4Address>, text: string): Pinged {
  const result: Pinged = { status: -1, length: 0 };
  const remote = typeof to === 'string' ? parseAddress(to) : to;
  if (remote === null) throw new RangeError(`${String(to)} is no address`);
  const payload = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const status = host.ip.icmp.echo.ping(remote, payload, 100 * TICK, {
    pinged(done, response) {
      result.status = done;
      result.length = response?.length ?? 0;
      response?.release();
    },
  });
  if (status !== NX_SUCCESS) result.status = status;
  return result;
}

/** Runs of ARP and ICMP. */
export const linkLayer: readonly Scenario[] = [
  {
    name: 'a1: pings both ways behind one ARP exchange, and a gratuitous ARP',
    covers: ['a1'],
    check(t) {
      const bench = new NetxBench(t);
      bench.until(10);
      const first = ping(bench.a, ADDRESS_B, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ  ');
      bench.settle();
      t.equal([first.status, first.length], [NX_SUCCESS, 28], 'the first ping');
      bench.until(60);
      ping(bench.a, ADDRESS_B, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ  ');
      bench.until(110);
      const back = ping(bench.b, ADDRESS_A, 'xyz');
      bench.settle();
      t.equal([back.status, back.length], [NX_SUCCESS, 3], 'the ping back');
      const [eth0] = bench.a.ip.interfaces;
      if (eth0 !== undefined) bench.a.ip.arp.sendRequest(eth0, ADDRESS_A.w3, ADDRESS_A.w3, 1);
      bench.until(120);
      compareRun(t, bench, RUN_A1);
    },
  },
  {
    name: 'a2: ARP without an answer is asked again on the grid of a second, and the ping answers 0x29 after its wait',
    covers: ['a2'],
    check(t) {
      const bench = new NetxBench(t);
      bench.until(10);
      const result = ping(bench.a, '192.168.100.77', 'hello');
      bench.until(109);
      t.equal(result.status, -1, 'the status before the wait is over');
      bench.until(110);
      t.equal(result.status, NX_NO_RESPONSE, 'the status');
      bench.until(2610);
      t.equal(bench.a.pool.total - bench.a.pool.available, 1, 'packets that wait for the address');
      t.equal(ping(bench.a, '10.0.0.1', 'hello').status, 0x21, 'the status of a ping without a route');
      bench.a.ip.arp.deleteEntry((parseAddress('192.168.100.77') ?? ADDRESS_B).w3);
      compareRun(t, bench, RUN_A2);
    },
  },
];
