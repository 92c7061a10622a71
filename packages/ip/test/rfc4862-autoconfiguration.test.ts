import { describe, expect, test } from '@jest/globals';
import {
  DROP_IPV6_DISABLED,
  DROP_IPV6_TENTATIVE,
  NX_DUPLICATED_ENTRY,
  NX_IP_ADDRESS_ERROR,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import {
  ALL_NODES,
  advertisement,
  echoRequest,
  Host6,
  OURS,
  OURS_GLOBAL,
  PEER,
  type PrefixFields,
  routerAdvertisement,
  solicitation,
  solicited,
  UNSPECIFIED,
} from './ipv6-host.ts';

const FORMED = '2001:db8:1:0:211:22ff:fe33:4456';
const HOUR = 3600;

function prefix(fields: PrefixFields): Uint8Array {
  return routerAdvertisement({ prefixes: [fields] });
}

describe('Duplicate Address Detection (RFC 4862 5.4)', () => {
  test('asks from :: for the address, at its solicited-node group, without a link address', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    const probe = host.next();
    expect(probe).toMatchObject({
      type: 135,
      source: UNSPECIFIED,
      destination: solicited(OURS),
      target: OURS,
      hopLimit: 255,
    });
    expect(probe.rest).toHaveLength(20);
    expect(probe.to).toBe('33:33:ff:33:44:56');
    expect(host.addresses()).toEqual([]);
    host.seconds(0.99);
    expect(host.addresses()).toEqual([]);
    host.seconds(0.02);
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  test('asks as often as was set, a RetransTimer apart', () => {
    const host = new Host6({ ipv6: { dadTransmits: 3, dadDelay: 0, retransTimer: 2 * SECOND } });
    host.seconds(10);
    expect(host.lines()).toEqual([`0 135 ${OURS}`, `2 135 ${OURS}`, `4 135 ${OURS}`]);
    host.finish();
  });

  test('waits at random up to a second first, so that hosts that start together do not ask together', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1 } });
    host.silent();
    host.seconds(1);
    const [probe] = host.take();
    expect(probe!.at).toBeGreaterThan(0);
    expect(probe!.at).toBeLessThanOrEqual(SECOND);
    host.finish();
  });

  test("keeps to NetX's timers in NetX's profile: on the next beat of 100 ms, then on full seconds; state 4 on the next", () => {
    const host = new Host6({ policy: netxIpPolicy, ipv6: { dadTransmits: 3 } });
    host.seconds(5);
    expect(host.lines()).toEqual([`0.1 135 ${OURS}`, `1 135 ${OURS}`, `2 135 ${OURS}`]);
    host.finish();
  });

  test('a tentative address answers nobody: no echo, no solicitation of a neighbor', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.take();
    host.inject(echoRequest());
    host.inject(solicitation(OURS));
    host.silent();
    expect(host.drops(DROP_IPV6_TENTATIVE)).toBe(1);
    expect(host.ip.ipv6.isOwn(host.address(OURS))).toBe(false);
    host.seconds(2);
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  const conflicts: readonly (readonly [what: string, packet: Uint8Array])[] = [
    ["another host's probe for it", solicitation(OURS, { source: UNSPECIFIED }, null)],
    [
      "its owner's advertisement to all nodes",
      advertisement(OURS, 0x20, '00:11:22:33:44:57', { destination: ALL_NODES }),
    ],
    ['an advertisement without a link address', advertisement(OURS, 0, null, { destination: ALL_NODES })],
  ];
  test.each(conflicts)('%s ends it: a link-local address from the MAC takes IPv6 down', (_, packet) => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.take();
    host.inject(packet);
    host.seconds(5);
    expect(host.addresses()).toEqual([]);
    host.inject(solicitation(OURS));
    host.inject(echoRequest());
    host.silent();
    expect(host.drops(DROP_IPV6_DISABLED)).toBe(2);
    host.finish();
  });

  test('a conflict over a global address leaves the others', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.seconds(2);
    host.add(OURS_GLOBAL);
    host.take();
    host.inject(advertisement(OURS_GLOBAL, 0x20, '00:11:22:33:44:57', { destination: ALL_NODES }));
    host.seconds(5);
    expect(host.addresses()).toEqual([OURS]);
    host.inject(solicitation(OURS_GLOBAL));
    host.silent();
    host.inject(solicitation(OURS));
    expect(host.next().type).toBe(136);
    host.finish();
  });

  test('messages that are not valid do not end it', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.inject(solicitation(OURS, { source: UNSPECIFIED, hopLimit: 254 }, null));
    host.inject(solicitation(OURS, { source: UNSPECIFIED }));
    host.inject(solicitation(OURS, { source: UNSPECIFIED, destination: OURS }, null));
    host.inject(advertisement(OURS, 0x60, null, { destination: ALL_NODES }));
    host.inject(solicitation(PEER, { source: UNSPECIFIED }, null));
    host.seconds(2);
    expect(host.addresses()).toEqual([OURS]);
    host.take();
    host.finish();
  });

  test('with no solicitations to send the address is used at once', () => {
    const host = new Host6();
    expect(host.addresses()).toEqual([OURS]);
    host.silent();
    host.finish();
  });

  test('an opaque identifier that is taken makes way for another (RFC 7217 6)', () => {
    const host = new Host6({ ipv6: { opaqueIdentifiers: true, dadTransmits: 1, dadDelay: 0 } });
    const first = host.next().target;
    expect(first).not.toBe(OURS);
    host.inject(solicitation(first, { source: UNSPECIFIED }, null));
    const second = host.next().target;
    expect(second).not.toBe(first);
    host.seconds(2);
    expect(host.addresses()).toEqual([second]);
    host.finish();
  });

  test('an opaque identifier is the same for the same host and network', () => {
    const form = (): string[] => {
      const host = new Host6({ policy: modernIpPolicy, ipv6: { opaqueIdentifiers: true } });
      host.inject(prefix({}));
      const list = host.addresses();
      host.take();
      host.finish();
      return list;
    };
    expect(form()).toEqual(form());
    expect(form()[0]!.split(':').slice(-2)).not.toEqual(form()[1]!.split(':').slice(-2));
  });
});

describe('a link that goes and comes back', () => {
  function cable(host: Host6, up: boolean): void {
    host.host.link.properties.up = up;
    host.host.link.sink!.linkChanged(up);
  }

  test('has addresses under detection begin anew', () => {
    const host = new Host6({ ipv6: { dadTransmits: 2, dadDelay: 0 } });
    host.take();
    cable(host, false);
    host.seconds(10);
    host.silent();
    expect(host.addresses()).toEqual([]);
    cable(host, true);
    host.seconds(10);
    expect(host.lines()).toEqual([`10 135 ${OURS}`, `11 135 ${OURS}`]);
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  test('has routers asked for again, and neighbors forgotten', () => {
    const host = new Host6({ ipv6: { solicitations: 3, solicitationDelay: 0 } });
    host.inject(routerAdvertisement());
    host.know();
    host.take();
    cable(host, false);
    expect(host.state(PEER)).toBe(0);
    cable(host, true);
    expect(host.next().type).toBe(133);
    host.finish();
  });
});

describe('addresses given by hand', () => {
  test('are refused when no host can have them, or twice', () => {
    const host = new Host6();
    for (const address of ['ff02::1', '::', '::1']) expect(host.add(address)).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.add(OURS_GLOBAL)).toBe(NX_SUCCESS);
    expect(host.add(OURS_GLOBAL)).toBe(NX_DUPLICATED_ENTRY);
    host.finish();
  });

  test('may be the link-local one that the interface has made itself', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    expect(host.add(OURS)).toBe(NX_SUCCESS);
    expect(host.add(OURS)).toBe(NX_DUPLICATED_ENTRY);
    expect(host.addresses()).toEqual([OURS, OURS_GLOBAL]);
    host.finish();
  });

  test('are joined at their solicited-node group, and left when deleted', () => {
    const host = new Host6({ addresses: ['2001:db8::12:3456'] });
    expect(host.host.link.groups).toContain('33:33:ff:12:34:56');
    expect(host.ip.ipv6.deleteAddress(host.address('2001:db8::12:3456'))).toBe(NX_SUCCESS);
    expect(host.host.link.groups).not.toContain('33:33:ff:12:34:56');
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  test('all go when IPv6 is disabled, and nothing is taken any more', () => {
    const host = new Host6({ addresses: [OURS_GLOBAL] });
    expect(host.ip.ipv6.disable(host.eth0)).toBe(NX_SUCCESS);
    host.inject(echoRequest());
    host.inject(echoRequest({ destination: ALL_NODES }));
    host.silent();
    expect(host.host.link.groups).toEqual([]);
    host.finish();
  });
});

describe('autoconfiguration from advertised prefixes (RFC 4862 5.5.3)', () => {
  test('forms an address from prefix and MAC, and checks it for duplicates', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.seconds(2);
    host.take();
    host.inject(prefix({}));
    expect(host.next()).toMatchObject({ type: 135, source: UNSPECIFIED, target: FORMED });
    host.seconds(1.1);
    expect(host.addresses()).toEqual([OURS, FORMED]);
    host.finish();
  });

  const ignored: readonly (readonly [why: string, fields: PrefixFields])[] = [
    ['no autonomous flag', { flags: 0x80 }],
    ['the link-local prefix', { prefix: 'fe80::' }],
    ['a multicast prefix', { prefix: 'ff05::' }],
    ['a preferred lifetime above the valid one', { valid: 100, preferred: 101 }],
    ['a valid lifetime of 0', { valid: 0, preferred: 0 }],
    ['a length of 63', { length: 63 }],
    ['a length of 65', { length: 65 }],
    ['a length of 128', { length: 128 }],
    ['a length of 129', { length: 129 }],
  ];
  test.each(ignored)('forms none for %s', (_, fields) => {
    const host = new Host6();
    host.inject(prefix(fields));
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  test('forms none when switched off, and again when switched on', () => {
    const host = new Host6();
    host.ip.ipv6.setAutoconfiguration(host.eth0, false);
    host.inject(prefix({}));
    expect(host.addresses()).toEqual([OURS]);
    host.ip.ipv6.setAutoconfiguration(host.eth0, true);
    host.inject(prefix({}));
    expect(host.addresses()).toEqual([OURS, FORMED]);
    host.finish();
  });

  test('deprecates the address when its preferred lifetime is over and takes it away with its valid one', () => {
    const host = new Host6();
    host.inject(prefix({ valid: 60, preferred: 20 }));
    host.seconds(19);
    const [, formed] = host.eth0.ipv6.addresses;
    expect(formed!.state).toBe(4);
    host.seconds(2);
    expect(formed!.state).toBe(3);
    host.inject(echoRequest({ destination: FORMED }));
    expect(host.take().filter((each) => each.type === 129 || each.type === 135)).toHaveLength(1);
    host.seconds(40);
    expect(host.addresses()).toEqual([OURS]);
    host.take();
    host.ip.nd.invalidate();
    host.finish();
  });

  /** Remaining and advertised valid lifetime, and what holds then; in seconds. */
  const twoHours: readonly (readonly [remaining: number, advertised: number, result: number])[] = [
    [30 * HOUR, 3 * HOUR, 3 * HOUR],
    [30 * HOUR, 2 * HOUR + 1, 2 * HOUR + 1],
    [30 * HOUR, 60, 2 * HOUR],
    [30 * HOUR, 0, 2 * HOUR],
    [2 * HOUR + 10, 2 * HOUR, 2 * HOUR],
    [HOUR, 60, HOUR],
    [HOUR, 0, HOUR],
    [HOUR, HOUR + 60, HOUR + 60],
    [60, 90, 90],
    [0xffffffff, 60, 2 * HOUR],
    [60, 0xffffffff, 0xffffffff],
  ];
  test.each(twoHours)('the two-hour rule: %i s left, %i s advertised: %i s', (remaining, advertised, result) => {
    const host = new Host6();
    host.inject(prefix({ valid: remaining, preferred: Math.min(remaining, 30) }));
    host.inject(prefix({ valid: advertised, preferred: Math.min(advertised, 10) }));
    const [, formed] = host.eth0.ipv6.addresses;
    const left = (formed!.validUntil - host.now) / SECOND;
    expect(left).toBe(result === 0xffffffff ? Number.POSITIVE_INFINITY : result);
    expect((formed!.preferredUntil - host.now) / SECOND).toBe(Math.min(advertised, 10));
    host.finish();
  });

  test('a preferred lifetime of 0 deprecates at once, a new one brings the address back', () => {
    const host = new Host6();
    host.inject(prefix({ valid: 10 * HOUR, preferred: HOUR }));
    const [, formed] = host.eth0.ipv6.addresses;
    host.inject(prefix({ valid: 10 * HOUR, preferred: 0 }));
    expect(formed!.state).toBe(3);
    host.inject(prefix({ valid: 10 * HOUR, preferred: HOUR }));
    expect(formed!.state).toBe(4);
    host.finish();
  });

  test('an address that turned out to be taken does not come back with the next advertisement', () => {
    const host = new Host6({ ipv6: { dadTransmits: 1, dadDelay: 0 } });
    host.seconds(2);
    host.inject(prefix({}));
    host.inject(advertisement(FORMED, 0x20, '00:11:22:33:44:57', { destination: ALL_NODES }));
    host.take();
    host.inject(prefix({}));
    host.silent();
    host.seconds(5);
    expect(host.addresses()).toEqual([OURS]);
    host.finish();
  });

  test('is bounded: a flood of prefixes fills the list and no more', () => {
    const host = new Host6();
    for (let i = 0; i < 2000; i++) host.inject(prefix({ prefix: `2001:db8:${i.toString(16)}::` }));
    expect(host.eth0.ipv6.addresses).toHaveLength(16);
    expect(host.ip.ipv6.routes.prefixes).toHaveLength(32);
    host.inject(echoRequest());
    host.take();
    host.ip.nd.invalidate();
    host.finish();
  });
});
