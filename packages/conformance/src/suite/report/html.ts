import { count, type Outcome, type RequirementResult, type ScenarioResult, type SuiteResult } from '../result.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './html-page.ts';
import { rowsOf } from './text.ts';

const SLUG: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'fail',
  deviates: 'deviates',
  'not applicable': 'na',
};
const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'deviates', 'not applicable'];

/** A result as one page that needs nothing else: no network, no other file. */
export function suiteHtml(result: SuiteResult): string {
  const levels = [...new Set(result.requirements.map(({ requirement }) => requirement.level))];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(result.suite)}: conformance</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="product">Strata conformance</p>
<h1>${escapeHtml(result.title)}</h1>
<p>${result.requirements.length / Math.max(1, result.profiles.length)} requirements, ${result.scenarios.length} scenario runs, IPv${result.ipVersion}, virtual time.</p>
</header>
<main>
<section aria-label="Summary" class="cards">
${result.profiles.map((profile) => card(result, profile)).join('\n')}
</section>
<form class="filters" aria-label="Filter" hidden>
<fieldset><legend>Level</legend>${levels.map((level) => choice('level', level, level)).join('')}</fieldset>
<fieldset><legend>Result</legend>${OUTCOMES.map((outcome) => choice('result', SLUG[outcome], outcome)).join('')}</fieldset>
<label class="search">Find <input type="search" name="find" autocomplete="off" placeholder="id, clause or words"></label>
<output class="shown" aria-live="polite"></output>
</form>
<table>
<caption class="hidden">Requirements and their results</caption>
<thead><tr><th scope="col">Id</th><th scope="col">Level</th><th scope="col">Clause</th><th scope="col">Requirement</th>${result.profiles.map((profile) => `<th scope="col">${escapeHtml(profile)}</th>`).join('')}</tr></thead>
<tbody>
${rowsOf(result)
  .map((row) => requirementRow(row, result.scenarios))
  .join('\n')}
</tbody>
</table>
${masks(result)}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function card(result: SuiteResult, profile: string): string {
  const own = result.requirements.filter((each) => each.profile === profile);
  const total = Math.max(1, own.length);
  const bars = OUTCOMES.map((outcome) => {
    const share = (100 * count(own, outcome)) / total;
    return share === 0 ? '' : `<span class="${SLUG[outcome]}" style="width:${share.toFixed(2)}%"></span>`;
  });
  const numbers = OUTCOMES.map(
    (outcome) => `<li class="${SLUG[outcome]}"><strong>${count(own, outcome)}</strong> ${outcome}</li>`,
  );
  return `<article><h2>${escapeHtml(profile)}</h2><div class="bar" aria-hidden="true">${bars.join('')}</div><ul>${numbers.join('')}</ul></article>`;
}

function choice(name: string, value: string, text: string): string {
  return `<label><input type="checkbox" name="${name}" value="${escapeHtml(value)}" checked> ${escapeHtml(text)}</label>`;
}

function requirementRow(row: readonly RequirementResult[], scenarios: readonly ScenarioResult[]): string {
  const [{ requirement }] = row as [RequirementResult];
  const cells = row.map(({ outcome }) => `<td><span class="badge ${SLUG[outcome]}">${outcome}</span></td>`);
  const results = [...new Set(row.map(({ outcome }) => SLUG[outcome]))].join(' ');
  return `<tr data-level="${escapeHtml(requirement.level)}" data-result="${results}">
<th scope="row" id="${escapeHtml(requirement.id)}"><a href="#${escapeHtml(requirement.id)}">${escapeHtml(requirement.id)}</a></th>
<td class="level">${escapeHtml(requirement.level)}</td><td class="clause">${escapeHtml(requirement.clause)}</td>
<td>${escapeHtml(requirement.text)}${details(row, scenarios)}</td>${cells.join('')}</tr>`;
}

function details(row: readonly RequirementResult[], scenarios: readonly ScenarioResult[]): string {
  const reasons = row
    .filter(({ reason }) => reason !== null)
    .map(({ profile, reason }) => `<p class="reason"><b>${escapeHtml(profile)}</b> ${escapeHtml(reason ?? '')}</p>`);
  const names = [...new Set(row.flatMap((each) => each.scenarios))];
  const list = names.map((name) => {
    const runs = scenarios.filter((each) => each.name === name);
    const marks = runs.map(
      ({ profile, outcome }) => `<span class="mark ${SLUG[outcome]}">${escapeHtml(profile)} ${outcome}</span>`,
    );
    const faults = runs.filter(({ fault }) => fault !== null).map(faultText);
    return `<li>${escapeHtml(name)} ${marks.join(' ')}${faults.join('')}</li>`;
  });
  const tests =
    list.length === 0
      ? ''
      : `<details><summary>${list.length === 1 ? '1 scenario' : `${list.length} scenarios`}</summary><ul>${list.join('')}</ul></details>`;
  return `${reasons.join('')}${tests}`;
}

function faultText({ profile, fault }: ScenarioResult): string {
  if (fault === null) return '';
  const lines = [`${profile}: ${fault.message}`];
  if (fault.expected !== null) lines.push(`expected  ${fault.expected}`);
  if (fault.actual !== null) lines.push(`actual    ${fault.actual}`);
  return `<pre>${escapeHtml([...lines, ...fault.frames].join('\n'))}</pre>`;
}

function masks(result: SuiteResult): string {
  const rules = [...new Set(result.scenarios.flatMap(({ masked }) => masked))];
  if (rules.length === 0) return '';
  return `<section class="masks"><h2>Not compared</h2><ul>${rules.map((rule) => `<li>${escapeHtml(rule)}</li>`).join('')}</ul></section>`;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] as string);
}
