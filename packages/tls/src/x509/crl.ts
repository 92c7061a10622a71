import {
  DerReader,
  hex,
  TAG_GENERALIZED_TIME,
  TAG_INTEGER,
  TAG_OBJECT_IDENTIFIER,
  TAG_SEQUENCE,
  TAG_UTC_TIME,
} from './der.ts';
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signature.ts';

/** A list of revoked certificates (RFC 5280 5), read. */
export interface RevocationList {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm | null;
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  /** Seconds since 1970; NaN when unreadable or, for the next one, absent. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers, hexadecimal. */
  readonly revoked: ReadonlySet<string>;
}

/** Reads a list. Null when it is not one. */
export function parseRevocationList(der: Uint8Array): RevocationList | null {
  const outer = new DerReader(der).enter(TAG_SEQUENCE);
  const tbs = outer.readWhole(TAG_SEQUENCE);
  const algorithm = outer.readWhole(TAG_SEQUENCE);
  const signature = outer.readOctetBits();
  const reader = new DerReader(tbs).enter(TAG_SEQUENCE);
  reader.optional(TAG_INTEGER);
  reader.readWhole(TAG_SEQUENCE);
  const issuer = reader.readWhole(TAG_SEQUENCE);
  const thisUpdate = reader.readTime();
  const hasNext = reader.tag === TAG_UTC_TIME || reader.tag === TAG_GENERALIZED_TIME;
  const nextUpdate = hasNext ? reader.readTime() : Number.NaN;
  const revoked = new Set<string>();
  if (reader.tag === TAG_SEQUENCE) {
    const entries = reader.enter(TAG_SEQUENCE);
    while (!entries.done) {
      const entry = entries.enter(TAG_SEQUENCE);
      const serial = entry.read(TAG_INTEGER);
      if (removedFromList(entry)) revoked.delete(hex(serial));
      else revoked.add(hex(serial));
    }
    if (entries.broken) return null;
  }
  if (outer.broken || reader.broken) return null;
  return {
    tbs,
    signatureAlgorithm: parseSignatureAlgorithm(algorithm),
    signature,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked,
  };
}

/** reasonCode removeFromCRL takes an entry back (RFC 5280 5.3.1). */
function removedFromList(entry: DerReader): boolean {
  entry.readTime();
  if (entry.tag !== TAG_SEQUENCE) return false;
  const extensions = entry.enter(TAG_SEQUENCE);
  while (!extensions.done) {
    const extension = extensions.enter(TAG_SEQUENCE);
    const isReason = extension.tag === TAG_OBJECT_IDENTIFIER && extension.readOid() === '2.5.29.21';
    if (isReason && hex(extension.read(0x04)) === '0a0108') return true;
  }
  return false;
}
