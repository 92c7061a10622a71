import type { Suite } from '../../suite/suite.ts';
import { arpScenarios } from './arp.ts';
import { icmpScenarios } from './icmp.ts';
import { ipv4Scenarios } from './ipv4.ts';
import { fragmentScenarios } from './ipv4-fragments.ts';
import { sendingScenarios } from './ipv4-sending.ts';
import { ipv6Scenarios } from './ipv6.ts';
import { ndScenarios } from './nd.ts';
import { HOST_REQUIREMENTS } from './requirements.ts';
import { robustScenarios } from './robust.ts';
import { udpScenarios } from './udp.ts';

/** What a host owes its network below TCP. */
export const hostSuite: Suite = {
  name: 'host',
  title: 'ARP, IPv4, ICMP, IPv6, Neighbor Discovery and UDP of a host (RFC 1122 and its successors)',
  profiles: ['netx', 'modern'],
  requirements: HOST_REQUIREMENTS,
  scenarios: [
    ...arpScenarios,
    ...ipv4Scenarios,
    ...fragmentScenarios,
    ...sendingScenarios,
    ...icmpScenarios,
    ...ipv6Scenarios,
    ...ndScenarios,
    ...udpScenarios,
    ...robustScenarios,
  ],
};
