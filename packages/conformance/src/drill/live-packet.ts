import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from '@strata/contracts';
import { fold, sumBytes } from '@strata/wire';
import type { TcpOption } from './ast.ts';
import { parseOptionBytes } from './tcp-options.ts';

/** The TCP header of a packet, numbers as on the wire, unsigned. */
export interface LiveTcp {
  readonly kind: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly reserved: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly TcpOption[];
  readonly length: number;
}

export interface LiveUdp {
  readonly kind: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
}

export interface LiveIcmp {
  readonly kind: 'icmp';
  readonly type: number;
  readonly code: number;
}

/** An IP packet that went over the link. */
export interface LivePacket {
  /** Microseconds since the script began. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly family: 4 | 6;
  readonly tos: number;
  readonly ttl: number;
  /** IPv6 only; 0 otherwise. */
  readonly flowLabel: number;
  /** Null: neither TCP, UDP nor ICMP, or too damaged to say. */
  readonly transport: LiveTcp | LiveUdp | LiveIcmp | null;
  /** What is wrong with lengths, checksums or payload. */
  readonly problems: readonly string[];
}

/** Takes an IP packet apart and checks it. Shares no code with the stack's own parsers. */
export function readPacket(bytes: Uint8Array, time: number): LivePacket {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const problems: string[] = [];
  const family = bytes.length > 0 && view.getUint8(0) >>> 4 === 6 ? 6 : 4;
  if (bytes.length < (family === 4 ? 20 : 40)) {
    return {
      time,
      bytes,
      family,
      tos: 0,
      ttl: 0,
      flowLabel: 0,
      transport: null,
      problems: ['too short for an IP header'],
    };
  }
  const first = view.getUint32(0);
  const header = family === 4 ? ((first >>> 24) & 15) * 4 : 40;
  const total = family === 4 ? view.getUint16(2) : 40 + view.getUint16(4);
  const tos = family === 4 ? view.getUint8(1) : (first >>> 20) & 255;
  const ttl = view.getUint8(family === 4 ? 8 : 7);
  const protocol = view.getUint8(family === 4 ? 9 : 6);
  const flowLabel = family === 4 ? 0 : first & 0xfffff;
  if (total !== bytes.length) problems.push(`the IP header says ${total} octets, the packet has ${bytes.length}`);
  if (family === 4) {
    if (header !== 20) problems.push(`the IP header has ${header} octets`);
    if (header <= bytes.length && sumBytes(view, 0, header) !== 0xffff) problems.push('wrong IPv4 header checksum');
  }
  const end = Math.min(total, bytes.length);
  const transport = header <= end ? readTransport(view, bytes, family, protocol, header, end, problems) : null;
  return { time, bytes, family, tos, ttl, flowLabel, transport, problems };
}

function readTransport(
  view: DataView,
  bytes: Uint8Array,
  family: 4 | 6,
  protocol: number,
  at: number,
  end: number,
  problems: string[],
): LivePacket['transport'] {
  const length = end - at;
  const pseudo = () =>
    (family === 4 ? sumBytes(view, 12, 8) : sumBytes(view, 8, 32)) + protocol + length + sumBytes(view, at, length);
  if (protocol === PROTOCOL_TCP) {
    const header = length >= 20 ? (view.getUint8(at + 12) >>> 4) * 4 : 0;
    if (header < 20 || header > length) {
      problems.push('the TCP header does not fit the packet');
      return null;
    }
    if (fold(pseudo()) !== 0xffff) problems.push('wrong TCP checksum');
    const field = view.getUint16(at + 12);
    if (bytes.subarray(at + header, end).some((octet) => octet !== 0)) problems.push('the payload is not all zeros');
    return {
      kind: 'tcp',
      sourcePort: view.getUint16(at),
      destinationPort: view.getUint16(at + 2),
      sequence: view.getUint32(at + 4),
      acknowledgment: view.getUint32(at + 8),
      flags: field & 0x1ff,
      reserved: (field >>> 9) & 7,
      window: view.getUint16(at + 14),
      urgent: view.getUint16(at + 18),
      options: parseOptionBytes(bytes.subarray(at + 20, at + header)),
      length: length - header,
    };
  }
  if (protocol === PROTOCOL_UDP) {
    if (length < 8) {
      problems.push('too short for a UDP header');
      return null;
    }
    if (view.getUint16(at + 4) !== length) problems.push('the UDP length is not the length of the packet');
    if ((view.getUint16(at + 6) !== 0 || family === 6) && fold(pseudo()) !== 0xffff)
      problems.push('wrong UDP checksum');
    return { kind: 'udp', sourcePort: view.getUint16(at), destinationPort: view.getUint16(at + 2), length: length - 8 };
  }
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) {
    if (length < 8) {
      problems.push('too short for an ICMP header');
      return null;
    }
    const sum = protocol === PROTOCOL_ICMP ? sumBytes(view, at, length) : fold(pseudo());
    if (sum !== 0xffff) problems.push('wrong ICMP checksum');
    return { kind: 'icmp', type: view.getUint8(at), code: view.getUint8(at + 1) };
  }
  return null;
}
