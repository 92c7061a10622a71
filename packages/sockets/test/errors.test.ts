import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { NEVER, SECOND } from '@strata/contracts';
import { Lab, modernProfile, netxProfile } from '@strata/stack';
import { netOf, type Socket, type SocketError } from '../src/index.ts';
import { type LabWorld, labWorld } from './support/world.ts';

/** The socket's error, and whether 'close' told of it. */
function failure(socket: Socket): Promise<SocketError & { hadError: boolean }> {
  return new Promise((resolve) => {
    let error: SocketError | undefined;
    socket.on('error', (one: SocketError) => {
      error = one;
    });
    socket.on('close', (hadError: boolean) => resolve(Object.assign(error as SocketError, { hadError })));
  });
}

async function open(world: LabWorld): Promise<{ client: Socket; accepted: Socket }> {
  const server = world.server.createServer().listen(7);
  const client = world.client.connect(7, world.serverAddress);
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  accepted.on('error', () => {});
  server.close();
  return { client, accepted };
}

const seconds = (world: LabWorld) => world.lab.now / SECOND;

describe.each([netxProfile, modernProfile])('Node’s error codes ($name)', (profile) => {
  test('ENETUNREACH: there is no route', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const socket = world.client.connect(7, '198.51.100.1');
      expect(await failure(socket)).toMatchObject({
        code: 'ENETUNREACH',
        errno: -101,
        syscall: 'connect',
        address: '198.51.100.1',
        port: 7,
        message: 'connect ENETUNREACH 198.51.100.1:7 - Local (0.0.0.0:0)',
        hadError: true,
      });
    });
    await world.close();
  });

  test('nobody answers to the address: ETIMEDOUT, or EHOSTUNREACH where the profile hears of it', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const socket = world.client.connect(7, '192.0.2.99');
      const expected = profile === netxProfile ? 'ETIMEDOUT' : 'EHOSTUNREACH';
      expect(await failure(socket)).toMatchObject({ code: expected, syscall: 'connect', address: '192.0.2.99' });
    });
    await world.close();
  });

  test('ENOTFOUND: the name is none', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const socket = world.client.connect(7, 'nowhere.example');
      expect(await failure(socket)).toMatchObject({
        code: 'ENOTFOUND',
        errno: -3008,
        syscall: 'getaddrinfo',
        hostname: 'nowhere.example',
        message: 'getaddrinfo ENOTFOUND nowhere.example',
      });
    });
    await world.close();
  });

  test('ETIMEDOUT: the peer has fallen silent while we write', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted } = await open(world);
      const from = world.lab.now;
      world.lab.links[0]?.setFaults({ outages: [{ fromMicroseconds: from, toMicroseconds: NEVER }] });
      client.write('hello?');
      expect(await failure(client)).toMatchObject({
        code: expect.stringMatching(/ETIMEDOUT|EHOSTUNREACH/),
        syscall: 'read',
      });
      expect(world.lab.now - from).toBeGreaterThan(5 * SECOND);
      accepted.destroy();
    });
    await world.lab.runFor(3600);
    expect(world.lab.outstanding()).toBe(0);
    await world.lab.close();
  });

  test('ETIMEDOUT: keepalive finds the peer gone, ten probes a second apart after the delay', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted } = await open(world);
      client.setKeepAlive(true, 30_000);
      await world.sleep(100_000);
      expect(client.destroyed).toBe(false);
      const from = world.lab.now;
      world.lab.links[0]?.setFaults({ outages: [{ fromMicroseconds: from, toMicroseconds: NEVER }] });
      expect(await failure(client)).toMatchObject({
        code: expect.stringMatching(/ETIMEDOUT|EHOSTUNREACH/),
        syscall: 'read',
      });
      const waited = (world.lab.now - from) / SECOND;
      expect(waited).toBeGreaterThan(10);
      expect(waited).toBeLessThan(45);
      accepted.destroy();
    });
    await world.lab.runFor(3600);
    expect(world.lab.outstanding()).toBe(0);
    await world.lab.close();
  });

  test('ECONNRESET comes behind the data that was there', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted } = await open(world);
      let received = '';
      accepted.on('data', (bytes: Buffer) => {
        received += bytes;
      });
      client.write('last words');
      client.resetAndDestroy();
      expect(await failure(accepted)).toMatchObject({ code: 'ECONNRESET', errno: -104, syscall: 'read' });
      expect(received).toBe('last words');
    });
    await world.close();
  });

  test('ECONNRESET waits for a reader that pauses', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted } = await open(world);
      accepted.pause();
      client.write(Buffer.alloc(200_000));
      await world.sleep(500);
      client.resetAndDestroy();
      await world.sleep(500);
      expect(accepted.destroyed).toBe(false);
      accepted.resume();
      expect(await failure(accepted)).toMatchObject({ code: 'ECONNRESET' });
    });
    await world.close();
  });

  test('a writer that does not read learns of the end through its write', async () => {
    const world = labWorld({ profile });
    await world.run(async () => {
      const { client, accepted } = await open(world);
      accepted.pause();
      accepted.write(Buffer.alloc(500_000));
      client.write(Buffer.alloc(100_000));
      await world.sleep(500);
      client.resetAndDestroy();
      expect(await failure(accepted)).toMatchObject({ code: 'ECONNRESET', syscall: 'write' });
    });
    await world.close();
  });
});

describe('a socket', () => {
  test('whose signal was given before does not connect', async () => {
    const world = labWorld();
    await world.run(async () => {
      const socket = world.client.connect({ port: 7, host: world.serverAddress, signal: AbortSignal.abort() });
      expect(await failure(socket)).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    });
    expect(world.clientHost.tcp.counters.packetsSent).toBe(0);
    await world.close();
  });

  test('connects to its own host by every name for it', async () => {
    const world = labWorld();
    await world.run(async () => {
      const server = world.client.createServer((socket) => socket.end('it is me')).listen(7);
      for (const host of ['localhost', '127.0.0.1', '192.0.2.1', '0.0.0.0', undefined]) {
        const socket = world.client.connect({ port: 7, host });
        let text = '';
        for await (const bytes of socket) text += bytes;
        expect([host, text]).toEqual([host, 'it is me']);
      }
      server.close();
      await once(server, 'close');
    });
    await world.close();
  });

  test('that no program holds any more still ends in order', async () => {
    const world = labWorld();
    await world.run(async () => {
      const { client, accepted } = await open(world);
      client.end(Buffer.alloc(50_000));
      let received = 0;
      for await (const bytes of accepted) received += (bytes as Buffer).length;
      expect(received).toBe(50_000);
    });
    await world.close();
  });

  test('counts its timeout in the lab’s time, to the microsecond', async () => {
    const world = labWorld();
    await world.run(async () => {
      const { client, accepted } = await open(world);
      const from = seconds(world);
      client.setTimeout(86_400_000);
      await once(client, 'timeout');
      expect(seconds(world) - from).toBe(86_400);
      client.destroy();
      accepted.destroy();
    });
    await world.close();
  });
});

describe('a server', () => {
  test('on one address does not answer on another', async () => {
    const lab = new Lab({ seed: 1 });
    const [a, b] = [lab.host('a'), lab.host('b')];
    const [left, right] = [lab.bridge(), lab.bridge()];
    a.attach(left.a, { address: '192.0.2.1/24' });
    b.attach(left.b, { address: '192.0.2.2/24' });
    a.attach(right.a, { address: '198.51.100.1/24' });
    b.attach(right.b, { address: '198.51.100.2/24' });
    await lab.run(async () => {
      const server = netOf(b).createServer((socket) => socket.end());
      server.listen(7, '198.51.100.2');
      await once(server, 'listening');
      expect(server.address()).toEqual({ address: '198.51.100.2', family: 'IPv4', port: 7 });
      expect(await failure(netOf(a).connect(7, '192.0.2.2'))).toMatchObject({ code: 'ECONNREFUSED' });
      const socket = netOf(a).connect(7, '198.51.100.2').resume();
      await once(socket, 'close');
      expect(socket.remoteAddress).toBeUndefined();
      server.close();
      await once(server, 'close');
    });
    await lab.runUntilIdle();
    expect(lab.outstanding()).toBe(0);
    await lab.close();
  });

  test('finds a port of its own, and disposes of itself', async () => {
    const world = labWorld();
    await world.run(async () => {
      const ports = new Set<number>();
      const servers = Array.from({ length: 20 }, () => world.server.createServer().listen());
      for (const server of servers) ports.add(server.address()?.port as number);
      expect(ports.size).toBe(20);
      for (const server of servers) await server[Symbol.asyncDispose]();
      expect(servers.some((server) => server.listening)).toBe(false);
    });
    await world.close();
  });
});
