import {
  ascii,
  context,
  contextPrimitive,
  DerReader,
  hex,
  sameBytes,
  TAG_INTEGER,
  TAG_OBJECT_IDENTIFIER,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
  TAG_SET,
} from './der.ts';
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signature.ts';

/** Bits of keyUsage, the first named one in bit 0 (RFC 5280 4.2.1.3). */
export const USAGE_DIGITAL_SIGNATURE = 0x01;
export const USAGE_KEY_ENCIPHERMENT = 0x04;
export const USAGE_KEY_AGREEMENT = 0x10;
export const USAGE_CERTIFICATE_SIGN = 0x20;
export const USAGE_CRL_SIGN = 0x40;

/** extKeyUsage purposes. */
export const PURPOSE_SERVER = '1.3.6.1.5.5.7.3.1';
export const PURPOSE_CLIENT = '1.3.6.1.5.5.7.3.2';
export const PURPOSE_ANY = '2.5.29.37.0';

/** Subtrees of names (RFC 5280 4.2.1.10), of the kinds that name a TLS peer. */
export interface NameSubtrees {
  readonly dns: readonly string[];
  /** Address and mask, 8 or 32 octets. */
  readonly ip: readonly Uint8Array[];
}

/** What a certificate's key is. */
export interface PublicKeyInfo {
  /** 'rsa', 'ec', 'ed25519', 'ed448', or the algorithm's object identifier. */
  readonly type: string;
  /** RSA: of the modulus. EC: of the curve; 0 for a curve that is not one of NIST's three. */
  readonly bits: number;
}

/** A certificate, read. Sequences of octets are views of `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Hexadecimal, as on the wire. */
  readonly serial: string;
  /** Null: not known here. */
  readonly signatureAlgorithm: SignatureAlgorithm | null;
  readonly signature: Uint8Array;
  /** Names as DER, for comparison, and as text, for people. */
  readonly issuer: Uint8Array;
  readonly issuerText: string;
  readonly subject: Uint8Array;
  readonly subjectText: string;
  readonly commonName: string;
  /** Seconds since 1970; NaN when unreadable. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly keyInfo: PublicKeyInfo;
  readonly isCa: boolean;
  /** -1: no limit. */
  readonly pathLength: number;
  /** USAGE_ bits; -1: no such extension. */
  readonly keyUsage: number;
  /** Null: no such extension. */
  readonly purposes: readonly string[] | null;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly Uint8Array[];
  readonly subjectKeyId: string;
  readonly authorityKeyId: string;
  readonly permitted: NameSubtrees | null;
  readonly excluded: NameSubtrees | null;
  /** Object identifiers of critical extensions that are not understood. */
  readonly unknownCritical: readonly string[];
}

/** An issuer's name equal to the subject's. Says nothing about the signature. */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameBytes(certificate.issuer, certificate.subject);
}

interface Extensions {
  isCa: boolean;
  pathLength: number;
  keyUsage: number;
  purposes: string[] | null;
  dnsNames: string[];
  ipAddresses: Uint8Array[];
  subjectKeyId: string;
  authorityKeyId: string;
  permitted: NameSubtrees | null;
  excluded: NameSubtrees | null;
  unknownCritical: string[];
}

/** Reads a certificate (RFC 5280 4.1). Null when it is not one. */
export function parseCertificate(der: Uint8Array): Certificate | null {
  const outer = new DerReader(der);
  const certificate = outer.enter(TAG_SEQUENCE);
  const tbs = certificate.readWhole(TAG_SEQUENCE);
  const outerAlgorithm = certificate.readWhole(TAG_SEQUENCE);
  const signature = certificate.readOctetBits();
  if (!outer.done || outer.broken || certificate.broken || !certificate.done) return null;

  const reader = new DerReader(tbs).enter(TAG_SEQUENCE);
  const explicitVersion = reader.optional(context(0));
  const version = explicitVersion === null ? 1 : new DerReader(explicitVersion).readSmallInteger() + 1;
  const serial = reader.read(TAG_INTEGER);
  const innerAlgorithm = reader.readWhole(TAG_SEQUENCE);
  const issuer = reader.readWhole(TAG_SEQUENCE);
  const validity = reader.enter(TAG_SEQUENCE);
  const notBefore = validity.readTime();
  const notAfter = validity.readTime();
  const subject = reader.readWhole(TAG_SEQUENCE);
  const publicKey = reader.readWhole(TAG_SEQUENCE);
  reader.optional(contextPrimitive(1));
  reader.optional(contextPrimitive(2));
  const extensionBytes = reader.optional(context(3));
  const keyInfo = parsePublicKey(publicKey);
  const extensions = parseExtensions(extensionBytes);
  if (reader.broken || !reader.done || validity.broken || serial.length === 0) return null;
  if (keyInfo === null || extensions === null || !sameBytes(innerAlgorithm, outerAlgorithm)) return null;
  if (version > 3 || (extensionBytes !== null && version !== 3)) return null;
  return {
    der,
    tbs,
    version,
    serial: hex(serial),
    signatureAlgorithm: parseSignatureAlgorithm(outerAlgorithm),
    signature,
    issuer,
    issuerText: nameText(issuer),
    subject,
    subjectText: nameText(subject),
    commonName: commonNameOf(subject),
    notBefore,
    notAfter,
    publicKey,
    keyInfo,
    ...extensions,
  };
}

const CURVES: ReadonlyMap<string, number> = new Map([
  ['1.2.840.10045.3.1.7', 256],
  ['1.3.132.0.34', 384],
  ['1.3.132.0.35', 521],
]);

const KEY_TYPES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.113549.1.1.10', 'rsa'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
]);

function parsePublicKey(der: Uint8Array): PublicKeyInfo | null {
  const reader = new DerReader(der).enter(TAG_SEQUENCE);
  const algorithm = reader.enter(TAG_SEQUENCE);
  const oid = algorithm.readOid();
  const key = reader.readOctetBits();
  if (reader.broken || algorithm.broken) return null;
  const type = KEY_TYPES.get(oid) ?? oid;
  if (type === 'ec') {
    const curve = algorithm.tag === TAG_OBJECT_IDENTIFIER ? algorithm.readOid() : '';
    return { type, bits: CURVES.get(curve) ?? 0 };
  }
  if (type !== 'rsa') return { type, bits: 0 };
  const modulus = new DerReader(key).enter(TAG_SEQUENCE).read(TAG_INTEGER);
  const start = modulus[0] === 0 ? 1 : 0;
  if (modulus.length <= start) return null;
  return { type, bits: (modulus.length - start) * 8 - Math.clz32(modulus[start] as number) + 24 };
}

function parseExtensions(contents: Uint8Array | null): Extensions | null {
  const found: Extensions = {
    isCa: false,
    pathLength: -1,
    keyUsage: -1,
    purposes: null,
    dnsNames: [],
    ipAddresses: [],
    subjectKeyId: '',
    authorityKeyId: '',
    permitted: null,
    excluded: null,
    unknownCritical: [],
  };
  if (contents === null) return found;
  const seen = new Set<string>();
  const list = new DerReader(contents).enter(TAG_SEQUENCE);
  while (!list.done) {
    const extension = list.enter(TAG_SEQUENCE);
    const oid = extension.readOid();
    const critical = extension.tag === 0x01 ? extension.readBoolean() : false;
    const value = extension.read(TAG_OCTET_STRING);
    if (extension.broken || seen.has(oid)) return null;
    seen.add(oid);
    if (!readExtension(found, oid, value, critical)) return null;
  }
  return list.broken ? null : found;
}

/** False when the extension is malformed. */
function readExtension(found: Extensions, oid: string, value: Uint8Array, critical: boolean): boolean {
  const reader = new DerReader(value);
  switch (oid) {
    case '2.5.29.19': {
      const constraints = reader.enter(TAG_SEQUENCE);
      if (constraints.tag === 0x01) found.isCa = constraints.readBoolean();
      if (constraints.tag === TAG_INTEGER) found.pathLength = constraints.readSmallInteger();
      return !constraints.broken;
    }
    case '2.5.29.15':
      found.keyUsage = namedBits(reader.readBits());
      return !reader.broken;
    case '2.5.29.37': {
      const purposes = reader.enter(TAG_SEQUENCE);
      found.purposes = [];
      while (!purposes.done) found.purposes.push(purposes.readOid());
      return !purposes.broken;
    }
    case '2.5.29.17':
      return readAlternativeNames(found, reader.enter(TAG_SEQUENCE));
    case '2.5.29.30':
      return readNameConstraints(found, reader.enter(TAG_SEQUENCE), critical);
    case '2.5.29.14':
      found.subjectKeyId = hex(reader.read(TAG_OCTET_STRING));
      return !reader.broken;
    case '2.5.29.35': {
      const id = reader.enter(TAG_SEQUENCE).optional(contextPrimitive(0));
      if (id !== null) found.authorityKeyId = hex(id);
      return !reader.broken;
    }
    // Policies and policy constraints need no processing without a required policy (RFC 5280 6.1).
    case '2.5.29.32':
    case '2.5.29.36':
    case '2.5.29.54':
      return true;
    default:
      if (critical) found.unknownCritical.push(oid);
      return true;
  }
}

/** The first named bit in bit 0. */
function namedBits(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < Math.min(bytes.length, 2) * 8; i++) {
    if ((bytes[i >> 3] as number) & (0x80 >> (i & 7))) value |= 1 << i;
  }
  return value;
}

function readAlternativeNames(found: Extensions, names: DerReader): boolean {
  while (!names.done) {
    const { tag } = names;
    if (tag === contextPrimitive(2)) found.dnsNames.push(ascii(names.read(tag)));
    else if (tag === contextPrimitive(7)) found.ipAddresses.push(names.read(tag));
    else names.skip();
  }
  return !names.broken;
}

function readNameConstraints(found: Extensions, constraints: DerReader, critical: boolean): boolean {
  const permitted = constraints.optional(context(0));
  const excluded = constraints.optional(context(1));
  if (permitted !== null) found.permitted = readSubtrees(found, permitted, critical);
  if (excluded !== null) found.excluded = readSubtrees(found, excluded, critical);
  return !constraints.broken;
}

/** Kinds of names that do not name a TLS peer are passed over: directoryName and e-mail constrain other uses. */
function readSubtrees(found: Extensions, contents: Uint8Array, critical: boolean): NameSubtrees {
  const dns: string[] = [];
  const ip: Uint8Array[] = [];
  const list = new DerReader(contents);
  while (!list.done) {
    const subtree = list.enter(TAG_SEQUENCE);
    const { tag } = subtree;
    if (tag === contextPrimitive(2)) dns.push(ascii(subtree.read(tag)));
    else if (tag === contextPrimitive(7)) ip.push(subtree.read(tag));
  }
  if (list.broken && critical) found.unknownCritical.push('2.5.29.30');
  return { dns, ip };
}

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
]);

function attributes(name: Uint8Array): [type: string, value: string][] {
  const found: [string, string][] = [];
  const sets = new DerReader(name).enter(TAG_SEQUENCE);
  while (!sets.done) {
    const set = sets.enter(TAG_SET);
    while (!set.done) {
      const attribute = set.enter(TAG_SEQUENCE);
      const oid = attribute.readOid();
      const value = attribute.read(attribute.tag);
      if (!attribute.broken) found.push([ATTRIBUTES.get(oid) ?? oid, new TextDecoder().decode(value)]);
    }
  }
  return found;
}

function nameText(name: Uint8Array): string {
  const text = attributes(name).map(([type, value]) => `${type}=${value}`);
  return text.length === 0 ? 'an empty name' : text.join(', ');
}

function commonNameOf(name: Uint8Array): string {
  return attributes(name).findLast(([type]) => type === 'CN')?.[1] ?? '';
}
