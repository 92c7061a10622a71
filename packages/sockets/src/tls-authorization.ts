import type { X509Certificate } from 'node:crypto';
import tls, { type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import {
  type Certificate,
  type CertificateAllowance,
  type CertificateFault,
  judgeCertificates,
  parseCertificate,
  parsePem,
} from '@strata/tls';
import { NodeTlsEngines } from '@strata/tls/engine-node';

/** An error as Node makes it of OpenSSL's verdict. */
export type AuthorizationError = Error & { code?: string };

/** What Node leaves to OpenSSL's security level, to `checkServerIdentity`, or alone. */
const NOT_NODES: readonly CertificateAllowance[] = ['wrong-host', 'weak-key', 'weak-signature', 'bad-crl', 'no-crl'];

/** Node's codes and OpenSSL's texts. */
const VERDICTS: Readonly<Partial<Record<CertificateFault['name'], readonly [code: string, message: string]>>> = {
  expired: ['CERT_HAS_EXPIRED', 'certificate has expired'],
  'not-yet-valid': ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  'bad-signature': ['CERT_SIGNATURE_FAILURE', 'certificate signature failure'],
  'wrong-purpose': ['INVALID_PURPOSE', 'unsupported certificate purpose'],
  'not-a-ca': ['INVALID_CA', 'invalid CA certificate'],
  'path-too-long': ['PATH_LENGTH_EXCEEDED', 'path length constraint exceeded'],
  revoked: ['CERT_REVOKED', 'certificate revoked'],
};

const SELF_SIGNED = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'] as const;
const SELF_SIGNED_IN_CHAIN = ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'] as const;
const NO_CERTIFICATE = ['UNABLE_TO_GET_ISSUER_CERT', 'unable to get issuer certificate'] as const;
const NO_ISSUER = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'] as const;
const NO_ISSUER_OF_ISSUER = ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'] as const;

const verifier = new NodeTlsEngines();
let roots: readonly Certificate[] | null = null;

/** Why a client does not trust its server; null: it does. */
export function clientFault(
  socket: TLSSocket,
  options: ConnectionOptions,
  unixTime: number,
): AuthorizationError | null {
  // With a shared key there is no certificate to judge.
  if (options.pskCallback !== undefined && certificates(socket).length === 0) return null;
  const fault = peerFault(socket, options.ca ?? options.secureContext?.context?.ca, 'server', unixTime);
  if (fault !== null) return fault;
  const host = options.servername || options.host || 'localhost';
  const check = options.checkServerIdentity ?? tls.checkServerIdentity;
  return (check(host, socket.getPeerCertificate(true)) as AuthorizationError | undefined) ?? null;
}

/** What Node would say of the peer's certificates if its clock were the host's; null: nothing is wrong. */
export function peerFault(
  socket: TLSSocket,
  ca: unknown,
  peer: 'client' | 'server',
  unixTime: number,
): AuthorizationError | null {
  const sent = certificates(socket);
  if (sent.length === 0) return verdict(NO_CERTIFICATE);
  const rules = {
    unixTime,
    peer,
    host: null,
    trusted: trustedBy(ca),
    revocationLists: [],
    requireRevocationList: false,
    allow: new Set(NOT_NODES),
    maximumCertificates: 100,
  };
  const { fault, path } = judgeCertificates(sent, rules, verifier);
  return fault === null ? null : verdict(verdictOf(fault, path.length));
}

function verdictOf({ name, why }: CertificateFault, length: number): readonly [string, string] {
  if (name === 'self-signed') return SELF_SIGNED;
  if (name === 'unknown-issuer' && why.startsWith('self-signed')) return SELF_SIGNED_IN_CHAIN;
  if (name === 'unknown-issuer') return length > 1 ? NO_ISSUER_OF_ISSUER : NO_ISSUER;
  return VERDICTS[name] ?? ['CERT_REJECTED', 'certificate rejected'];
}

function verdict([code, message]: readonly [string, string]): AuthorizationError {
  return Object.assign(new Error(message), { code });
}

/** DER, the peer's own first. */
function certificates(socket: TLSSocket): Uint8Array[] {
  const found: Uint8Array[] = [];
  const seen = new Set<string>();
  let one: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (one?.raw !== undefined && !seen.has(one.fingerprint256 ?? '')) {
    seen.add(one.fingerprint256 ?? '');
    found.push(one.raw);
    one = one.issuerCertificate;
  }
  return found;
}

/** What `ca` stands for; absent: the authorities that Node knows. */
function trustedBy(ca: unknown): readonly Certificate[] {
  if (ca === undefined || ca === null) {
    roots ??= read(tls.rootCertificates);
    return roots;
  }
  return read(Array.isArray(ca) ? ca : [ca]);
}

function read(sources: readonly (string | Buffer | X509Certificate)[]): Certificate[] {
  return sources
    .flatMap((one) => parsePem(typeof one === 'string' ? one : one.toString('latin1' as never), 'CERTIFICATE'))
    .map(parseCertificate)
    .filter((one) => one !== null);
}
