import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITY_RX_CHECKSUM,
  CAPABILITY_TX_CHECKSUM,
  DROP_ARP_FLUSHED,
  DROP_IPV4_NO_ROUTE,
  DROP_ND_FLUSHED,
  type IpAddress,
  NX_INVALID_INTERFACE,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_SUPPORTED,
  NX_OVERFLOW,
  NX_SUCCESS,
  NX_UNHANDLED_COMMAND,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  SECOND,
} from '@strata/contracts';
import { formatAddress, ipv4Address, parseAddress } from '@strata/wire';
import { modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { ARP, arp, BROADCAST_MAC, ipv4, ipWord, MAC_OTHER, MAC_OURS, MAC_PEER, text } from './frames.ts';
import { ScriptedLink, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport, sendDatagram } from './transport.ts';

const MASK = '255.255.255.0';

/** A host at 192.0.2.1 and 198.51.100.1. */
function twoLinks(policy = modernIpPolicy) {
  const host = new TestHost({ policy });
  const link = new ScriptedLink(host.scheduler, '00:11:22:33:44:66');
  const eth1 = host.ip.attachInterface('eth1', link);
  host.ip.setAddress(eth1, ipWord('198.51.100.1'), ipWord(MASK));
  return { host, link, eth1 };
}

class Watcher extends RecordingTransport {
  readonly detached: { index: number; addresses: string[] }[] = [];

  interfaceDetached(index: number, addresses: readonly IpAddress[]): void {
    this.detached.push({ index, addresses: addresses.map(formatAddress) });
  }
}

describe('detaching an interface (NetX Duo UG 4, nx_ip_interface_detach)', () => {
  test('forgets its ARP entries, waiting packets, gateway, routes and groups, and leaves those of the others', () => {
    const { host, link, eth1 } = twoLinks();
    const { ip } = host;
    ip.groups.igmp.enable();
    host.knowPeer('192.0.2.2');
    host.knowPeer('198.51.100.2');
    ip.arp.createStaticEntry(ipWord('198.51.100.3'), 2, 3);
    ip.setGateway(ipWord('198.51.100.254'));
    ip.addRoute(ipWord('203.0.113.0'), ipWord(MASK), ipWord('198.51.100.253'));
    ip.addRoute(ipWord('10.0.0.0'), ipWord('255.0.0.0'), ipWord('192.0.2.253'));
    ip.joinGroup(eth1, ipWord('239.1.1.1'));
    ip.joinGroup(host.eth0, ipWord('239.1.1.2'));
    expect(sendDatagram(host, '198.51.100.9', 'waits')).toBe(NX_SUCCESS);
    host.take();
    link.sent.length = 0;

    expect(ip.detachInterface(eth1)).toBe(NX_SUCCESS);
    expect(host.drops(DROP_ARP_FLUSHED)).toBe(1);
    expect([ip.info.arp.dynamicEntries, ip.info.arp.staticEntries]).toEqual([1, 0]);
    expect(ip.routes.gateway).toEqual({ address: 0, outgoing: null });
    expect(ip.routes.routes.map((route) => route.network)).toEqual([ipWord('10.0.0.0')]);
    expect([ip.groups.joined, link.groups, link.sink]).toEqual([1, [], null]);
    expect(sendDatagram(host, '198.51.100.2', 'no way')).toBe(NX_IP_ADDRESS_ERROR);
    expect(sendDatagram(host, '192.0.2.2', 'as ever')).toBe(NX_SUCCESS);
    expect([host.take().length, link.sent.length]).toEqual([1, 0]);
    expect(ip.isLocal(ipv4Address(ipWord('198.51.100.1')))).toBe(false);
    ip.groups.close();
    host.finish();
  });

  test('a flow over it sends no more', () => {
    const { host, eth1 } = twoLinks();
    const bound = host.ip.openFlow(ipv4Address(ipWord('198.51.100.2')), EXPERIMENT, null);
    host.ip.detachInterface(eth1);
    expect(sendDatagram(host, bound!, 'gone')).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.drops(DROP_IPV4_NO_ROUTE)).toBe(1);
    host.finish();
  });

  test('transports hear of it with its addresses of both families while it can still be looked at, once each', () => {
    const { host, eth1 } = twoLinks();
    const watcher = new Watcher();
    host.ip.register(EXPERIMENT, watcher);
    host.ip.register(EXPERIMENT + 1, watcher);
    host.ip.ipv6.addAddress(eth1, parseAddress('2001:db8::1')!, 64);
    host.advance(5 * SECOND);
    const [own] = eth1.ipv6.addresses;
    host.ip.detachInterface(eth1);
    const addresses = [formatAddress(own!.address), '2001:db8::1', '198.51.100.1'];
    expect(watcher.detached).toEqual([{ index: 1, addresses }]);
    host.finish();
  });

  test('IPv6 goes with it: addresses, neighbors, routers, prefixes, routes, and what waits for a neighbor', () => {
    const { host, eth1 } = twoLinks();
    const { ip } = host;
    ip.ipv6.addAddress(eth1, parseAddress('2001:db8::1')!, 64);
    host.advance(5 * SECOND);
    ip.ipv6.addDefaultRouter(parseAddress('fe80::ff')!, 0xffff, eth1);
    ip.ipv6.routes.add(parseAddress('2001:db8:9::')!, 48, parseAddress('2001:db8::9')!);
    const flow = ip.openFlow(parseAddress('2001:db8::2')!, EXPERIMENT, null);
    expect(sendDatagram(host, flow!, 'waits')).toBe(NX_SUCCESS);
    ip.detachInterface(eth1);
    expect(host.drops(DROP_ND_FLUSHED)).toBe(1);
    expect([eth1.ipv6.addresses, ip.ipv6.routes.statics.length, ip.ipv6.routes.routers.length]).toEqual([[], 0, 0]);
    expect(ip.openFlow(parseAddress('2001:db8::2')!, EXPERIMENT, null)).toBe(null);
    host.advance(600 * SECOND);
    host.take();
    host.finish();
  });

  test('another one may be attached in its place, and begins anew', () => {
    const { host, link, eth1 } = twoLinks();
    const { ip } = host;
    const claims: string[] = [];
    const listener = { addressClaimed: () => claims.push('claimed'), addressRefused: () => claims.push('refused') };
    ip.setAddress(eth1, 0, 0);
    ip.arp.defence.claim(eth1, ipWord('198.51.100.1'), 24, listener);
    expect([ip.detachInterface(eth1), ip.detachInterface(eth1)]).toEqual([NX_SUCCESS, NX_INVALID_INTERFACE]);
    expect([ip.interfaceAt(1), ip.info.interface(1), ip.info.status(1)]).toEqual([null, null, 0]);
    const again = ip.attachInterface('eth1', link);
    expect([again.index, ip.interfaceAt(1) === again, again.up]).toEqual([1, true, true]);
    host.advance(60 * SECOND);
    expect([claims, link.sent]).toEqual([[], []]);
    ip.arp.defence.claim(again, ipWord('198.51.100.1'), 24, listener);
    host.advance(60 * SECOND);
    expect(claims).toEqual(['claimed']);
    expect(link.sent.every(({ etherType, to }) => etherType === ARP && to === BROADCAST_MAC)).toBe(true);
    host.finish();
  });

  test('the first of two goes: the other keeps its index, and packets still arrive there', () => {
    const { host, link, eth1 } = twoLinks();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    expect(host.ip.detachInterface(host.eth0)).toBe(NX_SUCCESS);
    expect([host.ip.interfaces, host.ip.interfaceAt(0), host.ip.interfaceAt(1)]).toEqual([[eth1], null, eth1]);
    const packet = ipv4({ source: '198.51.100.2', destination: '198.51.100.1', protocol: EXPERIMENT }, text('here'));
    host.inject(0x0800, packet, 0, MAC_PEER, link);
    expect(transport.received).toMatchObject([{ data: 'here', interfaceIndex: 1 }]);
    expect(host.ip.detachInterface(host.ip.loopback)).toBe(NX_INVALID_INTERFACE);
    host.finish();
  });
});

describe('the MAC address of an interface (nx_ip_interface_physical_address_set)', () => {
  test('goes into frames and ARP packets from now on', () => {
    const host = new TestHost();
    const { ip, eth0 } = host;
    expect(ip.setPhysicalAddress(eth0, 0x0211, 0x22334499)).toBe(NX_SUCCESS);
    expect(ip.info.interface(0)).toMatchObject({ macMsw: 0x0211, macLsw: 0x22334499 });
    host.injectArp(arp({}));
    expect(Array.from(host.next().bytes.subarray(8, 14))).toEqual([2, 0x11, 0x22, 0x33, 0x44, 0x99]);
    // What claimed to be us is somebody else now, and the other way round.
    const before = ip.info.arp.invalidMessages;
    host.injectArp(arp({ senderMac: '02:11:22:33:44:99', sender: '192.0.2.9' }));
    expect(ip.info.arp.invalidMessages).toBe(before + 1);
    host.injectArp(arp({ senderMac: MAC_OURS, sender: '192.0.2.9' }));
    expect([host.take().length, ip.info.arp.dynamicEntries]).toEqual([1, 2]);
    host.finish();
  });

  test('a link that refuses is believed, and asked only when it shall be told', () => {
    const host = new TestHost();
    host.link.takesAddresses = false;
    const { ip, eth0 } = host;
    expect(ip.setPhysicalAddress(eth0, 2, 1)).toBe(NX_UNHANDLED_COMMAND);
    expect(eth0.macLsw).toBe(0x22334456);
    expect(ip.setPhysicalAddress(eth0, 2, 1, false)).toBe(NX_SUCCESS);
    expect([eth0.macMsw, eth0.macLsw]).toEqual([2, 1]);
    expect([
      ip.setPhysicalAddress(eth0, 0x0100, 1),
      ip.setPhysicalAddress(eth0, 0, 0),
      ip.setPhysicalAddress(ip.loopback, 2, 1),
    ]).toEqual([NX_INVALID_PARAMETERS, NX_INVALID_PARAMETERS, NX_INVALID_INTERFACE]);
    host.finish();
  });
});

describe('what a link does for IP (nx_ip_interface_capability_set)', () => {
  const BOTH = CAPABILITY_RX_CHECKSUM | CAPABILITY_TX_CHECKSUM;

  test('can be switched off and on again, and nothing that it cannot do', () => {
    const host = new TestHost({ capabilities: BOTH });
    const { ip, eth0 } = host;
    const transport = new RecordingTransport();
    ip.register(EXPERIMENT, transport);
    const damaged = ipv4({ protocol: EXPERIMENT, checksum: 0x1234 }, text('x'));
    host.injectIp(damaged);
    expect([eth0.capabilities, transport.received.length]).toEqual([BOTH, 1]);
    expect(ip.setCapabilities(eth0, 0)).toBe(NX_SUCCESS);
    host.injectIp(damaged);
    expect([eth0.capabilities, transport.received.length, ip.info.general.receiveChecksumErrors]).toEqual([0, 1, 1]);
    host.knowPeer();
    sendDatagram(host, '192.0.2.2', 'summed');
    expect(host.next().bytes.subarray(10, 12)).not.toEqual(Uint8Array.of(0, 0));
    expect(ip.setCapabilities(eth0, CAPABILITY_TX_CHECKSUM)).toBe(NX_SUCCESS);
    sendDatagram(host, '192.0.2.2', 'left to the link');
    expect(host.next().bytes.subarray(10, 12)).toEqual(Uint8Array.of(0, 0));
    expect(ip.setCapabilities(eth0, 4)).toBe(NX_NOT_SUPPORTED);
    expect(ip.setCapabilities(ip.loopback, 0)).toBe(NX_INVALID_INTERFACE);
    host.finish();
  });
});

describe('addresses and gateways', () => {
  test('an address that cannot be used leaves the one in use', () => {
    const host = new TestHost();
    const bad = ['192.0.2.255', '0.1.2.3', '127.0.0.1', '224.0.0.1', '255.255.255.255'];
    const statuses = bad.map((address) => host.ip.setAddress(host.eth0, ipWord(address), ipWord(MASK)));
    expect(statuses).toEqual(bad.map(() => NX_IP_ADDRESS_ERROR));
    expect(host.ip.setAddress(host.eth0, ipWord('192.0.2.9'), ipWord('255.0.255.0'))).toBe(NX_IP_ADDRESS_ERROR);
    expect([host.eth0.address, host.eth0.mask]).toEqual([ipWord('192.0.2.1'), ipWord(MASK)]);
    const listener = { addressClaimed: () => {}, addressRefused: () => {} };
    const { defence } = host.ip.arp;
    expect(defence.claim(host.eth0, ipWord('192.0.2.255'), 24, listener)).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('the listener hears of each change of address and link', () => {
    const host = new TestHost();
    const heard: string[] = [];
    host.ip.interfaceListener = {
      addressChanged: (each) => heard.push(`${each.name} ${each.address}`),
      linkChanged: (each) => heard.push(`${each.name} ${each.up ? 'up' : 'down'}`),
    };
    host.ip.setAddress(host.eth0, ipWord('192.0.2.5'), ipWord(MASK));
    host.ip.setAddress(host.eth0, ipWord('192.0.2.255'), ipWord(MASK));
    host.eth0.linkChanged(false);
    host.eth0.linkChanged(true);
    expect(heard).toEqual([`eth0 ${ipWord('192.0.2.5')}`, 'eth0 down', 'eth0 up']);
    host.finish();
  });

  test('a gateway or next hop is another host on the link: not ourselves, not everybody, nobody elsewhere', () => {
    const { host } = twoLinks();
    const { ip } = host;
    for (const bad of ['192.0.2.1', '198.51.100.1', '192.0.2.255', '203.0.113.1', '127.0.0.1', '255.255.255.255']) {
      expect([bad, ip.setGateway(ipWord(bad))]).toEqual([bad, NX_IP_ADDRESS_ERROR]);
      expect([bad, ip.addGateway(ipWord(bad))]).toEqual([bad, NX_IP_ADDRESS_ERROR]);
      expect([bad, ip.addRoute(0, 0, ipWord(bad))]).toEqual([bad, NX_IP_ADDRESS_ERROR]);
    }
    expect(ip.setGateway(ipWord('192.0.2.254'))).toBe(NX_SUCCESS);
    expect(ip.routes.gateway.address).toBe(ipWord('192.0.2.254'));
    expect(sendDatagram(host, '203.0.113.1', 'off the link')).toBe(NX_SUCCESS);
    expect(ip.setGateway(0)).toBe(NX_SUCCESS);
    expect(sendDatagram(host, '203.0.113.1', 'no way')).toBe(NX_IP_ADDRESS_ERROR);
    host.take();
    host.finish();
  });

  test('a full route table still replaces a route it has', () => {
    const host = new TestHost({ policy: { ...netxIpPolicy, routeTableSize: 2 } });
    const { ip } = host;
    const add = (network: string, hop: string) => ip.addRoute(ipWord(network), ipWord(MASK), ipWord(hop));
    expect([add('198.51.100.0', '192.0.2.7'), add('203.0.113.0', '192.0.2.7')]).toEqual([NX_SUCCESS, NX_SUCCESS]);
    expect([add('198.18.0.0', '192.0.2.7'), add('203.0.113.9', '192.0.2.8')]).toEqual([NX_OVERFLOW, NX_SUCCESS]);
    expect(ip.routes.routes.map(({ nextHop }) => nextHop)).toEqual(['192.0.2.7', '192.0.2.8'].map(ipWord));
    host.finish();
  });
});

test('the largest payload follows the interface, the path and the protocol (nx_ip_max_payload_size_find)', () => {
  const { host, eth1 } = twoLinks();
  const { ip } = host;
  const near = ipv4Address(ipWord('192.0.2.2'));
  const far = ipv4Address(ipWord('198.51.100.2'));
  ip.setMtu(eth1, 1000);
  expect(ip.info.maximumPayload(near, PROTOCOL_UDP)).toEqual({ startOffset: 44, length: 1472 });
  expect(ip.info.maximumPayload(near, PROTOCOL_TCP)).toEqual({ startOffset: 56, length: 1460 });
  expect(ip.info.maximumPayload(far, EXPERIMENT)).toEqual({ startOffset: 36, length: 980 });
  ip.paths.lower(far, 700, 1000);
  expect(ip.info.maximumPayload(far, PROTOCOL_UDP)).toEqual({ startOffset: 44, length: 672 });
  expect(ip.info.maximumPayload(far, PROTOCOL_UDP, 0)).toBe(null);
  ip.ipv6.addAddress(host.eth0, parseAddress('2001:db8::1')!, 64);
  host.advance(5 * SECOND);
  const six = parseAddress('2001:db8::2')!;
  expect(ip.info.maximumPayload(six, PROTOCOL_TCP)).toEqual({ startOffset: 76, length: 1440 });
  host.take();
  host.finish();
});

test('reverse ARP asks on every interface without an address, each until its own answer comes', () => {
  const { host, link, eth1 } = twoLinks(netxIpPolicy);
  const { ip } = host;
  ip.setAddress(host.eth0, 0, 0);
  ip.setAddress(eth1, 0, 0);
  const third = ip.attachInterface('eth2', new ScriptedLink(host.scheduler, MAC_OTHER));
  ip.setAddress(third, ipWord('203.0.113.1'), ipWord(MASK));
  expect(ip.rarp.enable()).toBe(NX_SUCCESS);
  expect([host.take().length, link.sent.splice(0).length]).toEqual([1, 1]);
  const answer = (targetMac: string, target: string) => arp({ operation: 4, sender: '192.0.2.254', targetMac, target });
  host.inject(0x8035, answer('00:11:22:33:44:66', '198.51.100.77'), 0, MAC_PEER, link);
  expect([eth1.address, host.eth0.address, ip.rarp.enabled]).toEqual([ipWord('198.51.100.77'), 0, true]);
  host.advance(SECOND);
  expect([host.take().length, link.sent.splice(0).length]).toEqual([1, 0]);
  host.inject(0x8035, answer(MAC_OURS, '192.0.2.255'));
  expect([host.eth0.address, ip.info.rarp.invalidMessages]).toEqual([0, 1]);
  host.inject(0x8035, answer(MAC_OURS, '192.0.2.77'));
  expect([host.eth0.address, ip.rarp.enabled]).toEqual([ipWord('192.0.2.77'), false]);
  host.advance(100 * SECOND);
  expect([host.take(), link.sent]).toEqual([[], []]);
  host.finish();
});
