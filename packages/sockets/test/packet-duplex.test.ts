import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { type Host, Lab } from '@strata/stack';
import { LabAuthority, NodeTlsEngines } from '@strata/tls/engine-node';
import { PacketDuplex } from '../src/index.ts';

const PORT = 4433;
const ADDRESS = '192.0.2.2';

interface World {
  readonly lab: Lab;
  readonly device: Host;
  readonly server: Host;
  /** The two ends of an open TLS session as Node streams. */
  open(): Promise<[client: PacketDuplex, server: PacketDuplex]>;
  close(): Promise<void>;
}

function world(packets = 256): World {
  const lab = new Lab({ seed: 4 });
  const [device, server] = [lab.host('device', { packets }), lab.host('server', { packets })];
  const cable = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  device.attach(cable.a, { address: '192.0.2.1/24' });
  server.attach(cable.b, { address: `${ADDRESS}/24` });
  const engines = new NodeTlsEngines();
  const authority = new LabAuthority(lab.epochSeconds, 1);
  const identity = authority.issue({ commonName: 'server', purpose: 'server', hosts: [ADDRESS] });
  const open = async (): Promise<[PacketDuplex, PacketDuplex]> => {
    const accepted = new Promise<PacketDuplex>((resolve) => {
      server.listenTls(PORT, { engines, identity }, (connection) => {
        server.touch();
        resolve(new PacketDuplex(server, connection.packets));
      });
    });
    const trusted = [authority.certificate];
    const connection = await device.connectTls(ADDRESS, PORT, { engines, host: ADDRESS, trusted });
    return [new PacketDuplex(device, connection.packets), await accepted];
  };
  const close = async (): Promise<void> => {
    const end = lab.now + 60_000_000;
    await lab.runUntil(() => lab.outstanding() === 0 || lab.now >= end);
    expect(lab.outstanding()).toBe(0);
    await lab.close();
  };
  return { lab, device, server, open, close };
}

describe('a Duplex over a TLS session', () => {
  test.each([256, 24])('carries bulk both ways, with pools of %d packets, and counts it', async (packets) => {
    const { lab, open, close } = world(packets);
    const sent = Buffer.from(Array.from({ length: 150_000 }, (_, i) => (i * 7) & 255));
    await lab.run(async () => {
      const [client, server] = await open();
      server.pipe(server);
      client.end(sent);
      const received: Buffer[] = [];
      for await (const bytes of client) received.push(bytes as Buffer);
      expect(Buffer.concat(received).equals(sent)).toBe(true);
      expect([client.bytesWritten, client.bytesRead]).toEqual([sent.length, sent.length]);
    });
    await close();
  });

  test('several writes in one turn go out in one record', async () => {
    const { lab, open, close } = world();
    await lab.run(async () => {
      const [client, server] = await open();
      const heard: string[] = [];
      server.on('data', (bytes: Buffer) => heard.push(String(bytes)));
      client.cork();
      for (const word of ['a', 'b', 'c']) client.write(word);
      client.uncork();
      client.end();
      await once(server, 'close');
      expect(heard).toEqual(['abc']);
    });
    await close();
  });

  test('an end is an end for the peer; a destroyed stream is closed for both', async () => {
    for (const how of ['end', 'destroy'] as const) {
      const { lab, open, close } = world();
      await lab.run(async () => {
        const [client, server] = await open();
        server.resume();
        client.resume();
        client[how]();
        await Promise.all([once(server, 'close'), once(client, 'close')]);
        expect(server.readableEnded).toBe(true);
      });
      await close();
    }
  });

  test('destroyed with an error, the peer hears ECONNRESET', async () => {
    const { lab, open, close } = world();
    await lab.run(async () => {
      const [client, server] = await open();
      client.on('error', () => undefined);
      server.resume();
      const failed = once(server, 'error');
      client.destroy(new Error('enough'));
      expect(((await failed)[0] as { code?: string }).code).toBe('ECONNRESET');
    });
    await close();
  });
});
