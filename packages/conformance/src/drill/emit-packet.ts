import { type IpAddress, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from '@strata/contracts';
import { fold, sumBytes } from '@strata/wire';
import type { IpInfo, TcpOption } from './ast.ts';
import { emitOptions } from './tcp-options.ts';

/** The two ends of a packet. */
export interface Endpoints {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A TCP header to be written; numbers as they go on the wire, unsigned. */
export interface TcpFields {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly TcpOption[];
  readonly length: number;
}

/** What goes behind the first word of an ICMP header. */
export interface IcmpFields {
  readonly type: number;
  readonly code: number;
  /** Second word: MTU, identifier. */
  readonly rest: number;
  readonly data: Uint8Array;
}

/** Time to live of injected packets. */
const INJECTED_TTL = 255;
const PLAIN: IpInfo = { ecn: null, tos: null, ttl: null, flowLabel: null };

export function emitTcpPacket(ends: Endpoints, ip: IpInfo, tcp: TcpFields): Uint8Array {
  const options = emitOptions(tcp.options);
  const header = 20 + options.length;
  const { bytes, view, at } = begin(ends, ip, PROTOCOL_TCP, header + tcp.length);
  view.setUint16(at, ends.sourcePort);
  view.setUint16(at + 2, ends.destinationPort);
  view.setUint32(at + 4, tcp.sequence);
  view.setUint32(at + 8, tcp.acknowledgment);
  view.setUint16(at + 12, (header << 10) | tcp.flags);
  view.setUint16(at + 14, tcp.window);
  view.setUint16(at + 18, tcp.urgent);
  bytes.set(options, at + 20);
  view.setUint16(at + 16, transportChecksum(view, ends, PROTOCOL_TCP, at, header + tcp.length));
  return bytes;
}

export function emitUdpPacket(ends: Endpoints, ip: IpInfo, length: number): Uint8Array {
  const { bytes, view, at } = begin(ends, ip, PROTOCOL_UDP, 8 + length);
  view.setUint16(at, ends.sourcePort);
  view.setUint16(at + 2, ends.destinationPort);
  view.setUint16(at + 4, 8 + length);
  view.setUint16(at + 6, transportChecksum(view, ends, PROTOCOL_UDP, at, 8 + length) || 0xffff);
  return bytes;
}

export function emitIcmpPacket(ends: Endpoints, ip: IpInfo, icmp: IcmpFields): Uint8Array {
  const protocol = ends.source.family === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
  const length = 8 + icmp.data.length;
  const { bytes, view, at } = begin(ends, ip, protocol, length);
  view.setUint8(at, icmp.type);
  view.setUint8(at + 1, icmp.code);
  view.setUint32(at + 4, icmp.rest);
  bytes.set(icmp.data, at + 8);
  const sum =
    protocol === PROTOCOL_ICMP
      ? ~sumBytes(view, at, length) & 0xffff
      : transportChecksum(view, ends, protocol, at, length);
  view.setUint16(at + 2, sum);
  return bytes;
}

/** The head of a packet that the stack sent, as a router would quote it: IP header and the first octets behind it. */
export function quotePacket(
  ends: Endpoints,
  protocol: 'tcp' | 'udp' | 'raw',
  sequence: number,
  length: number,
): Uint8Array {
  if (protocol === 'tcp') {
    const whole = emitTcpPacket(ends, PLAIN, {
      sequence,
      acknowledgment: 0,
      flags: 0,
      window: 0,
      urgent: 0,
      options: [],
      length,
    });
    return whole.subarray(0, (ends.source.family === 4 ? 20 : 40) + 20);
  }
  if (protocol === 'udp')
    return emitUdpPacket(ends, PLAIN, length).subarray(0, (ends.source.family === 4 ? 20 : 40) + 8);
  return begin(ends, PLAIN, 255, length).bytes.subarray(0, (ends.source.family === 4 ? 20 : 40) + Math.min(8, length));
}

function typeOfService(ip: IpInfo): number {
  const tos = ip.tos ?? 0;
  switch (ip.ecn) {
    case 'ect0':
    case 'ect01':
      return (tos & 0xfc) | 2;
    case 'ect1':
      return (tos & 0xfc) | 1;
    case 'ce':
      return (tos & 0xfc) | 3;
    case 'noecn':
      return tos & 0xfc;
    case null:
      return tos;
  }
}

function begin(
  ends: Endpoints,
  ip: IpInfo,
  protocol: number,
  length: number,
): { bytes: Uint8Array; view: DataView; at: number } {
  const tos = typeOfService(ip);
  const ttl = ip.ttl ?? INJECTED_TTL;
  if (ends.source.family === 4) {
    const bytes = new Uint8Array(20 + length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x45);
    view.setUint8(1, tos);
    view.setUint16(2, 20 + length);
    view.setUint8(8, ttl);
    view.setUint8(9, protocol);
    view.setInt32(12, ends.source.w3);
    view.setInt32(16, ends.destination.w3);
    view.setUint16(10, ~sumBytes(view, 0, 20) & 0xffff);
    return { bytes, view, at: 20 };
  }
  const bytes = new Uint8Array(40 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (6 << 28) | (tos << 20) | (ip.flowLabel ?? 0));
  view.setUint16(4, length);
  view.setUint8(6, protocol);
  view.setUint8(7, ttl);
  for (const [at, address] of [
    [8, ends.source],
    [24, ends.destination],
  ] as const) {
    view.setInt32(at, address.w0);
    view.setInt32(at + 4, address.w1);
    view.setInt32(at + 8, address.w2);
    view.setInt32(at + 12, address.w3);
  }
  return { bytes, view, at: 40 };
}

function transportChecksum(view: DataView, ends: Endpoints, protocol: number, at: number, length: number): number {
  const addresses = ends.source.family === 4 ? sumBytes(view, 12, 8) : sumBytes(view, 8, 32);
  return ~fold(addresses + protocol + length + sumBytes(view, at, length)) & 0xffff;
}
