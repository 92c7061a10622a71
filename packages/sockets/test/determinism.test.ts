import { expect, test } from '@jest/globals';
import { MemorySink } from '@strata/pcap-writer';
import { Lab, MqttSession, modernProfile, netxProfile, type Profile } from '@strata/stack';
import { doubleRun, firstDifference } from '@strata/testkit';
import { netOf } from '../src/index.ts';
import { mqttClient, startBroker } from './support/broker.ts';

const FAULTS = {
  lossRate: 0.05,
  delayMicroseconds: 20_000,
  jitterMicroseconds: 5_000,
  duplicateRate: 0.01,
  reorderRate: 0.02,
  corruptRate: 0.01,
};

/** aedes with two clients: the stack's own and MQTT.js. Returns the capture. */
async function run(profile: Profile, seed: number): Promise<Uint8Array> {
  const sink = new MemorySink();
  const lab = new Lab({ seed, profile, capture: sink });
  const [clients, server] = [lab.host('clients'), lab.host('server')];
  const bridge = lab.bridge({ faults: FAULTS });
  clients.attach(bridge.a, { address: '192.0.2.1/24' });
  server.attach(bridge.b, { address: '192.0.2.2/24' });
  await lab.run(async () => {
    const broker = await startBroker(netOf(server));
    const device = new MqttSession(clients, { clientId: 'device', broker: '192.0.2.2' });
    await device.connect({ keepAliveSeconds: 60 });
    // Names, no wildcards: aedes grants a wildcard's subscriber any quality of service, and the device takes 0 and 1 only.
    for (const topic of ['device', 'program']) await device.subscribe(topic, 1);
    const program = mqttClient(netOf(clients), '192.0.2.2', { clientId: 'program' });
    await program.subscribeAsync('#', { qos: 2 });
    let missing = 20;
    const complete = new Promise<void>((resolve) => {
      program.on('message', () => {
        if (--missing === 0) resolve();
      });
    });
    for (let i = 0; i < 10; i++) {
      await device.publish('device', `${i}`, { qos: i & 1 });
      await program.publishAsync('program', `${i}`, { qos: (i % 3) as 0 | 1 | 2 });
    }
    for (let i = 0; i < 20; i++) await device.receive();
    await complete;
    await program.endAsync();
    await device.disconnect();
    device.delete();
    await broker.close();
  });
  await lab.runUntilIdle();
  expect(lab.outstanding()).toBe(0);
  await lab.close();
  return sink.bytes();
}

test.each([netxProfile, modernProfile])(
  'the same seed gives the same capture octet for octet with programs on the event loop, and another seed another ($name)',
  async (profile) => {
    const first = await doubleRun(42, (seed) => run(profile, seed));
    expect(first.length).toBeGreaterThan(10_000);
    expect(firstDifference(first, await run(profile, 43))).toBeGreaterThanOrEqual(0);
  },
  30_000,
);
