import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  NX_INVALID_PARAMETERS,
  NX_SECURE_TLS_CERTIFICATE_NOT_FOUND,
  NX_SECURE_TLS_INVALID_CERTIFICATE,
  NX_SECURE_TLS_INVALID_STATE,
  NX_SECURE_TLS_NO_CLOSE_RESPONSE,
  NX_SECURE_TLS_NO_MORE_PSK_SPACE,
  NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL,
  NX_SECURE_TLS_SNI_EXTENSION_INVALID,
  NX_SECURE_TLS_UNKNOWN_TLS_VERSION,
  NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION,
  NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
  NX_SECURE_X509_CRL_CERTIFICATE_REVOKED,
  NX_SECURE_X509_INVALID_CERTIFICATE_DATA,
  NX_SUCCESS,
} from '@strata/contracts';
import { TLS_1_2, TLS_1_3, TLS_STATE_IDLE, TLS_STATE_OPEN, TlsSetup } from '../src/index.ts';
import { Authorities, keyPem, pem, revocationList } from './support/certificates.ts';
import { memoryPair } from './support/memory-stream.ts';
import { EPOCH, Rig } from './support/rig.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

/** A setup that suffices for the server of these tests. */
function goodSetup(): TlsSetup {
  const setup = new TlsSetup();
  expect(setup.sessionCreate()).toBe(NX_SUCCESS);
  expect(setup.packetBufferSet(4000)).toBe(NX_SUCCESS);
  expect(setup.remoteCertificateAllocate()).toBe(NX_SUCCESS);
  expect(setup.commonNameDnsCheck('broker.example')).toBe(NX_SUCCESS);
  expect(setup.trustedCertificateAdd(pki.rootCertificate)).toBe(NX_SUCCESS);
  return setup;
}

async function connect(setup: TlsSetup, server: Parameters<Rig['session']>[0] = {}) {
  const rig = new Rig();
  const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
  const peer = rig.session({ role: 'server', identity, ...server });
  const client = rig.session(setup.options());
  peer.session.start(rig.b, true);
  client.session.start(rig.a, true);
  await rig.settle();
  const outcome = { status: client.session.failure()?.status ?? NX_SUCCESS, agreed: client.session.agreement() };
  client.session.disconnect(true);
  peer.session.delete();
  await rig.settle();
  expect(rig.leaks).toBe('');
  return { ...outcome, server: peer.session, explained: client.session.explain() };
}

describe('a session set up call by call, as NetX Secure’s applications do it', () => {
  test('opens with a crypto set, a packet buffer, space for one certificate and a trusted one', async () => {
    const { status, agreed } = await connect(goodSetup());
    expect(status).toBe(NX_SUCCESS);
    expect(agreed?.serverName).toBe('broker.example');
  });

  test('trusted certificates are DER or PEM; others are refused at once; they can be removed by their common name', async () => {
    const setup = goodSetup();
    expect(setup.trustedCertificateRemove('Test Root')).toBe(NX_SUCCESS);
    expect(setup.trustedCertificateRemove('Test Root')).toBe(NX_SECURE_TLS_CERTIFICATE_NOT_FOUND);
    expect(setup.trustedCertificateAdd('no certificate')).toBe(NX_SECURE_TLS_INVALID_CERTIFICATE);
    expect(setup.trustedCertificateAdd(Uint8Array.of(0x30, 0))).toBe(NX_SECURE_TLS_INVALID_CERTIFICATE);
    expect(setup.trustedCertificateAdd(pem(pki.rootCertificate))).toBe(NX_SUCCESS);
    expect((await connect(setup)).status).toBe(NX_SUCCESS);
  });

  test('the crypto set decides the cipher suite', async () => {
    const setup = new TlsSetup();
    setup.sessionCreate('ECDHE-RSA-AES128-GCM-SHA256');
    setup.remoteCertificateAllocate();
    setup.commonNameDnsCheck('broker.example');
    setup.trustedCertificateAdd(pki.rootCertificate);
    setup.protocolVersionOverride(TLS_1_2);
    const { agreed } = await connect(setup);
    expect(agreed).toMatchObject({ version: TLS_1_2, cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' });
  });

  test('the protocol version can be overridden with one that is spoken', async () => {
    for (const version of [TLS_1_2, TLS_1_3]) {
      const setup = goodSetup();
      expect(setup.protocolVersionOverride(version)).toBe(NX_SUCCESS);
      expect((await connect(setup)).agreed?.version).toBe(version);
    }
    const setup = new TlsSetup();
    expect(setup.protocolVersionOverride(0x0301)).toBe(NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION);
    expect(setup.protocolVersionOverride(0x0302)).toBe(NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION);
    expect(setup.protocolVersionOverride(0x0500)).toBe(NX_SECURE_TLS_UNKNOWN_TLS_VERSION);
  });

  test('a Certificate message larger than the packet buffer is refused', async () => {
    const setup = goodSetup();
    expect(setup.packetBufferSet(3999)).toBe(NX_INVALID_PARAMETERS);
    setup.remoteCertificateAllocate(4);
    const names = Array.from({ length: 150 }, (_, i) => `broker-${String(i).padStart(20, '0')}.example`);
    const certificates = pki.server({ dns: ['broker.example', ...names] });
    const identity = { certificates, key: keyPem(pki.serverKey) };
    const { status, explained } = await connect(setup, { identity });
    expect(status).toBe(NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL);
    expect(explained).toMatch(/alert 80 internal_error sent ← .* octets; the packet buffer has 4000/);
  });

  test('a local certificate and its key answer a server that verifies clients', async () => {
    const setup = goodSetup();
    expect(setup.localCertificateRemove()).toBe(NX_SECURE_TLS_CERTIFICATE_NOT_FOUND);
    expect(setup.localCertificateAdd('nothing', keyPem(pki.clientKey))).toBe(NX_SECURE_TLS_INVALID_CERTIFICATE);
    expect(setup.localCertificateAdd(pki.client(), pki.clientKey.export({ type: 'pkcs1', format: 'der' }))).toBe(
      NX_SUCCESS,
    );
    const { status, server } = await connect(setup, {
      clientCertificate: 'required',
      trusted: [pki.rootCertificate],
    });
    expect(status).toBe(NX_SUCCESS);
    expect(server.peerPath[0]?.commonName).toBe('device 7');
  });

  test('a server that is set up to verify clients refuses one without a certificate', async () => {
    const server = new TlsSetup();
    server.clientVerifySet(true);
    server.remoteCertificateAllocate(2);
    server.localCertificateAdd(pem(pki.server()), keyPem(pki.serverKey));
    server.trustedCertificateAdd(pki.rootCertificate);
    const refused = await connect(goodSetup(), server.options());
    expect(refused.server.explain()).toMatch(/certificate/);
    server.clientVerifySet(false);
    expect((await connect(goodSetup(), server.options())).status).toBe(NX_SUCCESS);
  });

  test('pre-shared keys: five at most, none empty; the client’s first is used', async () => {
    const setup = new TlsSetup();
    const key = new Uint8Array(16).fill(5);
    expect(setup.pskAdd(new Uint8Array(0), 'x')).toBe(NX_INVALID_PARAMETERS);
    for (let i = 0; i < 5; i++) expect(setup.pskAdd(key, `device-${i}`)).toBe(NX_SUCCESS);
    expect(setup.pskAdd(key, 'one more')).toBe(NX_SECURE_TLS_NO_MORE_PSK_SPACE);
    const rig = new Rig();
    const server = rig.session({ role: 'server', psks: [{ identity: 'device-0', key }] });
    const client = rig.session(setup.options());
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(client.session.state).toBe(TLS_STATE_OPEN);
    client.session.disconnect(true);
    await rig.settle();
    expect(rig.leaks).toBe('');
  });

  test('server_name and application protocols are those set', async () => {
    const setup = goodSetup();
    expect(setup.sniExtensionSet('')).toBe(NX_SECURE_TLS_SNI_EXTENSION_INVALID);
    expect(setup.sniExtensionSet('other.example')).toBe(NX_SUCCESS);
    expect(setup.alpnSet([''])).toBe(NX_INVALID_PARAMETERS);
    expect(setup.alpnSet(['mqtt'])).toBe(NX_SUCCESS);
    const { server, agreed } = await connect(setup, { alpn: ['mqtt'] });
    expect(server.agreement()?.serverName).toBe('other.example');
    expect(agreed?.alpn).toBe('mqtt');
  });

  test('the time function replaces the lab’s clock', async () => {
    const setup = goodSetup();
    let asked = 0;
    setup.timeFunctionSet(() => {
      asked++;
      return EPOCH + 90 * 86_400;
    });
    const { explained } = await connect(setup);
    expect(asked).toBeGreaterThan(0);
    expect(explained).toMatch(/expired on .*; it is 2026-04-01/);
  });

  test('the certificate callback has the last word, whatever status it gives', async () => {
    const setup = goodSetup();
    const seen: string[] = [];
    setup.certificateCallbackSet((path) => {
      seen.push(...path.map((one) => one.commonName));
      return NX_SECURE_X509_CHAIN_VERIFY_FAILURE;
    });
    expect((await connect(setup)).status).toBe(NX_SECURE_X509_CHAIN_VERIFY_FAILURE);
    expect(seen).toEqual(['broker', 'Test Root']);
  });

  test('a revocation list is checked', async () => {
    const setup = goodSetup();
    expect(setup.crlAdd('none')).toBe(NX_SECURE_X509_INVALID_CERTIFICATE_DATA);
    expect(setup.crlAdd(revocationList(pki.root, [77]))).toBe(NX_SUCCESS);
    expect((await connect(setup)).status).toBe(NX_SECURE_X509_CRL_CERTIFICATE_REVOKED);
  });

  test('faults pass only when they are named, and a host name must be asked for', () => {
    const setup = new TlsSetup();
    expect(setup.commonNameDnsCheck('')).toBe(NX_INVALID_PARAMETERS);
    expect(setup.remoteCertificateAllocate(0)).toBe(NX_INVALID_PARAMETERS);
    expect(() => new Rig().session(setup.options())).toThrow(/must name the server/);
    setup.allow('wrong-host');
    expect(() => new Rig().session(setup.options())).not.toThrow();
  });

  test('to create the session again forgets what was set up', () => {
    const setup = goodSetup();
    setup.sessionCreate();
    expect(setup.options()).toEqual(new TlsSetup().options());
  });
});

describe('the end of a session', () => {
  test.each([
    [0, 0],
    [2, 2],
  ])('waits %d s for a peer that does not answer close_notify', async (closeWaitSeconds, seconds) => {
    const rig = new Rig();
    const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
    const server = rig.session({ role: 'server', identity });
    const client = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate], closeWaitSeconds });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    const began = rig.clock.now;
    let ended = -1;
    const { disconnect } = rig.a;
    rig.a.disconnect = (abort) => {
      ended = rig.clock.now - began;
      return disconnect.call(rig.a, abort);
    };
    client.session.disconnect(false);
    await rig.settle();
    expect(ended).toBe(seconds * 1_000_000);
    server.session.disconnect(false);
    await rig.settle();
    expect(client.ear.closedWith).toBe(NX_SUCCESS);
    expect(rig.leaks).toBe('');
  });
});

describe('a session that has ended its own direction', () => {
  async function halfClosed() {
    const rig = new Rig();
    const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
    const server = rig.session({ role: 'server', identity });
    const client = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate] });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    rig.send(client.session, 'question');
    client.session.shutdown();
    await rig.settle();
    expect(server.ear.text).toBe('question');
    expect(server.ear.told).toContain('peerFinished');
    return { rig, server, client };
  }

  test('still receives until the peer has finished', async () => {
    const { rig, server, client } = await halfClosed();
    rig.send(server.session, 'answer');
    await rig.settle();
    expect(client.ear.text).toBe('answer');
    server.session.disconnect(false);
    await rig.settle();
    expect([client.ear.closedWith, server.ear.closedWith]).toEqual([NX_SUCCESS, NX_SUCCESS]);
    expect(rig.leaks).toBe('');
  });

  test('tells an answer that is cut off from one that has ended', async () => {
    const { rig, server, client } = await halfClosed();
    rig.send(server.session, 'half an ans');
    await rig.settle();
    rig.b.disconnect(false);
    await rig.settle();
    expect(client.ear.text).toBe('half an ans');
    expect(client.ear.closedWith).toBe(NX_SECURE_TLS_NO_CLOSE_RESPONSE);
    server.session.delete();
    await rig.settle();
    expect(rig.leaks).toBe('');
  });
});

describe('a session that is reset (nx_secure_tls_session_reset)', () => {
  async function opened() {
    const rig = new Rig();
    const identity = { certificates: pki.server(), key: keyPem(pki.serverKey) };
    const server = rig.session({ role: 'server', identity });
    const client = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate] });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(client.session.state).toBe(TLS_STATE_OPEN);
    return { rig, server, client };
  }

  test.each(['open', 'ended'])('begins again over another stream, when it was %s', async (how) => {
    const { rig, server, client } = await opened();
    expect(client.session.start(rig.a, true)).toBe(NX_SECURE_TLS_INVALID_STATE);
    if (how === 'ended') {
      client.session.disconnect(false);
      server.session.disconnect(false);
      await rig.settle();
    }
    for (const { session, ear } of [server, client]) {
      session.reset();
      ear.told.length = 0;
      expect(session.state).toBe(TLS_STATE_IDLE);
      expect([session.alertSent, session.alertReceived, session.failure()]).toEqual([null, null, null]);
    }
    const [a, b] = memoryPair(rig.pool, rig.clock.scheduler);
    server.session.start(b, true);
    client.session.start(a, true);
    await rig.settle();
    expect(client.ear.told).toEqual(['established']);
    expect(rig.send(client.session, 'again')).toBe(NX_SUCCESS);
    await rig.settle();
    expect(server.ear.text).toBe('again');
    client.session.disconnect(true);
    server.session.delete();
    await rig.settle();
    expect(rig.leaks).toBe('');
  });

  test('counts its time limit anew', async () => {
    const rig = new Rig();
    const limit = { host: 'broker.example', trusted: [pki.rootCertificate], startTimeoutSeconds: 4 };
    const { session, ear } = rig.session(limit);
    session.start(rig.a, true);
    await rig.settle();
    session.reset();
    const [a] = memoryPair(rig.pool, rig.clock.scheduler);
    const began = rig.clock.now;
    ear.told.length = 0;
    session.start(a, true);
    await rig.settle();
    expect(rig.clock.now - began).toBe(4_000_000);
    expect(ear.told).toEqual(['closed']);
    expect(session.explain()).toMatch(/not complete after 4 s/);
  });
});
