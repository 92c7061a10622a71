import { context, DerReader, TAG_SEQUENCE } from './der.ts';

/** How a certificate or a list of revoked ones is signed. */
export interface SignatureAlgorithm {
  readonly kind: 'rsa' | 'rsa-pss' | 'ecdsa' | 'eddsa';
  /** 'sha256', …; '' for EdDSA, which hashes by itself. */
  readonly hash: string;
  /** RSA-PSS only. */
  readonly saltLength: number;
}

/** Checks signatures: the one thing of certificates that needs a cryptographic library. */
export interface SignatureVerifier {
  /** @param publicKey SubjectPublicKeyInfo, DER */
  verifySignature(
    algorithm: SignatureAlgorithm,
    publicKey: Uint8Array,
    data: Uint8Array,
    signature: Uint8Array,
  ): boolean;
}

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

const plain = (kind: SignatureAlgorithm['kind'], hash: string): SignatureAlgorithm => ({ kind, hash, saltLength: 0 });

const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.2', plain('rsa', 'md2')],
  ['1.2.840.113549.1.1.4', plain('rsa', 'md5')],
  ['1.2.840.113549.1.1.5', plain('rsa', 'sha1')],
  ['1.2.840.113549.1.1.14', plain('rsa', 'sha224')],
  ['1.2.840.113549.1.1.11', plain('rsa', 'sha256')],
  ['1.2.840.113549.1.1.12', plain('rsa', 'sha384')],
  ['1.2.840.113549.1.1.13', plain('rsa', 'sha512')],
  ['1.2.840.10045.4.1', plain('ecdsa', 'sha1')],
  ['1.2.840.10045.4.3.1', plain('ecdsa', 'sha224')],
  ['1.2.840.10045.4.3.2', plain('ecdsa', 'sha256')],
  ['1.2.840.10045.4.3.3', plain('ecdsa', 'sha384')],
  ['1.2.840.10045.4.3.4', plain('ecdsa', 'sha512')],
  ['1.3.101.112', plain('eddsa', '')],
  ['1.3.101.113', plain('eddsa', '')],
]);

const RSA_PSS = '1.2.840.113549.1.1.10';

/** An AlgorithmIdentifier of a signature. Null for one that is not known here. */
export function parseSignatureAlgorithm(der: Uint8Array): SignatureAlgorithm | null {
  const reader = new DerReader(der).enter(TAG_SEQUENCE);
  const oid = reader.readOid();
  return oid === RSA_PSS ? parsePss(reader) : (ALGORITHMS.get(oid) ?? null);
}

/** RSASSA-PSS-params (RFC 4055 3.1); what is absent is SHA-1 and 20. */
function parsePss(reader: DerReader): SignatureAlgorithm | null {
  const parameters = reader.enter(TAG_SEQUENCE);
  const hash = parameters.optional(context(0));
  parameters.optional(context(1));
  const salt = parameters.optional(context(2));
  const saltLength = salt === null ? 20 : new DerReader(salt).readSmallInteger();
  if (reader.broken || parameters.broken) return null;
  if (hash === null) return { kind: 'rsa-pss', hash: 'sha1', saltLength };
  const name = HASHES.get(new DerReader(hash).enter(TAG_SEQUENCE).readOid());
  return name === undefined ? null : { kind: 'rsa-pss', hash: name, saltLength };
}

/** Broken, or deprecated by every browser. */
export function isWeak(algorithm: SignatureAlgorithm): boolean {
  return algorithm.hash === 'md2' || algorithm.hash === 'md5' || algorithm.hash === 'sha1';
}
