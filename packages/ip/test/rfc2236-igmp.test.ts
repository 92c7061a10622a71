import { describe, expect, test } from '@jest/globals';
import {
  DROP_IGMP_CHECKSUM,
  DROP_IGMP_QUERY,
  DROP_IGMP_SHORT,
  DROP_IGMP_TYPE,
  DROP_IPV4_NOT_FOR_US,
  NX_ALREADY_ENABLED,
  NX_ENTRY_NOT_FOUND,
  NX_INVALID_INTERFACE,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { type IpFlow, modernIpPolicy, netxIpPolicy } from '../src/index.ts';
import { internetChecksum, ipBytes, ipv4, ipWord, text } from './frames.ts';
import { type HostOptions, type Sent, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport, sendDatagram } from './transport.ts';

const GROUP = '239.1.2.3';
const GROUP_MAC = '01:00:5e:01:02:03';

const group = (text: string) => ipv4Address(ipWord(text));

function igmpHost(options: HostOptions = {}): TestHost {
  const host = new TestHost({ policy: modernIpPolicy, ...options });
  expect(host.ip.groups.igmp.enable()).toBe(NX_SUCCESS);
  return host;
}

function message(type: number, code: number, about: string): number[] {
  const bytes = [type, code, 0, 0, ...ipBytes(about)];
  const checksum = internetChecksum(bytes);
  bytes[2] = checksum >>> 8;
  bytes[3] = checksum & 255;
  return bytes;
}

interface Query {
  readonly about?: string;
  readonly to?: string;
  /** Tenths of a second. */
  readonly within?: number;
  readonly source?: string;
}

function query(host: TestHost, { about = '0.0.0.0', to, within = 100, source }: Query = {}): void {
  const destination = to ?? (about === '0.0.0.0' ? '224.0.0.1' : about);
  const fields = {
    protocol: 2,
    timeToLive: 1,
    destination,
    options: [0x94, 4, 0, 0],
    ...(source === undefined ? {} : { source }),
  };
  host.injectMulticast(ipv4(fields, message(0x11, within, about)));
}

function hear(host: TestHost, type: number, about: string): void {
  host.injectMulticast(ipv4({ protocol: 2, timeToLive: 1, destination: about }, message(type, 0, about)));
}

/** What an IGMP packet says, after checking its form. */
function said(sent: Sent): string {
  const { bytes } = sent;
  expect([bytes[0], bytes[8], bytes[9]]).toEqual([0x46, 1, 2]);
  expect(Array.from(bytes.subarray(20, 24))).toEqual([0x94, 4, 0, 0]);
  const payload = bytes.subarray(24);
  expect(payload.length).toBe(8);
  expect(internetChecksum(payload)).toBe(0);
  const names: Record<number, string> = { 18: 'report1', 22: 'report', 23: 'leave' };
  const address = (at: number) => Array.from(bytes.subarray(at, at + 4)).join('.');
  return `${names[payload[0] as number]} ${address(28)} to ${address(16)} (${sent.to})`;
}

const REPORT = `report ${GROUP} to ${GROUP} (${GROUP_MAC})`;
const LEAVE = `leave ${GROUP} to 224.0.0.2 (01:00:5e:00:00:02)`;

describe('joining and leaving', () => {
  test('a join opens the link and is reported twice, the second time within 10 s; a leave closes and is told', () => {
    const host = igmpHost();
    expect(host.ip.groups.join(host.eth0, group(GROUP))).toBe(NX_SUCCESS);
    expect(host.link.groups).toContain(GROUP_MAC);
    expect(said(host.next())).toBe(REPORT);
    host.advance(10 * SECOND);
    expect(host.take().map(said)).toEqual([REPORT]);
    host.advance(100 * SECOND);
    expect(host.ip.groups.leave(host.eth0, group(GROUP))).toBe(NX_SUCCESS);
    expect(host.take().map(said)).toEqual([LEAVE]);
    expect(host.link.groups).not.toContain(GROUP_MAC);
    host.finish();
  });

  test('joins are counted: only the first and the last leave speak', () => {
    const host = igmpHost();
    host.ip.groups.join(host.eth0, group(GROUP));
    host.advance(20 * SECOND);
    host.take();
    host.ip.groups.join(host.eth0, group(GROUP));
    host.ip.groups.leave(host.eth0, group(GROUP));
    expect(host.take()).toEqual([]);
    expect(host.ip.groups.joined).toBe(1);
    host.ip.groups.leave(host.eth0, group(GROUP));
    expect(host.take().map(said)).toEqual([LEAVE]);
    expect(host.ip.groups.leave(host.eth0, group(GROUP))).toBe(NX_ENTRY_NOT_FOUND);
    host.finish();
  });

  test('statuses: no group, no link, no room; enabling twice', () => {
    const host = igmpHost({ policy: netxIpPolicy });
    const { groups } = host.ip;
    expect(groups.join(host.eth0, group('192.0.2.9'))).toBe(NX_IP_ADDRESS_ERROR);
    expect(groups.join(host.ip.loopback, group(GROUP))).toBe(NX_INVALID_INTERFACE);
    expect(groups.joinOn(5, group(GROUP))).toBe(NX_INVALID_INTERFACE);
    for (let i = 0; i < 7; i++) expect(groups.join(host.eth0, group(`239.0.0.${i}`))).toBe(NX_SUCCESS);
    expect(groups.join(host.eth0, group('239.0.0.7'))).toBe(NX_NO_MORE_ENTRIES);
    expect(groups.igmp.enable()).toBe(NX_ALREADY_ENABLED);
    host.take();
    host.finish();
  });

  test('without IGMP a join receives but says nothing; enabling it reports what was joined before', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    host.ip.groups.join(host.eth0, group(GROUP));
    expect(host.take()).toEqual([]);
    host.ip.groups.igmp.enable();
    expect(host.take().map(said)).toEqual([REPORT]);
    host.finish();
  });

  test('the all-hosts group is listened to and never reported', () => {
    const host = igmpHost();
    expect(host.link.groups).toContain('01:00:5e:00:00:01');
    query(host);
    host.advance(20 * SECOND);
    expect(host.take()).toEqual([]);
    expect(host.ip.groups.igmp.counters.queriesReceived).toBe(1);
    host.finish();
  });
});

describe('answering queries (RFC 2236 3)', () => {
  function settled(options: HostOptions = {}): TestHost {
    const host = igmpHost(options);
    host.ip.groups.join(host.eth0, group(GROUP));
    host.advance(20 * SECOND);
    host.take();
    return host;
  }

  test('a general query is answered within its time, at a random moment', () => {
    const moments = new Set<number>();
    for (let i = 0; i < 8; i++) {
      const host = settled({ seed: `host ${i}` });
      const asked = host.scheduler.now;
      query(host, { within: 50 });
      expect(host.take()).toEqual([]);
      host.advance(5 * SECOND);
      const [answer, ...more] = host.take() as [Sent, ...Sent[]];
      expect([said(answer), more.length]).toEqual([REPORT, 0]);
      moments.add(answer.at - asked);
      host.finish();
    }
    expect(moments.size).toBeGreaterThan(6);
  });

  test('a query for another group is not answered, one for ours is', () => {
    const host = settled();
    query(host, { about: '239.9.9.9', to: '224.0.0.1' });
    host.advance(20 * SECOND);
    expect(host.take()).toEqual([]);
    query(host, { about: GROUP, within: 10 });
    host.advance(1 * SECOND);
    expect(host.take().map(said)).toEqual([REPORT]);
    host.finish();
  });

  test('a running timer stays unless the new query wants the answer sooner', () => {
    const host = settled();
    query(host, { within: 100 });
    query(host, { about: GROUP, within: 1 });
    host.advance(SECOND / 10);
    expect(host.take().map(said)).toEqual([REPORT]);
    host.advance(20 * SECOND);
    expect(host.take()).toEqual([]);
    host.finish();
  });

  test.each([0x12, 0x16])('another listener’s report (type %i) is enough; then a leave need not be told', (type) => {
    const host = settled();
    query(host);
    hear(host, type, GROUP);
    host.advance(20 * SECOND);
    expect(host.take()).toEqual([]);
    host.ip.groups.leave(host.eth0, group(GROUP));
    expect(host.take()).toEqual([]);
    host.finish();
  });

  test('a router of version 1 is answered in its language for 400 s, within 10 s, and hears of no leave', () => {
    const host = settled();
    query(host, { within: 0 });
    host.advance(10 * SECOND);
    expect(host.take().map(said)).toEqual([`report1 ${GROUP} to ${GROUP} (${GROUP_MAC})`]);
    host.ip.groups.join(host.eth0, group('239.5.5.5'));
    expect(host.take().map(said)).toEqual(['report1 239.5.5.5 to 239.5.5.5 (01:00:5e:05:05:05)']);
    host.ip.groups.leave(host.eth0, group('239.5.5.5'));
    host.advance(380 * SECOND);
    expect(host.take()).toEqual([]);
    host.advance(11 * SECOND);
    host.ip.groups.leave(host.eth0, group(GROUP));
    expect(host.take().map(said)).toEqual([LEAVE]);
    host.finish();
  });

  test('a snooping switch may ask without an address of its own (RFC 4541)', () => {
    const host = settled();
    query(host, { source: '0.0.0.0' });
    host.advance(10 * SECOND);
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  function queryOfLength(host: TestHost, code: number, length: number): void {
    const bytes = [0x11, code, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0].slice(0, length);
    const checksum = internetChecksum(bytes);
    bytes[2] = checksum >>> 8;
    bytes[3] = checksum & 255;
    host.injectMulticast(ipv4({ protocol: 2, timeToLive: 1, destination: '224.0.0.1' }, bytes));
  }

  test('a query of version 3 is a query', () => {
    const host = settled();
    queryOfLength(host, 20, 12);
    host.advance(2 * SECOND);
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test('a response time of 0 in a query of version 3 asks for an answer at once and is no sign of version 1 (RFC 3376 7.1)', () => {
    const host = settled();
    queryOfLength(host, 0, 12);
    host.advance(SECOND / 10);
    expect(host.take().map(said)).toEqual([REPORT]);
    host.finish();
  });

  test('a response time above 127 is linear in version 2 and has an exponent in version 3 (RFC 2236 2.2, RFC 3376 4.1.1)', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const host = settled();
      for (let i = 0; i < seed; i++) host.ip.random.uint32();
      queryOfLength(host, 0xf0, 8);
      host.advance(24 * SECOND);
      expect(host.take()).toHaveLength(1);
      host.finish();
    }
    const host = settled();
    const { random } = host.ip;
    const below = random.below.bind(random);
    random.below = (limit) => {
      expect(limit).toBe(2048 * 100_000);
      return below(limit);
    };
    queryOfLength(host, 0xc0, 12);
    host.advance(205 * SECOND);
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test.each([9, 11])('a query of %i octets is of no version', (length) => {
    const host = settled();
    queryOfLength(host, 20, length);
    expect(host.drops(DROP_IGMP_QUERY)).toBe(1);
    host.advance(10 * SECOND);
    expect(host.take()).toEqual([]);
    host.finish();
  });
});

describe('what is refused', () => {
  test.each([
    ['too short', [0x16, 0, 0, 0], DROP_IGMP_SHORT],
    ['a bad checksum', [0x11, 10, 1, 2, 0, 0, 0, 0], DROP_IGMP_CHECKSUM],
    ['an unknown type', message(0x99, 0, '0.0.0.0'), DROP_IGMP_TYPE],
    ['a query for a group sent to another', message(0x11, 10, '239.7.7.7'), DROP_IGMP_QUERY],
  ])('%s', (_, payload, reason) => {
    const host = igmpHost();
    host.ip.groups.join(host.eth0, group(GROUP));
    host.take();
    host.injectMulticast(ipv4({ protocol: 2, destination: GROUP }, payload));
    expect(host.drops(reason)).toBe(1);
    host.ip.groups.close();
    host.finish();
  });
});

describe('packets of groups', () => {
  test('one that was joined is received, one that was not is dropped', () => {
    const host = igmpHost();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    host.ip.groups.join(host.eth0, group(GROUP));
    host.take();
    host.injectMulticast(ipv4({ protocol: EXPERIMENT, destination: GROUP }, text('news')));
    host.injectMulticast(ipv4({ protocol: EXPERIMENT, destination: '239.129.2.3' }, text('same MAC')));
    expect(transport.received.map(({ data }) => data)).toEqual(['news']);
    expect(host.drops(DROP_IPV4_NOT_FOR_US)).toBe(1);
    host.ip.groups.close();
    host.finish();
  });

  test('sent with time to live 1 unless the sender wants more (RFC 1112 6.1); NetX takes its own default', () => {
    for (const [policy, expected] of [
      [modernIpPolicy, 1],
      [netxIpPolicy, 128],
    ] as const) {
      const host = new TestHost({ policy });
      sendDatagram(host, GROUP, 'hello');
      const sent = host.next();
      expect([sent.bytes[8], sent.to]).toEqual([expected, GROUP_MAC]);
      const flow = host.ip.openFlow(group(GROUP), EXPERIMENT, null) as IpFlow;
      flow.timeToLive = 9;
      sendDatagram(host, flow, 'further');
      expect(host.next().bytes[8]).toBe(9);
      host.finish();
    }
  });

  test('the loopback flag brings what we send to a group of ours back to us', () => {
    const host = igmpHost();
    const transport = new RecordingTransport();
    host.ip.register(EXPERIMENT, transport);
    host.ip.groups.join(host.eth0, group(GROUP));
    sendDatagram(host, GROUP, 'to all of us');
    host.scheduler.runDeferred();
    expect(transport.received).toMatchObject([{ data: 'to all of us', toUnicast: false }]);
    host.ip.groups.loopback = false;
    sendDatagram(host, GROUP, 'to the others');
    host.scheduler.runDeferred();
    expect(transport.received).toHaveLength(1);
    host.ip.groups.close();
    host.take();
    host.finish();
  });
});
