import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running } from '../support/process.ts';
import { countFrames, expectCleanCapture } from '../support/tshark.ts';

const child = join(dirname(fileURLToPath(import.meta.url)), 'live-child.mjs');

peerSuite(['namespace', 'ping', 'tshark'], 'a live host on a TAP device', () => {
  let folder: string;
  let capture: string;
  let linux: Namespace;
  let host: Running;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strata-live-'));
    capture = join(folder, 'live.pcapng');
    linux = await Namespace.open();
    host = linux.start(process.execPath, [child, capture], { keepInputOpen: true });
    await host.waitFor(/"ready":true/);
  });

  afterEach(async () => {
    await linux.close();
    rmSync(folder, { recursive: true });
  });

  /** Ends the host, which must have given every packet back, and looks at what it captured. */
  async function end(): Promise<void> {
    host.child.stdin?.end();
    await host.waitFor(/"outstanding":0,/);
    await host.expectExit();
    await expectCleanCapture(capture);
  }

  test('answers the ping of Linux, small, as large as the MTU allows, and many in a row', async () => {
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '192.0.2.2']);
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '-M', 'do', '-s', '1472', '192.0.2.2']);
    const { stdout } = await linux.run('ping', ['-n', '-q', '-c', '500', '-i', '0.002', '-W', '5', '192.0.2.2']);
    expect(stdout).toContain('500 received');
    await end();
    expect(await countFrames(capture, 'icmp.type == 8')).toBe(502);
    expect(await countFrames(capture, 'icmp.type == 0')).toBe(502);
  });

  test('pings Linux', async () => {
    host.child.stdin?.write('ping\n');
    await host.waitFor(/"pinged":0,"from":"192.0.2.1"/);
    await end();
  });

  test('uses next to no processor time when nothing happens', async () => {
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '192.0.2.2']);
    host.child.stdin?.write('idle\n');
    const [, microseconds] = await host.waitFor(/"idle":(\d+)/);
    expect(Number(microseconds)).toBeLessThan(100_000);
    await end();
  });
});
