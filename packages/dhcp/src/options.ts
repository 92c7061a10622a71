/** Option codes of RFC 2132, and RFC 3442 for 121. */
export const OPTION_PAD = 0;
export const OPTION_SUBNET_MASK = 1;
export const OPTION_ROUTER = 3;
export const OPTION_DNS_SERVER = 6;
export const OPTION_HOST_NAME = 12;
export const OPTION_DOMAIN_NAME = 15;
export const OPTION_INTERFACE_MTU = 26;
export const OPTION_NTP_SERVER = 42;
export const OPTION_REQUESTED_ADDRESS = 50;
export const OPTION_LEASE_TIME = 51;
export const OPTION_OVERLOAD = 52;
export const OPTION_MESSAGE_TYPE = 53;
export const OPTION_SERVER_ID = 54;
export const OPTION_PARAMETER_LIST = 55;
export const OPTION_MESSAGE = 56;
export const OPTION_MAXIMUM_SIZE = 57;
export const OPTION_RENEWAL_TIME = 58;
export const OPTION_REBINDING_TIME = 59;
export const OPTION_CLIENT_ID = 61;
export const OPTION_CLASSLESS_ROUTES = 121;
const OPTION_END = 255;

/** A route that the server gives (RFC 3442). Addresses are int32. */
export interface DhcpRoute {
  readonly network: number;
  readonly prefixLength: number;
  readonly router: number;
}

/**
 * Reads options from `from` up to `to`; values of one code are joined (RFC 3396 5). False when one claims more octets than
 * there are. A missing end mark is tolerated: all that came was read.
 */
export function readOptions(bytes: Uint8Array, from: number, to: number, into: Map<number, Uint8Array>): boolean {
  let at = from;
  while (at < to) {
    const code = bytes[at++] as number;
    if (code === OPTION_END) return true;
    if (code === OPTION_PAD) continue;
    if (at >= to) return false;
    const length = bytes[at++] as number;
    if (length > to - at) return false;
    const value = bytes.slice(at, at + length);
    const earlier = into.get(code);
    into.set(code, earlier === undefined ? value : joined(earlier, value));
    at += length;
  }
  return true;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** A value of exactly four octets as int32, or null. */
export function addressOf(value: Uint8Array | undefined): number | null {
  return value === undefined || value.length !== 4 ? null : int32(value, 0);
}

/** A list of addresses; empty when the length is no multiple of four. */
export function addressesOf(value: Uint8Array | undefined): number[] {
  if (value === undefined || value.length === 0 || value.length % 4 !== 0) return [];
  const addresses: number[] = [];
  for (let at = 0; at < value.length; at += 4) addresses.push(int32(value, at));
  return addresses;
}

/** A time in seconds, or null. */
export function secondsOf(value: Uint8Array | undefined): number | null {
  const word = addressOf(value);
  return word === null ? null : word >>> 0;
}

/** Text without control characters: what a server says is shown to people. */
export function textOf(value: Uint8Array | undefined): string {
  if (value === undefined) return '';
  return [...value]
    .filter((octet) => octet >= 0x20 && octet < 0x7f)
    .map((octet) => String.fromCharCode(octet))
    .join('');
}

/** RFC 3442: width, the significant octets of the network, the router. Empty when any part is malformed. */
export function routesOf(value: Uint8Array | undefined): DhcpRoute[] {
  const routes: DhcpRoute[] = [];
  if (value === undefined) return routes;
  let at = 0;
  while (at < value.length) {
    const prefixLength = value[at++] as number;
    const octets = (prefixLength + 7) >> 3;
    if (prefixLength > 32 || at + octets + 4 > value.length) return [];
    let network = 0;
    for (let i = 0; i < octets; i++) network |= (value[at + i] as number) << (24 - 8 * i);
    if (prefixLength < 32) network &= ~(0xffffffff >>> prefixLength);
    routes.push({ network, prefixLength, router: int32(value, at + octets) });
    at += octets + 4;
  }
  return routes;
}

/** At most 255 octets of ASCII; what is none becomes a hyphen, as host names allow. */
export function textOption(text: string): Uint8Array {
  return Uint8Array.from(text.slice(0, 255), (character) => {
    const code = character.charCodeAt(0);
    return code > 0x20 && code < 0x7f ? code : 0x2d;
  });
}

export function addressOption(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);
}

function int32(value: Uint8Array, at: number): number {
  return (
    ((value[at] as number) << 24) |
    ((value[at + 1] as number) << 16) |
    ((value[at + 2] as number) << 8) |
    (value[at + 3] as number)
  );
}
