import { describe, expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import { advance, after, afterOrAt, before, beforeOrAt, distance, later, unsigned } from '../src/sequence.ts';
import { expiry } from '../src/timers/grid.ts';
import {
  acceptability,
  receiverAvoidance,
  SEGMENT_ACCEPTABLE,
  SEGMENT_CONTROL_ONLY,
  SEGMENT_OUTSIDE,
  sendableOctets,
  usableWindow,
  windowField,
  windowShift,
} from '../src/window.ts';

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });

describe('sequence arithmetic', () => {
  test('is the same wherever in the space it happens', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 1, max: 0x7fffffff }), (a, n) => {
        const b = advance(a, n);
        expect(distance(b, a)).toBe(n);
        expect([before(a, b), after(b, a), beforeOrAt(a, a), afterOrAt(a, a)]).toEqual([true, true, true, true]);
        expect([before(b, a), after(a, b)]).toEqual([false, false]);
        expect(later(a, b)).toBe(b);
        expect(unsigned(a)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('acceptability (RFC 9293 3.10.7.4)', () => {
  const cases: [string, number, number, number, number][] = [
    ['empty segment, closed window, at the edge', 0, 0, 0, SEGMENT_ACCEPTABLE],
    ['empty segment, closed window, one off', 1, 0, 0, SEGMENT_OUTSIDE],
    ['empty segment in the window', 99, 0, 100, SEGMENT_ACCEPTABLE],
    ['empty segment at the right edge', 100, 0, 100, SEGMENT_OUTSIDE],
    ['empty segment before the window', -1, 0, 100, SEGMENT_OUTSIDE],
    ['data into a closed window', 0, 1, 0, SEGMENT_CONTROL_ONLY],
    ['old data into a closed window', -1, 1, 0, SEGMENT_OUTSIDE],
    ['data that begins in the window', 99, 50, 100, SEGMENT_ACCEPTABLE],
    ['data that ends in the window', -49, 50, 100, SEGMENT_ACCEPTABLE],
    ['data that ends just before it', -50, 50, 100, SEGMENT_OUTSIDE],
    ['data that covers the window', -50, 500, 100, SEGMENT_ACCEPTABLE],
    ['data behind the window', 100, 1, 100, SEGMENT_OUTSIDE],
  ];
  test.each(cases)('%s', (_name, offset, length, window, verdict) => {
    for (const rcvNxt of [0, 1, -1, 0x7fffffff, -0x80000000, 0x7fffffff - 20]) {
      expect(acceptability((rcvNxt + offset) | 0, length, rcvNxt, window)).toBe(verdict);
    }
  });

  test('a segment is acceptable exactly when one of its octets is in the window', () => {
    fc.assert(
      fc.property(
        int32,
        fc.integer({ min: -300, max: 300 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        (rcvNxt, offset, length, window) => {
          let touches = false;
          for (let i = offset; i < offset + length; i++) touches ||= i >= 0 && i < window;
          expect(acceptability((rcvNxt + offset) | 0, length, rcvNxt, window)).toBe(
            touches ? SEGMENT_ACCEPTABLE : SEGMENT_OUTSIDE,
          );
        },
      ),
    );
  });
});

describe('windows', () => {
  test('the usable window may be negative', () => {
    expect(usableWindow(-10, 10, 15)).toBe(-5);
    expect(usableWindow(0x7ffffff0, -0x80000000, 100)).toBe(84);
  });

  test('the shift is the smallest that fits, at most 14', () => {
    expect([1, 65535, 65536, 1 << 20, 0x3fffc000].map(windowShift)).toEqual([0, 0, 1, 5, 14]);
  });

  test('the field never promises less than the window, by at most one unit more, and 0 only for 0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x3fffc000 }), (window) => {
        const shift = windowShift(window);
        const promised = windowField(window, shift) << shift;
        expect(promised).toBeGreaterThanOrEqual(window);
        expect(promised - window).toBeLessThan(1 << shift);
        expect(promised === 0).toBe(window === 0);
      }),
    );
  });

  test('a receiver opens the window in steps worth having', () => {
    expect(receiverAvoidance(1000, 0, 1460, 65535)).toBe(0);
    expect(receiverAvoidance(1460, 0, 1460, 65535)).toBe(1460);
    expect(receiverAvoidance(500, 0, 1460, 1000)).toBe(500);
    expect(receiverAvoidance(3000, 2000, 1460, 65535)).toBe(2000);
  });

  test.each([
    ['a full segment', 1000, true, 5000, 5000, true, 1000],
    ['the last small one while data is out', 300, true, 5000, 5000, true, 0],
    ['the last small one when unhurried is false', 300, true, 5000, 5000, false, 300],
    ['a small one with more behind it', 300, false, 5000, 5000, true, 300],
    ['no window', 300, false, 0, 5000, false, 0],
    ['a shrunken window', 300, false, -5, 5000, false, 0],
    ['congestion cuts nothing', 1000, true, 5000, 400, false, 0],
    ['less than half of the largest window', 1000, true, 400, 5000, false, 0],
    ['half of the largest window', 1000, true, 500, 5000, false, 500],
    ['more than the MSS', 2000, true, 5000, 5000, true, 1000],
  ])('sending: %s', (_name, payload, isLast, byWindow, byCongestion, unhurried, octets) => {
    expect(sendableOctets(payload, isLast, byWindow, byCongestion, 1000, 1000, unhurried)).toBe(octets);
  });
});

describe('the timer grid', () => {
  test('n ticks take between n - 1 and n intervals and end on the grid', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.nat(1e6),
        fc.integer({ min: 1, max: 1e5 }),
        fc.integer({ min: 1, max: 50 }),
        (now, phase, interval, ticks) => {
          const start = now + phase;
          const end = expiry(start, ticks * interval, interval, phase);
          expect(end - start).toBeLessThanOrEqual(ticks * interval);
          expect(end - start).toBeGreaterThan((ticks - 1) * interval);
          expect((end - phase) % interval).toBe(0);
        },
      ),
    );
  });

  test('without a grid a timeout is exact', () => {
    expect(expiry(17, 100, 0, 5)).toBe(117);
  });
});
