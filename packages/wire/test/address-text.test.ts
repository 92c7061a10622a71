import { describe, expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import {
  formatAddress,
  formatMac,
  ipv4Address,
  ipv4Mask,
  parseAddress,
  parseMac,
  parsePrefix,
  sameAddress,
} from '../src/index.ts';

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

describe('addresses as text', () => {
  test('what is formatted is parsed again, in both families', () => {
    fc.assert(
      fc.property(int32, int32, int32, int32, (w0, w1, w2, w3) => {
        const four = ipv4Address(w3);
        expect(parseAddress(formatAddress(four))).toEqual(four);
        const six = { family: 6 as const, w0, w1, w2, w3 };
        const read = parseAddress(formatAddress(six));
        expect(read !== null && sameAddress(read, six)).toBe(true);
      }),
    );
  });

  test.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1::', '1::'],
  ])('%s is written %s (RFC 5952)', (text, canonical) => {
    const address = parseAddress(text);
    expect(address !== null && formatAddress(address)).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:8::',
  ])('"%s" is no address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('prefixes and masks', () => {
    expect(parsePrefix('192.0.2.1/24')).toMatchObject({ length: 24 });
    expect(parsePrefix('2001:db8::1')).toMatchObject({ length: 128 });
    for (const text of ['192.0.2.1/33', '192.0.2.1/', '192.0.2.1/2/3', 'x/3', '::/129'])
      expect(parsePrefix(text)).toBeNull();
    expect([0, 1, 24, 31, 32].map((length) => ipv4Mask(length) >>> 0)).toEqual([
      0, 0x80000000, 0xffffff00, 0xfffffffe, 0xffffffff,
    ]);
  });

  test('MAC addresses', () => {
    expect(parseMac('00:11:22:33:44:56')).toEqual({ msw: 0x0011, lsw: 0x22334456 });
    expect(parseMac('FE-DC-BA-98-76-54')).toEqual({ msw: 0xfedc, lsw: 0xba987654 | 0 });
    expect(formatMac(0xfedc, 0xba987654 | 0)).toBe('fe:dc:ba:98:76:54');
    for (const text of ['', '00:11:22:33:44', '00:11:22:33:44:5g', '001122334456']) expect(parseMac(text)).toBeNull();
  });
});
