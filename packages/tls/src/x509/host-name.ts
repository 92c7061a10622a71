import type { IpAddress } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import type { Certificate, NameSubtrees } from './certificate.ts';
import { sameBytes } from './der.ts';

/** The octets of an address, as iPAddress of subjectAltName has them. */
export function addressBytes(address: IpAddress): Uint8Array {
  const words = address.family === 4 ? [address.w3] : [address.w0, address.w1, address.w2, address.w3];
  return Uint8Array.from(words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]));
}

/**
 * Whether a certificate is for this host (RFC 9525 6): a DNS name or an IP address in subjectAltName. The common name counts
 * only when the caller allows that, and then only without any DNS name beside it.
 */
export function matchesHost(certificate: Certificate, host: string, commonNameToo: boolean): boolean {
  const address = parseAddress(host);
  if (address !== null) {
    const bytes = addressBytes(address);
    if (certificate.ipAddresses.some((one) => sameBytes(one, bytes))) return true;
    return commonNameToo && certificate.ipAddresses.length === 0 && certificate.commonName === host;
  }
  if (certificate.dnsNames.some((pattern) => matchesName(pattern, host))) return true;
  return commonNameToo && certificate.dnsNames.length === 0 && matchesName(certificate.commonName, host);
}

/** A wildcard is a whole leftmost label, stands for exactly one label, and at least two labels follow it. */
export function matchesName(pattern: string, host: string): boolean {
  const wanted = normalise(host);
  const given = normalise(pattern);
  // A NUL or another character that no host name has must not cut the comparison short.
  if (wanted === '' || !/^[a-z0-9*._-]+$/.test(given)) return false;
  if (!given.startsWith('*.')) return !given.includes('*') && given === wanted;
  const suffix = given.slice(1);
  if (suffix.includes('*') || suffix.split('.').length < 3) return false;
  const dot = wanted.indexOf('.');
  return dot > 0 && wanted.slice(dot) === suffix;
}

function normalise(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** The first name of `certificate` that these constraints of an issuer forbid, or null (RFC 5280 4.2.1.10). */
export function forbiddenName(
  certificate: Certificate,
  permitted: NameSubtrees | null,
  excluded: NameSubtrees | null,
): string | null {
  for (const name of certificate.dnsNames) {
    if (permitted !== null && permitted.dns.length > 0 && !permitted.dns.some((tree) => within(name, tree)))
      return name;
    if (excluded?.dns.some((tree) => within(name, tree))) return name;
  }
  for (const address of certificate.ipAddresses) {
    if (permitted !== null && permitted.ip.length > 0 && !permitted.ip.some((tree) => covers(tree, address))) {
      return address.join('.');
    }
    if (excluded?.ip.some((tree) => covers(tree, address))) return address.join('.');
  }
  return null;
}

function within(name: string, tree: string): boolean {
  const inner = normalise(name);
  const outer = normalise(tree.startsWith('.') ? tree.slice(1) : tree);
  return outer === '' || inner === outer || inner.endsWith(`.${outer}`);
}

function covers(tree: Uint8Array, address: Uint8Array): boolean {
  const size = address.length;
  if (tree.length !== size * 2) return false;
  return address.every((byte, i) => ((byte ^ (tree[i] as number)) & (tree[size + i] as number)) === 0);
}
