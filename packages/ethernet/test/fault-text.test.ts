import { describe, expect, test } from '@jest/globals';
import {
  ETHERTYPE_PREDICATES,
  FaultValueError,
  parseDuration,
  parseFaultPlan,
  parseGilbertElliott,
  parseOutages,
  parseProbability,
  parseRate,
  parseSize,
} from '@strata/ethernet';

describe('values as people write them', () => {
  test.each([
    ['20ms', 20_000],
    ['1.5s', 1_500_000],
    ['300us', 300],
    ['300 µs', 300],
    ['2min', 120_000_000],
    ['0', 0],
  ])('the time %s', (text, microseconds) => expect(parseDuration(text)).toBe(microseconds));

  test.each([
    ['5%', 0.05],
    ['0.05', 0.05],
    ['100%', 1],
    ['0', 0],
    ['.5%', 0.005],
  ])('the probability %s', (text, value) => expect(parseProbability(text)).toBeCloseTo(value, 12));

  test.each([
    ['1mbit', 1_000_000],
    ['64kbit', 64_000],
    ['9600bit', 9_600],
    ['2.5Gbit/s', 2_500_000_000],
  ])('the rate %s', (text, rate) => expect(parseRate(text)).toBe(rate));

  test.each([
    ['1500', 1500],
    ['64kB', 64_000],
    ['1MiB', 1_048_576],
    ['1.5k', 1500],
  ])('the size %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test('outages by length or by end, one or several', () => {
    const out = { fromMicroseconds: 3_000_000, toMicroseconds: 13_000_000 };
    expect(parseOutages('3s+10s')).toEqual([out]);
    expect(parseOutages('3s-13s')).toEqual([out]);
    expect(parseOutages('3s+10s, 20s+5ms')).toEqual([
      out,
      { fromMicroseconds: 20_000_000, toMicroseconds: 20_005_000 },
    ]);
  });

  test('burst loss', () => {
    expect(parseGilbertElliott('1%:25%')).toEqual({ goodToBad: 0.01, badToGood: 0.25, lossInBad: 1, lossInGood: 0 });
    expect(parseGilbertElliott('1%:25%:50%:1%')).toMatchObject({ lossInBad: 0.5, lossInGood: 0.01 });
  });

  const wrong: [() => unknown, RegExp][] = [
    [() => parseDuration('20'), /"20" is not a time: it has no unit; write 20ms or 20s/],
    [() => parseDuration('20 parsecs'), /such as 20ms/],
    [() => parseDuration('-5ms'), /such as 20ms/],
    [() => parseDuration(''), /such as 20ms/],
    [() => parseProbability('5'), /for percent write 5%/],
    [() => parseProbability('101%'), /such as 5% or 0.05/],
    [() => parseProbability('lots'), /"lots" is not a probability/],
    [() => parseRate('1mbps'), /may mean bits or bytes; write 1mbit/],
    [() => parseRate('0.1bit'), /at least 1bit/],
    [() => parseSize('1.5'), /a number of bytes/],
    [() => parseOutages('3s'), /3s\+10s \(start and length\)/],
    [() => parseOutages('3s-1s'), /ends after it begins/],
    [() => parseGilbertElliott('1%'), /such as 1%:25%/],
  ];
  test.each(wrong)('what cannot be read is refused with an example: %#', (read, message) =>
    expect(read).toThrow(message),
  );
});

describe('a plan as the command line has it', () => {
  test('nothing given is no plan', () => expect(parseFaultPlan({})).toBeNull());

  test('every flag lands in its member', () => {
    const plan = parseFaultPlan({
      loss: '5%',
      burstLoss: '1%:25%',
      delay: '20ms',
      jitter: '5ms',
      duplicate: '1%',
      reorder: '2%',
      reorderDelay: '3ms',
      corrupt: '1%',
      corruptBits: '4',
      rate: '1mbit',
      queue: '64kB',
      mtu: '576',
      outage: ['3s+10s', '20s+1s'],
      dropNth: ['arp:1', '7'],
      delayNth: 'ipv4:2:all@50ms',
    });
    expect(plan).toMatchObject({
      lossRate: 0.05,
      gilbertElliott: { goodToBad: 0.01 },
      delayMicroseconds: 20_000,
      jitterMicroseconds: 5_000,
      duplicateRate: 0.01,
      reorderRate: 0.02,
      reorderDelayMicroseconds: 3_000,
      corruptRate: 0.01,
      corruptBits: 4,
      rateBitsPerSecond: 1_000_000,
      queueBytes: 64_000,
      mtuBytes: 576,
      outages: [{ fromMicroseconds: 3_000_000 }, { fromMicroseconds: 20_000_000 }],
      chosen: [
        { nth: 1, count: 1, action: 'drop', matches: ETHERTYPE_PREDICATES.arp },
        { nth: 7, count: 1, action: 'drop' },
        { nth: 2, count: Number.POSITIVE_INFINITY, action: 'delay', delayMicroseconds: 50_000 },
      ],
    });
    expect(parseFaultPlan({ queue: '50' })).toEqual({ queueFrames: 50 });
  });

  test('names for frames can be added', () => {
    const data = () => true;
    expect(parseFaultPlan({ corruptNth: 'data:3' }, { data })?.chosen).toEqual([
      { matches: data, nth: 3, count: 1, action: 'corrupt' },
    ]);
    expect(() => parseFaultPlan({ corruptNth: 'constructor:3' }, { data })).toThrow(/the kinds are data/);
  });

  test('an error names the member it is about', () => {
    for (const [field, text] of [
      ['loss', '5'],
      ['queue', '0'],
      ['mtu', '10'],
      ['corruptBits', '0'],
      ['dropNth', 'arp'],
      ['delayNth', 'arp:1'],
      ['outage', 'never'],
    ] as const) {
      let caught: unknown = null;
      try {
        parseFaultPlan({ [field]: text });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(FaultValueError);
      expect(caught).toMatchObject({ field, value: text });
    }
  });

  test('frames are told by EtherType, behind a tag too, and short ones match nothing', () => {
    const tagged = Uint8Array.from([...new Array(12).fill(0), 0x81, 0, 0, 7, 8, 6]);
    expect(ETHERTYPE_PREDICATES.arp!(tagged, 0, 18)).toBe(true);
    expect(ETHERTYPE_PREDICATES.vlan!(tagged, 0, 18)).toBe(true);
    expect(ETHERTYPE_PREDICATES.ipv4!(tagged, 0, 18)).toBe(false);
    for (let length = 0; length < 18; length++) expect(ETHERTYPE_PREDICATES.arp!(tagged, 0, length)).toBe(false);
  });
});
