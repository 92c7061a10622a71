import type { KeyObject } from 'node:crypto';
import {
  NX_CRYPTO_UNSUPPORTED_KEY_SIZE,
  NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED,
  NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE,
  NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
  NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
  NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG,
  NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
  NX_SECURE_X509_CERTIFICATE_EXPIRED,
  NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID,
  NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
  NX_SECURE_X509_CRL_CERTIFICATE_REVOKED,
  NX_SECURE_X509_CRL_ISSUER_MISMATCH,
  NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED,
  NX_SECURE_X509_INVALID_EXTENSIONS,
  NX_SECURE_X509_KEY_USAGE_ERROR,
} from '@strata/contracts';
import type { CertificateAllowance, TlsSessionOptions } from '../../src/index.ts';
import {
  Authorities,
  type CertificateWish,
  CLIENT_AUTH,
  certificate,
  ecKey,
  revocationList,
  rsaKey,
} from './certificates.ts';

/** What the cases are made with; see {@link makeAuthorities}. */
export let pki: Authorities;
let weakKey: KeyObject;
export let oddCurve: KeyObject;
let otherKey: KeyObject;

/** Makes the keys: to be called before any case is used. */
export function makeAuthorities(): void {
  pki = new Authorities();
  weakKey = rsaKey(1024);
  oddCurve = ecKey('secp256k1');
  otherKey = rsaKey();
}

/** A server that a careful client refuses, and how. */
export interface RefusedCase {
  readonly name: string;
  /** What the server shows, leaf first. */
  readonly chain: () => Buffer[];
  readonly key?: () => KeyObject;
  readonly options?: () => Partial<TlsSessionOptions>;
  readonly status: number;
  readonly alert: number;
  readonly why: RegExp;
  /** With this the same server is accepted. */
  readonly allow?: CertificateAllowance;
}

const one = (changes: Partial<CertificateWish>) => () => [pki.server(changes)];
const middle = (changes: Partial<CertificateWish> = {}) =>
  certificate({ ...pki.middle, issuer: pki.root, ca: true, keyUsage: 0x06, ...changes });
const below = (changes: Partial<CertificateWish>) => () => [pki.server({ issuer: pki.middle }), middle(changes)];

export const REFUSED_CASES: readonly RefusedCase[] = [
  {
    name: 'expired',
    chain: one({ to: '2025-12-31' }),
    status: NX_SECURE_X509_CERTIFICATE_EXPIRED,
    alert: 45,
    why: /"CN=broker" expired on 2025-12-31 00:00:00 UTC; it is 2026-01-01/,
    allow: 'expired',
  },
  {
    name: 'not yet valid',
    chain: one({ from: '2026-01-02' }),
    status: NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID,
    alert: 45,
    why: /not valid before 2026-01-02/,
    allow: 'not-yet-valid',
  },
  {
    name: 'below an expired intermediate',
    chain: below({ to: '2025-12-31' }),
    status: NX_SECURE_X509_CERTIFICATE_EXPIRED,
    alert: 45,
    why: /Test Intermediate" expired/,
    allow: 'expired',
  },
  {
    name: 'for another host',
    chain: one({ dns: ['other.example'] }),
    status: NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
    alert: 42,
    why: /is for other\.example, 192\.0\.2\.2, not for broker\.example/,
    allow: 'wrong-host',
  },
  {
    name: 'for a wildcard that does not reach',
    chain: one({ dns: ['*.broker.example', '*.example', 'b*.example'] }),
    status: NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
    alert: 42,
    why: /not for broker\.example/,
  },
  {
    name: 'with the host in the common name only',
    chain: one({ subject: 'broker.example', dns: [], ip: [] }),
    status: NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
    alert: 42,
    why: /names no host/,
    allow: 'common-name',
  },
  {
    name: 'for another address',
    chain: one({ ip: [[192, 0, 2, 3]] }),
    options: () => ({ host: '192.0.2.2' }),
    status: NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH,
    alert: 42,
    why: /not for 192\.0\.2\.2/,
  },
  {
    name: 'of an unknown issuer',
    chain: () => [pki.server({ issuer: { subject: 'Stranger', key: otherKey } })],
    status: NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
    alert: 48,
    why: /no certificate of "CN=Stranger"/,
    allow: 'unknown-issuer',
  },
  {
    name: 'self-signed',
    chain: () => [certificate({ subject: 'broker', key: pki.serverKey, dns: ['broker.example'] })],
    status: NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT,
    alert: 48,
    why: /self-signed certificate "CN=broker" is not trusted/,
    allow: 'self-signed',
  },
  {
    name: 'below a self-signed certificate that is not trusted',
    chain: () => {
      const stranger = { subject: 'Stranger', key: otherKey };
      return [pki.server({ issuer: stranger }), certificate({ ...stranger, ca: true })];
    },
    status: NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
    alert: 48,
    why: /self-signed certificate "CN=Stranger" is not trusted/,
    allow: 'unknown-issuer',
  },
  {
    name: 'of an impostor with the name of a trusted issuer',
    chain: () => [pki.server({ issuer: { subject: 'Test Root', key: otherKey } })],
    status: NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED,
    alert: 42,
    why: /signature of "CN=broker" is not that of its issuer "CN=Test Root"/,
  },
  {
    name: 'with a damaged signature',
    chain: one({ damageSignature: true }),
    status: NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED,
    alert: 42,
    why: /signature of "CN=broker"/,
  },
  {
    name: 'without its intermediate (a truncated chain)',
    chain: () => [pki.server({ issuer: pki.middle })],
    status: NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND,
    alert: 48,
    why: /no certificate of "CN=Test Intermediate"/,
    allow: 'unknown-issuer',
  },
  {
    name: 'for clients only (extended key usage)',
    chain: one({ purposes: [CLIENT_AUTH] }),
    status: NX_SECURE_X509_KEY_USAGE_ERROR,
    alert: 43,
    why: /not for a TLS server \(extended key usage\)/,
    allow: 'wrong-purpose',
  },
  {
    name: 'with a key for signing certificates only (key usage)',
    chain: one({ keyUsage: 0x04 }),
    status: NX_SECURE_X509_KEY_USAGE_ERROR,
    alert: 43,
    why: /not for a TLS server \(key usage\)/,
  },
  {
    name: 'below an intermediate for another purpose',
    chain: below({ purposes: [CLIENT_AUTH] }),
    status: NX_SECURE_X509_KEY_USAGE_ERROR,
    alert: 43,
    why: /Test Intermediate" is not for a TLS server/,
    allow: 'wrong-purpose',
  },
  {
    name: 'issued by something that is no CA',
    chain: below({ ca: false }),
    status: NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
    alert: 48,
    why: /Test Intermediate" is not a CA/,
    allow: 'not-a-ca',
  },
  {
    name: 'issued by a CA whose key may not sign certificates',
    chain: below({ keyUsage: 0x02 }),
    status: NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
    alert: 48,
    why: /may not sign certificates/,
    allow: 'not-a-ca',
  },
  {
    name: 'deeper than its CA allows',
    chain: () => {
      const second = { subject: 'Second Intermediate', key: otherKey };
      return [
        pki.server({ issuer: second }),
        certificate({ ...second, issuer: pki.middle, ca: true }),
        middle({ pathLength: 0 }),
      ];
    },
    status: NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
    alert: 48,
    why: /allows 0 CAs below it; there are 1/,
    allow: 'path-too-long',
  },
  {
    name: 'outside the names that its CA may issue for',
    chain: below({ permittedDns: 'other.example' }),
    status: NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
    alert: 46,
    why: /may not issue for "broker\.example"/,
    allow: 'name-constraints',
  },
  {
    name: 'with an RSA key of 1024 bits',
    chain: () => [pki.server({ key: weakKey })],
    key: () => weakKey,
    status: NX_CRYPTO_UNSUPPORTED_KEY_SIZE,
    alert: 42,
    why: /has 1024 bits; 2048 are needed/,
  },
  {
    name: 'signed with SHA-1',
    chain: one({ hash: 'sha1' }),
    status: NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG,
    alert: 42,
    why: /signed with SHA1/,
    allow: 'weak-signature',
  },
  {
    name: 'below an intermediate signed with SHA-1',
    chain: below({ hash: 'sha1' }),
    status: NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG,
    alert: 42,
    why: /Test Intermediate" is signed with SHA1/,
    allow: 'weak-signature',
  },
  {
    name: 'with a critical extension that nobody knows',
    chain: one({ criticalUnknown: true }),
    status: NX_SECURE_X509_INVALID_EXTENSIONS,
    alert: 46,
    why: /critical extension that is not understood: 1\.3\.6\.1\.4\.1\.55555\.1/,
    allow: 'unknown-extension',
  },
  {
    name: 'revoked',
    chain: one({ serial: 77 }),
    options: () => ({ revocationLists: [revocationList(pki.root, [5, 77])] }),
    status: NX_SECURE_X509_CRL_CERTIFICATE_REVOKED,
    alert: 44,
    why: /was revoked/,
    allow: 'revoked',
  },
  {
    name: 'of an issuer whose revocation list is missing, where one is required',
    chain: one({}),
    options: () => ({ requireRevocationList: true }),
    status: NX_SECURE_X509_CRL_ISSUER_MISMATCH,
    alert: 46,
    why: /no revocation list of "CN=Test Root"/,
    allow: 'no-crl',
  },
  {
    name: 'of an issuer whose revocation list is forged',
    chain: one({}),
    options: () => ({ revocationLists: [revocationList(pki.root, [], '2026-02-01', true)] }),
    status: NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED,
    alert: 46,
    why: /revocation list of "CN=Test Root" is not signed by it/,
    allow: 'bad-crl',
  },
  {
    name: 'of an issuer whose revocation list is too old',
    chain: one({}),
    options: () => ({ revocationLists: [revocationList(pki.root, [], '2025-12-30')] }),
    status: NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED,
    alert: 46,
    why: /was to be renewed by 2025-12-30/,
    allow: 'bad-crl',
  },
  {
    name: 'of a longer chain than there is space for',
    chain: below({}),
    options: () => ({ maximumCertificates: 1 }),
    status: NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE,
    alert: 42,
    why: /sent 2 certificates; 1 are provided for/,
  },
  {
    name: 'refused by the certificate callback',
    chain: one({}),
    options: () => ({ certificateCallback: () => NX_SECURE_X509_CHAIN_VERIFY_FAILURE }),
    status: NX_SECURE_X509_CHAIN_VERIFY_FAILURE,
    alert: 42,
    why: /callback/,
  },
];
