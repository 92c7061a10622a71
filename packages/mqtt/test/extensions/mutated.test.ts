import { expect, test } from '@jest/globals';
import { NX_NOT_CONNECTED } from '@strata/contracts';
import { MemoryMqttStore } from '@strata/mqtt';
import { SeededRandom } from '@strata/time';
import { BrokerLab, hex } from '../scripted-broker.ts';

/** What brokers say with QoS 2, and a message of 5000 octets that is received piece by piece. */
const GOOD = [
  '34 06 00 01 61 00 07 78',
  '3c 06 00 01 61 00 07 78',
  '62 02 00 07',
  '50 02 00 01',
  '50 02 00 02',
  '70 02 00 01',
  '40 02 00 03',
  '90 03 00 04 02',
  '32 06 00 01 61 00 09 79',
  `34 88 27 00 01 61 00 0b${' 61'.repeat(4995)}`,
];

/** With every extension on: packets that fit and packets that are damaged, in any order, over connections that break. */
test.each([1, 2, 3, 4])('whatever comes, nothing throws, leaks or hangs (seed %i)', (seed) => {
  const random = new SeededRandom(`mutated ${seed}`);
  let violations = 0;
  for (let run = 0; run < 8; run++) {
    const reconnect = { random: random.fork(`run ${run}`) };
    const lab = new BrokerLab({
      packets: 32,
      client: {
        maximumPacketSize: 2048,
        extensions: { qos2: true, chainedPackets: true, inFlightMaximum: 3, reconnect, store: new MemoryMqttStore() },
      },
    });
    const { client } = lab;
    lab.accepts = false;
    for (let step = 0; step < 60; step++) {
      if (!client.isConnected) {
        if (!client.returns) client.connect({ cleanSession: false });
        lab.runTo(lab.tick + 6500);
        lab.say(random.below(3) === 0 ? '20 02 00 00' : '20 02 01 00');
        if (!client.isConnected) continue;
        client.publish('t', 'x', false, 2);
        client.publish('t', 'x', false, 1 + random.below(2));
        client.subscribe('s', 2);
      }
      let bytes = hex(GOOD[random.below(GOOD.length)] as string);
      if (random.below(3) === 0) {
        bytes = Uint8Array.from(bytes);
        bytes[random.below(Math.min(10, bytes.length))] = random.below(256);
      }
      for (let at = 0; at < bytes.length; at += 1400) if (client.isConnected) lab.sayBytes(bytes.slice(at, at + 1400));
      if (random.below(3) === 0) client.receive();
      const stream = client.receiveStream();
      if (random.below(2) === 0) stream?.discard();
      else stream?.read(new Uint8Array(9000), 0, 9000);
      if (random.below(12) === 0) lab.stream.close(NX_NOT_CONNECTED);
      lab.settle();
      expect(JSON.parse(JSON.stringify(client.inspect())).state).toBe(client.state);
      violations += client.counters.violations;
    }
    lab.end();
  }
  expect(violations).toBeGreaterThan(50);
});
