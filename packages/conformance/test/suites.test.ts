import { expect, test } from '@jest/globals';
import {
  formatSuiteResult,
  runSuite,
  SUITES,
  type Suite,
  type SuiteResult,
  suiteFaults,
  suiteHtml,
  suiteJson,
  suitePassed,
} from '@strata/conformance';
import { saveCapture } from '@strata/testkit';

/** @throws Error with everything that failed and a capture of each */
function mustHold(result: SuiteResult): void {
  if (suitePassed(result)) return;
  const captures = result.scenarios.flatMap(({ name, capture }) =>
    capture === null ? [] : [`${name}: ${saveCapture(capture)}`],
  );
  throw new Error([formatSuiteResult(result), 'captures:', ...captures].join('\n'));
}

test.each(SUITES.map((suite) => [suite.name, suite] as const))(
  '%s has a scenario for every requirement',
  (_, suite) => {
    expect(suiteFaults(suite)).toEqual([]);
  },
);

const made = new Map<string, Promise<SuiteResult>>();

/** What a suite finds of a profile; run once. */
function results(suite: Suite, profile: string): Promise<SuiteResult> {
  const key = `${suite.name} ${profile}`;
  const found = made.get(key) ?? runSuite(suite, { profile });
  made.set(key, found);
  return found;
}

const runs = SUITES.flatMap((suite) => suite.profiles.map((profile) => [suite.name, profile, suite] as const));

test.each(runs)('%s holds in the profile %s', async (_, profile, suite) => {
  mustHold(await results(suite, profile));
});

test.each(['netx', 'modern'])('rfc9293 holds over IPv6 in the profile %s', async (profile) => {
  const suite = SUITES.find(({ name }) => name === 'rfc9293');
  if (suite === undefined) throw new Error('the suite is gone');
  mustHold(await runSuite(suite, { profile, ipVersion: 6 }));
});

test('no MUST and no SHOULD of RFC 9293 is broken or deviated from by the modern profile', async () => {
  const suite = SUITES.find(({ name }) => name === 'rfc9293');
  if (suite === undefined) throw new Error('the suite is gone');
  const { requirements } = await results(suite, 'modern');
  const binding = requirements.filter(({ requirement }) => requirement.level !== 'MAY');
  expect(binding.length).toBe(101);
  expect(binding.filter(({ outcome }) => outcome === 'fail' || outcome === 'deviates')).toEqual([]);
  expect(
    binding.filter(({ outcome }) => outcome === 'not applicable').map(({ requirement }) => requirement.id),
  ).toEqual(['MUST-51', 'MUST-52', 'MUST-53', 'SHLD-13', 'SHLD-23', 'SHLD-24']);
});

test('reports of the same run say the same, as data and as a page', async () => {
  const [suite] = SUITES;
  if (suite === undefined) throw new Error('there is no suite');
  const once = await runSuite(suite, { only: ['MUST-2*', 'SHLD-13'] });
  const again = await runSuite(suite, { only: ['MUST-2*', 'SHLD-13'] });
  expect(JSON.stringify(suiteJson(again))).toBe(JSON.stringify(suiteJson(once)));
  const page = suiteHtml(once);
  expect(page).toBe(suiteHtml(again));
  // It leads to others, and needs none of them.
  expect(page.replaceAll(/<a [^>]*href="https:[^>]*>/g, '')).not.toMatch(/https?:|src=|@import/);
  for (const { requirement } of once.requirements) expect(page).toContain(`id="${requirement.id}"`);
});

test('a requirement that is not there and a profile that is not there are refused', async () => {
  const [suite] = SUITES;
  if (suite === undefined) throw new Error('there is no suite');
  await expect(runSuite(suite, { only: ['MUST-999'] })).rejects.toThrow(RangeError);
  await expect(runSuite(suite, { profile: 'tahoe' })).rejects.toThrow(RangeError);
});
