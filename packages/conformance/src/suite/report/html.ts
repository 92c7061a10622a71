import { count, type Outcome, type RequirementResult, type ScenarioResult, type SuiteResult } from '../result.ts';
import { clauseParts } from './clause-links.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './html-page.ts';
import { rowsOf } from './text.ts';

const SLUG: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'fail',
  deviates: 'deviates',
  'not applicable': 'na',
};
const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'deviates', 'not applicable'];
const MEANINGS: Readonly<Record<Outcome, string>> = {
  pass: 'every scenario about it went as the document asks',
  fail: 'a scenario went otherwise, and nobody meant it to',
  deviates:
    'the profile does otherwise on purpose; a scenario has seen it do just that, and the reason stands beside it',
  'not applicable': 'it speaks to others than a stack, or cannot be tested here; the reason stands beside it',
};

/** What a page says about the run beside its result. */
export interface PageOptions {
  /** Name and version of what was tested: `strata 0.1.0`. */
  readonly product?: string;
  /** The day of the run: `2026-01-31`. */
  readonly date?: string;
  /** The command line that repeats the run. */
  readonly command?: string;
}

/** A result as one page that needs nothing else: no network, no other file. */
export function suiteHtml(result: SuiteResult, options: PageOptions = {}): string {
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
${provenance(result, options)}
</header>
<main>
<section aria-label="Summary" class="cards">
${result.profiles.map((profile) => card(result, profile, levels)).join('\n')}
</section>
${failures(result)}<details class="meanings"><summary>What the results mean</summary><dl>${OUTCOMES.map((outcome) => `<dt>${badge(outcome)}</dt><dd>${MEANINGS[outcome]}</dd>`).join('')}</dl></details>
<form class="filters" aria-label="Filter" hidden>
<fieldset><legend>Level</legend>${levels.map((level) => choice('level', level, level)).join('')}</fieldset>
<fieldset><legend>Result</legend>${OUTCOMES.map((outcome) => choice('result', SLUG[outcome], outcome)).join('')}</fieldset>
<label class="search">Find <input type="search" name="find" autocomplete="off" placeholder="id, clause or words"></label>
<output class="shown" aria-live="polite"></output>
</form>
<table class="requirements">
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

function provenance(result: SuiteResult, { product, date, command }: PageOptions): string {
  const requirements = result.requirements.length / Math.max(1, result.profiles.length);
  const facts = [
    ...(product === undefined ? [] : [product]),
    ...(date === undefined ? [] : [date]),
    requirements === 1 ? '1 requirement' : `${requirements} requirements`,
    result.scenarios.length === 1 ? '1 scenario run' : `${result.scenarios.length} scenario runs`,
    `IPv${result.ipVersion}`,
    'virtual time',
    `seed ${result.seed}`,
  ];
  const repeat = command === undefined ? '' : `\n<p>Repeat it with <code>${escapeHtml(command)}</code></p>`;
  return `<p>${escapeHtml(facts.join(', '))}.</p>${repeat}`;
}

function card(result: SuiteResult, profile: string, levels: readonly string[]): string {
  const own = result.requirements.filter((each) => each.profile === profile);
  const total = Math.max(1, own.length);
  const bars = OUTCOMES.map((outcome) => {
    const share = (100 * count(own, outcome)) / total;
    return share === 0 ? '' : `<span class="${SLUG[outcome]}" style="width:${share.toFixed(2)}%"></span>`;
  });
  const head = OUTCOMES.map((outcome) => `<th scope="col">${outcome}</th>`);
  const row = (title: string, results: readonly RequirementResult[]): string =>
    `<tr><th scope="row">${escapeHtml(title)}</th>${OUTCOMES.map((outcome) => number(count(results, outcome), outcome)).join('')}</tr>`;
  const rows = levels.map((level) =>
    row(
      level,
      own.filter(({ requirement }) => requirement.level === level),
    ),
  );
  return `<article><h2>${escapeHtml(profile)}</h2><div class="bar" aria-hidden="true">${bars.join('')}</div>
<table><thead><tr><td></td>${head.join('')}</tr></thead><tbody>${rows.length > 1 ? rows.join('') : ''}</tbody><tfoot>${row(rows.length > 1 ? 'all' : (levels[0] ?? 'all'), own)}</tfoot></table></article>`;
}

function number(value: number, outcome: Outcome): string {
  return `<td class="${value === 0 ? 'none' : SLUG[outcome]}">${value}</td>`;
}

function badge(outcome: Outcome): string {
  return `<span class="badge ${SLUG[outcome]}">${outcome}</span>`;
}

/** What a reader must see first. */
function failures(result: SuiteResult): string {
  const failed = result.requirements.filter(({ outcome }) => outcome === 'fail');
  if (failed.length === 0) return '';
  const items = failed.map(
    ({ requirement: { id, text }, profile }) =>
      `<li><a href="#${escapeHtml(id)}">${escapeHtml(id)}</a> <b>${escapeHtml(profile)}</b> ${escapeHtml(text)}</li>`,
  );
  return `<section class="failures"><h2>Failed</h2><ul>${items.join('')}</ul></section>\n`;
}

function choice(name: string, value: string, text: string): string {
  return `<label><input type="checkbox" name="${name}" value="${escapeHtml(value)}" checked> ${escapeHtml(text)}</label>`;
}

function requirementRow(row: readonly RequirementResult[], scenarios: readonly ScenarioResult[]): string {
  const [{ requirement }] = row as [RequirementResult];
  const { id, level, clause, text } = requirement;
  const cells = row.map(
    ({ outcome, profile }) => `<td class="result" data-profile="${escapeHtml(profile)}">${badge(outcome)}</td>`,
  );
  const results = [...new Set(row.map(({ outcome }) => SLUG[outcome]))].join(' ');
  const clauses = clauseParts(clause, id).map(({ text: words, url }) =>
    url === null ? escapeHtml(words) : `<a href="${escapeHtml(url)}">${escapeHtml(words)}</a>`,
  );
  return `<tr id="${escapeHtml(id)}" data-level="${escapeHtml(level)}" data-result="${results}">
<th scope="row"><a href="#${escapeHtml(id)}">${escapeHtml(id)}</a></th>
<td class="level">${escapeHtml(level)}</td><td class="clause">${clauses.join('')}</td>
<td class="text">${escapeHtml(text)}${details(row, scenarios)}</td>${cells.join('')}</tr>`;
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
  const isOpen = row.some(({ outcome }) => outcome === 'fail') ? ' open' : '';
  const tests =
    list.length === 0
      ? ''
      : `<details${isOpen}><summary>${list.length === 1 ? '1 scenario' : `${list.length} scenarios`}</summary><ul>${list.join('')}</ul></details>`;
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
