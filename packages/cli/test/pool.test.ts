import { describe, expect, test } from '@jest/globals';
import fc from '../../../test/support/laws.ts';
import { runScenario } from '../src/pool/scenario.ts';
import { smallest } from '../src/pool/search.ts';
import { strata } from './recorder.ts';

interface Report {
  readonly passed: boolean;
  readonly failure: string | null;
  readonly pools: readonly {
    readonly name: string;
    readonly total: number;
    readonly minimumFree: number;
    readonly emptyRequests: number;
    readonly heldAtLowest: Readonly<Record<string, number>>;
    readonly smallest: number | null;
  }[];
}

const pool = (line: string) => strata(['pool', ...line.split(' ')]);
const read = (stdout: string) => JSON.parse(stdout) as Report;

describe('the search for the smallest number that passes', () => {
  test('finds it, from any guess, within the limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 300 }), async (threshold, guess, limit) => {
        const tried: number[] = [];
        const found = await smallest(limit, guess, async (count) => {
          tried.push(count);
          return count >= threshold;
        });
        expect(found).toBe(threshold <= limit ? Math.max(1, threshold) : null);
        expect(new Set(tried).size).toBe(tried.length);
        expect(tried.every((count) => count >= 1 && count <= limit)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('strata pool', () => {
  test('names the holders, and a pool of the size that it finds passes while a smaller one does not', async () => {
    const { code, stdout } = await pool('--scenario mqtt --json');
    expect(code).toBe(0);
    const { pools, passed } = read(stdout);
    expect(passed).toBe(true);
    for (const { total, minimumFree, heldAtLowest, smallest: least } of pools) {
      expect(Object.values(heldAtLowest).reduce((sum, count) => sum + count, 0)).toBe(total - minimumFree);
      expect(least).toBeGreaterThan(0);
    }
    expect(pools[0]?.heldAtLowest).toMatchObject({ 'mqtt transmit queue': 1 });
    for (const [i, { smallest: least }] of pools.entries()) {
      for (const [packets, fails] of [
        [least as number, false],
        [(least as number) - 1, true],
      ] as const) {
        const sizes: [number, number] = i === 0 ? [packets, 512] : [512, packets];
        const plan = { lab: { seed: 1 }, faults: { delayMicroseconds: 1000 }, payloadSize: 1568, audit: false };
        const run = await runScenario('mqtt', { ...plan, packets: sizes });
        expect(run.failure !== null).toBe(fails);
      }
    }
  });

  test('prints the same for the same seed', async () => {
    const [first, second] = [await pool('--scenario tcp-bulk --loss 2%'), await pool('--scenario tcp-bulk --loss 2%')];
    expect(first.code).toBe(0);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stdout).toMatch(/^pool +total +fewest free +empty requests +smallest that passes$/m);
    expect(first.stdout).toMatch(/^device pool at its lowest: .*tcp transmit queue \d/m);
  });

  test('knows MQTT over TLS', async () => {
    const { code, stdout } = await pool('--scenario mqtt-tls --packets 16 --json');
    expect(code).toBe(0);
    expect(read(stdout).pools.every((one) => (one.smallest ?? 99) <= 16)).toBe(true);
  });

  test('says what went wrong with a pool that is too small', async () => {
    const { code, stdout } = await pool('--scenario tcp-bulk --packets 1 --json');
    expect(code).toBe(1);
    expect(read(stdout).failure).toMatch(/connect/);
  });

  test.each([
    ['--scenario mqtts', 'did you mean mqtt-tls?|there is no such scenario'],
    ['--packets 0', '--packets'],
    ['--payload-size 10', '--payload-size'],
  ])('%s is refused', async (flags, message) => {
    const { code, stderr } = await pool(flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(message));
  });
});
