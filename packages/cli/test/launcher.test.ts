import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

/** These run the built program as a user does; `npm test` builds first. */
const launcher = fileURLToPath(new URL('../bin/strata.mjs', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strata-launcher-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const run = (...words: string[]) =>
  spawnSync(process.execPath, [launcher, ...words], { cwd: directory, encoding: 'utf8' });

describe('bin/strata.mjs', () => {
  test('explains a code', () => {
    const { status, stdout, stderr } = run('explain', '0x10005');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('NXD_MQTT_CONNECT_FAILURE');
  });

  test('runs the demo and leaves its capture', () => {
    const { status, stdout, stderr } = run('demo');
    expect(status).toBe(0);
    expect(stdout).toContain('MQTT DISCONNECT');
    expect(stderr).toContain('demo.pcapng: ');
    expect(stderr).not.toContain('Warning');
  });

  test('exits 2 for a wrong command line and 1 for a failed job', () => {
    expect(run('demo', '--nonsense').status).toBe(2);
    expect(run('explain', 'nonsense-at-all').status).toBe(1);
    expect(run('sub', '-t', 'x', '-W', '1').status).toBe(27);
  });

  test('says nothing when its reader goes away', async () => {
    const child = spawn(process.execPath, [launcher, 'demo', '--pcap', 'pipe.pcapng'], { cwd: directory });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error|\n\s+at /);
  });

  test('asks for the set-up when nothing is built', () => {
    const copy = join(directory, 'bin');
    mkdirSync(copy);
    copyFileSync(launcher, join(copy, 'strata.mjs'));
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'strata.mjs')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, 'strata: not built yet; run npm run setup first\n']);
  });
});
