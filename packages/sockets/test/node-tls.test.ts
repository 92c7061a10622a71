import { once } from 'node:events';
import tls from 'node:tls';
import { expect, test } from '@jest/globals';
import { labWorld } from './support/world.ts';

// A shared key needs no certificate, and so no file and no clock.
const KEY = Buffer.alloc(16, 'key');
const CIPHERS = { ciphers: 'PSK-AES128-GCM-SHA256', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

test.each([0, 0.05])(
  'node:tls runs on the stack, both ends, over a link that loses %d of its frames',
  async (lossRate) => {
    const world = labWorld({ faults: { lossRate, delayMicroseconds: 10_000 } });
    await world.run(async () => {
      const server = world.server.createServer({ allowHalfOpen: true }, (socket) => {
        const secure = new tls.TLSSocket(socket, {
          ...CIPHERS,
          isServer: true,
          pskCallback: (_socket: tls.TLSSocket, identity: string) => (identity === 'device' ? KEY : null),
        } as tls.TLSSocketOptions);
        secure.pipe(secure);
      });
      server.listen(8883);
      const client = tls.connect({
        ...CIPHERS,
        socket: world.client.connect({ port: 8883, host: world.serverAddress, allowHalfOpen: true }),
        pskCallback: () => ({ psk: KEY, identity: 'device' }),
        checkServerIdentity: () => undefined,
      });
      await once(client, 'secureConnect');
      expect(client.getProtocol()).toBe('TLSv1.2');
      const sent = Buffer.alloc(100_000, 'secret');
      client.end(sent);
      const received: Buffer[] = [];
      for await (const bytes of client) received.push(bytes as Buffer);
      expect(Buffer.concat(received).equals(sent)).toBe(true);
      server.close();
      await once(server, 'close');
    });
    await world.close();
  },
);
