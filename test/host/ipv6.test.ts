import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { startStrata } from '../support/strata.ts';
import { captureFields, expectCleanCapture } from '../support/tshark.ts';

const DEVICE = '--tap tap0 --address 2001:db8::2/64 --host-address 2001:db8::1/64 --profile modern'.split(' ');

peerSuite(['namespace', 'ping', 'nc', 'curl', 'ip', 'tshark'], 'IPv6 with Linux', () => {
  test('Linux resolves the stack, pings it up to 65,000 octets and by group, and uses its services', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    const file = folder.file('up.pcapng');
    const flags = ['up', ...DEVICE, '--echo', '7', '--http', '80', '--pcap', file];
    const running = startStrata(flags, { in: linux, cwd: folder.path });
    await running.waitFor(/2001:db8::2\/64 is up on tap0/);
    const ping = async (...words: string[]) => {
      const { stdout } = await linux.run('ping', ['-6', '-n', '-i', '0.05', '-W', '5', ...words]);
      return stdout;
    };
    // Linux looks whether its own address is free before it uses it; packets that wait meanwhile may be lost.
    await ping('-c', '4', '-i', '0.5', '2001:db8::2');
    expect(await ping('-c', '20', '2001:db8::2')).toContain('20 packets transmitted, 20 received, 0% packet loss');
    expect(await ping('-c', '3', '-s', '65000', '2001:db8::2')).toContain('3 received, 0% packet loss');
    expect(await ping('-c', '2', 'ff02::1%tap0')).toMatch(/64 bytes from fe80::(?:\w+:)+\w+%tap0/);
    const words = 'hello\nfrom Linux\n';
    const nc = linux.start('nc', ['-6', '-N', '2001:db8::2', '7'], { input: words });
    expect((await nc.expectExit()).stdout).toBe(words);
    const { stdout: page } = await linux.run('curl', ['-6', '-s', 'http://[2001:db8::2]/bytes/100000', '-o', '-']);
    expect(page).toHaveLength(100_000);
    running.signalGroup('SIGINT');
    expect((await running.expectExit()).stdout).toMatch(/^device .* 0$/m);
    await expectCleanCapture(file);
    const replies = await captureFields(file, ['ipv6.fragment.count'], {
      filter: 'ipv6.fragment && icmpv6.type == 129',
    });
    expect(replies).toHaveLength(3);
  });
});

/** A prefix for addresses, a router, an MTU and a hop limit, often enough for a test. */
const RADVD = `interface tap0 {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1400; AdvCurHopLimit 42;
  prefix 2001:db8:5::/64 { AdvOnLink on; AdvAutonomous on; };
};
`;

peerSuite(['namespace', 'ip', 'radvd', 'tshark'], 'IPv6 addresses and routes from radvd', () => {
  test('the stack forms an address, takes the router, its MTU and its hop limit', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    for (const line of [
      'tuntap add dev tap0 mode tap',
      'address add 2001:db8:5::1/64 dev tap0 nodad',
      'address add 2001:db8:ffff::1/128 dev lo',
      'link set tap0 up',
    ]) {
      await linux.run('ip', line.split(' '));
    }
    await linux.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding']);
    const configuration = folder.file('radvd.conf');
    writeFileSync(configuration, RADVD);
    linux.start('radvd', ['-n', '-C', configuration, '-p', folder.file('radvd.pid'), '-m', 'stderr'], {
      cwd: folder.path,
    });
    const file = folder.file('ping.pcapng');
    const words = '--tap tap0 --ipv6 --profile modern -c 2 -i 0.1 -s 1380'.split(' ');
    const ping = await startStrata(['ping6', '2001:db8:ffff::1', ...words, '--pcap', file], {
      in: linux,
      cwd: folder.path,
    }).expectExit();
    expect(ping.stdout).toContain('2 packets transmitted, 2 received, 0% packet loss');
    await expectCleanCapture(file);
    const filter = 'icmpv6.type == 128';
    const [first] = await captureFields(file, ['ipv6.src', 'ipv6.hlim', 'ipv6.fragment'], { filter });
    expect(first!['ipv6.src']?.[0]).toMatch(/^2001:db8:5:/);
    expect(first!['ipv6.hlim']?.[0]).toBe('42');
    expect(first!['ipv6.fragment']).not.toHaveLength(0);
  });
});
