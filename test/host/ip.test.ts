import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import type { Running } from '../support/process.ts';
import { expectCleanCapture } from '../support/tshark.ts';

const child = join(dirname(fileURLToPath(import.meta.url)), 'ip-child.mjs');

async function start(linux: Namespace, spec: object): Promise<Running> {
  const host = linux.start(process.execPath, [child, JSON.stringify(spec)], { keepInputOpen: true });
  await host.waitFor(/"ready":true/);
  return host;
}

/** Gives a command and waits for its answer. */
async function ask(host: Running, line: string, answer: RegExp): Promise<RegExpMatchArray> {
  host.child.stdin?.write(`${line}\n`);
  return host.waitFor(answer);
}

async function end(host: Running): Promise<void> {
  host.child.stdin?.end();
  await host.waitFor(/"ended":true/);
  await host.expectExit();
}

/** Lets Linux forward between its interfaces, in both families. */
function forward(linux: Namespace): Promise<unknown> {
  const all = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((name) => `echo 1 > /proc/sys/net/${name}`);
  return linux.run('sh', ['-c', all.join(' && ')]);
}

peerSuite(['namespace', 'ping', 'tshark'], 'IP against Linux', () => {
  test('pings of 65,000 octets are cut and put together both ways, in both families', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    const capture = folder.file('fragments.pcapng');
    const host = await start(linux, {
      capture,
      devices: [{ name: 'tap0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] }],
      hosts: [{ name: 'h', interfaces: [{ tap: 'tap0', address: '192.0.2.2/24', addresses: ['2001:db8::2/64'] }] }],
    });
    for (const [version, address] of [
      ['-4', '192.0.2.2'],
      ['-6', '2001:db8::2'],
    ] as const) {
      const { stdout } = await linux.run('ping', [
        version,
        '-n',
        '-c',
        '3',
        '-i',
        '0.2',
        '-W',
        '5',
        '-s',
        '65000',
        address,
      ]);
      expect(stdout).toContain('3 received, 0% packet loss');
    }
    await ask(host, 'ping h 192.0.2.1 65000', /"pinged":0,"bytes":65000/);
    await ask(host, 'ping h 2001:db8::1 65000', /"pinged":0,"bytes":65000.*2001:db8::1/);
    await end(host);
    await expectCleanCapture(capture);
  });

  test('Linux routes between two hosts of ours; over its smaller link they find the MTU of the path', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    const capture = folder.file('router.pcapng');
    const host = await start(linux, {
      capture,
      devices: [
        { name: 'tap0', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
        { name: 'tap1', addresses: ['198.51.100.1/24', '2001:db8:2::1/64'] },
      ],
      hosts: [
        {
          name: 'near',
          interfaces: [{ tap: 'tap0', address: '192.0.2.2/24', addresses: ['2001:db8:1::2/64'], gateway: '192.0.2.1' }],
          routes: [{ to: '2001:db8::/32', via: '2001:db8:1::1' }],
        },
        {
          name: 'far',
          interfaces: [
            { tap: 'tap1', address: '198.51.100.2/24', addresses: ['2001:db8:2::2/64'], gateway: '198.51.100.1' },
          ],
          routes: [{ to: '2001:db8::/32', via: '2001:db8:2::1' }],
        },
      ],
    });
    await forward(linux);
    // Only the router knows of the smaller link: what TCP's two ends tell each other of their MTUs is of no help.
    await linux.run('ip', ['link', 'set', 'tap1', 'mtu', '1280']);
    await ask(host, 'ping near 198.51.100.2 100', /"pinged":0,"bytes":100,"timeToLive":63,"from":"198.51.100.2"/);
    await ask(host, 'ping near 2001:db8:2::2 100', /"pinged":0,"bytes":100,"timeToLive":63,"from":"2001:db8:2::2"/);
    await ask(host, 'ping near 198.51.100.2 20000', /"pinged":0,"bytes":20000/);
    for (const address of ['198.51.100.2', '2001:db8:2::2']) {
      await ask(
        host,
        `bulk near ${address} 9 300000`,
        new RegExp(`"bulk":"${address}","received":300000,"pathMtu":1280`),
      );
    }
    await ask(host, 'ping near 2001:db8:2::2 20000', /"pinged":0,"bytes":20000,"timeToLive":63,"from":"2001:db8:2::2"/);
    await end(host);
  });

  test('a host of ours routes between two networks of Linux, and says what is too big and what came too far', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    const capture = folder.file('forwarding.pcapng');
    const host = await start(linux, {
      capture,
      devices: [
        { name: 'tap0', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
        { name: 'tap1', addresses: [], mtu: 1280 },
      ],
      hosts: [
        {
          name: 'router',
          forwarding: true,
          interfaces: [
            { tap: 'tap0', address: '192.0.2.2/24', addresses: ['2001:db8:1::2/64'] },
            { tap: 'tap1', address: '198.51.100.2/24', addresses: ['2001:db8:2::2/64'] },
          ],
        },
      ],
    });
    // The second network gets a namespace of its own, or Linux would short-cut the router.
    const other = linux.start('unshare', ['-n', 'sh', '-c', 'echo "pid $$"; exec cat'], { keepInputOpen: true });
    const [, pid = ''] = await other.waitFor(/^pid (\d+)/);
    await linux.run('ip', ['link', 'set', 'tap1', 'netns', pid]);
    const there = (...words: string[]) => linux.run('nsenter', ['--target', pid, '--net', '--', 'ip', ...words]);
    await there('address', 'add', '198.51.100.1/24', 'dev', 'tap1');
    await there('address', 'add', '2001:db8:2::1/64', 'dev', 'tap1', 'nodad');
    await there('link', 'set', 'tap1', 'up', 'mtu', '1280');
    await there('route', 'add', 'default', 'via', '198.51.100.2');
    await there('-6', 'route', 'add', 'default', 'via', '2001:db8:2::2');
    await linux.run('ip', ['route', 'add', '198.51.100.0/24', 'via', '192.0.2.2']);
    await linux.run('ip', ['-6', 'route', 'add', '2001:db8:2::/64', 'via', '2001:db8:1::2']);
    for (const [version, address] of [
      ['-4', '198.51.100.1'],
      ['-6', '2001:db8:2::1'],
    ] as const) {
      const ping = (...words: string[]) => linux.run('ping', [version, '-n', '-W', '5', ...words, address]);
      expect((await ping('-c', '2', '-i', '0.2')).stdout).toMatch(/ttl=63 [\s\S]*2 received/);
      expect(
        (await linux.start('ping', [version, '-n', '-c', '1', '-W', '2', '-t', '1', address]).expectExit(1)).stdout,
      ).toMatch(/Time to live exceeded|Hop limit|Time exceeded/);
      // The first packet that is too big draws the router's word; then Linux cuts, or says so itself.
      await linux
        .start('ping', [version, '-n', '-c', '2', '-i', '0.2', '-W', '1', '-M', 'do', '-s', '1400', address])
        .expectExit(1);
      const route = await linux.run('ip', [version, 'route', 'get', address]);
      expect(route.stdout).toMatch(/mtu 1280/);
      expect((await ping('-c', '2', '-i', '0.2', '-s', '20000')).stdout).toContain('2 received');
    }
    await end(host);
    other.child.stdin?.end();
    await expectCleanCapture(capture);
  });
});

peerSuite(['namespace', 'ip', 'bridge'], 'groups against Linux', () => {
  test('a bridge of Linux that asks sees who listens, and that it ends, in both families', async () => {
    await using linux = await Namespace.open();
    const host = await start(linux, {
      devices: [{ name: 'tap0', addresses: [] }],
      hosts: [{ name: 'h', interfaces: [{ tap: 'tap0', address: '192.0.2.2/24', addresses: ['2001:db8::2/64'] }] }],
    });
    const settings = ['mcast_snooping', '1', 'mcast_querier', '1', 'mcast_startup_query_interval', '100'];
    await linux.run('ip', ['link', 'add', 'br0', 'type', 'bridge', ...settings, 'mcast_last_member_interval', '20']);
    await linux.run('ip', ['link', 'set', 'tap0', 'master', 'br0']);
    await linux.run('ip', ['address', 'add', '192.0.2.1/24', 'dev', 'br0']);
    await linux.run('ip', ['link', 'set', 'br0', 'up']);
    for (const group of ['239.1.2.3', 'ff15::1234']) {
      const listed = async () => (await linux.run('bridge', ['mdb', 'show'])).stdout.includes(group);
      const until = async (wanted: boolean) => {
        for (let i = 0; i < 100 && (await listed()) !== wanted; i++) await new Promise((go) => setTimeout(go, 100));
        return listed();
      };
      await ask(host, `join h ${group}`, /"joined":0/);
      expect([group, await until(true)]).toEqual([group, true]);
      await ask(host, `leave h ${group}`, /"left":0/);
      expect([group, await until(false)]).toEqual([group, false]);
    }
    await end(host);
  });
});
