import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { peerSuite } from '../support/peers.ts';
import { root } from '../support/strata.ts';

const SCRIPTS = ['sockets/options-kept', 'sockets/error-after-reset', 'sockets/shutdown-write', 'sockets/epoll-level'];

peerSuite(['namespace', 'ip'], 'our scripts on Linux', () => {
  test('what scripts say of system calls and segments holds for Linux itself', () => {
    const tool = join(root, 'tools', 'linux-drill.mjs');
    const files = SCRIPTS.map((name) => join(root, 'packages', 'conformance', 'scripts', `${name}.pkt`));
    // Whether the machine is busy is not what is tested.
    const run = spawnSync(process.execPath, [tool, ...files, '--jobs', '1', '--tolerance-usecs', '2000000'], {
      encoding: 'utf8',
    });
    expect(run.stdout).toContain(`${SCRIPTS.length} passed, 0 failed, 0 left out`);
    expect(run.status).toBe(0);
  }, 120_000);
});
