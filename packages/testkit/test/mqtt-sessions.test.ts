import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { MemorySink } from '@strata/pcap-writer';
import { netOf } from '@strata/sockets';
import { mqttSessionScenario } from '@strata/testkit';
import { aedesBroker } from '../../../tools/aedes-broker.mjs';

const startBroker = aedesBroker(netOf);
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);

test('sessions that break at any step keep QoS 1 and 2, with aedes as the broker', async () => {
  let breaks = 0;
  for (const seed of SEEDS) {
    const result = await mqttSessionScenario(seed, { startBroker });
    expect([seed, ...result.faults]).toEqual([seed]);
    breaks += result.cuts + result.crashes;
  }
  expect(breaks).toBeGreaterThan(SEEDS.length);
});

test.each([3, 17])('the same seed is the same octets on the link (seed %i)', async (seed) => {
  const captures = [];
  for (const _run of [1, 2]) {
    const capture = new MemorySink();
    await mqttSessionScenario(seed, { startBroker, capture });
    captures.push(createHash('sha256').update(capture.bytes()).digest('hex'));
  }
  expect(captures[0]).toBe(captures[1]);
});
