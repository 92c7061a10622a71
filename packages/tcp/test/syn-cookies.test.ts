import { describe, expect, test } from '@jest/globals';
import { DROP_TCP_COOKIE, MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, TCP_ESTABLISHED, type TcpSocket } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const MSS = [2, 4, 5, 0xb4];
const SMALL_MSS = [2, 4, 5, 0x78];
const FULL = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 77, 0, 0, 0, 0, 1, 3, 3, 7];

function timestamps(value: number, echo: number): number[] {
  const bytes = (word: number) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
  return [1, 1, 8, 10, ...bytes(value), ...bytes(echo)];
}

/** A server whose backlog of one is taken. */
function flooded(start = 10 * SECOND): { peer: ScriptedPeer; accepted: TcpSocket[] } {
  const peer = new ScriptedPeer(modernTcpProfile, { start });
  const accepted: TcpSocket[] = [];
  peer.tcp.listen(80, {
    backlog: 1,
    socket: { windowSize: 1 << 20 },
    onConnection: (socket) => accepted.push(socket),
  });
  peer.hostPort = 80;
  peer.peerPort = 1000;
  peer.emit('S', { options: MSS });
  peer.expect('S.');
  peer.peerPort = 2000;
  return { peer, accepted };
}

describe('a SYN that the backlog has no room for (RFC 4987 3.6)', () => {
  test('is answered, and nothing is kept of it', () => {
    const { peer } = flooded();
    const before = peer.pool.available;
    for (let i = 0; i < 300; i++) {
      peer.peerPort = 2000 + i;
      peer.emit('S', { options: MSS });
      peer.expect('S.', { ack: 1, options: MSS });
    }
    expect(peer.tcp.connections.count).toBe(1);
    expect(peer.pool.available).toBe(before);
    expect(peer.tcp.counters.cookiesSent).toBe(300);
    peer.silence(500 * MILLISECOND);
    peer.finish();
  });

  test('becomes a connection when its acknowledgment comes, which may bring data', () => {
    const { peer, accepted } = flooded();
    peer.emit('S', { options: SMALL_MSS });
    peer.expect('S.', { ack: 1 });
    peer.emit('P.', { seq: 1, ack: 1, len: 100, win: 1000 });
    const socket = accepted[0] as TcpSocket;
    expect(socket.state).toBe(TCP_ESTABLISHED);
    expect(socket.inspect()).toMatchObject({
      sndWnd: 1000,
      sndScale: 0,
      rcvScale: 0,
      receiveBytes: 100,
    });
    // The largest of the sizes a cookie can say that is not above what the peer said.
    expect(socket.mss).toBe(1300);
    peer.receive(socket);
    peer.send(socket, 10);
    peer.expect('P.', { seq: 1, ack: 101 });
    expect(peer.tcp.counters.cookiesAccepted).toBe(1);
    peer.finish(socket);
  });

  test('gets its options back from the echo of the timestamp', () => {
    const { peer, accepted } = flooded();
    peer.emit('S', { options: FULL });
    const answer = peer.expect('S.', { win: 65535 });
    expect(answer).toMatchObject({
      mss: 1460,
      sackPermitted: true,
      windowScale: 5,
      hasTimestamps: true,
      timestampEcho: 77,
    });
    const echo = answer.timestampValue;
    peer.advance(20 * MILLISECOND);
    peer.emit('.', { seq: 1, ack: 1, win: 100, options: timestamps(80, echo) });
    const socket = accepted[0] as TcpSocket;
    expect(socket.inspect()).toMatchObject({ sndScale: 7, rcvScale: 5, sndWnd: 12800, mss: 1448 });
    expect([socket.sackPermitted, socket.timestamps, socket.tsRecent, socket.ecn]).toEqual([true, true, 80, false]);
    peer.finish(socket);
  });

  test('remembers ECN in the same way', () => {
    const { peer, accepted } = flooded();
    peer.emit('SEW', { options: FULL });
    const echo = peer.expect('S.E').timestampValue;
    peer.emit('.', { seq: 1, ack: 1, options: timestamps(80, echo) });
    expect(accepted[0]?.ecn).toBe(true);
    peer.finish(...accepted);
  });

  test.each([0, 1, 2, 63, 64, 65, 1000])(
    'never puts the timestamp into the future, %i ms into its cycle',
    (milliseconds) => {
      const { peer } = flooded(64 * 1000 * SECOND + milliseconds * MILLISECOND);
      peer.emit('S', { options: FULL });
      const cookie = peer.expect('S.').timestampValue;
      peer.peerPort = 1000;
      peer.emit('R', { seq: 1 });
      peer.peerPort = 3000;
      peer.emit('S', { options: FULL });
      const clock = peer.expect('S.').timestampValue;
      expect((clock - cookie) | 0).toBeGreaterThanOrEqual(0);
      expect((clock - cookie) | 0).toBeLessThan(128);
      peer.finish();
    },
  );

  test.each([
    ['a wrong number', { ack: 2 }, 0],
    ['another initial number of the peer', { seq: 2, ack: 1 }, 0],
    ['another port', { seq: 1, ack: 1, sourcePort: 2001 }, 0],
    ['a cookie that is too old', { seq: 1, ack: 1 }, 121 * SECOND],
  ])('is not acknowledged by %s', (_what, segment, later) => {
    const { peer, accepted } = flooded();
    peer.emit('S', { options: MSS });
    peer.expect('S.', { ack: 1 });
    const iss = peer.hostIss;
    while (peer.now < 10 * SECOND + later) {
      peer.advance(SECOND);
      while (peer.waiting > 0) peer.expect('S.');
    }
    peer.hostIss = iss;
    peer.emit('.', { seq: 1, ...segment });
    peer.expect('R');
    expect(accepted).toEqual([]);
    peer.finish();
  });

  test('is good for at least a minute', () => {
    const { peer, accepted } = flooded(59 * SECOND);
    peer.emit('S', { options: MSS });
    peer.expect('S.', { ack: 1 });
    const iss = peer.hostIss;
    peer.advance(60 * SECOND);
    while (peer.waiting > 0) peer.expect('S.');
    peer.hostIss = iss;
    peer.emit('.', { seq: 1, ack: 1 });
    expect(accepted.length).toBe(1);
    peer.finish(...accepted);
  });
});

test('without an overflow an acknowledgment is no cookie, and is not even looked at', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  peer.tcp.listen(80, { onConnection: () => {} });
  peer.hostPort = 80;
  peer.emit('.', { seq: 1, ack: 1 });
  peer.expect('R');
  expect(peer.tcp.dropped(DROP_TCP_COOKIE)).toBe(0);
  peer.finish();
});

test('where the profile has no cookies the oldest half-open connection makes room', () => {
  const peer = new ScriptedPeer({ ...modernTcpProfile, synCookies: false });
  const accepted: TcpSocket[] = [];
  peer.tcp.listen(80, { backlog: 1, onConnection: (socket) => accepted.push(socket) });
  peer.hostPort = 80;
  peer.emit('S', { options: MSS });
  peer.expect('S.');
  peer.peerPort++;
  peer.emit('S', { options: MSS });
  peer.expect('S.');
  peer.emit('.', { seq: 1, ack: 1 });
  expect(accepted.length).toBe(1);
  peer.finish(...accepted);
});
