import type { IpAddress } from '@strata/contracts';

/** RFC 1035 2.3.4: octets of a name as text, and of a label. */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** A name as it is asked for and kept: lower case, without a dot at the end; null when it is none. */
export function canonicalName(text: string): string | null {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name === '' || name.length > LONGEST_NAME) return null;
  for (const label of name.split('.')) {
    if (label === '' || label.length > LONGEST_LABEL || !/^[\x21-\x7e]+$/.test(label)) return null;
  }
  return name;
}

/** The name under which an address is looked up backwards (RFC 1035 3.5, RFC 3596 2.5). */
export function reverseName(address: IpAddress): string {
  if (address.family === 4) {
    const { w3 } = address;
    return `${w3 & 0xff}.${(w3 >>> 8) & 0xff}.${(w3 >>> 16) & 0xff}.${w3 >>> 24}.in-addr.arpa`;
  }
  const nibbles: string[] = [];
  for (const word of [address.w3, address.w2, address.w1, address.w0]) {
    for (let shift = 0; shift < 32; shift += 4) nibbles.push(((word >>> shift) & 0xf).toString(16));
  }
  return `${nibbles.join('.')}.ip6.arpa`;
}
