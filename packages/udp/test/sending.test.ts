import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITY_TX_CHECKSUM,
  NX_INVALID_PORT,
  NX_IP_ADDRESS_ERROR,
  NX_NOT_BOUND,
  NX_NOT_ENABLED,
  NX_OVERFLOW,
  NX_SUCCESS,
  NX_UNDERFLOW,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { modernIpPolicy } from '../../ip/src/index.ts';
import { ipWord, text, udp } from '../../ip/test/frames.ts';
import { modernUdpPolicy } from '../src/index.ts';
import { UdpHost } from './udp-host.ts';

describe('the datagram we send (RFC 768)', () => {
  test('ports, length, checksum and data', () => {
    const host = new UdpHost();
    const socket = host.udp.createSocket({ timeToLive: 9, typeOfService: 0x20 });
    socket.bind(5000);
    for (const data of ['', 'a', 'ab', 'abc', 'x'.repeat(1472)]) {
      expect(host.sendText(socket, data)).toBe(NX_SUCCESS);
      const sent = host.next().bytes;
      const fields = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 5000, destinationPort: 4000 };
      expect(sent.subarray(20)).toEqual(udp(fields, text(data)));
      expect([sent[8], sent[1]]).toEqual([9, 0x20]);
    }
    expect(host.udp.counters).toMatchObject({ packetsSent: 5, bytesSent: 0 + 1 + 2 + 3 + 1472 });
    expect(socket.counters.packetsSent).toBe(5);
    host.finish();
  });

  test('a checksum that computes to 0 is sent as 0xffff', () => {
    const host = new UdpHost();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    const fields = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 5000, destinationPort: 4000 };
    const zeroes = udp(fields, [0, 0]);
    // With its own checksum as data, a datagram sums to nothing but ones.
    const packet = host.packet('ab');
    packet.view.setUint16(packet.prepend, ((zeroes[6] as number) << 8) | (zeroes[7] as number));
    expect(socket.send(packet, ipv4Address(ipWord('192.0.2.2')), 4000)).toBe(NX_SUCCESS);
    expect([...host.next().bytes.subarray(26, 28)]).toEqual([0xff, 0xff]);
    host.finish();
  });

  test('with checksums off it is 0', () => {
    const host = new UdpHost();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    socket.checksumEnabled = false;
    host.sendText(socket, 'abc');
    expect([...host.next().bytes.subarray(26, 28)]).toEqual([0, 0]);
    host.finish();
  });

  test('a link that makes checksums is left to make it', () => {
    const host = new UdpHost({ capabilities: CAPABILITY_TX_CHECKSUM });
    const socket = host.udp.createSocket();
    socket.bind(5000);
    host.sendText(socket, 'abc');
    expect([...host.next().bytes.subarray(26, 28)]).toEqual([0, 0]);
    host.finish();
  });

  test('data in a chain of packets is summed and sent whole', () => {
    const host = new UdpHost({ payloadSize: 128 });
    const socket = host.udp.createSocket();
    socket.bind(5000);
    for (const length of [64, 65, 191, 192, 193, 1000, 1471]) {
      host.sendText(socket, 'abcdefg'.repeat(300).slice(0, length));
      expect(host.next().bytes).toHaveLength(28 + length);
    }
    host.finish();
  });
});

describe('what a socket refuses to send', () => {
  test('each case has its status and the packet stays with the caller', () => {
    const host = new UdpHost({ policy: modernIpPolicy });
    const socket = host.udp.createSocket();
    expect(host.sendText(socket, 'x')).toBe(NX_NOT_BOUND);
    socket.bind(5000);
    for (const port of [0, -1, 65536]) expect(host.sendText(socket, 'x', '192.0.2.2', port)).toBe(NX_INVALID_PORT);
    expect(host.sendText(socket, 'x', '0.0.0.0')).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.sendText(socket, 'x', '198.51.100.1')).toBe(NX_IP_ADDRESS_ERROR);
    expect(host.sendText(socket, 'x'.repeat(1473))).toBe(NX_OVERFLOW);
    const bare = host.pool.allocate(4);
    expect(bare !== null && socket.send(bare, ipv4Address(ipWord('192.0.2.2')), 1)).toBe(NX_UNDERFLOW);
    bare?.release();
    expect(host.sendText(socket, 'x')).toBe(NX_SUCCESS);
    host.next();
    host.finish();
  });

  test('broadcasts need permission in a modern host', () => {
    const host = new UdpHost({}, modernUdpPolicy);
    const socket = host.udp.createSocket();
    socket.bind(5000);
    for (const address of ['192.0.2.255', '255.255.255.255']) {
      socket.broadcast = false;
      expect(host.sendText(socket, 'x', address)).toBe(NX_NOT_ENABLED);
      socket.broadcast = true;
      expect(host.sendText(socket, 'x', address)).toBe(NX_SUCCESS);
      expect(host.next().to).toBe('ff:ff:ff:ff:ff:ff');
    }
    host.finish();
  });

  test('a socket follows its host to another address', () => {
    const host = new UdpHost();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    host.sendText(socket, 'x');
    host.ip.setAddress(host.eth0, ipWord('192.0.2.50'), ipWord('255.255.255.0'));
    expect(host.sendText(socket, 'x')).toBe(NX_SUCCESS);
    expect(host.take().map((sent) => sent.bytes[15])).toEqual([1, 50]);
    host.finish();
  });

  test('a source may be named for one datagram', () => {
    const host = new UdpHost();
    const socket = host.udp.createSocket();
    socket.bind(5000);
    const packet = host.packet('x');
    const remote = ipv4Address(ipWord('192.0.2.2'));
    expect(socket.send(packet, remote, 1, ipv4Address(ipWord('192.0.2.9')))).toBe(NX_IP_ADDRESS_ERROR);
    expect(socket.send(packet, remote, 1, ipv4Address(ipWord('192.0.2.1')))).toBe(NX_SUCCESS);
    host.next();
    host.finish();
  });

  test('without an address a socket can ask everybody for one', () => {
    const host = new UdpHost({ address: null });
    const socket = host.udp.createSocket();
    socket.bind(68);
    socket.interfaceIndex = 0;
    const packet = host.packet('discover');
    expect(socket.send(packet, ipv4Address(-1), 67, ipv4Address(0))).toBe(NX_SUCCESS);
    expect([...host.next().bytes.subarray(12, 20)]).toEqual([0, 0, 0, 0, 255, 255, 255, 255]);
    host.finish();
  });
});
