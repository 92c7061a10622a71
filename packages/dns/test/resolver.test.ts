import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type IpAddress,
  NX_DNS_EMPTY_DNS_SERVER_LIST,
  NX_DNS_PARAM_ERROR,
  NX_DNS_QUERY_FAILED,
  NX_DNS_TIMEOUT,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { type DnsAnswer, type DnsRecord, DnsResolver, type DnsType, reverseName, rfcDnsPolicy } from '@strata/dns';
import { dnsPacketCodec } from '@strata/dns/node';
import { Lab, modernProfile } from '@strata/stack';
import { leakGuard } from '@strata/testkit';
import { formatAddress, parseAddress } from '@strata/wire';
import type { Answer as Resource } from 'dns-packet';
import { type Asked, NameServer, type Reply } from './support/name-server.ts';

const CACHE_ENTRIES = 16;
const SERVERS = ['192.0.2.53', '192.0.2.54'];

interface Site {
  readonly lab: Lab;
  readonly resolver: DnsResolver;
  readonly servers: readonly NameServer[];
  readonly servers4: IpAddress[];
  ask(name: string, type?: DnsType): Promise<DnsAnswer>;
  /** Several names at one moment. */
  askAll(...names: string[]): Promise<DnsAnswer[]>;
}

const sites: Site[] = [];

/** A host that asks, and two servers whose answers the test writes. */
function site(...answers: ((asked: Asked) => readonly Reply[] | null)[]): Site {
  const lab = new Lab({ seed: 3, profile: modernProfile });
  const host = lab.host('host', { audit: true });
  const segment = lab.segment(3, { faults: { delayMicroseconds: 1000 } });
  host.attach(segment.ends[0] as never, { address: '192.0.2.1/24' });
  const servers = SERVERS.map((address, i) => {
    const machine = lab.host(`server ${i}`, { audit: true });
    machine.attach(segment.ends[i + 1] as never, { address: `${address}/24` });
    return new NameServer(machine, answers[i] ?? null);
  });
  const servers4 = SERVERS.map((address) => parseAddress(address) as IpAddress);
  const resolver = new DnsResolver({
    udp: host.udp,
    pool: host.pool,
    time: host.time,
    random: host.random.fork('dns'),
    codec: dnsPacketCodec,
    servers: servers4,
    policy: { ...rfcDnsPolicy, cacheEntries: CACHE_ENTRIES },
    connector: (server, port) => host.connector(server, port),
  });
  const answerTo = (name: string, type: DnsType) =>
    new Promise<DnsAnswer>((resolve) =>
      resolver.resolve(name, type, (answer) => {
        host.time.touch();
        resolve(answer);
      }),
    );
  const made: Site = {
    lab,
    resolver,
    servers,
    servers4,
    ask: (name, type = 'A') => lab.run(() => answerTo(name, type)),
    askAll: (...names) => lab.run(() => Promise.all(names.map((name) => answerTo(name, 'A')))),
  };
  sites.push(made);
  return made;
}

afterEach(async () => {
  for (const { lab, resolver, servers } of sites.splice(0)) {
    resolver.close();
    for (const server of servers) server.close();
    await lab.runFor(200);
    await lab.close();
    leakGuard(lab);
  }
});

function a(name: string, data: string, ttl = 60): Resource {
  return { type: 'A', name, data, ttl };
}

function cname(name: string, data: string, ttl = 60): Resource {
  return { type: 'CNAME', name, data, ttl };
}

function addressesOf(records: readonly DnsRecord[]): string[] {
  return records.flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? [formatAddress(record.address)] : [],
  );
}

const answers =
  (...resources: Resource[]) =>
  (): readonly Reply[] => [{ answers: resources }];

describe('asking', () => {
  test('an address: one question with recursion desired, one answer', async () => {
    const made = site(answers(a('broker.example', '192.0.2.7'), a('broker.example', '192.0.2.8')));
    const answer = await made.ask('Broker.Example.');
    expect(answer).toMatchObject({ status: NX_SUCCESS, reason: '', name: 'broker.example', fromCache: false });
    expect(addressesOf(answer.records)).toEqual(['192.0.2.7', '192.0.2.8']);
    expect(made.servers[0]?.asked).toMatchObject([
      { name: 'broker.example', type: 'A', recursionDesired: true, udpSize: 1232 },
    ]);
    expect(made.servers[1]?.asked).toEqual([]);
  });

  test.each([
    [
      'AAAA',
      { type: 'AAAA', name: 'x.example', data: '2001:db8::7', ttl: 1 },
      { address: parseAddress('2001:db8::7') },
    ],
    ['PTR', { type: 'PTR', name: 'x.example', data: 'Host.Example', ttl: 1 }, { target: 'host.example' }],
    [
      'SRV',
      { type: 'SRV', name: 'x.example', data: { priority: 1, weight: 2, port: 1883, target: 'b.example' }, ttl: 1 },
      { priority: 1, weight: 2, port: 1883, target: 'b.example' },
    ],
    [
      'MX',
      { type: 'MX', name: 'x.example', data: { preference: 5, exchange: 'm.example' }, ttl: 1 },
      { preference: 5 },
    ],
    ['TXT', { type: 'TXT', name: 'x.example', data: ['one', 'two'], ttl: 1 }, { texts: ['one', 'two'] }],
    ['NS', { type: 'NS', name: 'x.example', data: 'ns.example', ttl: 1 }, { target: 'ns.example' }],
    ['CNAME', { type: 'CNAME', name: 'x.example', data: 'y.example', ttl: 1 }, { target: 'y.example' }],
  ] as const)('%s records', async (type, resource, expected) => {
    const made = site(answers(resource as unknown as Resource));
    const answer = await made.ask('x.example', type);
    expect(answer.records).toMatchObject([{ name: 'x.example', type, ttl: 1, ...expected }]);
  });

  test('names of addresses (RFC 1035 3.5, RFC 3596 2.5)', () => {
    expect(reverseName(parseAddress('192.0.2.53') as IpAddress)).toBe('53.2.0.192.in-addr.arpa');
    expect(reverseName(parseAddress('2001:db8::1') as IpAddress)).toBe(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  });

  test('an address in text needs no server, and what is no name is refused', async () => {
    const made = site();
    expect(addressesOf((await made.ask('198.51.100.4')).records)).toEqual(['198.51.100.4']);
    expect((await made.ask('198.51.100.4', 'AAAA')).records).toEqual([]);
    for (const name of ['', '.', 'a..b', `${'x'.repeat(64)}.example`, `${'abc.'.repeat(64)}x`, 'two words', 'tab\t']) {
      expect((await made.ask(name)).status).toBe(NX_DNS_PARAM_ERROR);
    }
    expect(made.servers[0]?.asked).toEqual([]);
  });

  test('without servers there is a reason', async () => {
    const made = site();
    made.servers4.length = 0;
    expect(await made.ask('x.example')).toMatchObject({
      status: NX_DNS_EMPTY_DNS_SERVER_LIST,
      reason: 'no DNS server is known',
    });
  });

  test('names that are known beforehand win', async () => {
    const made = site();
    made.resolver.hosts.set('broker', [parseAddress('192.0.2.9') as IpAddress]);
    expect(addressesOf((await made.ask('broker')).records)).toEqual(['192.0.2.9']);
    expect((await made.ask('broker', 'AAAA')).records).toEqual([]);
  });

  test('equal questions at one time are one question (RFC 5452 5)', async () => {
    const made = site(answers(a('x.example', '192.0.2.7')));
    const both = await made.askAll('x.example', 'X.example');
    expect(both.map(({ records }) => addressesOf(records))).toEqual([['192.0.2.7'], ['192.0.2.7']]);
    expect(made.servers[0]?.asked).toHaveLength(1);
  });
});

describe('aliases (RFC 1034 3.6.2)', () => {
  test('are followed within an answer', async () => {
    const made = site(
      answers(a('c.example', '192.0.2.7'), cname('a.example', 'b.example'), cname('b.example', 'C.example')),
    );
    const answer = await made.ask('a.example');
    expect(answer.name).toBe('c.example');
    expect(answer.aliases.map(({ name }) => name)).toEqual(['a.example', 'b.example']);
    expect(addressesOf(answer.records)).toEqual(['192.0.2.7']);
    expect(made.servers[0]?.asked).toHaveLength(1);
  });

  test('and with a question of their own when the answer ends with one', async () => {
    const made = site(({ name }) => [
      { answers: name === 'a.example' ? [cname('a.example', 'b.example')] : [a('b.example', '192.0.2.8')] },
    ]);
    expect(addressesOf((await made.ask('a.example')).records)).toEqual(['192.0.2.8']);
    expect(made.servers[0]?.asked.map(({ name }) => name)).toEqual(['a.example', 'b.example']);
  });

  test('in a circle, or too many, fail', async () => {
    const circle = site(answers(cname('a.example', 'b.example'), cname('b.example', 'a.example')));
    expect(await circle.ask('a.example')).toMatchObject({ status: NX_DNS_QUERY_FAILED, records: [] });
    const endless = site(({ name }) => [{ answers: [cname(name, `x.${name}`)] }]);
    expect((await endless.ask('a.example')).status).toBe(NX_DNS_QUERY_FAILED);
    expect(endless.servers[0]?.asked.length).toBeLessThanOrEqual(rfcDnsPolicy.longestChain + 1);
  });

  test('records of other names are neither used nor kept', async () => {
    const made = site(answers(a('x.example', '192.0.2.7'), a('bank.example', '198.51.100.66')));
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.resolver.cache.find('bank.example', 'A')).toBeNull();
  });
});

describe('servers that do not help', () => {
  test('a silent server is followed by the next, and each is asked three times, with doubling patience', async () => {
    const made = site(
      () => null,
      () => null,
    );
    const began = made.lab.now;
    expect(await made.ask('x.example')).toMatchObject({ status: NX_DNS_TIMEOUT, reason: 'no DNS server answered' });
    expect((made.lab.now - began) / SECOND).toBeCloseTo(2 * (2 + 4 + 8), 1);
    const asked = made.servers.flatMap((server) => server.asked);
    expect(asked).toHaveLength(6);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(6);
    expect(new Set(asked.map(({ port }) => port)).size).toBe(6);
  });

  test.each([
    [2, 'SERVFAIL'],
    [4, 'NOTIMP'],
    [5, 'REFUSED'],
  ])('code %i (%s): the next one is asked at once', async (code) => {
    const made = site(() => [{ code }], answers(a('x.example', '192.0.2.7')));
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.lab.now).toBeLessThan(SECOND);
  });

  test('all refuse: the reason has the code', async () => {
    const made = site(
      () => [{ code: 5 }],
      () => [{ code: 5 }],
    );
    expect(await made.ask('x.example')).toMatchObject({
      status: NX_DNS_QUERY_FAILED,
      reason: 'no DNS server can answer (code 5)',
    });
  });

  test('a server that only names others is passed over; the same answer of one that searches means there is none', async () => {
    const authorities: Resource[] = [{ type: 'NS', name: 'example', data: 'ns.example', ttl: 60 }];
    const made = site(() => [{ authorities }], answers(a('x.example', '192.0.2.7')));
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.lab.now).toBeLessThan(SECOND);
    const searching = site(() => [{ authorities, flags: 0x80 }], answers(a('x.example', '192.0.2.7')));
    expect((await searching.ask('x.example')).records).toEqual([]);
  });

  test('a server that does not know EDNS is asked without it (RFC 6891 7)', async () => {
    const made = site(({ udpSize }) => (udpSize > 0 ? [{ code: 1 }] : [{ answers: [a('x.example', '192.0.2.7')] }]));
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.servers[0]?.asked.map(({ udpSize }) => udpSize)).toEqual([1232, 0]);
  });

  test('a machine where nobody listens on port 53 says so, and the next is asked at once', async () => {
    const made = site(() => null, answers(a('x.example', '192.0.2.7')));
    made.servers[0]?.close();
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.lab.now).toBeLessThan(SECOND);
  });

  test('a name that does not exist', async () => {
    const made = site(() => [{ code: 3 }]);
    expect(await made.ask('no.example')).toMatchObject({
      status: NX_DNS_QUERY_FAILED,
      reason: 'there is no name no.example',
    });
  });

  test('a name without such records is no failure', async () => {
    const made = site(() => [{ answers: [] }]);
    expect(await made.ask('x.example', 'AAAA')).toMatchObject({ status: NX_SUCCESS, records: [] });
  });
});

describe('answers that do not fit (RFC 7766)', () => {
  const many = Array.from({ length: 200 }, (_, i) => a('x.example', `198.51.100.${i}`));

  test('come by TCP from the same server', async () => {
    const made = site(({ byTcp }) => [byTcp ? { answers: many } : { truncated: true, answers: many.slice(0, 3) }]);
    const answer = await made.ask('x.example');
    expect(answer.records).toHaveLength(200);
    expect(made.resolver.counters).toMatchObject({ truncated: 1, tcpQueries: 1 });
  });

  test('cut in the middle of a record: the whole one comes by TCP all the same', async () => {
    const whole = [a('x.example', '192.0.2.7')];
    const made = site(({ byTcp }) =>
      byTcp ? [{ answers: whole }] : [{ truncated: true, answers: whole, change: (bytes) => bytes.slice(0, -3) }],
    );
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
    expect(made.resolver.counters.truncated).toBe(1);
  });

  test('a server without TCP is given up for the next', async () => {
    const made = site(({ byTcp }) => (byTcp ? null : [{ truncated: true }]), answers(a('x.example', '192.0.2.7')));
    expect(addressesOf((await made.ask('x.example')).records)).toEqual(['192.0.2.7']);
  });
});

describe('the cache (RFC 1035 7.4, RFC 2308)', () => {
  test('answers are kept for their time to live and no longer', async () => {
    const made = site(answers(a('x.example', '192.0.2.7', 60)));
    await made.ask('x.example');
    await made.lab.runFor(30);
    const again = await made.ask('x.example');
    expect(again).toMatchObject({ fromCache: true });
    expect(again.records[0]?.ttl).toBe(30);
    await made.lab.runFor(31);
    expect(await made.ask('x.example')).toMatchObject({ fromCache: false });
    expect(made.servers[0]?.asked).toHaveLength(2);
  });

  test('a time to live of 0 is not kept', async () => {
    const made = site(answers(a('x.example', '192.0.2.7', 0)));
    await made.ask('x.example');
    expect(await made.ask('x.example')).toMatchObject({ fromCache: false });
  });

  test('that there is no such name is kept as long as the SOA record says', async () => {
    const soa: Resource = {
      type: 'SOA',
      name: 'example',
      ttl: 100,
      data: { mname: 'ns.example', rname: 'admin.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 40 },
    };
    const made = site(() => [{ code: 3, authorities: [soa] }]);
    await made.ask('no.example');
    await made.lab.runFor(39);
    expect(await made.ask('no.example')).toMatchObject({ fromCache: true, status: NX_DNS_QUERY_FAILED });
    await made.lab.runFor(2);
    expect(await made.ask('no.example')).toMatchObject({ fromCache: false });
  });

  test('aliases are kept too', async () => {
    const made = site(answers(cname('a.example', 'b.example', 600), a('b.example', '192.0.2.7', 10)));
    await made.ask('a.example');
    await made.lab.runFor(20);
    await made.ask('a.example');
    expect(made.servers[0]?.asked.map(({ name }) => name)).toEqual(['a.example', 'b.example']);
  });

  test('is bounded, and the oldest goes first', async () => {
    const made = site(({ name }) => [{ answers: [a(name, '192.0.2.7')] }]);
    for (let i = 0; i < CACHE_ENTRIES + 10; i++) await made.ask(`n${i}.example`);
    expect(made.resolver.cache.size).toBe(CACHE_ENTRIES);
    expect(made.resolver.cache.find('n9.example', 'A')).toBeNull();
    expect(made.resolver.cache.find('n10.example', 'A')).not.toBeNull();
  });
});
