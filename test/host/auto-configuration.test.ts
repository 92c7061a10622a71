import { expect, test } from '@jest/globals';
import { Folder } from '../support/folder.ts';
import { Namespace } from '../support/namespace.ts';
import { peerSuite } from '../support/peers.ts';
import { startStrata } from '../support/strata.ts';
import { captureFields, expectCleanCapture } from '../support/tshark.ts';

/** dnsmasq on the machine's end of the device: addresses by DHCP, and the names of RFC 2606. */
const DNSMASQ = [
  '--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces --interface=tap0 --except-interface=lo',
  '--dhcp-range=192.0.2.50,192.0.2.60,1h --dhcp-option=option:router,192.0.2.1 --dhcp-authoritative --no-ping',
  '--domain=example --address=/broker.example/198.51.100.1 --cname=mqtt.example,host.example',
  '--host-record=host.example,192.0.2.1,2001:db8::1 --srv-host=_mqtt._tcp.example,host.example,1883',
  '--ptr-record=9.2.0.192.in-addr.arpa,printer.example --user=root --local=/example/',
].flatMap((line) => line.split(' '));

peerSuite(['namespace', 'ip', 'dnsmasq', 'tshark'], 'a host that configures itself', () => {
  test('gets an address, a router and a DNS server from dnsmasq, uses them, and gives them back', async () => {
    using folder = new Folder();
    await using linux = await Namespace.open();
    await linux.run('ip', ['tuntap', 'add', 'dev', 'tap0', 'mode', 'tap']);
    await linux.run('ip', ['address', 'add', '192.0.2.1/24', 'dev', 'tap0']);
    await linux.run('ip', ['address', 'add', '198.51.100.1/32', 'dev', 'lo']);
    await linux.run('ip', ['link', 'set', 'tap0', 'up']);
    const lines = ['--leasefile-ro', '--log-dhcp', `--pid-file=${folder.file('pid')}`];
    const server = linux.start('dnsmasq', [...DNSMASQ, ...lines], { cwd: folder.path });
    await server.waitFor(/started/);

    const run = (...words: string[]) =>
      startStrata([...words, '--tap', 'tap0'], { in: linux, cwd: folder.path }).expectExit();
    // The name leads to an address beyond the link, so the router of the lease is used as well.
    const ping = await run(
      'ping',
      'broker.example',
      '--dhcp',
      '-c',
      '2',
      '-i',
      '0.1',
      '--pcap',
      folder.file('ping.pcapng'),
    );
    expect(ping.stdout).toMatch(/^PING broker\.example 198\.51\.100\.1 from 192\.0\.2\.5\d: 56 data bytes$/m);
    expect(ping.stdout).toContain('2 packets transmitted, 2 received, 0% packet loss');

    const file = folder.file('ping.pcapng');
    await expectCleanCapture(file);
    const messages = await captureFields(file, ['dhcp.option.dhcp'], { filter: 'dhcp' });
    // DISCOVER, OFFER, REQUEST, ACK, and RELEASE when the command ends.
    expect(messages.map((each) => each['dhcp.option.dhcp']?.[0])).toEqual(['1', '2', '3', '5', '7']);
    expect(await captureFields(file, ['dns.qry.name'], { filter: 'dns.flags.response == 1' })).not.toHaveLength(0);

    const fixed = ['--address', '192.0.2.7/24', '--dns', '192.0.2.1'];
    const resolved = async (...words: string[]) => (await run('resolve', ...words, ...fixed)).stdout;
    expect(await resolved('mqtt.example')).toMatch(
      /^mqtt\.example {2}\d+ s {2}CNAME {2}host\.example\nhost\.example {2}\d+ s {2}A {2}192\.0\.2\.1$/m,
    );
    expect(await resolved('192.0.2.9')).toContain('PTR  printer.example');
    expect(await resolved('_mqtt._tcp.example', '-t', 'SRV')).toContain('host.example port 1883');
    await server.stop();
  });
});
