import { createServer } from 'node:net';
import { netOf } from '@strata/sockets';
import { Lab, MqttSession, modernProfile } from '@strata/stack';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';

const MESSAGES = { 0: 10_000, 1: 10_000 };
const payload = new Uint8Array(64).fill(0x61);
const topic = 'plant/7/temp';
const IN_FLIGHT = 100;

/** Publishes through the embedded broker and receives everything back: our client, our TCP, aedes on our sockets. */
async function ours(qos, messages) {
  const lab = new Lab({ seed: 1, profile: modernProfile });
  const bridge = lab.bridge();
  const [device, hub] = [lab.host('device', { packets: 2048 }), lab.host('broker', { packets: 2048 })];
  device.attach(bridge.a, { address: '192.0.2.1/24' });
  hub.attach(bridge.b, { address: '192.0.2.2/24' });
  const broker = await Aedes.createBroker();
  netOf(hub).createServer(broker.handle).listen(1883);
  const session = new MqttSession(device, { clientId: 'bench', broker: '192.0.2.2' });
  await lab.run(async () => {
    await session.connect();
    await session.subscribe(topic, qos);
    let received = 0;
    const receiving = (async () => {
      for (; received < messages; received++) await session.receive();
    })();
    for (let sent = 0; sent < messages; sent += IN_FLIGHT) {
      await Promise.all(Array.from({ length: IN_FLIGHT }, () => session.publish(topic, payload, { qos })));
    }
    await receiving;
    await session.disconnect();
  });
  session.delete();
  await new Promise((resolve) => broker.close(resolve));
  await lab.close();
}

/** The same with MQTT.js and aedes over the kernel's loopback, in one process too. */
async function theirs(qos, messages) {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.address().port}`, { clientId: 'bench' });
  await client.subscribeAsync(topic, { qos });
  const all = new Promise((resolve) => {
    let received = 0;
    client.on('message', () => ++received === messages && resolve());
  });
  for (let sent = 0; sent < messages; sent += IN_FLIGHT) {
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, () => client.publishAsync(topic, Buffer.from(payload), { qos })),
    );
  }
  await all;
  await client.endAsync();
  await new Promise((resolve) => broker.close(resolve));
  await new Promise((resolve) => server.close(resolve));
}

/** One case per quality of service. */
export function publishCase(qos) {
  return {
    name: `MQTT publish QoS ${qos} through the embedded broker and back, 64 bytes, ${IN_FLIGHT} in flight`,
    unit: 'msg/s',
    amount: MESSAGES[qos],
    run: () => ours(qos, MESSAGES[qos]),
    peer: {
      name: "MQTT.js + aedes over the kernel's loopback",
      amount: MESSAGES[qos],
      run: () => theirs(qos, MESSAGES[qos]),
    },
  };
}
