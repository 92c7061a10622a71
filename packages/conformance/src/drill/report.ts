import { formatSeconds } from './format.ts';
import type { DrillFrame, DrillResult } from './result.ts';

/** How many packets before the failing one are shown. */
const SHOWN_FRAMES = 40;

/** A result as lines for people; nothing but the first line when it passed and there is nothing to say. */
export function formatDrillResult(result: DrillResult): string {
  const lines = [`${result.verdict.toUpperCase().padEnd(11)} ${result.name}`];
  for (const reason of result.reasons) lines.push(`  needs ${reason}`);
  const { failure } = result;
  if (failure !== null) {
    const { line, column } = failure.location;
    lines.push(`  ${result.name}:${line}:${column}: ${failure.message}`);
    if (failure.expected !== null) lines.push(...block('expected', failure.expected));
    if (failure.expected !== null || failure.actual !== null)
      lines.push(...block('actual', failure.actual ?? 'no packet'));
    for (const difference of failure.differences) lines.push(`    - ${difference}`);
    if (result.frames.length > 0) {
      lines.push('  packets so far:');
      const skipped = Math.max(0, result.frames.length - SHOWN_FRAMES);
      if (skipped > 0) lines.push(`    … ${skipped} before`);
      for (const frame of result.frames.slice(skipped)) lines.push(`    ${formatFrame(frame)}`);
    }
  }
  if (result.unexpected.length > 0) {
    lines.push('  after the last event, packets that the script says nothing of:');
    for (const text of result.unexpected) lines.push(`    ${text}`);
  }
  if (result.verdict !== 'pass') for (const note of result.notes) lines.push(`  note: ${note}`);
  for (const what of result.overlooked) lines.push(`  overlooked: ${what}`);
  for (const text of result.output) lines.push(`  | ${text}`);
  return lines.join('\n');
}

function block(title: string, text: string): string[] {
  return text.split('\n').map((line, i) => `    ${(i === 0 ? `${title}:` : '').padEnd(10)}${line}`);
}

function formatFrame(frame: DrillFrame): string {
  const line = frame.line === null ? '' : `line ${frame.line}`;
  return `${formatSeconds(frame.time).padEnd(10)} ${line.padEnd(9)} ${frame.text}`;
}

/** One line over all results: `41 passed, 1 failed, 2 unsupported`. */
export function summarizeDrill(results: readonly DrillResult[]): string {
  const count = (verdict: string) => results.filter((result) => result.verdict === verdict).length;
  return `${count('pass')} passed, ${count('fail')} failed, ${count('unsupported')} unsupported`;
}

/** Results as plain data for `JSON.stringify`. */
export function drillJson(results: readonly DrillResult[]): unknown {
  return {
    summary: {
      pass: results.filter((result) => result.verdict === 'pass').length,
      fail: results.filter((result) => result.verdict === 'fail').length,
      unsupported: results.filter((result) => result.verdict === 'unsupported').length,
    },
    scripts: results.map((result) => ({
      name: result.name,
      verdict: result.verdict,
      ...(result.failure === null ? {} : { failure: result.failure }),
      ...(result.reasons.length === 0 ? {} : { reasons: result.reasons }),
      ...(result.notes.length === 0 ? {} : { notes: result.notes }),
      ...(result.overlooked.length === 0 ? {} : { overlooked: result.overlooked }),
      ...(result.unexpected.length === 0 ? {} : { unexpected: result.unexpected }),
      ...(result.output.length === 0 ? {} : { output: result.output }),
      microseconds: result.duration,
      packets: result.frames.map(({ time, direction, text, line }) => ({ time, direction, text, line })),
    })),
  };
}

/** Results as a JUnit report. */
export function drillJunit(results: readonly DrillResult[]): string {
  const count = (verdict: string) => results.filter((result) => result.verdict === verdict).length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="strata drill" tests="${results.length}" failures="${count('fail')}" skipped="${count('unsupported')}">`,
  ];
  for (const result of results) {
    const head = `  <testcase classname="drill" name="${escapeXml(result.name)}" time="${(result.duration / 1e6).toFixed(6)}"`;
    if (result.verdict === 'pass') lines.push(`${head}/>`);
    else if (result.verdict === 'unsupported') {
      lines.push(`${head}>`, `    <skipped message="${escapeXml(result.reasons.join('; '))}"/>`, '  </testcase>');
    } else {
      const message = `${result.failure?.location.line ?? 0}: ${result.failure?.message ?? ''}`;
      lines.push(
        `${head}>`,
        `    <failure message="${escapeXml(message)}">${escapeXml(formatDrillResult(result))}</failure>`,
        '  </testcase>',
      );
    }
  }
  return `${lines.join('\n')}\n</testsuite>\n`;
}

function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[&<>"]/g, (character) => names[character] as string)
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?');
}
