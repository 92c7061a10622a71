import { describe, expect, test } from '@jest/globals';
import {
  DROP_ARP_OPERATION,
  DROP_RARP_MESSAGE,
  DROP_RARP_NOT_ASKED,
  LINK_UNICAST,
  NX_ALREADY_ENABLED,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_ENABLED,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { NX_IP_ADDRESS_RESOLVED, NX_IP_RARP_COMPLETE } from '../src/index.ts';
import { arp, BROADCAST_MAC, ipWord, MAC_OTHER, MAC_OURS } from './frames.ts';
import { TestHost } from './host.ts';

const RARP = 0x8035;

const answer = (fields: Parameters<typeof arp>[0] = {}) =>
  arp({ operation: 4, sender: '192.0.2.254', targetMac: MAC_OURS, target: '192.0.2.77', ...fields });

describe('reverse ARP (RFC 903)', () => {
  test('asks at once, again after 1, 2, 4 … at most 32 s, and takes the address from the answer', () => {
    const host = new TestHost({ address: null });
    expect(host.ip.rarp.enable()).toBe(NX_SUCCESS);
    const [first] = host.take();
    expect([first?.etherType, first?.to]).toEqual([RARP, BROADCAST_MAC]);
    expect(Array.from(first?.bytes ?? [])).toEqual(
      Array.from(arp({ operation: 3, senderMac: MAC_OURS, sender: '0.0.0.0', targetMac: MAC_OURS, target: '0.0.0.0' })),
    );
    host.advance(130 * SECOND);
    expect(host.take().map(({ at }) => at / SECOND)).toEqual([1, 3, 7, 15, 31, 63, 95, 127]);
    host.inject(RARP, answer(), LINK_UNICAST);
    expect([host.eth0.address, host.eth0.mask]).toEqual([ipWord('192.0.2.77'), ipWord('255.255.255.0')]);
    expect(host.ip.rarp.enabled).toBe(false);
    expect(host.ip.info.rarp).toEqual({ requestsSent: 9, responsesReceived: 1, invalidMessages: 0 });
    const bits = NX_IP_ADDRESS_RESOLVED | NX_IP_RARP_COMPLETE;
    expect(host.ip.info.status() & bits).toBe(bits);
    host.finish();
  });

  test('enable and disable have their statuses; disabled it neither asks nor listens', () => {
    const host = new TestHost();
    expect(host.ip.rarp.enable()).toBe(NX_IP_ADDRESS_ERROR);
    host.ip.setAddress(host.eth0, 0, 0);
    expect([host.ip.rarp.enable(), host.ip.rarp.enable()]).toEqual([NX_SUCCESS, NX_ALREADY_ENABLED]);
    expect([host.ip.rarp.disable(), host.ip.rarp.disable()]).toEqual([NX_SUCCESS, NX_NOT_ENABLED]);
    host.take();
    host.advance(100 * SECOND);
    host.inject(RARP, answer());
    expect([host.drops(DROP_RARP_NOT_ASKED), host.eth0.address]).toEqual([1, 0]);
    host.finish();
  });

  test.each<[string, Parameters<typeof arp>[0], number]>([
    ['an answer for another interface', { targetMac: MAC_OTHER }, DROP_RARP_NOT_ASKED],
    ['somebody’s request', { operation: 3 }, DROP_RARP_NOT_ASKED],
    ['an ARP operation', { operation: 2 }, DROP_ARP_OPERATION],
    ['the address of a group', { target: '224.0.0.5' }, DROP_RARP_MESSAGE],
    ['no address', { target: '0.0.0.0' }, DROP_RARP_MESSAGE],
  ])('ignored: %s', (_, fields, reason) => {
    const host = new TestHost({ address: null });
    host.ip.rarp.enable();
    host.take();
    host.inject(RARP, answer(fields));
    expect([host.drops(reason), host.eth0.address, host.ip.rarp.enabled]).toEqual([1, 0, true]);
    host.finish();
  });

  test('an unsolicited answer gives no address (URGENT/11, CVE-2019-12262)', () => {
    const host = new TestHost();
    host.inject(RARP, answer());
    expect([host.drops(DROP_RARP_NOT_ASKED), host.eth0.address]).toEqual([1, ipWord('192.0.2.1')]);
    host.finish();
  });
});
