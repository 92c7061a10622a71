import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { startStrata } from '../support/strata.ts';
import { countFrames, expectCleanCapture } from '../support/tshark.ts';

const DEVICE = '--tap tap0 --address 192.0.2.2/24 --host-address 192.0.2.1/24'.split(' ');

peerSuite(['namespace', 'tshark'], 'strata ping over a TAP device', () => {
  let folder: Folder;
  let linux: Namespace;

  beforeEach(async () => {
    folder = new Folder();
    linux = await Namespace.open();
  });

  afterEach(async () => {
    await linux.close();
    folder[Symbol.dispose]();
  });

  function ping(...args: string[]) {
    return startStrata(['ping', ...args, ...DEVICE, '--pcap', folder.file('ping.pcapng')], { in: linux });
  }

  test('Linux answers, small and large, and the statistics say so', async () => {
    const small = await ping('192.0.2.1', '-c', '5', '-i', '0.05').expectExit();
    expect(small.stdout).toMatch(/^56 bytes from 192\.0\.2\.1: icmp_seq=\d+ ttl=64 time=\d+\.\d+ ms$/m);
    expect(small.stdout).toContain('5 packets transmitted, 5 received, 0% packet loss');
    expect(small.stdout).toMatch(/rtt min\/avg\/max\/mdev = /);
    await expectCleanCapture(folder.file('ping.pcapng'));

    const large = await ping('192.0.2.1', '-c', '3', '-i', '0.05', '-s', '1400').expectExit();
    expect(large.stdout).toContain('1400 bytes from 192.0.2.1');
    expect(large.stdout).toContain('3 received, 0% packet loss');
    expect(await countFrames(folder.file('ping.pcapng'), 'icmp.type == 0 && data.len >= 1392')).toBe(3);
    await expectCleanCapture(folder.file('ping.pcapng'));
  });

  test('an address that nobody has ends with exit code 1 and says where to look', async () => {
    const { stdout, stderr } = await ping('192.0.2.77', '-c', '2', '-i', '0.1', '-W', '0.5').expectExit(1);
    expect(stdout).toContain('no reply from 192.0.2.77');
    expect(stdout).toContain('2 packets transmitted, 0 received, 100% packet loss');
    expect(stderr).toMatch(/^strata: .*192\.0\.2\.77/);
    expect(stderr).toMatch(/\n {2}\S/);
    // It asked, and nobody answered.
    expect(
      await countFrames(folder.file('ping.pcapng'), 'arp.opcode == 1 && arp.dst.proto_ipv4 == 192.0.2.77'),
    ).toBeGreaterThan(0);
    expect(await countFrames(folder.file('ping.pcapng'), 'icmp')).toBe(0);
  });

  test('an address on another network, without a gateway, is no silent loss', async () => {
    const { stdout, stderr } = await ping('203.0.113.1', '-c', '1').expectExit(1);
    expect(stdout).toContain('no reply from 203.0.113.1');
    expect(stderr).toMatch(/^strata: there is no route to 203\.0\.113\.1\n.*--gateway/);
  });

  test('a name that cannot be looked up ends it', async () => {
    const { stderr } = await ping('nobody.example', '-c', '1').expectExit(1);
    expect(stderr).toMatch(/^strata: there is no host nobody\.example: no DNS server is known.*\n.*--dns/);
  });

  test('Ctrl-C ends it with the statistics so far', async () => {
    const running = ping('192.0.2.1', '-c', '1000', '-i', '0.2');
    await running.waitFor(/icmp_seq=\d+ ttl/);
    running.signalGroup('SIGINT');
    const { stdout } = await running.expectExit();
    expect(stdout).toMatch(/[1-9]\d* packets transmitted, [1-9]\d* received, 0% packet loss/);
  });

  test.each([
    ['no address', [], /address is missing/],
    ['too large a payload', ['192.0.2.1', '-s', '65508'], /-s 65508/],
  ])('%s is a usage error', async (_, args, text) => {
    const { stdout, stderr } = await startStrata(['ping', ...args, ...DEVICE.slice(0, 4)], { in: linux }).expectExit(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(text);
  });
});
