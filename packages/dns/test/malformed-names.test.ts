import { describe, expect, test } from '@jest/globals';
import { dnsPacketCodec } from '@strata/dns/node';

/** A response about x.example with one answer record, or what is given as octets behind the question. */
function message(rest: readonly number[], answers = 1, name: readonly number[] = label('x', 'example')): Uint8Array {
  return Uint8Array.from([
    ...[0x12, 0x34, 0x81, 0x80, 0, 1, answers >> 8, answers & 255, 0, 0, 0, 0],
    ...name,
    ...[0, 1, 0, 1],
    ...rest,
  ]);
}

function label(...labels: readonly string[]): number[] {
  return [...labels.flatMap((each) => [each.length, ...new TextEncoder().encode(each)]), 0];
}

/** A record: owner, type, data with its length or another. */
function record(owner: readonly number[], type: number, data: readonly number[], length = data.length): number[] {
  return [...owner, 0, type, 0, 1, 0, 0, 0, 60, length >> 8, length & 255, ...data];
}

const POINTER = [0xc0, 12];
/** Where the answer begins: behind the header and the question. */
const ANSWER = 12 + label('x', 'example').length + 4;
const at = (offset: number) => [0xc0 | (offset >> 8), offset & 255];
const [A, CNAME] = [1, 5];

const broken: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['a pointer to itself', message(record(at(ANSWER), A, [1, 2, 3, 4]))],
  ['a pointer ahead', message([...record(at(ANSWER + 16), A, [1, 2, 3, 4]), ...label('y')])],
  ['a pointer beyond the message', message(record(at(0x3fff), A, [1, 2, 3, 4]))],
  ['two pointers to each other', message(record(at(ANSWER + 12), CNAME, at(ANSWER)))],
  ['an alias that points to itself', message(record(POINTER, CNAME, at(ANSWER + 12)))],
  ['a label and then a pointer to it', message(record([1, 0x61, ...at(ANSWER)], A, [1, 2, 3, 4]))],
  ['a label of the reserved kind 01', message(record([0x41, ...new Array<number>(65).fill(0x61), 0], A, [1, 2, 3, 4]))],
  ['a label of the reserved kind 10', message(record([0x80, 0x61, 0], A, [1, 2, 3, 4]))],
  ['a name without an end', message([3, 0x61, 0x61, 0x61])],
  ['a label longer than the message', message([63, 0x61])],
  ['half a pointer', message([0xc0])],
  ['a record cut off behind its name', message([...POINTER, 0, A, 0])],
  ['data longer than the message', message(record(POINTER, A, [1, 2, 3, 4], 200))],
  ['more answers than there are', message(record(POINTER, A, [1, 2, 3, 4]), 2)],
  ['65,535 answers', message(record(POINTER, A, [1, 2, 3, 4]), 0xffff)],
  ['an address of three octets', message(record(POINTER, A, [1, 2, 3]))],
  ['an address of five octets', message(record(POINTER, A, [1, 2, 3, 4, 5]))],
  ['an IPv6 address of four octets', message(record(POINTER, 28, [1, 2, 3, 4]))],
  ['an alias with octets behind it', message(record(POINTER, CNAME, [...label('y'), 1, 2]))],
  ['an alias longer than its data says', message(record(POINTER, CNAME, label('yyyy'), 2))],
  ['a service of three octets', message(record(POINTER, 33, [0, 1, 0]))],
];

describe('names and records that lie (CVE-2020-24338 and like it: NAME:WRECK)', () => {
  test.each(broken)('%s: no address and no alias comes of it', (_what, bytes) => {
    const decoded = dnsPacketCodec.decode(bytes);
    expect(decoded === null || decoded.answers.length === 0).toBe(true);
  });

  test('a name of more than 255 octets, put together by pointers, is none', () => {
    const long = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(63));
    const bytes = message(record([2, 0x79, 0x79, ...POINTER], A, [1, 2, 3, 4]), 1, label(...long));
    const decoded = dnsPacketCodec.decode(bytes);
    expect(decoded === null || decoded.answers.length === 0).toBe(true);
  });

  test('a chain of pointers as long as a message is given up', () => {
    // Each pointer leads to the one before it; 2,000 records use the last of them.
    const pointers: number[] = [];
    for (let i = 0; i < 500; i++) pointers.push(...at(i === 0 ? 12 : ANSWER + 12 + 2 * (i - 1)));
    const txt = record(POINTER, 99, pointers);
    const last = at(ANSWER + 12 + 2 * 499);
    const records = Array.from({ length: 2000 }, () => record(last, A, [1, 2, 3, 4])).flat();
    const bytes = message([...txt, ...records], 2001);
    const decoded = dnsPacketCodec.decode(bytes);
    expect(decoded).toBeNull();
  });

  test('a good one is good', () => {
    expect(dnsPacketCodec.decode(message(record(POINTER, A, [192, 0, 2, 7])))?.answers).toMatchObject([
      { name: 'x.example', type: 'A', ttl: 60 },
    ]);
  });
});
