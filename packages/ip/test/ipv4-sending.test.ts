import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITY_TX_CHECKSUM,
  DROP_IPV4_TOO_BIG,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  NX_IP_ADDRESS_ERROR,
  NX_OVERFLOW,
  NX_SUCCESS,
  NX_UNDERFLOW,
  PACKET_ALLOCATED,
  PACKET_RETAINED,
  PACKET_TRANSMITTING,
} from '@strata/contracts';
import { ipv4Address, parseAddress } from '@strata/wire';
import { type IpFlow, modernIpPolicy } from '../src/index.ts';
import { BROADCAST_MAC, ipBytes, ipWord, MAC_PEER, text } from './frames.ts';
import { type HostOptions, type Sent, TestHost } from './host.ts';
import { EXPERIMENT, sendDatagram } from './transport.ts';

function withPeer(options: HostOptions = {}): [TestHost, IpFlow] {
  const host = new TestHost(options);
  host.knowPeer();
  return [host, host.ip.openFlow(ipv4Address(ipWord('192.0.2.2')), EXPERIMENT, null) as IpFlow];
}

const identification = (sent: Sent) => ((sent.bytes[4] as number) << 8) | (sent.bytes[5] as number);
const fragmentWord = (sent: Sent) => ((sent.bytes[6] as number) << 8) | (sent.bytes[7] as number);

describe('the header we send', () => {
  test("NetX's: time to live 128, identifications from 1, no flags", () => {
    const [host, flow] = withPeer();
    for (let i = 1; i <= 3; i++) {
      sendDatagram(host, flow, 'x');
      const sent = host.next();
      expect([...sent.bytes.subarray(0, 20)].slice(0, 10)).toEqual([0x45, 0, 0, 21, 0, i, 0, 0, 128, EXPERIMENT]);
      expect([...sent.bytes.subarray(12, 20)]).toEqual([...ipBytes('192.0.2.1'), ...ipBytes('192.0.2.2')]);
    }
    expect(host.ip.counters).toMatchObject({ totalPacketsSent: 3, totalBytesSent: 3 });
    host.finish();
  });

  test('one counter numbers the packets of all flows and goes around after 65535', () => {
    const [host, flow] = withPeer();
    host.knowPeer('192.0.2.3');
    sendDatagram(host, flow, 'x');
    sendDatagram(host, '192.0.2.3', 'x');
    expect(host.take().map(identification)).toEqual([1, 2]);
    for (let i = 3; i <= 65536; i++) {
      sendDatagram(host, flow, 'x');
      host.link.sent.length = 0;
    }
    sendDatagram(host, flow, 'x');
    expect(identification(host.next())).toBe(1);
    host.finish();
  });

  test("a modern host's: an atomic packet has identification 0, others never repeat one for the same peer soon (RFC 6864)", () => {
    const [host, flow] = withPeer({ policy: modernIpPolicy });
    flow.dontFragment = true;
    sendDatagram(host, flow, 'x');
    const atomic = host.next();
    expect([identification(atomic), fragmentWord(atomic), atomic.bytes[8]]).toEqual([0, 0x4000, 64]);
    flow.dontFragment = false;
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      sendDatagram(host, flow, 'x');
      seen.add(identification(host.next()));
    }
    expect(seen.size).toBe(1000);
    const [other, otherFlow] = withPeer({ policy: modernIpPolicy, seed: 'other' });
    sendDatagram(other, otherFlow, 'x');
    expect(seen.has(identification(other.next()) - 1)).toBe(false);
    host.finish();
  });

  test("the flow's options are in it", () => {
    const [host, flow] = withPeer();
    flow.timeToLive = 3;
    flow.typeOfService = 0xb8;
    flow.dontFragment = true;
    sendDatagram(host, flow, 'x');
    const sent = host.next();
    expect([sent.bytes[1], fragmentWord(sent), sent.bytes[8]]).toEqual([0xb8, 0x4000, 3]);
    host.finish();
  });

  test('a link that makes checksums is left to make them', () => {
    const [host, flow] = withPeer({ capabilities: CAPABILITY_TX_CHECKSUM });
    expect(flow.checksumOffload).toBe(true);
    sendDatagram(host, flow, 'x');
    expect([...host.next().bytes.subarray(10, 12)]).toEqual([0, 0]);
    host.finish();
  });

  test('the pseudo header sum covers both addresses and the protocol', () => {
    const [host, flow] = withPeer();
    expect(flow.pseudoHeaderSum).toBe(0xc000 + 0x0201 + 0xc000 + 0x0202 + EXPERIMENT);
    expect([flow.mtu, flow.cast]).toEqual([1500, LINK_UNICAST]);
    host.finish();
  });
});

describe('what cannot be sent', () => {
  test('without head-room the caller keeps the packet', () => {
    const [host, flow] = withPeer();
    const packet = host.pool.allocate(32);
    expect(packet !== null && host.ip.send(packet, flow)).toBe(NX_UNDERFLOW);
    expect(packet?.length).toBe(0);
    packet?.release();
    host.finish();
  });

  test('a packet beyond the MTU vanishes in NetX and is refused by a modern host', () => {
    const large = 'x'.repeat(1481);
    const [netx, flow] = withPeer();
    expect(sendDatagram(netx, flow, large)).toBe(NX_SUCCESS);
    expect(netx.drops(DROP_IPV4_TOO_BIG)).toBe(1);
    expect(sendDatagram(netx, flow, large.slice(1))).toBe(NX_SUCCESS);
    netx.next();
    netx.finish();
    const [modern, modernFlow] = withPeer({ policy: modernIpPolicy });
    expect(sendDatagram(modern, modernFlow, large)).toBe(NX_OVERFLOW);
    modern.finish();
  });

  test('a flow whose address was taken away sends no more', () => {
    const [host, flow] = withPeer();
    host.ip.setAddress(host.eth0, ipWord('192.0.2.50'), ipWord('255.255.255.0'));
    expect(sendDatagram(host, flow, 'x')).toBe(NX_IP_ADDRESS_ERROR);
    host.ip.setAddress(host.eth0, ipWord('192.0.2.1'), ipWord('255.255.255.0'));
    expect(sendDatagram(host, flow, 'x')).toBe(NX_SUCCESS);
    host.next();
    host.finish();
  });

  test('there is no flow to what no host can have, nor of a family we do not have', () => {
    const host = new TestHost();
    for (const address of ['0.0.0.0', '240.0.0.1', '0.1.2.3']) {
      expect(host.ip.openFlow(ipv4Address(ipWord(address)), EXPERIMENT, null)).toBeNull();
    }
    expect(
      host.ip.openFlow(parseAddress('2001:db8::1') as NonNullable<ReturnType<typeof parseAddress>>, 6, null),
    ).toBeNull();
    expect(host.ip.openFlow(ipv4Address(ipWord('192.0.2.2')), 6, ipv4Address(ipWord('192.0.2.9')))).toBeNull();
    host.finish();
  });
});

describe('retransmission of a packet whose header is in place (NetX)', () => {
  function sendTwice(policy: HostOptions['policy'], between: (host: TestHost, flow: IpFlow) => void): number[] {
    const [host, flow] = withPeer(policy === undefined ? {} : { policy });
    const packet = host.pool.allocate(76);
    if (packet === null) throw new Error('the pool is empty');
    packet.appendBytes(text('segment'), 0, 7);
    const transport = packet.prepend;
    packet.state = PACKET_TRANSMITTING;
    host.ip.send(packet, flow);
    expect(packet.state).toBe(PACKET_RETAINED);
    expect(packet.prepend).toBe(transport);
    between(host, flow);
    packet.state = PACKET_TRANSMITTING;
    host.ip.send(packet, flow);
    packet.state = PACKET_ALLOCATED;
    packet.release();
    const sent = host.take().map(identification);
    host.finish();
    return sent;
  }

  test('goes out with the same identification', () => {
    expect(sendTwice(undefined, () => {})).toEqual([1, 1]);
  });

  test('gets a new header when the old one does not fit any more', () => {
    expect(
      sendTwice(undefined, (_host, flow) => {
        flow.typeOfService = 2;
      }),
    ).toEqual([1, 2]);
  });

  test('gets a new header where that is the policy', () => {
    expect(new Set(sendTwice(modernIpPolicy, () => {})).size).toBe(2);
  });
});

describe('routes (RFC 1122 3.3.1)', () => {
  const far = '198.51.100.7';

  test('on the link directly, beyond it by the gateway, without one not at all', () => {
    const host = new TestHost();
    expect(sendDatagram(host, far, 'x')).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.ip.setGateway(ipWord('203.0.113.1'))).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.ip.setGateway(ipWord('192.0.2.1'))).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.ip.setGateway(ipWord('192.0.2.2'))).toBe(NX_SUCCESS);
    host.knowPeer();
    expect(sendDatagram(host, far, 'x')).toBe(NX_SUCCESS);
    const sent = host.next();
    expect(sent.to).toBe(MAC_PEER);
    expect([...sent.bytes.subarray(16, 20)]).toEqual(ipBytes(far));
    expect(host.ip.setGateway(0)).toBe(NX_SUCCESS);
    expect(sendDatagram(host, far, 'x')).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('the longest prefix wins over others and over the gateway', () => {
    const host = new TestHost();
    for (let i = 2; i < 7; i++) host.knowPeer(`192.0.2.${i}`, `02:00:00:00:00:0${i}`);
    host.ip.setGateway(ipWord('192.0.2.2'));
    host.ip.addRoute(ipWord('198.0.0.0'), ipWord('255.0.0.0'), ipWord('192.0.2.3'));
    host.ip.addRoute(ipWord('198.51.100.0'), ipWord('255.255.255.0'), ipWord('192.0.2.4'));
    host.ip.addRoute(ipWord('198.51.0.0'), ipWord('255.255.0.0'), ipWord('192.0.2.5'));
    const by = (address: string) => {
      sendDatagram(host, address, 'x');
      return host.next().to.slice(-1);
    };
    expect([by(far), by('198.51.101.1'), by('198.52.0.1'), by('203.0.113.9')]).toEqual(['4', '5', '3', '2']);
    host.ip.addRoute(ipWord('198.51.100.0'), ipWord('255.255.255.0'), ipWord('192.0.2.6'));
    expect(by(far)).toBe('6');
    host.ip.deleteRoute(ipWord('198.51.100.0'), ipWord('255.255.255.0'));
    expect(by(far)).toBe('5');
    expect(host.ip.deleteRoute(ipWord('198.51.100.0'), ipWord('255.255.255.0'))).not.toBe(NX_SUCCESS);
    expect(host.ip.addRoute(ipWord('198.51.100.0'), ipWord('255.0.255.0'), ipWord('192.0.2.2'))).toBe(
      NX_IP_ADDRESS_ERROR,
    );
    host.finish();
  });

  test("NetX's table holds eight routes", () => {
    const host = new TestHost();
    const add = (i: number) => host.ip.addRoute(ipWord(`10.${i}.0.0`), ipWord('255.255.0.0'), ipWord('192.0.2.2'));
    for (let i = 0; i < 8; i++) expect(add(i)).toBe(NX_SUCCESS);
    expect(add(8)).toBe(NX_OVERFLOW);
    expect(add(3)).toBe(NX_SUCCESS);
    host.finish();
  });

  test('a flow in use follows a new route', () => {
    const [host] = withPeer();
    host.knowPeer('192.0.2.3', '02:00:00:00:00:03');
    host.ip.setGateway(ipWord('192.0.2.2'));
    const flow = host.ip.openFlow(ipv4Address(ipWord(far)), EXPERIMENT, null) as IpFlow;
    sendDatagram(host, flow, 'x');
    host.ip.setGateway(ipWord('192.0.2.3'));
    sendDatagram(host, flow, 'x');
    expect(host.take().map((sent) => sent.to)).toEqual([MAC_PEER, '02:00:00:00:00:03']);
    host.finish();
  });

  test('of several interfaces the one on whose link the peer is sends, with its own address', () => {
    const host = new TestHost();
    const link = new TestHost().link;
    const eth1 = host.ip.attachInterface('eth1', link);
    host.ip.setAddress(eth1, ipWord('198.51.100.1'), ipWord('255.255.255.0'));
    host.knowPeer();
    host.knowPeer(far);
    const flow = host.ip.openFlow(ipv4Address(ipWord(far)), EXPERIMENT, null) as IpFlow;
    expect(flow.local.w3).toBe(ipWord('198.51.100.1'));
    sendDatagram(host, flow, 'x');
    expect(host.link.sent).toHaveLength(0);
    expect(link.sent).toHaveLength(1);
    // Strong host: what is bound to the first interface's address does not leave by the second.
    expect(host.ip.openFlow(ipv4Address(ipWord(far)), EXPERIMENT, ipv4Address(ipWord('192.0.2.1')))).toBeNull();
    host.finish();
  });

  test('broadcasts and groups need no resolution', () => {
    const host = new TestHost();
    for (const [address, mac, cast] of [
      ['255.255.255.255', BROADCAST_MAC, LINK_BROADCAST],
      ['192.0.2.255', BROADCAST_MAC, LINK_BROADCAST],
      ['239.129.2.3', '01:00:5e:01:02:03', LINK_MULTICAST],
    ] as const) {
      const flow = host.ip.openFlow(ipv4Address(ipWord(address)), EXPERIMENT, null) as IpFlow;
      expect(flow.cast).toBe(cast);
      sendDatagram(host, flow, 'x');
      expect(host.next().to).toBe(mac);
    }
    host.finish();
  });

  test('an interface without an address broadcasts from 0.0.0.0 when asked to, and nothing else', () => {
    const host = new TestHost({ address: null });
    const any = ipv4Address(0);
    const all = ipv4Address(-1);
    expect(host.ip.openFlow(all, EXPERIMENT, null)).toBeNull();
    expect(host.ip.openFlow(ipv4Address(ipWord('192.0.2.2')), EXPERIMENT, any)).toBeNull();
    const flow = host.ip.openFlow(all, EXPERIMENT, any, 0) as IpFlow;
    expect(sendDatagram(host, flow, 'x')).toBe(NX_SUCCESS);
    expect([...host.next().bytes.subarray(12, 16)]).toEqual([0, 0, 0, 0]);
    host.finish();
  });
});
