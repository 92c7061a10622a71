/** Builds and reads raw packets without the stack's own code, so that it is judged by an independent hand. */

export const MAC_OURS = '00:11:22:33:44:56';
export const MAC_PEER = '00:11:22:33:44:57';
export const MAC_OTHER = '00:11:22:33:44:58';
export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

export const ARP = 0x0806;
export const IPV4 = 0x0800;

export function macBytes(mac: string): number[] {
  return mac.split(':').map((octet) => Number.parseInt(octet, 16));
}

export function macOf(msw: number, lsw: number): string {
  const octets = [msw >>> 8, msw, lsw >>> 24, lsw >>> 16, lsw >>> 8, lsw];
  return octets.map((octet) => (octet & 255).toString(16).padStart(2, '0')).join(':');
}

export function ipBytes(address: string): number[] {
  return address.split('.').map(Number);
}

export function ipWord(address: string): number {
  const [a, b, c, d] = ipBytes(address) as [number, number, number, number];
  return (a << 24) | (b << 16) | (c << 8) | d;
}

function word16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

/** RFC 1071, the slow way. */
export function internetChecksum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? (bytes[i] as number) * 256 : (bytes[i] as number);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

export interface ArpFields {
  readonly operation?: number;
  readonly senderMac?: string;
  readonly sender?: string;
  readonly targetMac?: string;
  readonly target?: string;
  readonly hardwareType?: number;
  readonly protocolType?: number;
  readonly hardwareLength?: number;
  readonly protocolLength?: number;
}

export function arp(fields: ArpFields): Uint8Array {
  return Uint8Array.from([
    ...word16(fields.hardwareType ?? 1),
    ...word16(fields.protocolType ?? 0x0800),
    fields.hardwareLength ?? 6,
    fields.protocolLength ?? 4,
    ...word16(fields.operation ?? 1),
    ...macBytes(fields.senderMac ?? MAC_PEER),
    ...ipBytes(fields.sender ?? '192.0.2.2'),
    ...macBytes(fields.targetMac ?? '00:00:00:00:00:00'),
    ...ipBytes(fields.target ?? '192.0.2.1'),
  ]);
}

export interface Ipv4Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: number;
  readonly timeToLive?: number;
  readonly typeOfService?: number;
  readonly identification?: number;
  readonly fragment?: number;
  readonly options?: readonly number[];
  readonly version?: number;
  readonly headerWords?: number;
  readonly totalLength?: number;
  readonly checksum?: number;
  /** Octets behind the datagram, as a link pads. */
  readonly padding?: number;
}

export function ipv4(fields: Ipv4Fields, payload: ArrayLike<number>): Uint8Array {
  const options = [...(fields.options ?? [])];
  while (options.length % 4 !== 0) options.push(0);
  const words = fields.headerWords ?? 5 + options.length / 4;
  const total = fields.totalLength ?? 20 + options.length + payload.length;
  const header = [
    ((fields.version ?? 4) << 4) | words,
    fields.typeOfService ?? 0,
    ...word16(total),
    ...word16(fields.identification ?? 7),
    ...word16(fields.fragment ?? 0),
    fields.timeToLive ?? 64,
    fields.protocol ?? 17,
    0,
    0,
    ...ipBytes(fields.source ?? '192.0.2.2'),
    ...ipBytes(fields.destination ?? '192.0.2.1'),
    ...options,
  ];
  const checksum = fields.checksum ?? internetChecksum(header);
  header[10] = checksum >>> 8;
  header[11] = checksum & 255;
  return Uint8Array.from([...header, ...Array.from(payload), ...new Array<number>(fields.padding ?? 0).fill(0xaa)]);
}

export interface IcmpFields {
  readonly type: number;
  readonly code?: number;
  readonly rest?: readonly [number, number, number, number];
  readonly checksum?: number;
}

export function icmp(fields: IcmpFields, data: ArrayLike<number>): Uint8Array {
  const bytes = [fields.type, fields.code ?? 0, 0, 0, ...(fields.rest ?? [0, 0, 0, 0]), ...Array.from(data)];
  const checksum = fields.checksum ?? internetChecksum(bytes);
  bytes[2] = checksum >>> 8;
  bytes[3] = checksum & 255;
  return Uint8Array.from(bytes);
}

export function echo(type: number, identifier: number, sequence: number, data: ArrayLike<number>): Uint8Array {
  const rest = [identifier >>> 8, identifier & 255, sequence >>> 8, sequence & 255] as const;
  return icmp({ type, rest }, data);
}

export interface UdpFields {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly length?: number;
  /** Absent: the right one. */
  readonly checksum?: number;
}

export function udp(fields: UdpFields, data: ArrayLike<number>): Uint8Array {
  const length = fields.length ?? 8 + data.length;
  const header = [
    ...word16(fields.sourcePort ?? 4000),
    ...word16(fields.destinationPort ?? 5000),
    ...word16(length),
    0,
    0,
  ];
  const pseudo = [
    ...ipBytes(fields.source ?? '192.0.2.2'),
    ...ipBytes(fields.destination ?? '192.0.2.1'),
    0,
    17,
    ...word16(length),
  ];
  const covered = [...header, ...Array.from(data)].slice(0, length);
  const sum = internetChecksum([...pseudo, ...covered]);
  const checksum = fields.checksum ?? (sum === 0 ? 0xffff : sum);
  header[6] = checksum >>> 8;
  header[7] = checksum & 255;
  return Uint8Array.from([...header, ...Array.from(data)]);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function hex(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

export function fromHex(digits: string): Uint8Array {
  const clean = digits.replace(/\s/g, '');
  return Uint8Array.from({ length: clean.length / 2 }, (_, i) => Number.parseInt(clean.slice(2 * i, 2 * i + 2), 16));
}
