import { describe, expect, test } from '@jest/globals';
import { DROP_TCP_TIMESTAMP, MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, TCP_ESTABLISHED, TCP_TIMED_WAIT, type TcpSocket, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const MS = MILLISECOND;
const PROFILE = { ...modernTcpProfile, options: tcpOptions({ timestamps: true, sack: false, windowScale: true }) };
const DAY = 24 * 3600 * SECOND;

function timestamps(value: number, echo: number): number[] {
  const bytes = (word: number) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
  return [1, 1, 8, 10, ...bytes(value), ...bytes(echo)];
}

const MSS = [2, 4, 5, 0xb4];

/** A connection that the host opened at a peer whose clock stands at `value`. */
function opened(value = 1000): { peer: ScriptedPeer; socket: TcpSocket; clock: () => number } {
  const peer = new ScriptedPeer(PROFILE);
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  const syn = peer.expect('S').timestampValue;
  const clock = () => (syn + Math.floor(peer.now / MS)) | 0;
  peer.emit('S.', { ack: 1, options: [...MSS, ...timestamps(value, syn)] });
  peer.expect('.', { options: timestamps(clock(), value) });
  return { peer, socket, clock };
}

describe('the option (RFC 7323 3)', () => {
  test.each([
    [true, true, true, [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 0]],
    [true, false, true, [2, 4, 5, 180, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 0]],
    [true, false, false, [2, 4, 5, 180, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]],
    [false, true, true, [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 0]],
    [false, true, false, [2, 4, 5, 180, 1, 1, 4, 2]],
    [false, false, true, [2, 4, 5, 180, 1, 3, 3, 0]],
    [false, false, false, [2, 4, 5, 180]],
  ])(
    'a SYN with timestamps %s, SACK %s, window scale %s is laid out as usual',
    (timestamps, sack, windowScale, bytes) => {
      const options = tcpOptions({ timestamps, sack, windowScale });
      const peer = new ScriptedPeer({ ...modernTcpProfile, options });
      const seen: number[][] = [];
      peer.network.onSend = ({ bytes: sent }) => {
        // The clock and its offset are a secret of the host's.
        seen.push([...(timestamps ? sent.slice(20).fill(0, 8, 12) : sent.slice(20))]);
      };
      const socket = peer.tcp.createSocket();
      socket.bind(0);
      socket.connect(peer.remote, 9123);
      expect(seen).toEqual([bytes]);
      peer.finish(socket);
    },
  );

  test('is in a SYN-ACK only when the SYN had it, and then in every segment, echoing what was heard last', () => {
    const peer = new ScriptedPeer(PROFILE);
    peer.tcp.listen(80, { onConnection: () => {} });
    peer.hostPort = 80;
    peer.emit('S', { options: MSS });
    peer.expect('S.', { options: MSS });
    peer.emit('R', { seq: 1 });
    peer.peerPort++;
    peer.emit('S', { options: [...MSS, ...timestamps(77, 0)] });
    const { timestampValue } = peer.expect('S.');
    peer.advance(5 * MS);
    peer.emit('P.', { seq: 1, ack: 1, len: 10, options: timestamps(80, timestampValue) });
    peer.emit('P.', { seq: 11, ack: 1, len: 1460, options: timestamps(82, timestampValue) });
    peer.emit('P.', { seq: 1471, ack: 1, len: 1460, options: timestamps(83, timestampValue) });
    peer.expect('.', { ack: 2931, options: timestamps(timestampValue + 5, 80) });
    peer.silence();
    peer.finish();
  });

  test('takes its octets from the effective send MSS, not from the one that is announced (RFC 6691)', () => {
    const { peer, socket } = opened();
    expect(socket.mss).toBe(1448);
    peer.send(socket, 1460);
    peer.expect('.', { len: 1448 });
    peer.finish(socket);
  });

  test('has a clock that differs between peers by a secret and is the same for all connections of a pair', () => {
    const peer = new ScriptedPeer(PROFILE);
    const offsets = new Set<number>();
    for (const last of [2, 2, 3, 4]) {
      const socket = peer.tcp.createSocket();
      socket.bind(0);
      socket.connect({ ...peer.remote, w3: (peer.remote.w3 & ~255) | last }, 80);
      offsets.add(socket.tsOffset);
    }
    expect(offsets.size).toBe(3);
    peer.finish();
  });
});

describe('TS.Recent (RFC 7323 4.3)', () => {
  test('keeps the timestamp of the earliest segment that a delayed acknowledgment covers', () => {
    const { peer, socket, clock } = opened(1000);
    peer.emit('.', { seq: 1, ack: 1, len: 100, options: timestamps(1001, clock()) });
    peer.emit('.', { seq: 101, ack: 1, len: 50, options: timestamps(1005, clock()) });
    peer.advance(40 * MS);
    peer.expect('.', { ack: 151, options: timestamps(clock(), 1001) });
    peer.finish(socket);
  });

  test('is not taken from a segment behind a gap, and is from the one that fills it', () => {
    const { peer, socket, clock } = opened(1000);
    peer.emit('.', { seq: 101, ack: 1, len: 100, options: timestamps(1005, clock()) });
    const first = peer.expect('.', { ack: 1 });
    expect(first.timestampEcho).toBe(1000);
    peer.emit('.', { seq: 1, ack: 1, len: 100, options: timestamps(1009, clock()) });
    expect(peer.expect('.', { ack: 201 }).timestampEcho).toBe(1009);
    peer.finish(socket);
  });

  test('is not taken from a segment whose acknowledgment is of what was never sent', () => {
    const { peer, socket, clock } = opened(1000);
    peer.emit('.', { seq: 1, ack: 500, options: timestamps(5000, clock()) });
    expect(peer.expect('.').timestampEcho).toBe(1000);
    peer.finish(socket);
  });
});

describe('PAWS (RFC 7323 5)', () => {
  test('a segment with an older timestamp is acknowledged and dropped', () => {
    const { peer, socket, clock } = opened(1000);
    peer.emit('P.', { seq: 1, ack: 1, len: 10, options: timestamps(999, clock()) });
    peer.expect('.', { ack: 1, options: timestamps(clock(), 1000) });
    expect(peer.receive(socket)).toEqual([]);
    expect(peer.tcp.dropped(DROP_TCP_TIMESTAMP)).toBe(1);
    peer.emit('P.', { seq: 1, ack: 1, len: 10, options: timestamps(1000, clock()) });
    expect(peer.receive(socket)).toEqual([10]);
    peer.finish(socket);
  });

  test('compares modulo 2^32', () => {
    const { peer, socket, clock } = opened(0xffff_fff0 | 0);
    peer.emit('P.', { seq: 1, ack: 1, len: 10, options: timestamps(5, clock()) });
    expect(peer.receive(socket)).toEqual([10]);
    peer.finish(socket);
  });

  test('never refuses a reset', () => {
    const { peer, socket } = opened(1000);
    peer.emit('R', { seq: 1, options: timestamps(1, 0) });
    expect(socket.inspect().cause).toBe('reset by peer');
    peer.finish(socket);
  });

  test('a connection that was silent for more than 24 days believes any timestamp again', () => {
    const { peer, socket, clock } = opened(1000);
    peer.advance(25 * DAY);
    peer.emit('P.', { seq: 1, ack: 1, len: 10, options: timestamps(500, clock()) });
    expect(peer.receive(socket)).toEqual([10]);
    peer.advance(40 * MS);
    expect(peer.expect('.').timestampEcho).toBe(500);
    peer.finish(socket);
  });

  test('a segment without the option is dropped silently, and taken where the profile is lenient', () => {
    const { peer, socket } = opened();
    peer.emit('P.', { seq: 1, ack: 1, len: 10 });
    peer.silence(SECOND);
    expect(peer.receive(socket)).toEqual([]);
    peer.finish(socket);
    const lenient = new ScriptedPeer({ ...PROFILE, requireTimestamps: false });
    const { socket: client } = lenient.client({}, [...MSS, ...timestamps(1, 0)]);
    lenient.emit('P.', { seq: 1, ack: 1, len: 10 });
    expect(lenient.receive(client)).toEqual([10]);
    lenient.finish(client);
  });
});

test('RTTM: the echo measures a round trip of data that was sent twice (RFC 7323 4)', () => {
  const { peer, socket, clock } = opened();
  peer.send(socket, 100);
  peer.expect('P.');
  peer.waitForSegment(2 * SECOND);
  peer.expect('P.', { seq: 1 });
  const sent = clock();
  peer.advance(30 * MS);
  peer.emit('.', { seq: 1, ack: 101, options: timestamps(1010, sent) });
  // srtt was 0 (a microsecond): an eighth of the sample.
  expect(socket.inspect().srtt).toBeGreaterThan(3 * MS);
  expect(socket.inspect().srtt).toBeLessThan(4 * MS);
  peer.finish(socket);
});

describe('TIME-WAIT (RFC 6191, RFC 1337)', () => {
  function inTimeWait(withTimestamps: boolean, change: object = {}): { peer: ScriptedPeer; accepted: TcpSocket[] } {
    const peer = new ScriptedPeer({ ...PROFILE, ...change });
    const accepted: TcpSocket[] = [];
    peer.tcp.listen(80, { onConnection: (socket) => accepted.push(socket) });
    peer.hostPort = 80;
    const options = (value: number) => (withTimestamps ? timestamps(value, 0) : []);
    peer.emit('S', { options: [...MSS, ...options(100)] });
    peer.expect('S.');
    peer.emit('.', { seq: 1, ack: 1, options: options(100) });
    accepted[0]?.shutdown();
    peer.expect('F.');
    peer.emit('F.', { seq: 1, ack: 2, options: options(110) });
    peer.expect('.');
    expect(accepted[0]?.state).toBe(TCP_TIMED_WAIT);
    return { peer, accepted };
  }

  test('a SYN with a later timestamp reopens, even with a lower sequence number', () => {
    const { peer, accepted } = inTimeWait(true);
    const before = accepted[0]?.sndNxt as number;
    peer.emit('S', { seq: -70000, options: [...MSS, ...timestamps(111, 0)] });
    peer.expect('S.', { ack: -69999 });
    // Its numbers lie beyond those of the old connection (RFC 9293 3.6.1).
    expect((peer.hostIss - before) | 0).toBeGreaterThan(0xffff);
    peer.emit('.', { seq: -69999, ack: 1, options: timestamps(111, 0) });
    expect(accepted[1]?.state).toBe(TCP_ESTABLISHED);
    peer.finish(...accepted);
  });

  test('a SYN with the same timestamp needs a higher sequence number; one with an older never reopens', () => {
    const { peer, accepted } = inTimeWait(true);
    peer.emit('S', { seq: -5, options: [...MSS, ...timestamps(110, 0)] });
    peer.expect('.');
    peer.emit('S', { seq: 5000, options: [...MSS, ...timestamps(50, 0)] });
    peer.expect('.');
    expect(accepted[0]?.state).toBe(TCP_TIMED_WAIT);
    peer.emit('S', { seq: 5000, options: [...MSS, ...timestamps(110, 0)] });
    peer.expect('S.');
    peer.finish(...accepted);
  });

  test('after a connection without timestamps a SYN with one reopens, and one without needs a higher number', () => {
    const { peer, accepted } = inTimeWait(false);
    peer.emit('S', { seq: -5, options: MSS });
    peer.expect('.');
    peer.emit('S', { seq: -5, options: [...MSS, ...timestamps(1, 0)] });
    peer.expect('S.');
    peer.finish(...accepted);
  });

  test('a reset does not end the wait, unless the profile lets it', () => {
    const { peer, accepted } = inTimeWait(true);
    peer.emit('R', { seq: 2 });
    expect(accepted[0]?.state).toBe(TCP_TIMED_WAIT);
    peer.finish(...accepted);
    const other = inTimeWait(true, { resetEndsTimeWait: true });
    other.peer.emit('R', { seq: 2 });
    expect(other.accepted[0]?.inspect().state).toBe('CLOSED');
    other.peer.finish(...other.accepted);
  });
});
