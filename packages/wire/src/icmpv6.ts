/**
 * ICMPv6 (RFC 4443). The header has ICMP's layout (`icmpv4.ts`: type, code, checksum, one word); offsets are relative to the
 * type field. The checksum covers a pseudo header too.
 */
import type { IcmpRepr } from './icmpv4.ts';

export const ICMPV6_UNREACHABLE = 1;
export const ICMPV6_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_PARAMETER_PROBLEM = 4;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_MLD_QUERY = 130;
export const ICMPV6_MLD_REPORT = 131;
export const ICMPV6_MLD_DONE = 132;
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
export const ICMPV6_NEIGHBOR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOR_ADVERTISEMENT = 136;
export const ICMPV6_REDIRECT = 137;
export const ICMPV6_MLD2_REPORT = 143;

/** Codes of {@link ICMPV6_UNREACHABLE}. */
export const UNREACHABLE6_NO_ROUTE = 0;
export const UNREACHABLE6_PROHIBITED = 1;
export const UNREACHABLE6_BEYOND_SCOPE = 2;
export const UNREACHABLE6_ADDRESS = 3;
export const UNREACHABLE6_PORT = 4;
export const UNREACHABLE6_POLICY = 5;
export const UNREACHABLE6_REJECT = 6;

/** Codes of {@link ICMPV6_TIME_EXCEEDED}. */
export const TIME_EXCEEDED6_HOP_LIMIT = 0;
export const TIME_EXCEEDED6_REASSEMBLY = 1;

/** Codes of {@link ICMPV6_PARAMETER_PROBLEM} (RFC 4443 3.4, RFC 7112). */
export const PARAMETER6_FIELD = 0;
export const PARAMETER6_NEXT_HEADER = 1;
export const PARAMETER6_OPTION = 2;
export const PARAMETER6_INCOMPLETE_CHAIN = 3;

/** True for the types that report an error (RFC 4443 2.1). */
export function isIcmpv6Error(type: number): boolean {
  return type < 128;
}

const NAMES: Readonly<Record<number, string>> = {
  [ICMPV6_UNREACHABLE]: 'unreachable',
  [ICMPV6_TOO_BIG]: 'packet too big',
  [ICMPV6_TIME_EXCEEDED]: 'time exceeded',
  [ICMPV6_PARAMETER_PROBLEM]: 'parameter problem',
  [ICMPV6_ROUTER_SOLICITATION]: 'router solicitation',
  [ICMPV6_ROUTER_ADVERTISEMENT]: 'router advertisement',
  [ICMPV6_NEIGHBOR_SOLICITATION]: 'neighbor solicitation',
  [ICMPV6_NEIGHBOR_ADVERTISEMENT]: 'neighbor advertisement',
  [ICMPV6_REDIRECT]: 'redirect',
};

/** One line for people. */
export function describeIcmpv6(repr: IcmpRepr): string {
  const name = NAMES[repr.type];
  switch (repr.type) {
    case ICMPV6_ECHO_REQUEST:
      return `ICMPv6 echo request id ${repr.rest >>> 16} seq ${repr.rest & 0xffff}`;
    case ICMPV6_ECHO_REPLY:
      return `ICMPv6 echo reply id ${repr.rest >>> 16} seq ${repr.rest & 0xffff}`;
    case ICMPV6_TOO_BIG:
      return `ICMPv6 packet too big, MTU ${repr.rest >>> 0}`;
    default:
      return name === undefined ? `ICMPv6 type ${repr.type} code ${repr.code}` : `ICMPv6 ${name} code ${repr.code}`;
  }
}
