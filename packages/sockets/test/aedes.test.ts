import { describe, expect, test } from '@jest/globals';
import type { IConnackPacket, IPublishPacket, MqttClient } from 'mqtt';
import type { Socket } from '../src/index.ts';
import { type Broker, mqttClient, startBroker } from './support/broker.ts';
import { type LabWorld, type LabWorldOptions, labWorld } from './support/world.ts';

/** A world with a broker in it; everything is closed and given back at the end. */
async function withBroker(work: (world: LabWorld, broker: Broker) => Promise<void>, options: LabWorldOptions = {}) {
  const world = labWorld(options);
  await world.run(async () => {
    const broker = await startBroker(world.server);
    await work(world, broker);
    await broker.close();
  });
  await world.close();
}

function connack(client: MqttClient): Promise<IConnackPacket> {
  return new Promise((resolve) => {
    client.once('connect', resolve);
  });
}

async function connected(world: LabWorld, options: Parameters<typeof mqttClient>[2] = {}): Promise<MqttClient> {
  const client = mqttClient(world.client, world.serverAddress, options);
  await connack(client);
  return client;
}

interface Message {
  readonly topic: string;
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** The next `count` messages of a client. */
function messages(client: MqttClient, count: number): Promise<Message[]> {
  const all: Message[] = [];
  return new Promise((resolve) => {
    client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
      all.push({ topic, text: payload.toString(), qos: packet.qos, retain: packet.retain });
      if (all.length === count) resolve(all);
    });
  });
}

const gone = (client: MqttClient) =>
  new Promise<void>((resolve) => {
    client.once('close', () => resolve());
  });

/** The code of the client's first error. */
const refusal = (client: MqttClient) =>
  new Promise<unknown>((resolve) => {
    client.once('error', (error) => resolve((error as { code?: unknown }).code));
  });

describe('aedes serves and MQTT.js connects on the stack', () => {
  test('messages of every quality of service come back', async () => {
    await withBroker(async (world) => {
      const client = await connected(world);
      const granted = await client.subscribeAsync('plant/#', { qos: 2 });
      expect(granted[0]).toMatchObject({ topic: 'plant/#', qos: 2 });
      const received = messages(client, 3);
      for (const qos of [0, 1, 2] as const) await client.publishAsync('plant/7', `qos ${qos}`, { qos });
      const all = await received;
      expect(all.map((one) => [one.text, one.qos]).sort()).toEqual([
        ['qos 0', 0],
        ['qos 1', 1],
        ['qos 2', 2],
      ]);
      await client.endAsync();
    });
  });

  test('a retained message waits for subscribers', async () => {
    await withBroker(async (world) => {
      const first = await connected(world, { clientId: 'first' });
      await first.publishAsync('state', 'on', { qos: 1, retain: true });
      await first.endAsync();
      const second = await connected(world, { clientId: 'second' });
      const received = messages(second, 1);
      await second.subscribeAsync('state');
      expect(await received).toEqual([{ topic: 'state', text: 'on', qos: 0, retain: true }]);
      await second.endAsync();
    });
  });

  test('a client that vanishes leaves its will, one that disconnects does not', async () => {
    await withBroker(async (world) => {
      const observer = await connected(world, { clientId: 'observer' });
      await observer.subscribeAsync('wills/#', { qos: 1 });
      const received = messages(observer, 2);
      const will = (name: string) => ({
        topic: `wills/${name}`,
        payload: Buffer.from('gone'),
        qos: 1 as const,
        retain: false,
      });
      const polite = await connected(world, { clientId: 'polite', will: will('polite') });
      await polite.endAsync();
      for (const name of ['cut', 'reset']) {
        const client = await connected(world, { clientId: name, will: will(name) });
        client.on('error', () => {});
        const over = gone(client);
        const socket = client.stream as unknown as Socket;
        if (name === 'cut') socket.destroy();
        else socket.resetAndDestroy();
        await over;
      }
      expect((await received).map((one) => one.topic)).toEqual(['wills/cut', 'wills/reset']);
      await observer.endAsync();
    });
  });

  test('a persistent session gets what was published meanwhile', async () => {
    await withBroker(async (world) => {
      const options = { clientId: 'sleeper', clean: false };
      const before = await connected(world, options);
      await before.subscribeAsync('post', { qos: 1 });
      await before.endAsync();
      const writer = await connected(world, { clientId: 'writer' });
      for (let i = 0; i < 5; i++) await writer.publishAsync('post', `letter ${i}`, { qos: 1 });
      const after = mqttClient(world.client, world.serverAddress, options);
      const received = messages(after, 5);
      expect(await connack(after)).toMatchObject({ sessionPresent: true });
      expect((await received).map((one) => one.text)).toEqual([0, 1, 2, 3, 4].map((i) => `letter ${i}`));
      await after.endAsync();
      await writer.endAsync();
    });
  });

  test('a payload of a megabyte goes there and back', async () => {
    await withBroker(async (world) => {
      const client = await connected(world);
      await client.subscribeAsync('big', { qos: 1 });
      const payload = Buffer.alloc(1 << 20, 'many octets');
      const received = new Promise<Buffer>((resolve) => {
        client.once('message', (_topic, bytes) => resolve(bytes));
      });
      await client.publishAsync('big', payload, { qos: 1 });
      expect(payload.equals(await received)).toBe(true);
      await client.endAsync();
    });
  });

  test('twenty clients, two hundred messages, each to all', async () => {
    await withBroker(async (world) => {
      const clients: MqttClient[] = [];
      for (let i = 0; i < 20; i++) clients.push(await connected(world, { clientId: `client ${i}` }));
      await Promise.all(clients.map((client) => client.subscribeAsync('all', { qos: 1 })));
      const received = clients.map((client) => messages(client, 200));
      await Promise.all(
        clients.flatMap((client, i) =>
          Array.from({ length: 10 }, (_, n) => client.publishAsync('all', `${i}/${n}`, { qos: (n % 2) as 0 | 1 })),
        ),
      );
      for (const all of await Promise.all(received)) expect(new Set(all.map((one) => one.text)).size).toBe(200);
      await Promise.all(clients.map((client) => client.endAsync()));
    });
  }, 20_000);

  test('a wrong password is refused', async () => {
    const world = labWorld();
    await world.run(async () => {
      const broker = await startBroker(world.server, {
        authenticate: (_client, user, password, done) => done(null, user === 'u' && password?.toString() === 'p'),
      });
      const wrong = mqttClient(world.client, world.serverAddress, { username: 'u', password: 'x' });
      expect(await refusal(wrong)).toBe(5);
      await wrong.endAsync(true);
      const right = await connected(world, { username: 'u', password: 'p' });
      await right.endAsync();
      await broker.close();
    });
    await world.close();
  });

  test('nobody listens: MQTT.js hears ECONNREFUSED', async () => {
    const world = labWorld();
    await world.run(async () => {
      const client = mqttClient(world.client, world.serverAddress);
      expect(await refusal(client)).toBe('ECONNREFUSED');
      await client.endAsync(true);
    });
    await world.close();
  });

  test('a broker that goes away closes its clients', async () => {
    await withBroker(async (world, broker) => {
      const client = await connected(world);
      const over = gone(client);
      broker.aedes.close();
      await over;
      await client.endAsync(true);
    });
  });

  test('no listener and no connection is left over', async () => {
    await withBroker(async (world, broker) => {
      const client = await connected(world);
      const socket = client.stream as unknown as Socket;
      await client.publishAsync('a', 'b', { qos: 1 });
      await client.endAsync();
      await world.sleep(100);
      expect(broker.aedes.connectedClients).toBe(0);
      expect(await new Promise((resolve) => broker.server.getConnections((_error, count) => resolve(count)))).toBe(0);
      expect(socket.destroyed).toBe(true);
      expect(socket.tcp).toBeNull();
      for (const event of ['data', 'readable', 'drain', 'connect', 'timeout'])
        expect(socket.listenerCount(event)).toBe(0);
      expect(world.lab.outstanding()).toBe(0);
    });
  });

  test('over a link that loses one frame in twenty every QoS 1 message arrives', async () => {
    await withBroker(
      async (world) => {
        const client = await connected(world);
        await client.subscribeAsync('bad/link', { qos: 1 });
        const received = messages(client, 60);
        for (let i = 0; i < 60; i++) await client.publishAsync('bad/link', `${i}`, { qos: 1 });
        expect((await received).map((one) => Number(one.text))).toEqual(Array.from({ length: 60 }, (_, i) => i));
        await client.endAsync();
      },
      {
        faults: {
          lossRate: 0.05,
          delayMicroseconds: 20_000,
          jitterMicroseconds: 5_000,
          duplicateRate: 0.01,
          reorderRate: 0.02,
        },
      },
    );
  }, 20_000);
});
