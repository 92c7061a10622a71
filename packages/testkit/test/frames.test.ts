import { describe, expect, test } from '@jest/globals';
import { dissect } from '@strata/dissect';
import {
  all,
  doubleRun,
  FrameMaker,
  flagBits,
  layer,
  randomMutation,
  repairChecksums,
  systematicMutations,
  tcpSegment,
  udpDatagram,
  wellFormed,
} from '@strata/testkit';
import { SeededRandom } from '@strata/time';

const A = { msw: 0x0200, lsw: 1, address: 0xc0000201 | 0 };
const B = { msw: 0x0200, lsw: 2, address: 0xc0000202 | 0 };
const make = new FrameMaker(A, B);

const FRAMES: Readonly<Record<string, Uint8Array>> = {
  tcp: make.tcp({ sourcePort: 1, destinationPort: 2, flags: 'P.', sequence: 7, acknowledgment: 9, data: [1, 2, 3] }),
  'tcp with options': make.tcp({ sourcePort: 1, destinationPort: 2, flags: 'S', options: [2, 4, 5, 0xb4, 1, 3, 3, 7] }),
  udp: make.udp(5, 6, [1, 2, 3, 4, 5]),
  icmp: make.icmp(8, 0, 0x00010002, [1, 2, 3]),
  'arp request': make.arp(1),
  'arp reply': make.arp(2),
};

describe('frames made', () => {
  test.each(Object.entries(FRAMES))('%s is well-formed by the dissector', (_, frame) => {
    expect(wellFormed(dissect(frame))).toBeNull();
  });

  test('flags are packetdrill letters', () => {
    expect(flagBits('S.')).toBe(0x12);
    expect(() => flagBits('x')).toThrow(/not a TCP flag/);
  });
});

describe('checks', () => {
  test('the first complaint counts, and a broken frame is one before any field is', () => {
    const broken = FRAMES.udp!.slice();
    broken[45]! ^= 1;
    const check = all(wellFormed, udpDatagram({ destinationPort: 99 }));
    expect(check(dissect(broken))).toMatch(/checksum/);
    expect(check(dissect(FRAMES.udp!))).toBe('expected destination port 99, got 6');
    expect(udpDatagram({ payload: [1, 2, 3, 4, 6] })(dissect(FRAMES.udp!))).toBe('octet 4 of the payload is 5, not 6');
    expect(tcpSegment({})(dissect(FRAMES.udp!))).toMatch(/^expected a TCP segment/);
    expect(tcpSegment({ sequence: 7, flags: 'P.', payloadLength: 3 })(dissect(FRAMES.tcp!))).toBeNull();
    expect(layer('arp', { Operation: 2 })(dissect(FRAMES['arp request']!))).toBe('expected arp Operation 2, got 1');
  });
});

describe('mutations', () => {
  test('repaired frames have no wrong checksum, whatever else is wrong with them', () => {
    const random = new SeededRandom('repair');
    const corpus = Object.values(FRAMES);
    for (let i = 0; i < 3000; i++) {
      const frame = randomMutation(random, corpus[i % corpus.length]!, corpus);
      repairChecksums(frame);
      const wrong = dissect(frame).problems.filter((problem) => problem.kind === 'checksum');
      expect(wrong.filter((problem) => problem.text.startsWith('IPv4'))).toEqual([]);
    }
  });

  test('systematic ones cut at each octet and leave the frame they are made of alone', () => {
    const before = FRAMES.tcp!.slice();
    const made = [...systematicMutations(FRAMES.tcp!)];
    expect(FRAMES.tcp).toEqual(before);
    for (let length = 0; length < before.length; length++)
      expect(made.some((each) => each.length === length)).toBe(true);
    expect(made.length).toBeGreaterThan(500);
  });
});

describe('double runs', () => {
  test('equal captures pass, different ones are told apart', async () => {
    expect(await doubleRun(3, (seed) => Uint8Array.of(seed, 1))).toEqual(Uint8Array.of(3, 1));
    let calls = 0;
    await expect(doubleRun(3, () => Uint8Array.of(1, calls++))).rejects.toThrow(/seed 3: .* differ at byte 1/);
  });
});
