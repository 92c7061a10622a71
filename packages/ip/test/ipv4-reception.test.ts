import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITY_RX_CHECKSUM,
  DROP_IPV4_CHECKSUM,
  DROP_IPV4_ETHERTYPE,
  DROP_IPV4_FRAGMENT,
  DROP_IPV4_HEADER_LENGTH,
  DROP_IPV4_LINK_CAST,
  DROP_IPV4_NOT_FOR_US,
  DROP_IPV4_OPTION,
  DROP_IPV4_OWN_SOURCE,
  DROP_IPV4_PROTOCOL,
  DROP_IPV4_SHORT,
  DROP_IPV4_SOURCE_ADDRESS,
  DROP_IPV4_SOURCE_ROUTE,
  DROP_IPV4_TOTAL_LENGTH,
  DROP_IPV4_TRUNCATED,
  DROP_IPV4_VERSION,
  LINK_BROADCAST,
  LINK_MULTICAST,
  LINK_UNICAST,
  NX_ALREADY_ENABLED,
  NX_ENTRY_NOT_FOUND,
  NX_SUCCESS,
} from '@strata/contracts';
import { modernIpPolicy } from '../src/index.ts';
import { icmp, ipv4, ipWord, text, udp } from './frames.ts';
import { type HostOptions, TestHost } from './host.ts';
import { EXPERIMENT, RecordingTransport } from './transport.ts';

function withTransport(options: HostOptions = {}): [TestHost, RecordingTransport] {
  const host = new TestHost(options);
  const transport = new RecordingTransport();
  host.ip.register(EXPERIMENT, transport);
  return [host, transport];
}

const DATA = text('payload');
const datagram = (fields: Parameters<typeof ipv4>[0] = {}) => ipv4({ protocol: EXPERIMENT, ...fields }, DATA);

describe('the header (RFC 791 3.1, RFC 1122 3.2.1)', () => {
  test('a good datagram reaches its transport, without padding', () => {
    const [host, transport] = withTransport();
    for (const padding of [0, 1, 19, 200]) host.injectIp(datagram({ padding }));
    expect(transport.received).toHaveLength(4);
    for (const each of transport.received) expect(each.data).toBe('payload');
    host.finish();
  });

  const bad: [string, Uint8Array, number][] = [
    ['version 5', datagram({ version: 5 }), DROP_IPV4_VERSION],
    ['version 6', datagram({ version: 6 }), DROP_IPV4_VERSION],
    ['header length 4 words', datagram({ headerWords: 4 }), DROP_IPV4_HEADER_LENGTH],
    ['header length beyond the packet', datagram({ headerWords: 15 }), DROP_IPV4_HEADER_LENGTH],
    ['wrong checksum', datagram({ checksum: 0x1234 }), DROP_IPV4_CHECKSUM],
    ['total length 0', datagram({ totalLength: 0 }), DROP_IPV4_TOTAL_LENGTH],
    ['total length below the header', datagram({ totalLength: 19 }), DROP_IPV4_TOTAL_LENGTH],
    ['total length beyond the frame', datagram({ totalLength: 28 }), DROP_IPV4_TRUNCATED],
    ['total length 65535', datagram({ totalLength: 65535 }), DROP_IPV4_TRUNCATED],
  ];
  test.each(bad)('%s is dropped', (_name, packet, reason) => {
    const [host, transport] = withTransport();
    host.injectIp(packet);
    expect(host.drops(reason)).toBe(1);
    expect(host.ip.counters.invalidPackets).toBe(1);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('a packet cut off anywhere is dropped', () => {
    const [host, transport] = withTransport();
    const whole = datagram();
    for (let length = 0; length < whole.length; length++) host.injectIp(whole.subarray(0, length));
    expect(host.drops(DROP_IPV4_SHORT)).toBe(20);
    expect(host.drops(DROP_IPV4_TRUNCATED)).toBe(whole.length - 20);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('a checksum the link has verified is not verified again', () => {
    const [host, transport] = withTransport({ capabilities: CAPABILITY_RX_CHECKSUM });
    host.injectIp(datagram({ checksum: 0x1234 }));
    expect(transport.received).toHaveLength(1);
    host.finish();
  });

  test('time to live 0 and 1 are good enough for us', () => {
    const [host, transport] = withTransport();
    host.injectIp(datagram({ timeToLive: 0 }));
    host.injectIp(datagram({ timeToLive: 1 }));
    expect(transport.received).toHaveLength(2);
    host.finish();
  });

  test('an unknown EtherType is dropped', () => {
    const host = new TestHost();
    host.inject(0x8847, new Uint8Array(40));
    host.inject(0x88cc, new Uint8Array(0));
    expect(host.drops(DROP_IPV4_ETHERTYPE)).toBe(2);
    host.finish();
  });

  test('a datagram that fills the MTU and one in a chain of packets arrive whole', () => {
    const [host, transport] = withTransport({ payloadSize: 256 });
    const data = text('x'.repeat(1480));
    host.injectIp(ipv4({ protocol: EXPERIMENT }, data));
    host.injectIp(ipv4({ protocol: EXPERIMENT, padding: 300, totalLength: 20 + 300 }, data.subarray(0, 300)));
    expect(transport.received.map((each) => each.data.length)).toEqual([1480, 300]);
    host.finish();
  });
});

describe('options (RFC 1122 3.2.1.8, RFC 7126)', () => {
  test('unknown and harmless options are passed over', () => {
    const [host, transport] = withTransport();
    for (const options of [
      [0],
      [1, 1, 1, 0],
      [0x94, 4, 0, 0],
      [7, 7, 4, 1, 2, 3, 4],
      [68, 8, 5, 0, 0, 0, 0, 0],
      [30, 2],
    ]) {
      host.injectIp(datagram({ options }));
    }
    expect(transport.received).toHaveLength(6);
    host.finish();
  });

  test('source routes are refused', () => {
    const [host, transport] = withTransport();
    for (const type of [131, 137]) host.injectIp(datagram({ options: [1, type, 7, 4, 198, 51, 100, 1] }));
    expect(host.drops(DROP_IPV4_SOURCE_ROUTE)).toBe(2);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test.each([
    ['length 0', [30, 0, 0, 0], 21],
    ['length 1', [1, 30, 1, 0], 22],
    ['length past the header', [30, 40, 0, 0], 21],
    ['no length octet', [1, 1, 1, 30], 23],
  ])('%s is a parameter problem that points at the octet', (_name, options, pointer) => {
    const [host, transport] = withTransport();
    host.knowPeer();
    host.injectIp(datagram({ options }));
    expect(host.drops(DROP_IPV4_OPTION)).toBe(1);
    expect(transport.received).toEqual([]);
    const error = host.next().bytes;
    expect(error[20]).toBe(12);
    expect(error[21]).toBe(0);
    expect(error[24]).toBe(pointer);
    host.finish();
  });

  test('every option type with every length ends without harm', () => {
    const [host] = withTransport({ policy: modernIpPolicy });
    host.knowPeer();
    for (let type = 0; type < 256; type++) {
      for (let length = 0; length <= 44; length += 1) {
        host.injectIp(datagram({ options: [type, length, 4, 0, 0, 0, 0, 0] }));
      }
      host.take();
    }
    host.finish();
  });
});

describe('addresses (RFC 1122 3.2.1.3)', () => {
  const sources: [string, number][] = [
    ['127.0.0.1', DROP_IPV4_SOURCE_ADDRESS],
    ['0.0.0.0', DROP_IPV4_SOURCE_ADDRESS],
    ['0.1.2.3', DROP_IPV4_SOURCE_ADDRESS],
    ['224.0.0.1', DROP_IPV4_SOURCE_ADDRESS],
    ['240.0.0.1', DROP_IPV4_SOURCE_ADDRESS],
    ['255.255.255.255', DROP_IPV4_SOURCE_ADDRESS],
    ['192.0.2.0', DROP_IPV4_SOURCE_ADDRESS],
    ['192.0.2.255', DROP_IPV4_SOURCE_ADDRESS],
    ['192.0.2.1', DROP_IPV4_OWN_SOURCE],
  ];
  test.each(sources)('source %s is dropped', (source, reason) => {
    const [host, transport] = withTransport();
    host.injectIp(datagram({ source }));
    expect(host.drops(reason)).toBe(1);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test.each(['192.0.2.9', '198.51.100.1', '127.0.0.1', '0.0.0.0', '240.0.0.1', '224.0.0.5', '192.0.2.0'])(
    'destination %s is not ours',
    (destination) => {
      const [host, transport] = withTransport();
      host.injectIp(datagram({ destination }));
      expect(host.drops(DROP_IPV4_NOT_FOR_US)).toBe(1);
      expect(transport.received).toEqual([]);
      host.finish();
    },
  );

  test('limited and directed broadcasts are received and marked as such', () => {
    const [host, transport] = withTransport();
    for (const destination of ['255.255.255.255', '192.0.2.255']) {
      host.inject(0x0800, datagram({ destination }), LINK_BROADCAST);
      host.inject(0x0800, datagram({ destination }), LINK_UNICAST);
    }
    expect(transport.received).toHaveLength(4);
    for (const each of transport.received) expect(each.toUnicast).toBe(false);
    host.finish();
  });

  test('a packet to us in a frame to everybody is dropped', () => {
    const [host, transport] = withTransport();
    host.inject(0x0800, datagram(), LINK_BROADCAST);
    host.inject(0x0800, datagram(), LINK_MULTICAST);
    expect(host.drops(DROP_IPV4_LINK_CAST)).toBe(2);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('a group is heard from joining until the last leave', () => {
    const [host, transport] = withTransport();
    const group = ipWord('239.129.2.3');
    const packet = datagram({ destination: '239.129.2.3' });
    host.injectMulticast(packet);
    expect(host.ip.leaveGroup(host.eth0, group)).toBe(NX_ENTRY_NOT_FOUND);
    expect(host.ip.joinGroup(host.eth0, group)).toBe(NX_SUCCESS);
    expect(host.ip.joinGroup(host.eth0, group)).toBe(NX_SUCCESS);
    expect(host.link.groups).toEqual(['01:00:5e:01:02:03']);
    host.injectMulticast(packet);
    host.ip.leaveGroup(host.eth0, group);
    host.injectMulticast(packet);
    host.ip.leaveGroup(host.eth0, group);
    expect(host.link.groups).toEqual([]);
    host.injectMulticast(packet);
    expect(transport.received).toHaveLength(2);
    expect(host.drops(DROP_IPV4_NOT_FOR_US)).toBe(2);
    host.finish();
  });

  test('a host is strong: the address of one interface is not reached by another', () => {
    const [host, transport] = withTransport();
    const second = new TestHost().link;
    const eth1 = host.ip.attachInterface('eth1', second);
    host.ip.setAddress(eth1, ipWord('198.51.100.1'), ipWord('255.255.255.0'));
    host.injectIp(datagram({ destination: '198.51.100.1' }));
    expect(transport.received).toEqual([]);
    host.inject(
      0x0800,
      datagram({ source: '198.51.100.2', destination: '198.51.100.1' }),
      LINK_UNICAST,
      undefined,
      second,
    );
    expect(transport.received).toMatchObject([{ interfaceIndex: 1 }]);
    host.finish();
  });

  test('an interface without an address takes UDP sent to its address-to-be, and broadcasts from hosts without one', () => {
    const host = new TestHost({ address: null });
    const transport = new RecordingTransport();
    host.ip.register(17, transport);
    const fields = { source: '192.0.2.254', destination: '192.0.2.1', protocol: 17 };
    host.injectIp(ipv4(fields, udp(fields, text('offer'))));
    const discover = { source: '0.0.0.0', destination: '255.255.255.255', protocol: 17 };
    host.inject(0x0800, ipv4(discover, udp(discover, text('discover'))), LINK_BROADCAST);
    host.injectIp(ipv4({ ...fields, protocol: 6 }, DATA));
    expect(transport.received).toHaveLength(2);
    host.finish();
  });
});

describe('fragments and protocols', () => {
  test.each([0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff])('fragment word %i is dropped and counted', (fragment) => {
    const [host, transport] = withTransport();
    host.injectIp(datagram({ fragment }));
    expect(host.drops(DROP_IPV4_FRAGMENT)).toBe(1);
    expect(host.ip.counters.totalFragmentsReceived).toBe(1);
    expect(transport.received).toEqual([]);
    host.finish();
  });

  test('"do not fragment" is not a fragment, nor is the reserved flag', () => {
    const [host, transport] = withTransport();
    host.injectIp(datagram({ fragment: 0x4000 }));
    host.injectIp(datagram({ fragment: 0x8000 }));
    expect(transport.received).toHaveLength(2);
    host.finish();
  });

  test('a protocol nobody registered for draws "protocol unreachable"', () => {
    const host = new TestHost();
    host.knowPeer();
    host.injectIp(datagram());
    const error = host.next().bytes;
    expect([error[20], error[21]]).toEqual([3, 2]);
    expect(error.subarray(28)).toEqual(datagram().subarray(0, 27));
    expect(host.drops(DROP_IPV4_PROTOCOL)).toBe(1);
    host.finish();
  });

  test('a reason from a transport is counted and the packet released', () => {
    const [host, transport] = withTransport();
    transport.answer = 0xb1;
    host.injectIp(datagram());
    expect(host.drops(0xb1)).toBe(1);
    host.finish();
  });

  test('a protocol has one transport', () => {
    const [host] = withTransport();
    expect(host.ip.register(EXPERIMENT, new RecordingTransport())).toBe(NX_ALREADY_ENABLED);
    expect(host.ip.register(1, new RecordingTransport())).toBe(NX_ALREADY_ENABLED);
    host.finish();
  });

  test('IGMP without anybody to take it is dropped in silence', () => {
    const host = new TestHost();
    host.injectIp(ipv4({ protocol: 2 }, icmp({ type: 0x11 }, [])));
    host.finish();
  });
});
