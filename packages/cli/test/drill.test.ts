import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { strata } from './recorder.ts';

const LISTENER = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
`;
const GOOD = `// RFC 9293 3.10.7.2\n${LISTENER}+0 > S. 0:0(0) ack 1 <mss 1460>\n`;
const BAD = `// The acknowledgment is wrong on purpose.\n${LISTENER}+0 > S. 0:0(0) ack 2 <mss 1460>\n`;
const FOREIGN = '0 socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 3\n';
const scripts = fileURLToPath(new URL('../../conformance/scripts', import.meta.url));

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-drill-'));
  mkdirSync(join(directory, 'some'));
  writeFileSync(join(directory, 'good.pkt'), GOOD);
  writeFileSync(join(directory, 'some', 'bad.pkt'), BAD);
  writeFileSync(join(directory, 'some', 'foreign.pkt'), FOREIGN);
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('strata drill', () => {
  test("the stack passes scripts of the project's own, strictly and to the end, over both versions of IP", async () => {
    for (const flags of [[], ['--ip-version', '6']]) {
      const words = ['drill', join(scripts, 'handshake'), '--strict', '--strict-end', '--jobs', '2', ...flags];
      const { code, stdout, stderr } = await strata(words);
      expect(stdout).not.toMatch(/^(FAIL|UNSUPPORTED)/m);
      expect(stderr).toMatch(/^\d{2,} passed, 0 failed, 0 unsupported\n$/);
      expect(code).toBe(0);
    }
  });

  test('options of the script language are flags, and any other can be set', async () => {
    const words = ['drill', 'good.pkt', '--local_ip=192.0.2.9', '--remote-ip', '192.0.2.10', '--mtu', '600'];
    const small = await strata(words, { directory });
    expect(small.stdout).toMatch(/TCP options: expected <mss 1460>, got <mss 560>/);
    const other = await strata(['drill', 'good.pkt', '--set', 'tolerance_usecs=1', '--set', 'strict_segments'], {
      directory,
    });
    expect(other.stdout).toMatch(/^PASS/);
    expect((await strata(['drill', 'good.pkt', '--set', 'ip_version=nine'], { directory })).stdout).toMatch(
      /^UNSUPPORTED/,
    );
  });

  test('a failure shows expected and actual packet, the place in the script, and leaves a capture', async () => {
    const { code, stdout, stderr } = await strata(['drill', 'good.pkt', 'some', '--pcap', 'failures'], { directory });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^PASS +good\.pkt$/m);
    expect(stdout).toMatch(/^ {2}some\/bad\.pkt:6:\d+: acknowledgment number: expected 2, got 1$/m);
    expect(stdout).toMatch(/^UNSUPPORTED some\/foreign\.pkt$/m);
    expect(stderr).toBe(
      'the frames of some/bad.pkt: failures/some-bad.pkt.pcapng\n1 passed, 1 failed, 1 unsupported\n',
    );
    const [capture, ...rest] = readdirSync(join(directory, 'failures'));
    expect(rest).toEqual([]);
    expect(
      readFileSync(join(directory, 'failures', String(capture)))
        .subarray(0, 4)
        .toString('hex'),
    ).toBe('0a0d0d0a');
  });

  test('results for machines', async () => {
    const { stdout } = await strata(['drill', 'good.pkt', 'some', '--json', '--junit', 'report.xml'], { directory });
    expect(JSON.parse(stdout).summary).toEqual({ pass: 1, fail: 1, unsupported: 1 });
    expect(readFileSync(join(directory, 'report.xml'), 'utf8')).toContain('tests="3" failures="1" skipped="1"');
  });

  test('a run in which nothing could be run has not succeeded', async () => {
    expect((await strata(['drill', 'some/foreign.pkt'], { directory })).code).toBe(1);
  });

  test.each([
    [['drill'], 2, 'no script is named'],
    [['drill', 'nowhere.pkt'], 1, 'cannot read nowhere.pkt'],
    [['drill', 'good.pkt', '--define', 'X'], 2, 'SYM=text is wanted'],
  ])('%j is refused with a helpful line', async (words, code, message) => {
    const result = await strata(words, { directory });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });
});
