import { describe, expect, test } from '@jest/globals';
import { ConversationFollower, dissect, type Field, formatTree } from '@strata/dissect';
import {
  ethernet,
  IP_A,
  IP6_A,
  IP6_B,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  MAC_A,
  mqtt,
  segment,
  tcp,
  udp,
  word,
} from './frames.ts';
import { random, utf8 } from './hex.ts';

const text = (value: string) => utf8(value, true);
const quoted = ipv4(6, tcp(4, { flags: 2, options: [2, 4, 5, 0xb4] }));

/** One frame of every kind, each to be damaged. */
const SEEDS: readonly Uint8Array[] = [
  ethernet(0x0806, [0, 1, 8, 0, 6, 4, 0, 1, ...MAC_A, ...IP_A, ...MAC_A, ...IP_A], { pad: true }),
  ethernet(0x0800, ipv4(1, icmpv4(8, 0, [0, 1, 0, 2, 3, 4]), { options: [7, 7, 4, ...IP_A, 0] })),
  ethernet(0x0800, ipv4(1, icmpv4(3, 4, [0, 0, 2, 0, ...quoted])), { vlan: 5 }),
  ethernet(0x0800, ipv4(17, udp(4, 53, 5000, [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]))),
  ethernet(
    0x0800,
    ipv4(
      17,
      udp(4, 67, 68, [
        2,
        1,
        6,
        0,
        ...new Array<number>(232).fill(1),
        0x63,
        0x82,
        0x53,
        0x63,
        53,
        1,
        2,
        51,
        4,
        0,
        0,
        1,
        0,
        255,
      ]),
    ),
  ),
  ethernet(0x0800, ipv4(2, icmpv4(0x11, 100, IP_A))),
  ethernet(
    0x86dd,
    ipv6(0, [
      43,
      0,
      5,
      2,
      0,
      0,
      1,
      0,
      44,
      2,
      0,
      1,
      0,
      0,
      0,
      0,
      ...IP6_A,
      6,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      ...tcp(6, { flags: 2 }),
    ]),
  ),
  ethernet(
    0x86dd,
    ipv6(
      58,
      icmpv6(134, 0, [
        64,
        0,
        0,
        9,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        ...MAC_A,
        3,
        4,
        64,
        0xc0,
        0,
        0,
        0,
        9,
        0,
        0,
        0,
        9,
        0,
        0,
        0,
        0,
        ...IP6_A,
      ]),
    ),
  ),
  ethernet(0x86dd, ipv6(58, icmpv6(1, 4, [0, 0, 0, 0, ...ipv6(17, udp(6, 1, 2, [3]))]))),
  ethernet(0x86dd, ipv6(58, icmpv6(137, 0, [0, 0, 0, 0, ...IP6_A, ...IP6_B, 4, 1, 0, 0, 0, 0, 0, 0]))),
  segment({ flags: 2, options: [2, 4, 5, 0xb4, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1] }),
  segment({ flags: 16, options: [1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2] }),
  segment({
    flags: 24,
    payload: mqtt(0x10, [
      ...text('MQTT'),
      4,
      0xee,
      0,
      60,
      ...text('d'),
      ...text('w'),
      ...text('m'),
      ...text('u'),
      ...text('p'),
    ]),
  }),
  segment({
    flags: 24,
    payload: [...mqtt(0x32, [...text('a/b'), ...word(1), 65, 66]), ...mqtt(0x82, [...word(1), ...text('a/#'), 1])],
  }),
  segment({
    flags: 25,
    destination: 8883,
    payload: [22, 3, 1, 0, 9, 1, 0, 0, 5, 3, 3, 0, 0, 0, 21, 3, 3, 0, 2, 2, 40],
  }),
];

/** What a summary or a tree must never show. */
const UNFIT = /undefined|NaN/;

/** Fails unless every field lies within the frame, or says why not. */
function check(field: Field, size: number): void {
  const inside = field.offset >= 0 && field.length >= 0 && field.offset + field.length <= size;
  if (!inside && field.problems.length === 0) throw new Error(`${field.name} lies outside the frame`);
  for (const child of field.children) check(child, size);
}

/** Fails when a line shows what it must not. Plain comparisons: this runs for tens of thousands of frames. */
function presentable(line: string): void {
  if (UNFIT.test(line) || /\p{Cc}/u.test(line)) throw new Error(`not fit to be shown: ${JSON.stringify(line)}`);
}

describe('no bytes make it throw', () => {
  test('20,000 damaged frames', () => {
    const next = random(1);
    const below = (limit: number) => Math.floor(next() * limit);
    const follower = new ConversationFollower();
    for (let round = 0; round < 20_000; round++) {
      const seed = SEEDS[round % SEEDS.length] as Uint8Array;
      const cut = next() < 0.3 ? below(seed.length + 1) : seed.length;
      const frame = seed.slice(0, cut);
      for (let hits = below(5); hits > 0 && frame.length > 0; hits--)
        frame[below(frame.length)] = next() < 0.3 ? 255 : below(256);
      const checksums = next() < 0.5;
      const dissection = dissect(frame, { checksums });
      presentable(dissection.summary);
      for (const layer of dissection.layers) check(layer, frame.length);
      if (round % 10 === 0 && UNFIT.test(formatTree(dissection))) throw new Error(formatTree(dissection));
      follower.follow(frame);
    }
  });

  test('damaged segments that pass for whole', () => {
    const next = random(2);
    const below = (limit: number) => Math.floor(next() * limit);
    const follower = new ConversationFollower({ checksums: false });
    for (let round = 0; round < 5000; round++) {
      const seed = SEEDS[10 + (round % 5)] as Uint8Array;
      const frame = seed.slice();
      for (let hits = below(6); hits > 0; hits--) frame[34 + below(frame.length - 34)] = below(256);
      presentable(follower.follow(frame).summary);
    }
  });

  test('random bytes, and none', () => {
    const next = random(3);
    for (const link of ['ethernet', 'ip', 'mqtt'] as const) {
      expect(dissect(new Uint8Array(0), { link }).layers.length).toBeLessThanOrEqual(1);
      for (let round = 0; round < 2000; round++) {
        const frame = Uint8Array.from({ length: Math.floor(next() * 120) }, () => Math.floor(next() * 256));
        presentable(dissect(frame, { link }).summary);
      }
    }
  });

  test('a frame that lies in a larger buffer is read at its place', () => {
    const whole = new Uint8Array(200).fill(0xee);
    const frame = SEEDS[10] as Uint8Array;
    whole.set(frame, 37);
    expect(dissect(whole.subarray(37, 37 + frame.length)).summary).toBe(dissect(frame).summary);
  });
});
