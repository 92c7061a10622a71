import { PROFILES, type Profile } from '@strata/stack';
import { CheckFailure } from './failure.ts';
import type { Outcome, RequirementResult, ScenarioFault, ScenarioResult, SuiteResult } from './result.ts';
import type { Check, Requirement, Scenario, Suite } from './suite.ts';
import { Trial } from './trial.ts';

/** How to run a suite. */
export interface RunOptions {
  /** One profile by name, or every profile the suite is meant for (`both`, the default). */
  readonly profile?: string;
  /** Requirements to look at: ids, or beginnings of ids with a `*`. Default all. */
  readonly only?: readonly string[];
  /** Default 4. */
  readonly ipVersion?: 4 | 6;
  /** Default 1. */
  readonly seed?: number;
  /** Keep the frames of every scenario, not only of those that fail. */
  readonly captures?: boolean;
  /** Profiles by name. Default: the stack's own. */
  readonly profiles?: Readonly<Record<string, Profile>>;
}

/** Runs a suite in virtual time. Never throws for what the stack does. @throws RangeError for a profile or an id that is none */
export async function runSuite(suite: Suite, options: RunOptions = {}): Promise<SuiteResult> {
  const profiles = chooseProfiles(suite, options);
  const requirements = suite.requirements.filter(chosen(suite, options.only ?? []));
  const ids = new Set(requirements.map(({ id }) => id));
  const scenarios: ScenarioResult[] = [];
  for (const profile of profiles) {
    for (const scenario of suite.scenarios) {
      if (scenario.covers.some((id) => ids.has(id))) scenarios.push(await runScenario(scenario, profile, options));
    }
  }
  const names = profiles.map(({ name }) => name);
  return {
    suite: suite.name,
    title: suite.title,
    ipVersion: options.ipVersion ?? 4,
    seed: options.seed ?? 1,
    profiles: names,
    requirements: requirements.flatMap((requirement) => names.map((name) => judge(requirement, name, scenarios))),
    scenarios,
  };
}

function chooseProfiles(suite: Suite, options: RunOptions): Profile[] {
  const known = options.profiles ?? PROFILES;
  const wanted = options.profile ?? 'both';
  const names = wanted === 'both' ? suite.profiles : [wanted];
  return names.map((name) => {
    const profile = known[name];
    if (profile === undefined || !suite.profiles.includes(name)) {
      throw new RangeError(`the suite ${suite.name} has no profile "${name}"; it has ${suite.profiles.join(', ')}`);
    }
    return profile;
  });
}

function chosen(suite: Suite, only: readonly string[]): (requirement: Requirement) => boolean {
  if (only.length === 0) return () => true;
  const patterns = only.map((text) => text.toLowerCase());
  const matches = (id: string, pattern: string) =>
    pattern.endsWith('*') ? id.toLowerCase().startsWith(pattern.slice(0, -1)) : id.toLowerCase() === pattern;
  for (const text of only) {
    if (!suite.requirements.some(({ id }) => matches(id, text.toLowerCase()))) {
      throw new RangeError(`the suite ${suite.name} has no requirement "${text}"`);
    }
  }
  return ({ id }) => patterns.some((pattern) => matches(id, pattern));
}

/** Runs one scenario for one profile. */
export async function runScenario(
  scenario: Scenario,
  profile: Profile,
  options: RunOptions = {},
): Promise<ScenarioResult> {
  const ipVersion = options.ipVersion ?? 4;
  const { name } = profile;
  const head = { name: scenario.name, profile: name, covers: scenario.covers };
  const plain = { ...head, fault: null, masked: [], capture: null };
  const reason = scenario.notApplicable?.[name] ?? scenario.notApplicable?.all;
  if (reason !== undefined) return { ...plain, outcome: 'not applicable', reason };
  if (scenario.ipVersions !== undefined && !scenario.ipVersions.includes(ipVersion)) {
    return { ...plain, outcome: 'not applicable', reason: `it is about IPv${scenario.ipVersions[0]} only` };
  }
  const make = (recording: boolean) => new Trial({ profile, ipVersion, seed: options.seed ?? 1, recording });
  const deviation = scenario.deviations?.[name];
  const check = deviation?.check ?? scenario.check;
  let trial = make(options.captures === true);
  let fault = await attempt(trial, check);
  if (fault === null && deviation !== undefined && (await attempt(make(false), scenario.check)) === null) {
    const message = `it is said to deviate (${deviation.reason}), and does not`;
    fault = { message, expected: null, actual: null, frames: [] };
  }
  if (fault !== null) {
    // A run repeats itself: recording, which costs more than the run, is only for those that fail.
    trial = make(true);
    fault = (await attempt(trial, check)) ?? { ...fault, frames: trial.frames() };
  }
  return {
    ...head,
    outcome: fault !== null ? 'fail' : deviation !== undefined ? 'deviates' : 'pass',
    reason: fault === null && deviation !== undefined ? deviation.reason : null,
    fault,
    masked: [...trial.masked],
    capture: trial.capture(),
  };
}

async function attempt(trial: Trial, check: Check): Promise<ScenarioFault | null> {
  try {
    await check(trial);
    await trial.end();
    return null;
  } catch (error) {
    const frames = trial.frames();
    if (error instanceof CheckFailure) {
      return { message: error.message, expected: error.expected, actual: error.actual, frames };
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { message: `the scenario itself broke: ${text}`, expected: null, actual: null, frames };
  }
}

/** From the worst to the best. */
const RANKS: readonly Outcome[] = ['fail', 'deviates', 'pass', 'not applicable'];

function judge(requirement: Requirement, profile: string, all: readonly ScenarioResult[]): RequirementResult {
  const spoke = all.filter((result) => result.profile === profile && result.covers.includes(requirement.id));
  const exempt = requirement.exempt?.[profile] ?? requirement.exempt?.all;
  const outcome: Outcome =
    RANKS.find((rank) => spoke.some((result) => result.outcome === rank)) ??
    (exempt === undefined ? 'fail' : 'not applicable');
  const reasons = spoke
    .filter((result) => result.outcome === outcome)
    .map(({ reason, fault }) => reason ?? fault?.message);
  const reason =
    spoke.length === 0 ? (exempt ?? 'no scenario tests it') : [...new Set(reasons)].filter(Boolean).join('; ');
  return {
    requirement,
    profile,
    outcome,
    reason: outcome === 'pass' || reason === '' ? null : reason,
    scenarios: spoke.map(({ name }) => name),
  };
}
