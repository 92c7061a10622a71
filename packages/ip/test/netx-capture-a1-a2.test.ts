import { describe, expect, test } from '@jest/globals';
import { NX_IP_ADDRESS_ERROR, NX_NO_RESPONSE, NX_SUCCESS, SECOND, TICK } from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { ARP, fromHex, hex, IPV4, ipWord, macBytes, text } from './frames.ts';
import { type ScriptedLink, TestHost } from './host.ts';

/*
 * Frames that NetX Duo 6.4 put on the wire (without their Ethernet headers): host 192.168.100.1 with MAC 00:11:22:33:44:56
 * pings 192.168.100.2 with MAC …:57 at ticks 10 and 60, is pinged at tick 110, and announces itself at tick 110.
 */
const WHO_HAS_2 = '0001080006040001001122334456c0a86401000000000000c0a86402';
const TWO_IS_AT = '0001080006040002001122334457c0a86402001122334456c0a86401';
const ALPHABET = '4142434445464748494a4b4c4d4e4f505152535455565758595a2020';
const REQUEST_0 = `45000038000100008001f16fc0a86401c0a86402080086e464010000${ALPHABET}`;
const REPLY_0 = `45000038000100008001f16fc0a86402c0a8640100008ee464010000${ALPHABET}`;
const REQUEST_1 = `45000038000200008001f16ec0a86401c0a86402080086e364010001${ALPHABET}`;
const REPLY_1 = `45000038000200008001f16ec0a86402c0a8640100008ee364010001${ALPHABET}`;
const REQUEST_OF_2 = '4500001f000300008001f186c0a86402c0a864010800a1836402000078797a';
const REPLY_TO_2 = '4500001f000300008001f186c0a86401c0a864020000a98364020000 78797a'.replace(' ', '');
const GRATUITOUS = '0001080006040001001122334456c0a86401000000000000c0a86401';

const DATA = text('ABCDEFGHIJKLMNOPQRSTUVWXYZ  ');

function netxHost(address: string): TestHost {
  return new TestHost({ address });
}

describe('the frames of a real NetX Duo', () => {
  test('the pinging host sends them, octet for octet and tick for tick', () => {
    const host = netxHost('192.168.100.1');
    const statuses: number[] = [];
    const listener = {
      pinged: (status: number, response: { length: number; release(): number } | null) => {
        statuses.push(status, response?.length ?? -1);
        response?.release();
      },
    };
    const peer = ipv4Address(ipWord('192.168.100.2'));
    host.advance(10 * TICK);
    host.ip.icmp.echo.ping(peer, DATA, SECOND, listener);
    expect(hex(host.next().bytes)).toBe(WHO_HAS_2);
    host.inject(ARP, fromHex(TWO_IS_AT));
    const first = host.next();
    expect([first.at, hex(first.bytes)]).toEqual([10 * TICK, REQUEST_0]);
    host.inject(IPV4, fromHex(REPLY_0));
    host.advance(50 * TICK);
    host.ip.icmp.echo.ping(peer, DATA, SECOND, listener);
    expect(hex(host.next().bytes)).toBe(REQUEST_1);
    host.inject(IPV4, fromHex(REPLY_1));
    host.advance(50 * TICK);
    host.inject(IPV4, fromHex(REQUEST_OF_2));
    expect(hex(host.next().bytes)).toBe(REPLY_TO_2);
    host.ip.arp.defence.announce(host.eth0);
    expect(hex(host.next().bytes)).toBe(GRATUITOUS);
    expect(statuses).toEqual([NX_SUCCESS, 28, NX_SUCCESS, 28]);
    host.finish();
  });

  test('the pinged host sends them, and needs no ARP request of its own to ping back', () => {
    const host = netxHost('192.168.100.2');
    const link = host.link as ScriptedLink;
    const mac = macBytes('00:11:22:33:44:57');
    expect(mac).toHaveLength(6);
    Object.assign(link.properties, { macLsw: 0x22334457 });
    Object.assign(host.eth0, { macLsw: 0x22334457 });
    host.inject(ARP, fromHex(WHO_HAS_2), 2, '00:11:22:33:44:56');
    expect(hex(host.next().bytes)).toBe(TWO_IS_AT);
    host.inject(IPV4, fromHex(REQUEST_0), 0, '00:11:22:33:44:56');
    expect(hex(host.next().bytes)).toBe(REPLY_0);
    host.inject(IPV4, fromHex(REQUEST_1), 0, '00:11:22:33:44:56');
    expect(hex(host.next().bytes)).toBe(REPLY_1);
    host.ip.icmp.echo.ping(ipv4Address(ipWord('192.168.100.1')), text('xyz'), SECOND, {
      pinged: (_status, response) => response?.release(),
    });
    expect(hex(host.next().bytes)).toBe(REQUEST_OF_2);
    host.inject(IPV4, fromHex(REPLY_TO_2), 0, '00:11:22:33:44:56');
    host.finish();
  });

  test('an address that nobody has: requests at 1.1 s after the start, then on every tenth second of the slow timer', () => {
    const host = netxHost('192.168.100.1');
    host.advance(10 * TICK);
    const statuses: number[] = [];
    const listener = { pinged: (status: number) => statuses.push(status) };
    host.ip.icmp.echo.ping(ipv4Address(ipWord('192.168.100.77')), text('hello'), 100 * TICK, listener);
    host.advance(2500 * TICK);
    expect(host.take().map((sent) => sent.at)).toEqual([10 * TICK, 1000 * TICK, 2000 * TICK]);
    expect(statuses).toEqual([NX_NO_RESPONSE]);
    expect(host.pool.total - host.pool.available).toBe(1);
    expect(host.ip.icmp.echo.ping(ipv4Address(ipWord('10.0.0.1')), text('hello'), SECOND, listener)).toBe(
      NX_IP_ADDRESS_ERROR,
    );
    host.finish();
  });
});
