import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { StartOptions } from '../support/process.ts';

const child = join(dirname(fileURLToPath(import.meta.url)), 'tap-child.mjs');

peerSuite(['namespace', 'ping', 'ip'], 'a TAP device in a network namespace', () => {
  let linux: Namespace;
  beforeEach(async () => {
    linux = await Namespace.open();
  });
  afterEach(() => linux.close());

  function start(scenario: readonly string[], options: StartOptions = {}) {
    return linux.start(process.execPath, [child, ...scenario], options);
  }

  async function result(...scenario: string[]): Promise<Record<string, unknown>> {
    const { stdout } = await start(scenario).expectExit();
    return Object.assign(
      {},
      ...stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  }

  test('Linux answers an ARP request that we sent, and its ping makes an ARP request that we receive', async () => {
    const running = start(['arp'], { keepInputOpen: true });
    // ARP reply (operation 2) from 192.0.2.1 to 192.0.2.2.
    const reply = await running.waitFor(
      /"arp":"[0-9a-f]{24}0806[0-9a-f]{12}0002[0-9a-f]{12}c0000201[0-9a-f]{12}c0000202/,
    );
    expect(reply[0]).toBeTruthy();
    await linux.run('ping', ['-n', '-c', '1', '-W', '1', '192.0.2.9'], { code: 1 });
    // ARP request (operation 1) for 192.0.2.9.
    await running.waitFor(
      /"arp":"[0-9a-f]{24}0806[0-9a-f]{12}0001[0-9a-f]{12}c0000201[0-9a-f]{12}c0000209.*"misaligned":0/,
    );
    running.child.stdin?.end();
    await running.waitFor(/"closed":true,"available":128,"total":128/);
    await running.expectExit();
  });

  test('10,000 frames each way arrive, but for those that Linux counts as dropped', async () => {
    const burst = await result('burst', '10000');
    expect(burst).toMatchObject({ sent: 10_000, sendDropped: 0, kernelReceived: 10_000, receiveDropped: 0, leaked: 0 });
    expect(Number(burst.seen) + Number(burst.kernelDropped)).toBe(10_000);
    expect(burst.seen).toBeGreaterThan(5_000);
  });

  test('an idle device uses no processor time', async () => {
    const idle = await result('idle');
    expect(idle.bursts).toBeLessThan(10);
    expect(idle.microseconds).toBeLessThan(50_000);
  });

  test('a device that somebody deletes takes the link down, without an exception or a busy loop', async () => {
    const gone = await result('gone');
    expect(gone).toMatchObject({ link: false, up: false, notSent: 1, leaked: 0 });
    expect(gone.microseconds).toBeLessThan(100_000);
  });

  test('frames to a Linux side that is not up are counted, not kept, and the link stays up for when it is', async () => {
    expect(await result('down')).toEqual({ peerDown: 1, up: true });
  });

  test('the Linux side gets the MTU, the MAC address and the IP addresses asked for', async () => {
    expect(await result('setup')).toEqual({
      mtu: 1280,
      ourMtu: 1280,
      address: '02:11:22:33:44:55',
      flags: true,
      addresses: ['192.0.2.1/24', '2001:db8::1/64'],
    });
  });

  test('a device that was there before stays, without the addresses we added; one that was not goes', async () => {
    expect(await result('persistent')).toEqual({ existed: true, created: false, links: ['lo', 'tap0'], left: 0 });
  });

  test('process.exit with an open device ends the process and removes the device', async () => {
    const running = start(['exit'], { keepInputOpen: true });
    await running.waitFor(/ready/);
    running.child.stdin?.end();
    await running.expectExit(3);
    expect((await linux.run('ip', ['-brief', 'link'])).stdout).not.toContain('tap0');
  });

  test('a signal with an open device ends the process and removes the device', async () => {
    const running = start(['exit'], { keepInputOpen: true });
    await running.waitFor(/ready/);
    await running.stop('SIGINT');
    expect((await linux.run('ip', ['-brief', 'link'])).stdout).not.toContain('tap0');
  });

  test('a device that is open elsewhere is refused as busy', async () => {
    expect(await result('fail', 'busy')).toMatchObject({ code: 'BUSY' });
  });

  test('the name of an interface that is no TAP device is refused', async () => {
    expect(await result('fail', 'lo')).toMatchObject({ code: 'NAME_TAKEN' });
  });

  test('a wrong host address is refused with an example', async () => {
    expect(await result('fail', 'tap0', '192.0.2.300/24')).toMatchObject({
      code: 'ADDRESS_INVALID',
      text: expect.stringContaining('192.0.2.1/24'),
    });
  });

  test('without the right to create a device the error shows the line to run and the way without privileges', async () => {
    const running = linux.start('unshare', ['--user', process.execPath, child, 'fail', 'tap0']);
    const { stdout } = await running.expectExit();
    const refused = JSON.parse(stdout) as { code: string; text: string };
    expect(refused.code).toBe('NO_PERMISSION');
    expect(refused.text).toMatch(/^ {2}sudo ip tuntap add dev tap0 mode tap user \S+ && sudo ip link set tap0 up$/m);
    expect(refused.text).toContain('unshare -Urn');
  });
});
