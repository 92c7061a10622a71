import { describe, expect, test } from '@jest/globals';
import {
  CAPABILITY_RX_CHECKSUM,
  DROP_UDP_CHECKSUM,
  DROP_UDP_LENGTH,
  DROP_UDP_PORT_ZERO,
  DROP_UDP_QUEUE_FULL,
  DROP_UDP_SHORT,
  LINK_BROADCAST,
  NX_INVALID_PORT,
  NX_NOT_BOUND,
  NX_SUCCESS,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { modernIpPolicy } from '../../ip/src/index.ts';
import { icmp, ipv4, ipWord, text, udp } from '../../ip/test/frames.ts';
import type { HostOptions } from '../../ip/test/host.ts';
import { datagramSource, modernUdpPolicy, type UdpListener, type UdpSocket } from '../src/index.ts';
import { readText, UdpHost } from './udp-host.ts';

function bound(options: HostOptions = {}, queueMaximum = 5): [UdpHost, UdpSocket] {
  const host = new UdpHost(options);
  const socket = host.udp.createSocket({ queueMaximum });
  socket.bind(5000);
  return [host, socket];
}

describe('datagrams for a socket (RFC 768, RFC 1122 4.1.3)', () => {
  test('arrive in order, with their source, and leave no packet behind', () => {
    const [host, socket] = bound();
    for (const data of ['one', 'two', '']) host.injectIp(ipv4({}, udp({ sourcePort: 4321 }, text(data))));
    expect([socket.queued, socket.bytesAvailable]).toEqual([3, 3]);
    const first = socket.receive();
    expect(first !== null && datagramSource(first)).toMatchObject({
      address: ipv4Address(ipWord('192.0.2.2')),
      port: 4321,
      destination: ipv4Address(ipWord('192.0.2.1')),
      destinationPort: 5000,
      protocol: 17,
      interfaceIndex: 0,
    });
    expect([readText(first), readText(socket.receive()), readText(socket.receive())]).toEqual(['one', 'two', '']);
    expect(socket.receive()).toBeNull();
    expect(socket.counters).toMatchObject({ packetsReceived: 3, bytesReceived: 6 });
    host.finish();
  });

  test('what did not come by UDP has no source', () => {
    const [host] = bound();
    const packet = host.packet('made here');
    expect(datagramSource(packet)).toBeNull();
    packet.release();
    host.finish();
  });

  test('a received packet can be sent back as it is', () => {
    const [host, socket] = bound();
    host.injectIp(ipv4({}, udp({ sourcePort: 4321 }, text('echo'))));
    const packet = socket.receive();
    if (packet === null) throw new Error('nothing received');
    expect(socket.send(packet, ipv4Address(ipWord('192.0.2.2')), 4321)).toBe(NX_SUCCESS);
    const fields = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 5000, destinationPort: 4321 };
    expect(host.next().bytes.subarray(20)).toEqual(udp(fields, text('echo')));
    host.finish();
  });

  test('NetX makes room in a full queue: its oldest datagram goes and is counted', () => {
    const host = new UdpHost();
    let notices = 0;
    const listener = { receivable: () => notices++, failed: () => {} };
    const socket = host.udp.createSocket({ queueMaximum: 2, listener });
    socket.bind(5000);
    for (const data of ['1', '2', '3', '4']) host.injectIp(ipv4({}, udp({}, text(data))));
    expect([socket.counters.receivePacketsDropped, host.udp.info.receivePacketsDropped]).toEqual([2, 2]);
    expect([socket.counters.packetsReceived, notices]).toEqual([4, 4]);
    expect([readText(socket.receive()), readText(socket.receive()), socket.receive()]).toEqual(['3', '4', null]);
    socket.queueMaximum = 0;
    host.injectIp(ipv4({}, udp({}, text('5'))));
    expect([socket.receive(), host.drops(DROP_UDP_QUEUE_FULL)]).toEqual([null, 1]);
    host.finish();
  });

  test('a modern host drops the newest when its queue is full', () => {
    const host = new UdpHost({}, modernUdpPolicy);
    const socket = host.udp.createSocket({ queueMaximum: 2 });
    socket.bind(5000);
    for (const data of ['1', '2', '3', '4']) host.injectIp(ipv4({}, udp({}, text(data))));
    expect(host.drops(DROP_UDP_QUEUE_FULL)).toBe(2);
    expect(socket.counters.receivePacketsDropped).toBe(2);
    expect([readText(socket.receive()), readText(socket.receive()), socket.receive()]).toEqual(['1', '2', null]);
    host.injectIp(ipv4({}, udp({}, text('5'))));
    expect(readText(socket.receive())).toBe('5');
    host.finish();
  });

  test('a queue that nobody reads is released with the port', () => {
    const [host, socket] = bound();
    host.injectIp(ipv4({}, udp({}, text('unread'))));
    socket.unbind();
    host.finish();
  });

  test('octets behind the UDP length are cut off; a socket never sees padding', () => {
    const [host, socket] = bound();
    const datagram = udp({}, text('abc'));
    host.injectIp(ipv4({ padding: 9 }, Uint8Array.from([...datagram, 1, 2, 3, 4, 5])));
    expect(readText(socket.receive())).toBe('abc');
    host.finish();
  });

  test('lengths below 8 or beyond the packet, and port 0, are malformed', () => {
    const [host, socket] = bound();
    for (let length = 0; length < 8; length++) host.injectIp(ipv4({}, udp({}, []).subarray(0, length)));
    expect(host.drops(DROP_UDP_SHORT)).toBe(8);
    for (const length of [0, 7, 12, 65535]) host.injectIp(ipv4({}, udp({ length }, text('abc'))));
    expect(host.drops(DROP_UDP_LENGTH)).toBe(4);
    host.injectIp(ipv4({}, udp({ destinationPort: 0 }, text('abc'))));
    expect(host.drops(DROP_UDP_PORT_ZERO)).toBe(1);
    expect(host.udp.counters.invalidPackets).toBe(13);
    expect(socket.queued).toBe(0);
    host.finish();
  });

  test('a wrong checksum is dropped, also for a closed port; none at all is accepted', () => {
    const [host, socket] = bound();
    host.injectIp(ipv4({}, udp({ checksum: 0x1234 }, text('abc'))));
    host.injectIp(ipv4({}, udp({ destinationPort: 9, checksum: 0x1234 }, text('abc'))));
    expect(host.drops(DROP_UDP_CHECKSUM)).toBe(2);
    expect([host.udp.counters.checksumErrors, socket.counters.checksumErrors]).toEqual([2, 1]);
    host.injectIp(ipv4({}, udp({ checksum: 0 }, text('none'))));
    expect(readText(socket.receive())).toBe('none');
    host.finish();
  });

  test('a checksum is not looked at when the socket or the link says so', () => {
    const [host, socket] = bound();
    socket.checksumEnabled = false;
    host.injectIp(ipv4({}, udp({ checksum: 0x1234 }, text('abc'))));
    expect(readText(socket.receive())).toBe('abc');
    host.finish();
    const [offloading, other] = bound({ capabilities: CAPABILITY_RX_CHECKSUM });
    offloading.injectIp(ipv4({}, udp({ checksum: 0x1234 }, text('abc'))));
    expect(readText(other.receive())).toBe('abc');
    offloading.finish();
  });

  test('source port 0 is a source like any other', () => {
    const [host, socket] = bound();
    host.injectIp(ipv4({}, udp({ sourcePort: 0 }, text('abc'))));
    expect(readText(socket.receive())).toBe('abc');
    host.finish();
  });

  test('every octet of a datagram changed alone is noticed by the checksum or harmless', () => {
    const [host, socket] = bound({}, 1000);
    const good = ipv4({}, udp({}, text('abcdef')));
    for (let at = 28; at < good.length; at++) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] as number) ^ 0x20;
      host.injectIp(bad);
    }
    expect(socket.queued).toBe(0);
    host.finish();
  });
});

describe('closed ports (RFC 1122 4.1.3.1)', () => {
  test('draw "port unreachable", but not when everybody was addressed', () => {
    const [host] = bound();
    const packet = ipv4({}, udp({ destinationPort: 9 }, text('anybody?')));
    host.injectIp(packet);
    const error = host.next().bytes;
    expect([error[20], error[21]]).toEqual([3, 3]);
    expect(error.subarray(28)).toEqual(packet.subarray(0, 28));
    const all = { destination: '192.0.2.255' };
    host.inject(0x0800, ipv4(all, udp({ ...all, destinationPort: 9 }, text('anybody?'))), LINK_BROADCAST);
    expect(host.udp.counters.receivePacketsDropped).toBe(2);
    host.finish();
  });
});

describe('connected sockets', () => {
  test('hear one peer only, and are preferred for it', () => {
    const [host, socket] = bound();
    expect(socket.connect(ipv4Address(ipWord('192.0.2.2')), 0)).toBe(NX_INVALID_PORT);
    expect(socket.connect(ipv4Address(ipWord('192.0.2.2')), 4000)).toBe(NX_SUCCESS);
    host.knowPeer('192.0.2.3');
    host.injectIp(ipv4({}, udp({}, text('peer'))));
    host.injectIp(ipv4({}, udp({ sourcePort: 4001 }, text('other port'))));
    const stranger = { source: '192.0.2.3' };
    host.injectIp(ipv4(stranger, udp(stranger, text('stranger'))));
    expect([socket.queued, host.take().length]).toEqual([1, 2]);
    readText(socket.receive());
    socket.connect(null, 0);
    host.injectIp(ipv4({}, udp({ sourcePort: 4001 }, text('anybody'))));
    expect(readText(socket.receive())).toBe('anybody');
    expect(host.udp.createSocket().connect(null, 0)).toBe(NX_NOT_BOUND);
    host.finish();
  });
});

describe('being told', () => {
  class Recorder implements UdpListener {
    readonly heard: string[] = [];
    receivable(socket: UdpSocket): void {
      this.heard.push(`receivable ${socket.queued}`);
    }
    failed(_socket: UdpSocket, kind: number, _remote: unknown, port: number): void {
      this.heard.push(`failed ${kind} ${port}`);
    }
  }

  test('once per datagram, after the event, and not after unbinding', () => {
    const [host, socket] = bound();
    const recorder = new Recorder();
    socket.listener = recorder;
    const data = ipv4({}, udp({}, text('x')));
    host.injectIp(data);
    host.injectIp(data);
    expect(recorder.heard).toEqual(['receivable 1', 'receivable 2']);
    host.sendText(socket, 'to ourselves', '127.0.0.1', 5000);
    host.sendText(socket, 'to ourselves', '127.0.0.1', 5000);
    expect(recorder.heard).toHaveLength(2);
    host.advance(0);
    expect(recorder.heard).toHaveLength(4);
    host.sendText(socket, 'to ourselves', '127.0.0.1', 5000);
    socket.unbind();
    host.advance(0);
    expect(recorder.heard).toHaveLength(4);
    host.finish();
  });

  const quoteTo = (port: number, code: number) =>
    ipv4(
      { protocol: 1, source: '192.0.2.254' },
      icmp(
        { type: 3, code },
        ipv4(
          { source: '192.0.2.1', destination: '192.0.2.2' },
          udp({ source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 5000, destinationPort: port }, []),
        ),
      ),
    );

  test('of ICMP errors: connected sockets of the errors that concern them, others when they asked', () => {
    const [host, socket] = bound({ policy: modernIpPolicy });
    const recorder = new Recorder();
    socket.listener = recorder;
    host.injectIp(quoteTo(4000, 3));
    expect(recorder.heard).toEqual([]);
    socket.connect(ipv4Address(ipWord('192.0.2.2')), 4000);
    host.injectIp(quoteTo(4001, 3));
    expect(recorder.heard).toEqual([]);
    host.injectIp(quoteTo(4000, 3));
    socket.connect(null, 0);
    socket.receiveErrors = true;
    host.injectIp(quoteTo(4001, 1));
    expect(recorder.heard).toEqual(['failed 4 4000', 'failed 2 4001']);
    host.finish();
  });

  test('NetX tells nobody of ICMP errors', () => {
    const [host, socket] = bound();
    const recorder = new Recorder();
    socket.listener = recorder;
    socket.receiveErrors = true;
    host.injectIp(quoteTo(4000, 3));
    expect(recorder.heard).toEqual([]);
    host.finish();
  });
});
