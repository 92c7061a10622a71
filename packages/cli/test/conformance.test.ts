import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { strata } from './recorder.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-conformance-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('strata conformance', () => {
  test('a suite prints every requirement with its level and its result for each profile, and why it deviates', async () => {
    const { code, stdout, stderr } = await strata(['conformance', '--suite', 'rfc9293', '--only', 'SHLD-1*']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id +level +netx +modern +requirement$/m);
    expect(stdout).toMatch(/^SHLD-19 +SHOULD +deviates +pass +every second full segment is acknowledged$/m);
    expect(stdout).toMatch(/^SHLD-13 +SHOULD NOT +n\/a +n\/a /m);
    expect(stdout).toMatch(/^netx: deviates\n( {2}.*\n)* {2}SHLD-19 +acknowledgments go by a timer/m);
    expect(stderr).toMatch(/^\nrfc9293, netx: \d+ pass, 0 fail, \d+ deviate, 1 not applicable\nrfc9293, modern: /);
  });

  test('what was not compared is named', async () => {
    const { stdout } = await strata(['conformance', '--suite', 'netx-wire', '--only', 'c3']);
    expect(stdout).toMatch(/^netx: not compared\n/m);
    expect(stdout).toMatch(/^ {2}initial sequence numbers: random/m);
    expect(stdout).toMatch(/^ {2}the quirk tcp-stale-probe-octet is on/m);
  });

  test('--json is one document, --html one page that needs nothing else', async () => {
    const line = ['conformance', '--suite', 'rfc9293', '--profile', 'modern', '--only', 'MUST-1'];
    const { code, stdout } = await strata([...line, '--json', '--html', 'page.html'], { directory });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      suite: 'rfc9293',
      summary: { modern: { pass: 1, fail: 0, deviates: 0, notApplicable: 0 } },
      requirements: [{ id: 'MUST-1', level: 'MUST', clause: 'RFC 9293 3.1', profile: 'modern', result: 'pass' }],
    });
    const page = readFileSync(join(directory, 'page.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('id="MUST-1"');
    expect(page).toContain('href="https://datatracker.ietf.org/doc/html/rfc9293#section-3.1"');
    expect(page).toContain('<code>strata conformance --suite rfc9293 --profile modern --only MUST-1</code>');
    expect(page).not.toMatch(/ src=|<link|@import|url\(/);
  });

  test('--list names the suites, and the requirements of one', async () => {
    expect((await strata(['conformance', '--list'])).stdout).toMatch(/^rfc9293 +RFC 9293/m);
    const { stdout } = await strata(['conformance', '--suite', 'rfc9293', '--list']);
    expect(stdout.trim().split('\n').length).toBe(119);
  });

  test.each([
    [['conformance'], 'no suite is named'],
    [['conformance', '--suite', 'host', '--suite', 'rfc9293'], '--suite is given twice'],
    [['conformance', '--suite', 'rfc9239'], 'did you mean --suite rfc9293?'],
    [['conformance', '--suite', 'rfc9293', '--profile', 'lwip'], 'rfc9293 is for netx and modern'],
    [['conformance', '--suite', 'rfc9293', '--only', 'MUST-99'], 'has no requirement "MUST-99"'],
    [['conformance', '--suite', 'rfc9293', '--ip-version', '5'], '4 or 6 is wanted'],
  ])('%j is refused', async (words, message) => {
    const { code, stderr } = await strata(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
