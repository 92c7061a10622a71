import { once } from 'node:events';
import type { Lookup, Server, Socket } from '../../src/index.ts';
import { closed, type Stage } from './recorder.ts';

type LookupCallback = Parameters<Lookup>[2];
type Scenario = (stage: Stage) => Promise<void>;

/** A server whose connections are handed to `serve` and noted; resolves `served` when the last of `count` has closed. */
async function serve(
  stage: Stage,
  onConnection: (socket: Socket) => void,
  options: object = {},
  reading = true,
  count = 1,
): Promise<{ port: number; server: Server; served: Promise<void> }> {
  let left = count;
  let finish = () => {};
  const served = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const server = stage.world.server.createServer(options, (socket: Socket) => {
    stage.server.socket(socket, 'socket', reading);
    socket.on('close', () => {
      if (--left === 0) finish();
    });
    onConnection(socket);
  });
  const port = await stage.listen(server);
  return { port, server, served };
}

const state = (socket: Socket) => [
  socket.readyState,
  `connecting=${socket.connecting}`,
  `pending=${socket.pending}`,
  `destroyed=${socket.destroyed}`,
  `read=${socket.bytesRead}`,
  `written=${socket.bytesWritten}`,
];

/** What programs do with `net.Socket` and `net.Server`, by name. Each runs on the machine's network and on the stack alike. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'the client ends first': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.write('hello'));
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.on('data', () => socket.end('bye'));
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'the server ends first': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('hello'));
    const socket = stage.client.socket(stage.connect(port), 'client');
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a half-open server answers after the client has ended': async (stage) => {
    const { port, server, served } = await serve(
      stage,
      (socket) => {
        socket.on('end', () => {
          stage.server.note(...state(socket));
          socket.write('late', () => socket.end(' answer'));
        });
      },
      { allowHalfOpen: true },
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.end('question');
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a half-open client writes after the server has ended': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('greeting'), { allowHalfOpen: true });
    const socket = stage.client.socket(stage.connect(port, { allowHalfOpen: true }), 'client');
    await once(socket, 'end');
    stage.client.note(...state(socket));
    socket.end('last words');
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'nobody listens': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    await stage.close(server);
    const socket = stage.client.socket(stage.connect(port), 'client');
    stage.client.note(...state(socket));
    await closed(socket);
    stage.client.note(...state(socket));
  },

  'a write and an end wait for a connection that is refused': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    await stage.close(server);
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.write('one', (error) => stage.client.note('written', error));
    socket.end('two', () => stage.client.note('ended'));
    await closed(socket);
  },

  'the name is looked up by the program': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end());
    const lookup = (name: string, options: { all?: boolean }, callback: LookupCallback) => {
      stage.client.note('asked for', name, options.all);
      setImmediate(() => {
        const address = stage.world.serverAddress;
        const family = address.includes(':') ? 6 : 4;
        if (options.all) callback(null, [{ address, family }]);
        else callback(null, address, family);
      });
    };
    for (const family of [undefined, 4]) {
      const socket = stage.client.socket(
        stage.world.client.connect({
          port,
          host: 'broker.example',
          lookup,
          ...(family === undefined ? {} : { family }),
        }),
        'client',
      );
      await closed(socket);
      if (family === undefined) await served;
    }
    await stage.close(server);
  },

  'the name is not found': async (stage) => {
    const lookup = (_name: string, _options: object, callback: LookupCallback) => {
      setImmediate(() => callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), ''));
    };
    const socket = stage.client.socket(
      stage.world.client.connect({ port: 7, host: 'nowhere.example', lookup }),
      'client',
    );
    await closed(socket);
  },

  'a look-up answers with nonsense': async (stage) => {
    const lookup = (_name: string, _options: object, callback: LookupCallback) => {
      setImmediate(() => callback(null, 'nonsense', 4));
    };
    const socket = stage.world.client.connect({ port: 7, host: 'nowhere.example', family: 4, lookup });
    socket.on('error', (error: Error & { code?: string }) => stage.client.note('error', error.code));
    await closed(socket);
  },

  'a socket is destroyed before it is connected': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.write('never sent', (error) => stage.client.note('written', error));
    socket.destroy();
    stage.client.note(...state(socket));
    await closed(socket);
    await stage.close(server);
  },

  'a socket is destroyed with an error': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'connect');
    socket.destroy(new Error('enough'));
    await Promise.all([closed(socket), served]);
    stage.client.note(...state(socket));
    socket.write('too late', (error) => stage.client.note('written', error));
    await stage.world.sleep(20);
    await stage.close(server);
  },

  'a write comes after the end': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.end('all');
    socket.write('more', (error) => stage.client.note('written', error));
    await Promise.all([closed(socket), served.catch(() => {})].slice(0, 1));
    await stage.close(server);
  },

  'a write comes after the peer has ended': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('bye'));
    const socket = stage.client.socket(stage.connect(port), 'client');
    const over = closed(socket);
    socket.on('end', () => {
      process.nextTick(() => {
        process.nextTick(() => {
          socket.write('still there?', (error) => stage.client.note('written', error));
        });
      });
    });
    await Promise.all([over, served]);
    await stage.close(server);
  },

  'a write and a destroy in the same breath': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'ready');
    socket.write('words', (error) => stage.client.note('written', error));
    socket.destroy();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a destroy with unread data resets the connection': async (stage) => {
    let accepted: Socket | undefined;
    const { port, server, served } = await serve(
      stage,
      (socket) => {
        accepted = socket;
      },
      { pauseOnConnect: true },
      false,
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'connect');
    socket.write('unread');
    await stage.world.sleep(50);
    accepted?.destroy();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'data for a socket that is gone resets the connection': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.destroy());
    const socket = stage.client.socket(stage.connect(port, { allowHalfOpen: true }), 'client');
    await once(socket, 'end');
    await served;
    await new Promise<void>((resolve) => {
      socket.write('anybody?', () => resolve());
    });
    await stage.world.sleep(50);
    socket.write('nobody', (error) => stage.client.note('written', error));
    await closed(socket);
    await stage.close(server);
  },

  'a paused reader learns of a reset when it reads': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.resume(), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client', false);
    await once(socket, 'connect');
    socket.pause();
    await stage.world.sleep(50);
    stage.client.note(...state(socket));
    socket.end('x');
    socket.resume();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a connection is reset': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => {
      socket.write('greeting');
    });
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'data');
    socket.resetAndDestroy();
    stage.client.note(...state(socket));
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a connection is reset before it is open': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.resetAndDestroy();
    stage.client.note(...state(socket));
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a server resets a writer': async (stage) => {
    let accepted: Socket | undefined;
    const { port, server, served } = await serve(stage, (socket) => {
      accepted = socket;
    });
    const socket = stage.client.socket(stage.connect(port, { allowHalfOpen: true }), 'client');
    await once(socket, 'connect');
    const over = closed(socket);
    await stage.world.sleep(30);
    accepted?.resetAndDestroy();
    await Promise.all([over, served]);
    stage.client.note(...state(socket));
    socket.write('anybody?', (error) => stage.client.note('written', error));
    await stage.world.sleep(30);
    await stage.close(server);
  },

  'a server closes while connections last': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    stage.server.server(server, 'server');
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'connect');
    await stage.world.sleep(20);
    const whenClosed = stage.close(server);
    stage.server.note('listening', server.listening, server.address());
    const late = stage.client.socket(stage.connect(port), 'late');
    await closed(late);
    socket.end();
    await Promise.all([closed(socket), served, whenClosed]);
  },

  'a server that does not run is closed': async (stage) => {
    const server = stage.server.server(stage.world.server.createServer(), 'server');
    stage.server.note(server.listening, server.address());
    await new Promise<void>((resolve) => {
      server.close((error) => {
        stage.server.note('callback', error);
        resolve();
      });
    });
  },

  'a port is taken': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    const second = stage.server.server(stage.world.server.createServer(), 'second');
    second.listen(port, stage.world.serverAddress);
    await new Promise<void>((resolve) => {
      second.once('error', () => resolve());
    });
    stage.server.note(second.listening, second.address());
    await stage.close(server);
    second.listen(port, stage.world.serverAddress);
    await once(second, 'listening');
    stage.server.note(second.listening, second.address());
    await stage.close(second);
  },

  'a server listens again while its old connections wind down': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('bye'));
    const socket = stage.client.socket(stage.connect(port), 'client');
    await Promise.all([closed(socket), served]);
    await stage.close(server);
    const second = stage.server.server(stage.world.server.createServer(), 'second');
    second.listen(port, stage.world.serverAddress);
    await once(second, 'listening');
    await stage.close(second);
  },

  'an address is not ours': async (stage) => {
    const server = stage.server.server(stage.world.server.createServer(), 'server');
    server.listen(7007, '198.51.100.7');
    await new Promise<void>((resolve) => {
      server.once('error', () => resolve());
    });
  },

  'listen is called twice': async (stage) => {
    const { server } = await serve(stage, () => {});
    try {
      server.listen(0);
    } catch (error) {
      stage.server.note((error as { code: string }).code);
    }
    await stage.close(server);
  },

  'a server is told to stop by a signal': async (stage) => {
    const server = stage.server.server(stage.world.server.createServer(), 'server');
    const controller = new AbortController();
    server.listen({ port: 0, host: stage.world.serverAddress, signal: controller.signal });
    await once(server, 'listening');
    controller.abort();
    await once(server, 'close');
  },

  'more connections come than a server takes': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    stage.server.server(server, 'server').removeAllListeners('drop');
    server.on(
      'drop',
      (data: { localAddress: string; localPort: number; localFamily: string; remoteFamily: string }) => {
        stage.server.note('drop', data.localAddress, data.localPort, data.localFamily, data.remoteFamily);
      },
    );
    server.maxConnections = 1;
    const first = stage.client.socket(stage.connect(port), 'first');
    await once(first, 'connect');
    await stage.world.sleep(20);
    const second = stage.client.socket(stage.connect(port), 'second');
    await closed(second);
    await new Promise<void>((resolve) => {
      server.getConnections((error, count) => {
        stage.server.note('connections', error, `count=${count}`);
        resolve();
      });
    });
    first.end();
    await Promise.all([closed(first), served]);
    await stage.close(server);
  },

  'a connection is given up by a signal': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    const controller = new AbortController();
    const socket = stage.client.socket(stage.connect(port, { signal: controller.signal }), 'client');
    controller.abort(new Error('changed my mind'));
    await closed(socket);
    await stage.close(server);
  },

  'an open connection is given up by a signal': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const controller = new AbortController();
    const socket = stage.client.socket(stage.connect(port, { signal: controller.signal }), 'client');
    await once(socket, 'connect');
    await stage.world.sleep(20);
    controller.abort();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'counts and states along the way': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => {
      stage.server.note(...state(socket), socket.address(), socket.localPort, socket.remoteFamily);
      socket.once('data', () => socket.write('answer'));
    });
    const socket = stage.connect(port);
    stage.client.note(...state(socket), socket.remoteAddress, socket.localAddress, socket.address());
    socket.write('wörds');
    stage.client.note(...state(socket), socket.writableLength, socket.bufferSize);
    await once(socket, 'connect');
    stage.client.note(...state(socket), socket.remoteAddress, socket.remotePort, socket.remoteFamily);
    stage.client.note(socket.localAddress, socket.localFamily, typeof socket.localPort);
    await once(socket, 'data');
    stage.client.note(...state(socket), socket.bufferSize, socket.timeout);
    socket.end();
    stage.client.note(...state(socket));
    await Promise.all([closed(socket), served]);
    stage.client.note(...state(socket), socket.remoteAddress, socket.localAddress, socket.address(), socket.bufferSize);
    await stage.close(server);
  },

  'a socket connects again': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('x'), {}, true, 2);
    const socket = stage.client.socket(stage.connect(port), 'client');
    await closed(socket);
    // The server must have done with the first connection, on a busy machine too.
    await stage.world.sleep(400);
    stage.client.note(...state(socket));
    socket.connect(port, stage.world.serverAddress, () => stage.client.note('again'));
    stage.client.note(...state(socket));
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a socket without a connection is written to': async (stage) => {
    const socket = stage.client.socket(new stage.world.client.Socket(), 'client');
    stage.client.note(...state(socket));
    socket.write('into the void', (error) => stage.client.note('written', error));
    await closed(socket);
  },

  'a socket without a connection is destroyed': async (stage) => {
    const socket = stage.client.socket(new stage.world.client.Socket(), 'client');
    socket.destroy();
    await closed(socket);
  },

  'a socket without a connection is reset': async (stage) => {
    const socket = stage.client.socket(new stage.world.client.Socket(), 'client');
    socket.resetAndDestroy();
    await closed(socket);
  },

  'calls that make no sense throw': async (stage) => {
    const { client, server } = stage.world;
    const attempts: (() => unknown)[] = [
      () => client.connect({ port: 70000 }),
      () => client.connect({ port: -1 }),
      () => client.connect({ port: 'http' }),
      () => client.connect({ host: '192.0.2.9' } as never),
      () => client.connect({ port: 7, localAddress: 'here' }),
      () => server.createServer().listen(65536),
      () => server.createServer().listen({ host: '192.0.2.9' }),
      () => server.createServer(7 as never),
      () => new client.Socket().setTimeout(-1),
      () => new client.Socket().setTimeout('7' as never),
      () => new client.Socket().setTimeout(7, 7 as never),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
        stage.client.note('allowed');
      } catch (error) {
        stage.client.note((error as Error).name, (error as { code: string }).code);
      }
    }
  },

  'an idle socket times out, once': async (stage) => {
    const { port, server, served } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port, { timeout: 500 }), 'client');
    await once(socket, 'timeout');
    stage.client.note(...state(socket), socket.timeout);
    await stage.world.sleep(1200);
    socket.setTimeout(500, () => stage.client.note('callback'));
    await once(socket, 'timeout');
    socket.setTimeout(0);
    await stage.world.sleep(1200);
    socket.end();
    await Promise.all([closed(socket), served]);
    stage.client.note(socket.timeout);
    await stage.close(server);
  },

  'traffic puts a timeout off': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.on('data', () => socket.write('.')));
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.setTimeout(700);
    for (let i = 0; i < 6; i++) {
      await stage.world.sleep(150);
      socket.write('.');
    }
    await stage.world.sleep(150);
    socket.end();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a paused connection is let in later': async (stage) => {
    const { port, server, served } = await serve(
      stage,
      (socket) => {
        stage.server.note(socket.isPaused(), socket.readableFlowing);
        setImmediate(() => {
          socket.on('data', (bytes: Buffer) => stage.server.octets(bytes.length));
          socket.resume();
        });
      },
      { pauseOnConnect: true },
      false,
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.end('patience');
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'an end is seen without a reader when there is no data': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end(), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client', false);
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'an end is not seen before the data is read': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('data'), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client', false);
    await stage.world.sleep(60);
    stage.client.note(...state(socket), socket.readableLength);
    socket.resume();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a slow reader stops a fast writer': async (stage) => {
    const { bulk } = stage.world;
    const { port, server, served } = await serve(
      stage,
      (socket) => {
        socket.pause();
        stage.world.sleep(100).then(() => {
          stage.server.note('held back', socket.bytesRead < bulk);
          let received = 0;
          socket.on('data', (bytes: Buffer) => {
            received += bytes.length;
          });
          socket.on('end', () => stage.server.note('received all', received === bulk));
          socket.resume();
        });
      },
      {},
      false,
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    let drains = 0;
    socket.on('drain', () => {
      drains++;
    });
    const piece = Buffer.alloc(bulk / 16, 7);
    for (let sent = 0; sent < bulk; sent += piece.length) {
      if (!socket.write(piece)) {
        if (sent === 0) stage.client.note('full', socket.writableNeedDrain);
        await once(socket, 'drain');
      }
    }
    stage.client.note('drained', drains > 0, socket.bytesWritten === bulk);
    socket.end();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a write that never ends is cut off by a destroy': async (stage) => {
    let accepted: Socket | undefined;
    const { port, server } = await serve(
      stage,
      (socket) => {
        accepted = socket.pause();
        stage.server.lines.length = 0;
      },
      {},
      false,
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    await once(socket, 'connect');
    const bytes = Buffer.alloc(stage.world.bulk);
    socket.write(bytes, (error) => stage.client.note('first', error));
    socket.write(bytes, (error) => stage.client.note('second', error));
    await stage.world.sleep(50);
    stage.client.note(socket.writableNeedDrain, socket.bytesWritten === 2 * stage.world.bulk);
    socket.destroy();
    await closed(socket);
    accepted?.destroy();
    await stage.close(server);
  },

  'strings, encodings and corks': async (stage) => {
    const parts: string[] = [];
    const { port, server, served } = await serve(
      stage,
      (socket) => {
        socket.setEncoding('utf8');
        socket.on('data', (text: string) => parts.push(text));
      },
      {},
      false,
    );
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.cork();
    socket.write('4772c3bc', 'hex');
    socket.write(Buffer.from('ße, '));
    socket.write('V2VsdA==', 'base64');
    stage.client.note(socket.bytesWritten, socket.writableLength);
    socket.uncork();
    await once(socket, 'ready');
    socket.write('😀', 'utf8', (error) => stage.client.note('written', error, socket.bytesWritten));
    socket.end(' Ende');
    await Promise.all([closed(socket), served]);
    stage.server.note(parts.join(''));
    await stage.close(server);
  },

  'write callbacks come in order': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.resume(), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client');
    for (let i = 0; i < 3; i++) socket.write('x', (error) => stage.client.note('early', `${i}`, error));
    await once(socket, 'ready');
    for (let i = 0; i < 3; i++) socket.write('x', (error) => stage.client.note('late', `${i}`, error));
    socket.end(() => stage.client.note('end called back'));
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a socket is destroyed soon': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.resume(), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client');
    socket.write('before');
    socket.destroySoon();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a peer that echoes through a pipe': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.pipe(socket), {}, false);
    const socket = stage.connect(port);
    const sent = Buffer.alloc(300_000, 'echo');
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    socket.end(sent);
    await Promise.all([closed(socket), served]);
    stage.client.note(socket.bytesRead, socket.bytesWritten, Buffer.concat(received).equals(sent));
    await stage.close(server);
  },

  'a socket is read by a loop': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.end('0123456789'), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client', false);
    let text = '';
    for await (const bytes of socket) text += bytes;
    stage.client.note(text);
    if (!socket.closed) await closed(socket);
    await served;
    await stage.close(server);
  },

  'a loop over a socket is left': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.write('0123456789'), {}, false);
    const socket = stage.client.socket(stage.connect(port), 'client', false);
    for await (const bytes of socket) {
      stage.client.note(String(bytes));
      break;
    }
    if (!socket.closed) await closed(socket);
    await served;
    await stage.close(server);
  },

  'a local port is chosen, and chosen again': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => {
      stage.server.note('from', socket.remotePort);
    });
    const probe = stage.world.client.createServer();
    await new Promise<void>((resolve) => {
      probe.listen(0, stage.world.clientAddress, resolve);
    });
    const localPort = probe.address()?.port as number;
    await stage.close(probe);
    stage.name(localPort, 'LOCAL');
    const options = { localPort, localAddress: stage.world.clientAddress };
    const socket = stage.client.socket(stage.connect(port, options), 'client');
    await once(socket, 'connect');
    stage.client.note(socket.localPort, socket.localAddress);
    socket.end();
    await Promise.all([closed(socket), served]);
    await stage.close(server);
  },

  'a local port is taken': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    const other = stage.world.client.createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, stage.world.clientAddress, resolve);
    });
    const localPort = other.address()?.port as number;
    stage.name(localPort, 'LOCAL');
    const options = { localPort, localAddress: stage.world.clientAddress };
    const socket = stage.client.socket(stage.connect(port, options), 'client');
    await closed(socket);
    await stage.close(other);
    await stage.close(server);
  },

  'a local address is not ours': async (stage) => {
    const { port, server } = await serve(stage, () => {});
    const socket = stage.client.socket(stage.connect(port, { localAddress: '198.51.100.7' }), 'client');
    await closed(socket);
    await stage.close(server);
  },

  'nobody minds listeners that come and go': async (stage) => {
    const { port, server, served } = await serve(stage, (socket) => socket.resume(), {}, false);
    const socket = stage.connect(port);
    const count = () =>
      ['connect', 'ready', 'close', 'end', 'error', 'timeout', 'data', 'finish', 'lookup']
        .map((event) => `${event}=${socket.listenerCount(event)}`)
        .join(',');
    stage.client.note(count());
    socket.write('x');
    stage.client.note(count());
    await once(socket, 'ready');
    stage.client.note(count());
    socket.end();
    socket.resume();
    await Promise.all([closed(socket), served]);
    stage.client.note(count());
    await stage.close(server);
  },
};
