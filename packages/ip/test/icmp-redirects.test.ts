import { describe, expect, test } from '@jest/globals';
import {
  DROP_ICMP_CODE,
  DROP_ICMP_ERROR_IGNORED,
  DROP_ICMP_QUOTE_NOT_OURS,
  DROP_ICMP_REDIRECT,
  NX_IP_ADDRESS_ERROR,
  SECOND,
} from '@strata/contracts';
import { modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { icmp, ipBytes, ipv4, ipWord } from './frames.ts';
import { TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport, sendDatagram } from './transport.ts';

const OLD = '192.0.2.254';
const BETTER = '192.0.2.253';
const FAR = '198.51.100.9';
const OLD_MAC = '00:11:22:33:44:fe';
const BETTER_MAC = '00:11:22:33:44:fd';

function redirectable(policy = modernIpPolicy): TestHost {
  const host = new TestHost({ policy });
  host.ip.register(EXPERIMENT, new RecordingTransport());
  host.ip.setGateway(ipWord(OLD));
  host.knowPeer(OLD, OLD_MAC);
  host.knowPeer(BETTER, BETTER_MAC);
  return host;
}

interface Redirect {
  readonly from?: string;
  readonly gateway?: string;
  readonly code?: number;
  readonly about?: string;
  readonly source?: string;
}

function redirect(
  host: TestHost,
  { from = OLD, gateway = BETTER, code = 1, about = FAR, source = '192.0.2.1' }: Redirect = {},
): void {
  const quoted = ipv4({ source, destination: about, protocol: EXPERIMENT }, new Uint8Array(8));
  const rest = ipBytes(gateway) as [number, number, number, number];
  host.injectIp(ipv4({ protocol: 1, source: from }, icmp({ type: 5, code, rest }, quoted)));
}

function firstHop(host: TestHost, to = FAR): string {
  sendDatagram(host, to, 'data');
  return host.next().to;
}

describe('redirects (RFC 1122 3.2.2.2, 3.3.1.2)', () => {
  test('the gateway in use may name a better one, for one destination', () => {
    const host = redirectable();
    expect(firstHop(host)).toBe(OLD_MAC);
    redirect(host);
    expect(firstHop(host)).toBe(BETTER_MAC);
    expect(firstHop(host, '198.51.100.10')).toBe(OLD_MAC);
    host.finish();
  });

  test('it is forgotten after ten minutes, and when the new gateway does not answer', () => {
    const host = redirectable();
    redirect(host);
    host.advance(600 * SECOND);
    host.knowPeer(OLD, OLD_MAC);
    expect(firstHop(host)).toBe(OLD_MAC);
    redirect(host, { gateway: '192.0.2.77' });
    sendDatagram(host, FAR, 'nobody there');
    host.advance(5 * SECOND);
    host.take();
    expect(firstHop(host)).toBe(OLD_MAC);
    host.finish();
  });

  test.each<[string, Redirect, number]>([
    ['from a host that is not the gateway in use', { from: '192.0.2.66' }, DROP_ICMP_REDIRECT],
    ['to a gateway on another link', { gateway: '203.0.113.1' }, DROP_ICMP_REDIRECT],
    ['to ourselves', { gateway: '192.0.2.1' }, DROP_ICMP_REDIRECT],
    ['to everybody', { gateway: '192.0.2.255' }, DROP_ICMP_REDIRECT],
    ['about a destination on the link', { about: '192.0.2.2' }, DROP_ICMP_REDIRECT],
    ['about a packet that we did not send', { source: '192.0.2.5' }, DROP_ICMP_QUOTE_NOT_OURS],
    ['of an unknown code', { code: 4 }, DROP_ICMP_CODE],
  ])('not believed: %s', (_, fields, reason) => {
    const host = redirectable();
    redirect(host, fields);
    expect([host.drops(reason), host.ip.redirects.size]).toEqual([1, 0]);
    host.finish();
  });

  test('at most 64 destinations are remembered', () => {
    const host = redirectable();
    for (let i = 0; i < 200; i++) redirect(host, { about: `198.51.100.${i}` });
    expect(host.ip.redirects.size).toBe(64);
    host.finish();
  });

  test('NetX, and a router, listen to none', () => {
    const netx = redirectable(netxIpPolicy);
    redirect(netx);
    expect(netx.drops(DROP_ICMP_ERROR_IGNORED)).toBe(1);
    netx.finish();
    const router = redirectable();
    router.ip.forwarding = true;
    redirect(router);
    expect(router.drops(DROP_ICMP_ERROR_IGNORED)).toBe(1);
    router.finish();
  });
});

describe('several default gateways (RFC 1122 3.3.1.4)', () => {
  test('when the one in use does not answer, the next one is used, and so on around', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    expect([OLD, BETTER, OLD].map((each) => host.ip.addGateway(ipWord(each)))).toEqual([0, 0, 0]);
    expect(host.ip.addGateway(ipWord('203.0.113.1'))).toBe(NX_IP_ADDRESS_ERROR);
    host.knowPeer(OLD, OLD_MAC);
    expect(firstHop(host)).toBe(OLD_MAC);
    host.ip.arp.deleteEntry(ipWord(OLD));
    sendDatagram(host, FAR, 'nobody answers');
    host.advance(5 * SECOND);
    host.take();
    host.knowPeer(BETTER, BETTER_MAC);
    expect(firstHop(host)).toBe(BETTER_MAC);
    host.ip.arp.deleteEntry(ipWord(BETTER));
    sendDatagram(host, FAR, 'nobody answers');
    host.advance(5 * SECOND);
    host.take();
    expect(host.ip.routes.gateway.address).toBe(ipWord(OLD));
    expect(host.ip.setGateway(0)).toBe(0);
    expect(sendDatagram(host, FAR, 'no gateway')).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });

  test('one that is alone stays', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    host.ip.setGateway(ipWord(OLD));
    sendDatagram(host, FAR, 'nobody answers');
    host.advance(5 * SECOND);
    host.take();
    expect(host.ip.routes.gateway.address).toBe(ipWord(OLD));
    host.finish();
  });
});
