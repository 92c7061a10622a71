import { expect, test } from '@jest/globals';
import { type SuiteResult, suiteHtml } from '@strata/conformance';
import { clauseParts } from '../src/suite/report/clause-links.ts';

/** What of a clause is a link, and to where, without the part that all have. */
function links(clause: string, id = 'X-1'): string[] {
  const parts = clauseParts(clause, id);
  expect(parts.map(({ text }) => text).join('')).toBe(clause);
  return parts.flatMap(({ url }) => (url === null ? [] : [url.replace('https://datatracker.ietf.org/doc/html/', '')]));
}

test.each([
  ['RFC 826', ['rfc826']],
  ['RFC 9293 3.8.6.1', ['rfc9293#section-3.8.6.1']],
  ['RFC 1122 3.3.1, 3.3.6', ['rfc1122#section-3.3.1', 'rfc1122#section-3.3.6']],
  ['RFC 4861 6.1, 7.1; RFC 6980', ['rfc4861#section-6.1', 'rfc4861#section-7.1', 'rfc6980']],
  ['CVE-2019-12256 (URGENT/11)', ['https://www.cve.org/CVERecord?id=CVE-2019-12256']],
  ['NetX Duo 6.4, TCP', []],
  ['robustness', []],
])('the clause %j leads to %j', (clause, expected) => {
  expect(links(clause)).toEqual(expected);
});

test('a statement of MQTT is found by its name in the text', () => {
  const [url] = links('MQTT 3.1.1 3.1.2', 'MQTT-3.1.2-23');
  expect(url).toMatch(/mqtt-v3\.1\.1-os\.html#:~:text=%5BMQTT%2D3\.1\.2%2D23%5D$/);
});

const FAILED: SuiteResult = {
  suite: 'rfc9293',
  title: 'RFC 9293',
  ipVersion: 4,
  seed: 7,
  profiles: ['netx'],
  requirements: [
    {
      requirement: { id: 'MUST-3', level: 'MUST', clause: 'RFC 9293 3.1', text: 'a wrong checksum is not looked at' },
      profile: 'netx',
      outcome: 'fail',
      reason: 'no <answer>',
      scenarios: ['a segment & its checksum'],
    },
  ],
  scenarios: [
    {
      name: 'a segment & its checksum',
      profile: 'netx',
      covers: ['MUST-3'],
      outcome: 'fail',
      reason: null,
      fault: { message: 'no <answer>', expected: '> .', actual: null, frames: ['0 <script>'] },
      masked: [],
      capture: null,
    },
  ],
};

test('what failed stands first, open, with its frames, and no text of it is markup', () => {
  const page = suiteHtml(FAILED, { product: 'strata 0.1.0', command: "strata conformance --only 'MUST*'" });
  expect(page).toContain('<p>strata 0.1.0, 1 requirement, 1 scenario run, IPv4, virtual time, seed 7.</p>');
  expect(page).toMatch(/<section class="failures">.*href="#MUST-3"/);
  expect(page).toMatch(/<details open>.*a segment &amp; its checksum/);
  expect(page).toContain('expected  &gt; .\n0 &lt;script&gt;</pre>');
  expect(page).not.toContain('<answer>');
});
