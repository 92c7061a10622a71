import type { Requirement } from './suite.ts';

/** How a requirement or a scenario went. The worst of a requirement's scenarios counts. */
export type Outcome = 'pass' | 'fail' | 'deviates' | 'not applicable';

/** Why a scenario failed. */
export interface ScenarioFault {
  /** One sentence. */
  readonly message: string;
  /** What should have been and what was, or null when it is not about a value. */
  readonly expected: string | null;
  readonly actual: string | null;
  /** The frames until then, one line each. */
  readonly frames: readonly string[];
}

export interface ScenarioResult {
  readonly name: string;
  readonly profile: string;
  readonly covers: readonly string[];
  readonly outcome: Outcome;
  /** Why it deviates or is not applicable; null otherwise. */
  readonly reason: string | null;
  readonly fault: ScenarioFault | null;
  /** Rules by which differences were not counted: `initial sequence number (random)`. */
  readonly masked: readonly string[];
  /** The frames as pcapng, when it failed or captures were asked for; null otherwise. */
  readonly capture: Uint8Array | null;
}

export interface RequirementResult {
  readonly requirement: Requirement;
  readonly profile: string;
  readonly outcome: Outcome;
  /** Why it is not simply a pass; null when it is. */
  readonly reason: string | null;
  /** Names of the scenarios that spoke. */
  readonly scenarios: readonly string[];
}

/** How a suite went. */
export interface SuiteResult {
  readonly suite: string;
  readonly title: string;
  readonly ipVersion: 4 | 6;
  readonly seed: number;
  readonly profiles: readonly string[];
  /** In the suite's order; for each requirement, one per profile. */
  readonly requirements: readonly RequirementResult[];
  readonly scenarios: readonly ScenarioResult[];
}

/** Counts outcomes. */
export function count(results: readonly { readonly outcome: Outcome }[], outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length;
}
