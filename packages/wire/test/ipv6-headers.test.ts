import { describe, expect, test } from '@jest/globals';
import {
  DROP_IPV6_EMPTY,
  DROP_IPV6_SHORT,
  DROP_IPV6_TRUNCATED,
  DROP_IPV6_VERSION,
  DROP_ND_OPTION,
  DROP_ND_SHORT,
} from '@strata/contracts';
import fc from '../../../test/support/laws.ts';
import {
  checkNd,
  describeIcmpv6,
  describeIpv6,
  emitIpv6,
  emitLinkOption,
  IcmpRepr,
  Ipv6Repr,
  ipv6Address,
  ipv6AddressAt,
  ipv6AddressSum,
  ipv6FlowLabel,
  ipv6HeaderSum,
  ipv6HopLimit,
  ipv6TrafficClass,
  isIcmpv6Error,
  ND_OPTION_PREFIX,
  ND_OPTION_SOURCE_LINK,
  ND_OPTION_TARGET_LINK,
  NdOptions,
  nextNdOption,
  parseAddress,
  parseIpv6,
  scanNdOptions,
  setIpv6Address,
} from '../src/index.ts';

function viewOf(octets: ArrayLike<number>): DataView {
  return new DataView(Uint8Array.from(octets).buffer);
}

const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });

describe('the IPv6 header (RFC 8200 3)', () => {
  const header = fc.record({
    trafficClass: fc.nat(255),
    flowLabel: fc.nat(0xfffff),
    payloadLength: fc.integer({ min: 1, max: 0xffff }),
    nextHeader: fc.nat(255),
    hopLimit: fc.nat(255),
    words: fc.array(word, { minLength: 8, maxLength: 8 }),
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(header, ({ words, ...fields }) => {
        const [source0, source1, source2, source3, destination0, destination1, destination2, destination3] = words;
        const repr = Object.assign(new Ipv6Repr(), fields, { source0, source1, source2, source3 });
        Object.assign(repr, { destination0, destination1, destination2, destination3 });
        const view = new DataView(new ArrayBuffer(40));
        emitIpv6(view, 0, repr);
        const read = new Ipv6Repr();
        expect(parseIpv6(view, 0, 40, 40 + fields.payloadLength, read)).toBe(0);
        expect(read).toEqual(repr);
        expect(ipv6TrafficClass(view, 0)).toBe(fields.trafficClass);
        expect(ipv6FlowLabel(view, 0)).toBe(fields.flowLabel);
        expect(ipv6HopLimit(view, 0)).toBe(fields.hopLimit);
        expect(ipv6HeaderSum(read)).toBe(
          ipv6AddressSum(ipv6AddressAt(view, 8)) + ipv6AddressSum(ipv6AddressAt(view, 24)),
        );
      }),
    );
  });

  test('has the octets of an example', () => {
    const repr = new Ipv6Repr();
    Object.assign(repr, {
      payloadLength: 24,
      nextHeader: 58,
      hopLimit: 255,
      destination0: 0xff020000 | 0,
      destination3: 2,
    });
    const view = new DataView(new ArrayBuffer(40));
    emitIpv6(view, 0, repr);
    expect(Buffer.from(view.buffer).toString('hex')).toBe(`6000000000183aff${'00'.repeat(16)}ff02${'00'.repeat(13)}02`);
    expect(describeIpv6(repr)).toBe('IPv6 :: -> ff02::2 next header 58, 24 B, hop limit 255');
  });

  test('is judged by its lengths', () => {
    const repr = new Ipv6Repr();
    const good = [0x60, 0, 0, 0, 0, 8, 17, 64, ...new Uint8Array(32)];
    expect(parseIpv6(viewOf(good), 0, 39, 48, repr)).toBe(DROP_IPV6_SHORT);
    expect(parseIpv6(viewOf([0x40, ...good.slice(1)]), 0, 40, 48, repr)).toBe(DROP_IPV6_VERSION);
    expect(parseIpv6(viewOf(good), 0, 40, 47, repr)).toBe(DROP_IPV6_TRUNCATED);
    const empty = [...good];
    empty[5] = 0;
    expect(parseIpv6(viewOf(empty), 0, 40, 48, repr)).toBe(DROP_IPV6_EMPTY);
  });

  test('an address is written as it is read', () => {
    const view = new DataView(new ArrayBuffer(16));
    const address = parseAddress('2001:db8::ff:fe33:4456')!;
    setIpv6Address(view, 0, address);
    expect(ipv6AddressAt(view, 0)).toEqual(address);
    expect(ipv6Address(0x20010db8, 0, 0xff, 0xfe334456)).toEqual(address);
  });
});

describe('Neighbor Discovery options (RFC 4861 4.6)', () => {
  const options = new NdOptions();

  test('are found behind unknown ones, and the first of a kind counts', () => {
    const view = new DataView(new ArrayBuffer(40));
    view.setUint8(0, 200);
    view.setUint8(1, 1);
    emitLinkOption(view, 8, ND_OPTION_SOURCE_LINK, 0x0011, 0x22334455);
    emitLinkOption(view, 16, ND_OPTION_SOURCE_LINK, 0x0066, 0x77);
    emitLinkOption(view, 24, ND_OPTION_TARGET_LINK, 0x00aa, 0x0b);
    view.setUint8(32, 5);
    view.setUint8(33, 1);
    view.setUint32(36, 1400);
    expect(scanNdOptions(view, 0, 40, options)).toBe(0);
    expect([options.hasSource, options.sourceMsw, options.sourceLsw]).toEqual([true, 0x0011, 0x22334455]);
    expect([options.hasTarget, options.targetMsw, options.targetLsw, options.mtu]).toEqual([true, 0x00aa, 0x0b, 1400]);
  });

  test.each([
    ['length 0', [1, 0, 0, 0, 0, 0, 0, 0], DROP_ND_OPTION],
    ['a length beyond the end', [1, 2, 0, 0, 0, 0, 0, 0], DROP_ND_OPTION],
    ['half an option', [1, 1, 0, 0], DROP_ND_OPTION],
    ['none', [], 0],
  ])('%s', (_, octets, reason) => {
    expect(scanNdOptions(viewOf(octets), 0, octets.length, options)).toBe(reason);
  });

  test('never leave the message, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(255), (octets, type) => {
        const view = viewOf(octets);
        scanNdOptions(view, 0, octets.length, options);
        for (let at = nextNdOption(view, 0, octets.length, type, 0); at >= 0; ) {
          expect(at + view.getUint8(at + 1) * 8).toBeLessThanOrEqual(octets.length);
          at = nextNdOption(view, at + view.getUint8(at + 1) * 8, octets.length, type, 0);
        }
      }),
    );
  });

  test('a prefix is found by its length only', () => {
    const octets = [3, 1, 0, 0, 0, 0, 0, 0, 3, 4, ...new Uint8Array(30)];
    expect(nextNdOption(viewOf(octets), 0, octets.length, ND_OPTION_PREFIX, 32)).toBe(8);
    expect(scanNdOptions(viewOf(octets), 0, octets.length, options)).toBe(0);
    expect(options.prefixes).toBe(1);
  });

  test.each([
    [133, 8],
    [134, 16],
    [135, 24],
    [136, 24],
    [137, 40],
  ])('a message of type %i has %i octets at least', (type, length) => {
    expect(checkNd(type, length - 1)).toBe(DROP_ND_SHORT);
    expect(checkNd(type, length)).toBe(0);
  });
});

test('ICMPv6 messages are described, and errors are those below 128', () => {
  const repr = new IcmpRepr();
  const described = (type: number, code: number, rest: number) =>
    describeIcmpv6(Object.assign(repr, { type, code, rest }));
  expect(described(128, 0, 0x00070001)).toBe('ICMPv6 echo request id 7 seq 1');
  expect(described(2, 0, 1280)).toBe('ICMPv6 packet too big, MTU 1280');
  expect(described(135, 0, 0)).toBe('ICMPv6 neighbor solicitation code 0');
  expect(described(200, 3, 0)).toBe('ICMPv6 type 200 code 3');
  expect([0, 1, 127, 128, 255].map(isIcmpv6Error)).toEqual([true, true, true, false, false]);
});
