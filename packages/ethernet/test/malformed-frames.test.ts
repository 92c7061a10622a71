import { expect, test } from '@jest/globals';
import { EthernetDriver, LoopbackBridge, Segment, Switch } from '@strata/ethernet';
import { describeEthernet } from '@strata/wire';
import fc from '../../../test/support/laws.ts';
import { Bench, frameBytes, MAC_A, MAC_B, packetOf, RecordingLinkSink } from './fixtures.ts';

function setup() {
  const bench = new Bench();
  const pool = bench.pool();
  const bridge = new LoopbackBridge({ time: bench.time, memory: bench.memory });
  const driver = new EthernetDriver({ port: bridge.b, mac: MAC_B });
  const sink = new RecordingLinkSink(pool);
  driver.attach(sink);
  return { bench, pool, bridge, driver, sink };
}

test('a valid frame cut to every length 0..64 is taken or counted, never thrown at anybody', () => {
  for (const vlan of [undefined, 3]) {
    const { bench, pool, bridge, driver, sink } = setup();
    const whole = frameBytes(MAC_B, MAC_A, 0x0800, new Array(60).fill(7), vlan);
    for (let length = 0; length <= 64; length++) {
      bridge.a.send(packetOf(pool, whole.slice(0, length)));
      bench.run();
    }
    expect(sink.packets.length + driver.drops.total).toBe(65);
    expect(driver.counters().drops).toEqual(
      vlan === undefined ? { 'ethernet-short': 14 } : { 'ethernet-short': 18, 'ethernet-vlan': 47 },
    );
    expect(bench.leaks()).toEqual([]);
  }
});

test('any octets at all are taken or counted, by a driver and by a switch, and can be described', () => {
  const { bench, pool, bridge, driver, sink } = setup();
  const switching = bench.pool(16, 1600);
  const middle = new Switch({ time: bench.time, pool: switching });
  const links = [1, 2, 3].map((n) => new Segment({ time: bench.time, name: `link ${n}`, memory: bench.memory }));
  for (const link of links) middle.attach(link.end(1), { tagged: 'all' });
  let count = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (octets, aimed) => {
      if (aimed && octets.length >= 6) octets.set([2, 0, 0, 0, 0, 0x0b]);
      bridge.a.send(packetOf(pool, octets));
      links[count++ % 3]!.end(0).send(packetOf(pool, octets));
      bench.run();
      expect(bench.leaks()).toEqual([]);
      expect(describeEthernet(new DataView(octets.buffer, octets.byteOffset), 0, octets.length)).toMatch(/./);
    }),
    { numRuns: 2000 },
  );
  expect(sink.packets.length + driver.drops.total).toBe(count);
});
