import { expect, test } from '@jest/globals';
import { TICK } from '@strata/contracts';
import { modernTcpProfile, netxTcpProfile } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

/** Runs on to a tick since the start of time. */
function until(peer: ScriptedPeer, tick: number): void {
  peer.advance(tick * TICK - peer.now);
}

test('reading less than half of the window is told by the second fast tick after it', () => {
  for (const [readAt, toldAt] of [
    [40, 60],
    [45, 60],
    [49, 60],
    [50, 70],
  ] as const) {
    const peer = new ScriptedPeer(netxTcpProfile);
    until(peer, 12);
    const { socket } = peer.client({ windowSize: 8192 });
    for (let i = 0; i < 3; i++) peer.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
    until(peer, 30);
    peer.expect('.', { ack: 3001, win: 5192 });
    until(peer, readAt);
    expect(peer.receive(socket)).toEqual([1000, 1000, 1000]);
    until(peer, toldAt - 1);
    peer.silence();
    until(peer, toldAt);
    peer.expect('.', { seq: 1, ack: 3001, win: 8192 });
    until(peer, 500);
    peer.silence();
    peer.finish(socket);
  }
});

test('one segment of several that are read is told too, and once', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  until(peer, 12);
  const { socket } = peer.client({ windowSize: 8192 });
  for (let i = 0; i < 3; i++) peer.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
  until(peer, 30);
  peer.expect('.', { ack: 3001, win: 5192 });
  until(peer, 41);
  socket.receive()?.release();
  until(peer, 55);
  socket.receive()?.release();
  until(peer, 60);
  peer.expect('.', { ack: 3001, win: 7192 });
  until(peer, 500);
  peer.silence();
  peer.finish(socket);
});

test('data that goes out meanwhile tells it, and the timer has nothing left to say', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  until(peer, 12);
  const { socket } = peer.client({ windowSize: 8192 });
  peer.emit('P.', { seq: 1, ack: 1, len: 1000 });
  until(peer, 30);
  peer.expect('.', { ack: 1001, win: 7192 });
  until(peer, 41);
  expect(peer.receive(socket)).toEqual([1000]);
  until(peer, 45);
  peer.send(socket, 10);
  peer.expect('P.', { seq: 1, ack: 1001, win: 8192 });
  until(peer, 100);
  peer.silence();
  peer.finish(socket);
});

test('after the FIN of the peer no growth is told', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  until(peer, 12);
  const { socket } = peer.client({ windowSize: 8192 });
  peer.emit('P.', { seq: 1, ack: 1, len: 1000 });
  peer.emit('F.', { seq: 1001, ack: 1 });
  peer.expect('.', { ack: 1002, win: 7192 });
  until(peer, 50);
  expect(peer.receive(socket)).toEqual([1000]);
  until(peer, 500);
  peer.silence();
  peer.finish(socket);
});

test('a policy that avoids silly windows keeps small growth to itself (RFC 9293 3.8.6.2.2)', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({ windowSize: 65535 });
  for (let i = 0; i < 3; i++) peer.emit('P.', { seq: 1 + 1000 * i, ack: 1, len: 1000 });
  peer.advance(500_000);
  peer.discard();
  expect(peer.receive(socket)).toEqual([1000, 1000, 1000]);
  peer.silence(2_000_000);
  peer.finish(socket);
});
