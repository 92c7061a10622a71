import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { peerSuite } from '../support/peers.ts';
import { root } from '../support/strata.ts';

interface Combination {
  readonly profile: string;
  readonly counted: number;
  readonly wrong: readonly string[];
}

peerSuite(['namespace', 'ip', 'tshark'], 'TCP against Linux', () => {
  test('a sample of loss, delay, reordering, MTUs and options arrives intact, without stalls, and tshark counts as we do', () => {
    const tool = join(root, 'tools', 'linux-matrix.mjs');
    const run = spawnSync(process.execPath, [tool, '--sample', '14', '--jobs', '4', '--json'], { encoding: 'utf8' });
    const combinations = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Combination);
    expect(combinations.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(combinations).toHaveLength(14);
    expect(new Set(combinations.map(({ profile }) => profile)).size).toBe(2);
    expect(combinations.some(({ counted }) => counted > 0)).toBe(true);
    expect(run.status).toBe(0);
  }, 120_000);
});
