import { count, type Outcome, type RequirementResult, type ScenarioResult, type SuiteResult } from '../result.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'FAIL',
  deviates: 'deviates',
  'not applicable': 'n/a',
};

/** One requirement per line with its result for each profile; then why some are not simply passes; then what failed. */
export function formatSuiteResult(result: SuiteResult): string {
  const rows = rowsOf(result);
  const wide = Math.max(4, ...rows.map(([first]) => first.requirement.id.length));
  const level = Math.max(5, ...rows.map(([first]) => first.requirement.level.length));
  const columns = result.profiles.map((profile) => profile.padEnd(8));
  const lines = [`${'id'.padEnd(wide)}  ${'level'.padEnd(level)}  ${columns.join('  ')}  requirement`];
  for (const row of rows) {
    const { requirement } = row[0];
    const words = row.map(({ outcome }) => WORDS[outcome].padEnd(8)).join('  ');
    lines.push(`${requirement.id.padEnd(wide)}  ${requirement.level.padEnd(level)}  ${words}  ${requirement.text}`);
  }
  for (const profile of result.profiles) lines.push(...exceptions(result, profile));
  for (const failed of result.scenarios.filter(({ outcome }) => outcome === 'fail')) lines.push('', ...fault(failed));
  return lines.join('\n');
}

/** One line per profile: `modern: 100 pass, 0 fail, 0 deviate, 19 not applicable`. */
export function summarizeSuite(result: SuiteResult): string {
  return result.profiles
    .map((profile) => {
      const own = result.requirements.filter((each) => each.profile === profile);
      const parts = [
        `${count(own, 'pass')} pass`,
        `${count(own, 'fail')} fail`,
        `${count(own, 'deviates')} deviate`,
        `${count(own, 'not applicable')} not applicable`,
      ];
      return `${result.suite}, ${profile}: ${parts.join(', ')}`;
    })
    .join('\n');
}

/** True when nothing failed. */
export function suitePassed(result: SuiteResult): boolean {
  return result.scenarios.every(({ outcome }) => outcome !== 'fail') && count(result.requirements, 'fail') === 0;
}

/** The results of each requirement together, one per profile. */
export function rowsOf(result: SuiteResult): [RequirementResult, ...RequirementResult[]][] {
  const rows: [RequirementResult, ...RequirementResult[]][] = [];
  const step = result.profiles.length;
  for (let i = 0; i < result.requirements.length; i += step) {
    rows.push(result.requirements.slice(i, i + step) as [RequirementResult, ...RequirementResult[]]);
  }
  return rows;
}

function exceptions(result: SuiteResult, profile: string): string[] {
  const lines: string[] = [];
  for (const outcome of ['deviates', 'not applicable'] as const) {
    const own = result.requirements.filter((each) => each.profile === profile && each.outcome === outcome);
    if (own.length === 0) continue;
    lines.push('', `${profile}: ${outcome}`);
    for (const { requirement, reason } of own) lines.push(`  ${requirement.id.padEnd(10)} ${reason ?? ''}`);
  }
  const masked = new Set(result.scenarios.filter((each) => each.profile === profile).flatMap((each) => each.masked));
  if (masked.size > 0) lines.push('', `${profile}: not compared`, ...[...masked].map((rule) => `  ${rule}`));
  return lines;
}

function fault(scenario: ScenarioResult): string[] {
  const { fault: found } = scenario;
  const lines = [`FAIL ${scenario.profile}: ${scenario.name}`, `  covers ${scenario.covers.join(', ')}`];
  if (found === null) return lines;
  lines.push(`  ${found.message.replaceAll('\n', '\n  ')}`);
  if (found.expected !== null) lines.push(`    expected  ${found.expected.replaceAll('\n', '\n              ')}`);
  if (found.actual !== null) lines.push(`    actual    ${found.actual.replaceAll('\n', '\n              ')}`);
  if (found.frames.length > 0) lines.push('  frames so far:', ...found.frames.map((frame) => `    ${frame}`));
  return lines;
}
