import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running } from '../support/process.ts';
import { countFrames, expectCleanCapture, FLOW_CONTROL } from '../support/tshark.ts';

const child = join(dirname(fileURLToPath(import.meta.url)), 'live-child.mjs');

peerSuite(['namespace', 'ping', 'nc', 'tshark'], 'a live host on a TAP device', () => {
  let folder: string;
  let capture: string;
  let linux: Namespace;
  let host: Running;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strata-live-'));
    capture = join(folder, 'live.pcapng');
    linux = await Namespace.open();
  });

  afterEach(async () => {
    await linux.close();
    rmSync(folder, { recursive: true });
  });

  async function start(captureFile = capture): Promise<void> {
    host = linux.start(process.execPath, [child, captureFile], { keepInputOpen: true });
    await host.waitFor(/"ready":true/);
  }

  /** Ends the host, which must have given every packet back, and looks at what it captured. */
  async function end(captured = true): Promise<void> {
    host.child.stdin?.end();
    await host.waitFor(/"outstanding":0,/);
    await host.expectExit();
    if (captured) await expectCleanCapture(capture, { accept: FLOW_CONTROL });
  }

  test('answers the ping of Linux, small, as large as the MTU allows, and many in a row', async () => {
    await start();
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '192.0.2.2']);
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '-M', 'do', '-s', '1472', '192.0.2.2']);
    const { stdout } = await linux.run('ping', ['-n', '-q', '-c', '500', '-i', '0.002', '-W', '5', '192.0.2.2']);
    expect(stdout).toContain('500 received');
    await end();
    expect(await countFrames(capture, 'icmp.type == 8')).toBe(502);
    expect(await countFrames(capture, 'icmp.type == 0')).toBe(502);
  });

  test('pings Linux', async () => {
    await start();
    host.child.stdin?.write('ping\n');
    await host.waitFor(/"pinged":0,"from":"192.0.2.1"/);
    await end();
  });

  test('uses next to no processor time when nothing happens', async () => {
    await start();
    await linux.run('ping', ['-n', '-c', '1', '-W', '5', '192.0.2.2']);
    host.child.stdin?.write('idle\n');
    const [, microseconds] = await host.waitFor(/"idle":(\d+)/);
    expect(Number(microseconds)).toBeLessThan(100_000);
    await end();
  });

  function sha256(octets: Uint8Array): string {
    return createHash('sha256').update(octets).digest('hex');
  }

  test("echoes what Linux's TCP sends, and the connection ends in order on both sides", async () => {
    await start();
    const octets = randomBytes(1_000_000);
    const nc = linux.start('nc', ['-N', '192.0.2.2', '7'], { input: octets });
    await nc.expectExit(0, 60_000);
    expect(Buffer.concat(nc.stdoutBytes).equals(octets)).toBe(true);
    await host.waitFor(/"port":7\}/);
    await end();
    expect(await countFrames(capture, 'tcp.flags.fin == 1')).toBe(2);
    expect(await countFrames(capture, 'tcp.flags.reset == 1')).toBe(0);
  });

  test('10 MB from Linux arrive intact, and 10 MB to Linux', async () => {
    await start('-');
    const octets = randomBytes(10_000_000);
    await linux.start('nc', ['-N', '192.0.2.2', '9'], { input: octets }).expectExit(0, 100_000);
    const [, count, hash] = await host.waitFor(/"port":9,"count":(\d+),"hash":"(\w+)"/);
    expect([Number(count), hash]).toEqual([octets.length, sha256(octets)]);

    const source = linux.start('nc', ['192.0.2.2', '19'], { input: '10000000\n' });
    await source.expectExit(0, 100_000);
    const received = Buffer.concat(source.stdoutBytes);
    expect(received).toHaveLength(10_000_000);
    const [, sent] = await host.waitFor(/"port":19,"hash":"(\w+)"/);
    expect(sent).toBe(sha256(received));
    await end(false);
  });
});
