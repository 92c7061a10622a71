import {
  DROP_ICMP_CHECKSUM,
  DROP_ICMP_CODE,
  DROP_ICMP_REDIRECT,
  DROP_ICMP_SHORT,
  DROP_ICMP_TYPE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PORT_UNREACHABLE,
  ERROR_TIME_EXCEEDED,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { HostBench, onBench } from './bench.ts';
import { address, EVERYBODY, icmp4, ip4, octets, PEER_MAC, text, udp } from './raw.ts';

const DEAF = 'NetX counts ICMP errors and ignores them';

/** What must draw no error although nobody wants it: how to send it, by name. */
const UNANSWERABLE: readonly (readonly [string, (bench: HostBench) => void])[] = [
  ['an error', (b) => b.ip(1, icmp4(3, 1, [0, 0, 0, 0], ip4(17, [0, 9, 0, 9, 0, 8, 0, 0], { source: '192.0.2.1' })))],
  ['an error with a bad option', (b) => b.ip(1, icmp4(11, 0, [0, 0, 0, 0], []), { options: [30, 1] })],
  ['a broadcast', (b) => b.ip(17, udp([1], { destination: '192.0.2.255' }), { destination: '192.0.2.255' }, EVERYBODY)],
  ['a limited broadcast', (b) => b.ip(200, [1], { destination: '255.255.255.255' }, EVERYBODY)],
  ['a frame to everybody', (b) => b.ip(200, [1], {}, EVERYBODY)],
  ['a later fragment', (b) => b.ip(200, [1, 2, 3, 4], { fragment: 3, options: [30, 1] })],
  ['no source', (b) => b.ip(17, udp([1], { source: '0.0.0.0' }), { source: '0.0.0.0' })],
  ['a loopback source', (b) => b.ip(200, [1], { source: '127.0.0.1' })],
  ['a group as source', (b) => b.ip(200, [1], { source: '224.1.1.1' })],
];

/** A socket that remembers the errors it hears of, connected to a peer that the error is about. */
function listening(bench: HostBench): { kinds: number[]; quote: number[] } {
  const kinds: number[] = [];
  const socket = bench.socket(5000, { receivable: () => {}, failed: (_socket, kind) => kinds.push(kind) });
  socket.connect(address('192.0.2.2'), 4000);
  bench.send(socket, '192.0.2.2', 4000, text('data'));
  return { kinds, quote: Array.from(bench.one('a datagram').packet) };
}

function hears(bench: HostBench, t: Trial): void {
  const { kinds, quote } = listening(bench);
  for (const [type, code] of [
    [3, 1],
    [3, 3],
    [11, 0],
  ] as const) {
    bench.ip(1, icmp4(type, code, [0, 0, 0, 0], quote.slice(0, 28)));
  }
  t.equal(kinds, [ERROR_HOST_UNREACHABLE, ERROR_PORT_UNREACHABLE, ERROR_TIME_EXCEEDED], 'kinds of errors heard');
  bench.ip(1, icmp4(4, 0, [0, 0, 0, 0], quote.slice(0, 28)));
  t.equal(kinds.length, 3, 'errors heard after a source quench');
}

function redirected(bench: HostBench): string {
  const socket = bench.socket(5000);
  bench.send(socket, '198.51.100.9', 9, [1]);
  return bench.take().at(-1)?.to.join(':') ?? '';
}

interface Redirect {
  readonly source?: string;
  readonly gateway?: string;
  readonly about?: string;
}

function redirect(
  bench: HostBench,
  { source = '192.0.2.2', gateway = '192.0.2.3', about = '198.51.100.9' }: Redirect,
): void {
  const quote = ip4(17, [0x13, 0x88, 0, 9, 0, 9, 0, 0], { source: '192.0.2.1', destination: about });
  bench.ip(1, icmp4(5, 1, octets(gateway), quote), { source });
}

function believesRedirects(bench: HostBench, t: Trial): void {
  const { ip } = bench.host;
  bench.arp({ sender: '192.0.2.3', senderMac: [2, 0, 0, 0, 0, 3] });
  bench.take();
  ip.setGateway(address('192.0.2.2').w3);
  const socket = bench.socket(5001);
  bench.send(socket, '198.51.100.9', 9, [1]);
  bench.take();
  for (const wrong of [
    { source: '192.0.2.66' },
    { gateway: '203.0.113.9' },
    { gateway: '192.0.2.1' },
    { about: '192.0.2.77' },
  ]) {
    redirect(bench, wrong);
  }
  t.equal([bench.drops(DROP_ICMP_REDIRECT), ip.redirects.size], [4, 0], 'drops, and routes learned');
  // The quoted ports are those of the socket that sends there.
  const quote = ip4(17, [0x13, 0x89, 0, 9, 0, 9, 0, 0], { source: '192.0.2.1', destination: '198.51.100.9' });
  bench.ip(1, icmp4(5, 1, octets('192.0.2.3'), quote));
  t.equal(redirected(bench), [2, 0, 0, 0, 0, 3].join(':'), 'the first hop');
}

/** ICMP for IPv4 (items 21 to 26). */
export const icmpScenarios: readonly Scenario[] = [
  {
    name: 'an echo request of any length is answered with the same identifier, number and data, from the address asked',
    covers: ['ICMP-21'],
    check: onBench({}, (bench, t) => {
      for (const length of [0, 1, 2, 3, 7, 8, 63, 64, 1471, 1472]) {
        const data = Array.from({ length }, (_, i) => (i * 7) & 255);
        bench.ip(1, icmp4(8, 0, [0xab, 0xcd, 0x12, 0x34], data));
        const reply = bench.one('an echo reply');
        t.equal(Array.from(reply.payload), icmp4(0, 0, [0xab, 0xcd, 0x12, 0x34], data), `the reply of ${length}`);
        t.equal(
          [reply.source.w3, reply.destination.w3],
          [address('192.0.2.1').w3, address('192.0.2.2').w3],
          'addresses',
        );
      }
    }),
  },
  {
    name: 'echo requests to a broadcast address or a group are not answered',
    covers: ['ICMP-21'],
    check: onBench({}, (bench) => {
      for (const destination of ['192.0.2.255', '255.255.255.255']) bench.echo(text('x'), { destination }, EVERYBODY);
      bench.socket(5000).joinGroup(address('239.1.1.1'));
      bench.advance(30 * SECOND);
      bench.take();
      bench.echo(text('x'), { destination: '239.1.1.1' }, [1, 0, 0x5e, 1, 1, 1]);
      bench.silence('the request went to many');
    }),
  },
  {
    name: 'no error answers errors, groups, later fragments and sources that are not one host',
    covers: ['ICMP-22'],
    check: onBench({}, (bench) => {
      for (const [what, send] of UNANSWERABLE) {
        send(bench);
        bench.silence(`${what} must not be answered`);
      }
    }),
  },
  {
    name: 'errors are limited in rate',
    covers: ['ICMP-22'],
    check: onBench({}, (bench, t) => {
      for (let i = 0; i < 500; i++) bench.ip(17, udp([1], { destinationPort: 9 }));
      t.between(bench.take().length, 1, 100, 'errors to 500 datagrams at once');
      bench.advance(SECOND);
      bench.ip(17, udp([1], { destinationPort: 9 }));
      t.equal(bench.take().length, 1, 'errors a second later');
    }),
    deviations: {
      netx: {
        reason: 'NetX has no rate limit for ICMPv4 errors',
        check: onBench({}, (bench, t) => {
          for (let i = 0; i < 50; i++) bench.ip(17, udp([1], { destinationPort: 9 }));
          t.equal(bench.take().length, 50, 'errors');
        }),
      },
    },
  },
  {
    name: 'an error quotes the header with its options and at least eight octets, and is no longer than 576',
    covers: ['ICMP-23'],
    check: onBench({}, (bench, t) => {
      for (const [length, options] of [
        [0, []],
        [4, [1, 1, 1, 1]],
        [1400, []],
      ] as const) {
        const datagram = udp(new Array(length).fill(7), { destinationPort: 9 });
        const packet = ip4(17, datagram, { options });
        bench.ip(17, datagram, { options });
        const sent = bench.one('port unreachable');
        const error = HostBench.error(sent);
        t.equal([error.type, error.code, error.rest], [3, 3, [0, 0, 0, 0]], 'type, code, unused');
        t.equal(error.quote, packet.slice(0, error.quote.length), 'the quote');
        t.ok(error.quote.length >= Math.min(packet.length, 28 + options.length), 'eight octets are quoted at least');
        t.ok(sent.packet.length <= 576, 'the error is no longer than 576 octets');
        t.equal(sent.tos & 0x1e, 0, 'type of service bits of the error');
      }
    }),
  },
  {
    name: 'short messages, bad checksums and unknown types are dropped in silence, at every length and type',
    covers: ['ICMP-23'],
    check: onBench({}, (bench, t) => {
      for (let length = 0; length < 8; length++) bench.ip(1, icmp4(8, 0, [0, 1, 0, 1], []).slice(0, length));
      t.equal(bench.drops(DROP_ICMP_SHORT), 8, 'drops of short messages');
      const bad = icmp4(8, 0, [0, 1, 0, 1], [1, 2, 3]);
      bad[2] = (bad[2] as number) ^ 1;
      bench.ip(1, bad);
      t.equal(bench.drops(DROP_ICMP_CHECKSUM), 1, 'drops of bad checksums');
      for (let type = 0; type < 256; type++) {
        if ([0, 3, 4, 5, 8, 11, 12].includes(type)) continue;
        bench.ip(1, icmp4(type, 0, [0, 0, 0, 0], new Array(32).fill(0)));
      }
      t.equal(bench.drops(DROP_ICMP_TYPE), 249, 'drops of unknown types');
      bench.silence('none of it asks for an answer');
    }),
  },
  {
    name: 'a protocol nobody has is unreachable, and so is a port',
    covers: ['ICMP-24'],
    check: onBench({}, (bench, t) => {
      bench.ip(200, [1, 2, 3, 4]);
      bench.ip(17, udp([1], { destinationPort: 9 }));
      const codes = bench.take().map((seen) => [HostBench.error(seen).type, HostBench.error(seen).code]);
      t.equal(
        codes,
        [
          [3, 2],
          [3, 3],
        ],
        'types and codes',
      );
    }),
  },
  {
    name: 'errors about our datagrams reach the socket they are about; source quench does not (RFC 6633)',
    covers: ['ICMP-24'],
    check: onBench({}, hears),
    deviations: {
      netx: {
        reason: DEAF,
        check: onBench({}, (bench, t) => {
          const { kinds, quote } = listening(bench);
          bench.ip(1, icmp4(3, 3, [0, 0, 0, 0], quote.slice(0, 28)));
          t.equal(kinds, [], 'errors heard');
          t.equal(bench.host.ip.icmp.counters.unhandledMessages, 1, 'unhandled messages');
        }),
      },
    },
  },
  {
    name: 'a redirect is believed from the gateway in use only, about a gateway on the link and a destination beyond it',
    covers: ['ICMP-25'],
    check: onBench({}, believesRedirects),
    deviations: {
      netx: {
        reason: DEAF,
        check: onBench({}, (bench, t) => {
          bench.host.ip.setGateway(address('192.0.2.2').w3);
          redirect(bench, {});
          t.equal(redirected(bench), PEER_MAC.join(':'), 'the first hop');
        }),
      },
    },
  },
  {
    name: 'requests for time, mask and routers are not answered',
    covers: ['ICMP-25'],
    check: onBench({}, (bench) => {
      for (const type of [9, 10, 13, 15, 17]) bench.ip(1, icmp4(type, 0, [0, 1, 0, 1], new Array(12).fill(0)));
      bench.silence('such requests are off');
    }),
  },
  {
    name: 'an error with an extension, whole or broken, is read as if it had none (RFC 4884)',
    covers: ['ICMP-26'],
    check: onBench({}, extensions),
    deviations: {
      netx: {
        reason: DEAF,
        check: onBench({}, (bench, t) => {
          const { kinds, quote } = listening(bench);
          bench.ip(1, icmp4(3, 3, [0, 32, 0, 0], padded(quote)));
          t.equal(kinds, [], 'errors heard');
        }),
      },
    },
  },
];

/** A quote filled up to 128 octets, as RFC 4884 5.1 wants. */
function padded(quote: readonly number[]): number[] {
  return [...quote, ...new Array(128).fill(0)].slice(0, 128);
}

function extensions(bench: HostBench, t: Trial): void {
  const { kinds, quote } = listening(bench);
  const objects = [0, 8, 1, 1, 0, 0, 0x10, 0x41];
  for (const [length, extension] of [
    [32, [0x20, 0, 0, 0, ...objects]],
    [32, [0x20, 0, 0xde, 0xad, ...objects]],
    [32, [0x20, 0]],
    [255, [0x20, 0, 0, 0, 0, 0]],
    [0, [0xff, 0xff, 0xff, 0xff]],
  ] as const) {
    const before = kinds.length;
    bench.ip(1, icmp4(3, 3, [0, length, 0, 0], [...padded(quote), ...extension]));
    t.equal(kinds.length - before, 1, `errors heard with length ${length}`);
  }
  bench.ip(1, icmp4(3, 99, [0, 32, 0, 0], padded(quote)));
  t.equal(bench.drops(DROP_ICMP_CODE), 1, 'drops for a code that does not exist');
  t.equal(bench.send(bench.socket(6000), '192.0.2.2', 9, [1]), NX_SUCCESS, 'the status of a send afterwards');
  bench.take();
}
