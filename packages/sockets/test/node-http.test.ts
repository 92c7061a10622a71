import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { type LabWorld, type LabWorldOptions, labWorld } from './support/world.ts';

/** `node:http` on the server's host: its own server, fed with the host's connections. */
function serveHttp(world: LabWorld, handler: http.RequestListener): { web: http.Server; close: () => Promise<void> } {
  const web = http.createServer({ keepAliveTimeout: 0, connectionsCheckingInterval: 0x7fffffff }, handler);
  const server = world.server.createServer({ allowHalfOpen: true }, (socket) => web.emit('connection', socket));
  server.listen(80);
  return {
    web,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        web.close();
      }),
  };
}

/** An agent whose connections are the client host's. */
class HostAgent extends http.Agent {
  readonly world: LabWorld;
  opened = 0;

  constructor(world: LabWorld, options: http.AgentOptions = {}) {
    super(options);
    this.world = world;
  }

  override createConnection(...args: Parameters<http.Agent['createConnection']>): Duplex {
    this.opened++;
    return this.world.client.createConnection(args[0], args[1]);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

async function request(world: LabWorld, options: http.RequestOptions, body?: Iterable<Buffer>): Promise<Answer> {
  const outgoing = http.request({
    host: world.serverAddress,
    port: 80,
    ...(options.agent === undefined ? { createConnection: world.client.createConnection } : {}),
    ...options,
  });
  const answered = once(outgoing, 'response');
  for (const piece of body ?? []) if (!outgoing.write(piece)) await once(outgoing, 'drain');
  outgoing.end();
  const [response] = (await answered) as [http.IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode as number, headers: response.headers, body: Buffer.concat(pieces) };
}

async function withHttp(
  options: LabWorldOptions,
  handler: http.RequestListener,
  work: (world: LabWorld) => Promise<void>,
): Promise<void> {
  const world = labWorld(options);
  await world.run(async () => {
    const { close } = serveHttp(world, handler);
    await work(world);
    await close();
  });
  await world.close();
}

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('node:http runs on the stack', () => {
  test('a GET is answered', async () => {
    await withHttp(
      {},
      (incoming, outgoing) => outgoing.setHeader('x-path', incoming.url ?? '').end('good morning'),
      async (world) => {
        const answer = await request(world, { path: '/hello?you' });
        expect(answer.status).toBe(200);
        expect(answer.headers['x-path']).toBe('/hello?you');
        expect(answer.headers.connection).toBe('close');
        expect(answer.body.toString()).toBe('good morning');
      },
    );
  });

  test('a POST body reaches the handler, chunked, and comes back chunked', async () => {
    await withHttp(
      {},
      (incoming, outgoing) => {
        expect(incoming.headers['transfer-encoding']).toBe('chunked');
        incoming.pipe(outgoing);
      },
      async (world) => {
        const pieces = ['one', 'two', 'three'].map((text) => Buffer.from(text));
        const answer = await request(world, { method: 'POST', path: '/echo' }, pieces);
        expect(answer.headers['transfer-encoding']).toBe('chunked');
        expect(answer.body.toString()).toBe('onetwothree');
      },
    );
  });

  test('an agent keeps a connection alive and uses it again', async () => {
    let connections = 0;
    await withHttp(
      {},
      (incoming, outgoing) => {
        if (incoming.socket.listenerCount('seen') === 0) {
          connections++;
          incoming.socket.on('seen', () => {});
        }
        outgoing.end(`${incoming.method} ${incoming.url}`);
      },
      async (world) => {
        const agent = new HostAgent(world, { keepAlive: true, maxSockets: 1 });
        for (let i = 0; i < 5; i++) {
          const answer = await request(world, { agent, path: `/${i}` });
          expect(answer.body.toString()).toBe(`GET /${i}`);
          expect(answer.headers.connection).toBe('keep-alive');
        }
        expect(agent.opened).toBe(1);
        expect(connections).toBe(1);
        agent.destroy();
      },
    );
  });

  test('an idle connection of the server is ended by the lab’s clock', async () => {
    const world = labWorld();
    await world.run(async () => {
      const { web, close } = serveHttp(world, (_incoming, outgoing) => outgoing.end('x'));
      web.keepAliveTimeout = 5000;
      const agent = new HostAgent(world, { keepAlive: true });
      await request(world, { agent, path: '/' });
      const [socket] = Object.values(agent.freeSockets)[0] as unknown as [Duplex];
      const before = world.lab.now;
      await once(socket, 'close');
      const waited = (world.lab.now - before) / 1e6;
      expect(waited).toBeGreaterThan(4.9);
      expect(waited).toBeLessThan(7);
      await close();
    });
    await world.close();
  });

  test('eight requests at once, over as many connections', async () => {
    await withHttp(
      {},
      (incoming, outgoing) => outgoing.end(incoming.url),
      async (world) => {
        const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => request(world, { path: `/${i}` })));
        expect(answers.map((answer) => answer.body.toString())).toEqual(Array.from({ length: 8 }, (_, i) => `/${i}`));
      },
    );
  });

  test('5 MB go up and come down', async () => {
    const body = randomBytes(5 << 20);
    await withHttp(
      {},
      (incoming, outgoing) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece));
        incoming.on('end', () => outgoing.setHeader('content-length', body.length).end(Buffer.concat(pieces)));
      },
      async (world) => {
        const pieces = Array.from({ length: 80 }, (_, i) => body.subarray(i * 65536, (i + 1) * 65536));
        const headers = { 'content-length': body.length };
        const answer = await request(world, { method: 'PUT', path: '/file', headers }, pieces);
        expect(answer.body.length).toBe(body.length);
        expect(sha(answer.body)).toBe(sha(body));
      },
    );
  }, 60_000);

  test('over a bad link everything still arrives', async () => {
    const body = randomBytes(100_000);
    const faults = { lossRate: 0.05, delayMicroseconds: 20_000, jitterMicroseconds: 5_000 };
    await withHttp(
      { faults },
      (incoming, outgoing) => {
        incoming.pipe(outgoing);
      },
      async (world) => {
        const answer = await request(world, { method: 'POST', path: '/' }, [body]);
        expect(sha(answer.body)).toBe(sha(body));
      },
    );
  }, 60_000);

  test('a request that nobody serves is refused', async () => {
    const world = labWorld();
    await world.run(async () => {
      await expect(request(world, { path: '/' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
    await world.close();
  });

  test('a request is given up by its timeout, in the lab’s time', async () => {
    await withHttp(
      {},
      () => {},
      async (world) => {
        const outgoing = http.get({
          host: world.serverAddress,
          port: 80,
          timeout: 3000,
          createConnection: world.client.createConnection,
        });
        outgoing.on('error', () => {});
        const before = world.lab.now;
        await once(outgoing, 'timeout');
        expect((world.lab.now - before) / 1e6).toBeCloseTo(3, 1);
        const closed = new Promise((resolve) => {
          outgoing.once('close', resolve);
        });
        outgoing.destroy();
        await closed;
      },
    );
  });

  test('a client that hangs up is noticed', async () => {
    const seen: string[] = [];
    await withHttp(
      {},
      (incoming, outgoing) => {
        incoming.on('aborted', () => seen.push('aborted'));
        outgoing.on('close', () => seen.push('closed'));
        outgoing.write('the first part');
      },
      async (world) => {
        const outgoing = http.get({
          host: world.serverAddress,
          port: 80,
          createConnection: world.client.createConnection,
        });
        outgoing.on('error', () => {});
        const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage];
        response.on('error', () => {});
        await once(response, 'data');
        outgoing.destroy();
        await world.sleep(100);
      },
    );
    expect(seen.sort()).toEqual(['aborted', 'closed']);
  });

  test('an upgraded connection belongs to the program', async () => {
    const world = labWorld();
    await world.run(async () => {
      const { web, close } = serveHttp(world, () => {});
      web.on('upgrade', (_request, socket: Duplex) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.pipe(socket);
      });
      const outgoing = http.get({
        host: world.serverAddress,
        port: 80,
        headers: { connection: 'Upgrade', upgrade: 'echo' },
        createConnection: world.client.createConnection,
      });
      const [, socket] = (await once(outgoing, 'upgrade')) as [unknown, Duplex];
      socket.write('echo me');
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString()).toBe('echo me');
      socket.end();
      await once(socket, 'close');
      await close();
    });
    await world.close();
  });
});
