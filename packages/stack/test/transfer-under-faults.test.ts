import { expect, test } from '@jest/globals';
import { modernProfile, netxProfile, type Profile } from '@strata/stack';
import { type TransferResult, transferScenario } from '@strata/testkit';

/** A size that fits here; `node tools/soak.mjs` runs the full one. */
const SEEDS = 150;
/** Of IPv6, which differs below TCP only. */
const SEEDS6 = 10;

function run(profile: Profile): TransferResult[] {
  return Array.from({ length: SEEDS }, (_, i) => transferScenario(i + 1, profile));
}

/** What went wrong, seed by seed, with the line that replays it. */
function failures(results: readonly TransferResult[]): string[] {
  return results
    .filter((result) => result.faults.length > 0)
    .map(
      ({ seed, profile, faults }) =>
        `seed ${seed}: ${faults.join('; ')}\n  node tools/soak.mjs --seed ${seed} --profile ${profile} --pcap seed.pcapng`,
    );
}

test.each([netxProfile, modernProfile])(
  'under loss, reordering, duplication and corruption every octet arrives in order or the loss is told ($name)',
  (profile) => {
    const results = run(profile);
    expect(failures(results)).toEqual([]);
    // A harness that loses every connection would prove nothing.
    const complete = results.filter((result) => result.outcome === 'complete');
    expect(complete.length).toBeGreaterThan(SEEDS * 0.8);
    expect(results.reduce((sum, result) => sum + result.retransmissions, 0)).toBeGreaterThan(SEEDS);
  },
  180_000,
);

test.each([netxProfile, modernProfile])('so it is over IPv6 ($name)', (profile) => {
  const results = Array.from({ length: SEEDS6 }, (_, i) => transferScenario(i + 1, profile, { family: 6 }));
  expect(failures(results)).toEqual([]);
  expect(results.filter((result) => result.outcome === 'complete').length).toBeGreaterThan(SEEDS6 * 0.8);
});

test('a seed decides everything', () => {
  const { description: _, ...first } = transferScenario(7, netxProfile);
  const { description: __, ...second } = transferScenario(7, netxProfile);
  expect(second).toEqual(first);
});
