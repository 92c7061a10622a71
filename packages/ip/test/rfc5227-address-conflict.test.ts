import { describe, expect, test } from '@jest/globals';
import { NX_ALREADY_ENABLED, NX_IP_ADDRESS_ERROR, NX_SUCCESS, SECOND } from '@strata/contracts';
import { CONFLICT_GIVE_UP, type IpPolicy, netxIpPolicy } from '../src/index.ts';
import { arp, BROADCAST_MAC, hex, ipWord, MAC_OTHER, type MAC_PEER } from './frames.ts';
import { TestHost } from './host.ts';

const OURS = ipWord('192.0.2.1');
const ANNOUNCEMENT = '0001080006040001001122334456c0000201000000000000c0000201';
const PROBE = '000108000604000100112233445600000000000000000000c0000201';

function conflicting(senderMac: typeof MAC_PEER | string = MAC_OTHER): Uint8Array {
  return arp({ operation: 2, sender: '192.0.2.1', senderMac, target: '192.0.2.2' });
}

class Claimant {
  readonly heard: string[] = [];
  addressClaimed(): void {
    this.heard.push('claimed');
  }
  addressRefused(): void {
    this.heard.push('refused');
  }
}

describe('an address in use (RFC 5227 2.4)', () => {
  test('a conflict is answered by one announcement and the application is told', () => {
    const host = new TestHost();
    const heard: unknown[] = [];
    host.ip.arp.defence.listener = { addressConflict: (...what) => heard.push(what) };
    host.injectArp(conflicting());
    const defence = host.next();
    expect(defence.to).toBe(BROADCAST_MAC);
    expect(hex(defence.bytes)).toBe(ANNOUNCEMENT);
    expect(heard).toEqual([[0, OURS, 0x0011, 0x22334458, false]]);
    expect(host.ip.arp.cache.dynamicEntries).toBe(0);
    host.finish();
  });

  test('there is one defence in 10 s, however many conflicts', () => {
    const host = new TestHost();
    for (let i = 0; i < 95; i++) {
      host.injectArp(conflicting());
      host.advance(100_000);
    }
    expect(host.take()).toHaveLength(1);
    host.advance(SECOND);
    host.injectArp(conflicting());
    expect(host.take()).toHaveLength(1);
    expect(host.ip.arp.counters.conflicts).toBe(96);
    expect(host.eth0.address).toBe(OURS);
    host.finish();
  });

  test('a host told to give up does so at the second conflict within 10 s', () => {
    const policy: IpPolicy = { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, conflict: CONFLICT_GIVE_UP } };
    const host = new TestHost({ policy });
    const lost: boolean[] = [];
    host.ip.arp.defence.listener = { addressConflict: (_i, _a, _m, _l, gone) => lost.push(gone) };
    host.injectArp(conflicting());
    host.next();
    host.advance(5 * SECOND);
    host.injectArp(conflicting());
    expect(lost).toEqual([false, true]);
    expect(host.eth0.address).toBe(0);
    host.injectArp(arp({}));
    host.finish();
  });

  test('a gratuitous ARP is the announcement NetX sends', () => {
    const host = new TestHost();
    expect(host.ip.arp.defence.announce(host.eth0)).toBe(NX_SUCCESS);
    expect(hex(host.next().bytes)).toBe(ANNOUNCEMENT);
    const without = new TestHost({ address: null });
    expect(without.ip.arp.defence.announce(without.eth0)).toBe(NX_IP_ADDRESS_ERROR);
    host.finish();
  });
});

describe('claiming an address (RFC 5227 2.1)', () => {
  test('three probes within bounds, two seconds of silence, then the address and two announcements', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const host = new TestHost({ address: null, seed });
      const claimant = new Claimant();
      expect(host.ip.arp.defence.claim(host.eth0, OURS, 24, claimant)).toBe(NX_SUCCESS);
      expect(host.ip.arp.defence.claim(host.eth0, OURS, 24, claimant)).toBe(NX_ALREADY_ENABLED);
      host.advance(20 * SECOND);
      const sent = host.take();
      expect(sent.map((each) => hex(each.bytes))).toEqual([PROBE, PROBE, PROBE, ANNOUNCEMENT, ANNOUNCEMENT]);
      const at = sent.map((each) => each.at) as [number, number, number, number, number];
      expect(at[0]).toBeLessThanOrEqual(SECOND);
      for (const gap of [at[1] - at[0], at[2] - at[1]]) {
        expect(gap).toBeGreaterThanOrEqual(SECOND);
        expect(gap).toBeLessThanOrEqual(2 * SECOND);
      }
      expect(at[3] - at[2]).toBe(2 * SECOND);
      expect(at[4] - at[3]).toBe(2 * SECOND);
      expect(claimant.heard).toEqual(['claimed']);
      expect(host.eth0.address).toBe(OURS);
      host.finish();
    }
  });

  test('while it is probed for, the address is not used', () => {
    const host = new TestHost({ address: null });
    host.ip.arp.defence.claim(host.eth0, OURS, 24, new Claimant());
    host.injectArp(arp({}));
    expect(host.eth0.address).toBe(0);
    expect(host.link.sent).toHaveLength(0);
    host.ip.arp.defence.abandon(host.eth0);
    host.advance(10 * SECOND);
    host.finish();
  });

  test('an answer from the address, or somebody else probing for it, refuses it', () => {
    for (const objection of [
      conflicting(),
      arp({ sender: '192.0.2.1', senderMac: MAC_OTHER, target: '192.0.2.9' }),
      arp({ sender: '0.0.0.0', senderMac: MAC_OTHER, target: '192.0.2.1' }),
    ]) {
      const host = new TestHost({ address: null });
      const claimant = new Claimant();
      host.ip.arp.defence.claim(host.eth0, OURS, 24, claimant);
      host.advance(1_500_000);
      host.take();
      host.injectArp(objection);
      expect(claimant.heard).toEqual(['refused']);
      host.advance(20 * SECOND);
      expect(host.eth0.address).toBe(0);
      host.finish();
    }
  });

  test('after ten conflicts there is one attempt a minute', () => {
    const host = new TestHost({ address: null });
    const claimant = new Claimant();
    for (let i = 0; i < 10; i++) {
      host.ip.arp.defence.claim(host.eth0, OURS, 24, claimant);
      host.injectArp(conflicting());
    }
    expect(claimant.heard).toHaveLength(10);
    const began = host.scheduler.now;
    host.ip.arp.defence.claim(host.eth0, OURS, 24, claimant);
    host.advance(70 * SECOND);
    expect(host.next().at - began).toBeGreaterThanOrEqual(60 * SECOND);
    host.take();
    host.finish();
  });
});
