import { describe, expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { Host6, OURS, ROUTER, routerAdvertisement, text6, word32 } from './ipv6-host.ts';

/** The source that a host with these addresses and a default router chooses. */
function chosen(addresses: readonly string[], destination: string, deprecated: readonly string[] = []): string | null {
  const host = new Host6({ addresses });
  host.inject(routerAdvertisement({}, { source: ROUTER }));
  for (const text of deprecated) {
    const { w0, w1, w2, w3 } = host.address(text);
    host.eth0.ipv6.find(w0, w1, w2, w3)!.state = 3;
  }
  const flow = host.ip.openFlow(host.address(destination), 17, null);
  host.take();
  host.ip.nd.invalidate();
  host.finish();
  if (flow === null) return null;
  const { w0, w1, w2, w3 } = flow.local;
  return text6([w0, w1, w2, w3].flatMap(word32));
}

describe('the source address (RFC 6724 5)', () => {
  const cases: readonly (readonly [rule: string, own: readonly string[], to: string, source: string | null])[] = [
    ['1: the destination itself', ['2001:db8::1', '2001:db8::2'], '2001:db8::2', '2001:db8::2'],
    ['2: link-local for link-local', ['2001:db8::1'], 'fe80::9', OURS],
    ['2: link-local for a group of the link', ['2001:db8::1'], 'ff02::9', OURS],
    ['2: global for global', ['2001:db8::1'], '2001:db8:5::1', '2001:db8::1'],
    ['2: global for a global group', ['2001:db8::1'], 'ff0e::9', '2001:db8::1'],
    ['6: the same label', ['fd00::1', '2001:db8::1'], '2001:db8:9::1', '2001:db8::1'],
    ['6: the same label, for a private address', ['2001:db8::1', 'fd00::1'], 'fd00:1::1', 'fd00::1'],
    ['8: the longest common prefix', ['2001:db8:1::1', '2001:db8:3fff::1'], '2001:db8:3ffe::1', '2001:db8:3fff::1'],
    ['no source of ours reaches behind a router', [], '2001:db8:5::1', null],
  ];
  test.each(cases)('rule %s', (_, own, to, source) => {
    expect(chosen(own, to)).toBe(source);
  });

  test('rule 3: none that is deprecated, if there is another', () => {
    const own = ['2001:db8:1::1', '2001:db8:2::1'];
    expect(chosen(own, '2001:db8:1::9', ['2001:db8:1::1'])).toBe('2001:db8:2::1');
    expect(chosen(['2001:db8:1::1'], '2001:db8:1::9', ['2001:db8:1::1'])).toBe('2001:db8:1::1');
  });

  test('an address that is gone ends the flows from it', () => {
    const host = new Host6({ addresses: ['2001:db8::1'] });
    const flow = host.ip.openFlow(host.address('2001:db8::2'), 17, null)!;
    host.ip.ipv6.deleteAddress(host.address('2001:db8::1'));
    const packet = host.ip.pool.allocate(80)!;
    packet.appendBytes(new Uint8Array(8), 0, 8);
    expect(host.ip.send(packet, flow)).not.toBe(0);
    packet.release();
    host.seconds(SECOND / SECOND);
    host.finish();
  });
});
