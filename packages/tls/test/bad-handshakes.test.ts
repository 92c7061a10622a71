import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  NX_SECURE_TLS_AEAD_DECRYPT_FAIL,
  NX_SECURE_TLS_ALERT_RECEIVED,
  NX_SECURE_TLS_DOWNGRADE_DETECTED,
  NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
  NX_SECURE_TLS_HANDSHAKE_FAILURE,
  NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
  NX_SECURE_TLS_NO_CLOSE_RESPONSE,
  NX_SECURE_TLS_NO_SUPPORTED_CIPHERS,
  NX_SECURE_TLS_RECORD_OVERFLOW,
  NX_SECURE_TLS_UNKNOWN_TLS_VERSION,
  NX_SECURE_TLS_UNSUPPORTED_FEATURE,
  NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION,
  NX_SECURE_X509_CERTIFICATE_EXPIRED,
  NX_SECURE_X509_INVALID_PRIVATE_KEY_TYPE,
  NX_SECURE_X509_KEY_USAGE_ERROR,
  SECOND,
} from '@strata/contracts';
import { TLS_1_2, TLS_1_3, type TlsSessionOptions } from '../src/index.ts';
import { Authorities, certificate, keyPem, pem, SERVER_AUTH } from './support/certificates.ts';
import { type NodePeer, Rig } from './support/rig.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

const VERSIONS = [
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
] as const;
const both = (version: number) => ({ minimumVersion: version, maximumVersion: version });
const nodeVersion = (version: number) => {
  const name = version === TLS_1_2 ? ('TLSv1.2' as const) : ('TLSv1.3' as const);
  return { minVersion: name, maxVersion: name };
};
const trusting = (): Partial<TlsSessionOptions> => ({ host: 'broker.example', trusted: [pki.rootCertificate] });
const serving = () => ({ cert: pem(pki.server()), key: keyPem(pki.serverKey) });
const ourServer = (): Partial<TlsSessionOptions> => ({
  role: 'server',
  identity: { certificates: pki.server(), key: keyPem(pki.serverKey) },
});

/** Everything a client of ours did came to nothing, and no application data was sent. */
function expectRefused(rig: Rig, peer: NodePeer | null): void {
  expect(peer?.received ?? []).toEqual([]);
  expect(rig.leaks).toBe('');
}

describe('a client refuses', () => {
  test('a server that speaks TLS 1.2 only when 1.3 is asked for: it hears alert 70', async () => {
    const rig = new Rig();
    const server = rig.nodeServer({ ...serving(), ...nodeVersion(TLS_1_2) });
    const { session, ear } = rig.session({ ...trusting(), ...both(TLS_1_3) });
    session.start(rig.a, true);
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_ALERT_RECEIVED);
    expect(session.alertReceived).toEqual({ level: 2, value: 70 });
    expect(session.explain()).toMatch(/alert 70 protocol_version received/);
    expect(ear.told).toEqual(['closed']);
    expectRefused(rig, server);
  });

  test('a server that answers with TLS 1.1: alert 70', async () => {
    const rig = new Rig();
    const server = rig.nodeServer(serving());
    rig.b.tamper = (bytes, i) => {
      if (i !== 0) return bytes;
      // ServerHello.legacy_version, and no supported_versions to say otherwise.
      const changed = Buffer.from(bytes);
      changed.writeUInt16BE(0x0302, 9);
      const at = changed.indexOf(Buffer.from('002b00020304', 'hex'));
      if (at > 0) changed.writeUInt16BE(0xff2b, at);
      return changed;
    };
    const { session } = rig.session(trusting());
    session.start(rig.a, true);
    await rig.settle();
    expect(session.failure()).not.toBeNull();
    expect([70, 47, 110]).toContain(session.alertSent?.value);
    expectRefused(rig, server);
  });

  test('a handshake that somebody has brought down to TLS 1.2: alert 47', async () => {
    const rig = new Rig();
    const server = rig.nodeServer(serving());
    // supported_versions becomes an extension that the server does not know.
    rig.a.tamper = (bytes, i) => {
      const at = bytes.indexOf(Buffer.from('002b0005040304', 'hex'));
      if (i !== 0 || at < 0) return bytes;
      const changed = Buffer.from(bytes);
      changed.writeUInt16BE(0xff2b, at);
      return changed;
    };
    const { session } = rig.session(trusting());
    session.start(rig.a, true);
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_DOWNGRADE_DETECTED);
    expect(session.alertSent).toEqual({ level: 2, value: 47 });
    expect(server.alert).toBe(47);
    expectRefused(rig, server);
  });

  test('something that is not TLS: alert 70', async () => {
    const rig = new Rig();
    const { session, ear } = rig.session(trusting());
    session.start(rig.a, true);
    await rig.settle();
    rig.a.arrive(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_UNKNOWN_TLS_VERSION);
    expect(session.alertSent).toEqual({ level: 2, value: 70 });
    expect(rig.a.records.at(-1)?.toString('hex')).toBe('15030300020246');
    expect(ear.closedWith).toBe(NX_SECURE_TLS_UNKNOWN_TLS_VERSION);
    rig.b.disconnect(true);
    for (let packet = rig.b.receive(); packet !== null; packet = rig.b.receive()) packet.release();
    await rig.settle();
    expect(rig.leaks).toBe('');
  });

  test('a server without a common cipher suite: it hears alert 40', async () => {
    const rig = new Rig();
    const server = rig.nodeServer({ ...serving(), ...nodeVersion(TLS_1_2), ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    const { session } = rig.session({ ...trusting(), ...both(TLS_1_2), ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' });
    session.start(rig.a, true);
    await rig.settle();
    expect(session.alertReceived).toEqual({ level: 2, value: 40 });
    expectRefused(rig, server);
  });

  test.each(VERSIONS)('%s: a handshake with a changed octet, in any of its first records', async (_name, version) => {
    for (let at = 20; at < 1200; at += 118) {
      const rig = new Rig();
      const server = rig.nodeServer({ ...serving(), ...nodeVersion(version) });
      let seen = 0;
      rig.b.tamper = (bytes) => {
        const position = at - seen;
        seen += bytes.length;
        if (position < 0 || position >= bytes.length) return bytes;
        const changed = Buffer.from(bytes);
        changed[position] = (changed[position] as number) ^ 0x55;
        return changed;
      };
      const { session, ear } = rig.session({ ...trusting(), startTimeoutSeconds: 10 });
      session.start(rig.a, true);
      await rig.settle();
      expect(ear.told).toEqual(['closed']);
      expect(session.failure()).not.toBeNull();
      expect(server.received).toEqual([]);
      rig.b.disconnect(true);
      await rig.settle();
      expect(rig.leaks).toBe('');
    }
  });

  test('TLS 1.3: a damaged record of the handshake: alert 20', async () => {
    const rig = new Rig();
    const server = rig.nodeServer({ ...serving(), ...nodeVersion(TLS_1_3) });
    rig.b.tamper = (bytes, i) => {
      if (i !== 0) return bytes;
      const changed = Buffer.from(bytes);
      changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
      return changed;
    };
    const { session } = rig.session(trusting());
    session.start(rig.a, true);
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_AEAD_DECRYPT_FAIL);
    expect(session.alertSent).toEqual({ level: 2, value: 20 });
    expect(server.alert).toBe(20);
    expectRefused(rig, server);
  });

  test.each(VERSIONS)('%s: a server that ends the connection in mid-handshake', async (_name, version) => {
    const rig = new Rig();
    const { session, ear } = rig.session({ ...trusting(), ...both(version) });
    session.start(rig.a, true);
    await rig.settle();
    for (let packet = rig.b.receive(); packet !== null; packet = rig.b.receive()) packet.release();
    rig.b.disconnect(false);
    await rig.settle();
    expect(ear.closedWith).toBe(NX_SECURE_TLS_HANDSHAKE_FAILURE);
    expect(session.explain()).toMatch(/ended during the handshake/);
    expect(rig.leaks).toBe('');
  });

  test('a server that never answers: after the time given', async () => {
    const rig = new Rig();
    const { session, ear } = rig.session({ ...trusting(), startTimeoutSeconds: 5 });
    session.start(rig.a, true);
    await rig.settle();
    expect(rig.clock.now).toBe(5 * SECOND);
    expect(ear.closedWith).toBe(NX_SECURE_TLS_HANDSHAKE_FAILURE);
    expect(session.explain()).toMatch(/not complete after 5 s/);
  });
});

describe('a server refuses', () => {
  test('a client without a common application protocol: alert 120', async () => {
    const rig = new Rig();
    const { session, ear } = rig.session({ ...ourServer(), alpn: ['mqtt'] });
    session.start(rig.a, true);
    const client = rig.nodeClient({}, { ALPNProtocols: ['h2'] });
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_UNSUPPORTED_FEATURE);
    expect(session.alertSent).toEqual({ level: 2, value: 120 });
    expect(client.alert).toBe(120);
    expect(ear.told).toEqual(['closed']);
    expectRefused(rig, client);
  });

  test('a client of too old a version: alert 70', async () => {
    const rig = new Rig();
    const { session } = rig.session({ ...ourServer(), ...both(TLS_1_3) });
    session.start(rig.a, true);
    const client = rig.nodeClient(nodeVersion(TLS_1_2));
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION);
    expect(client.alert).toBe(70);
    expectRefused(rig, client);
  });

  test('a client without a common cipher suite: alert 40', async () => {
    const rig = new Rig();
    const { session } = rig.session({ ...ourServer(), ...both(TLS_1_2), ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' });
    session.start(rig.a, true);
    const client = rig.nodeClient({ ...nodeVersion(TLS_1_2), ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_NO_SUPPORTED_CIPHERS);
    expect(client.alert).toBe(40);
    expectRefused(rig, client);
  });

  const clients = [
    {
      name: 'a client without a certificate',
      show: () => null,
      status: NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED,
      alerts: { [TLS_1_2]: 40, [TLS_1_3]: 116 } as Record<number, number>,
    },
    {
      name: 'a client whose certificate has expired',
      show: () => pki.client({ to: '2025-12-30' }),
      status: NX_SECURE_X509_CERTIFICATE_EXPIRED,
      alerts: { [TLS_1_2]: 45, [TLS_1_3]: 45 } as Record<number, number>,
    },
    {
      name: 'a client with a server’s certificate',
      show: () => pki.client({ purposes: [SERVER_AUTH] }),
      status: NX_SECURE_X509_KEY_USAGE_ERROR,
      alerts: { [TLS_1_2]: 43, [TLS_1_3]: 43 } as Record<number, number>,
    },
    {
      name: 'a client with a self-signed certificate',
      show: () => certificate({ subject: 'device 7', key: pki.clientKey }),
      status: NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
      alerts: { [TLS_1_2]: 48, [TLS_1_3]: 48 } as Record<number, number>,
    },
  ];

  describe.each(VERSIONS)('%s', (_name, version) => {
    test.each(clients)('$name', async ({ show, status, alerts }) => {
      const rig = new Rig();
      const { session, ear } = rig.session({
        ...ourServer(),
        ...both(version),
        trusted: [pki.rootCertificate],
        clientCertificate: 'required',
      });
      session.start(rig.a, true);
      const shown = show();
      const own = shown === null ? {} : { cert: pem(shown), key: keyPem(pki.clientKey) };
      const client = rig.nodeClient(own);
      // In TLS 1.3 a client may send before the server has judged it; nothing of that may come through.
      client.socket.write('too early');
      await rig.settle();
      expect(session.failure()?.status).toBe(status);
      expect(session.alertSent).toEqual({ level: 2, value: alerts[version] });
      expect(client.alert).toBe(alerts[version]);
      expect(ear.told).toEqual(['closed']);
      expect(ear.received).toEqual([]);
      expectRefused(rig, client);
    });
  });
});

describe('pre-shared keys', () => {
  const psk = (fill: number, identity = 'device-7') => ({ psks: [{ identity, key: new Uint8Array(32).fill(fill) }] });

  test.each(VERSIONS)('%s: a wrong key is refused by both sides', async (_name, version) => {
    const rig = new Rig();
    const server = rig.session({ role: 'server', ...both(version), ...psk(1) });
    const client = rig.session({ ...both(version), ...psk(2) });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(server.ear.told).toEqual(['closed']);
    expect(client.ear.told).toEqual(['closed']);
    expect(server.session.failure()).not.toBeNull();
    expect(rig.leaks).toBe('');
  });

  test.each(VERSIONS)('%s: an unknown identity is refused', async (_name, version) => {
    const rig = new Rig();
    const server = rig.session({ role: 'server', ...both(version), ...psk(1) });
    const client = rig.session({ ...both(version), ...psk(1, 'somebody') });
    server.session.start(rig.b, true);
    client.session.start(rig.a, true);
    await rig.settle();
    expect(server.ear.told).toEqual(['closed']);
    expect(client.ear.told).toEqual(['closed']);
    expect(client.session.alertReceived?.level).toBe(2);
    expect(rig.leaks).toBe('');
  });
});

describe.each(VERSIONS)('%s: an open session', (_name, version) => {
  async function open(rig: Rig) {
    const server = rig.nodeServer({ ...serving(), ...nodeVersion(version) });
    const { session, ear } = rig.session(trusting());
    session.start(rig.a, true);
    await rig.settle();
    expect(ear.told).toEqual(['established']);
    return { server, session, ear };
  }

  test('is ended by a damaged record: alert 20', async () => {
    const rig = new Rig();
    const { server, session, ear } = await open(rig);
    rig.b.tamper = (bytes) => {
      const changed = Buffer.from(bytes);
      changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
      return changed;
    };
    server.socket.write('hello');
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_AEAD_DECRYPT_FAIL);
    expect(session.alertSent?.value).toBe(20);
    expect(server.alert).toBe(20);
    expect(ear.received).toEqual([]);
    expect(rig.leaks).toBe('');
  });

  test('is ended by a record that is too long: alert 22', async () => {
    const rig = new Rig();
    const { session } = await open(rig);
    rig.a.arrive(Buffer.from('17030348010000', 'hex'));
    await rig.settle();
    expect(session.failure()?.status).toBe(NX_SECURE_TLS_RECORD_OVERFLOW);
    expect(session.alertSent?.value).toBe(22);
    expect(rig.leaks).toBe('');
  });

  test('tells a connection that ends without close_notify from one that ends with it', async () => {
    const rig = new Rig();
    const { server, session, ear } = await open(rig);
    server.socket.write('all that came');
    await rig.settle();
    rig.b.disconnect(false);
    await rig.settle();
    expect(ear.text).toBe('all that came');
    expect(ear.closedWith).toBe(NX_SECURE_TLS_NO_CLOSE_RESPONSE);
    expect(session.explain()).toMatch(/without close_notify/);
    expect(rig.leaks).toBe('');
  });
});

test('options that cannot be used are refused at the start, with the reason', () => {
  const rig = new Rig();
  const identity = { certificates: pki.server(), key: keyPem(pki.clientKey) };
  const wrongKey = rig.session({ role: 'server', identity });
  wrongKey.session.start(rig.a, true);
  expect(wrongKey.session.failure()?.status).toBe(NX_SECURE_X509_INVALID_PRIVATE_KEY_TYPE);
  expect(wrongKey.ear.told).toEqual(['closed']);
  const noCertificate = rig.session({ host: 'x', trusted: ['no PEM'] });
  expect(noCertificate.session.prepare()).toBe(false);
  expect(() => rig.session({})).toThrow(/must name the server/);
});
