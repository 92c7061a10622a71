import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LabAuthority, NodeTlsEngines } from '../src/engine-node.ts';
import { judgeCertificates, parseCertificate, parsePem } from '../src/index.ts';
import { EPOCH } from './support/rig.ts';

const HOSTS = ['broker.example', '192.0.2.2', '2001:db8::2'];
const wish = { commonName: 'broker', purpose: 'server', hosts: HOSTS } as const;

describe('the authority of a lab', () => {
  test('repeats itself octet for octet with the same seed, and with no other', () => {
    const issue = (seed: number) => {
      const authority = new LabAuthority(EPOCH, seed);
      return [authority.certificate, authority.issue(wish)];
    };
    expect(issue(7)).toEqual(issue(7));
    expect(issue(7)).not.toEqual(issue(8));
  });

  test('draws its keys from the machine without a seed', () => {
    expect(new LabAuthority(EPOCH, null).certificate).not.toBe(new LabAuthority(EPOCH, null).certificate);
  });

  test.each([42, null])(
    'seed %s: its certificates hold for their hosts and purpose, and OpenSSL reads them',
    (seed) => {
      const authority = new LabAuthority(EPOCH, seed);
      const { certificates, key } = authority.issue(wish);
      const [der] = parsePem(certificates as string, 'CERTIFICATE') as [Uint8Array];
      const [root] = parsePem(authority.certificate, 'CERTIFICATE') as [Uint8Array];
      const fault = (host: string, peer: 'client' | 'server', unixTime = EPOCH) =>
        judgeCertificates(
          [der],
          {
            unixTime,
            peer,
            host,
            trusted: [parseCertificate(root) as never],
            revocationLists: [],
            requireRevocationList: false,
            allow: new Set(),
            maximumCertificates: 1,
          },
          new NodeTlsEngines(),
        ).fault?.name ?? null;
      for (const host of HOSTS) expect(fault(host, 'server')).toBeNull();
      expect(fault('other.example', 'server')).toBe('wrong-host');
      expect(fault('broker.example', 'client')).toBe('wrong-purpose');
      expect(fault('broker.example', 'server', EPOCH - 2 * 86_400)).toBe('not-yet-valid');
      expect(fault('broker.example', 'server', EPOCH + 366 * 86_400)).toBe('expired');
      const theirs = new X509Certificate(certificates as string);
      expect(theirs.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
      expect(theirs.checkHost('broker.example')).toBe('broker.example');
      expect(theirs.checkIP('2001:db8::2')).toBe('2001:db8::2');
      expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    },
  );
});
