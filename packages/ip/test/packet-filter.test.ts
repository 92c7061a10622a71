import { describe, expect, test } from '@jest/globals';
import { DROP_IP_FILTERED, NX_NOT_SUCCESSFUL, NX_SUCCESS, type Packet, SECOND } from '@strata/contracts';
import { ipv4Address, parseAddress } from '@strata/wire';
import { modernIpPolicy, NX_IP_PACKET_IN, NX_IP_PACKET_OUT } from '../src/index.ts';
import { icmp, ipv4, ipWord, MAC_PEER, text } from './frames.ts';
import { ScriptedLink, TestHost } from './host.ts';
import { echoRequest, IPV6, OURS, PEER, solicitation } from './ipv6-host.ts';
import { EXPERIMENT, RecordingTransport, sendDatagram } from './transport.ts';

/** What a filter saw: the direction and the protocol of each packet. */
function watching(host: TestHost, refuses: (protocol: number, direction: number) => boolean = () => false): string[] {
  const seen: string[] = [];
  host.ip.packetFilter = (packet: Packet, direction) => {
    const version = packet.view.getUint8(packet.prepend) >>> 4;
    const protocol = packet.view.getUint8(packet.prepend + (version === 4 ? 9 : 6));
    seen.push(`${direction === NX_IP_PACKET_IN ? 'in' : 'out'} ${version} ${protocol}`);
    expect([packet.ipHeader, packet.ipVersion]).toEqual([packet.prepend, version]);
    return refuses(protocol, direction) ? NX_NOT_SUCCESSFUL : NX_SUCCESS;
  };
  return seen;
}

describe('the packet filter (NX_ENABLE_IP_PACKET_FILTER)', () => {
  test('sees every good packet for us once on its way in, and every packet on its way out', () => {
    const host = new TestHost();
    host.knowPeer();
    const seen = watching(host);
    host.injectIp(ipv4({ protocol: 1 }, icmp({ type: 8 }, text('x'))));
    host.injectIp(ipv4({ protocol: 1, checksum: 1 }, icmp({ type: 8 }, text('x'))));
    host.injectIp(ipv4({ protocol: 1, destination: '192.0.2.9' }, icmp({ type: 8 }, text('x'))));
    expect(seen).toEqual(['in 4 1', 'out 4 1']);
    host.take();
    host.finish();
  });

  test('what it refuses coming in draws no answer, no error, and reaches nobody', () => {
    const host = new TestHost();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    watching(host, (_, direction) => direction === NX_IP_PACKET_IN);
    host.injectIp(ipv4({ protocol: 1 }, icmp({ type: 8 }, text('x'))));
    host.injectIp(ipv4({ protocol: EXPERIMENT }, text('x')));
    host.injectIp(ipv4({ protocol: EXPERIMENT + 1 }, text('x')));
    expect([transport.received, host.drops(DROP_IP_FILTERED)]).toEqual([[], 3]);
    expect(host.ip.info.general).toMatchObject({
      totalPacketsReceived: 3,
      receivePacketsDropped: 3,
      invalidPackets: 0,
    });
    host.finish();
  });

  test('what it refuses going out is taken, counted and let go', () => {
    const host = new TestHost();
    host.knowPeer();
    watching(host, (protocol, direction) => direction === NX_IP_PACKET_OUT && protocol === EXPERIMENT);
    expect(sendDatagram(host, '192.0.2.2', 'not for you')).toBe(NX_SUCCESS);
    expect(sendDatagram(host, '127.0.0.1', 'nor for me')).toBe(NX_SUCCESS);
    expect(host.ip.info.general).toMatchObject({ totalPacketsSent: 0, sendPacketsDropped: 2 });
    host.ip.packetFilter = null;
    expect(sendDatagram(host, '192.0.2.2', 'now')).toBe(NX_SUCCESS);
    expect(host.take().length).toBe(1);
    host.finish();
  });

  test('sees a datagram before it is cut, and each fragment that arrives', () => {
    const host = new TestHost({ packets: 128 });
    host.knowPeer();
    host.ip.enableFragments();
    const seen = watching(host);
    sendDatagram(host, '192.0.2.2', 'x'.repeat(4000));
    expect([seen.splice(0).length, host.take().length]).toEqual([1, 3]);
    host.injectIp(ipv4({ protocol: EXPERIMENT, fragment: 0x2000 }, new Uint8Array(64)));
    host.injectIp(ipv4({ protocol: EXPERIMENT, fragment: 8 }, new Uint8Array(64)));
    expect(seen.filter((each) => each.startsWith('in'))).toHaveLength(2);
    host.take();
    host.finish();
  });

  test('stands in the way of forwarded packets in both directions', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    const far = new ScriptedLink(host.scheduler, '00:11:22:33:44:66');
    host.ip.setAddress(host.ip.attachInterface('eth1', far), ipWord('198.51.100.1'), ipWord('255.255.255.0'));
    host.ip.forwarding = true;
    host.knowPeer('198.51.100.2', '00:11:22:33:44:99');
    const through = ipv4({ destination: '198.51.100.2', protocol: EXPERIMENT }, text('x'));
    const seen = watching(host);
    host.injectIp(through);
    expect([seen, far.sent.splice(0).length]).toEqual([[`in 4 ${EXPERIMENT}`, `out 4 ${EXPERIMENT}`], 1]);
    watching(host, (_, direction) => direction === NX_IP_PACKET_OUT);
    host.injectIp(through);
    expect([far.sent.length, host.ip.counters.packetsForwarded, host.drops(DROP_IP_FILTERED)]).toEqual([0, 1, 1]);
    host.finish();
  });

  test('is asked about IPv6 too, Neighbor Discovery included', () => {
    const host = new TestHost({
      policy: { ...modernIpPolicy, ipv6: { ...modernIpPolicy.ipv6, opaqueIdentifiers: false } },
    });
    host.ip.ipv6.enable(host.eth0);
    host.advance(3 * SECOND);
    host.take();
    const seen = watching(host, (_, direction) => direction === NX_IP_PACKET_OUT);
    host.inject(IPV6, solicitation(OURS), 1, MAC_PEER);
    expect([seen.splice(0), host.take()]).toEqual([['in 6 58', 'out 6 58'], []]);
    watching(host, (_, direction) => direction === NX_IP_PACKET_IN);
    host.inject(IPV6, echoRequest());
    const dropped = host.drops(DROP_IP_FILTERED);
    expect([dropped, host.take()]).toEqual([2, []]);
    host.ip.packetFilter = null;
    host.ip.icmp.echo.ping(parseAddress(PEER)!, text('x'), SECOND, { pinged: () => {} });
    expect(host.take().length).toBe(1);
    host.ip.ipv6.disable(host.eth0);
    host.take();
    host.finish();
  });
});

describe('an auxiliary packet pool (nx_ip_auxiliary_packet_pool_set)', () => {
  test('gives the packets that IP makes itself; with the pool of the host empty they still go out', () => {
    const host = new TestHost();
    const small = new TestHost({ payloadSize: 256, packets: 4 }).pool;
    expect(host.ip.setAuxiliaryPool(small)).toBe(NX_SUCCESS);
    sendDatagram(host, '192.0.2.2', 'who has it?');
    expect(small.minimumAvailable).toBe(3);
    host.ip.groups.igmp.enable();
    host.ip.joinGroup(host.eth0, ipWord('239.1.1.1'));
    expect(host.take().length).toBe(2);
    host.knowPeer();
    host.take();
    const taken: (Packet | null)[] = [];
    while (host.pool.available > 1) taken.push(host.pool.allocate(0));
    const empty = () => host.pool.available;
    host.injectIp(ipv4({ protocol: EXPERIMENT }, text('nobody wants it')));
    expect([empty(), host.take().length]).toEqual([1, 1]);
    const [none] = [host.pool.allocate(0)];
    expect(host.ip.arp.defence.announce(host.eth0)).toBe(NX_SUCCESS);
    expect(host.ip.icmp.echo.ping(ipv4Address(ipWord('192.0.2.2')), text('x'), 1, { pinged: () => {} })).not.toBe(0);
    expect(host.take().length).toBe(1);
    for (const packet of [...taken, none]) packet?.release();
    host.ip.groups.close();
    expect(small.available).toBe(4);
    host.finish();
  });

  test('must have room for every message', () => {
    const host = new TestHost();
    expect(host.ip.setAuxiliaryPool(new TestHost({ payloadSize: 127 }).pool)).not.toBe(NX_SUCCESS);
    host.finish();
  });
});
