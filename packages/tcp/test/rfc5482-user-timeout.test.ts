import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, NEVER, SECOND } from '@strata/contracts';
import { modernTcpProfile, TCP_CLOSED, type TcpSocket, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const PROFILE = { ...modernTcpProfile, options: tcpOptions({ timestamps: false, sack: false, windowScale: false }) };

function connected(change: object = {}): { peer: ScriptedPeer; socket: TcpSocket } {
  const peer = new ScriptedPeer({ ...PROFILE, ...change });
  return { peer, socket: peer.client().socket };
}

/** How long after `from` the connection ends; what is sent meanwhile is of no interest. */
function untilClosed(peer: ScriptedPeer, socket: TcpSocket, limit: number): number {
  const from = peer.now;
  while (socket.state !== TCP_CLOSED) {
    peer.advance(10 * MILLISECOND);
    if (peer.now - from > limit) throw new Error('still open');
  }
  return peer.now - from;
}

describe('user timeout (RFC 5482, RFC 9293 3.8.3)', () => {
  test('counts from the first sending of what is not acknowledged, and ends the connection on time without a reset', () => {
    const { peer, socket } = connected();
    socket.userTimeout = 3 * SECOND;
    peer.send(socket, 10);
    peer.expect('P.');
    expect(untilClosed(peer, socket, 10 * SECOND)).toBe(3 * SECOND);
    while (peer.waiting > 0) peer.expect('P.', { seq: 1 });
    expect(socket.inspect().cause).toBe('timed out');
    peer.finish(socket);
  });

  test('starts again when something new is acknowledged', () => {
    const { peer, socket } = connected();
    socket.userTimeout = 2 * SECOND;
    peer.send(socket, 10);
    peer.advance(SECOND);
    peer.send(socket, 10);
    peer.emit('.', { seq: 1, ack: 11 });
    expect(untilClosed(peer, socket, 10 * SECOND)).toBeGreaterThanOrEqual(SECOND);
    peer.finish(socket);
  });

  test('covers a window that stays closed and whose probes go unanswered', () => {
    const { peer, socket } = connected();
    socket.userTimeout = 5 * SECOND;
    peer.emit('.', { seq: 1, ack: 1, win: 0 });
    peer.send(socket, 10);
    expect(untilClosed(peer, socket, 20 * SECOND)).toBeLessThanOrEqual(6 * SECOND);
    peer.finish(socket);
  });

  test('stands for the number of keepalive probes too', () => {
    const { peer, socket } = connected();
    socket.userTimeout = 4 * SECOND;
    socket.setKeepalive(true, SECOND, SECOND, 100);
    expect(untilClosed(peer, socket, 20 * SECOND)).toBe(4 * SECOND);
    peer.finish(socket);
  });
});

test('a connection given up by keepalive is reset, where the profile says so', () => {
  for (const reset of [true, false]) {
    const { peer, socket } = connected({ resetAfterKeepalive: reset });
    socket.setKeepalive(true, SECOND, SECOND, 2);
    for (let i = 0; i < 2; i++) {
      peer.advance(SECOND);
      peer.expect('.', { seq: 0, len: 0 });
    }
    peer.advance(SECOND);
    if (reset) peer.expect('R.', { seq: 1 });
    peer.silence();
    expect(socket.inspect().cause).toBe('keepalive timed out');
    peer.finish(socket);
  }
});

describe('a closed window and an application that has gone', () => {
  function forsaken(life: number): { peer: ScriptedPeer; socket: TcpSocket } {
    const { peer, socket } = connected({ orphanLife: life });
    peer.emit('.', { seq: 1, ack: 1, win: 0 });
    peer.send(socket, 10);
    socket.disconnect(false);
    return { peer, socket };
  }

  /** The peer answers every probe and never opens its window. */
  function answerProbes(peer: ScriptedPeer, socket: TcpSocket, until: number): void {
    while (peer.now < until && socket.state !== TCP_CLOSED) {
      peer.advance(100 * MILLISECOND);
      while (peer.waiting > 0 && socket.state !== TCP_CLOSED) {
        peer.expect('.', { seq: 1, len: 1 });
        peer.emit('.', { seq: 1, ack: 1, win: 0 });
      }
    }
  }

  test('are not held for ever by a peer that answers probes: a reset ends it', () => {
    const { peer, socket } = forsaken(60 * SECOND);
    answerProbes(peer, socket, 50 * SECOND);
    expect(socket.inspect().state).toBe('FIN_WAIT_1');
    answerProbes(peer, socket, 300 * SECOND);
    expect(socket.state).toBe(TCP_CLOSED);
    peer.expect('R.');
    peer.finish(socket);
  });

  test('wait as long as the peer answers where the profile has no limit', () => {
    const { peer, socket } = forsaken(NEVER);
    answerProbes(peer, socket, 1000 * SECOND);
    expect(socket.inspect().state).toBe('FIN_WAIT_1');
    peer.finish(socket);
  });

  test('wait too while the application is there (MUST-37)', () => {
    const { peer, socket } = connected({ orphanLife: 60 * SECOND });
    peer.emit('.', { seq: 1, ack: 1, win: 0 });
    peer.send(socket, 10);
    answerProbes(peer, socket, 1000 * SECOND);
    expect(socket.inspect().state).toBe('ESTABLISHED');
    peer.finish(socket);
  });
});

test('a probe without data comes from before the window, where the profile has it so', () => {
  const { peer, socket } = connected({ probeWithData: false });
  peer.emit('.', { seq: 1, ack: 1, win: 0 });
  peer.send(socket, 10);
  peer.waitForSegment(2 * SECOND);
  peer.expect('.', { seq: 0, len: 0 });
  peer.emit('.', { seq: 1, ack: 1, win: 1000 });
  peer.expect('P.', { seq: 1, len: 10 });
  peer.finish(socket);
});

describe('PSH (RFC 9293 3.9.1.2)', () => {
  test('is where each send ends, also when segments wait for their turn', () => {
    const { peer, socket } = connected({ initialWindow: (mss: number) => 2 * mss });
    const packet = socket.allocate();
    if (packet === null) throw new Error('no packet');
    packet.appendBytes(new Uint8Array(2 * 1460), 0, 2 * 1460);
    socket.send(packet);
    for (let i = 0; i < 2; i++) peer.send(socket, 1460);
    peer.expect('.', { seq: 1 });
    peer.expect('P.', { seq: 1461 });
    peer.emit('.', { seq: 1, ack: 2921 });
    peer.expect('P.', { seq: 2921 });
    peer.expect('P.', { seq: 4381 });
    peer.finish(socket);
  });

  test('of sends that are put together in one segment only the last counts (SHLD-27)', () => {
    const { peer, socket } = connected();
    peer.send(socket, 10);
    peer.expect('P.', { len: 10 });
    for (let i = 0; i < 3; i++) peer.send(socket, 700);
    peer.expect('.', { len: 1460 });
    peer.emit('.', { seq: 1, ack: 1471 });
    peer.expect('P.', { len: 640 });
    peer.finish(socket);
  });
});
