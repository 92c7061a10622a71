import { expect, test } from '@jest/globals';
import {
  DROP_TCP_LISTEN_QUEUE,
  NX_ALREADY_BOUND,
  NX_CONNECTION_PENDING,
  NX_DUPLICATE_LISTEN,
  NX_ENTRY_NOT_FOUND,
  NX_IN_PROGRESS,
  NX_INVALID_PORT,
  NX_INVALID_RELISTEN,
  NX_MAX_LISTEN,
  NX_NOT_CLOSED,
  NX_NOT_CONNECTED,
  NX_NOT_LISTEN_STATE,
  NX_STILL_BOUND,
  NX_SUCCESS,
  SECOND,
  TICK,
} from '@strata/contracts';
import {
  netxTcpProfile,
  TCP_CLOSED,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_RECEIVED,
  type TcpSocket,
} from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const PORT = 9123;

function server(queue = 2) {
  const peer = new ScriptedPeer(netxTcpProfile, { start: 10 * TICK });
  const calls: string[] = [];
  const socket = peer.tcp.createSocket();
  const listen = (target: TcpSocket) =>
    peer.tcp.serverListen(PORT, target, queue, (called, port) =>
      calls.push(`${port} ${called.state} ${called.remotePort}`),
    );
  expect(listen(socket)).toBe(NX_SUCCESS);
  peer.hostPort = PORT;
  peer.peerPort = 40001;
  const syn = (port: number) =>
    peer.emit('S', { seq: 0, sourcePort: port, options: [2, 4, 5, 0xb4, 1, 1, 1, 0], win: 8192 });
  return { peer, socket, calls, syn, listen };
}

test('a SYN binds the armed socket, which answers only when accept is called', () => {
  const { peer, socket, calls, syn } = server();
  expect(socket.state).toBe(TCP_LISTEN);
  syn(40001);
  peer.silence();
  expect(calls).toEqual([`${PORT} ${TCP_LISTEN} 40001`]);
  syn(40001);
  peer.silence(2 * SECOND);
  expect(socket.accept()).toBe(NX_IN_PROGRESS);
  peer.expect('S.', { seq: 0, ack: 1, win: 8192, options: [2, 4, 5, 0xb4, 1, 1, 1, 0] });
  expect(socket.state).toBe(TCP_SYN_RECEIVED);
  expect(socket.accept()).toBe(NX_IN_PROGRESS);
  peer.emit('.', { seq: 1, ack: 1 });
  expect(socket.accept()).toBe(NX_SUCCESS);
  peer.finish(socket);
});

test('accept before the SYN: the answer goes out at once and the callback sees SYN_RECEIVED', () => {
  const { peer, socket, calls, syn } = server();
  expect(socket.accept()).toBe(NX_IN_PROGRESS);
  syn(40001);
  peer.expect('S.', { seq: 0, ack: 1 });
  expect(calls).toEqual([`${PORT} ${TCP_SYN_RECEIVED} 40001`]);
  peer.emit('.', { seq: 1, ack: 1 });
  expect(socket.state).toBe(TCP_ESTABLISHED);
  peer.finish(socket);
});

test('further SYNs wait in the queue, whose oldest goes when it is full; duplicates are not queued', () => {
  const { peer, socket, calls, syn } = server(2);
  for (const port of [40001, 40002, 40002, 40003, 40004]) syn(port);
  peer.silence();
  expect(peer.tcp.dropped(DROP_TCP_LISTEN_QUEUE)).toBe(1);
  const second = peer.tcp.createSocket();
  expect(peer.tcp.relisten(PORT, second)).toBe(NX_CONNECTION_PENDING);
  peer.settle();
  expect(second.remotePort).toBe(40003);
  expect(second.state).toBe(TCP_LISTEN);
  expect(calls).toEqual([`${PORT} 2 40001`, `${PORT} 2 40003`]);
  expect(second.accept()).toBe(NX_IN_PROGRESS);
  peer.peerPort = 40003;
  peer.expect('S.', { ack: 1 });
  expect(peer.tcp.unlisten(PORT)).toBe(NX_SUCCESS);
  peer.finish(socket, second);
});

test('a reset takes a SYN out of the queue', () => {
  const { peer, socket, syn } = server(2);
  for (const port of [40001, 40002]) syn(port);
  peer.emit('R', { seq: 1, sourcePort: 40002 });
  const second = peer.tcp.createSocket();
  expect(peer.tcp.relisten(PORT, second)).toBe(NX_SUCCESS);
  expect(peer.tcp.unlisten(PORT)).toBe(NX_SUCCESS);
  peer.finish(socket, second);
});

test('the statuses of listen, relisten, unlisten, accept and unaccept', () => {
  const { peer, socket, listen, syn } = server();
  const other = peer.tcp.createSocket();
  expect(listen(socket)).toBe(NX_NOT_CLOSED);
  expect(listen(other)).toBe(NX_DUPLICATE_LISTEN);
  expect(peer.tcp.serverListen(0, other, 1, null)).toBe(NX_INVALID_PORT);
  expect(peer.tcp.relisten(PORT, other)).toBe(NX_INVALID_RELISTEN);
  expect(peer.tcp.relisten(99, other)).toBe(NX_INVALID_RELISTEN);
  expect(peer.tcp.relisten(PORT, socket)).toBe(NX_NOT_CLOSED);
  expect(peer.tcp.unlisten(99)).toBe(NX_ENTRY_NOT_FOUND);
  expect(other.accept()).toBe(NX_NOT_LISTEN_STATE);
  expect(other.unaccept()).toBe(NX_NOT_LISTEN_STATE);
  expect(other.bind(6001)).toBe(NX_SUCCESS);
  expect(peer.tcp.serverListen(70, other, 1, null)).toBe(NX_ALREADY_BOUND);
  expect(peer.tcp.relisten(PORT, other)).toBe(NX_ALREADY_BOUND);
  expect(other.unaccept()).toBe(NX_SUCCESS);
  expect(peer.tcp.serverListen(70, other, 1, null)).toBe(NX_SUCCESS);
  expect(other.unbind()).toBe(NX_NOT_CLOSED);
  expect(other.delete()).toBe(NX_STILL_BOUND);
  expect(peer.tcp.unlisten(70)).toBe(NX_SUCCESS);
  expect(other.delete()).toBe(NX_SUCCESS);
  socket.accept();
  syn(40001);
  peer.expect('S.');
  expect(socket.unaccept()).toBe(NX_NOT_LISTEN_STATE);
  peer.emit('.', { seq: 1, ack: 1 });
  expect(socket.unaccept()).toBe(NX_NOT_LISTEN_STATE);
  const spare: TcpSocket[] = [];
  for (let port = 100; port < 109; port++) {
    const one = peer.tcp.createSocket();
    spare.push(one);
    expect(peer.tcp.serverListen(port, one, 1, null)).toBe(NX_SUCCESS);
  }
  const last = peer.tcp.createSocket();
  expect(peer.tcp.serverListen(109, last, 1, null)).toBe(NX_MAX_LISTEN);
  peer.finish(socket, last, ...spare);
});

test('a server socket falls back to LISTEN when its connection ends, and needs unaccept and relisten', () => {
  const { peer, socket, syn } = server();
  socket.accept();
  syn(40001);
  peer.expect('S.');
  peer.emit('.', { seq: 1, ack: 1 });
  peer.emit('P.', { seq: 1, ack: 1, len: 10 });
  peer.emit('R', { seq: 11 });
  expect(socket.state).toBe(TCP_LISTEN);
  expect(socket.bound).toBe(true);
  expect(socket.receive()).toBeNull();
  expect(socket.receiveStatus()).toBe(NX_NOT_CONNECTED);
  expect(socket.disconnect(false)).toBe(NX_NOT_CONNECTED);
  expect(socket.unaccept()).toBe(NX_SUCCESS);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(peer.tcp.relisten(PORT, socket)).toBe(NX_SUCCESS);
  syn(40002);
  expect(socket.remotePort).toBe(40002);
  peer.finish(socket);
});

test('a SYN from a network without a route leaves the socket armed for the next client', () => {
  const { peer, socket, syn } = server();
  peer.network.unreachable.add(peer.remote.w3);
  syn(40001);
  expect(socket.remotePort).toBe(0);
  peer.network.unreachable.clear();
  syn(40002);
  expect(socket.remotePort).toBe(40002);
  peer.finish(socket);
});

test('a SYN-ACK without answer goes eleven times; then the socket listens again', () => {
  const { peer, socket, syn } = server();
  socket.accept();
  syn(40001);
  peer.expect('S.');
  for (let i = 0; i < 10; i++) {
    peer.waitForSegment(2 * SECOND);
    peer.expect('S.', { seq: 0, ack: 1 });
  }
  peer.silence(2 * SECOND);
  expect(socket.state).toBe(TCP_LISTEN);
  expect(socket.unaccept()).toBe(NX_SUCCESS);
  peer.finish(socket);
});

test.each([false, true])('a SYN without answer goes with its interface (accept tried before: %s)', (tried) => {
  const { peer, socket, syn } = server();
  syn(40001);
  if (tried) {
    socket.accept();
    peer.expect('S.');
    socket.cancelAccept();
  }
  peer.tcp.interfaceDetached(0, [peer.local]);
  expect([socket.state, socket.accept()]).toEqual([TCP_LISTEN, NX_NOT_LISTEN_STATE]);
  expect(peer.tcp.info).toMatchObject({ disconnections: 0, connectionsDropped: 1 });
  syn(40001);
  expect(peer.tcp.listenQueueOf(socket)).toBeNull();
  expect(socket.unaccept()).toBe(NX_SUCCESS);
  expect(peer.tcp.relisten(PORT, socket)).toBe(NX_CONNECTION_PENDING);
  peer.finish(socket);
});
