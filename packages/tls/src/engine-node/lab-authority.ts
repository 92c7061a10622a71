import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { parseAddress } from '@strata/wire';
import type { TlsIdentity } from '../engine.ts';
import { PURPOSE_CLIENT, PURPOSE_SERVER } from '../x509/certificate.ts';
import { formatUnixTime } from '../x509/der.ts';
import {
  der,
  derBits,
  derInteger,
  derName,
  derOctets,
  derOid,
  derSequence,
  derText,
  derTime,
  derTrue,
} from '../x509/der-writer.ts';
import { addressBytes } from '../x509/host-name.ts';
import { formatPem } from '../x509/pem.ts';

const DAY = 86_400;
const OID_ED25519 = '1.3.101.112';
const OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2';
/** An Ed25519 private key is 32 octets after this (RFC 8410 7). */
const ED25519_PREFIX = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);

/** Key usage: the first named bit is the highest. */
const DIGITAL_SIGNATURE = 0x80;
const CERTIFICATE_AND_CRL_SIGN = 0x06;

/** Whom a certificate is for. */
export interface LabSubject {
  readonly commonName: string;
  readonly purpose: 'server' | 'client';
  /** DNS names and IP addresses of a server. */
  readonly hosts?: readonly string[];
}

/**
 * A certificate authority for a lab that was given no certificates. With a seed it repeats itself octet for octet: its
 * keys, Ed25519, follow from the seed and are no secret. Without one its keys, P-256, are the machine's own randomness.
 */
export class LabAuthority {
  /** PEM of the authority's own certificate: what peers are to trust. */
  readonly certificate: string;
  private readonly seed: string | null;
  private readonly epochSeconds: number;
  private readonly key: KeyObject;
  private serial: number;

  /** @param epochSeconds the beginning of the lab, in seconds since 1970 */
  constructor(epochSeconds: number, seed: number | string | null) {
    this.seed = seed === null ? null : String(seed);
    this.epochSeconds = epochSeconds;
    this.serial = 1;
    this.key = this.makeKey(AUTHORITY);
    const basic = extension('2.5.29.19', derSequence(derTrue()), true);
    const usage = extension('2.5.29.15', der(0x03, Uint8Array.of(1, CERTIFICATE_AND_CRL_SIGN)), true);
    this.certificate = formatPem(this.signed(AUTHORITY, this.key, [basic, usage], 3650), 'CERTIFICATE');
  }

  /** A certificate, valid from a day before the lab begins for a year, with its key, both PEM. */
  issue(subject: LabSubject): TlsIdentity {
    const key = this.makeKey(subject.commonName);
    const purpose = subject.purpose === 'server' ? PURPOSE_SERVER : PURPOSE_CLIENT;
    const names = (subject.hosts ?? []).map(alternativeName);
    const list = [
      extension('2.5.29.19', derSequence(), true),
      extension('2.5.29.15', der(0x03, Uint8Array.of(7, DIGITAL_SIGNATURE)), true),
      extension('2.5.29.37', derSequence(derOid(purpose))),
      ...(names.length === 0 ? [] : [extension('2.5.29.17', derSequence(...names))]),
    ];
    const certificate = this.signed(subject.commonName, key, list, 365);
    return {
      certificates: formatPem(certificate, 'CERTIFICATE'),
      key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  }

  private makeKey(name: string): KeyObject {
    if (this.seed === null) return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    const secret = createHash('sha256').update(`strata lab key\0${this.seed}\0${name}`).digest();
    return createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, secret]), format: 'der', type: 'pkcs8' });
  }

  private signed(subject: string, key: KeyObject, extensions: readonly Uint8Array[], days: number): Uint8Array {
    const algorithm = derSequence(derOid(this.seed === null ? OID_ECDSA_SHA256 : OID_ED25519));
    const time = (seconds: number) => derTime(formatUnixTime(seconds));
    const tbs = derSequence(
      der(0xa0, derInteger(2)),
      derInteger(this.serial++),
      algorithm,
      derName(AUTHORITY),
      derSequence(time(this.epochSeconds - DAY), time(this.epochSeconds + days * DAY)),
      derName(subject),
      createPublicKey(key).export({ type: 'spki', format: 'der' }),
      der(0xa3, derSequence(...extensions)),
    );
    const signature = sign(this.seed === null ? 'sha256' : null, tbs, this.key);
    return derSequence(tbs, algorithm, derBits(signature));
  }
}

const AUTHORITY = 'Strata lab CA';

/** A GeneralName: iPAddress of 4 or 16 octets, or dNSName. */
function alternativeName(host: string): Uint8Array {
  const address = parseAddress(host);
  if (address === null) return derText(0x82, host);
  return der(0x87, addressBytes(address));
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return critical ? derSequence(derOid(id), derTrue(), derOctets(value)) : derSequence(derOid(id), derOctets(value));
}
