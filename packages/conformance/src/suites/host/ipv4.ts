import {
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_HEADER_LENGTH,
  DROP_IPV4_NOT_FOR_US,
  DROP_IPV4_OWN_SOURCE,
  DROP_IPV4_SHORT,
  DROP_IPV4_SOURCE_ADDRESS,
  DROP_IPV4_SOURCE_ROUTE,
  DROP_IPV4_TOTAL_LENGTH,
  DROP_IPV4_TRUNCATED,
  DROP_IPV4_VERSION,
  NX_IP_ADDRESS_ERROR,
  SECOND,
} from '@strata/contracts';
import { ipv4Mask } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import { HostBench, onBench } from './bench.ts';
import { cut, pieces, replied, request } from './ipv4-fragments.ts';
import { address, EVERYBODY, type Ip4Fields, ip4, text, udp } from './raw.ts';

const IPV4 = 0x0800;

/** Header faults by name. */
const FAULTS: readonly (readonly [string, Ip4Fields, number])[] = [
  ['version 5', { version: 5 }, DROP_IPV4_VERSION],
  ['version 6', { version: 6 }, DROP_IPV4_VERSION],
  ['a header of 4 words', { headerWords: 4 }, DROP_IPV4_HEADER_LENGTH],
  ['a header of 0 words', { headerWords: 0 }, DROP_IPV4_HEADER_LENGTH],
  ['a bad checksum', { checksum: 0x1234 }, DROP_IPV4_CHECKSUM],
  ['a total length of 0', { total: 0 }, DROP_IPV4_TOTAL_LENGTH],
  ['a total length of 19', { total: 19 }, DROP_IPV4_TOTAL_LENGTH],
  ['a total length beyond the frame', { total: 500 }, DROP_IPV4_TRUNCATED],
];

/** Sources that no host can have. */
const MARTIANS: readonly (readonly [string, number])[] = [
  ['127.0.0.1', DROP_IPV4_SOURCE_ADDRESS],
  ['224.0.0.5', DROP_IPV4_SOURCE_ADDRESS],
  ['255.255.255.255', DROP_IPV4_SOURCE_ADDRESS],
  ['240.0.0.1', DROP_IPV4_SOURCE_ADDRESS],
  ['0.0.0.0', DROP_IPV4_SOURCE_ADDRESS],
  ['192.0.2.255', DROP_IPV4_SOURCE_ADDRESS],
  ['192.0.2.1', DROP_IPV4_OWN_SOURCE],
];

/** What arrives: headers, addresses, hop counts, options (items 11 to 15). */
export const ipv4Scenarios: readonly Scenario[] = [
  {
    name: 'headers with wrong versions, lengths and checksums are dropped',
    covers: ['IPv4-11'],
    check: onBench({}, (bench, t) => {
      for (const [what, fields, reason] of FAULTS) {
        const before = bench.drops(reason);
        bench.echo(text('x'), fields);
        t.equal(bench.drops(reason) - before, 1, `drops for ${what}`);
      }
      bench.silence('every header was broken');
    }),
  },
  {
    name: 'a packet cut off at any octet is dropped',
    covers: ['IPv4-11'],
    check: onBench({}, (bench, t) => {
      const whole = ip4(1, request(20));
      for (let length = 0; length < whole.length; length++) bench.frame(IPV4, whole.slice(0, length));
      const shorts = bench.drops(DROP_IPV4_SHORT) + bench.drops(DROP_IPV4_TRUNCATED);
      t.equal(shorts, whole.length, 'drops');
      bench.silence('nothing was whole');
    }),
  },
  {
    name: 'octets behind the total length are padding',
    covers: ['IPv4-11'],
    check: onBench({}, (bench, t) => {
      bench.frame(IPV4, [...ip4(1, request(4)), 1, 2, 3, 4, 5, 6]);
      t.equal(bench.one('an echo reply').payload.length, 12, 'octets of the reply');
    }),
  },
  {
    name: 'datagrams of 576 and 1500 octets are accepted, and one of 65,535 in fragments',
    covers: ['IPv4-12'],
    check: onBench({}, (bench, t) => {
      for (const total of [576, 1500]) {
        bench.ip(1, request(total - 28));
        t.equal(replied(bench), total - 28, `octets answered of a datagram of ${total}`);
      }
      const whole = request(65_507);
      pieces(bench, whole, cut(whole.length, 1480));
      t.equal(replied(bench), 65_507, 'octets answered of the largest');
    }),
  },
  {
    name: 'only what is sent to an address of the interface, a broadcast or a joined group is taken',
    covers: ['IPv4-12'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      const to = (destination: string, mac?: readonly number[]) =>
        bench.ip(17, udp(text(destination), { destination }), { destination }, mac ?? undefined);
      to('192.0.2.1');
      to('192.0.2.255', EVERYBODY);
      to('255.255.255.255', EVERYBODY);
      to('192.0.2.9');
      to('198.51.100.1');
      to('239.1.1.1', [1, 0, 0x5e, 1, 1, 1]);
      socket.joinGroup(address('239.1.1.1'));
      to('239.1.1.1', [1, 0, 0x5e, 1, 1, 1]);
      t.equal(
        bench.received(socket),
        ['192.0.2.1', '192.0.2.255', '255.255.255.255', '239.1.1.1'],
        'destinations received',
      );
      t.equal(bench.drops(DROP_IPV4_NOT_FOR_US), 2, 'drops');
      bench.take();
    }),
  },
  {
    name: 'an address of one interface is not reached by another (the host is strong)',
    covers: ['IPv4-12'],
    check: onBench({}, (bench, t) => {
      const { host, lab } = bench;
      host.attach(lab.bridge().a, { address: '203.0.113.1/24' });
      bench.echo(text('x'), { destination: '203.0.113.1' });
      bench.silence('the address belongs to another interface');
      t.equal(bench.drops(DROP_IPV4_NOT_FOR_US), 1, 'drops');
    }),
  },
  {
    name: 'sources that no host can have are dropped',
    covers: ['IPv4-13'],
    check: onBench({}, (bench, t) => {
      for (const [source, reason] of MARTIANS) {
        const before = bench.drops(reason);
        bench.echo(text('x'), { source });
        t.equal(bench.drops(reason) - before, 1, `drops for ${source}`);
      }
      bench.silence('nobody has such a source');
    }),
  },
  {
    name: 'no socket and no interface takes an address that no host can have',
    covers: ['IPv4-13'],
    check: onBench({}, (bench, t) => {
      const [eth0] = bench.host.ip.interfaces;
      if (eth0 === undefined) return t.fail('there is no interface');
      const { ip } = bench.host;
      for (const wrong of ['127.0.0.5', '224.0.0.1', '255.255.255.255', '240.0.0.1', '0.1.2.3', '192.0.2.255']) {
        t.equal(ip.setAddress(eth0, address(wrong).w3, ipv4Mask(24)), NX_IP_ADDRESS_ERROR, `the status for ${wrong}`);
      }
      const socket = bench.host.udp.createSocket();
      t.equal(socket.bind(6000, address('198.51.100.1')), NX_IP_ADDRESS_ERROR, 'a bind to a foreign address');
    }),
  },
  {
    name: 'time to live 0 and 1 reach us, and ours is the profile’s unless a socket chooses',
    covers: ['IPv4-14'],
    check: onBench({}, (bench, t) => {
      for (const ttl of [0, 1]) {
        bench.echo(text('x'), { ttl });
        t.equal(bench.one(`an answer to time to live ${ttl}`).ttl, t.profile.ip.defaultTimeToLive, 'its own');
      }
      const socket = bench.socket(5000);
      socket.timeToLive = 5;
      socket.typeOfService = 0xb8;
      bench.send(socket, '192.0.2.2', 9, [1]);
      const sent = bench.one('a datagram');
      t.equal([sent.ttl, sent.tos], [5, 0xb8], 'time to live and type of service');
    }),
  },
  {
    name: 'the default time to live is 64',
    covers: ['IPv4-14'],
    check(t) {
      t.equal(t.profile.ip.defaultTimeToLive, 64, 'the default');
    },
    deviations: {
      netx: {
        reason: 'NX_IP_TIME_TO_LIVE is 128',
        check(t) {
          t.equal(t.profile.ip.defaultTimeToLive, 128, 'the default');
        },
      },
    },
  },
  {
    name: 'every unknown option of every length is skipped, and none leads astray',
    covers: ['IPv4-15'],
    check: onBench({}, (bench, t) => {
      let answered = 0;
      let wrong = 0;
      for (let type = 2; type < 256; type++) {
        if ([7, 68, 131, 137].includes(type)) continue;
        bench.introduce();
        for (const length of [1, 2, 40, 41]) {
          bench.echo(text('x'), {
            options: [type, length, ...new Array(Math.max(0, Math.min(length, 40) - 2)).fill(0)],
          });
          const good = length >= 2 && length <= 40;
          const seen = bench.take().filter(({ payload }) => payload[0] === 0);
          if (good) answered += seen.length;
          else wrong += seen.length;
          bench.advance(SECOND / 10);
          bench.take();
        }
      }
      t.equal([answered, wrong], [250 * 2, 0], 'answers with good and with broken options');
    }),
  },
  {
    name: 'a broken option draws a parameter problem that points at it',
    covers: ['IPv4-15'],
    check: onBench({}, (bench, t) => {
      for (const [options, pointer] of [
        [[1, 30, 0], 22],
        [[30, 1, 0, 0], 21],
        [[30, 41, 0, 0], 21],
        [[7, 7, 3, 0, 0, 0, 0], 22],
        [[68, 8, 4, 0, 0, 0, 0, 0], 22],
      ] as const) {
        bench.echo(text('x'), { options });
        const error = HostBench.error(bench.one('a parameter problem'));
        t.equal([error.type, error.code, error.rest[0]], [12, 0, pointer], `type, code, pointer for ${options}`);
      }
    }),
  },
  {
    name: 'source routes are refused, record route and timestamp are not acted on by a host',
    covers: ['IPv4-15'],
    check: onBench({}, (bench, t) => {
      for (const type of [131, 137]) bench.echo(text('x'), { options: [type, 7, 4, 192, 0, 2, 9] });
      t.equal(bench.drops(DROP_IPV4_SOURCE_ROUTE), 2, 'drops');
      bench.silence('it was source routed');
      for (const options of [
        [7, 7, 4, 0, 0, 0, 0],
        [68, 8, 5, 0, 0, 0, 0, 0],
      ]) {
        bench.echo(text('x'), { options });
        t.equal(bench.one('an echo reply').payload[0], 0, 'its type');
      }
    }),
  },
];
