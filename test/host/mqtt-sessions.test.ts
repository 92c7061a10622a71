import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { root } from '../support/strata.ts';

const RUNS = 8;

peerSuite(['namespace', 'mosquitto'], 'sessions at a real Mosquitto that break at any step', () => {
  // `node tools/soak.mjs --mosquitto 500` is the same at size.
  test('QoS 2 arrives exactly once and QoS 1 at least once, in order, over cuts, deaths and SIGKILL of the broker', async () => {
    await using linux = await Namespace.open();
    const script = join(root, 'tools', 'mosquitto-sessions.mjs');
    const running = linux.start(process.execPath, [script, '--runs', String(RUNS), '--kill']);
    const { stdout, stderr } = await running.exit();
    expect(stderr).toBe('');
    const result = JSON.parse(stdout);
    expect(result.failures).toEqual([]);
    expect(result.runs).toBe(RUNS);
    expect(result.breaks).toBeGreaterThan(RUNS / 2);
  });
});
