import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { modernProfile, netxProfile } from '@strata/stack';
import type { Socket } from '../src/index.ts';
import { type LabWorld, type LabWorldOptions, labWorld } from './support/world.ts';

async function open(world: LabWorld): Promise<{ client: Socket; accepted: Socket; close: () => Promise<void> }> {
  const server = world.server.createServer({ pauseOnConnect: true }).listen(7);
  const client = world.client.connect(7, world.serverAddress);
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return {
    client,
    accepted,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

describe.each([netxProfile, modernProfile])('backpressure ($name)', (profile) => {
  test('a reader that pauses closes the window, and the writer waits with the rest', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted, close } = await open(world);
      const total = 1 << 20;
      expect(client.write(Buffer.alloc(total))).toBe(false);
      await world.sleep(3_000);
      expect(accepted.bytesRead).toBe(0);
      expect(accepted.tcp?.inspect().rcvWnd).toBeLessThan(1460);
      expect(client.tcp?.inspect().sndWnd).toBeLessThan(1460);
      expect(client.writableNeedDrain).toBe(true);
      expect(client.writableLength).toBe(total);
      let received = 0;
      accepted.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      accepted.resume();
      await once(client, 'drain');
      expect(client.writableLength).toBe(0);
      client.end();
      await once(accepted, 'end');
      expect(received).toBe(total);
      await close();
    });
    await world.close();
  });

  test('a reader that takes a little at a time gets everything, and never more than it asked for', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted, close } = await open(world);
      client.end(Buffer.alloc(200_000, 'slow'));
      let received = 0;
      while (received < 200_000) {
        const bytes = accepted.read(Math.min(1000, accepted.readableLength || 1)) as Buffer | null;
        if (bytes === null) {
          await once(accepted, 'readable');
          continue;
        }
        received += bytes.length;
        expect(accepted.readableLength).toBeLessThanOrEqual(accepted.readableHighWaterMark + 65_536);
        if (received % 7 === 0) await world.sleep(200);
      }
      accepted.resume();
      await once(accepted, 'close');
      await close();
    });
    await world.close();
  });

  test('both directions stop and go at once', async () => {
    const world = labWorld({ profile, faults: { delayMicroseconds: 3_000 } });
    await world.run(async () => {
      const { client, accepted, close } = await open(world);
      const total = 300_000;
      const pump = async (from: Socket) => {
        for (let sent = 0; sent < total; sent += 10_000) {
          if (!from.write(Buffer.alloc(10_000))) await once(from, 'drain');
        }
        from.end();
      };
      const drink = async (to: Socket) => {
        let received = 0;
        for await (const bytes of to) received += (bytes as Buffer).length;
        return received;
      };
      const done = Promise.all([drink(client), drink(accepted)]);
      await Promise.all([pump(client), pump(accepted)]);
      expect(await done).toEqual([total, total]);
      await close();
    });
    await world.close();
  });

  test('a host with very few packets gets everything through, only slower', async () => {
    const world = labWorld({ profile, packets: 12 });
    await world.run(async () => {
      const { client, accepted, close } = await open(world);
      let received = 0;
      accepted.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      accepted.resume();
      const others = Array.from({ length: 3 }, () => world.client.connect(7, world.serverAddress));
      for (const other of others) other.on('error', () => {});
      client.end(Buffer.alloc(100_000));
      await once(accepted, 'end');
      expect(received).toBe(100_000);
      for (const other of others) other.destroy();
      await world.sleep(1000);
      void close().catch(() => {});
    });
    await world.lab.runFor(3600);
    expect(world.lab.outstanding()).toBe(0);
    await world.lab.close();
  });
});

test('a bad link delays bytes and changes none, both ways, with many connections at once', async () => {
  const options: LabWorldOptions = {
    seed: 7,
    faults: {
      lossRate: 0.05,
      delayMicroseconds: 20_000,
      jitterMicroseconds: 5_000,
      duplicateRate: 0.02,
      reorderRate: 0.02,
      corruptRate: 0.01,
    },
  };
  for (const profile of [netxProfile, modernProfile]) {
    const world = labWorld({ ...options, profile });
    await world.run(async () => {
      const server = world.server.createServer((socket) => socket.pipe(socket)).listen(7);
      const echoes = Array.from({ length: 6 }, async (_, i) => {
        const sent = Buffer.from(Array.from({ length: 20_000 + i }, (_, at) => (at * (i + 3)) & 255));
        const socket = world.client.connect(7, world.serverAddress);
        socket.end(sent);
        const received: Buffer[] = [];
        for await (const bytes of socket) received.push(bytes as Buffer);
        expect(Buffer.concat(received).equals(sent)).toBe(true);
      });
      await Promise.all(echoes);
      server.close();
      await once(server, 'close');
    });
    await world.close();
  }
}, 20_000);
