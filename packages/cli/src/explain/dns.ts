import type { Explanations } from './explanation.ts';

/** The statuses of the DNS client (nxd_dns.h). */
export const DNS_EXPLANATIONS: Explanations = {
  NX_DNS_NO_SERVER: {
    meaning: 'The server that was to be asked cannot be reached in the way that is needed.',
    cause: 'Its answer does not fit a datagram, and there is no TCP to fetch the whole of it.',
    remedy: 'Give the resolver a connector, or ask another server.',
  },
  NX_DNS_TIMEOUT: {
    meaning: 'No DNS server answered in time.',
    cause: 'Every server was asked several times, each time with more patience, and nothing valid came back.',
    remedy:
      'Look at the capture: do questions leave, and to the right address? Check the route to the servers; forged or malformed answers are counted as ignored and do not end the wait.',
  },
  NX_DNS_QUERY_FAILED: {
    meaning: 'There is no such name, or no server can answer the question.',
    cause: 'A server said that the name does not exist (code 3), or all failed or refused (codes 2 and 5).',
    remedy: 'Check the spelling; for a refusal, ask a server that serves this network.',
  },
  NX_DNS_MALFORMED_PACKET: {
    meaning: 'A DNS message cannot be read.',
    cause: 'It is shorter than its header, a length points beyond its end, or its names run in a circle.',
    remedy: 'Look at the message in the capture; another server may do better.',
  },
  NX_DNS_PARAM_ERROR: {
    meaning: 'The text cannot be a host name.',
    cause: 'It is empty, longer than 253 octets, has an empty label or one of more than 63, or a blank in it.',
    remedy: 'Write it as labels with dots between them, such as broker.example.',
  },
  NX_DNS_EMPTY_DNS_SERVER_LIST: {
    meaning: 'The host knows no DNS server.',
    cause: 'None was set, and no DHCP lease named one.',
    remedy: 'Give one (`--dns ADDRESS`), or take an address by DHCP (`--dhcp`).',
  },
};
