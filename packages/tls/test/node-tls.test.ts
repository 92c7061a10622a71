import { beforeAll, describe, expect, test } from '@jest/globals';
import { NX_SECURE_TLS_RECORD_OVERFLOW, NX_SUCCESS } from '@strata/contracts';
import { TLS_1_2, TLS_1_3, TLS_STATE_OPEN } from '../src/index.ts';
import { Authorities, keyPem, pem } from './support/certificates.ts';
import { Rig } from './support/rig.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

describe.each([
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
])('%s against node:tls', (_name, version) => {
  const versions = { minimumVersion: version, maximumVersion: version };

  test('a client opens a session with a server, exchanges data and ends in order', async () => {
    const rig = new Rig();
    const server = rig.nodeServer({ cert: pem(pki.server()), key: keyPem(pki.serverKey) }, { ALPNProtocols: ['mqtt'] });
    const { session, ear } = rig.session({
      ...versions,
      host: 'broker.example',
      trusted: [pki.rootCertificate],
      alpn: ['mqtt'],
    });
    session.start(rig.a, true);
    await rig.settle();
    expect(session.explain()).toBe('');
    expect(ear.told).toEqual(['established']);
    expect(session.state).toBe(TLS_STATE_OPEN);
    expect(session.agreement()).toMatchObject({ version, alpn: 'mqtt', serverName: 'broker.example' });
    expect(server.socket.servername).toBe('broker.example');
    expect(session.peerPath.map((one) => one.subjectText)).toEqual(['CN=broker', 'CN=Test Root']);
    expect(rig.send(session, 'hello')).toBe(NX_SUCCESS);
    expect(rig.send(session, ' world')).toBe(NX_SUCCESS);
    await rig.settle();
    expect(server.text).toBe('hello world');
    server.socket.write('answer');
    await rig.settle();
    expect(ear.text).toBe('answer');
    session.disconnect(false);
    await rig.settle();
    expect(server.ended).toBe(true);
    expect(server.error).toBeNull();
    expect(ear.closedWith).toBe(NX_SUCCESS);
    expect(session.alertSent).toEqual({ level: 1, value: 0 });
    expect(rig.keyLog.length).toBeGreaterThan(0);
    expect(rig.leaks).toBe('');
  });

  test('a server opens a session with a client, which may end it', async () => {
    const rig = new Rig();
    const { session, ear } = rig.session({
      ...versions,
      role: 'server',
      identity: { certificates: pki.server(), key: keyPem(pki.serverKey) },
    });
    session.start(rig.a, true);
    const client = rig.nodeClient({});
    await rig.settle();
    expect(ear.told).toEqual(['established']);
    client.socket.write('ping');
    await rig.settle();
    expect(ear.text).toBe('ping');
    rig.send(session, 'pong');
    await rig.settle();
    expect(client.text).toBe('pong');
    client.socket.end();
    await rig.settle();
    expect(ear.told).toContain('peerFinished');
    expect(session.alertReceived).toEqual({ level: 1, value: 0 });
    session.disconnect(false);
    await rig.settle();
    expect(ear.closedWith).toBe(NX_SUCCESS);
    expect(rig.leaks).toBe('');
  });

  test('both ends may show certificates', async () => {
    const rig = new Rig();
    const { session, ear } = rig.session({
      ...versions,
      role: 'server',
      identity: { certificates: [pki.server()], key: pki.serverKey.export({ type: 'pkcs1', format: 'der' }) },
      trusted: [pem(pki.rootCertificate)],
      clientCertificate: 'required',
    });
    session.start(rig.b, true);
    const client = rig.session({
      ...versions,
      host: '192.0.2.2',
      trusted: [pki.rootCertificate],
      identity: { certificates: pki.client(), key: keyPem(pki.clientKey) },
    });
    client.session.start(rig.a, true);
    await rig.settle();
    expect(session.explain()).toBe('');
    expect(client.session.explain()).toBe('');
    expect(ear.told).toEqual(['established']);
    expect(session.peerPath[0]?.commonName).toBe('device 7');
    client.session.disconnect(false);
    await rig.settle();
    session.disconnect(false);
    await rig.settle();
    expect(client.ear.closedWith).toBe(NX_SUCCESS);
    expect(ear.closedWith).toBe(NX_SUCCESS);
    expect(rig.leaks).toBe('');
  });

  test('a packet of 16384 octets is one record; a larger one is refused as NetX refuses it', async () => {
    const rig = new Rig();
    const server = rig.nodeServer({ cert: pem(pki.server()), key: keyPem(pki.serverKey) });
    const { session } = rig.session({ ...versions, host: 'broker.example', trusted: [pki.rootCertificate] });
    session.start(rig.a, true);
    await rig.settle();
    const before = rig.a.records.length;
    expect(rig.send(session, new Uint8Array(16_385))).toBe(NX_SECURE_TLS_RECORD_OVERFLOW);
    expect(rig.send(session, new Uint8Array(16_384))).toBe(NX_SUCCESS);
    await rig.settle();
    expect(rig.a.records.length - before).toBe(1);
    expect(Buffer.concat(server.received).length).toBe(16_384);
    session.disconnect(true);
    await rig.settle();
    expect(rig.leaks).toBe('');
  });

  test('a pre-shared key takes the place of certificates', async () => {
    const rig = new Rig();
    const psks = [{ identity: 'device-7', key: new Uint8Array(32).fill(7) }];
    const server = rig.session({ ...versions, role: 'server', psks });
    const client = rig.session({ ...versions, psks });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(client.session.explain()).toBe('');
    expect(server.session.explain()).toBe('');
    rig.send(client.session, 'secret');
    await rig.settle();
    expect(server.ear.text).toBe('secret');
    client.session.disconnect(false);
    server.session.disconnect(false);
    await rig.settle();
    expect(rig.leaks).toBe('');
  });
});
