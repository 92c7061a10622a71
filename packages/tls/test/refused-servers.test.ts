import { beforeAll, describe, expect, test } from '@jest/globals';
import { NX_NOT_CONNECTED, NX_SUCCESS } from '@strata/contracts';
import { type CertificateAllowance, TLS_1_2, TLS_1_3, type TlsSessionOptions } from '../src/index.ts';
import { keyPem, pem } from './support/certificates.ts';
import { makeAuthorities, oddCurve, pki, REFUSED_CASES, type RefusedCase } from './support/refused-cases.ts';
import { Rig } from './support/rig.ts';

beforeAll(makeAuthorities);

/** A server of OpenSSL with this chain and a client of ours that trusts the test's root. */
async function meet(rig: Rig, version: number, one: RefusedCase, extra: Partial<TlsSessionOptions> = {}) {
  const server = rig.nodeServer({
    cert: pem(...one.chain()),
    key: keyPem(one.key?.() ?? pki.serverKey),
    ciphers: 'DEFAULT@SECLEVEL=0',
    minVersion: version === TLS_1_2 ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: version === TLS_1_2 ? 'TLSv1.2' : 'TLSv1.3',
  });
  const { session, ear } = rig.session({
    host: 'broker.example',
    trusted: [pki.rootCertificate],
    ...one.options?.(),
    ...extra,
  });
  session.start(rig.a, true);
  await rig.settle();
  return { server, session, ear };
}

describe.each([
  ['TLS 1.2', TLS_1_2],
  ['TLS 1.3', TLS_1_3],
])('%s: a server’s certificate is refused', (_name, version) => {
  test.each(REFUSED_CASES)('$name: alert $alert, and nothing else', async (one) => {
    const rig = new Rig();
    const { server, session, ear } = await meet(rig, version, one);
    expect(session.failure()?.why).toMatch(one.why);
    expect(session.failure()?.status).toBe(one.status);
    expect(session.alertSent).toEqual({ level: 2, value: one.alert });
    expect(ear.told).toEqual(['closed']);
    expect(ear.closedWith).toBe(one.status);
    // OpenSSL has received and understood the alert.
    expect(server.alert).toBe(one.alert);
    expect(server.secure).toBe(false);
    expect(server.received).toEqual([]);
    // ClientHello and the alert: in the clear in TLS 1.2, level, value and type under 16 octets of tag in TLS 1.3.
    const alert = version === TLS_1_2 ? '21:2' : '23:19';
    expect(Rig.shape(rig.a).slice(1)).toEqual([alert]);
    const packet = rig.pool.allocate(76);
    packet?.appendBytes(Buffer.from('secret'), 0, 6);
    expect(session.send(packet as never)).toBe(NX_NOT_CONNECTED);
    packet?.release();
    await rig.settle();
    expect(rig.a.records.length).toBe(2);
    expect(rig.leaks).toBe('');
  });

  test.each(REFUSED_CASES.filter((one) => one.allow !== undefined))(
    '$name: accepted when allowed by name',
    async (one) => {
      const rig = new Rig();
      const { session, ear, server } = await meet(rig, version, one, { allow: [one.allow as CertificateAllowance] });
      expect(session.explain()).toBe('');
      expect(ear.told).toEqual(['established']);
      expect(rig.send(session, 'x')).toBe(NX_SUCCESS);
      await rig.settle();
      expect(server.text).toBe('x');
      session.disconnect(true);
      await rig.settle();
      expect(rig.leaks).toBe('');
    },
  );

  test('another curve than NIST’s: refused', async () => {
    const rig = new Rig();
    const chain = () => [pki.server({ key: oddCurve })];
    const { session, ear } = await meet(rig, version, {
      name: '',
      chain,
      key: () => oddCurve,
      status: 0,
      alert: 0,
      why: /./,
    });
    expect(ear.told).toEqual(['closed']);
    expect(session.failure()).not.toBeNull();
    expect(rig.leaks).toBe('');
  });
});

test('the lab’s clock judges, not the machine’s: the same certificate is accepted before it expires and refused after', async () => {
  for (const [epoch, told] of [
    [Date.UTC(2026, 0, 31) / 1000, 'established'],
    [Date.UTC(2026, 1, 2) / 1000, 'closed'],
  ] as const) {
    const rig = new Rig();
    rig.nodeServer({ cert: pem(pki.server()), key: keyPem(pki.serverKey) });
    const { session, ear } = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate], epoch });
    session.start(rig.a, true);
    await rig.settle();
    expect(ear.told).toEqual([told]);
    session.disconnect(true);
    await rig.settle();
    expect(rig.leaks).toBe('');
  }
});

test('a session becomes impossible when the lab’s time passes the end of the certificate', async () => {
  const rig = new Rig();
  rig.clock.scheduler.advanceTo(40 * 86_400 * 1_000_000);
  rig.nodeServer({ cert: pem(pki.server()), key: keyPem(pki.serverKey) });
  const { session } = rig.session({ host: 'broker.example', trusted: [pki.rootCertificate] });
  session.start(rig.a, true);
  await rig.settle();
  expect(session.explain()).toMatch(/^alert 45 certificate_expired sent ← .*it is 2026-02-10/);
});
