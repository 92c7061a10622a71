import { describe, expect, test } from '@jest/globals';
import {
  DROP_ICMP_CHECKSUM,
  DROP_ICMP_CODE,
  DROP_ICMP_ECHO_GROUP,
  DROP_ICMP_ECHO_UNMATCHED,
  DROP_ICMP_SHORT,
  DROP_ICMP_TYPE,
  ERROR_HOST_UNREACHABLE,
  LINK_BROADCAST,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NO_RESPONSE,
  NX_NOT_SUCCESSFUL,
  NX_SUCCESS,
  NX_WAIT_ABORTED,
  type Packet,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { modernIpPolicy, netxIpPolicy, type Ping } from '../src/index.ts';
import { echo, icmp, internetChecksum, ipBytes, ipv4, ipWord, MAC_PEER, text } from './frames.ts';
import { TestHost } from './host.ts';

const PEER = ipv4Address(ipWord('192.0.2.2'));

/** Remembers how pings ended and gives their packets back. */
class Pinger {
  readonly heard: { status: number; data: string | null; ping: Ping }[] = [];
  pinged(status: number, response: Packet | null, ping: Ping): void {
    let data: string | null = null;
    if (response !== null) {
      const bytes = new Uint8Array(response.length);
      response.extract(0, bytes, 0, bytes.length);
      data = new TextDecoder().decode(bytes);
      response.release();
    }
    this.heard.push({ status, data, ping });
  }
}

const fromPeer = (message: Uint8Array, fields: Parameters<typeof ipv4>[0] = {}) =>
  ipv4({ protocol: 1, ...fields }, message);

describe('answering pings (RFC 792, RFC 1122 3.2.2.6)', () => {
  test('a request of any length comes back with its identifier, sequence and data', () => {
    const host = new TestHost();
    host.knowPeer();
    for (const length of [0, 1, 2, 3, 55, 56, 57, 1471, 1472]) {
      const data = Uint8Array.from({ length }, (_, i) => i * 7);
      host.injectIp(fromPeer(echo(8, 0xbeef, length, data)));
      const sent = host.next();
      expect(sent.to).toBe(MAC_PEER);
      expect(sent.bytes.subarray(20)).toEqual(echo(0, 0xbeef, length, data));
      expect([...sent.bytes.subarray(12, 20)]).toEqual([...ipBytes('192.0.2.1'), ...ipBytes('192.0.2.2')]);
    }
    expect(host.ip.icmp.counters.pingsAnswered).toBe(9);
    host.finish();
  });

  test('the answer needs no packet of its own, and carries the type of service of the question', () => {
    const host = new TestHost({ packets: 1 });
    host.knowPeer();
    host.injectIp(fromPeer(echo(8, 1, 1, text('abc')), { typeOfService: 0x10 }));
    expect(host.next().bytes[1]).toBe(0x10);
    host.finish();
  });

  test('the answer waits when the way back must be resolved first', () => {
    const host = new TestHost();
    host.injectIp(fromPeer(echo(8, 1, 1, text('abc'))));
    expect(host.next().etherType).toBe(0x0806);
    host.finish();
  });

  test('a checksum of 0 or 0xffff in the request makes no bad one in the answer', () => {
    const host = new TestHost();
    host.knowPeer();
    for (let i = 0; i < 65536; i += 257) host.injectIp(fromPeer(echo(8, i, 0xffff - i, [i >> 8, i & 255])));
    const zero = echo(8, 0xf7ff, 0, []);
    expect(internetChecksum(zero)).toBe(0);
    host.injectIp(fromPeer(zero));
    expect(host.take()).toHaveLength(257);
    host.finish();
  });

  test('a request to everybody is not answered, unless that is the policy', () => {
    const message = fromPeer(echo(8, 1, 1, text('abc')), { destination: '192.0.2.255' });
    const host = new TestHost();
    host.inject(0x0800, message, LINK_BROADCAST);
    expect(host.drops(DROP_ICMP_ECHO_GROUP)).toBe(1);
    host.finish();
    const icmpPolicy = { ...netxIpPolicy.icmp, answerGroupEcho: true };
    const friendly = new TestHost({ policy: { ...netxIpPolicy, icmp: icmpPolicy } });
    friendly.knowPeer();
    friendly.inject(0x0800, message, LINK_BROADCAST);
    expect([...friendly.next().bytes.subarray(12, 16)]).toEqual(ipBytes('192.0.2.1'));
    friendly.finish();
  });

  test('malformed messages are dropped, each with its reason', () => {
    const host = new TestHost();
    for (let length = 0; length < 8; length++) host.injectIp(fromPeer(echo(8, 1, 1, []).subarray(0, length)));
    expect(host.drops(DROP_ICMP_SHORT)).toBe(8);
    host.injectIp(fromPeer(icmp({ type: 8, checksum: 0x1111 }, text('x'))));
    expect(host.drops(DROP_ICMP_CHECKSUM)).toBe(1);
    expect(host.ip.icmp.counters.checksumErrors).toBe(1);
    host.injectIp(fromPeer(icmp({ type: 8, code: 1 }, text('x'))));
    expect(host.drops(DROP_ICMP_CODE)).toBe(1);
    host.finish();
  });

  test('types we do nothing with are dropped in silence: timestamps, masks, router discovery, unknown ones', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    const types = [1, 2, 6, 7, 9, 10, 13, 14, 15, 16, 17, 18, 30, 40, 41, 255];
    for (const type of types) host.injectIp(fromPeer(icmp({ type }, new Uint8Array(20))));
    expect(host.drops(DROP_ICMP_TYPE)).toBe(types.length);
    expect(host.ip.icmp.counters.unhandledMessages).toBe(types.length);
    host.finish();
  });
});

describe('pinging', () => {
  test("identifier and sequence are NetX's: the low half of our address, and 0, 1, 2 …", () => {
    const host = new TestHost();
    host.knowPeer();
    const pinger = new Pinger();
    for (let i = 0; i < 3; i++) expect(host.ip.icmp.echo.ping(PEER, text('data'), SECOND, pinger)).toBe(NX_SUCCESS);
    expect(host.take().map((sent) => sent.bytes.subarray(20))).toEqual(
      [0, 1, 2].map((i) => echo(8, 0x0201, i, text('data'))),
    );
    host.advance(1500);
    for (const sequence of [2, 0, 1]) host.injectIp(fromPeer(echo(0, 0x0201, sequence, text(`data ${sequence}`))));
    expect(pinger.heard.map((each) => [each.status, each.data, each.ping.sequence, each.ping.roundTrip])).toEqual([
      [NX_SUCCESS, 'data 2', 2, 1500],
      [NX_SUCCESS, 'data 0', 0, 1500],
      [NX_SUCCESS, 'data 1', 1, 1500],
    ]);
    expect(pinger.heard[0]?.ping).toMatchObject({ timeToLive: 64, responder: ipWord('192.0.2.2') });
    expect(host.ip.icmp.counters).toMatchObject({ pingsSent: 3, pingResponsesReceived: 3, pingTimeouts: 0 });
    host.advance(10 * SECOND);
    expect(pinger.heard).toHaveLength(3);
    host.finish();
  });

  test("without an answer the ping ends when its time is over; a late answer is nobody's", () => {
    const host = new TestHost();
    host.knowPeer();
    const pinger = new Pinger();
    host.ip.icmp.echo.ping(PEER, text('a'), 2 * SECOND, pinger);
    host.ip.icmp.echo.ping(PEER, text('b'), SECOND, pinger);
    host.take();
    host.advance(999_999);
    expect(pinger.heard).toEqual([]);
    host.advance(1);
    expect(pinger.heard).toMatchObject([{ status: NX_NO_RESPONSE, data: null, ping: { sequence: 1 } }]);
    host.injectIp(fromPeer(echo(0, 0x0201, 1, text('b'))));
    expect(host.drops(DROP_ICMP_ECHO_UNMATCHED)).toBe(1);
    host.advance(SECOND);
    expect(pinger.heard).toHaveLength(2);
    expect(host.ip.icmp.counters.pingTimeouts).toBe(2);
    expect(host.scheduler.nextTime()).toBe(Number.POSITIVE_INFINITY);
    host.finish();
  });

  test('NetX takes the reply of anybody with the right sequence, a modern host only that of its peer', () => {
    for (const [policy, count] of [
      [netxIpPolicy, 1],
      [modernIpPolicy, 0],
    ] as const) {
      const host = new TestHost({ policy });
      host.knowPeer();
      const pinger = new Pinger();
      host.ip.icmp.echo.ping(PEER, text('a'), SECOND, pinger);
      host.next();
      host.injectIp(fromPeer(echo(0, 0x9999, 0, text('a')), { source: '192.0.2.66' }));
      expect(pinger.heard).toHaveLength(count);
      host.advance(SECOND);
      host.finish();
    }
  });

  test('pings that nobody waits for any more end, and their late answers are nobody’s', () => {
    const host = new TestHost();
    host.knowPeer();
    const heard: string[] = [];
    const listener = (name: string) => ({ pinged: (status: number) => heard.push(`${name} ${status}`) });
    const [one, other] = [listener('one'), listener('other')];
    const peer = ipv4Address(ipWord('192.0.2.2'));
    for (const each of [one, one, other]) host.ip.icmp.echo.ping(peer, text('x'), SECOND, each);
    expect([host.ip.icmp.echo.cancel(one), host.ip.icmp.echo.cancel(one), host.ip.icmp.echo.waiting]).toEqual([
      true,
      false,
      1,
    ]);
    host.scheduler.runDeferred();
    expect(heard).toEqual([`one ${NX_WAIT_ABORTED}`, `one ${NX_WAIT_ABORTED}`]);
    host.injectIp(ipv4({ protocol: 1 }, icmp({ type: 0, rest: [2, 1, 0, 0] }, text('x'))));
    expect(host.ip.info.icmp).toMatchObject({ pingResponsesReceived: 0, unhandledMessages: 1, pingTimeouts: 0 });
    host.advance(SECOND);
    expect(heard).toHaveLength(3);
    host.take();
    host.finish();
  });

  test('no route, no packet: the listener hears nothing', () => {
    const host = new TestHost({ packets: 1 });
    const pinger = new Pinger();
    expect(host.ip.icmp.echo.ping(ipv4Address(ipWord('198.51.100.1')), text('a'), SECOND, pinger)).toBe(
      NX_IP_ADDRESS_ERROR,
    );
    const taken = host.pool.allocate(0);
    expect(host.ip.icmp.echo.ping(PEER, text('a'), SECOND, pinger)).toBe(NX_NO_PACKET);
    taken?.release();
    expect(host.ip.icmp.echo.ping(PEER, new Uint8Array(3000), SECOND, pinger)).toBe(NX_NO_PACKET);
    host.advance(10 * SECOND);
    expect(pinger.heard).toEqual([]);
    host.finish();
  });

  test('3000 octets time out in NetX while fragmentation is off', () => {
    const host = new TestHost();
    host.knowPeer();
    const pinger = new Pinger();
    expect(host.ip.icmp.echo.ping(PEER, new Uint8Array(3000), SECOND, pinger)).toBe(NX_SUCCESS);
    host.advance(SECOND);
    expect(pinger.heard).toMatchObject([{ status: NX_NO_RESPONSE }]);
    host.finish();
  });

  test('a modern ping hears of an ICMP error about it', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    host.knowPeer();
    const pinger = new Pinger();
    host.ip.icmp.echo.ping(PEER, text('data'), SECOND, pinger, { timeToLive: 3 });
    const request = host.next().bytes;
    expect(request[8]).toBe(3);
    host.injectIp(fromPeer(icmp({ type: 3, code: 1 }, request), { source: '192.0.2.254' }));
    expect(pinger.heard).toMatchObject([{ status: NX_NOT_SUCCESSFUL, ping: { errorKind: ERROR_HOST_UNREACHABLE } }]);
    host.finish();
  });
});
