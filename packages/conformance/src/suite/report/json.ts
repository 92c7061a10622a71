import { count, type SuiteResult } from '../result.ts';

/** Results as plain data for `JSON.stringify`. */
export function suiteJson(result: SuiteResult): unknown {
  return {
    suite: result.suite,
    title: result.title,
    ipVersion: result.ipVersion,
    seed: result.seed,
    summary: Object.fromEntries(
      result.profiles.map((profile) => {
        const own = result.requirements.filter((each) => each.profile === profile);
        return [
          profile,
          {
            pass: count(own, 'pass'),
            fail: count(own, 'fail'),
            deviates: count(own, 'deviates'),
            notApplicable: count(own, 'not applicable'),
          },
        ];
      }),
    ),
    requirements: result.requirements.map(({ requirement, profile, outcome, reason, scenarios }) => ({
      id: requirement.id,
      level: requirement.level,
      clause: requirement.clause,
      text: requirement.text,
      profile,
      result: outcome,
      ...(reason === null ? {} : { reason }),
      scenarios,
    })),
    scenarios: result.scenarios.map(({ name, profile, covers, outcome, reason, fault, masked }) => ({
      name,
      profile,
      covers,
      result: outcome,
      ...(reason === null ? {} : { reason }),
      ...(masked.length === 0 ? {} : { masked }),
      ...(fault === null ? {} : { fault }),
    })),
  };
}
