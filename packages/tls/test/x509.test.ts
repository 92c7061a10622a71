import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import { NodeTlsEngines } from '../src/engine-node.ts';
import {
  formatUnixTime,
  type JudgmentRules,
  judgeCertificates,
  matchesName,
  parseCertificate,
  parsePem,
  parseRevocationList,
} from '../src/index.ts';
import { DerReader } from '../src/x509/der.ts';
import { Authorities, CLIENT_AUTH, certificate, ecKey, pem, revocationList, rsaKey } from './support/certificates.ts';

let pki: Authorities;
beforeAll(() => {
  pki = new Authorities();
});

const engines = new NodeTlsEngines();
const rules = (changes: Partial<JudgmentRules> = {}): JudgmentRules => ({
  unixTime: 1_767_225_600,
  peer: 'server',
  host: 'broker.example',
  trusted: [parseCertificate(pki.rootCertificate)!],
  revocationLists: [],
  requireRevocationList: false,
  allow: new Set(),
  maximumCertificates: 10,
  ...changes,
});

describe('host names (RFC 9525 6.3)', () => {
  test.each([
    ['broker.example', 'broker.example'],
    ['BROKER.example', 'broker.EXAMPLE'],
    ['broker.example.', 'broker.example'],
    ['*.plant.example', 'seven.plant.example'],
  ])('%s is for %s', (pattern, host) => expect(matchesName(pattern, host)).toBe(true));

  test.each([
    ['*.plant.example', 'plant.example'],
    ['*.plant.example', 'a.b.plant.example'],
    ['*.example', 'broker.example'],
    ['*', 'broker'],
    ['b*.plant.example', 'broker.plant.example'],
    ['a.*.example', 'a.b.example'],
    ['broker.example\0.evil.example', 'broker.example'],
    ['', ''],
    ['*.*.example', 'a.b.example'],
  ])('%s is not for %s', (pattern, host) => expect(matchesName(pattern, host)).toBe(false));
});

describe('certificates', () => {
  test('are read as OpenSSL reads them', () => {
    for (const der of [
      pki.rootCertificate,
      pki.middleCertificate,
      pki.server(),
      pki.client(),
      certificate({ subject: 'ec', key: ecKey() }),
    ]) {
      const theirs = new X509Certificate(der);
      const ours = parseCertificate(der)!;
      expect(ours.serial.replace(/^0+/, '')).toBe(theirs.serialNumber.toLowerCase().replace(/^0+/, ''));
      expect(ours.subjectText).toBe(theirs.subject);
      expect(ours.issuerText).toBe(theirs.issuer);
      expect(ours.isCa).toBe(theirs.ca);
      expect(ours.notBefore).toBe(Date.parse(theirs.validFrom) / 1000);
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo) / 1000);
      expect(ours.purposes ?? undefined).toEqual(theirs.keyUsage);
      expect(Buffer.from(ours.publicKey).equals(theirs.publicKey.export({ type: 'spki', format: 'der' }))).toBe(true);
      const bits = theirs.publicKey.asymmetricKeyDetails?.modulusLength ?? 256;
      expect(ours.keyInfo.bits).toBe(bits);
    }
  });

  test('signatures are judged as OpenSSL judges them', () => {
    const server = pki.server();
    const ours = parseCertificate(server)!;
    for (const issuer of [pki.rootCertificate, pki.middleCertificate]) {
      const { publicKey } = parseCertificate(issuer)!;
      const theirs = new X509Certificate(server).verify(new X509Certificate(issuer).publicKey);
      expect(engines.verifySignature(ours.signatureAlgorithm!, publicKey, ours.tbs, ours.signature)).toBe(theirs);
    }
  });

  test('keys of odd lengths are measured exactly', () => {
    for (const bits of [1024, 2047, 2048]) {
      expect(parseCertificate(certificate({ subject: 'x', key: rsaKey(bits) }))?.keyInfo).toEqual({
        type: 'rsa',
        bits,
      });
    }
  });

  test('that are cut off anywhere cannot be read', () => {
    const whole = pki.server();
    for (let length = 0; length < whole.length; length++)
      expect(parseCertificate(whole.subarray(0, length))).toBeNull();
    expect(parseCertificate(Buffer.concat([whole, Uint8Array.of(0)]))).toBeNull();
  });

  test('with a signature of a broken octet are refused (X.690 8.6.2)', () => {
    const whole = pki.server();
    const signature = parseCertificate(whole)!.signature.length;
    for (let change = 1; change < 256; change++) {
      const bytes = Uint8Array.from(whole);
      bytes[whole.length - signature - 1] = change;
      expect(judgeCertificates([bytes], rules(), engines).fault?.name).toBe('malformed');
    }
  });

  test('with any changed octet are refused, and nothing throws', () => {
    const whole = pki.server();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = (bytes[at] as number) ^ change;
        const { fault } = judgeCertificates([bytes], rules(), engines);
        expect(fault).not.toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test('and lists of revoked ones made of noise are refused, and nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(judgeCertificates([bytes], rules(), engines).fault?.name).toBe('malformed');
        parseRevocationList(bytes);
        parseRevocationList(Uint8Array.from([0x30, bytes.length & 127, ...bytes]));
        const reader = new DerReader(bytes);
        while (!reader.done) reader.skip();
      }),
      { numRuns: 500 },
    );
  });

  test('with thousands of issuers that could be meant cost a bounded number of signatures', () => {
    const same = Array.from({ length: 9 }, () => certificate({ ...pki.middle, issuer: pki.middle, ca: true }));
    const crossed = Array.from({ length: 9 }, () =>
      certificate({ ...pki.middle, issuer: { subject: 'Test Intermediate', key: pki.middleKey }, ca: true }),
    );
    let checks = 0;
    const counting = {
      verifySignature: (...given: Parameters<NodeTlsEngines['verifySignature']>) => {
        checks++;
        return engines.verifySignature(...given);
      },
    };
    const sent = [pki.server({ issuer: pki.middle }), ...same, ...crossed];
    const { fault } = judgeCertificates(sent, rules({ maximumCertificates: 30 }), counting);
    expect(fault).not.toBeNull();
    expect(checks).toBeLessThanOrEqual(101);
  });
});

describe('paths', () => {
  const trustedOnly = (...list: Buffer[]) => list.map((der) => parseCertificate(der)!);

  test('are found whatever the order in which certificates come, and past useless ones', () => {
    const server = pki.server({ issuer: pki.middle });
    const noise = certificate({ subject: 'noise', key: pki.clientKey });
    const { fault, path } = judgeCertificates([server, noise, pki.middleCertificate], rules(), engines);
    expect(fault).toBeNull();
    expect(path.map((one) => one.commonName)).toEqual(['broker', 'Test Intermediate', 'Test Root']);
  });

  test('a renewed intermediate is found beside an expired one of the same name and key', () => {
    const server = pki.server({ issuer: pki.middle });
    const expired = certificate({ ...pki.middle, issuer: pki.root, ca: true, to: '2025-12-30' });
    for (const others of [
      [expired, pki.middleCertificate],
      [pki.middleCertificate, expired],
    ]) {
      expect(judgeCertificates([server, ...others], rules(), engines).fault).toBeNull();
    }
  });

  test('end at whatever is trusted: an intermediate, or the server’s certificate itself', () => {
    const server = pki.server({ issuer: pki.middle });
    for (const anchor of [pki.middleCertificate, server]) {
      expect(judgeCertificates([server], rules({ trusted: trustedOnly(anchor) }), engines).fault).toBeNull();
    }
  });

  test('a trusted certificate is held to its dates and names all the same', () => {
    const own = certificate({ subject: 'x', key: pki.serverKey, dns: ['broker.example'], to: '2025-12-30' });
    expect(judgeCertificates([own], rules({ trusted: trustedOnly(own) }), engines).fault?.name).toBe('expired');
    const other = certificate({ subject: 'x', key: pki.serverKey, dns: ['other.example'] });
    expect(judgeCertificates([other], rules({ trusted: trustedOnly(other) }), engines).fault?.name).toBe('wrong-host');
  });

  test('to allow one fault is not to allow another', () => {
    const both = pki.server({ to: '2025-12-30', dns: ['other.example'] });
    const judge = (...allow: ('expired' | 'wrong-host')[]) =>
      judgeCertificates([both], rules({ allow: new Set(allow) }), engines).fault?.name ?? null;
    expect(judge()).toBe('expired');
    expect(judge('expired')).toBe('wrong-host');
    expect(judge('wrong-host')).toBe('expired');
    expect(judge('expired', 'wrong-host')).toBeNull();
  });

  test('an unknown issuer that is allowed does not hide other faults', () => {
    const stray = pki.server({ issuer: { subject: 'Nobody', key: pki.clientKey }, purposes: [CLIENT_AUTH] });
    const allow = new Set(['unknown-issuer'] as const);
    expect(judgeCertificates([stray], rules({ allow }), engines).fault?.name).toBe('wrong-purpose');
  });

  test('revocation of an intermediate counts', () => {
    const sent = [pki.server({ issuer: pki.middle }), pki.middleCertificate];
    const lists = [parseRevocationList(revocationList(pki.root, [2]))!];
    const { fault } = judgeCertificates(sent, rules({ revocationLists: lists }), engines);
    expect(fault).toMatchObject({ name: 'revoked', alert: 44 });
    expect(fault?.why).toMatch(/Test Intermediate/);
  });
});

test('PEM gives back the certificates in it', () => {
  const text = `some text\n${pem(pki.rootCertificate, pki.middleCertificate)}`;
  const found = parsePem(text, 'CERTIFICATE').map((one) => Buffer.from(one).toString('hex'));
  expect(found).toEqual([pki.rootCertificate.toString('hex'), pki.middleCertificate.toString('hex')]);
  expect(parsePem('-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----', 'CERTIFICATE')).toEqual([]);
});

test('dates are shown as ISO 8601 shows them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000_000, max: 8_000_000_000 }), (seconds) => {
      const iso = new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
      expect(formatUnixTime(seconds)).toBe(iso);
    }),
  );
});
