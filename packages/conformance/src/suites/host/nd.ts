import { NX_SUCCESS, SECOND } from '@strata/contracts';
import { formatAddress } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { HostBench, onBench } from './bench.ts';
import {
  ADVERTISEMENT,
  ALL_NODES,
  advertise,
  advertiseRouter,
  icmpOf,
  introduce,
  OVERRIDE,
  post,
  prefixOption,
  REDIRECT,
  ROUTER_SOLICITATION,
  SOLICITATION,
  SOLICITED,
  solicit,
  solicitedNode,
  sourceLink,
  types,
  UNSPECIFIED,
} from './nd-frames.ts';
import { HOST_6, icmp6, OTHER_MAC, octets, PEER_6, PEER_LINK_LOCAL, PEER_MAC, word16 } from './raw.ts';

const SIX = { ipv6: ['2001:db8::1/64'] };

function onSix(body: (bench: HostBench, t: Trial) => void): (t: Trial) => void {
  return onBench(SIX, body);
}

/** Ways in which a solicitation for us can be wrong. */
const BAD_SOLICITATIONS: readonly (readonly [string, (bench: HostBench) => void])[] = [
  ['a hop limit of 254', (b) => solicit(b, HOST_6, { hopLimit: 254 })],
  ['code 1', (b) => solicit(b, HOST_6, { code: 1 })],
  ['a bad checksum', (b) => solicit(b, HOST_6, { checksum: 1 })],
  ['a group as target', (b) => solicit(b, 'ff02::1', { destination: HOST_6 })],
  ['an option of length 0', (b) => solicit(b, HOST_6, {}, [1, 0, 0, 0, 0, 0, 0, 0])],
  ['an option beyond the end', (b) => solicit(b, HOST_6, {}, [1, 2, ...PEER_MAC])],
  ['no source and a link address', (b) => solicit(b, HOST_6, { source: UNSPECIFIED })],
  ['no source and no group', (b) => solicit(b, HOST_6, { source: UNSPECIFIED, destination: HOST_6 }, [])],
  ['23 octets', (b) => post(b, SOLICITATION, [0, 0, 0, 0, ...octets(HOST_6).slice(0, 15)])],
];

/** The address of the first interface that begins so; null for none. */
function addressIn(bench: HostBench, prefix: string): string | null {
  const own = bench.host.ip.interfaces[0]?.ipv6.addresses ?? [];
  return own.map(({ address }) => formatAddress(address)).find((text) => text.startsWith(prefix)) ?? null;
}

function linkLocal(bench: HostBench): string {
  return addressIn(bench, 'fe80:') ?? '';
}

/** A host without addresses in IPv6, its solicitations not yet begun. */
function fresh(t: Trial): HostBench {
  return new HostBench(t, {});
}

function enable(bench: HostBench): void {
  const [eth0] = bench.host.ip.interfaces;
  if (eth0 !== undefined) bench.host.ip.ipv6.enable(eth0);
}

/** Neighbor Discovery and autoconfiguration (items 28 to 33). */
export const ndScenarios: readonly Scenario[] = [
  {
    name: 'a solicitation for our address is answered, solicited and with our link address',
    covers: ['ND-28'],
    check: onSix((bench, t) => {
      solicit(bench, HOST_6);
      const answer = icmpOf(bench.one('an advertisement'));
      t.equal([answer?.type, answer?.code, answer?.to], [ADVERTISEMENT, 0, PEER_6], 'type, code, destination');
      t.equal((answer?.body[0] ?? 0) & SOLICITED, SOLICITED, 'the solicited flag');
      t.equal(answer?.body.slice(4, 28), [...octets(HOST_6), 2, 1, 2, 0, 0, 0, 0, 1], 'target and link address');
      solicit(bench, '2001:db8::77', { destination: ALL_NODES });
      bench.silence('the solicitation was for another');
    }),
  },
  {
    name: 'solicitations with a wrong hop limit, code, checksum, target, option, source or length are dropped',
    covers: ['ND-28'],
    check: onSix((bench) => {
      for (const [what, send] of BAD_SOLICITATIONS) {
        send(bench);
        bench.silence(`the solicitation has ${what}`);
      }
    }),
  },
  {
    name: 'advertisements, router advertisements and redirects that are malformed change nothing',
    covers: ['ND-28'],
    check: onSix((bench, t) => {
      const { nd, ipv6 } = bench.host.ip;
      for (const message of [{ hopLimit: 64 }, { code: 1 }, { checksum: 1 }, { source: PEER_6 }]) {
        advertiseRouter(bench, prefixOption({ prefix: '2001:db8:9::' }), message);
      }
      advertiseRouter(bench, [3, 0, 64, 0xc0]);
      t.equal([addressIn(bench, '2001:db8:9'), ipv6.routes.routers.length], [null, 0], 'address and routers');
      advertise(bench, PEER_6, SOLICITED, { destination: ALL_NODES });
      post(bench, REDIRECT, [0, 0, 0, 0, ...octets(PEER_LINK_LOCAL), ...octets('2001:db8:5::1')], { source: PEER_6 });
      t.equal(nd.cache.find(0, 0x20010db8, 0, 0, 2), null, 'the entry of a neighbor that nobody asked about');
      bench.take();
    }),
  },
  {
    name: 'Neighbor Discovery in fragments is dropped (RFC 6980)',
    covers: ['ND-28'],
    check: onSix((bench) => {
      const destination = solicitedNode(HOST_6);
      const message = icmp6(SOLICITATION, 0, [0, 0, 0, 0, ...octets(HOST_6), ...sourceLink()], PEER_6, destination);
      const group = [0x33, 0x33, ...octets(destination).slice(12)];
      const fields = { source: PEER_6, destination, hopLimit: 255 };
      bench.ip6(44, [58, 0, 0, 0, 0, 0, 0, 9, ...message], fields, group);
      bench.ip6(44, [58, 0, 0, 1, 0, 0, 0, 8, ...message.slice(0, 16)], fields, group);
      bench.ip6(44, [58, 0, ...word16(16), 0, 0, 0, 8, ...message.slice(16)], fields, group);
      bench.silence('it came in fragments');
    }),
  },
  {
    name: 'before an address is used it is solicited from nowhere, as often as the profile says, and then reported free',
    covers: ['ND-29'],
    check(t) {
      const bench = fresh(t);
      enable(bench);
      bench.advance(10 * SECOND);
      const probes = bench
        .take()
        .flatMap((seen) => icmpOf(seen) ?? [])
        .filter(({ type, from }) => type === SOLICITATION && from === UNSPECIFIED);
      t.equal(probes.length, t.profile.ip.ipv6.dadTransmits, 'solicitations');
      const own = linkLocal(bench);
      for (const probe of probes) {
        t.equal([probe.to, probe.body.slice(4, 20)], [solicitedNode(own), octets(own)], 'destination and target');
        t.equal(probe.body.length, 20, 'octets: no option may be there');
      }
      bench.end();
    },
  },
  {
    name: 'an advertisement of the address, or somebody else’s solicitation for it, refuses it',
    covers: ['ND-29'],
    check(t) {
      for (const conflict of ['advertisement', 'solicitation']) {
        const bench = fresh(t);
        enable(bench);
        const tentative = linkLocal(bench);
        bench.advance(t.is('netx') ? SECOND / 2 : 0);
        if (conflict === 'advertisement') advertise(bench, tentative, OVERRIDE, { destination: ALL_NODES });
        else solicit(bench, tentative, { source: UNSPECIFIED }, []);
        bench.advance(10 * SECOND);
        bench.take();
        solicit(bench, tentative, { source: PEER_LINK_LOCAL });
        t.equal(
          types(bench).filter((type) => type === ADVERTISEMENT),
          [],
          'answers for the refused address',
        );
        bench.end();
      }
    },
  },
  {
    name: 'an unknown neighbor is solicited three times, a second apart, then what waits is given back',
    covers: ['ND-30'],
    check: onSix((bench, t) => {
      const socket = bench.socket(5000);
      const start = bench.now;
      for (let i = 0; i < 9; i++) t.equal(bench.send(socket, '2001:db8::99', 9, [i]), NX_SUCCESS, 'the status');
      bench.advance(20 * SECOND);
      const asked = bench.take().filter((seen) => icmpOf(seen)?.type === SOLICITATION);
      t.equal(asked.length, 3, 'solicitations');
      t.between((asked[2]?.time ?? 0) - start, 1.8 * SECOND, 3 * SECOND, 'time of the third');
      t.equal(bench.host.pool.available, bench.host.pool.total, 'packets free');
    }),
  },
  {
    name: 'a neighbor that answers gets what waited; a stale one is used, and probed after five seconds',
    covers: ['ND-30'],
    check: onSix((bench, t) => {
      const socket = bench.socket(5000);
      bench.send(socket, PEER_6, 9, [1]);
      bench.take();
      advertise(bench, PEER_6, SOLICITED | OVERRIDE);
      t.equal(bench.one('the datagram').to, PEER_MAC, 'where it goes');
      bench.advance(60 * SECOND);
      bench.take();
      bench.send(socket, PEER_6, 9, [2]);
      t.equal(
        bench.take().map(({ to }) => to),
        [PEER_MAC],
        'frames at once',
      );
      bench.advance(7 * SECOND);
      const probes = bench.take().flatMap((seen) => icmpOf(seen) ?? []);
      t.ok(
        probes.some(({ type, to }) => type === SOLICITATION && to === PEER_6),
        'it is probed at its own address',
      );
      bench.advance(30 * SECOND);
      bench.take();
      bench.send(socket, PEER_6, 9, [3]);
      const again = bench.take().flatMap((seen) => icmpOf(seen) ?? []);
      t.ok(
        again.some(({ to }) => to === solicitedNode(PEER_6)),
        'after silence it is resolved anew',
      );
      bench.advance(10 * SECOND);
      bench.take();
    }),
  },
  {
    name: 'routers are solicited three times, four seconds apart, and no more after an advertisement',
    covers: ['ND-31'],
    check(t) {
      for (const answered of [false, true]) {
        const bench = fresh(t);
        enable(bench);
        const times: number[] = [];
        for (let i = 0; i < 60; i++) {
          bench.advance(SECOND / 2);
          for (const seen of bench.take()) if (icmpOf(seen)?.type === ROUTER_SOLICITATION) times.push(seen.time);
          if (answered && times.length === 1) advertiseRouter(bench, []);
        }
        t.equal(times.length, answered ? 1 : 3, 'solicitations');
        for (let i = 1; i < times.length; i++) {
          t.between((times[i] as number) - (times[i - 1] as number), 3.9 * SECOND, 4.1 * SECOND, 'time between them');
        }
        bench.end();
      }
    },
  },
  {
    name: 'a prefix becomes an address by its flags; link-local ones, wrong lengths and odd lifetimes are ignored',
    covers: ['ND-31'],
    check: onSix((bench, t) => {
      for (const [prefix, fields] of [
        ['2001:db8:a::', { flags: 0x80 }],
        ['2001:db8:b::', { length: 48 }],
        ['2001:db8:c::', { preferred: 90_000 }],
        ['2001:db8:d::', { valid: 0, preferred: 0 }],
        ['fe80:0:0:9::', {}],
      ] as const) {
        advertiseRouter(bench, prefixOption({ prefix, ...fields }));
      }
      bench.advance(10 * SECOND);
      for (const each of ['a', 'b', 'c', 'd']) {
        t.equal(addressIn(bench, `2001:db8:${each}:`), null, `an address of prefix ${each}`);
      }
      advertiseRouter(bench, prefixOption({ prefix: '2001:db8:e::' }));
      bench.advance(10 * SECOND);
      t.ok(addressIn(bench, '2001:db8:e:') !== null, 'an address of a good prefix');
      bench.take();
    }),
  },
  {
    name: 'an unauthenticated advertisement cannot shorten a life of more than two hours below that; lives end',
    covers: ['ND-31'],
    check: onSix((bench, t) => {
      advertiseRouter(bench, prefixOption({ prefix: '2001:db8:e::', valid: 86_400 }));
      bench.advance(10 * SECOND);
      advertiseRouter(bench, prefixOption({ prefix: '2001:db8:e::', valid: 60, preferred: 30 }));
      bench.advance(7000 * SECOND);
      bench.take();
      t.ok(addressIn(bench, '2001:db8:e:') !== null, 'the address is there after 7000 s');
      bench.advance(300 * SECOND);
      bench.take();
      t.equal(addressIn(bench, '2001:db8:e:'), null, 'the address after two hours');
    }),
  },
  {
    name: 'floods of routers, prefixes, neighbors and redirects fill no table beyond its bound',
    covers: ['ND-32'],
    check: onSix((bench, t) => {
      const { ipv6, nd } = bench.host.ip;
      const policy = t.profile.ip.ipv6;
      for (let i = 0; i < 400; i++) {
        const low = (i + 0x100).toString(16);
        advertiseRouter(bench, prefixOption({ prefix: `2001:db8:${low}::` }), { source: `fe80::${low}` });
        solicit(bench, HOST_6, { source: `2001:db8::${low}` }, sourceLink(OTHER_MAC));
        bench.take();
      }
      bench.advance(10 * SECOND);
      bench.take();
      t.ok(ipv6.routes.routers.length <= policy.routers, 'routers are bounded');
      t.ok(ipv6.routes.prefixes.length <= policy.prefixes, 'prefixes are bounded');
      t.ok((bench.host.ip.interfaces[0]?.ipv6.addresses.length ?? 0) <= policy.addresses, 'addresses are bounded');
      t.ok(nd.cache.all.length <= policy.cacheSize, 'neighbors are bounded');
      t.equal(bench.host.pool.available, bench.host.pool.total, 'packets free');
      introduce(bench);
      solicit(bench, HOST_6);
      t.equal(types(bench), [ADVERTISEMENT], 'the answer to an honest neighbor');
    }),
  },
  {
    name: 'the source address has the destination’s scope',
    covers: ['ND-33'],
    check: onSix((bench, t) => {
      const socket = bench.socket(5000);
      introduce(bench, PEER_6);
      introduce(bench, PEER_LINK_LOCAL);
      bench.send(socket, PEER_6, 9, [1]);
      t.equal(formatAddress(bench.one('a datagram').source), HOST_6, 'the source towards a global address');
      bench.send(socket, PEER_LINK_LOCAL, 9, [1]);
      t.equal(formatAddress(bench.one('a datagram').source), linkLocal(bench), 'the source towards a link-local one');
    }),
  },
  {
    name: 'a deprecated address is not chosen while another is preferred',
    covers: ['ND-33'],
    check: onBench({ ipv6: [] }, (bench, t) => {
      enable(bench);
      bench.advance(5 * SECOND);
      advertiseRouter(bench, [
        ...sourceLink(),
        ...prefixOption({ prefix: '2001:db8:1::', preferred: 20 }),
        ...prefixOption({ prefix: '2001:db8:2::', preferred: 3600 }),
      ]);
      bench.advance(60 * SECOND);
      const remote = { family: 6, w0: 0x20010db8, w1: 0x00010000, w2: 0, w3: 9 } as const;
      const flow = bench.host.ip.openFlow(remote, 17, null);
      t.equal(flow === null ? null : formatAddress(flow.local).slice(0, 11), '2001:db8:2:', 'the source');
      bench.take();
    }),
  },
];
