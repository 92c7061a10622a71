import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { timersOf } from '../src/index.ts';
import { mqttClient, startBroker } from './support/broker.ts';
import { labWorld } from './support/world.ts';

describe('timers by the host’s clock', () => {
  test('fire once, again and again, not after they were cleared, and pass their arguments', async () => {
    const world = labWorld();
    const { lab } = world;
    const timers = timersOf(world.clientHost);
    const seen: [number, string][] = [];
    const note = (text: string) => seen.push([lab.now / MILLISECOND, text]);
    await world.run(async () => {
      timers.setTimeout(note, 30, 'once');
      const interval = timers.setInterval(() => note('again'), 20);
      timers.clearTimeout(timers.setTimeout(note, 10, 'never'));
      const late = timers.setTimeout(note, 50, 'late');
      timers.setTimeout(() => late.refresh(), 40);
      timers.setTimeout(() => timers.clearInterval(Number(interval)), 65);
      await world.sleep(200);
    });
    expect(seen).toEqual([
      [20, 'again'],
      [30, 'once'],
      [40, 'again'],
      [60, 'again'],
      [90, 'late'],
    ]);
    await world.close();
  });

  test('stand in for the global ones, and give way again', async () => {
    const before = globalThis.setTimeout;
    const world = labWorld();
    const machines = globalThis.setTimeout(() => {}, 1_000_000);
    const uninstall = timersOf(world.clientHost).install();
    try {
      await world.run(
        () =>
          new Promise<void>((resolve) => {
            setTimeout(resolve, 3_600_000);
          }),
      );
      expect(world.lab.now).toBe(3600 * SECOND);
      clearTimeout(machines);
    } finally {
      uninstall();
    }
    expect(globalThis.setTimeout).toBe(before);
    await world.close();
  });
});

describe('MQTT programs live in the lab’s time', () => {
  test('MQTT.js pings by the host’s clock, and the connection outlives an hour of silence', async () => {
    const world = labWorld();
    const timers = timersOf(world.clientHost);
    await world.run(async () => {
      const broker = await startBroker(world.server);
      let pings = 0;
      broker.aedes.on('ping', () => pings++);
      const client = mqttClient(world.client, world.serverAddress, {
        keepalive: 60,
        timerVariant: {
          set: (run: () => void, time: number) => timers.setInterval(run, time),
          clear: timers.clearInterval,
        } as never,
      });
      await new Promise((resolve) => {
        client.once('connect', resolve);
      });
      await world.sleep(3_600_000);
      expect(client.connected).toBe(true);
      expect(pings).toBeGreaterThanOrEqual(55);
      await client.endAsync();
      await broker.close();
    });
    expect(world.lab.now).toBeGreaterThanOrEqual(3600 * SECOND);
    await world.close();
  });

  test('aedes gives up a client that has gone silent, and publishes its will', async () => {
    const world = labWorld();
    const uninstall = timersOf(world.serverHost).install();
    try {
      await world.run(async () => {
        const broker = await startBroker(world.server);
        const observer = mqttClient(world.server, world.serverAddress, { clientId: 'observer' });
        await observer.subscribeAsync('will', { qos: 1 });
        const will = new Promise<number>((resolve) => {
          observer.once('message', () => resolve(world.lab.now));
        });
        const silent = mqttClient(world.client, world.serverAddress, {
          clientId: 'silent',
          keepalive: 20,
          timerVariant: { set: () => 1, clear: () => {} } as never,
          will: { topic: 'will', payload: Buffer.from('gone'), qos: 1, retain: false },
        });
        await new Promise((resolve) => {
          silent.once('connect', resolve);
        });
        const begun = world.lab.now;
        expect(((await will) - begun) / SECOND).toBeCloseTo(30, 0);
        await silent.endAsync(true);
        await observer.endAsync();
        await broker.close();
      });
    } finally {
      uninstall();
    }
    await world.close();
  });

  test('MQTT.js connects again after the broker was away', async () => {
    const world = labWorld();
    const uninstall = timersOf(world.clientHost).install();
    try {
      await world.run(async () => {
        const first = await startBroker(world.server);
        const client = mqttClient(world.client, world.serverAddress, { clean: false, reconnectPeriod: 10_000 });
        client.on('error', () => {});
        const connects = () =>
          new Promise((resolve) => {
            client.once('connect', resolve);
          });
        await connects();
        await first.close();
        await world.sleep(25_000);
        expect(client.connected).toBe(false);
        const second = await startBroker(world.server);
        await connects();
        await client.publishAsync('back', 'again', { qos: 1 });
        await client.endAsync();
        await second.close();
      });
    } finally {
      uninstall();
    }
    await world.close();
  });
});
