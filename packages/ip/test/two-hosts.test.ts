import { expect, test } from '@jest/globals';
import { NX_SUCCESS, SECOND } from '@strata/contracts';
import { EthernetDriver, LoopbackBridge } from '@strata/ethernet';
import { PacketMemory, PacketPool } from '@strata/packet';
import { Scheduler, SeededRandom } from '@strata/time';
import { ipv4Address } from '@strata/wire';
import { IpInstance, modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { ipWord } from './frames.ts';

test.each([
  ['netx', netxIpPolicy],
  ['modern', modernIpPolicy],
])('two %s hosts on a faulty bridge ping each other, and every packet comes home', (_name, policy) => {
  const time = new Scheduler();
  const memory = new PacketMemory(1 << 20);
  const bridge = new LoopbackBridge({ time, random: new SeededRandom('bridge') });
  const faults = { lossRate: 0.1, duplicateRate: 0.05, corruptRate: 0.05, delayMicroseconds: 3000 };
  for (const end of [bridge.a, bridge.b]) end.setFaults(faults);
  const hosts = [bridge.a, bridge.b].map((port, i) => {
    const pool = new PacketPool({ name: `host ${i}`, payloadSize: 1568, packets: 32, memory });
    const ip = new IpInstance({ name: `host ${i}`, pool, time, random: new SeededRandom(i), policy });
    const driver = new EthernetDriver({ port, mac: { msw: 0x0200, lsw: i + 1 } });
    const eth0 = ip.attachInterface('eth0', driver);
    ip.setAddress(eth0, ipWord('192.0.2.1') + i, ipWord('255.255.255.0'));
    return { ip, pool };
  });
  let ended = 0;
  let answered = 0;
  const listener = {
    pinged: (status: number, response: { release(): number } | null) => {
      ended++;
      if (status === NX_SUCCESS) answered++;
      response?.release();
    },
  };
  const advance = (microseconds: number) => {
    const end = time.now + microseconds;
    while (time.step(end)) {}
    time.advanceTo(end);
  };
  for (let i = 0; i < 200; i++) {
    const [from, to] = i % 2 === 0 ? [0, 1] : [1, 0];
    const data = new Uint8Array(i * 7).fill(i);
    hosts[from]?.ip.icmp.echo.ping(ipv4Address(ipWord('192.0.2.1') + to), data, SECOND, listener);
    advance(400_000);
  }
  advance(100 * SECOND);
  expect(ended).toBe(200);
  expect(answered).toBeGreaterThan(100);
  for (const { ip, pool } of hosts) {
    ip.close();
    expect(pool.available).toBe(pool.total);
  }
});
