import type { Trial } from './trial.ts';

/** How binding a requirement is: RFC 2119's words, and FACT for what a real device was seen to do. */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'RECOMMENDED' | 'MAY' | 'FACT';

/** One sentence of a document that an implementation can be held to. */
export interface Requirement {
  /** As the document, or its usual catalogue, numbers it: `MUST-15`. Unique in its suite. */
  readonly id: string;
  readonly level: Level;
  /** Where it is written: `RFC 9293 3.7.1`. */
  readonly clause: string;
  /** What it asks for, in our own words: one clause without a full stop. */
  readonly text: string;
  /** Why it says nothing about a stack, by profile (`all`: about none); for requirements on applications. */
  readonly exempt?: Readonly<Record<string, string>>;
}

/** Does something to the stack and looks at what comes of it. Throws what {@link Trial} throws when it is not right. */
export type Check = (trial: Trial) => void | Promise<void>;

/** What a profile does instead, on purpose. */
export interface Deviation {
  /** One sentence for the report. */
  readonly reason: string;
  /** Holds when the stack deviates in just this way. */
  readonly check: Check;
}

/** One test, run once per profile, for one requirement or several. */
export interface Scenario {
  /** A sentence that is true when it passes. Unique in its suite. */
  readonly name: string;
  readonly covers: readonly string[];
  /** What the document asks for. */
  readonly check: Check;
  /** By profile: the check above must fail there, and the deviation's own must hold. */
  readonly deviations?: Readonly<Record<string, Deviation>>;
  /** By profile (`all`: every one): why the check cannot be made. */
  readonly notApplicable?: Readonly<Record<string, string>>;
  /** Versions of IP for which it makes sense. Default both. */
  readonly ipVersions?: readonly (4 | 6)[];
}

/** A document, as requirements and the scenarios that test them. */
export interface Suite {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** The profiles it is meant for, in the report's order. */
  readonly profiles: readonly string[];
  readonly requirements: readonly Requirement[];
  readonly scenarios: readonly Scenario[];
}

/** What is wrong with a suite itself; empty when nothing is. Every package's suite is tested for it. */
export function suiteFaults(suite: Suite): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const { id, text, clause } of suite.requirements) {
    if (ids.has(id)) faults.push(`requirement ${id} is there twice`);
    if (text === '' || clause === '') faults.push(`requirement ${id} has no text, or no clause`);
    ids.add(id);
  }
  const names = new Set<string>();
  const covered = new Set<string>();
  const known = new Set([...suite.profiles, 'all']);
  for (const scenario of suite.scenarios) {
    const { name } = scenario;
    if (names.has(name)) faults.push(`scenario "${name}" is there twice`);
    names.add(name);
    if (scenario.covers.length === 0) faults.push(`scenario "${name}" covers no requirement`);
    for (const id of scenario.covers) {
      if (!ids.has(id)) faults.push(`scenario "${name}" covers ${id}, which is no requirement of ${suite.name}`);
      covered.add(id);
    }
    const reasons = [
      ...Object.entries(scenario.notApplicable ?? {}),
      ...Object.entries(scenario.deviations ?? {}).map(([profile, { reason }]) => [profile, reason] as const),
    ];
    for (const [profile, reason] of reasons) {
      if (!known.has(profile)) faults.push(`scenario "${name}" speaks of the profile "${profile}"`);
      if (reason === '') faults.push(`scenario "${name}" has an exception without a reason`);
    }
  }
  for (const { id, exempt } of suite.requirements) {
    if (!covered.has(id) && exempt === undefined) faults.push(`requirement ${id} has no scenario`);
  }
  return faults;
}
