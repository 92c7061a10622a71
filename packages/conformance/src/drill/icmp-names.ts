/** Names of ICMP types and codes, by IP version: type and code numbers (RFC 792, 1191, 1812, 4443, 8201). */
interface IcmpType {
  readonly type: number;
  readonly codes: Readonly<Record<string, number>>;
}

const NO_CODES: Readonly<Record<string, number>> = {};

const V4: Readonly<Record<string, IcmpType>> = {
  echo_reply: { type: 0, codes: NO_CODES },
  unreachable: {
    type: 3,
    codes: {
      net_unreachable: 0,
      host_unreachable: 1,
      protocol_unreachable: 2,
      port_unreachable: 3,
      frag_needed: 4,
      source_route_failed: 5,
      net_unreachable_for_tos: 11,
      host_unreachable_for_tos: 12,
      packet_filtered: 13,
      admin_prohibited: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
    },
  },
  source_quench: { type: 4, codes: NO_CODES },
  redirect: { type: 5, codes: { net: 0, host: 1 } },
  echo_request: { type: 8, codes: NO_CODES },
  time_exceeded: { type: 11, codes: { exc_ttl: 0, ttl: 0, exc_frag: 1, frag: 1 } },
  parameter_problem: { type: 12, codes: { pointer: 0 } },
  timestamp_request: { type: 13, codes: NO_CODES },
  timestamp_reply: { type: 14, codes: NO_CODES },
};

const V6: Readonly<Record<string, IcmpType>> = {
  unreachable: {
    type: 1,
    codes: {
      no_route: 0,
      net_unreachable: 0,
      admin_prohibited: 1,
      not_neighbour: 2,
      beyond_scope: 2,
      addr_unreachable: 3,
      address_unreachable: 3,
      host_unreachable: 3,
      port_unreachable: 4,
    },
  },
  packet_too_big: { type: 2, codes: NO_CODES },
  time_exceeded: { type: 3, codes: { exc_hoplimit: 0, hop_limit: 0, ttl: 0, exc_frag: 1, frag: 1 } },
  parameter_problem: { type: 4, codes: { header_field: 0, unknown_next_header: 1, unknown_option: 2 } },
  echo_request: { type: 128, codes: NO_CODES },
  echo_reply: { type: 129, codes: NO_CODES },
};

/** True when the type (and its code, when given) has a meaning in either version. */
export function isIcmpName(type: string, code: string | null): boolean {
  for (const table of [V4, V6]) {
    const entry = table[type];
    if (entry !== undefined && (code === null || entry.codes[code] !== undefined)) return true;
  }
  return false;
}

/** The numbers, or null when this version has no such type or code. */
export function icmpNumbers(
  family: 4 | 6,
  type: string,
  code: string | null,
): { readonly type: number; readonly code: number } | null {
  // What version 4 has as a code of "unreachable" is a message of its own in version 6.
  if (family === 6 && type === 'unreachable' && code === 'frag_needed') return { type: 2, code: 0 };
  if (family === 4 && type === 'packet_too_big') return { type: 3, code: 4 };
  const table = family === 4 ? V4 : V6;
  const entry = /^[0-9]+$/.test(type) ? { type: Number(type), codes: NO_CODES } : table[type];
  if (entry === undefined) return null;
  if (code === null) return { type: entry.type, code: 0 };
  const number = /^[0-9]+$/.test(code) ? Number(code) : entry.codes[code];
  return number === undefined ? null : { type: entry.type, code: number };
}

/** Names of numbers, for people; numbers stay numbers when they have none. */
export function icmpText(family: 4 | 6, type: number, code: number): string {
  for (const [name, entry] of Object.entries(family === 4 ? V4 : V6)) {
    if (entry.type !== type) continue;
    const found = Object.entries(entry.codes).find(([, number]) => number === code);
    if (found !== undefined) return `${name} ${found[0]}`;
    return code === 0 ? name : `${name} ${code}`;
  }
  return `${type} ${code}`;
}
