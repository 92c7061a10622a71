import { describe, expect, test } from '@jest/globals';
import { NX_INVALID_INTERFACE, NX_INVALID_MTU_DATA, NX_NOT_SUCCESSFUL, NX_SUCCESS, SECOND } from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import {
  NX_IP_ADDRESS_RESOLVED,
  NX_IP_ARP_ENABLED,
  NX_IP_IGMP_ENABLED,
  NX_IP_INITIALIZE_DONE,
  NX_IP_INTERFACE_LINK_ENABLED,
  NX_IP_LINK_ENABLED,
} from '../src/index.ts';
import { arp, icmp, ipv4, ipWord, MAC_OTHER, MAC_PEER, text } from './frames.ts';
import { TestHost } from './host.ts';

describe('what NetX’s info services report (NetX Duo UG 4)', () => {
  test('nx_ip_info_get: packets, octets behind the header, fragments, drops', () => {
    const host = new TestHost({ packets: 128 });
    host.knowPeer();
    host.ip.enableFragments();
    host.injectIp(ipv4({ protocol: 1 }, icmp({ type: 8 }, text('0123456789'))));
    host.injectIp(ipv4({ protocol: 1, checksum: 1 }, icmp({ type: 8 }, text('x'))));
    host.injectIp(ipv4({ protocol: 1, destination: '192.0.2.9' }, icmp({ type: 8 }, text('x'))));
    host.injectIp(ipv4({ protocol: 1, fragment: 0x2000 }, icmp({ type: 8 }, new Uint8Array(1472))));
    host.injectIp(ipv4({ protocol: 1, fragment: 185 }, new Uint8Array(100)));
    host.take();
    const { general } = host.ip.info;
    expect(general).toMatchObject({
      totalPacketsSent: 2,
      totalBytesSent: 18 + 1580,
      totalPacketsReceived: 5,
      invalidPackets: 1,
      receivePacketsDropped: 1,
      receiveChecksumErrors: 1,
      sendPacketsDropped: 0,
      totalFragmentsSent: 2,
      totalFragmentsReceived: 2,
    });
    expect(Object.keys(general)).toHaveLength(10);
    host.finish();
  });

  test('nx_arp_info_get and static entries that nothing overwrites', () => {
    const host = new TestHost();
    const { arp: cache } = host.ip;
    expect(cache.createStaticEntry(ipWord('192.0.2.9'), 2, 9)).toBe(NX_SUCCESS);
    expect(cache.setDynamicEntry(ipWord('192.0.2.9'), 2, 10)).toBe(NX_NOT_SUCCESSFUL);
    host.injectArp(arp({ sender: '192.0.2.9', senderMac: MAC_OTHER }));
    host.injectArp(arp({ operation: 2, sender: '192.0.2.9', senderMac: MAC_OTHER, targetMac: MAC_PEER }));
    expect(cache.findEntry(ipWord('192.0.2.9'))).toMatchObject({ msw: 2, lsw: 9 });
    host.injectArp(arp({}));
    host.injectArp(arp({ hardwareType: 6 }));
    host.take();
    expect(host.ip.info.arp).toEqual({
      requestsSent: 0,
      requestsReceived: 2,
      responsesSent: 2,
      responsesReceived: 1,
      dynamicEntries: 1,
      staticEntries: 1,
      agedEntries: 0,
      invalidMessages: 1,
    });
    host.finish();
  });

  test('nx_icmp_info_get and nx_igmp_info_get', () => {
    const host = new TestHost();
    host.knowPeer();
    host.ip.icmp.echo.ping(ipv4Address(ipWord('192.0.2.2')), text('a'), SECOND, { pinged: () => {} });
    expect(host.ip.info.icmp).toMatchObject({ pingsSent: 1, threadsSuspended: 1, pingTimeouts: 0 });
    host.advance(SECOND);
    expect(host.ip.info.icmp).toEqual({
      pingsSent: 1,
      pingTimeouts: 1,
      threadsSuspended: 0,
      pingResponsesReceived: 0,
      checksumErrors: 0,
      unhandledMessages: 0,
    });
    host.ip.groups.joinOn(-1, ipv4Address(ipWord('239.1.1.1')));
    expect(host.ip.info.igmp).toEqual({ reportsSent: 1, queriesReceived: 0, checksumErrors: 0, groupsJoined: 1 });
    host.ip.groups.close();
    host.take();
    host.finish();
  });

  test('nx_ip_interface_info_get, nx_ip_interface_status_check, nx_ip_interface_mtu_set', () => {
    const host = new TestHost();
    expect(host.ip.info.interface(0)).toMatchObject({ name: 'eth0', address: ipWord('192.0.2.1'), mtu: 1500 });
    expect(host.ip.info.interface(3)).toBe(null);
    const up = NX_IP_INITIALIZE_DONE | NX_IP_ARP_ENABLED | NX_IP_ADDRESS_RESOLVED;
    const link = NX_IP_LINK_ENABLED | NX_IP_INTERFACE_LINK_ENABLED;
    expect(host.ip.info.status()).toBe(up | link);
    host.ip.groups.igmp.enable();
    host.eth0.linkChanged(false);
    expect([host.ip.info.status(), host.ip.info.status(9)]).toEqual([up | NX_IP_IGMP_ENABLED, 0]);
    expect([67, 1501].map((mtu) => host.ip.setMtu(host.eth0, mtu))).toEqual([NX_INVALID_MTU_DATA, NX_INVALID_MTU_DATA]);
    expect(host.ip.setMtu(host.ip.loopback, 1000)).toBe(NX_INVALID_INTERFACE);
    const flow = host.ip.openFlow(ipv4Address(ipWord('192.0.2.2')), 17, null);
    expect(host.ip.setMtu(host.eth0, 1000)).toBe(NX_SUCCESS);
    expect(flow === null ? 0 : host.ip.openFlow(flow.remote, 17, null)?.mtu).toBe(1000);
    host.finish();
  });
});
