import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, renoController, type TcpSocket, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const MS = MILLISECOND;
const PLAIN = { ...modernTcpProfile, options: tcpOptions({ timestamps: false, sack: false, windowScale: true }) };
const RENO = { ...PLAIN, congestion: () => renoController };
const WIDE = [2, 4, 5, 0xb4, 1, 3, 3, 7];
const MSS = 1460;

/** Sends segments and has each of them acknowledged `roundTrip` later. */
function exchange(peer: ScriptedPeer, socket: TcpSocket, segments: number, from: number, roundTrip = 10 * MS): number {
  for (let i = 0; i < segments; i++) peer.send(socket, MSS);
  let acked = from;
  peer.advance(roundTrip);
  while (peer.waiting > 0) {
    const { payloadLength } = peer.expect('P.');
    acked += payloadLength;
    peer.emit('.', { seq: 1, ack: acked, win: 65535 });
  }
  return acked;
}

describe('slow start and congestion avoidance (RFC 5681 3.1)', () => {
  test('slow start doubles the window in a round trip, then it grows by a segment', () => {
    const peer = new ScriptedPeer(RENO, { packets: 512 });
    const { socket } = peer.client({}, WIDE, 65535);
    expect(socket.cwnd).toBe(10 * MSS);
    let acked = exchange(peer, socket, 10, 1);
    expect(socket.cwnd).toBe(20 * MSS);
    socket.ssthresh = 20 * MSS;
    acked = exchange(peer, socket, 20, acked);
    expect(socket.cwnd).toBe(21 * MSS);
    acked = exchange(peer, socket, 21, acked);
    expect(socket.cwnd).toBe(22 * MSS);
    peer.finish(socket);
  });

  test('one acknowledgment of many segments counts for all of them', () => {
    const peer = new ScriptedPeer(RENO);
    const { socket } = peer.client({}, WIDE, 65535);
    for (let i = 0; i < 10; i++) peer.send(socket, MSS);
    for (let i = 0; i < 10; i++) peer.expect('P.');
    peer.emit('.', { seq: 1, ack: 1 + 10 * MSS, win: 65535 });
    expect(socket.cwnd).toBe(20 * MSS);
    peer.finish(socket);
  });

  test('a window that the application does not fill does not grow (RFC 7661)', () => {
    const peer = new ScriptedPeer(RENO);
    const { socket } = peer.client({}, WIDE, 65535);
    let acked = 1;
    for (let i = 0; i < 10; i++) acked = exchange(peer, socket, 3, acked);
    expect(socket.cwnd).toBe(10 * MSS);
    // More than half of it, in slow start, is use enough.
    exchange(peer, socket, 6, acked);
    expect(socket.cwnd).toBeGreaterThan(10 * MSS);
    peer.finish(socket);
  });

  test('a loss halves what is in flight', () => {
    const peer = new ScriptedPeer(RENO);
    const { socket } = peer.client({}, WIDE, 65535);
    for (let i = 0; i < 10; i++) peer.send(socket, MSS);
    for (let i = 0; i < 10; i++) peer.expect('P.');
    // The first is scaled, unlike the one in the SYN-ACK, and so tells of a new window.
    for (let i = 0; i < 4; i++) peer.emit('.', { seq: 1, ack: 1, win: 65535 });
    expect(socket.ssthresh).toBe(5 * MSS);
    peer.finish(socket);
  });
});

describe('a pause (RFC 5681 4.1)', () => {
  test('of more than a timeout brings the window back to the initial one', () => {
    const peer = new ScriptedPeer(RENO);
    const { socket } = peer.client({}, WIDE, 65535);
    const acked = exchange(peer, socket, 10, 1);
    expect(socket.cwnd).toBe(20 * MSS);
    peer.advance(5 * SECOND);
    exchange(peer, socket, 1, acked);
    expect(socket.cwnd).toBe(10 * MSS);
    expect(socket.ssthresh).toBeGreaterThanOrEqual(15 * MSS);
    peer.finish(socket);
  });

  test('of less changes nothing, and none does where the profile says so', () => {
    const peer = new ScriptedPeer({ ...RENO, slowStartAfterIdle: false });
    const { socket } = peer.client({}, WIDE, 65535);
    let acked = exchange(peer, socket, 10, 1);
    peer.advance(100 * MS);
    acked = exchange(peer, socket, 1, acked);
    expect(socket.cwnd).toBe(20 * MSS);
    peer.advance(50 * SECOND);
    exchange(peer, socket, 1, acked);
    expect(socket.cwnd).toBe(20 * MSS);
    peer.finish(socket);
  });
});

test('a simultaneous open has lost nothing: its initial window is whole; a SYN that was lost makes it one segment', () => {
  const together = new ScriptedPeer(RENO);
  const socket = together.tcp.createSocket();
  socket.bind(0);
  socket.connect(together.remote, 9123);
  together.expect('S', { seq: 0 });
  together.emit('S', { seq: 0, options: WIDE });
  together.expect('S.', { seq: 0, ack: 1 });
  together.emit('S.', { seq: 0, ack: 1 });
  expect(socket.cwnd).toBe(10 * MSS);
  expect(socket.rto.timeout(0)).toBe(SECOND);
  together.finish(socket);

  const late = new ScriptedPeer(RENO);
  const other = late.tcp.createSocket();
  other.bind(0);
  other.connect(late.remote, 9123);
  late.expect('S', { seq: 0 });
  late.advance(SECOND);
  late.expect('S', { seq: 0 });
  late.emit('S', { seq: 0, options: WIDE });
  late.expect('S.', { seq: 0, ack: 1 });
  late.emit('S.', { seq: 0, ack: 1 });
  expect(other.cwnd).toBe(MSS);
  expect(other.rto.timeout(0)).toBe(3 * SECOND);
  late.finish(other);
});

test('TCP_CONGESTION: chosen by name, before or during a connection', () => {
  const peer = new ScriptedPeer(PLAIN);
  const socket = peer.tcp.createSocket();
  expect(socket.congestion.name).toBe('cubic');
  expect([socket.setCongestion('reno'), socket.setCongestion('vegas'), socket.setCongestion('constructor')]).toEqual([
    true,
    false,
    false,
  ]);
  peer.connected(socket, WIDE, 65535);
  exchange(peer, socket, 10, 1);
  expect([socket.congestion.name, socket.cwnd]).toEqual(['reno', 20 * MSS]);
  expect(socket.setCongestion('cubic')).toBe(true);
  expect([socket.congestion.name, socket.cwnd]).toEqual(['cubic', 20 * MSS]);
  peer.finish(socket);
});

test('the initial window is the profile’s (RFC 6928)', () => {
  const peer = new ScriptedPeer({ ...PLAIN, initialWindow: (mss) => 3 * mss });
  const { socket } = peer.client({}, WIDE, 65535);
  for (let i = 0; i < 10; i++) peer.send(socket, MSS);
  expect(peer.waiting).toBe(3);
  peer.finish(socket);
});
