import { describe, expect, test } from '@jest/globals';
import { type IpAddress, NX_UDP_PACKET } from '@strata/contracts';
import { type DnsAnswer, DnsResolver } from '@strata/dns';
import { dnsPacketCodec } from '@strata/dns/node';
import { Lab } from '@strata/stack';
import { leakGuard } from '@strata/testkit';
import { SeededRandom } from '@strata/time';
import { formatAddress, parseAddress } from '@strata/wire';
import fc from '../../../test/support/laws.ts';
import { type Asked, NameServer, type Reply } from './support/name-server.ts';

const TRUE = '192.0.2.7';
const FORGED = '198.51.100.66';

function site(answer: (asked: Asked) => readonly Reply[] | null) {
  const lab = new Lab({ seed: 5 });
  const [host, serverHost] = [lab.host('host', { audit: true }), lab.host('server', { audit: true })];
  const bridge = lab.bridge({ faults: { delayMicroseconds: 1000 } });
  host.attach(bridge.a, { address: '192.0.2.1/24' });
  serverHost.attach(bridge.b, { address: '192.0.2.53/24' });
  const server = new NameServer(serverHost, answer);
  const resolver = new DnsResolver({
    udp: host.udp,
    pool: host.pool,
    time: host.time,
    random: host.random.fork('dns'),
    codec: dnsPacketCodec,
    servers: [parseAddress('192.0.2.53') as IpAddress],
    connector: (address, port) => host.connector(address, port),
  });
  const ask = (name: string) =>
    lab.run(
      () =>
        new Promise<DnsAnswer>((resolve) =>
          resolver.resolve(name, 'A', (found) => {
            host.time.touch();
            resolve(found);
          }),
        ),
    );
  const end = async () => {
    resolver.close();
    server.close();
    await lab.runFor(120);
    await lab.close();
    leakGuard(lab);
  };
  return { lab, serverHost, server, resolver, ask, end };
}

function address(name: string, data: string): NonNullable<Reply['answers']> {
  return [{ type: 'A', name, data, ttl: 60 }];
}

function addressesOf(answer: DnsAnswer): string[] {
  return answer.records.flatMap((record) => (record.type === 'A' ? [formatAddress(record.address)] : []));
}

describe('forged answers (RFC 5452 9.1)', () => {
  const forgeries: Record<string, (asked: Asked) => Reply> = {
    'another id': ({ id }) => ({ id: id ^ 1, answers: address('x.example', FORGED) }),
    'another question': () => ({
      question: { name: 'y.example', type: 'A' },
      answers: address('x.example', FORGED),
    }),
    'another type of question': () => ({
      question: { name: 'x.example', type: 'AAAA' },
      answers: address('x.example', FORGED),
    }),
    'a query instead of a response': () => ({
      answers: address('x.example', FORGED),
      change: (bytes) => bytes.map((octet, i) => (i === 2 ? octet & 0x7f : octet)),
    }),
    'another kind of operation': () => ({ flags: 0x2800, answers: address('x.example', FORGED) }),
    'no question at all': () => ({
      answers: address('x.example', FORGED),
      change: (bytes) => bytes.map((octet, i) => (i === 5 ? 0 : octet)),
    }),
    'eleven octets': () => ({ change: (bytes) => bytes.slice(0, 11) }),
    'a name that points to itself': () => ({
      answers: address('x.example', FORGED),
      change: (bytes) => {
        const changed = bytes.slice();
        changed.set([0xc0, 0x0c], 12);
        return changed;
      },
    }),
  };

  test.each(Object.entries(forgeries))(
    '%s is counted, ignored, and the true answer taken after it',
    async (_, forge) => {
      const made = site((asked) => [forge(asked), { answers: address('x.example', TRUE) }]);
      expect(addressesOf(await made.ask('x.example'))).toEqual([TRUE]);
      expect(made.resolver.counters.ignored).toBe(1);
      await made.end();
    },
  );

  test('an answer from another port of the server is not taken', async () => {
    const made = site((asked) => {
      const stranger = made.serverHost.udp.createSocket();
      stranger.bind(5353);
      const packet = made.serverHost.pool.allocate(NX_UDP_PACKET);
      const bytes = dnsPacketCodec.encode({ id: asked.id, name: 'x.example', type: 'A', udpSize: 0 });
      packet?.appendBytes(bytes, 0, bytes.length);
      if (packet) stranger.send(packet, parseAddress('192.0.2.1') as IpAddress, asked.port);
      stranger.unbind();
      return [{ answers: address('x.example', TRUE) }];
    });
    expect(addressesOf(await made.ask('x.example'))).toEqual([TRUE]);
    await made.end();
  });
});

describe('malformed messages', () => {
  test('any octets decode to a message or to nothing', () => {
    const header = fc.uint8Array({ minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 300 }), fc.nat(3), (head, body, counts) => {
        const bytes = Uint8Array.from([...head, ...body]);
        // Small counts, so that records are reached.
        bytes.set([0, 1, 0, counts, 0, counts, 0, 0], 4);
        const message = dnsPacketCodec.decode(bytes);
        expect(message === null || message.answers.length <= 3).toBe(true);
      }),
      { numRuns: 25_000 },
    );
  });

  test('600 mutated answers neither hurt nor leak nor are believed for other names', async () => {
    const random = new SeededRandom(11);
    let sent = 0;
    const mutate = (bytes: Uint8Array): Uint8Array => {
      const changed = bytes.slice(0, random.below(5) === 0 ? random.below(bytes.length + 1) : bytes.length);
      for (let i = 1 + random.below(4); i > 0 && changed.length > 2; i--) {
        changed[2 + random.below(changed.length - 2)] = random.below(256);
      }
      return changed;
    };
    const made = site(({ name, byTcp }) => {
      sent++;
      const change = byTcp && random.below(2) === 0 ? undefined : mutate;
      const answers = [
        { type: 'CNAME' as const, name, data: `alias.${name}`, ttl: 60 },
        { type: 'A' as const, name: `alias.${name}`, data: TRUE, ttl: 60 },
        { type: 'TXT' as const, name, data: 'text', ttl: 60 },
      ];
      return [change === undefined ? { answers } : { answers, change }];
    });
    for (let i = 0; sent < 600; i++) await made.ask(`n${i % 50}.example`);
    expect(made.resolver.cache.find('bank.example', 'A')).toBeNull();
    expect(made.resolver.cache.size).toBeLessThanOrEqual(made.resolver.policy.cacheEntries);
    await made.end();
  });
});
