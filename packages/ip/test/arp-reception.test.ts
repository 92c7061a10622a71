import { describe, expect, test } from '@jest/globals';
import {
  DROP_ARP_ADDRESS_LENGTH,
  DROP_ARP_HARDWARE_TYPE,
  DROP_ARP_NOT_FOR_US,
  DROP_ARP_OPERATION,
  DROP_ARP_PROTOCOL_TYPE,
  DROP_ARP_SENDER_ADDRESS,
  DROP_ARP_SENDER_MAC,
  DROP_ARP_SHORT,
  NX_ENTRY_NOT_FOUND,
  NX_INVALID_PARAMETERS,
  NX_IP_ADDRESS_ERROR,
  NX_NO_MORE_ENTRIES,
  NX_SUCCESS,
} from '@strata/contracts';
import { modernIpPolicy, NEIGHBOUR_STATIC, netxIpPolicy } from '../src/index.ts';
import { ARP, arp, BROADCAST_MAC, hex, ipWord, MAC_OTHER, MAC_OURS, MAC_PEER } from './frames.ts';
import { TestHost } from './host.ts';
import { sendDatagram } from './transport.ts';

describe('answering (RFC 826)', () => {
  test('a request for our address gets a unicast reply with the four right fields', () => {
    const host = new TestHost();
    host.injectArp(arp({}));
    const reply = host.next();
    expect(reply.etherType).toBe(ARP);
    expect(reply.to).toBe(MAC_PEER);
    expect(hex(reply.bytes)).toBe('0001080006040002001122334456c0000201001122334457c0000202');
    expect(host.ip.arp.counters).toMatchObject({ requestsReceived: 1, responsesSent: 1, requestsSent: 0 });
    host.finish();
  });

  test('the padding of a short frame is not sent back', () => {
    const host = new TestHost();
    host.injectArp(Uint8Array.from([...arp({}), ...new Array<number>(18).fill(0x55)]));
    expect(host.next().bytes).toHaveLength(28);
    host.finish();
  });

  test('a request for another address gets none', () => {
    const host = new TestHost();
    host.injectArp(arp({ target: '192.0.2.9' }));
    expect(host.link.sent).toHaveLength(0);
    expect(host.drops(DROP_ARP_NOT_FOR_US)).toBe(1);
    host.finish();
  });

  test('a probe for our address is answered and its sender, which has none, is not cached', () => {
    const host = new TestHost();
    host.injectArp(arp({ sender: '0.0.0.0' }));
    expect(hex(host.next().bytes)).toBe('0001080006040002001122334456c000020100112233445700000000');
    expect(host.ip.arp.cache.dynamicEntries).toBe(0);
    host.finish();
  });

  test('a host without an address answers nothing', () => {
    const host = new TestHost({ address: null });
    host.injectArp(arp({ target: '0.0.0.0' }));
    host.injectArp(arp({ target: '192.0.2.1' }));
    host.finish();
  });

  test('a reply goes out even when the pool is empty', () => {
    const host = new TestHost({ packets: 2 });
    const other = host.pool.allocate(0);
    host.injectArp(arp({}));
    expect(host.next().to).toBe(MAC_PEER);
    other?.release();
    host.finish();
  });
});

describe('what is not ARP is dropped', () => {
  test('a packet of any length below 28', () => {
    const host = new TestHost();
    for (let length = 0; length < 28; length++) host.injectArp(arp({}).subarray(0, length));
    expect(host.drops(DROP_ARP_SHORT)).toBe(28);
    expect(host.ip.arp.counters.invalidMessages).toBe(28);
    host.finish();
  });

  const cases: [string, Parameters<typeof arp>[0], number][] = [
    ['hardware type', { hardwareType: 6 }, DROP_ARP_HARDWARE_TYPE],
    ['protocol type', { protocolType: 0x86dd }, DROP_ARP_PROTOCOL_TYPE],
    ['hardware length', { hardwareLength: 8 }, DROP_ARP_ADDRESS_LENGTH],
    ['protocol length', { protocolLength: 16 }, DROP_ARP_ADDRESS_LENGTH],
    ['operation 0', { operation: 0 }, DROP_ARP_OPERATION],
    ['operation of RARP', { operation: 4 }, DROP_ARP_OPERATION],
    ['operation 0x0101', { operation: 0x0101 }, DROP_ARP_OPERATION],
    ['broadcast sender MAC', { senderMac: BROADCAST_MAC }, DROP_ARP_SENDER_MAC],
    ['multicast sender MAC', { senderMac: '01:00:5e:00:00:01' }, DROP_ARP_SENDER_MAC],
    ['zero sender MAC', { senderMac: '00:00:00:00:00:00' }, DROP_ARP_SENDER_MAC],
    ['our own sender MAC', { senderMac: MAC_OURS }, DROP_ARP_SENDER_MAC],
    ['limited broadcast as sender', { sender: '255.255.255.255' }, DROP_ARP_SENDER_ADDRESS],
    ['directed broadcast as sender', { sender: '192.0.2.255' }, DROP_ARP_SENDER_ADDRESS],
    ['multicast as sender', { sender: '224.0.0.1' }, DROP_ARP_SENDER_ADDRESS],
    ['loopback as sender', { sender: '127.0.0.1' }, DROP_ARP_SENDER_ADDRESS],
    ['a reply from nobody', { operation: 2, sender: '0.0.0.0' }, DROP_ARP_SENDER_ADDRESS],
  ];
  test.each(cases)('%s', (_name, fields, reason) => {
    const host = new TestHost();
    host.injectArp(arp(fields));
    expect(host.drops(reason)).toBe(1);
    expect(host.ip.arp.cache.dynamicEntries).toBe(0);
    host.finish();
  });
});

describe('what ARP teaches (RFC 826, "Packet Reception")', () => {
  test('a reply that nobody asked for makes no entry, in either profile', () => {
    for (const policy of [netxIpPolicy, modernIpPolicy]) {
      const host = new TestHost({ policy });
      host.injectArp(arp({ operation: 2, targetMac: MAC_OURS }));
      expect(host.ip.arp.findEntry(ipWord('192.0.2.2'))).toBeNull();
      host.finish();
    }
  });

  test('a request for us makes an entry, so that our answer needs no request', () => {
    for (const policy of [netxIpPolicy, modernIpPolicy]) {
      const host = new TestHost({ policy });
      host.injectArp(arp({}));
      host.next();
      sendDatagram(host, '192.0.2.2', 'x');
      expect(host.next().to).toBe(MAC_PEER);
      host.finish();
    }
  });

  test('a request for others makes an entry in NetX, none in a modern host', () => {
    for (const [policy, entries] of [
      [netxIpPolicy, 1],
      [modernIpPolicy, 0],
    ] as const) {
      const host = new TestHost({ policy });
      host.injectArp(arp({ target: '192.0.2.9' }));
      expect(host.ip.arp.cache.dynamicEntries).toBe(entries);
      host.finish();
    }
  });

  test('any packet brings an existing entry up to date, also one that is not for us', () => {
    const host = new TestHost({ policy: modernIpPolicy });
    host.knowPeer();
    host.injectArp(arp({ senderMac: MAC_OTHER, target: '192.0.2.9' }), 2, MAC_OTHER);
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().to).toBe(MAC_OTHER);
    host.finish();
  });

  test('an address that is not on the link makes no entry', () => {
    const host = new TestHost();
    host.injectArp(arp({ sender: '198.51.100.7' }));
    host.next();
    expect(host.ip.arp.cache.dynamicEntries).toBe(0);
    host.finish();
  });

  test('a static entry stands, whatever is said', () => {
    const host = new TestHost();
    expect(host.ip.arp.createStaticEntry(ipWord('192.0.2.2'), 0x0011, 0x22334458)).toBe(NX_SUCCESS);
    host.injectArp(arp({ operation: 2 }));
    host.injectArp(arp({}));
    host.next();
    sendDatagram(host, '192.0.2.2', 'x');
    expect(host.next().to).toBe(MAC_OTHER);
    expect(host.ip.arp.cache.staticEntries).toBe(1);
    host.finish();
  });
});

describe('the application and the cache (NetX Duo UG 4)', () => {
  test('static entries: created, found, deleted by their very value', () => {
    const host = new TestHost();
    const address = ipWord('192.0.2.2');
    expect(host.ip.arp.createStaticEntry(ipWord('198.51.100.1'), 1, 2)).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.ip.arp.createStaticEntry(address, 0, 0)).toBe(NX_INVALID_PARAMETERS);
    expect(host.ip.arp.createStaticEntry(address, 0x0011, 0x22334457)).toBe(NX_SUCCESS);
    expect(host.ip.arp.findEntry(address)).toMatchObject({ state: NEIGHBOUR_STATIC, msw: 0x0011, lsw: 0x22334457 });
    expect(host.ip.arp.deleteStaticEntry(address, 0x0011, 1)).toBe(NX_ENTRY_NOT_FOUND);
    expect(host.ip.arp.deleteStaticEntry(address, 0x0011, 0x22334457)).toBe(NX_SUCCESS);
    expect(host.ip.arp.findEntry(address)).toBeNull();
    expect(host.ip.arp.deleteEntry(address)).toBe(NX_ENTRY_NOT_FOUND);
    host.finish();
  });

  test('a dynamic entry without MAC address is asked for', () => {
    const host = new TestHost();
    expect(host.ip.arp.setDynamicEntry(ipWord('192.0.2.2'), 0, 0)).toBe(NX_SUCCESS);
    expect(host.next().to).toBe(BROADCAST_MAC);
    host.finish();
  });

  test('invalidating the dynamic entries leaves the static ones', () => {
    const host = new TestHost();
    host.ip.arp.createStaticEntry(ipWord('192.0.2.3'), 0x0011, 3);
    host.knowPeer();
    host.ip.arp.invalidateDynamicEntries();
    expect(host.ip.arp.cache).toMatchObject({ dynamicEntries: 0, staticEntries: 1 });
    host.ip.arp.deleteStaticEntries();
    expect(host.ip.arp.cache.staticEntries).toBe(0);
    host.finish();
  });

  test('a cache full of static entries takes no more', () => {
    const host = new TestHost({ policy: { ...netxIpPolicy, arp: { ...netxIpPolicy.arp, cacheSize: 2 } } });
    for (let i = 2; i < 4; i++)
      expect(host.ip.arp.createStaticEntry(ipWord(`192.0.2.${i}`), 0x0011, i)).toBe(NX_SUCCESS);
    expect(host.ip.arp.createStaticEntry(ipWord('192.0.2.4'), 0x0011, 4)).toBe(NX_NO_MORE_ENTRIES);
    host.ip.arp.deleteStaticEntries();
    host.finish();
  });
});
