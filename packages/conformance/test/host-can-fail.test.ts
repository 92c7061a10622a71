import { expect, test } from '@jest/globals';
import { runScenario, SUITES, type Suite } from '@strata/conformance';
import { CONFLICT_IGNORE, IDENTIFICATION_COUNTER, type IpPolicy } from '@strata/ip';
import { modernProfile, type Profile } from '@strata/stack';
import type { UdpPolicy } from '@strata/udp';

/*
 * A scenario that cannot fail proves nothing. Each row breaks a policy of the modern profile and names the requirements whose
 * scenarios must notice.
 */

const host = SUITES.find(({ name }) => name === 'host') as Suite;
const { ip, udp } = modernProfile;

type Row = readonly [what: string, ids: readonly string[], ip: Partial<IpPolicy>, udp?: Partial<UdpPolicy>];

const arp = (change: Partial<IpPolicy['arp']>): Partial<IpPolicy> => ({ arp: { ...ip.arp, ...change } });
const icmp = (change: Partial<IpPolicy['icmp']>): Partial<IpPolicy> => ({ icmp: { ...ip.icmp, ...change } });
const six = (change: Partial<IpPolicy['ipv6']>): Partial<IpPolicy> => ({ ipv6: { ...ip.ipv6, ...change } });
const fragments = (change: Partial<IpPolicy['fragments']>): Partial<IpPolicy> => ({
  fragments: { ...ip.fragments, ...change },
});

const ROWS: readonly Row[] = [
  ['entries for every asker', ['ARP-2'], arp({ learnFromRequests: true })],
  ['entries that stay', ['ARP-6'], arp({ expiry: 0 })],
  ['ten requests a second', ['ARP-6'], arp({ retryInterval: 100_000, retries: 50 })],
  ['one probe', ['ARP-7'], arp({ probeCount: 1 })],
  ['no rest after conflicts', ['ARP-8'], arp({ maximumConflicts: 1000 })],
  ['no defence', ['ARP-9'], arp({ conflict: CONFLICT_IGNORE })],
  ['no word of what waits in vain', ['ARP-10'], arp({ reportUnresolved: false })],
  ['another time to live', ['IPv4-14'], { defaultTimeToLive: 32 }],
  ['hasty reassembly', ['IPv4-16'], fragments({ timeoutIpv4: 10_000_000 })],
  [
    'reassembly in all of the pool',
    ['IPv4-17'],
    fragments({ poolShare: 1, sourcePackets: 1000, maximumDatagrams: 1000 }),
  ],
  ['one counter of identifications', ['IPv4-18'], { identification: IDENTIFICATION_COUNTER }],
  ['deaf to ICMP', ['IPv4-19', 'ICMP-24', 'ICMP-26', 'UDP-39'], icmp({ acceptErrors: false })],
  ['MTUs that are never forgotten', ['IPv4-19'], { paths: { ...ip.paths, age: 1e12 } }],
  ['echoes to groups', ['ICMP-21'], icmp({ answerGroupEcho: true })],
  ['errors without limit', ['ICMP-22'], icmp({ errorsPerSecond: 0 })],
  ['errors that quote a header only', ['ICMP-23'], icmp({ quoteLimit: 0 })],
  ['no errors', ['ICMP-23', 'ICMP-24', 'IPv4-15', 'UDP-39'], icmp({ sendErrors: false })],
  ['deaf to redirects', ['ICMP-25'], icmp({ acceptRedirects: false })],
  ['ICMPv6 errors without limit', ['ICMPv6-27'], six({ icmp: { ...ip.ipv6.icmp, errorsPerSecond: 0 } })],
  ['one solicitation of neighbors', ['ND-30'], six({ multicastSolicits: 1 })],
  ['one solicitation of routers', ['ND-31'], six({ solicitations: 1 })],
  ['hasty reassembly of IPv6', ['IPv6-36'], fragments({ timeoutIpv6: 10_000_000 })],
  ['broadcasts for everybody', ['UDP-39'], {}, { broadcast: true }],
  ['few ports', ['UDP-40'], {}, { ephemeralFirst: 0xc000, ephemeralLast: 0xc010 }],
];

test.each(ROWS)('%s is noticed by %j', async (_, ids, change, changeUdp = {}) => {
  const profile: Profile = { ...modernProfile, ip: { ...ip, ...change }, udp: { ...udp, ...changeUdp } };
  for (const id of ids) {
    const outcomes: string[] = [];
    for (const scenario of host.scenarios) {
      if (scenario.covers.includes(id)) outcomes.push((await runScenario(scenario, profile)).outcome);
    }
    expect([id, outcomes.includes('fail')]).toEqual([id, true]);
  }
});
