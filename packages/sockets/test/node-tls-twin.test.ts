import { once } from 'node:events';
import type net from 'node:net';
import realTls, { type ConnectionOptions, type PeerCertificate, type TLSSocket, type TlsOptions } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { Lab } from '@strata/stack';
import type { TlsIdentity } from '@strata/tls';
import { LabAuthority } from '@strata/tls/engine-node';
import { tlsOf } from '../src/tls.ts';

/** Both worlds live now, so that the machine's clock and the lab's judge alike. */
const NOW = Math.floor(Date.now() / 1000);
const DAY = 86_400;

const authority = new LabAuthority(NOW, 'twins');
const stranger = new LabAuthority(NOW, 'strangers');
const ADDRESSES = ['127.0.0.1', '192.0.2.2'];
const broker = { commonName: 'broker', purpose: 'server', hosts: ['broker.example', ...ADDRESSES] } as const;
const pem = ({ certificates, key }: TlsIdentity) => ({ cert: certificates as string, key: key as string });
const SERVER = pem(authority.issue(broker));
const CLIENT = pem(authority.issue({ commonName: 'device', purpose: 'client' }));
const STRANGE_CLIENT = pem(stranger.issue({ commonName: 'stranger', purpose: 'client' }));
const TRUST = { ca: authority.certificate, servername: 'broker.example' };

/** `node:tls` somewhere. */
interface Place {
  connect(options: ConnectionOptions, callback?: () => void): TLSSocket;
  createServer(options: TlsOptions, onConnection?: (socket: TLSSocket) => void): realTls.Server;
  readonly address: string;
  run<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const REAL: Place = {
  connect: (options, callback) => realTls.connect(options, callback),
  createServer: (options, onConnection) => realTls.createServer(options, onConnection),
  address: '127.0.0.1',
  run: (work) => work(),
  close: async () => undefined,
};

function emulated(epochSeconds = NOW): Place {
  const lab = new Lab({ seed: 9, epochSeconds });
  const [client, server] = [lab.host('client'), lab.host('server')];
  const cable = lab.bridge({ faults: { delayMicroseconds: 500 } });
  client.attach(cable.a, { address: '192.0.2.1/24' });
  server.attach(cable.b, { address: '192.0.2.2/24' });
  return {
    connect: (options, callback = () => undefined) => tlsOf(client).connect(options, callback),
    createServer: (options, onConnection) => tlsOf(server).createServer(options, onConnection),
    address: '192.0.2.2',
    run: (work) => lab.run(work),
    close: async () => {
      await lab.runFor(1);
      expect(lab.outstanding()).toBe(0);
      await lab.close();
    },
  };
}

const code = (error: unknown) => (error as { code?: string } | null)?.code ?? String(error);

/** What a client saw of its session. */
function facts(socket: TLSSocket): string {
  const peer = socket.getPeerCertificate() as Partial<PeerCertificate>;
  return [
    socket.getProtocol(),
    socket.getCipher().name,
    socket.alpnProtocol,
    socket.encrypted,
    socket.authorized,
    code(socket.authorizationError),
    peer.subject?.CN,
  ].join(' ');
}

/** A client says a line and the server repeats it; everything both see, in order. */
async function talk(place: Place, serverOptions: TlsOptions, clientOptions: ConnectionOptions): Promise<string[][]> {
  const [ofClient, ofServer]: [string[], string[]] = [[], []];
  await place.run(async () => {
    const server = place.createServer(serverOptions, (socket) => {
      ofServer.push(`secure ${facts(socket)} ${(socket as TLSSocket & { servername: unknown }).servername}`);
      socket.on('error', (error) => ofServer.push(`error ${code(error)}`));
      socket.on('end', () => ofServer.push('end'));
      socket.on('close', () => ofServer.push('close'));
      socket.pipe(socket);
    });
    server.on('tlsClientError', (error) => ofServer.push(`tlsClientError ${code(error)}`));
    server.listen(0, place.address);
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const socket = place.connect({ host: place.address, port, ...clientOptions });
    for (const event of ['connect', 'end', 'close']) socket.on(event, () => ofClient.push(event));
    socket.on('error', (error) =>
      ofClient.push(
        `error ${code(error)} ${ADDRESSES.reduce((said, one) => said.replaceAll(one, 'ADDRESS'), error.message)}`,
      ),
    );
    socket.on('secureConnect', () => {
      ofClient.push(`secureConnect ${facts(socket)}`);
      socket.write('hello ');
      socket.end('world');
    });
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += String(bytes);
    });
    await once(socket, 'close').catch(() => undefined);
    ofClient.push(`heard ${text}`);
    server.close();
    await once(server, 'close');
  });
  await place.close();
  return [ofClient, ofServer];
}

const SCENARIOS: Readonly<Record<string, readonly [server: TlsOptions, client: ConnectionOptions]>> = {
  'TLS 1.3 with a name and an application protocol': [
    { ...SERVER, ALPNProtocols: ['mqtt', 'h2'] },
    { ...TRUST, ALPNProtocols: ['mqtt'] },
  ],
  'TLS 1.2': [{ ...SERVER, maxVersion: 'TLSv1.2' }, TRUST],
  'the server is known by its address': [SERVER, { ca: authority.certificate }],
  'an authority that is not trusted': [SERVER, { ...TRUST, ca: [] }],
  'an authority that is not trusted, and let pass': [SERVER, { ...TRUST, ca: [], rejectUnauthorized: false }],
  'another host': [SERVER, { ...TRUST, servername: 'other.example' }],
  'another host, let pass by the program’s own check': [
    SERVER,
    { ...TRUST, servername: 'other.example', checkServerIdentity: () => undefined },
  ],
  'both ends show certificates': [
    { ...SERVER, requestCert: true, ca: authority.certificate },
    { ...TRUST, ...CLIENT },
  ],
  'a client whose certificate is not required': [
    { ...SERVER, requestCert: true, rejectUnauthorized: false, ca: authority.certificate },
    TRUST,
  ],
  'a shared key': [
    {
      ciphers: 'PSK-AES128-GCM-SHA256',
      maxVersion: 'TLSv1.2',
      pskCallback: () => Buffer.alloc(16, 'k'),
    } as unknown as TlsOptions,
    {
      ciphers: 'PSK-AES128-GCM-SHA256',
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({ psk: Buffer.alloc(16, 'k'), identity: 'device' }),
      checkServerIdentity: () => undefined,
    } as unknown as ConnectionOptions,
  ],
  'no common version': [
    { ...SERVER, minVersion: 'TLSv1.3' },
    { ...TRUST, maxVersion: 'TLSv1.2' },
  ],
};

describe('node:tls and tlsOf(host) behave alike:', () => {
  test.each(Object.entries(SCENARIOS))('%s', async (_name, [server, client]) => {
    const [real, ours] = [await talk(REAL, server, client), await talk(emulated(), server, client)];
    expect(ours).toEqual(real);
  });
});

describe('tlsOf(host)', () => {
  test('judges by the lab’s clock', async () => {
    const [client] = await talk(emulated(NOW + 366 * DAY), SERVER, TRUST);
    expect(client).toContain('error CERT_HAS_EXPIRED certificate has expired');
    const [early] = await talk(emulated(NOW - 2 * DAY), SERVER, TRUST);
    expect(early).toContain('error CERT_NOT_YET_VALID certificate is not yet valid');
  });

  test('refuses a client with a stranger’s certificate', async () => {
    const options = { ...SERVER, requestCert: true, ca: authority.certificate };
    const [client, server] = await talk(emulated(), options, { ...TRUST, ...STRANGE_CLIENT });
    expect(server).toEqual(['tlsClientError ECONNRESET']);
    expect(client.at(-1)).toBe('heard ');
  });

  test('takes the forms of call that node:tls takes', async () => {
    const place = emulated();
    await place.run(async () => {
      const server = place.createServer(SERVER, (socket) => socket.end('welcome'));
      await new Promise<void>((resolve) => void server.listen({ port: 8883 }, resolve));
      let called = 0;
      const socket = place.connect({ port: 8883, host: place.address, ...TRUST }, () => called++);
      for await (const bytes of socket) expect(String(bytes)).toBe('welcome');
      expect(called).toBe(1);
      server.close();
      await once(server, 'close');
      expect(server.listening).toBe(false);
    });
    await place.close();
  });
});
