import { expect, test } from '@jest/globals';
import { runScenario, runSuite, type Scenario, SUITES, type Suite, suiteFaults } from '@strata/conformance';
import { modernProfile, netxProfile, type Profile } from '@strata/stack';
import {
  classicDefence,
  delayedAcks,
  FixedRto,
  netxAcks,
  netxController,
  netxRecovery,
  netxTcpProfile,
  rfc5961Defence,
  type TcpProfile,
} from '@strata/tcp';

/*
 * A scenario that cannot fail proves nothing. Each row breaks a policy of a profile and names the requirements whose
 * scenarios must notice; a deviation that is no more must be noticed too.
 */

const SECOND = 1_000_000;
const rfc9293 = SUITES.find(({ name }) => name === 'rfc9293') as Suite;

type Row = readonly [what: string, tcp: Partial<TcpProfile>, ids: readonly string[]];

const MODERN: readonly Row[] = [
  ['a timeout that is fixed', { rto: () => new FixedRto(SECOND, 0) }, ['MUST-18', 'MUST-19', 'SHLD-30']],
  ['a timeout that is fixed, and backed off', { rto: () => new FixedRto(SECOND, 1) }, ['MUST-18']],
  ['initial sequence numbers by chance', { isn: netxTcpProfile.isn }, ['MUST-8', 'MUST-9', 'SHLD-1']],
  ['no acknowledgment of every second segment', { acks: netxAcks(0) }, ['SHLD-19']],
  ['acknowledgments a second late', { acks: delayedAcks(SECOND) }, ['MUST-40']],
  ['no Nagle', { nagle: false }, ['SHLD-7', 'SHLD-28']],
  ['a short TIME-WAIT', { timeWait: SECOND }, ['MUST-13']],
  ['a TIME-WAIT that is never reopened', { reuseTimeWait: false }, ['MAY-2', 'SHLD-4']],
  ['no reset for unread data', { resetOnUnread: false }, ['SHLD-3']],
  ['the checks of RFC 793', { defence: classicDefence }, ['MAY-12']],
  ['keep-alive for everybody', { keepalive: true }, ['MUST-25']],
  ['keep-alive after a minute', { keepaliveIdle: 60 * SECOND }, ['MUST-28']],
  ['five retransmissions', { maximumRetries: 5 }, ['SHLD-11']],
  ['two retransmissions of a SYN', { maximumSynRetries: 2 }, ['MUST-22', 'MUST-23']],
  ['deaf to ICMP', { networkErrors: () => {} }, ['MUST-47', 'MUST-54', 'SHLD-25', 'SHLD-26']],
  ['nobody told of trouble', { doubtAfter: 0 }, ['MUST-20', 'SHLD-9']],
  ['the recovery of NetX', { recovery: () => netxRecovery, congestion: () => netxController }, ['MUST-19']],
  ['NetX’s way to send', { sending: netxTcpProfile.sending, nagle: false, acks: netxAcks(0) }, ['MUST-38']],
  ['room for one segment out of order', { maximumOutOfOrder: 1 }, ['SHLD-31']],
  ['no ECN', { ecn: 0 }, ['SHLD-8']],
];

const NETX: readonly Row[] = [
  ['a timeout that is measured', { rto: modernProfile.tcp.rto }, ['MUST-18', 'MUST-19', 'SHLD-30', 'MUST-22']],
  ['RFC 5961', { defence: rfc5961Defence }, ['MAY-12']],
  ['an acknowledgment of every second segment', { acks: netxAcks(2) }, ['SHLD-19']],
  ['a TIME-WAIT that may be reopened', { reuseTimeWait: true }, ['MAY-2']],
  ['a reset for unread data', { resetOnUnread: true }, ['SHLD-3']],
  ['more retransmissions', { maximumRetries: 200, maximumSynRetries: 200 }, ['MUST-23', 'SHLD-11']],
];

function broken(profile: Profile, tcp: Partial<TcpProfile>): Profile {
  return { ...profile, tcp: { ...profile.tcp, ...tcp } };
}

async function failing(profile: Profile, tcp: Partial<TcpProfile>, ids: readonly string[]): Promise<string[]> {
  const profiles = { [profile.name]: broken(profile, tcp) };
  const { requirements } = await runSuite(rfc9293, { profile: profile.name, profiles, only: ids });
  const noticed = requirements.filter(({ outcome, reason }) => outcome === 'fail' && !reason?.includes('itself broke'));
  return noticed.map(({ requirement }) => requirement.id);
}

test.each(MODERN)('modern with %s fails', async (_, tcp, ids) => {
  expect(await failing(modernProfile, tcp, ids)).toEqual([...ids].sort(asInSuite));
});

test.each(NETX)('netx with %s is no longer what it is said to be', async (_, tcp, ids) => {
  const failed = await failing(netxProfile, tcp, ids);
  expect(failed).toEqual([...ids].sort(asInSuite));
});

test('netx with ears for ICMP is no longer what it is said to be', async () => {
  const hearing = { ...netxProfile, ip: { ...netxProfile.ip, icmp: modernProfile.ip.icmp } };
  const ids = ['MUST-47', 'MUST-54', 'SHLD-25', 'SHLD-26'];
  expect(await failing(hearing, { networkErrors: modernProfile.tcp.networkErrors }, ids)).toEqual(ids);
});

const WIRE: readonly (readonly [what: string, change: (profile: Profile) => Profile, ids: readonly string[]])[] = [
  ['timers without a grid', (p) => broken(p, { fastTimer: 0 }), ['c1a', 'c2', 'fast-timer']],
  ['acknowledgments of every second segment', (p) => broken(p, { acks: netxAcks(2) }), ['b1', 'b1w', 'c1b']],
  ['NewReno', (p) => broken(p, { recovery: modernProfile.tcp.recovery }), ['c1b']],
  ['other options', (p) => broken(p, { options: modernProfile.tcp.options }), ['b1', 'c2all', 'mqtt_d1']],
  ['data that waits for room', (p) => broken(p, { sending: modernProfile.tcp.sending }), ['b1w']],
  ['resets with ACK', (p) => broken(p, { resetWithAck: true }), ['b3']],
  ['a shorter TIMED_WAIT', (p) => broken(p, { timeWait: 60 * SECOND }), ['tw2', 'ticks']],
  ['another TTL', (p) => ({ ...p, ip: { ...p.ip, defaultTimeToLive: 64 } }), ['a1', 'b1', 'c4']],
  [
    'other identifications',
    (p) => ({ ...p, ip: { ...p.ip, identification: modernProfile.ip.identification } }),
    ['b1'],
  ],
  ['impatient ARP', (p) => ({ ...p, ip: { ...p.ip, arp: modernProfile.ip.arp } }), ['a2', 'arp-retries', 'arp-expiry']],
];

test.each(WIRE)('netx with %s is not the real stack on the wire', async (_, change, ids) => {
  const suite = SUITES.find(({ name }) => name === 'netx-wire') as Suite;
  const { requirements } = await runSuite(suite, { only: ids, profiles: { netx: change(netxProfile) } });
  const noticed = requirements.filter(({ outcome, reason }) => outcome === 'fail' && !reason?.includes('itself broke'));
  expect(noticed.map(({ requirement }) => requirement.id).sort()).toEqual([...ids].sort());
});

function asInSuite(a: string, b: string): number {
  const order = rfc9293.requirements.map(({ id }) => id);
  return order.indexOf(a) - order.indexOf(b);
}

const pass: Scenario = { name: 'passes', covers: ['A'], check() {} };
const suite: Suite = {
  name: 'tiny',
  title: 'a suite for this test',
  profiles: ['netx', 'modern'],
  requirements: [
    { id: 'A', level: 'MUST', clause: '1', text: 'something' },
    { id: 'B', level: 'MUST', clause: '2', text: 'something else' },
  ],
  scenarios: [pass],
};

test('a suite with a requirement that nothing tests, or a scenario of nothing, says so', () => {
  expect(suiteFaults(suite)).toEqual(['requirement B has no scenario']);
  expect(suiteFaults({ ...suite, scenarios: [pass, { ...pass, covers: ['C'] }] })).toEqual([
    'scenario "passes" is there twice',
    'scenario "passes" covers C, which is no requirement of tiny',
    'requirement B has no scenario',
  ]);
});

test('a failure says what was expected and what was, with the frames and a capture; a broken scenario fails', async () => {
  const fails: Scenario = {
    name: 'fails',
    covers: ['A'],
    check(t) {
      const c = t.peer().passive();
      c.send(5);
      c.expect('P.', { len: 6 });
    },
  };
  const result = await runScenario(fails, modernProfile);
  expect(result).toMatchObject({
    outcome: 'fail',
    fault: { message: 'len is 5, not 6', expected: 'P. len 6', actual: 'P. seq 1 ack 1 win 65535 len 5' },
  });
  expect(result.fault?.frames.length).toBeGreaterThan(3);
  expect(result.capture?.length).toBeGreaterThan(300);
  const breaks: Scenario = { ...fails, check: () => Promise.reject(new TypeError('oh')) };
  expect(await runScenario(breaks, modernProfile)).toMatchObject({
    outcome: 'fail',
    fault: { message: 'the scenario itself broke: TypeError: oh' },
  });
});

test('a scenario that loses packets fails', async () => {
  const leaks: Scenario = {
    name: 'leaks',
    covers: ['A'],
    check(t) {
      t.peer().host.pool.allocate(0);
    },
  };
  expect((await runScenario(leaks, netxProfile)).fault?.message).toBe('host has lost packets');
});

test('a deviation must deviate, and in the way that it says', async () => {
  const deviation = { reason: 'because', check() {} };
  const conforms: Scenario = { ...pass, deviations: { netx: deviation } };
  expect((await runScenario(conforms, netxProfile)).outcome).toBe('fail');
  const deviates: Scenario = { ...conforms, check: (t) => t.fail('no') };
  expect(await runScenario(deviates, netxProfile)).toMatchObject({ outcome: 'deviates', reason: 'because' });
  expect((await runScenario(deviates, modernProfile)).outcome).toBe('fail');
});
