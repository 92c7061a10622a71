import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  NX_IN_PROGRESS,
  NX_INVALID_PACKET,
  NX_NOT_CONNECTED,
  NX_SUCCESS,
  NX_TX_QUEUE_DEPTH,
  type PacketStream,
  type StreamListener,
} from '@strata/contracts';
import type { PacketPool } from '@strata/packet';
import { TLS_1_2, TLS_1_3, TLS_HEADROOM, TlsConnector, type TlsSession, type TlsSessionOptions } from '../src/index.ts';
import { Authorities, ecKey, keyPem } from './support/certificates.ts';
import { type Ear, EPOCH, Rig } from './support/rig.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

interface Ends {
  readonly rig: Rig;
  readonly client: TlsSession;
  readonly server: TlsSession;
  readonly clientEar: Ear;
  readonly serverEar: Ear;
}

async function openPair(version: number, options: Partial<TlsSessionOptions> = {}): Promise<Ends> {
  const rig = new Rig();
  const versions = { minimumVersion: version, maximumVersion: version };
  const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
  const { session: server, ear: serverEar } = rig.session({ ...versions, role: 'server', identity });
  const expected = { host: 'broker.example', trusted: [pki.rootCertificate] };
  const { session: client, ear: clientEar } = rig.session({ ...versions, ...expected, ...options });
  server.start(rig.b, true);
  client.start(rig.a, true);
  await rig.settle();
  expect(clientEar.told).toEqual(['established']);
  expect(serverEar.told).toEqual(['established']);
  return { rig, client, server, clientEar, serverEar };
}

async function endPair({ rig, client, server }: Ends): Promise<void> {
  client.disconnect(false);
  await rig.settle();
  server.disconnect(false);
  await rig.settle();
  expect(rig.leaks).toBe('');
}

/** Octets that show where they are from. */
const pattern = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);

describe.each([
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
])('%s as a packet stream', (_name, version) => {
  test('one packet sent is one record and one packet received', async () => {
    const ends = await openPair(version);
    const before = ends.rig.a.records.length;
    for (const size of [1, 10, 1000]) ends.rig.send(ends.client, pattern(size));
    await ends.rig.settle();
    expect(ends.serverEar.sizes).toEqual([1, 10, 1000]);
    expect(ends.rig.a.records.length - before).toBe(3);
    await endPair(ends);
  });

  test('a packet has room for a record’s header in front, on a multiple of four', async () => {
    const ends = await openPair(version);
    const below = ends.rig.a.allocate();
    const packet = ends.client.allocate();
    expect((packet?.prepend ?? 0) - (packet?.dataStart ?? 0)).toBe(
      (below?.prepend ?? 0) - (below?.dataStart ?? 0) + TLS_HEADROOM,
    );
    below?.release();
    packet?.release();
    await endPair(ends);
  });

  test('an empty packet is refused, and so is every packet outside of an open session', async () => {
    const ends = await openPair(version);
    const packet = ends.client.allocate();
    expect(ends.client.send(packet as never)).toBe(NX_INVALID_PACKET);
    packet?.release();
    await endPair(ends);
    const late = ends.rig.pool.allocate(0);
    late?.appendBytes(Uint8Array.of(1), 0, 1);
    expect(ends.client.send(late as never)).toBe(NX_NOT_CONNECTED);
    late?.release();
    expect(ends.client.disconnect(false)).toBe(NX_NOT_CONNECTED);
    expect(ends.rig.leaks).toBe('');
  });

  test('larger packets are split when that is asked for', async () => {
    const ends = await openPair(version, { splitRecords: true });
    const bytes = pattern(40_000);
    expect(ends.rig.send(ends.client, bytes)).toBe(NX_SUCCESS);
    await ends.rig.settle();
    expect(ends.serverEar.sizes).toEqual([16_384, 16_384, 7232]);
    expect(Buffer.concat(ends.serverEar.received).equals(Buffer.from(bytes))).toBe(true);
    await endPair(ends);
  });

  test('what was sent before the end arrives before the end', async () => {
    const ends = await openPair(version);
    const parts = Array.from({ length: 20 }, (_, i) => pattern(500, i));
    for (const part of parts) expect(ends.rig.send(ends.client, part)).toBe(NX_SUCCESS);
    ends.client.disconnect(false);
    await ends.rig.settle();
    expect(Buffer.concat(ends.serverEar.received).equals(Buffer.concat(parts))).toBe(true);
    expect(ends.serverEar.told).toEqual(['established', 'peerFinished']);
    expect(ends.server.alertReceived).toEqual({ level: 1, value: 0 });
    await endPair(ends);
    expect(ends.clientEar.closedWith).toBe(NX_SUCCESS);
    expect(ends.serverEar.closedWith).toBe(NX_SUCCESS);
  });

  test('a full stream below makes it refuse with "later", and tell when there is room again', async () => {
    const ends = await openPair(version);
    const { rig, client, serverEar, clientEar } = ends;
    rig.a.window = 3000;
    const total = 400;
    let sent = 0;
    let refusals = 0;
    const more = () => {
      while (sent < total) {
        const packet = client.allocate();
        if (packet === null) return;
        packet.appendBytes(pattern(1000, sent), 0, 1000);
        const status = client.send(packet);
        if (status !== NX_SUCCESS) {
          expect(status).toBe(NX_TX_QUEUE_DEPTH);
          packet.release();
          refusals++;
          return;
        }
        sent++;
      }
    };
    clientEar.onSendable = more;
    more();
    await rig.settle();
    expect(sent).toBe(total);
    expect(refusals).toBeGreaterThan(0);
    const expected = Buffer.concat(Array.from({ length: total }, (_, i) => pattern(1000, i)));
    expect(Buffer.concat(serverEar.received).equals(expected)).toBe(true);
    await endPair(ends);
  });

  test('a reader that does not read stops the sender, and loses nothing', async () => {
    const ends = await openPair(version);
    const { rig, client, serverEar, clientEar } = ends;
    rig.a.window = 20_000;
    serverEar.greedy = false;
    let sent = 0;
    const more = () => {
      while (sent < 400 && rig.send(client, pattern(1000, sent)) === NX_SUCCESS) sent++;
    };
    clientEar.onSendable = more;
    more();
    await rig.settle();
    // Both limits of 64 KiB and the window are full, and not much more.
    expect(sent).toBeLessThan(180);
    serverEar.greedy = true;
    serverEar.takeAll();
    await rig.settle();
    expect(sent).toBe(400);
    const expected = Buffer.concat(Array.from({ length: 400 }, (_, i) => pattern(1000, i)));
    expect(Buffer.concat(serverEar.received).equals(expected)).toBe(true);
    await endPair(ends);
  });

  test('an empty pool delays and loses nothing', async () => {
    const ends = await openPair(version);
    const { rig, client, serverEar } = ends;
    rig.send(client, pattern(8000));
    const hoard: ReturnType<PacketPool['allocate']>[] = [];
    while (rig.pool.available > 0) hoard.push(rig.pool.allocate(0));
    for (let i = 0; i < 20; i++) rig.clock.step();
    await rig.clock.run({ until: rig.clock.now + 50_000 });
    expect(serverEar.received).toEqual([]);
    for (const packet of hoard) packet?.release();
    await rig.settle();
    expect(Buffer.concat(serverEar.received).equals(Buffer.from(pattern(8000)))).toBe(true);
    await endPair(ends);
  });

  test('an abort ends both sides at once', async () => {
    const ends = await openPair(version);
    ends.client.disconnect(true);
    await ends.rig.settle();
    expect(ends.clientEar.told.at(-1)).toBe('closed');
    expect(ends.serverEar.told.at(-1)).toBe('closed');
    expect(ends.serverEar.closedWith).not.toBe(NX_SUCCESS);
    expect(ends.rig.leaks).toBe('');
  });

  test('a session given up before it is open says so, and is never open', async () => {
    for (const abort of [false, true]) {
      for (let steps = 0; steps < 4; steps++) {
        const rig = new Rig();
        const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
        const server = rig.session({ role: 'server', minimumVersion: version, maximumVersion: version, identity });
        const client = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate] });
        server.session.start(rig.b, true);
        client.session.start(rig.a, true);
        let left = steps;
        await rig.clock.run({ until: () => left-- <= 0 });
        expect(client.session.disconnect(abort)).toBe(NX_IN_PROGRESS);
        expect(client.ear.told).toEqual([]);
        await rig.settle();
        expect(client.ear.told).toEqual(['closed']);
        expect(client.ear.closedWith).toBe(NX_NOT_CONNECTED);
        server.session.delete();
        await rig.settle();
        expect(rig.leaks).toBe('');
      }
    }
  });

  test('a session that has ended takes what still comes, so that the end is seen', async () => {
    const ends = await openPair(version);
    const { rig, client, server, serverEar } = ends;
    rig.a.window = 20_000;
    serverEar.greedy = false;
    for (let sent = 0; sent < 120 && rig.send(client, pattern(1000)) === NX_SUCCESS; sent++);
    await rig.settle();
    client.disconnect(false);
    server.disconnect(false);
    await rig.settle();
    expect(serverEar.closedWith).toBe(NX_SUCCESS);
    expect(ends.clientEar.closedWith).toBe(NX_SUCCESS);
    server.delete();
    expect(rig.leaks).toBe('');
  });

  test('a session that is deleted in the middle of everything leaves nothing behind', async () => {
    for (let steps = 0; steps < 24; steps++) {
      const rig = new Rig();
      const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
      const versions = { minimumVersion: version, maximumVersion: version };
      const server = rig.session({ ...versions, role: 'server', identity }).session;
      const client = rig.session({ ...versions, host: 'broker.example', trusted: [pki.rootCertificate] });
      server.start(rig.b, true);
      client.session.start(rig.a, true);
      client.ear.onEstablished = () => void rig.send(client.session, pattern(100));
      let left = steps;
      await rig.clock.run({ until: () => left-- <= 0 });
      client.session.delete();
      await rig.settle();
      server.delete();
      await rig.settle();
      expect(rig.leaks).toBe('');
    }
  });

  test('two runs make records of the same lengths in the same order', async () => {
    const shapes: string[][] = [];
    for (let run = 0; run < 4; run++) {
      const ends = await openPair(version);
      for (let i = 1; i < 6; i++) {
        ends.rig.send(ends.client, pattern(i * 300));
        ends.rig.send(ends.server, pattern(i * 200));
      }
      await endPair(ends);
      shapes.push([...Rig.shape(ends.rig.a), '/', ...Rig.shape(ends.rig.b), ...ends.rig.b.packetSizes.map(String)]);
    }
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  });

  test('keys on elliptic curves do as well', async () => {
    const rig = new Rig();
    const key = ecKey();
    const identity = {
      certificates: pki.server({ key, keyUsage: 0x80 }),
      key: key.export({ type: 'sec1', format: 'der' }),
    };
    const versions = { minimumVersion: version, maximumVersion: version };
    const server = rig.session({ ...versions, role: 'server', identity });
    const client = rig.session({ ...versions, host: 'broker.example', trusted: [pki.rootCertificate] });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(client.session.explain()).toBe('');
    client.session.disconnect(true);
    await rig.settle();
    expect(rig.leaks).toBe('');
  });

  test('a server shows the certificate for the name that the client asks for', async () => {
    const rig = new Rig();
    const other = {
      certificates: pki.server({ subject: 'other', dns: ['other.example'] }),
      key: keyPem(pki.serverKey),
    };
    const server = rig.session({
      role: 'server',
      minimumVersion: version,
      maximumVersion: version,
      identity: { certificates: pki.server(), key: keyPem(pki.serverKey) },
      identityFor: (name) => (name === 'other.example' ? other : null),
    });
    const client = rig.session({ host: 'other.example', trusted: [pki.rootCertificate] });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(client.session.explain()).toBe('');
    expect(client.session.peerPath[0]?.commonName).toBe('other');
    expect(server.session.agreement()?.serverName).toBe('other.example');
    client.session.disconnect(true);
    await rig.settle();
    expect(rig.leaks).toBe('');
  });
});

test('a connector opens sessions over the streams of another', async () => {
  const rig = new Rig();
  const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
  const server = rig.session({ role: 'server', identity });
  server.session.start(rig.b, true);
  const below = {
    connect: (listener: StreamListener): PacketStream => {
      rig.a.listener = listener;
      rig.clock.scheduler.defer({ run: () => listener.established() });
      return rig.a;
    },
  };
  const connector = new TlsConnector(below, {
    engines: rig.engines,
    time: rig.clock.scheduler,
    pool: rig.pool,
    busy: rig.island,
    epoch: EPOCH,
    host: 'broker.example',
    trusted: [pki.rootCertificate],
  });
  const told: string[] = [];
  const listener: StreamListener = {
    established: () => void told.push('established'),
    receivable: () => undefined,
    sendable: () => undefined,
    peerFinished: () => undefined,
    closed: () => void told.push('closed'),
  };
  const stream = connector.connect(listener);
  await rig.settle();
  expect(told).toEqual(['established']);
  stream?.disconnect(true);
  await rig.settle();
  expect(told).toEqual(['established', 'closed']);
  expect(rig.leaks).toBe('');
});
