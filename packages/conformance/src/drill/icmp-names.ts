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
      communication_prohibited: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
      prot_unreachable: 2,
      net_unknown: 6,
      host_unknown: 7,
      source_host_isolated: 8,
      host_isolated: 8,
      net_prohibited: 9,
      net_ano: 9,
      host_prohibited: 10,
      host_ano: 10,
    },
  },
  source_quench: { type: 4, codes: NO_CODES },
  redirect: { type: 5, codes: { net: 0, host: 1, net_for_tos: 2, host_for_tos: 3 } },
  echo_request: { type: 8, codes: NO_CODES },
  router_advertisement: { type: 9, codes: NO_CODES },
  router_solicitation: { type: 10, codes: NO_CODES },
  time_exceeded: {
    type: 11,
    codes: { exc_ttl: 0, ttl: 0, ttl_exceeded: 0, in_transit: 0, exc_frag: 1, frag: 1, exc_fragtime: 1, reassembly: 1 },
  },
  parameter_problem: { type: 12, codes: { pointer: 0, missing_option: 1, bad_length: 2 } },
  timestamp_request: { type: 13, codes: NO_CODES },
  timestamp_reply: { type: 14, codes: NO_CODES },
  information_request: { type: 15, codes: NO_CODES },
  information_reply: { type: 16, codes: NO_CODES },
  address_mask_request: { type: 17, codes: NO_CODES },
  address_mask_reply: { type: 18, codes: NO_CODES },
};

/** Other names of types. */
const SAME_TYPE: Readonly<Record<string, string>> = {
  dest_unreachable: 'unreachable',
  destination_unreachable: 'unreachable',
  dest_unreach: 'unreachable',
  echo: 'echo_request',
  timestamp: 'timestamp_request',
  timestampreply: 'timestamp_reply',
  info_request: 'information_request',
  info_reply: 'information_reply',
  address: 'address_mask_request',
  addressreply: 'address_mask_reply',
  address_reply: 'address_mask_reply',
  pkt_toobig: 'packet_too_big',
  time_exceed: 'time_exceeded',
  parameterprob: 'parameter_problem',
  paramprob: 'parameter_problem',
  param_problem: 'parameter_problem',
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
      policy_fail: 5,
      reject_route: 6,
      source_routing_error: 7,
    },
  },
  packet_too_big: { type: 2, codes: NO_CODES },
  time_exceeded: {
    type: 3,
    codes: {
      exc_hoplimit: 0,
      exc_hop: 0,
      hop_limit: 0,
      exc_ttl: 0,
      ttl: 0,
      exc_frag: 1,
      exc_fragtime: 1,
      frag: 1,
      reassembly: 1,
    },
  },
  parameter_problem: {
    type: 4,
    codes: {
      header_field: 0,
      err_header_field: 0,
      hdr_field: 0,
      unknown_next_header: 1,
      unk_nexthdr: 1,
      unknown_option: 2,
      unk_option: 2,
    },
  },
  echo_request: { type: 128, codes: NO_CODES },
  echo_reply: { type: 129, codes: NO_CODES },
};

/** True when the type (and its code, when given) has a meaning in either version. */
export function isIcmpName(type: string, code: string | null): boolean {
  for (const table of [V4, V6]) {
    const entry = table[SAME_TYPE[type] ?? type];
    if (entry !== undefined && (code === null || entry.codes[code] !== undefined)) return true;
  }
  return false;
}

/** The numbers, or null when this version has no such type or code. */
export function icmpNumbers(
  family: 4 | 6,
  written: string,
  code: string | null,
): { readonly type: number; readonly code: number } | null {
  const type = SAME_TYPE[written] ?? written;
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
