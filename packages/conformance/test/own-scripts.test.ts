import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { formatDrillResult, runDrill, STRICT } from '@strata/conformance';

const ROOT = fileURLToPath(new URL('../scripts', import.meta.url));
const scripts = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkt'))
  .sort();
const sources = new Map(scripts.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));

/** What a script says that it is for: `ipv4`, `ipv6` or both. */
function meantFor(name: string): string {
  return /^--ip_version=(\S+)/m.exec(sources.get(name) ?? '')?.[1] ?? 'both';
}

test('there are scripts', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(250);
});

/** Every script of a folder that does not pass strictly, with nothing left over, as it is reported. */
function failures(folder: string, version: string): string[] {
  const other = version === 'ipv4' ? 'ipv6' : 'ipv4';
  return scripts
    .filter((name) => name.startsWith(`${folder}/`) && meantFor(name) !== other)
    .map((name) =>
      runDrill(sources.get(name) ?? '', {
        name,
        leniency: STRICT,
        unexpectedAtEnd: 'fail',
        scriptOptions: [{ name: 'ip_version', value: version }],
      }),
    )
    .map(formatDrillResult)
    .filter((report) => !/^PASS +\S+$/.test(report));
}

const folders = [...new Set(scripts.map((name) => name.replace(/\/.*/, '')))];

describe.each(['ipv4', 'ipv6'])('over %s', (version) => {
  test.each(folders)('every script of %s passes strictly, with nothing left over', (folder) => {
    expect(failures(folder, version)).toEqual([]);
  });
});

test('each opens with the clause, or the habit of Linux, that it checks', () => {
  expect(scripts.filter((name) => !/^\/\/ (?:RFC [0-9]+|Linux:)/.test(sources.get(name) ?? ''))).toEqual([]);
});
