import { expect, test } from '@jest/globals';
import {
  NX_ALREADY_BOUND,
  NX_IN_PROGRESS,
  NX_INVALID_INTERFACE,
  NX_INVALID_PACKET,
  NX_INVALID_PORT,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NOT_BOUND,
  NX_NOT_CLOSED,
  NX_NOT_CONNECTED,
  NX_PORT_UNAVAILABLE,
  NX_STILL_BOUND,
  NX_SUCCESS,
  NX_UNDERFLOW,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import { netxTcpProfile, TCP_CLOSED, TCP_TIMED_WAIT } from '../src/index.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

test('the statuses of misuse are those of the real stack', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  const empty = socket.allocate();
  if (empty === null) throw new Error('no packet');
  expect(socket.send(empty)).toBe(NX_INVALID_PACKET);
  empty.release();
  expect(socket.connect(peer.remote, 9123)).toBe(NX_NOT_CLOSED);
  expect(socket.bind(5555)).toBe(NX_ALREADY_BOUND);
  expect(socket.unbind()).toBe(NX_NOT_CLOSED);
  expect(socket.delete()).toBe(NX_STILL_BOUND);
  expect(socket.receiveStatus()).toBe(NX_NO_PACKET);

  const other = peer.tcp.createSocket();
  expect(other.bind(socket.localPort)).toBe(NX_PORT_UNAVAILABLE);
  expect(other.bind(70000)).toBe(NX_INVALID_PORT);
  expect(other.connect(peer.remote, 9123)).toBe(NX_NOT_BOUND);
  expect(other.unbind()).toBe(NX_NOT_BOUND);
  expect(other.disconnect(true)).toBe(NX_NOT_CONNECTED);
  expect(other.receiveStatus()).toBe(NX_NOT_BOUND);
  expect(other.bind(6001)).toBe(NX_SUCCESS);
  expect(other.receiveStatus()).toBe(NX_NOT_CONNECTED);
  expect(peer.send(other, 10)).toBe(NX_NOT_CONNECTED);
  expect(other.connect(peer.remote, 0)).toBe(NX_INVALID_PORT);
  peer.network.unreachable.add(0x0a010101);
  expect(other.connect(ipv4Address(0x0a010101), 1)).toBe(NX_IP_ADDRESS_ERROR);
  expect(other.connect(ipv4Address(0xe0000001), 1)).toBe(NX_IP_ADDRESS_ERROR);
  expect(other.connect(ipv4Address(0xffffffff), 1)).toBe(NX_IP_ADDRESS_ERROR);
  peer.network.mtu = 47;
  expect(other.connect(peer.remote, 1)).toBe(NX_INVALID_INTERFACE);

  const tight = peer.pool.allocate(20);
  tight?.appendBytes(new Uint8Array(4), 0, 4);
  if (tight === null) throw new Error('no packet');
  expect(socket.send(tight)).toBe(NX_UNDERFLOW);
  tight.release();
  expect(() => peer.tcp.createSocket({ windowSize: 70000 })).toThrow(RangeError);
  expect(() => peer.tcp.createSocket({ windowSize: 0 })).toThrow(RangeError);
  expect(() => peer.tcp.createSocket({ timeToLive: 256 })).toThrow(RangeError);
  peer.finish(socket, other);
});

test('a refused connect leaves the socket closed and bound, and it can connect again from a higher number', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const socket = peer.tcp.createSocket();
  const ear = new Ear();
  socket.listener = ear;
  socket.bind(0);
  expect(socket.localPort).toBeGreaterThanOrEqual(0xc000);
  socket.connect(peer.remote, 9999);
  peer.peerPort = 9999;
  peer.expect('S');
  const first = socket.iss;
  peer.emit('R.', { seq: 0, ack: 1 });
  expect(ear.heard).toEqual(['closed 0x38']);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.bound).toBe(true);
  expect(socket.connect(peer.remote, 9999)).toBe(NX_IN_PROGRESS);
  peer.expect('S');
  expect(socket.iss).not.toBe(first);
  expect(socket.disconnect(false)).toBe(NX_SUCCESS);
  peer.silence(20 * SECOND);
  expect(socket.unbind()).toBe(NX_SUCCESS);
  expect(socket.delete()).toBe(NX_SUCCESS);
  peer.finish();
});

test('NX_NO_WAIT disconnects with a bare reset at the next sequence number', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket, ear } = peer.client();
  peer.send(socket, 100);
  peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 101 });
  expect(socket.disconnect(true)).toBe(NX_IN_PROGRESS);
  const reset = peer.expect('R', { seq: 101, win: 8192 });
  expect(reset.acknowledgment).toBe(0);
  peer.settle();
  expect(socket.state).toBe(TCP_CLOSED);
  expect(ear.heard).toEqual(['established', 'closed 0x38']);
  expect(socket.disconnect(true)).toBe(NX_NOT_CONNECTED);
  peer.finish(socket);
});

test('a wait for an orderly end can be given up without a segment', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  socket.disconnect(false);
  peer.expect('F.', { seq: 1 });
  peer.emit('.', { seq: 1, ack: 2 });
  peer.silence(1000 * SECOND);
  expect(socket.inspect().state).toBe('FIN_WAIT_2');
  socket.abandon();
  peer.silence();
  expect(socket.state).toBe(TCP_CLOSED);
  peer.finish(socket);
});

test('in TIMED_WAIT a socket may connect again or give up its port', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  socket.disconnect(false);
  peer.expect('F.');
  peer.emit('F.', { seq: 1, ack: 2 });
  peer.expect('.', { seq: 2, ack: 2 });
  expect(socket.state).toBe(TCP_TIMED_WAIT);
  expect(socket.connect(peer.remote, 9123)).toBe(NX_IN_PROGRESS);
  peer.expect('S');
  peer.emit('S.', { seq: 0, ack: 1 });
  peer.expect('.');
  socket.disconnect(false);
  peer.expect('F.');
  peer.emit('F.', { seq: 1, ack: 2 });
  peer.expect('.');
  expect(socket.unbind()).toBe(NX_SUCCESS);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.delete()).toBe(NX_SUCCESS);
  peer.finish();
});

test('data that came before the FIN can be read in CLOSE_WAIT', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  peer.emit('P.', { seq: 1, ack: 1, len: 100 });
  peer.emit('F.', { seq: 101, ack: 1 });
  peer.expect('.', { ack: 102 });
  expect(socket.receiveStatus()).toBe(NX_SUCCESS);
  expect(peer.receive(socket)).toEqual([100]);
  expect(socket.receiveStatus()).toBe(NX_NOT_CONNECTED);
  expect(socket.disconnect(false)).toBe(NX_IN_PROGRESS);
  peer.expect('F.', { seq: 1, ack: 102 });
  peer.emit('.', { seq: 102, ack: 2 });
  expect(socket.state).toBe(TCP_CLOSED);
  peer.finish(socket);
});
