import { describe, expect, test } from '@jest/globals';
import { type LabOptions, MqttSession, modernProfile, NetError, netxProfile } from '@strata/stack';
import { type Broker, startBroker } from './support/broker.ts';
import { type LabWorld, type LabWorldOptions, labWorld } from './support/world.ts';

async function withBroker(work: (world: LabWorld, broker: Broker) => Promise<void>, options: LabWorldOptions = {}) {
  const world = labWorld(options);
  await world.run(async () => {
    const broker = await startBroker(world.server);
    await work(world, broker);
    await broker.close();
  });
  await world.close();
}

const session = (world: LabWorld, options: Partial<ConstructorParameters<typeof MqttSession>[1]> = {}) =>
  new MqttSession(world.clientHost, { clientId: 'device', broker: world.serverAddress, ...options });

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test.each([netxProfile, modernProfile])('the same session goes over IPv6 ($name)', async (profile) => {
  await withBroker(
    async (world) => {
      const device = session(world);
      await device.connect({ keepAliveSeconds: 60 });
      await device.subscribe('plant/#', 1);
      for (let i = 0; i < 4; i++) await device.publish('plant/7', `reading ${i}`, { qos: i & 1 });
      for (let i = 0; i < 4; i++) expect(text((await device.receive()).payload)).toBe(`reading ${i}`);
      await device.disconnect();
      device.delete();
    },
    { profile, family: 6 },
  );
});

describe.each([netxProfile, modernProfile] satisfies LabOptions['profile'][])(
  'the stack’s own MQTT client talks to aedes ($name)',
  (profile) => {
    test('it connects, subscribes, publishes and receives with QoS 0 and 1', async () => {
      await withBroker(
        async (world) => {
          const device = session(world);
          expect(await device.connect({ keepAliveSeconds: 60 })).toEqual({ returnCode: 0, sessionPresent: false });
          expect(await device.subscribe('plant/#', 1)).toBe(1);
          for (let i = 0; i < 10; i++) await device.publish('plant/7', `reading ${i}`, { qos: i & 1 });
          for (let i = 0; i < 10; i++) {
            const message = await device.receive();
            expect([message.topic, text(message.payload), message.qos]).toEqual(['plant/7', `reading ${i}`, i & 1]);
          }
          await device.unsubscribe('plant/#');
          await device.disconnect();
          device.delete();
        },
        { profile },
      );
    });

    test('a retained message comes with the subscription', async () => {
      await withBroker(
        async (world) => {
          const device = session(world);
          await device.connect();
          await device.publish('state', 'on', { qos: 1, retain: true });
          await device.subscribe('state', 1);
          expect(await device.receive()).toMatchObject({ topic: 'state', retain: true });
          await device.disconnect();
          device.delete();
        },
        { profile },
      );
    });

    test('a client that is cut off leaves its will', async () => {
      await withBroker(
        async (world) => {
          const observer = session(world, { clientId: 'observer' });
          await observer.connect();
          await observer.subscribe('wills', 1);
          const device = session(world, { will: { topic: 'wills', message: 'device gone', qos: 1 } });
          await device.connect();
          device.delete();
          expect(text((await observer.receive()).payload)).toBe('device gone');
          await observer.disconnect();
          observer.delete();
        },
        { profile },
      );
    });

    test('a persistent session is resumed, and what was published meanwhile arrives', async () => {
      await withBroker(
        async (world) => {
          const device = session(world);
          await device.connect({ cleanSession: false });
          await device.subscribe('post', 1);
          await device.disconnect();
          const writer = session(world, { clientId: 'writer' });
          await writer.connect();
          for (const letter of ['a', 'b', 'c']) await writer.publish('post', letter, { qos: 1 });
          expect((await device.connect({ cleanSession: false })).sessionPresent).toBe(true);
          const letters: string[] = [];
          for (let i = 0; i < 3; i++) letters.push(text((await device.receive()).payload));
          expect(letters).toEqual(['a', 'b', 'c']);
          await device.disconnect();
          await writer.disconnect();
          device.delete();
          writer.delete();
        },
        { profile },
      );
    });

    test('a QoS 1 message that was not acknowledged is sent again after a reconnect', async () => {
      await withBroker(
        async (world, broker) => {
          const seen: string[] = [];
          const dups: boolean[] = [];
          let cut = true;
          broker.aedes.authorizePublish = (client, packet, done) => {
            if (client?.id === 'device') dups.push(packet.dup);
            if (cut && client !== null) {
              cut = false;
              client.conn.destroy();
              return;
            }
            done(null);
          };
          broker.aedes.on('publish', (packet) => {
            if (packet.topic === 'important') seen.push(packet.payload.toString());
          });
          const device = session(world);
          await device.connect({ cleanSession: false });
          await expect(device.publish('important', 'once more', { qos: 1 })).rejects.toBeInstanceOf(NetError);
          await device.connect({ cleanSession: false });
          await device.publish('important', 'next', { qos: 1 });
          await device.disconnect();
          device.delete();
          expect(seen).toEqual(['once more', 'next']);
          expect(dups).toEqual([false, true, false]);
        },
        { profile },
      );
    });

    test('a wrong password is named in the error', async () => {
      const world = labWorld({ profile });
      await world.run(async () => {
        const broker = await startBroker(world.server, {
          authenticate: (_client, user, password, done) => done(null, user === 'u' && password?.toString() === 'p'),
        });
        const wrong = session(world, { username: 'u', password: 'no' });
        await expect(wrong.connect()).rejects.toBeInstanceOf(NetError);
        wrong.delete();
        const right = session(world, { username: 'u', password: 'p' });
        await right.connect();
        await right.disconnect();
        right.delete();
        await broker.close();
      });
      await world.close();
    });

    test('over a bad link every QoS 1 message arrives', async () => {
      await withBroker(
        async (world) => {
          const device = session(world);
          await device.connect();
          await device.subscribe('bad', 1);
          for (let i = 0; i < 40; i++) await device.publish('bad', `${i}`, { qos: 1 });
          const seen = new Set<string>();
          while (seen.size < 40) seen.add(text((await device.receive()).payload));
          await device.disconnect();
          device.delete();
        },
        { profile, faults: { lossRate: 0.05, delayMicroseconds: 20_000, jitterMicroseconds: 5_000 } },
      );
    }, 20_000);
  },
);
