import { expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { modernTcpProfile, netxTcpProfile, TCP_CLOSED, TCP_ESTABLISHED, TCP_SYN_RECEIVED } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

test('3.2: a reset counts only at the exact sequence number; elsewhere in the window it is challenged', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.emit('R', { seq: 2 });
  peer.expect('.', { seq: 1, ack: 1 });
  peer.emit('R', { seq: 60000 });
  peer.expect('.', { seq: 1, ack: 1 });
  peer.emit('R', { seq: 70000 });
  peer.silence();
  expect(socket.state).toBe(TCP_ESTABLISHED);
  peer.emit('R', { seq: 1 });
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.cause).toBe(3);
  peer.finish(socket);
});

test('4.2: a SYN on an open connection is challenged wherever it lies', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  for (const seq of [0, 1, 5000, 100000, -5]) {
    peer.emit('S', { seq });
    peer.expect('.', { seq: 1, ack: 1 });
  }
  expect(socket.state).toBe(TCP_ESTABLISHED);
  peer.finish(socket);
});

test('4.2, RFC 9293 3.10.7.4: in SYN-RECEIVED a SYN in the window ends a passive open, and an active one is challenged', () => {
  const passive = new ScriptedPeer(modernTcpProfile);
  const server = passive.tcp.listen(80, { backlog: 2, onConnection: () => {} });
  passive.hostPort = 80;
  passive.peerPort = 40000;
  passive.emit('S', { seq: 0 });
  passive.expect('S.', { seq: 0, ack: 1 });
  passive.emit('S', { seq: 1000 });
  expect([server?.halfOpen, passive.tcp.connections.count]).toEqual([0, 0]);
  passive.silence(5 * SECOND);
  passive.finish();

  const active = new ScriptedPeer(modernTcpProfile);
  const socket = active.tcp.createSocket();
  socket.bind(0);
  socket.connect(active.remote, 9123);
  active.expect('S', { seq: 0 });
  active.emit('S', { seq: 0 });
  active.expect('S.', { seq: 0, ack: 1 });
  active.emit('S', { seq: 1000 });
  active.expect('.', { seq: 1, ack: 1 });
  expect(socket.state).toBe(TCP_SYN_RECEIVED);
  active.finish(socket);
});

test('5.2: an acknowledgment older than the largest window is challenged and its data dropped', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, undefined, 1000);
  peer.emit('P.', { seq: 1, ack: -2000, len: 10, win: 1000 });
  peer.expect('.', { ack: 1 });
  expect(socket.receiveBytes).toBe(0);
  peer.emit('P.', { seq: 1, ack: -500, len: 10, win: 1000 });
  expect(socket.receiveBytes).toBe(10);
  peer.finish(socket);
});

test('7: challenge ACKs are limited per second, to a number that nobody can count on', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  const counts = new Set<number>();
  const rate = modernTcpProfile.challengeAcksPerSecond;
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 200; i++) peer.emit('R', { seq: 2 + i });
    expect(peer.waiting).toBeGreaterThanOrEqual(rate / 2);
    expect(peer.waiting).toBeLessThanOrEqual(1.5 * rate);
    counts.add(peer.waiting);
    while (peer.waiting > 0) peer.expect('.');
    peer.advance(SECOND);
  }
  expect(counts.size).toBeGreaterThan(1);
  peer.advance(SECOND);
  peer.emit('R', { seq: 2 });
  peer.expect('.');
  peer.finish(socket);
});

test('RFC 1337: a reset does not end TIMED_WAIT', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  socket.shutdown();
  peer.expect('F.');
  peer.emit('F.', { seq: 1, ack: 2 });
  peer.expect('.');
  peer.emit('R', { seq: 2 });
  expect(socket.inspect().state).toBe('TIMED_WAIT');
  peer.finish(socket);
});

test('NetX believes every reset in the window, and resets on a SYN there', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const { socket } = peer.client();
  peer.emit('R', { seq: 500 });
  expect(socket.state).toBe(TCP_CLOSED);
  peer.finish(socket);
  const other = new ScriptedPeer(netxTcpProfile);
  const second = other.client();
  other.emit('S', { seq: 500 });
  other.expect('R', { seq: 1 });
  expect(second.socket.state).toBe(TCP_CLOSED);
  other.finish(second.socket);
});
