import { expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { netxTcpProfile, type TcpInfo, type TcpSocket, type TcpSocketInfo } from '../src/index.ts';
import { addressInfo } from './support/network.ts';
import { ScriptedPeer } from './support/peer.ts';

type Changes<T> = { readonly [K in keyof T]?: number };

/** What of `before` is different in `after`, as differences. */
function changes<T extends object>(before: T, after: T): Changes<T> {
  const names = Object.keys(after) as (keyof T)[];
  const differing = names.filter((name) => after[name] !== before[name]);
  return Object.fromEntries(differing.map((name) => [name, Number(after[name]) - Number(before[name])])) as Changes<T>;
}

/** Octets that are no good segment for the connection: cut short, or with another checksum. */
function deliver(peer: ScriptedPeer, change: (bytes: Uint8Array) => Uint8Array): void {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, peer.peerPort);
  view.setUint16(2, peer.hostPort);
  view.setUint16(12, 0x5010);
  peer.network.deliver(peer.pool, change(bytes), addressInfo(peer.remote, peer.local));
}

interface Case {
  readonly what: string;
  readonly act: (peer: ScriptedPeer, socket: TcpSocket) => void;
  readonly service: Changes<TcpInfo>;
  readonly socket?: Changes<TcpSocketInfo>;
}

const cases: readonly Case[] = [
  {
    what: 'data sent',
    act: (peer, socket) => peer.send(socket, 100),
    service: { packetsSent: 1, bytesSent: 100 },
    socket: { packetsSent: 1, bytesSent: 100, transmitQueueDepth: 1 },
  },
  {
    what: 'data received, and its acknowledgment',
    act: (peer) => {
      peer.emit('P.', { seq: 1, ack: 1, len: 50 });
      peer.advance(SECOND);
    },
    service: { packetsReceived: 1, bytesReceived: 50, packetsSent: 1 },
    socket: { packetsReceived: 1, bytesReceived: 50, packetsSent: 1, packetsQueued: 1, receiveWindow: -50 },
  },
  {
    what: 'a smaller window of the peer',
    act: (peer) => peer.emit('.', { seq: 1, ack: 1, win: 1000 }),
    service: { packetsReceived: 1 },
    socket: { packetsReceived: 1, transmitWindow: 1000 - 65535 },
  },
  {
    what: 'a segment sent again',
    act: (peer, socket) => {
      peer.send(socket, 10);
      peer.advance(1.3 * SECOND);
    },
    service: { packetsSent: 2, bytesSent: 20, retransmitPackets: 1 },
    socket: { packetsSent: 2, bytesSent: 20, retransmitPackets: 1, transmitQueueDepth: 1 },
  },
  {
    what: 'a segment with a wrong checksum',
    act: (peer) => deliver(peer, (bytes) => bytes),
    service: { invalidPackets: 1, checksumErrors: 1 },
    socket: { checksumErrors: 1 },
  },
  {
    what: 'a segment cut short',
    act: (peer) => deliver(peer, (bytes) => bytes.subarray(0, 19)),
    service: { invalidPackets: 1 },
  },
  {
    what: 'a segment outside the window, and the answer to it',
    act: (peer) => peer.emit('P.', { seq: 70_001, ack: 1, len: 5 }),
    service: { packetsReceived: 1, receivePacketsDropped: 1, packetsSent: 1 },
    socket: { packetsReceived: 1, packetsSent: 1 },
  },
  {
    what: 'a segment for nobody, and its reset',
    act: (peer) => peer.emit('.', { sourcePort: 7, destinationPort: 7777 }),
    service: { packetsReceived: 1, receivePacketsDropped: 1, packetsSent: 1 },
  },
  {
    what: 'a reset by the peer',
    act: (peer) => peer.emit('R', { seq: 1 }),
    service: { packetsReceived: 1, disconnections: 1, connectionsDropped: 1 },
    socket: { packetsReceived: 1, state: -4 },
  },
  {
    what: 'a peer that never answers any more',
    act: (peer, socket) => {
      peer.send(socket, 10);
      peer.advance(60 * SECOND);
    },
    service: {
      packetsSent: 11,
      bytesSent: 110,
      retransmitPackets: 10,
      disconnections: 1,
      connectionsDropped: 1,
    },
    socket: { packetsSent: 11, bytesSent: 110, retransmitPackets: 10, state: -4 },
  },
  {
    what: 'an end in order, of which TIMED_WAIT is a part',
    act: (peer, socket) => {
      socket.disconnect(false);
      peer.emit('F.', { seq: 1, ack: 2 });
      peer.advance(300 * SECOND);
    },
    service: { packetsSent: 2, packetsReceived: 1, disconnections: 1 },
    socket: { packetsSent: 2, packetsReceived: 1, state: -4 },
  },
  {
    what: 'an end by our own reset',
    act: (_peer, socket) => socket.disconnect(true),
    service: { packetsSent: 1, disconnections: 1 },
    socket: { packetsSent: 1, state: -4 },
  },
];

test.each(cases)('nx_tcp_info_get and nx_tcp_socket_info_get: $what', ({ act, service, socket: ofSocket }) => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  const [before, beforeSocket] = [peer.tcp.info, socket.info()];
  expect(before).toMatchObject({ connections: 1, packetsSent: 2, packetsReceived: 1 });
  act(peer, socket);
  expect(changes(before, peer.tcp.info)).toEqual(service);
  expect(changes(beforeSocket, socket.info())).toEqual(ofSocket ?? {});
  peer.finish(socket);
});

test('a connection that was refused is dropped, but never was one', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  socket.connect(peer.remote, peer.peerPort);
  peer.expect('S');
  peer.emit('R.', { seq: 0, ack: 1 });
  expect(peer.tcp.info).toMatchObject({ connections: 0, disconnections: 0, connectionsDropped: 1 });
  peer.finish(socket);
});

test('a SYN for which the listen queue has no room is dropped', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const socket = peer.tcp.createSocket();
  peer.tcp.serverListen(9123, socket, 1, () => {});
  peer.hostPort = 9123;
  for (const port of [1, 2, 3]) peer.emit('S', { seq: 0, sourcePort: port, options: [2, 4, 5, 0xb4] });
  expect(peer.tcp.info).toMatchObject({ connectionsDropped: 1, receivePacketsDropped: 1 });
  peer.tcp.unlisten(9123);
  peer.finish(socket);
});

test('every number that NetX reports is there', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  expect([Object.keys(peer.tcp.info).length, Object.keys(socket.info()).length]).toEqual([11, 11]);
  peer.finish(socket);
});
