import type { IpAddress, IpPrefix } from '@strata/contracts';

/** `0.0.0.0` and `::`. */
export const IPV4_ANY: IpAddress = { family: 4, w0: 0, w1: 0, w2: 0, w3: 0 };
export const IPV6_ANY: IpAddress = { family: 6, w0: 0, w1: 0, w2: 0, w3: 0 };
export const IPV6_LOOPBACK: IpAddress = { family: 6, w0: 0, w1: 0, w2: 0, w3: 1 };
export const IPV4_LOOPBACK: IpAddress = { family: 4, w0: 0, w1: 0, w2: 0, w3: 0x7f000001 };

/** The IPv4 address of a 32-bit number, signed or not. */
export function ipv4Address(value: number): IpAddress {
  return { family: 4, w0: 0, w1: 0, w2: 0, w3: value | 0 };
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.w3 === b.w3 && a.family === b.family && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0;
}

/** True for `0.0.0.0` and `::`. */
export function isUnspecified(address: IpAddress): boolean {
  return (address.w0 | address.w1 | address.w2 | address.w3) === 0;
}

/** Reads `192.0.2.1` or an IPv6 address in any of the forms of RFC 4291 2.2. Returns null when it is neither. */
export function parseAddress(text: string): IpAddress | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    value = (value << 8) | Number(part);
  }
  return ipv4Address(value);
}

function parseIpv6(text: string): IpAddress | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] as string);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail];
  const word = (i: number) => ((groups[i] as number) << 16) | (groups[i + 1] as number);
  return { family: 6, w0: word(0), w1: word(2), w2: word(4), w3: word(6) };
}

/** Colon-separated groups, the last of which may be a dotted IPv4 address (two groups). */
function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const v4 = parseIpv4(part);
      if (v4 === null) return null;
      groups.push((v4.w3 >>> 16) & 0xffff, v4.w3 & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** Dotted decimal, or the canonical text of RFC 5952. */
export function formatAddress(address: IpAddress): string {
  return address.family === 4 ? formatIpv4(address.w3) : formatIpv6(address);
}

/** Dotted decimal of a 32-bit number, signed or not. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIpv6(address: IpAddress): string {
  const groups: number[] = [];
  for (const w of [address.w0, address.w1, address.w2, address.w3]) groups.push(w >>> 16, w & 0xffff);
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > bestLength) {
      bestStart = i;
      bestLength = j - i;
    }
    if (j > i) i = j - 1;
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  if (bestStart < 0) return hex(0, 8);
  return `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`;
}

/** Reads `192.0.2.1/24`; a bare address means its whole length. Returns null when it is not one. */
export function parsePrefix(text: string): IpPrefix | null {
  const [host = '', length, ...rest] = text.split('/');
  const address = parseAddress(host);
  if (address === null || rest.length > 0) return null;
  const full = address.family === 4 ? 32 : 128;
  if (length === undefined) return { address, length: full };
  if (!/^[0-9]{1,3}$/.test(length) || Number(length) > full) return null;
  return { address, length: Number(length) };
}

/** The network mask of a prefix length, as int32. */
export function ipv4Mask(length: number): number {
  return length === 0 ? 0 : (-1 << (32 - length)) | 0;
}

/** A MAC address as text: `00:11:22:33:44:56`. */
export function formatMac(msw: number, lsw: number): string {
  const octet = (value: number) => (value & 255).toString(16).padStart(2, '0');
  return [msw >>> 8, msw, lsw >>> 24, lsw >>> 16, lsw >>> 8, lsw].map(octet).join(':');
}

/** Reads a MAC address into its upper 16 and lower 32 bits (int32). Returns null when it is not one. */
export function parseMac(text: string): { readonly msw: number; readonly lsw: number } | null {
  if (!/^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(text)) return null;
  const octets = text.split(/[:-]/).map((part) => Number.parseInt(part, 16)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    msw: (octets[0] << 8) | octets[1],
    lsw: (octets[2] << 24) | (octets[3] << 16) | (octets[4] << 8) | octets[5],
  };
}
