import { describe, expect, test } from '@jest/globals';
import { DROP_MLD_QUERY, DROP_MLD_REPORT, type IpAddress, SECOND } from '@strata/contracts';
import { formatAddress, parseAddress } from '@strata/wire';
import { modernIpPolicy } from '../src/index.ts';
import { TestHost } from './host.ts';

const GROUP = 'ff05::1:3';
const LINK_LOCAL = 'fe80::1';

function address(text: string): IpAddress {
  return parseAddress(text) as IpAddress;
}

function bytesOf(text: string): number[] {
  const { w0, w1, w2, w3 } = address(text);
  return [w0, w1, w2, w3].flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
}

/** A host whose MLD messages go to the test instead of to IPv6. */
class Listener {
  readonly host = new TestHost({ policy: modernIpPolicy });
  readonly sent: string[] = [];

  constructor(version = 2) {
    const { mld } = this.host.ip.groups;
    mld.version = version;
    mld.transport = {
      reportSource: () => address(LINK_LOCAL),
      sendControl: (packet, _outgoing, source, destination, hopLimit, routerAlert) => {
        const bytes = new Uint8Array(packet.length);
        packet.extract(0, bytes, 0, packet.length);
        packet.release();
        expect([formatAddress(source), hopLimit, routerAlert]).toEqual([LINK_LOCAL, 1, true]);
        this.sent.push(`${describeMessage(bytes)} to ${formatAddress(destination)}`);
      },
    };
  }

  join(group: string): void {
    this.host.ip.groups.join(this.host.eth0, address(group));
  }

  leave(group: string): void {
    this.host.ip.groups.leave(this.host.eth0, address(group));
  }

  hear(bytes: readonly number[], source = 'fe80::99', destination = 'ff02::1', hopLimit = 1): number {
    const { host } = this;
    const packet = host.pool.allocate(64);
    if (packet === null) throw new Error('the pool is empty');
    packet.appendBytes(Uint8Array.from(bytes), 0, bytes.length);
    const result = host.ip.groups.mld.accept(packet, host.eth0, address(source).w0, address(destination).w0, hopLimit);
    packet.release();
    return result;
  }

  take(): string[] {
    return this.sent.splice(0);
  }
}

function describeMessage(bytes: Uint8Array): string {
  const text = (at: number) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const word = (i: number) => view.getInt32(i);
    return formatAddress({ family: 6, w0: word(0), w1: word(4), w2: word(8), w3: word(12) });
  };
  if (bytes[0] === 131) return `report ${text(8)}`;
  if (bytes[0] === 132) return `done ${text(8)}`;
  const records: string[] = [];
  const count = (bytes[6] as number) * 256 + (bytes[7] as number);
  expect(bytes.length).toBe(8 + 20 * count);
  for (let at = 8; at < bytes.length; at += 20) records.push(`${bytes[at]}:${text(at + 4)}`);
  return `report2 ${records.join(' ')}`;
}

const query1 = (milliseconds: number, about = '::') => [
  130,
  0,
  0,
  0,
  milliseconds >> 8,
  milliseconds & 255,
  0,
  0,
  ...bytesOf(about),
];
const query2 = (code: number, about = '::') => [...query1(code, about), 2, 125, 0, 0];

describe('version 2 (RFC 3810)', () => {
  test('a change is reported at once and once more within a second; the end too', () => {
    const listener = new Listener();
    listener.join(GROUP);
    expect(listener.take()).toEqual([`report2 4:${GROUP} to ff02::16`]);
    expect(listener.host.link.groups).toContain('33:33:00:01:00:03');
    listener.host.advance(SECOND);
    expect(listener.take()).toEqual([`report2 4:${GROUP} to ff02::16`]);
    listener.leave(GROUP);
    listener.host.advance(SECOND);
    expect(listener.take()).toEqual([`report2 3:${GROUP} to ff02::16`, `report2 3:${GROUP} to ff02::16`]);
    listener.host.advance(100 * SECOND);
    expect(listener.take()).toEqual([]);
    expect(listener.host.ip.groups.all).toHaveLength(0);
    listener.host.finish();
  });

  test('a general query is answered with all groups in one report, a specific one with its group', () => {
    const listener = new Listener();
    listener.join(GROUP);
    listener.join('ff02::1:ff00:9');
    listener.host.advance(2 * SECOND);
    listener.take();
    expect(listener.hear(query2(5000))).toBe(0);
    listener.host.advance(5 * SECOND);
    expect(listener.take()).toEqual([`report2 2:${GROUP} 2:ff02::1:ff00:9 to ff02::16`]);
    listener.hear(query2(1000, GROUP), 'fe80::99', GROUP);
    listener.host.advance(SECOND);
    expect(listener.take()).toEqual([`report2 2:${GROUP} to ff02::16`]);
    listener.host.finish();
  });

  test('all nodes and groups of this node only are never reported', () => {
    const listener = new Listener();
    listener.join('ff02::1');
    listener.join('ff01::5');
    listener.hear(query2(1000));
    listener.host.advance(5 * SECOND);
    expect(listener.take()).toEqual([]);
    listener.host.finish();
  });

  test('a router of version 1 makes the listener speak version 1 for 260 s', () => {
    const listener = new Listener();
    listener.join(GROUP);
    listener.host.advance(2 * SECOND);
    listener.take();
    listener.hear(query1(1000));
    listener.host.advance(SECOND);
    expect(listener.take()).toEqual([`report ${GROUP} to ${GROUP}`]);
    listener.leave(GROUP);
    expect(listener.take()).toEqual([`done ${GROUP} to ff02::2`]);
    listener.host.advance(260 * SECOND);
    listener.join(GROUP);
    expect(listener.take()).toEqual([`report2 4:${GROUP} to ff02::16`]);
    listener.host.ip.groups.close();
    listener.host.finish();
  });

  test('many groups take several reports', () => {
    const listener = new Listener();
    for (let i = 0; i < 100; i++) listener.join(`ff05::2:${(i + 1).toString(16)}`);
    listener.host.advance(2 * SECOND);
    listener.take();
    listener.hear(query2(1000));
    listener.host.advance(SECOND);
    expect(listener.take()).toHaveLength(2);
    listener.host.finish();
  });
});

describe('version 1 (RFC 2710)', () => {
  test('report, repeat, suppression by another listener, done only by the last reporter', () => {
    const listener = new Listener(1);
    listener.join(GROUP);
    expect(listener.take()).toEqual([`report ${GROUP} to ${GROUP}`]);
    listener.host.advance(10 * SECOND);
    expect(listener.take()).toEqual([`report ${GROUP} to ${GROUP}`]);
    listener.hear(query1(5000));
    const report = [131, 0, 0, 0, 0, 0, 0, 0, ...bytesOf(GROUP)];
    expect(listener.hear(report, 'fe80::77', GROUP)).toBe(0);
    listener.host.advance(10 * SECOND);
    listener.leave(GROUP);
    expect(listener.take()).toEqual([]);
    listener.host.finish();
  });
});

describe('what is refused', () => {
  test.each<[string, readonly number[], string, string, number, number]>([
    ['a query from beyond the link', query2(100), '2001:db8::1', 'ff02::1', 1, DROP_MLD_QUERY],
    ['a hop limit of 64', query2(100), 'fe80::1', 'ff02::1', 64, DROP_MLD_QUERY],
    ['a length between the versions', [...query1(100), 0, 0], 'fe80::1', 'ff02::1', 1, DROP_MLD_QUERY],
    ['too short', query1(100).slice(0, 20), 'fe80::1', 'ff02::1', 1, DROP_MLD_QUERY],
    ['about what is no group', query1(100, '2001:db8::1'), 'fe80::1', 'ff02::1', 1, DROP_MLD_QUERY],
    ['a report that is too short', [131, 0, 0, 0, 0, 0, 0, 0], 'fe80::1', 'ff02::1', 1, DROP_MLD_REPORT],
  ])('%s', (_, bytes, source, destination, hopLimit, reason) => {
    const listener = new Listener();
    listener.join(GROUP);
    listener.host.advance(2 * SECOND);
    listener.take();
    expect(listener.hear(bytes, source, destination, hopLimit)).toBe(reason);
    listener.host.advance(20 * SECOND);
    expect(listener.take()).toEqual([]);
    listener.host.finish();
  });
});
