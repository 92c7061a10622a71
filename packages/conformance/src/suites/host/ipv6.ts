import { DROP_IPV6_NO_NEXT_HEADER, NX_SUCCESS, SECOND } from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { type HostBench, onBench } from './bench.ts';
import { icmpOf, introduce, macFor, post } from './nd-frames.ts';
import { address, HOST_6, icmp6, octets, PEER_6, text, udp, word16 } from './raw.ts';

const SIX = { ipv6: ['2001:db8::1/64'] };
const sixFields = { source: PEER_6, destination: HOST_6 };
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;

/** A scenario with a host whose IPv6 is up and which knows the peer. */
function onSix(body: (bench: HostBench, t: Trial) => void): (t: Trial) => void {
  return onBench(SIX, (bench, t) => {
    introduce(bench);
    body(bench, t);
  });
}

function echoRequest(data: ArrayLike<number> = text('echo')): number[] {
  return icmp6(128, 0, [0, 7, 0, 1, ...Array.from(data)]);
}

/** An options header of 8 octets: next header and one option of up to 4 octets. */
function options(next: number, option: readonly number[]): number[] {
  return [next, 0, ...[...option, 1, 0, 0, 0, 0, 0].slice(0, 6)];
}

function fragment(next: number, offset: number, more: boolean, id: number, data: ArrayLike<number>): number[] {
  return [next, 0, ...word16(offset | (more ? 1 : 0)), 0, 0, ...word16(id), ...Array.from(data)];
}

/** Octets of data in the echo reply that was sent; null for none. */
function replied(bench: HostBench): number | null {
  let octetsSeen: number | null = null;
  for (const seen of bench.take()) {
    const message = icmpOf(seen);
    if (message?.type === 129) octetsSeen = message.body.length - 4;
    if (seen.protocol === FRAGMENT) octetsSeen = (octetsSeen ?? -8) + seen.payload.length - 8;
  }
  return octetsSeen;
}

/** The error that was sent: type, code, pointer. */
function errorSent(bench: HostBench): [number, number, number] | null {
  const errors = bench.take().flatMap((seen) => icmpOf(seen) ?? []);
  const [error] = errors.filter(({ type }) => type < 128);
  if (error === undefined) return null;
  const [a, b, c, d] = error.body as [number, number, number, number];
  return [error.type, error.code, ((a << 24) | (b << 16) | (c << 8) | d) >>> 0];
}

function pathMtu(bench: HostBench, t: Trial): void {
  const socket = bench.socket(5000);
  t.equal(bench.send(socket, PEER_6, 4000, new Array(1400).fill(1)), NX_SUCCESS, 'the status');
  const [sent] = bench.take();
  if (sent === undefined) t.fail('the host did not send');
  const tell = (mtu: number) =>
    post(bench, 2, [0, 0, ...word16(mtu), ...sent.packet.subarray(0, 1200)], { hopLimit: 64 });
  const { paths } = bench.host.ip;
  tell(1279);
  t.equal(paths.mtuOf(address(PEER_6)), 0, 'the MTU after a report of 1279');
  tell(1300);
  t.equal(paths.mtuOf(address(PEER_6)), 1300, 'the MTU after the router’s word');
  tell(1400);
  t.equal(paths.mtuOf(address(PEER_6)), 1300, 'the MTU after a larger one was told');
}

/** IPv6, headers and ICMPv6 (items 27 and 34 to 37). */
export const ipv6Scenarios: readonly Scenario[] = [
  {
    name: 'ICMPv6: a bad checksum and a short message are dropped, an echo is answered whole',
    covers: ['ICMPv6-27'],
    check: onSix((bench, t) => {
      post(bench, 128, [0, 7, 0, 1, 1, 2, 3], { hopLimit: 64, checksum: 0x1111 });
      for (let length = 0; length < 8; length++) bench.ip6(58, echoRequest().slice(0, length), sixFields);
      t.equal(errorSent(bench), null, 'an error');
      for (const length of [0, 1, 500, 1440]) {
        bench.ip6(58, echoRequest(new Array(length).fill(3)), sixFields);
        t.equal(replied(bench), length, 'octets answered');
      }
    }),
  },
  {
    name: 'ICMPv6: errors quote as much as 1280 octets hold; unknown informational messages are dropped',
    covers: ['ICMPv6-27'],
    check: onSix((bench, t) => {
      bench.ip6(17, udp(new Array(1400).fill(1), { ...sixFields, destinationPort: 9 }), sixFields);
      const error = bench.one('port unreachable');
      t.equal([error.payload[0], error.payload[1]], [1, 4], 'type and code');
      t.between(error.packet.length, 1200, 1280, 'octets of the error');
      for (let type = 140; type < 256; type++)
        if (type !== 143) post(bench, type, new Array(8).fill(0), { hopLimit: 64 });
      for (let type = 5; type < 128; type++) post(bench, type, new Array(60).fill(0), { hopLimit: 64 });
      t.equal(errorSent(bench), null, 'errors to unknown messages');
    }),
  },
  {
    name: 'ICMPv6: no error answers errors, groups and sources that are not one node',
    covers: ['ICMPv6-27'],
    check: onSix((bench, t) => {
      const closed = (fields: { source?: string; destination?: string }) => {
        const all = { ...sixFields, ...fields };
        bench.ip6(17, udp([1], { ...all, destinationPort: 9 }), all, macFor(all.destination));
      };
      closed({ destination: 'ff02::1' });
      closed({ source: '::' });
      closed({ source: 'ff02::1' });
      post(bench, 1, [0, 0, 0, 0, ...new Array(48).fill(0)], { hopLimit: 64, code: 200 });
      t.equal(errorSent(bench), null, 'an error');
    }),
  },
  {
    name: 'ICMPv6: errors are limited in rate',
    covers: ['ICMPv6-27'],
    check: onSix((bench, t) => {
      for (let i = 0; i < 300; i++) bench.ip6(17, udp([1], { ...sixFields, destinationPort: 9 }), sixFields);
      t.between(bench.take().length, 1, 100, 'errors to 300 datagrams at once');
    }),
    deviations: {
      netx: {
        reason: 'NetX has no rate limit for ICMPv6 errors',
        check: onSix((bench, t) => {
          for (let i = 0; i < 50; i++) bench.ip6(17, udp([1], { ...sixFields, destinationPort: 9 }), sixFields);
          t.equal(bench.take().length, 50, 'errors');
        }),
      },
    },
  },
  {
    name: 'unknown options act by their two upper bits: skip, discard, report, report to single senders',
    covers: ['IPv6-34'],
    check: onSix((bench, t) => {
      const send = (option: number) =>
        bench.ip6(DESTINATION, [...options(58, [option, 0]), ...echoRequest()], sixFields);
      send(0x3e);
      t.equal(replied(bench), 4, 'octets answered with option 00');
      send(0x7e);
      t.equal([errorSent(bench)], [null], 'an error with option 01');
      send(0xbe);
      t.equal(errorSent(bench), [4, 2, 42], 'the error with option 10');
      send(0xfe);
      t.equal(errorSent(bench), [4, 2, 42], 'the error with option 11');
      const many = { source: PEER_6, destination: 'ff02::1' };
      const request = icmp6(128, 0, [0, 7, 0, 1], PEER_6, 'ff02::1');
      bench.ip6(DESTINATION, [...options(58, [0xbe, 0]), ...request], many, macFor('ff02::1'));
      t.equal(errorSent(bench), [4, 2, 42], 'the error with option 10 to a group');
      bench.ip6(DESTINATION, [...options(58, [0xfe, 0]), ...request], many, macFor('ff02::1'));
      t.equal(errorSent(bench), null, 'an error with option 11 to a group');
    }),
  },
  {
    name: 'hop-by-hop options come first or are an error; chains of any order and length are walked',
    covers: ['IPv6-34'],
    check: onSix((bench, t) => {
      bench.ip6(DESTINATION, [...options(HOP_BY_HOP, []), ...options(58, []), ...echoRequest()], sixFields);
      t.equal(errorSent(bench), [4, 1, 40], 'the error for hop-by-hop options in the second place');
      const chain: number[] = [];
      for (let i = 0; i < 30; i++) chain.push(...options(DESTINATION, []));
      bench.ip6(HOP_BY_HOP, [...options(DESTINATION, []), ...chain, ...options(58, []), ...echoRequest()], sixFields);
      t.equal(replied(bench), 4, 'octets answered behind 32 headers');
    }),
  },
  {
    name: 'a header or an option longer than what is there is never read beyond its end',
    covers: ['IPv6-34'],
    check: onSix((bench, t) => {
      for (const next of [HOP_BY_HOP, DESTINATION, ROUTING]) {
        for (const length of [1, 2, 5, 31, 255]) bench.ip6(next, [58, length, 1, 4, 0, 0, 0, 0], sixFields);
      }
      for (let length = 5; length < 256; length++) {
        bench.ip6(DESTINATION, [58, 0, 0x3e, length, 0, 0, 0, 0, ...echoRequest()], sixFields);
      }
      t.equal(
        bench.take().filter((seen) => icmpOf(seen)?.type === 129).length,
        0,
        'answers to packets with broken headers',
      );
      const whole = [...options(DESTINATION, []), ...options(58, []), ...echoRequest()];
      for (let length = 0; length < whole.length; length++) bench.ip6(HOP_BY_HOP, whole.slice(0, length), sixFields);
      bench.advance(SECOND);
      bench.take();
    }),
  },
  {
    name: 'a routing header with segments left is a parameter problem; with none it is skipped',
    covers: ['IPv6-35'],
    check: onSix((bench, t) => {
      const route = (type: number, left: number) =>
        bench.ip6(ROUTING, [58, 2, type, left, 0, 0, 0, 0, ...octets('2001:db8::9'), ...echoRequest()], sixFields);
      route(0, 1);
      t.equal(errorSent(bench), [4, 0, 42], 'the error for type 0 with a segment left');
      route(99, 3);
      t.equal(errorSent(bench), [4, 0, 42], 'the error for an unknown type with segments left');
      route(0, 0);
      t.equal(replied(bench), 4, 'octets answered with no segment left');
    }),
  },
  {
    name: 'nothing follows "no next header", a jumbo payload is refused, an unknown header is a parameter problem',
    covers: ['IPv6-35'],
    check: onSix((bench, t) => {
      bench.ip6(59, echoRequest(), sixFields);
      t.equal(bench.drops(DROP_IPV6_NO_NEXT_HEADER), 1, 'drops');
      t.equal(errorSent(bench), null, 'an error for "no next header"');
      bench.ip6(HOP_BY_HOP, [58, 0, 0xc2, 4, 0, 1, 0, 0, ...echoRequest()], { ...sixFields, payloadLength: 0 });
      t.equal(replied(bench), null, 'octets answered of a jumbogram');
      bench.ip6(200, [1, 2, 3, 4], sixFields);
      t.equal(errorSent(bench), [4, 1, 6], 'the error for next header 200');
    }),
  },
  {
    name: 'fragments are put together in any order; overlapping ones are dropped in silence, with what comes later',
    covers: ['IPv6-36'],
    check: onSix((bench, t) => {
      const whole = echoRequest(new Array(2900).fill(5));
      const piece = (from: number, to: number, id: number) =>
        bench.ip6(FRAGMENT, fragment(58, from, to < whole.length, id, whole.slice(from, to)), sixFields);
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
      ]) {
        for (const i of order) piece(i * 1000, Math.min(whole.length, i * 1000 + 1000), order[0] as number);
        t.equal(replied(bench), 2900, 'octets answered');
      }
      piece(0, 1000, 9);
      piece(992, 2000, 9);
      for (const i of [0, 1, 2]) piece(i * 1000, Math.min(whole.length, i * 1000 + 1000), 9);
      bench.advance(61 * SECOND);
      t.equal([replied(bench), bench.host.pool.available], [null, bench.host.pool.total], 'answers, and packets free');
    }),
  },
  {
    name: 'an atomic fragment is a packet of its own, whatever else has its identification (RFC 6946)',
    covers: ['IPv6-36'],
    check: onSix((bench, t) => {
      bench.ip6(FRAGMENT, fragment(58, 0, true, 3, echoRequest().slice(0, 8)), sixFields);
      bench.ip6(FRAGMENT, fragment(58, 0, false, 3, echoRequest()), sixFields);
      t.equal(replied(bench), 4, 'octets answered');
    }),
  },
  {
    name: 'odd lengths and 65,536 octets are parameter problems; a first fragment must hold all headers',
    covers: ['IPv6-36'],
    check: onSix((bench, t) => {
      bench.ip6(FRAGMENT, fragment(58, 0, true, 4, [...echoRequest([1, 2, 3, 4, 5])]), sixFields);
      t.equal(errorSent(bench), [4, 0, 4], 'the error for 13 octets');
      bench.ip6(FRAGMENT, fragment(58, 65_528, false, 5, new Array(16).fill(0)), sixFields);
      t.equal(errorSent(bench), [4, 0, 42], 'the error for 65,544 octets');
      bench.ip6(FRAGMENT, fragment(DESTINATION, 0, true, 6, [58, 4, 1, 4, 0, 0, 0, 0]), sixFields);
      t.equal(errorSent(bench)?.slice(0, 2), [4, 3], 'the error for a first fragment without its headers');
    }),
  },
  {
    name: 'the rest of a datagram has 60 s; then its sender hears of it if the first fragment came',
    covers: ['IPv6-36'],
    check: onSix((bench, t) => {
      bench.ip6(FRAGMENT, fragment(58, 0, true, 7, echoRequest(new Array(40).fill(0)).slice(0, 48)), sixFields);
      bench.ip6(FRAGMENT, fragment(58, 48, true, 8, new Array(48).fill(0)), sixFields);
      bench.advance(60 * SECOND - 1);
      bench.take();
      introduce(bench);
      bench.advance(SECOND);
      t.equal(errorSent(bench)?.slice(0, 2), [3, 1], 'the error');
    }),
  },
  {
    name: 'payload lengths of 0 and beyond the frame are dropped, padding is ignored, hop limit 0 and any flow label accepted',
    covers: ['IPv6-37'],
    check: onSix((bench, t) => {
      bench.ip6(58, echoRequest(), { ...sixFields, payloadLength: 0 });
      bench.ip6(58, echoRequest(), { ...sixFields, payloadLength: 500 });
      bench.ip6(58, echoRequest(), { ...sixFields, version: 5 });
      bench.silence('the lengths are wrong');
      bench.ip6(58, [...echoRequest(), 1, 2, 3], { ...sixFields, payloadLength: 12 });
      t.equal(replied(bench), 4, 'octets answered with padding');
      bench.ip6(58, echoRequest(), { ...sixFields, hopLimit: 0, flowLabel: 0xabcde, trafficClass: 0xb8 });
      t.equal(replied(bench), 4, 'octets answered with hop limit 0');
    }),
  },
  {
    name: 'Packet Too Big lowers the MTU of a path, never below 1280, and nothing raises it',
    covers: ['IPv6-37'],
    check: onSix(pathMtu),
  },
];
