import { type Certificate, isSelfIssued } from './certificate.ts';
import { sameBytes } from './der.ts';
import { type CertificateFault, certificateFault } from './fault.ts';
import type { SignatureVerifier } from './signature.ts';

/** From the peer's certificate to one that is trusted, or as far as it leads. */
export interface CertificatePath {
  readonly certificates: readonly Certificate[];
  /** Null: it ends at a trusted certificate. */
  readonly fault: CertificateFault | null;
}

/** Certificates in a path, and signatures checked for one handshake; a peer must not make us compute for ever. */
const LONGEST_PATH = 10;
const SIGNATURE_BUDGET = 100;
const MOST_PATHS = 16;

/** Finds paths in the order of trying (RFC 4158): trusted issuers before those that the peer sent along. */
export class PathFinder {
  private readonly trusted: readonly Certificate[];
  private readonly sent: readonly Certificate[];
  private readonly verifier: SignatureVerifier;
  private readonly complete: CertificatePath[];
  private best: CertificatePath | null;
  private budget: number;

  constructor(trusted: readonly Certificate[], sent: readonly Certificate[], verifier: SignatureVerifier) {
    this.trusted = trusted;
    this.sent = sent;
    this.verifier = verifier;
    this.complete = [];
    this.best = null;
    this.budget = SIGNATURE_BUDGET;
  }

  /** Paths that end at a trusted certificate; when there is none, the longest other one with what is wrong with it. */
  find(leaf: Certificate): readonly CertificatePath[] {
    this.extend([leaf]);
    if (this.complete.length > 0) return this.complete;
    return this.best === null ? [] : [this.best];
  }

  private extend(path: readonly Certificate[]): void {
    const last = path[path.length - 1] as Certificate;
    if (this.isTrusted(last)) {
      this.complete.push({ certificates: path, fault: null });
      return;
    }
    if (isSelfIssued(last) && this.signed(last, last)) {
      const name = path.length === 1 ? 'self-signed' : 'unknown-issuer';
      this.deadEnd(path, certificateFault(name, `self-signed certificate "${last.subjectText}" is not trusted`));
      return;
    }
    if (path.length >= LONGEST_PATH) {
      this.deadEnd(path, certificateFault('path-too-long', `more than ${LONGEST_PATH} certificates in the chain`));
      return;
    }
    const candidates = [...this.trusted, ...this.sent].filter(
      (one) => isIssuerByName(one, last) && !path.includes(one),
    );
    let badSignature = false;
    for (const issuer of candidates) {
      if (this.complete.length >= MOST_PATHS || this.budget <= 0) break;
      if (this.signed(last, issuer)) this.extend([...path, issuer]);
      else badSignature = true;
    }
    if (this.complete.length > 0) return;
    if (last.signatureAlgorithm === null && candidates.length > 0) {
      const why = `the signature algorithm of "${last.subjectText}" is not known`;
      this.deadEnd(path, certificateFault('unknown-algorithm', why));
    } else if (badSignature) {
      const why = `the signature of "${last.subjectText}" is not that of its issuer "${last.issuerText}"`;
      this.deadEnd(path, certificateFault('bad-signature', why));
    } else if (candidates.length === 0) {
      const why = `no certificate of "${last.issuerText}", who issued "${last.subjectText}", is known`;
      this.deadEnd(path, certificateFault('unknown-issuer', why));
    }
  }

  private deadEnd(path: readonly Certificate[], fault: CertificateFault): void {
    if (this.best === null || path.length > this.best.certificates.length) this.best = { certificates: path, fault };
  }

  private isTrusted(certificate: Certificate): boolean {
    return this.trusted.some((one) => sameBytes(one.der, certificate.der));
  }

  private signed(certificate: Certificate, issuer: Certificate): boolean {
    const { signatureAlgorithm, tbs, signature } = certificate;
    if (signatureAlgorithm === null || this.budget-- <= 0) return false;
    return this.verifier.verifySignature(signatureAlgorithm, issuer.publicKey, tbs, signature);
  }
}

/** Name, and key identifiers where both have one (RFC 5280 4.2.1.1). */
function isIssuerByName(issuer: Certificate, certificate: Certificate): boolean {
  if (!sameBytes(issuer.subject, certificate.issuer)) return false;
  const { authorityKeyId } = certificate;
  return authorityKeyId === '' || issuer.subjectKeyId === '' || authorityKeyId === issuer.subjectKeyId;
}
