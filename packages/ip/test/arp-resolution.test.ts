import { describe, expect, test } from '@jest/globals';
import {
  DROP_ARP_QUEUE_FULL,
  DROP_ARP_UNRESOLVED,
  ERROR_HOST_UNREACHABLE,
  type NetworkError,
  NX_NO_RESPONSE,
  NX_SUCCESS,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { modernIpPolicy, NEIGHBOUR_DYNAMIC, netxIpPolicy } from '../src/index.ts';
import { ARP, arp, BROADCAST_MAC, hex, IPV4, ipWord, MAC_OTHER, MAC_OURS, MAC_PEER, text } from './frames.ts';
import { TestHost } from './host.ts';
import { RecordingTransport, sendDatagram } from './transport.ts';

const PEER = ipv4Address(ipWord('192.0.2.2'));

describe('resolving an address (RFC 826)', () => {
  test('an unknown next hop is asked for by broadcast and the packet follows the answer', () => {
    const host = new TestHost();
    expect(sendDatagram(host, '192.0.2.2', 'hello')).toBe(NX_SUCCESS);
    const request = host.next();
    expect(request.etherType).toBe(ARP);
    expect(request.to).toBe(BROADCAST_MAC);
    expect(hex(request.bytes)).toBe('0001080006040001001122334456c0000201000000000000c0000202');
    expect(host.link.sent).toHaveLength(0);
    host.injectArp(arp({ operation: 2, targetMac: '00:11:22:33:44:56' }));
    const packet = host.next();
    expect(packet.etherType).toBe(IPV4);
    expect(packet.to).toBe(MAC_PEER);
    expect(sendDatagram(host, '192.0.2.2', 'again')).toBe(NX_SUCCESS);
    expect(host.next().to).toBe(MAC_PEER);
    host.finish();
  });

  test('packets that wait are sent in order; the oldest is dropped when a fifth comes', () => {
    const host = new TestHost();
    for (let i = 0; i < 6; i++) sendDatagram(host, '192.0.2.2', `packet ${i}`);
    expect(host.take()).toHaveLength(1);
    expect(host.drops(DROP_ARP_QUEUE_FULL)).toBe(2);
    expect(host.ip.counters.sendPacketsDropped).toBe(2);
    host.injectArp(arp({ operation: 2 }));
    const order = host.take().map((sent) => new TextDecoder().decode(sent.bytes.subarray(20)));
    expect(order).toEqual(['packet 2', 'packet 3', 'packet 4', 'packet 5']);
    host.finish();
  });

  test('a packet that waits is not asked for twice, whatever is sent meanwhile', () => {
    const host = new TestHost();
    for (let i = 0; i < 20; i++) {
      sendDatagram(host, '192.0.2.2', 'x');
      host.advance(10_000);
    }
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test('NetX repeats on its slow timer every 10 s, 18 times, then drops entry and packets without a word', () => {
    const host = new TestHost();
    const transport = new RecordingTransport();
    host.ip.register(253, transport);
    host.advance(100_000);
    sendDatagram(host, '192.0.2.77', 'x');
    const times = [host.next().at];
    host.advance(400 * SECOND);
    times.push(...host.take().map((sent) => sent.at));
    expect(times).toEqual([100_000, ...Array.from({ length: 18 }, (_, i) => (i + 1) * 10 * SECOND)]);
    expect(host.drops(DROP_ARP_UNRESOLVED)).toBe(1);
    expect(transport.errors).toEqual([]);
    expect(host.pool.available).toBe(host.pool.total);
    expect(host.scheduler.nextTime()).toBe(Number.POSITIVE_INFINITY);
    host.finish();
  });

  test('a modern host gives up after three requests and tells the transport that the host is unreachable', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    const transport = new RecordingTransport();
    host.ip.register(253, transport);
    sendDatagram(host, '192.0.2.77', 'abcdefgh');
    sendDatagram(host, '192.0.2.77', 'ijklmnop');
    host.advance(10 * SECOND);
    expect(host.take().map((sent) => sent.at)).toEqual([0, SECOND, 2 * SECOND]);
    expect(transport.errors).toEqual([
      { kind: ERROR_HOST_UNREACHABLE, remote: ipWord('192.0.2.77'), localPort: 0x6162 },
      { kind: ERROR_HOST_UNREACHABLE, remote: ipWord('192.0.2.77'), localPort: 0x696a },
    ]);
    sendDatagram(host, '192.0.2.77', 'once more');
    expect(host.take()).toHaveLength(1);
    host.finish();
  });

  test('a transport may send from inside the error that tells it so', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    let again = 0;
    host.ip.register(253, {
      accept: () => 1,
      networkError: (_error: NetworkError) => {
        if (again++ === 0) sendDatagram(host, '192.0.2.77', 'retry it');
      },
    });
    sendDatagram(host, '192.0.2.77', 'abcdefgh');
    host.advance(20 * SECOND);
    expect(again).toBe(2);
    expect(host.take()).toHaveLength(6);
    host.finish();
  });

  test('a ping to nobody times out in NetX after its own wait, with one request sent', () => {
    const host = new TestHost();
    const heard: number[] = [];
    const status = host.ip.icmp.echo.ping(PEER, text('hello'), SECOND, { pinged: (result) => heard.push(result) });
    expect(status).toBe(NX_SUCCESS);
    host.advance(2 * SECOND);
    expect(heard).toEqual([NX_NO_RESPONSE]);
    expect(host.take()).toHaveLength(1);
    host.finish();
  });
});

describe('entries (RFC 826, RFC 1122 2.3.2.1)', () => {
  test('an entry follows its owner to another card', () => {
    const host = new TestHost();
    host.knowPeer();
    host.injectArp(arp({ operation: 2, senderMac: MAC_OTHER }));
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().to).toBe(MAC_OTHER);
    host.finish();
  });

  test('NetX entries never age', () => {
    const host = new TestHost();
    host.knowPeer();
    host.advance(100_000 * SECOND);
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().etherType).toBe(IPV4);
    host.finish();
  });

  test('a modern entry ages, is counted, and is asked for again', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    host.knowPeer();
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().etherType).toBe(IPV4);
    host.advance(60 * SECOND);
    expect(host.ip.arp.counters.agedEntries).toBe(1);
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().etherType).toBe(ARP);
    host.finish();
  });

  test('a flow notices that its entry was deleted', () => {
    const host = new TestHost();
    host.knowPeer();
    const flow = host.ip.openFlow(PEER, 253, null);
    sendDatagram(host, flow as NonNullable<typeof flow>, 'x');
    expect(host.next().to).toBe(MAC_PEER);
    host.ip.arp.deleteEntry(ipWord('192.0.2.2'));
    sendDatagram(host, flow as NonNullable<typeof flow>, 'x');
    expect(host.next().etherType).toBe(ARP);
    host.finish();
  });

  test('a full cache gives up the strangers first: the peers in use survive a flood', () => {
    const policy = { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, cacheSize: 8 } };
    const host = new TestHost({ policy });
    for (let i = 2; i < 6; i++) {
      host.knowPeer(`192.0.2.${i}`);
      sendDatagram(host, `192.0.2.${i}`, 'x');
    }
    host.take();
    for (let i = 0; i < 1000; i++) {
      host.injectArp(arp({ sender: `192.0.2.${100 + (i % 100)}`, senderMac: MAC_OTHER, target: '192.0.2.200' }));
    }
    expect(host.ip.arp.cache.dynamicEntries).toBe(8);
    for (let i = 2; i < 6; i++) expect(host.ip.arp.findEntry(ipWord(`192.0.2.${i}`))?.state).toBe(NEIGHBOUR_DYNAMIC);
    host.finish();
  });

  test('a cache full of unresolved entries gives up the oldest and what waits for it, not the peers in use', () => {
    const policy = { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, cacheSize: 3 } };
    const host = new TestHost({ policy });
    host.knowPeer();
    sendDatagram(host, '192.0.2.2', 'x');
    host.take();
    for (let i = 10; i < 15; i++) expect(sendDatagram(host, `192.0.2.${i}`, 'x')).toBe(NX_SUCCESS);
    expect(host.take()).toHaveLength(5);
    expect(host.ip.counters.sendPacketsDropped).toBe(3);
    expect(host.pool.total - host.pool.available).toBe(2);
    expect(host.ip.arp.findEntry(ipWord('192.0.2.2'))?.state).toBe(NEIGHBOUR_DYNAMIC);
    host.finish();
  });

  test('a cache full of static entries refuses more and the packet is released', () => {
    const policy = { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, cacheSize: 2 } };
    const host = new TestHost({ policy });
    for (let i = 2; i < 4; i++) host.ip.arp.createStaticEntry(ipWord(`192.0.2.${i}`), 0x0011, i);
    expect(sendDatagram(host, '192.0.2.10', 'x')).toBe(NX_SUCCESS);
    expect(host.ip.counters.sendPacketsDropped).toBe(1);
    expect(host.pool.total - host.pool.available).toBe(0);
    host.finish();
  });

  test('packets that wait for neighbours who do not exist hold no more than a quarter of the pool', () => {
    const host = new TestHost({ packets: 64 });
    for (let i = 10; i < 60; i++) sendDatagram(host, `192.0.2.${i}`, 'x');
    host.take();
    expect(host.pool.total - host.pool.available).toBe(16);
    host.injectArp(arp({ operation: 2, sender: '192.0.2.59', senderMac: MAC_OTHER, targetMac: MAC_OURS }));
    expect(host.next().to).toBe(MAC_OTHER);
    host.finish();
  });

  test('an idle host has no deadline', () => {
    const host = new TestHost();
    host.knowPeer();
    expect(host.scheduler.nextTime()).toBe(Number.POSITIVE_INFINITY);
    host.finish();
  });
});
