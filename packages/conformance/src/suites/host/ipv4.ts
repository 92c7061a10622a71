import {
  DROP_FRAGMENT_BEYOND,
  DROP_FRAGMENT_EMPTY,
  DROP_FRAGMENT_LENGTH,
  DROP_FRAGMENT_OVERLAP,
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_HEADER_LENGTH,
  DROP_IPV4_LINK_CAST,
  DROP_IPV4_NOT_FOR_US,
  DROP_IPV4_OWN_SOURCE,
  DROP_IPV4_SHORT,
  DROP_IPV4_SOURCE_ADDRESS,
  DROP_IPV4_SOURCE_ROUTE,
  DROP_IPV4_TOTAL_LENGTH,
  DROP_IPV4_TRUNCATED,
  DROP_IPV4_VERSION,
  NX_IP_ADDRESS_ERROR,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ipv4Mask } from '@strata/wire';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { HostBench, onBench } from './bench.ts';
import { address, EVERYBODY, type Ip4Fields, icmp4, ip4, OTHER_MAC, PEER_MAC, text, udp } from './raw.ts';

const IPV4 = 0x0800;
const DEAF = 'NetX counts ICMP errors and ignores them';

/** The bytes of one echo request, whole. */
function request(length: number): number[] {
  return icmp4(
    8,
    0,
    [0, 7, 0, 1],
    Array.from({ length }, (_, i) => (i * 31) & 255),
  );
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly more?: boolean;
}

/** Sends pieces of an echo request as fragments. */
function pieces(bench: HostBench, whole: readonly number[], list: readonly Piece[], fields: Ip4Fields = {}): void {
  for (const { from, to, more } of list) {
    const flags = (more ?? to < whole.length) ? 0x2000 : 0;
    bench.ip(1, whole.slice(from, to), { ...fields, fragment: flags | (from >> 3) });
  }
}

function cut(length: number, size: number): Piece[] {
  const list: Piece[] = [];
  for (let from = 0; from < length; from += size) list.push({ from, to: Math.min(length, from + size) });
  return list;
}

/** Octets of data in the echo replies that the host has sent, fragments put together; null when it sent none. */
function replied(bench: HostBench): number | null {
  let octets = 0;
  for (const { protocol, payload } of bench.take()) if (protocol === 1) octets += payload.length;
  return octets === 0 ? null : octets - 8;
}

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

/** Overlaps by name. */
const OVERLAPS: readonly (readonly [string, readonly Piece[]])[] = [
  [
    'teardrop',
    [
      { from: 0, to: 64 },
      { from: 24, to: 48, more: true },
    ],
  ],
  [
    'a tail that begins early',
    [
      { from: 0, to: 64 },
      { from: 56, to: 108 },
    ],
  ],
  [
    'a longer copy',
    [
      { from: 0, to: 32 },
      { from: 0, to: 40 },
    ],
  ],
  [
    'a piece over two',
    [
      { from: 0, to: 16 },
      { from: 32, to: 48 },
      { from: 8, to: 40 },
    ],
  ],
];

function learnsPathMtu(bench: HostBench, t: Trial): void {
  const { host } = bench;
  host.ip.setGateway(address('192.0.2.2').w3);
  const socket = bench.socket(5000);
  socket.dontFragment = true;
  const far = address('198.51.100.9');
  socket.connect(far, 9);
  bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1));
  const sent = bench.one('a datagram');
  t.equal(sent.fragment, 0x4000, 'flags of the datagram');
  const quote = Array.from(sent.packet.subarray(0, 28));
  const refuse = (mtu: number, about: number[] = quote) => bench.ip(1, icmp4(3, 4, [0, 0, mtu >> 8, mtu & 255], about));
  refuse(67);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after a report of 67');
  const strange = quote.slice();
  strange[21] = 99;
  refuse(1000, strange);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after an error about a port that sends nothing');
  refuse(1000);
  t.equal(host.ip.paths.mtuOf(far), 1000, 'the MTU after the router’s word');
  refuse(1200);
  t.equal(host.ip.paths.mtuOf(far), 1000, 'the MTU after a larger one was told');
  t.ok(bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1)) !== NX_SUCCESS, 'what is too long is refused');
  t.equal(bench.send(socket, '198.51.100.9', 9, new Array(972).fill(1)), NX_SUCCESS, 'what fits is sent');
  t.equal(bench.one('a datagram that fits').packet.length, 1000, 'its length');
  bench.advance(600 * SECOND);
  t.equal(host.ip.paths.mtuOf(far), 0, 'the MTU after ten minutes');
  bench.take();
}

/** IPv4 (items 11 to 20). */
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
  {
    name: 'fragments are put together in any order, by their whole key',
    covers: ['IPv4-16'],
    check: onBench({}, (bench, t) => {
      const whole = request(300);
      const list = cut(whole.length, 64);
      for (const order of [list, [...list].reverse(), [...list.slice(2), ...list.slice(0, 2)]]) {
        pieces(bench, whole, order, { id: order.length + (order[0]?.from ?? 0) });
        t.equal(replied(bench), 300, 'octets answered');
      }
      pieces(bench, whole, list.slice(0, 3), { id: 99 });
      pieces(bench, whole, list.slice(3), { id: 98 });
      pieces(bench, whole, list.slice(3), { id: 99, source: '192.0.2.3' });
      t.equal(replied(bench), null, 'octets answered of pieces that do not belong together');
    }),
  },
  {
    name: 'after 60 s the pieces go, and the sender is told if the first one came',
    covers: ['IPv4-16'],
    check: onBench({}, (bench, t) => {
      timesOut(bench, t, 60);
    }),
    deviations: {
      netx: {
        reason: 'NX_IPV4_MAX_REASSEMBLY_TIME is 15 s',
        check: onBench({}, (bench, t) => {
          timesOut(bench, t, 15);
        }),
      },
    },
  },
  {
    name: 'overlapping fragments make the whole datagram be dropped',
    covers: ['IPv4-17'],
    check: onBench({}, (bench, t) => {
      const whole = request(100);
      let id = 1;
      for (const [what, list] of OVERLAPS) {
        const before = bench.drops(DROP_FRAGMENT_OVERLAP);
        pieces(bench, whole, list, { id });
        t.ok(bench.drops(DROP_FRAGMENT_OVERLAP) > before, `${what} is dropped`);
        pieces(bench, whole, cut(whole.length, 64), { id });
        t.equal(replied(bench), null, `octets answered after ${what}`);
        id++;
      }
    }),
  },
  {
    name: 'empty, odd-sized and oversized fragments are dropped alone; two ends are one too many',
    covers: ['IPv4-17'],
    check: onBench({}, (bench, t) => {
      const whole = request(100);
      pieces(bench, whole, [
        { from: 0, to: 64 },
        { from: 64, to: 64, more: true },
        { from: 64, to: 90, more: true },
      ]);
      bench.ip(1, new Array(64).fill(0), { fragment: 0x1fff });
      t.equal(
        [DROP_FRAGMENT_EMPTY, DROP_FRAGMENT_LENGTH, DROP_FRAGMENT_BEYOND].map((reason) => bench.drops(reason)),
        [1, 1, 1],
        'drops',
      );
      pieces(bench, whole, [{ from: 64, to: 108 }]);
      t.equal(replied(bench), 100, 'octets answered of the rest');
      pieces(
        bench,
        whole,
        [
          { from: 64, to: 108 },
          { from: 64, to: 96, more: false },
          { from: 0, to: 64 },
        ],
        { id: 5 },
      );
      t.equal(replied(bench), null, 'octets answered with two ends');
    }),
  },
  {
    name: 'a flood of fragments holds half the pool at most, and one honest datagram still gets through',
    covers: ['IPv4-17'],
    check: onBench({ packets: 64 }, (bench, t) => {
      const whole = request(1000);
      for (let i = 0; i < 300; i++) {
        pieces(bench, whole, [{ from: 0, to: 512 }], { id: i & 0xffff, source: `192.0.2.${3 + (i % 200)}` });
        t.ok(bench.host.pool.available >= 28, 'half of the pool stays free');
      }
      bench.take();
      pieces(bench, whole, cut(whole.length, 512), { id: 7 });
      t.equal(replied(bench), 1000, 'octets answered');
    }),
  },
  {
    name: 'datagrams that may be fragmented have identifications that do not repeat soon',
    covers: ['IPv4-18'],
    check: onBench({}, (bench, t) => {
      const socket = bench.socket(5000);
      const ids = new Set<number>();
      for (let i = 0; i < 500; i++) {
        bench.send(socket, '192.0.2.2', 9, [1]);
        for (const { identification } of bench.take()) ids.add(identification);
      }
      t.equal(ids.size, 500, 'different identifications');
    }),
  },
  {
    name: 'what is sent to one peer says nothing of what is sent to others',
    covers: ['IPv4-18'],
    check: onBench({}, (bench, t) => {
      idleScan(bench, t, false);
    }),
    deviations: {
      netx: {
        reason: 'NetX counts identifications for the whole instance unless NX_ENABLE_IP_ID_RANDOMIZATION',
        check: onBench({}, (bench, t) => {
          idleScan(bench, t, true);
        }),
      },
    },
  },
  {
    name: 'the MTU of a path is lowered by believable errors, respected, and forgotten after ten minutes',
    covers: ['IPv4-19'],
    check: onBench({}, learnsPathMtu),
    deviations: {
      netx: {
        reason: DEAF,
        check: onBench({}, (bench, t) => {
          bench.host.ip.setGateway(address('192.0.2.2').w3);
          const socket = bench.socket(5000);
          socket.dontFragment = true;
          bench.send(socket, '198.51.100.9', 9, new Array(1400).fill(1));
          const quote = Array.from(bench.one('a datagram').packet.subarray(0, 28));
          bench.ip(1, icmp4(3, 4, [0, 0, 3, 0xe8], quote));
          t.equal(bench.host.ip.paths.size, 0, 'paths known');
        }),
      },
    },
  },
  {
    name: 'a frame to everybody or to a group with a packet to us alone draws no reaction',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      bench.echo(text('x'), {}, EVERYBODY);
      bench.ip(17, udp(text('x'), { destinationPort: 9 }), {}, EVERYBODY);
      bench.silence('the frame went to everybody');
      t.equal(bench.drops(DROP_IPV4_LINK_CAST), 2, 'drops');
    }),
  },
  {
    name: 'the longest route wins, a gateway must be on a link, and without a route nothing is sent',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      const { ip } = bench.host;
      t.equal(ip.setGateway(address('203.0.113.1').w3), NX_IP_ADDRESS_ERROR, 'a gateway on no link');
      const socket = bench.socket(5000);
      t.equal(bench.send(socket, '198.51.100.9', 9, [1]), NX_IP_ADDRESS_ERROR, 'a destination without a route');
      bench.arp({ sender: '192.0.2.3', senderMac: OTHER_MAC });
      bench.take();
      ip.setGateway(address('192.0.2.2').w3);
      ip.addRoute(address('198.51.100.0').w3, ipv4Mask(24), address('192.0.2.2').w3);
      ip.addRoute(address('198.51.100.128').w3, ipv4Mask(25), address('192.0.2.3').w3);
      const hops = ['203.0.113.9', '198.51.100.9', '198.51.100.200'].map((to) => {
        bench.send(socket, to, 9, [1]);
        return bench.one('a datagram').to;
      });
      t.equal(hops, [PEER_MAC, PEER_MAC, OTHER_MAC], 'first hops');
    }),
  },
  {
    name: 'a gateway that does not answer gives way to another',
    covers: ['IPv4-20'],
    check: onBench({}, (bench, t) => {
      t.equal(anotherGateway(bench, 10), PEER_MAC, 'the first hop');
    }),
    deviations: {
      netx: {
        reason: 'NetX has one gateway, and asks for it for three minutes before it gives up',
        check: onBench({}, (bench, t) => {
          t.equal(anotherGateway(bench, 10), [], 'the first hop after ten seconds');
          t.equal(anotherGateway(bench, 200), PEER_MAC, 'the first hop after it was given up');
        }),
      },
    },
  },
];

/** Where a datagram goes when the first gateway has not answered for so long. */
function anotherGateway(bench: HostBench, seconds: number): readonly number[] {
  const { ip } = bench.host;
  for (const each of ['192.0.2.99', '192.0.2.2']) ip.addGateway(address(each).w3);
  const socket = bench.host.udp.createSocket();
  socket.bind(0);
  bench.send(socket, '198.51.100.9', 9, [1]);
  bench.advance(seconds * SECOND);
  bench.introduce();
  bench.send(socket, '198.51.100.9', 9, [1]);
  socket.unbind();
  return bench.take().find(({ protocol }) => protocol === 17)?.to ?? [];
}

function timesOut(bench: HostBench, t: Trial, seconds: number): void {
  const whole = request(100);
  pieces(bench, whole, [{ from: 64, to: 108 }], { id: 1 });
  bench.advance(SECOND);
  pieces(bench, whole, [{ from: 0, to: 64 }], { id: 2 });
  bench.advance((seconds - 1) * SECOND);
  bench.silence('the first fragment of this datagram never came');
  bench.arp();
  bench.take();
  bench.advance(SECOND);
  const error = HostBench.error(bench.one('time exceeded'));
  t.equal([error.type, error.code], [11, 1], 'type and code');
  t.equal(bench.host.pool.available, bench.host.pool.total, 'packets free');
}

function idleScan(bench: HostBench, t: Trial, visible: boolean): void {
  bench.arp({ sender: '192.0.2.3', senderMac: OTHER_MAC });
  bench.take();
  const probe = () => {
    bench.echo();
    return bench.one('an echo reply').identification;
  };
  const socket = bench.socket(5000);
  const first = probe();
  for (let i = 0; i < 10; i++) bench.send(socket, '192.0.2.3', 9, [1]);
  bench.take();
  const step = (probe() - first) & 0xffff;
  t.equal(step > 1, visible, 'an observer sees the traffic with others');
}
