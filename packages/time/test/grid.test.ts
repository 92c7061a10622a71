import { expect, test } from '@jest/globals';
import { nextOnGrid, onGrid } from '@strata/time';
import fc from '../../../test/support/laws.ts';

test.each([
  [0, 100, 0, 100, 0],
  [1, 100, 0, 100, 100],
  [100, 100, 0, 200, 100],
  [0, 200_000, 30_000, 30_000, 30_000],
  [30_000, 200_000, 30_000, 230_000, 30_000],
  [29_999, 200_000, 230_000, 30_000, 30_000],
])('after %i with period %i and phase %i comes %i; not before it, %i', (time, period, phase, next, at) => {
  expect(nextOnGrid(time, period, phase)).toBe(next);
  expect(onGrid(time, period, phase)).toBe(at);
});

test('the next moment on the grid is the first after the time that is a whole number of periods from the phase', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 50), fc.integer({ min: 1, max: 10_000_000 }), fc.nat(10_000_000), (time, period, phase) => {
      const next = nextOnGrid(time, period, phase);
      expect(next).toBeGreaterThan(time);
      expect(next - period).toBeLessThanOrEqual(time);
      expect((next - phase) % period).toBe(phase > next ? -0 : 0);
      expect([next, next - period]).toContain(onGrid(time, period, phase));
    }),
  );
});
