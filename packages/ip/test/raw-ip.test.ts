import { describe, expect, test } from '@jest/globals';
import {
  DROP_IPV4_RAW_FILTERED,
  DROP_IPV4_RAW_QUEUE_FULL,
  NX_ALREADY_ENABLED,
  NX_INVALID_INTERFACE,
  NX_INVALID_PACKET,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_IP_PACKET,
  NX_NOT_ENABLED,
  NX_SUCCESS,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { PROTOCOL_RAW } from '../src/index.ts';
import { ipv4, ipWord, text } from './frames.ts';
import { TestHost } from './host.ts';

const PEER = ipv4Address(ipWord('192.0.2.2'));

function rawHost(): TestHost {
  const host = new TestHost();
  host.knowPeer();
  expect(host.ip.raw.enable()).toBe(NX_SUCCESS);
  return host;
}

function receiveAll(host: TestHost): string[] {
  const texts: string[] = [];
  for (let packet = host.ip.raw.receive(); packet !== null; packet = host.ip.raw.receive()) {
    const bytes = new Uint8Array(packet.length);
    packet.extract(0, bytes, 0, bytes.length);
    texts.push(new TextDecoder().decode(bytes));
    packet.release();
  }
  return texts;
}

const raw = (payload: string, protocol = 253) => ipv4({ protocol }, text(payload));

describe('raw IP (NetX Duo UG 3)', () => {
  test('packets of protocols that nobody has registered for wait in order of arrival; the listener hears once', () => {
    const host = rawHost();
    let heard = 0;
    host.ip.raw.listener = { receivable: () => heard++ };
    host.injectIp(raw('one'));
    host.injectIp(raw('two', PROTOCOL_RAW));
    expect([heard, host.ip.raw.queued]).toEqual([2, 2]);
    expect(receiveAll(host)).toEqual(['one', 'two']);
    expect(host.take()).toEqual([]);
    host.finish();
  });

  test('without it the sender hears "protocol unreachable"; disabling releases what waits', () => {
    const host = rawHost();
    host.injectIp(raw('one'));
    expect(host.ip.raw.disable()).toBe(NX_SUCCESS);
    expect(host.pool.available).toBe(host.pool.total);
    host.injectIp(raw('two'));
    const sent = host.next().bytes;
    expect([sent[20], sent[21]]).toEqual([3, 2]);
    expect([host.ip.raw.disable(), host.ip.raw.enable(), host.ip.raw.enable()]).toEqual([
      NX_NOT_ENABLED,
      NX_SUCCESS,
      NX_ALREADY_ENABLED,
    ]);
    host.finish();
  });

  test('the filter chooses, the queue is bounded', () => {
    const host = rawHost();
    host.ip.raw.filter = (protocol) => (protocol === 253 ? NX_SUCCESS : NX_INVALID_PACKET);
    host.ip.raw.setQueueMaximum(2);
    host.injectIp(raw('other', 200));
    for (const each of ['a', 'b', 'c']) host.injectIp(raw(each));
    expect([host.drops(DROP_IPV4_RAW_FILTERED), host.drops(DROP_IPV4_RAW_QUEUE_FULL)]).toEqual([1, 1]);
    expect([host.ip.raw.packetsReceived, host.ip.raw.packetsDropped]).toEqual([2, 2]);
    expect(receiveAll(host)).toEqual(['a', 'b']);
    host.finish();
  });

  test('sends any protocol with the time to live and type of service given; every refusal has its status', () => {
    const host = rawHost();
    const packet = () => {
      const made = host.pool.allocate(NX_IP_PACKET);
      made?.appendBytes(text('data'), 0, 4);
      return made as NonNullable<typeof made>;
    };
    expect(host.ip.raw.send(packet(), PEER, 89, 3, 0xc0)).toBe(NX_SUCCESS);
    const sent = host.next().bytes;
    expect([sent[1], sent[8], sent[9], sent.length]).toEqual([0xc0, 3, 89, 24]);
    const refused = packet();
    expect(host.ip.raw.send(refused, PEER, 256)).toBe(NX_INVALID_PARAMETERS);
    expect(host.ip.raw.send(refused, ipv4Address(ipWord('203.0.113.1')))).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.ip.raw.sendFrom(refused, PEER, 4)).toBe(NX_INVALID_INTERFACE);
    host.ip.raw.disable();
    expect(host.ip.raw.send(refused, PEER)).toBe(NX_NOT_ENABLED);
    refused.release();
    host.finish();
  });
});
