import { describe, expect, test } from '@jest/globals';
import { NX_IP_ADDRESS_ERROR, NX_SUCCESS, SECOND } from '@strata/contracts';
import { ARP, arp, BROADCAST_MAC, icmp, ipBytes, ipv4, ipWord, MAC_PEER, text } from './frames.ts';
import { ScriptedLink, TestHost } from './host.ts';
import { sendDatagram } from './transport.ts';

const OWN = '169.254.7.1';

/** A host whose address is link-local, with a router in its neighbourhood. */
function linkLocal(): TestHost {
  const host = new TestHost({ address: OWN, mask: '255.255.0.0' });
  expect(host.ip.setGateway(ipWord('169.254.7.254'))).toBe(NX_SUCCESS);
  return host;
}

/** The address that the last ARP request asks for, and who asks. */
function asked(host: TestHost): [target: number[], sender: number[]] {
  const { etherType, bytes } = host.next();
  expect(etherType).toBe(ARP);
  return [Array.from(bytes.subarray(24, 28)), Array.from(bytes.subarray(14, 18))];
}

describe('IPv4 link-local addresses (RFC 3927)', () => {
  test('a destination there is on the link and never behind a router, whatever our own address is (2.6.2)', () => {
    const host = new TestHost();
    host.ip.setGateway(ipWord('192.0.2.254'));
    host.ip.addRoute(ipWord('169.254.0.0'), ipWord('255.255.0.0'), ipWord('192.0.2.253'));
    expect(sendDatagram(host, '169.254.3.4', 'there')).toBe(NX_SUCCESS);
    expect(asked(host)).toEqual([ipBytes('169.254.3.4'), ipBytes('192.0.2.1')]);
    host.injectArp(arp({ operation: 2, sender: '169.254.3.4', target: '192.0.2.1' }), 0);
    expect(host.next().to).toBe(MAC_PEER);
    host.finish();
  });

  test('what one of them sends never goes to a router either: the destination itself is asked for (2.6.2)', () => {
    const host = linkLocal();
    expect(sendDatagram(host, '198.51.100.1', 'beyond')).toBe(NX_SUCCESS);
    expect(asked(host)).toEqual([ipBytes('198.51.100.1'), ipBytes(OWN)]);
    host.finish();
  });

  test('ARP answers go to everybody, so that conflicts are seen (2.5)', () => {
    const host = linkLocal();
    host.injectArp(arp({ sender: '169.254.9.9', target: OWN }));
    const reply = host.next();
    expect([reply.to, reply.bytes[7]]).toEqual([BROADCAST_MAC, 2]);
    expect(Array.from(reply.bytes.subarray(24, 28))).toEqual(ipBytes('169.254.9.9'));
    host.finish();
  });

  test('one is defended once; at the second conflict within ten seconds it is given up (2.5)', () => {
    const host = linkLocal();
    const lost: boolean[] = [];
    host.ip.arp.defence.listener = { addressConflict: (_index, _address, _msw, _lsw, gone) => lost.push(gone) };
    const conflict = () => host.injectArp(arp({ sender: OWN, target: '169.254.1.1' }));
    conflict();
    expect([host.take().length, host.eth0.address]).toEqual([1, ipWord(OWN)]);
    host.advance(11 * SECOND);
    conflict();
    expect([host.take().length, host.eth0.address]).toEqual([1, ipWord(OWN)]);
    host.advance(9 * SECOND);
    conflict();
    expect([host.take().length, host.eth0.address, lost]).toEqual([0, 0, [false, false, true]]);
    host.finish();
  });

  test('hosts with them and hosts without talk to each other on one link (2.6.2)', () => {
    const host = new TestHost();
    host.ip.setGateway(ipWord('192.0.2.254'));
    host.injectIp(ipv4({ protocol: 1, source: '169.254.3.4' }, icmp({ type: 8 }, text('x'))));
    expect(asked(host)[0]).toEqual(ipBytes('169.254.3.4'));
    host.finish();
  });

  test('of several links the one with such an address is taken, or the one that the sender names', () => {
    const host = new TestHost();
    const link = new ScriptedLink(host.scheduler, '00:11:22:33:44:66');
    const eth1 = host.ip.attachInterface('eth1', link);
    sendDatagram(host, '169.254.3.4', 'no address there yet');
    expect([host.take().length, link.sent.length]).toEqual([1, 0]);
    host.ip.setAddress(eth1, ipWord(OWN), ipWord('255.255.0.0'));
    sendDatagram(host, '169.254.3.5', 'by the second');
    expect([host.take().length, link.sent.splice(0).length]).toEqual([0, 1]);
    host.ip.setAddress(host.eth0, 0, 0);
    host.ip.setAddress(eth1, 0, 0);
    expect(sendDatagram(host, '169.254.3.6', 'no address at all')).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });
});
