import {
  DROP_FRAGMENT_BEYOND,
  DROP_FRAGMENT_EMPTY,
  DROP_FRAGMENT_LENGTH,
  DROP_FRAGMENT_OVERLAP,
  SECOND,
} from '@strata/contracts';
import type { Scenario } from '../../suite/suite.ts';
import type { Trial } from '../../suite/trial.ts';
import { HostBench, onBench } from './bench.ts';
import { type Ip4Fields, icmp4 } from './raw.ts';

/** The bytes of one echo request, whole. */
export function request(length: number): number[] {
  return icmp4(
    8,
    0,
    [0, 7, 0, 1],
    Array.from({ length }, (_, i) => (i * 31) & 255),
  );
}

/** Octets of a datagram, and whether more are said to follow when it is not plain. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly more?: boolean;
}

/** Sends pieces of an echo request as fragments. */
export function pieces(
  bench: HostBench,
  whole: readonly number[],
  list: readonly Piece[],
  fields: Ip4Fields = {},
): void {
  for (const { from, to, more } of list) {
    const flags = (more ?? to < whole.length) ? 0x2000 : 0;
    bench.ip(1, whole.slice(from, to), { ...fields, fragment: flags | (from >> 3) });
  }
}

/** Pieces of equal size. */
export function cut(length: number, size: number): Piece[] {
  const list: Piece[] = [];
  for (let from = 0; from < length; from += size) list.push({ from, to: Math.min(length, from + size) });
  return list;
}

/** Octets of data in the echo replies that the host has sent, fragments put together; null when it sent none. */
export function replied(bench: HostBench): number | null {
  let octets = 0;
  for (const { protocol, payload } of bench.take()) if (protocol === 1) octets += payload.length;
  return octets === 0 ? null : octets - 8;
}

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

/** Fragments of IPv4 (items 16 and 17). */
export const fragmentScenarios: readonly Scenario[] = [
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
];

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
