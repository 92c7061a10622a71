/** Frames built from parts, in a third hand: neither the stack's emitters nor the dissector's parsers. */

export const MAC_A = [0x02, 0, 0x5e, 0, 0x53, 1];
export const MAC_B = [0x02, 0, 0x5e, 0, 0x53, 2];
export const IP_A = [192, 0, 2, 1];
export const IP_B = [192, 0, 2, 2];
export const IP6_A = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
export const IP6_B = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

export const word = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const long = (value: number): number[] => [...word(value >>> 16), ...word(value)];

function checksum(...parts: number[][]): number {
  const bytes = parts.flat();
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Puts the checksum of `parts` into `bytes` at `at`. */
function seal(bytes: number[], at: number, ...before: number[][]): number[] {
  const value = checksum(...before, bytes);
  return [...bytes.slice(0, at), ...word(value), ...bytes.slice(at + 2)];
}

export function ethernet(type: number, payload: number[], options: { vlan?: number; pad?: boolean } = {}): Uint8Array {
  const tag = options.vlan === undefined ? [] : [0x81, 0, ...word(options.vlan)];
  const bytes = [...MAC_B, ...MAC_A, ...tag, ...word(type), ...payload];
  while (options.pad === true && bytes.length < 60) bytes.push(0);
  return Uint8Array.from(bytes);
}

export interface Ipv4Parts {
  id?: number;
  ttl?: number;
  tos?: number;
  /** Flags and fragment offset, as on the wire. */
  fragment?: number;
  options?: number[];
}

export function ipv4(protocol: number, payload: number[], parts: Ipv4Parts = {}): number[] {
  const options = parts.options ?? [];
  const header = [
    0x45 + options.length / 4,
    parts.tos ?? 0,
    ...word(20 + options.length + payload.length),
    ...word(parts.id ?? 1),
    ...word(parts.fragment ?? 0x4000),
    parts.ttl ?? 64,
    protocol,
    0,
    0,
    ...IP_A,
    ...IP_B,
    ...options,
  ];
  return [...seal(header, 10), ...payload];
}

export function ipv6(
  next: number,
  payload: number[],
  parts: { hopLimit?: number; flow?: number; traffic?: number } = {},
): number[] {
  const first = 0x60000000 + (parts.traffic ?? 0) * 0x100000 + (parts.flow ?? 0);
  return [...long(first), ...word(payload.length), next, parts.hopLimit ?? 64, ...IP6_A, ...IP6_B, ...payload];
}

function pseudo(version: 4 | 6, protocol: number, length: number): number[] {
  return version === 4
    ? [...IP_A, ...IP_B, 0, protocol, ...word(length)]
    : [...IP6_A, ...IP6_B, ...long(length), 0, 0, 0, protocol];
}

export function udp(version: 4 | 6, source: number, destination: number, payload: number[]): number[] {
  const length = 8 + payload.length;
  const header = [...word(source), ...word(destination), ...word(length), 0, 0];
  return seal([...header, ...payload], 6, pseudo(version, 17, length));
}

export interface TcpParts {
  source?: number;
  destination?: number;
  sequence?: number;
  acknowledgment?: number;
  flags?: number;
  window?: number;
  options?: number[];
  payload?: number[];
}

export function tcp(version: 4 | 6, parts: TcpParts): number[] {
  const options = parts.options ?? [];
  const payload = parts.payload ?? [];
  const header = [
    ...word(parts.source ?? 49152),
    ...word(parts.destination ?? 1883),
    ...long(parts.sequence ?? 1),
    ...long(parts.acknowledgment ?? 0),
    (5 + options.length / 4) << 4,
    parts.flags ?? 16,
    ...word(parts.window ?? 8192),
    0,
    0,
    0,
    0,
    ...options,
  ];
  return seal([...header, ...payload], 16, pseudo(version, 6, header.length + payload.length));
}

export function icmpv4(type: number, code: number, rest: number[]): number[] {
  return seal([type, code, 0, 0, ...rest], 2);
}

export function icmpv6(type: number, code: number, rest: number[]): number[] {
  const bytes = [type, code, 0, 0, ...rest];
  return seal(bytes, 2, pseudo(6, 58, bytes.length));
}

/** A TCP segment over IPv4 over Ethernet. */
export function segment(parts: TcpParts): Uint8Array {
  return ethernet(0x0800, ipv4(6, tcp(4, parts)));
}

/** A control packet with its fixed header. */
export function mqtt(first: number, body: number[]): number[] {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return [first, ...length, ...body];
}
