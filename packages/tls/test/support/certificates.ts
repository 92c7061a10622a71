import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  derBits as bits,
  derTrue as boolean,
  der,
  derName,
  derSequence,
  derInteger as integer,
  derOctets as octets,
  derOid as oid,
  derTime as time,
} from '../../src/x509/der-writer.ts';
import { formatPem } from '../../src/x509/pem.ts';

/** What the certificates of the tests are made with: anything can be wrong in them. */

const sequence = (...parts: Uint8Array[]): Buffer => Buffer.from(derSequence(...parts));

export const name = derName;

const ALGORITHMS: Record<string, string> = {
  'rsa-sha1': '1.2.840.113549.1.1.5',
  'rsa-sha256': '1.2.840.113549.1.1.11',
  'ec-sha256': '1.2.840.10045.4.3.2',
};

function algorithm(key: KeyObject, hash: string): Buffer {
  const known = ALGORITHMS[`${key.asymmetricKeyType}-${hash}`];
  if (known === undefined) throw new Error(`no algorithm for ${key.asymmetricKeyType} ${hash}`);
  return key.asymmetricKeyType === 'rsa' ? sequence(oid(known), der(0x05)) : sequence(oid(known));
}

export interface CertificateWish {
  readonly subject: string;
  readonly key: KeyObject;
  /** Absent: signed by itself. */
  readonly issuer?: Authority;
  readonly from?: string;
  readonly to?: string;
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Octet with the first named bit highest: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign. */
  readonly keyUsage?: number;
  readonly purposes?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly (readonly number[])[];
  readonly hash?: string;
  readonly serial?: number;
  readonly criticalUnknown?: boolean;
  readonly permittedDns?: string;
  readonly damageSignature?: boolean;
}

export interface Authority {
  readonly subject: string;
  readonly key: KeyObject;
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return critical ? sequence(oid(id), boolean(), octets(value)) : sequence(oid(id), octets(value));
}

function extensions(wish: CertificateWish): Uint8Array {
  const list: Uint8Array[] = [];
  if (wish.ca !== undefined) {
    const length = wish.pathLength === undefined ? [] : [integer(wish.pathLength)];
    list.push(extension('2.5.29.19', wish.ca ? sequence(boolean(), ...length) : sequence(), true));
  }
  if (wish.keyUsage !== undefined) {
    list.push(extension('2.5.29.15', der(0x03, Uint8Array.of(0, wish.keyUsage)), true));
  }
  if (wish.purposes !== undefined) list.push(extension('2.5.29.37', sequence(...wish.purposes.map(oid))));
  const names = [
    ...(wish.dns ?? []).map((one) => der(0x82, Buffer.from(one))),
    ...(wish.ip ?? []).map((one) => der(0x87, Uint8Array.from(one))),
  ];
  if (names.length > 0) list.push(extension('2.5.29.17', sequence(...names)));
  if (wish.permittedDns !== undefined) {
    const tree = sequence(der(0x82, Buffer.from(wish.permittedDns)));
    list.push(extension('2.5.29.30', sequence(der(0xa0, tree)), true));
  }
  if (wish.criticalUnknown) list.push(extension('1.3.6.1.4.1.55555.1', octets(Uint8Array.of(1)), true));
  return der(0xa3, sequence(...list));
}

function signed(tbs: Uint8Array, key: KeyObject, hash: string, damage: boolean): Buffer {
  const signature = sign(hash, tbs, key);
  if (damage) signature[signature.length - 1] = (signature[signature.length - 1] as number) ^ 1;
  return sequence(tbs, algorithm(key, hash), bits(signature));
}

let serials = 1;

/** A certificate as DER. Valid in the winter that the labs begin in, unless told otherwise. */
export function certificate(wish: CertificateWish): Buffer {
  const issuer = wish.issuer ?? wish;
  const hash = wish.hash ?? 'sha256';
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(wish.serial ?? (serials++ % 100) + 1),
    algorithm(issuer.key, hash),
    name(issuer.subject),
    sequence(time(wish.from ?? '2025-12-01'), time(wish.to ?? '2026-02-01')),
    name(wish.subject),
    createPublicKey(wish.key).export({ type: 'spki', format: 'der' }),
    extensions(wish),
  );
  return signed(tbs, issuer.key, hash, wish.damageSignature ?? false);
}

/** A list of revoked certificates as DER. */
export function revocationList(
  issuer: Authority,
  serials: readonly number[],
  next = '2026-02-01',
  damage = false,
): Buffer {
  const entries = serials.map((serial) => sequence(integer(serial), time('2025-12-15')));
  const tbs = sequence(
    integer(1),
    algorithm(issuer.key, 'sha256'),
    name(issuer.subject),
    time('2025-12-20'),
    time(next),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return signed(tbs, issuer.key, 'sha256', damage);
}

export const pem = (...list: Uint8Array[]): string => list.map((one) => formatPem(one, 'CERTIFICATE')).join('');

export const rsaKey = (modulusLength = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey;
export const ecKey = (namedCurve = 'prime256v1'): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
export const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** An authority, an intermediate one, a server and a client, as most tests need them. */
export class Authorities {
  readonly rootKey: KeyObject;
  readonly middleKey: KeyObject;
  readonly serverKey: KeyObject;
  readonly clientKey: KeyObject;
  readonly root: Authority;
  readonly middle: Authority;
  readonly rootCertificate: Buffer;
  readonly middleCertificate: Buffer;

  constructor() {
    this.rootKey = rsaKey();
    this.middleKey = rsaKey();
    this.serverKey = rsaKey();
    this.clientKey = rsaKey();
    this.root = { subject: 'Test Root', key: this.rootKey };
    this.middle = { subject: 'Test Intermediate', key: this.middleKey };
    this.rootCertificate = certificate({ ...this.root, ca: true, keyUsage: 0x06, serial: 1 });
    this.middleCertificate = certificate({ ...this.middle, issuer: this.root, ca: true, keyUsage: 0x06, serial: 2 });
  }

  /** A good server certificate for broker.example and 192.0.2.2, signed by the root, with changes. */
  server(changes: Partial<CertificateWish> = {}): Buffer {
    return certificate({
      subject: 'broker',
      key: this.serverKey,
      issuer: this.root,
      ca: false,
      keyUsage: 0xa0,
      purposes: [SERVER_AUTH],
      dns: ['broker.example'],
      ip: [[192, 0, 2, 2]],
      serial: 77,
      ...changes,
    });
  }

  client(changes: Partial<CertificateWish> = {}): Buffer {
    return certificate({
      subject: 'device 7',
      key: this.clientKey,
      issuer: this.root,
      ca: false,
      keyUsage: 0x80,
      purposes: [CLIENT_AUTH],
      serial: 88,
      ...changes,
    });
  }
}
