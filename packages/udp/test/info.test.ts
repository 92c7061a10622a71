import { expect, test } from '@jest/globals';
import { ipv4, text, udp } from '../../ip/test/frames.ts';
import type { UdpSocket } from '../src/index.ts';
import { UdpHost } from './udp-host.ts';

type Counts = Readonly<Record<string, number>>;

function changes(before: object, after: object): Counts {
  const old = before as Counts;
  return Object.fromEntries(
    Object.entries(after as Counts)
      .map(([name, value]) => [name, value - (old[name] ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  );
}

const cases: readonly [
  what: string,
  act: (host: UdpHost, socket: UdpSocket) => void,
  service: Counts,
  socket: Counts,
][] = [
  [
    'a datagram sent',
    (host, socket) => host.sendText(socket, '12345'),
    { packetsSent: 1, bytesSent: 5 },
    { packetsSent: 1, bytesSent: 5 },
  ],
  ['one that has no route', (host, socket) => host.sendText(socket, '12345', '198.51.100.1'), {}, {}],
  [
    'a datagram received',
    (host) => host.injectIp(ipv4({}, udp({}, text('123')))),
    { packetsReceived: 1, bytesReceived: 3 },
    { packetsReceived: 1, bytesReceived: 3, packetsQueued: 1 },
  ],
  [
    'one received and taken',
    (host, socket) => {
      host.injectIp(ipv4({}, udp({}, text('123'))));
      socket.receive()?.release();
    },
    { packetsReceived: 1, bytesReceived: 3 },
    { packetsReceived: 1, bytesReceived: 3 },
  ],
  [
    'one too many',
    (host) => {
      for (let i = 0; i < 3; i++) host.injectIp(ipv4({}, udp({}, text('1'))));
    },
    { packetsReceived: 3, bytesReceived: 3, receivePacketsDropped: 1 },
    { packetsReceived: 3, bytesReceived: 3, receivePacketsDropped: 1, packetsQueued: 2 },
  ],
  [
    'a closed port',
    (host) => host.injectIp(ipv4({}, udp({ destinationPort: 9 }, text('1')))),
    { receivePacketsDropped: 1 },
    {},
  ],
  [
    'a wrong checksum',
    (host) => host.injectIp(ipv4({}, udp({ checksum: 1 }, text('1')))),
    { checksumErrors: 1 },
    { checksumErrors: 1 },
  ],
  [
    'a wrong checksum for a closed port',
    (host) => host.injectIp(ipv4({}, udp({ checksum: 1, destinationPort: 9 }, text('1')))),
    { checksumErrors: 1 },
    {},
  ],
  ['a header cut off', (host) => host.injectIp(ipv4({}, [0x10, 0xe1, 0x13, 0x88])), { invalidPackets: 1 }, {}],
  [
    'a length beyond the packet',
    (host) => host.injectIp(ipv4({}, udp({ length: 100 }, text('1')))),
    { invalidPackets: 1 },
    {},
  ],
];

test.each(cases)('nx_udp_info_get and nx_udp_socket_info_get: %s', (_what, act, service, ofSocket) => {
  const host = new UdpHost();
  const socket = host.udp.createSocket({ queueMaximum: 2 });
  socket.bind(5000);
  const [before, beforeSocket] = [host.udp.info, socket.info];
  act(host, socket);
  expect(changes(before, host.udp.info)).toEqual(service);
  expect(changes(beforeSocket, socket.info)).toEqual(ofSocket);
  host.take();
  socket.unbind();
  host.finish();
});

test('every number that NetX reports is moved by one of them', () => {
  const host = new UdpHost();
  const moved = (of: readonly Counts[]) => [...new Set(of.flatMap((counts) => Object.keys(counts)))].sort();
  expect(moved(cases.map(([, , service]) => service))).toEqual(Object.keys(host.udp.info).sort());
  const socket = host.udp.createSocket();
  expect(moved(cases.map(([, , , each]) => each))).toEqual(Object.keys(socket.info).sort());
  host.finish();
});
