/** ICMP for IPv4 (RFC 792). Offsets are relative to the type field. */
import { DROP_ICMP_SHORT } from '@strata/contracts';

/** Length of the header of every message this stack knows. */
export const ICMP_HEADER = 8;
export const ICMP_TYPE = 0;
export const ICMP_CODE = 1;
export const ICMP_CHECKSUM = 2;
/** Second word: identifier and sequence of an echo; pointer, MTU or gateway of an error. */
export const ICMP_REST = 4;
export const ICMP_ECHO_IDENTIFIER = 4;
export const ICMP_ECHO_SEQUENCE = 6;
export const ICMP_POINTER = 4;
export const ICMP_NEXT_HOP_MTU = 6;
export const ICMP_GATEWAY = 4;

export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
export const ICMP_SOURCE_QUENCH = 4;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_ROUTER_ADVERTISEMENT = 9;
export const ICMP_ROUTER_SOLICITATION = 10;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETER_PROBLEM = 12;
export const ICMP_TIMESTAMP_REQUEST = 13;
export const ICMP_TIMESTAMP_REPLY = 14;
export const ICMP_ADDRESS_MASK_REQUEST = 17;
export const ICMP_ADDRESS_MASK_REPLY = 18;

/** Codes of {@link ICMP_UNREACHABLE} (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
export const UNREACHABLE_NETWORK = 0;
export const UNREACHABLE_HOST = 1;
export const UNREACHABLE_PROTOCOL = 2;
export const UNREACHABLE_PORT = 3;
export const UNREACHABLE_FRAGMENTATION_NEEDED = 4;
export const UNREACHABLE_SOURCE_ROUTE_FAILED = 5;
export const UNREACHABLE_NETWORK_PROHIBITED = 9;
export const UNREACHABLE_HOST_PROHIBITED = 10;
export const UNREACHABLE_ADMINISTRATIVELY = 13;

/** Codes of {@link ICMP_REDIRECT}. */
export const REDIRECT_NETWORK = 0;
export const REDIRECT_HOST = 1;

/** Codes of {@link ICMP_TIME_EXCEEDED}. */
export const TIME_EXCEEDED_IN_TRANSIT = 0;
export const TIME_EXCEEDED_REASSEMBLY = 1;

export function icmpType(view: DataView, offset: number): number {
  return view.getUint8(offset);
}

export function icmpCode(view: DataView, offset: number): number {
  return view.getUint8(offset + ICMP_CODE);
}

export function icmpIdentifier(view: DataView, offset: number): number {
  return view.getUint16(offset + ICMP_ECHO_IDENTIFIER);
}

export function icmpSequence(view: DataView, offset: number): number {
  return view.getUint16(offset + ICMP_ECHO_SEQUENCE);
}

/** True for the types that report an error; nobody ever answers one with another (RFC 1122 3.2.2). */
export function isIcmpError(type: number): boolean {
  return (type >= ICMP_UNREACHABLE && type <= ICMP_REDIRECT) || type === 11 || type === 12;
}

/** Judges lengths only: 0 or a DROP_ reason. */
export function checkIcmp(held: number): number {
  return held < ICMP_HEADER ? DROP_ICMP_SHORT : 0;
}

/** The fixed part of an ICMP message. Reused: {@link parseIcmp} fills it in. */
export class IcmpRepr {
  type: number;
  code: number;
  /** The second word, int32. */
  rest: number;

  constructor() {
    this.type = 0;
    this.code = 0;
    this.rest = 0;
  }
}

/** Reads a header of which `held` octets are contiguous. The checksum covers the whole message and is the caller's. */
export function parseIcmp(view: DataView, offset: number, held: number, repr: IcmpRepr): number {
  const reason = checkIcmp(held);
  if (reason !== 0) return reason;
  repr.type = view.getUint8(offset);
  repr.code = view.getUint8(offset + ICMP_CODE);
  repr.rest = view.getInt32(offset + ICMP_REST);
  return 0;
}

/** Writes the {@link ICMP_HEADER} octets with a checksum of 0. */
export function emitIcmp(view: DataView, offset: number, repr: IcmpRepr): void {
  view.setInt32(offset, (repr.type << 24) | (repr.code << 16));
  view.setInt32(offset + ICMP_REST, repr.rest);
}

const UNREACHABLE_NAMES: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
];

/** One line for people. */
export function describeIcmp(repr: IcmpRepr): string {
  const identifier = repr.rest >>> 16;
  const sequence = repr.rest & 0xffff;
  switch (repr.type) {
    case ICMP_ECHO_REQUEST:
      return `ICMP echo request id ${identifier} seq ${sequence}`;
    case ICMP_ECHO_REPLY:
      return `ICMP echo reply id ${identifier} seq ${sequence}`;
    case ICMP_UNREACHABLE:
      return `ICMP ${UNREACHABLE_NAMES[repr.code] ?? `unreachable, code ${repr.code}`}`;
    case ICMP_TIME_EXCEEDED:
      return repr.code === 0 ? 'ICMP time to live exceeded' : 'ICMP reassembly time exceeded';
    case ICMP_PARAMETER_PROBLEM:
      return `ICMP parameter problem at octet ${repr.rest >>> 24}`;
    default:
      return `ICMP type ${repr.type} code ${repr.code}`;
  }
}
