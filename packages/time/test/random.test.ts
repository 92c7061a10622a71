import { expect, test } from '@jest/globals';
import { SeededRandom } from '@strata/time';
import fc from '../../../test/support/laws.ts';

const draw = (random: { uint32(): number }, count: number) => Array.from({ length: count }, () => random.uint32());

test('the same seed gives the same numbers, another seed others', () => {
  expect(draw(new SeededRandom(7), 50)).toEqual(draw(new SeededRandom(7), 50));
  expect(draw(new SeededRandom(7), 50)).toEqual(draw(new SeededRandom('7'), 50));
  expect(draw(new SeededRandom(7), 50)).not.toEqual(draw(new SeededRandom(8), 50));
});

test('the numbers of a seed stay what they are, so that old captures can be made again', () => {
  expect(draw(new SeededRandom('strata'), 4)).toEqual([2930406055, 2233821564, 1563539824, 3042745458]);
});

test('a fork is independent of how much was drawn before, and of other forks', () => {
  const fresh = new SeededRandom(1);
  const used = new SeededRandom(1);
  draw(used, 100);
  expect(draw(used.fork('loss'), 20)).toEqual(draw(fresh.fork('loss'), 20));
  expect(draw(fresh.fork('loss'), 20)).not.toEqual(draw(fresh.fork('delay'), 20));
});

test('numbers below a limit are whole, within it, and reach all of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.string(), (limit, seed) => {
      const random = new SeededRandom(seed);
      const seen = new Set(Array.from({ length: 400 }, () => random.below(limit)));
      expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: limit }, (_, i) => i));
    }),
  );
});

test('units are in [0, 1) and evenly spread', () => {
  const random = new SeededRandom('spread');
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const unit = random.unit();
    buckets[Math.floor(unit * 10)]!++;
  }
  expect(buckets).toHaveLength(10);
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});
