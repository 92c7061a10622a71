import {
  type Certificate,
  isSelfIssued,
  PURPOSE_ANY,
  PURPOSE_CLIENT,
  PURPOSE_SERVER,
  parseCertificate,
  USAGE_CERTIFICATE_SIGN,
  USAGE_CRL_SIGN,
  USAGE_DIGITAL_SIGNATURE,
  USAGE_KEY_AGREEMENT,
  USAGE_KEY_ENCIPHERMENT,
} from './certificate.ts';
import type { RevocationList } from './crl.ts';
import { formatUnixTime, sameBytes } from './der.ts';
import {
  type CertificateAllowance,
  type CertificateFault,
  type CertificateFaultName,
  certificateFault,
} from './fault.ts';
import { forbiddenName, matchesHost } from './host-name.ts';
import { PathFinder } from './path.ts';
import { isWeak, type SignatureVerifier } from './signature.ts';

/** What a peer's certificates are judged by. */
export interface JudgmentRules {
  /** The present, in seconds since 1970: the lab's, not the machine's. */
  readonly unixTime: number;
  /** What the peer is. */
  readonly peer: 'server' | 'client';
  /** The name or address that it must be; null: not checked. */
  readonly host: string | null;
  readonly trusted: readonly Certificate[];
  readonly revocationLists: readonly RevocationList[];
  /** Every issuer of the path must have a list. */
  readonly requireRevocationList: boolean;
  /** Faults to let pass. */
  readonly allow: ReadonlySet<CertificateAllowance>;
  /** Certificates that the peer may send (nx_secure_tls_remote_certificate_allocate). */
  readonly maximumCertificates: number;
}

/** How certificates were judged. */
export interface Judgment {
  /** Null: accepted. */
  readonly fault: CertificateFault | null;
  /** The peer's certificate first; empty when it could not be read. */
  readonly path: readonly Certificate[];
}

/** Smallest RSA key that browsers accept. */
const SMALLEST_RSA = 2048;

/**
 * Judges the certificates that a peer sent, its own first, as RFC 5280 6 and browsers do: path to a trusted certificate,
 * signatures, time, keys, CA constraints, purpose, names, revocation. Pure: the same input gives the same answer.
 */
export function judgeCertificates(
  sent: readonly Uint8Array[],
  rules: JudgmentRules,
  verifier: SignatureVerifier,
): Judgment {
  if (sent.length > rules.maximumCertificates) {
    const why = `the peer sent ${sent.length} certificates; ${rules.maximumCertificates} are provided for`;
    return { fault: certificateFault('chain-too-long', why), path: [] };
  }
  const certificates = sent.map(parseCertificate);
  const leaf = certificates[0] ?? null;
  if (leaf === null) return { fault: certificateFault('malformed', 'the peer’s certificate cannot be read'), path: [] };
  const others = certificates.slice(1).filter((one) => one !== null);
  let first: Judgment | null = null;
  for (const { certificates: path, fault } of new PathFinder(rules.trusted, others, verifier).find(leaf)) {
    const pathFault = fault !== null && isAllowed(fault.name, rules) ? null : fault;
    const judgment = { fault: pathFault ?? new PathJudge(path, rules, verifier).fault(), path };
    if (judgment.fault === null) return judgment;
    first ??= judgment;
  }
  return first ?? { fault: certificateFault('unknown-issuer', 'no chain could be built'), path: [leaf] };
}

function isAllowed(name: CertificateFaultName, { allow }: JudgmentRules): boolean {
  return name !== 'malformed' && name !== 'chain-too-long' && allow.has(name);
}

/** The checks of one path. The first fault counts: the peer's own certificate before its issuers. */
class PathJudge {
  private readonly path: readonly Certificate[];
  private readonly rules: JudgmentRules;
  private readonly verifier: SignatureVerifier;

  constructor(path: readonly Certificate[], rules: JudgmentRules, verifier: SignatureVerifier) {
    this.path = path;
    this.rules = rules;
    this.verifier = verifier;
  }

  fault(): CertificateFault | null {
    for (const found of this.faults()) if (!isAllowed(found.name, this.rules)) return found;
    return null;
  }

  private *faults(): Generator<CertificateFault, void, void> {
    const { path } = this;
    for (const certificate of path) {
      yield* this.timeFaults(certificate);
      yield* this.keyFaults(certificate);
    }
    for (const [i, certificate] of path.entries()) {
      // The signature and the extensions of what is trusted are not in question.
      if (i < path.length - 1 || path.length === 1) yield* this.contentFaults(certificate);
      if (i > 0) yield* this.issuerFaults(certificate, i);
    }
    yield* this.purposeFaults();
    yield* this.hostFaults();
    yield* this.revocationFaults();
  }

  private *timeFaults({ notBefore, notAfter, subjectText }: Certificate): Generator<CertificateFault, void, void> {
    const { unixTime } = this.rules;
    const now = `it is ${formatUnixTime(unixTime)}`;
    if (Number.isNaN(notBefore) || Number.isNaN(notAfter)) {
      yield certificateFault('bad-date', `the validity of "${subjectText}" cannot be read`);
    }
    if (unixTime < notBefore) {
      const why = `certificate "${subjectText}" is not valid before ${formatUnixTime(notBefore)}; ${now}`;
      yield certificateFault('not-yet-valid', why);
    }
    if (unixTime > notAfter) {
      yield certificateFault('expired', `certificate "${subjectText}" expired on ${formatUnixTime(notAfter)}; ${now}`);
    }
  }

  private *keyFaults({ keyInfo, subjectText }: Certificate): Generator<CertificateFault, void, void> {
    const { type, bits } = keyInfo;
    if (type === 'rsa' && bits < SMALLEST_RSA) {
      yield certificateFault(
        'weak-key',
        `the RSA key of "${subjectText}" has ${bits} bits; ${SMALLEST_RSA} are needed`,
      );
    }
    if (type === 'ec' && bits === 0) {
      yield certificateFault('weak-key', `the curve of the key of "${subjectText}" is not P-256, P-384 or P-521`);
    }
    if (!/^(rsa|ec|ed25519|ed448)$/.test(type)) {
      yield certificateFault('weak-key', `the key of "${subjectText}" is of an unsupported kind (${type})`);
    }
  }

  private *contentFaults(certificate: Certificate): Generator<CertificateFault, void, void> {
    const { signatureAlgorithm, subjectText, unknownCritical } = certificate;
    const trusted = this.rules.trusted.some((one) => sameBytes(one.der, certificate.der));
    if (!trusted && signatureAlgorithm !== null && isWeak(signatureAlgorithm)) {
      const why = `"${subjectText}" is signed with ${signatureAlgorithm.hash.toUpperCase()}`;
      yield certificateFault('weak-signature', why);
    }
    if (unknownCritical.length > 0) {
      const why = `"${subjectText}" has a critical extension that is not understood: ${unknownCritical.join(', ')}`;
      yield certificateFault('unknown-extension', why);
    }
  }

  /** Of the certificate at `index`, which issued the one before it. */
  private *issuerFaults(issuer: Certificate, index: number): Generator<CertificateFault, void, void> {
    const isAnchor = index === this.path.length - 1;
    const { subjectText } = issuer;
    // Trusted certificates from before version 3 cannot say that they are CAs.
    if (!issuer.isCa && !(isAnchor && issuer.version < 3)) {
      yield certificateFault('not-a-ca', `"${subjectText}" is not a CA, but has issued a certificate`);
    }
    if (issuer.keyUsage !== -1 && (issuer.keyUsage & USAGE_CERTIFICATE_SIGN) === 0) {
      yield certificateFault('not-a-ca', `the key of "${subjectText}" may not sign certificates`);
    }
    const between = this.path.slice(1, index).filter((one) => !isSelfIssued(one)).length;
    if (issuer.pathLength >= 0 && between > issuer.pathLength) {
      const why = `"${subjectText}" allows ${issuer.pathLength} CAs below it; there are ${between}`;
      yield certificateFault('path-too-long', why);
    }
    for (const below of this.path.slice(0, index)) {
      const name = forbiddenName(below, issuer.permitted, issuer.excluded);
      if (name !== null) yield certificateFault('name-constraints', `"${subjectText}" may not issue for "${name}"`);
    }
  }

  private *purposeFaults(): Generator<CertificateFault, void, void> {
    const { path, rules } = this;
    const purpose = rules.peer === 'server' ? PURPOSE_SERVER : PURPOSE_CLIENT;
    for (const [i, { purposes, subjectText }] of path.entries()) {
      // What is trusted is trusted for everything; CAs below it may be restricted, as browsers have it.
      if (i > 0 && i === path.length - 1) break;
      if (purposes !== null && !purposes.includes(purpose) && !purposes.includes(PURPOSE_ANY)) {
        const why = `certificate "${subjectText}" is not for a TLS ${rules.peer} (extended key usage)`;
        yield certificateFault('wrong-purpose', why);
      }
    }
    const leaf = path[0] as Certificate;
    const asServer = USAGE_DIGITAL_SIGNATURE | USAGE_KEY_ENCIPHERMENT | USAGE_KEY_AGREEMENT;
    const needed = rules.peer === 'server' ? asServer : USAGE_DIGITAL_SIGNATURE;
    if (leaf.keyUsage !== -1 && (leaf.keyUsage & needed) === 0) {
      const why = `the key of "${leaf.subjectText}" is not for a TLS ${rules.peer} (key usage)`;
      yield certificateFault('wrong-purpose', why);
    }
  }

  private *hostFaults(): Generator<CertificateFault, void, void> {
    const { host, allow } = this.rules;
    const leaf = this.path[0] as Certificate;
    if (host === null || matchesHost(leaf, host, allow.has('common-name'))) return;
    const names = [...leaf.dnsNames, ...leaf.ipAddresses.map((one) => one.join(one.length === 4 ? '.' : ':'))];
    const are = names.length === 0 ? 'names no host' : `is for ${names.join(', ')}`;
    yield certificateFault('wrong-host', `certificate "${leaf.subjectText}" ${are}, not for ${host}`);
  }

  private *revocationFaults(): Generator<CertificateFault, void, void> {
    const { path, rules } = this;
    for (let i = 0; i < path.length - 1; i++) {
      const certificate = path[i] as Certificate;
      const issuer = path[i + 1] as Certificate;
      const lists = rules.revocationLists.filter((one) => sameBytes(one.issuer, certificate.issuer));
      if (lists.length === 0 && rules.requireRevocationList) {
        yield certificateFault('no-crl', `there is no revocation list of "${certificate.issuerText}"`);
      }
      for (const list of lists) yield* this.listFaults(list, certificate, issuer);
    }
  }

  private *listFaults(
    list: RevocationList,
    certificate: Certificate,
    issuer: Certificate,
  ): Generator<CertificateFault, void, void> {
    const { unixTime } = this.rules;
    const of = `the revocation list of "${issuer.subjectText}"`;
    const { signatureAlgorithm: algorithm, tbs, signature } = list;
    const maySign = issuer.keyUsage === -1 || (issuer.keyUsage & USAGE_CRL_SIGN) !== 0;
    const signed =
      algorithm !== null &&
      !isWeak(algorithm) &&
      maySign &&
      this.verifier.verifySignature(algorithm, issuer.publicKey, tbs, signature);
    if (!signed) yield certificateFault('bad-crl', `${of} is not signed by it`);
    if (!(unixTime >= list.thisUpdate)) {
      yield certificateFault('bad-crl', `${of} is not valid before ${formatUnixTime(list.thisUpdate)}`);
    }
    if (unixTime > list.nextUpdate) {
      yield certificateFault('bad-crl', `${of} was to be renewed by ${formatUnixTime(list.nextUpdate)}`);
    }
    if (list.revoked.has(certificate.serial)) {
      yield certificateFault('revoked', `certificate "${certificate.subjectText}" was revoked by its issuer`);
    }
  }
}
