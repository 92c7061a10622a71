import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { ECN_ACTIVE, ECN_OFF, modernTcpProfile, renoController, type TcpSocket, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const NOT_ECT = 0;
const ECT_0 = 2;
const CE = 3;
const PROFILE = {
  ...modernTcpProfile,
  options: tcpOptions({ timestamps: false, sack: false, windowScale: false }),
  congestion: () => renoController,
};
const ACTIVE = { ...PROFILE, ecn: ECN_ACTIVE };
const MSS = [2, 4, 5, 0xb4];
const FULL = 1460;

function opened(): { peer: ScriptedPeer; socket: TcpSocket } {
  const peer = new ScriptedPeer(ACTIVE);
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.expect('SEW', { typeOfService: NOT_ECT });
  peer.emit('S.E', { ack: 1, options: MSS });
  peer.expect('.', { typeOfService: NOT_ECT });
  return { peer, socket };
}

describe('negotiation (RFC 3168 6.1.1)', () => {
  test('a SYN asks with ECE and CWR, a SYN-ACK with ECE alone agrees', () => {
    const { peer, socket } = opened();
    expect(socket.ecn).toBe(true);
    peer.finish(socket);
  });

  test.each([
    ['S.', 'an ordinary SYN-ACK'],
    ['S.EW', 'a SYN-ACK with both flags'],
    ['S.W', 'a SYN-ACK with CWR'],
  ])('%s: %s is a refusal', (flags) => {
    const peer = new ScriptedPeer(ACTIVE);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('SEW');
    peer.emit(flags, { ack: 1, options: MSS });
    peer.expect('.');
    peer.send(socket, 10);
    peer.expect('P.', { typeOfService: NOT_ECT });
    peer.finish(socket);
  });

  test('a SYN that went unanswered is repeated without the request (6.1.1.1), and an ECE in the answer means nothing then', () => {
    const peer = new ScriptedPeer(ACTIVE);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('SEW');
    peer.waitForSegment(2 * SECOND);
    peer.expect('S');
    peer.emit('S.E', { ack: 1, options: MSS });
    peer.expect('.');
    expect(socket.ecn).toBe(false);
    peer.finish(socket);
  });

  test.each([
    ['SEW', NOT_ECT, PROFILE, 'S.E'],
    ['SEW', NOT_ECT, { ...PROFILE, ecn: ECN_OFF }, 'S.'],
    ['SE', NOT_ECT, PROFILE, 'S.'],
    ['S', NOT_ECT, ACTIVE, 'S.'],
    ['SEW', ECT_0, PROFILE, 'S.'],
  ] as const)('a server answers %s with field %i as it should', (syn, typeOfService, profile, answer) => {
    const peer = new ScriptedPeer(profile);
    peer.tcp.listen(80, { onConnection: () => {} });
    peer.hostPort = 80;
    peer.emit(syn, { options: MSS, typeOfService });
    peer.expect(answer, { typeOfService: NOT_ECT });
    peer.finish();
  });
});

describe('the field in IP (6.1.4 to 6.1.6)', () => {
  test('is ECT(0) on new data, not on acknowledgments, retransmissions, probes, FIN or RST', () => {
    const { peer, socket } = opened();
    peer.send(socket, 100);
    peer.expect('P.', { typeOfService: ECT_0 });
    peer.waitForSegment(2 * SECOND);
    peer.expect('P.', { seq: 1, typeOfService: NOT_ECT });
    peer.emit('P.', { seq: 1, ack: 101, len: 10, win: 0 });
    peer.advance(40 * MILLISECOND);
    peer.expect('.', { ack: 11, typeOfService: NOT_ECT });
    peer.send(socket, 10);
    peer.waitForSegment(2 * SECOND);
    peer.expect('.', { len: 1, typeOfService: NOT_ECT });
    peer.emit('.', { seq: 11, ack: 102, win: 1000 });
    peer.expect('P.W', { seq: 102, typeOfService: ECT_0 });
    peer.receive(socket);
    socket.shutdown();
    peer.expect('F.', { typeOfService: NOT_ECT });
    socket.disconnect(true);
    peer.expect('R.', { typeOfService: NOT_ECT });
    peer.finish(socket);
  });

  test('leaves the application its six bits', () => {
    const peer = new ScriptedPeer(ACTIVE);
    const socket = peer.tcp.createSocket({ typeOfService: 0xb8 });
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('SEW', { typeOfService: 0xb8 });
    peer.emit('S.E', { ack: 1, options: MSS });
    peer.expect('.', { typeOfService: 0xb8 });
    peer.send(socket, 10);
    peer.expect('P.', { typeOfService: 0xba });
    peer.finish(socket);
  });
});

describe('the receiver (6.1.3)', () => {
  test('echoes a mark in every acknowledgment until CWR comes, and again after a new mark', () => {
    const { peer, socket } = opened();
    peer.emit('.', { seq: 1, ack: 1, len: FULL, typeOfService: ECT_0 });
    peer.emit('.', { seq: 1 + FULL, ack: 1, len: FULL, typeOfService: CE });
    peer.expect('.E', { ack: 1 + 2 * FULL });
    peer.emit('.', { seq: 1 + 2 * FULL, ack: 1, len: FULL, typeOfService: ECT_0 });
    peer.emit('.', { seq: 1 + 3 * FULL, ack: 1, len: FULL, typeOfService: ECT_0 });
    peer.expect('.E', { ack: 1 + 4 * FULL });
    peer.send(socket, 10);
    peer.expect('P.E');
    peer.emit('.W', { seq: 1 + 4 * FULL, ack: 11, len: FULL, typeOfService: ECT_0 });
    peer.expect('.', { ack: 1 + 5 * FULL });
    peer.emit('.W', { seq: 1 + 5 * FULL, ack: 11, len: FULL, typeOfService: CE });
    peer.expect('.E');
    expect(peer.tcp.counters.congestionExperienced).toBe(2);
    peer.finish(socket);
  });

  test('ignores marks on data outside the window, and everything where ECN was not agreed', () => {
    const { peer, socket } = opened();
    peer.emit('.', { seq: 1_000_000, ack: 1, len: 10, typeOfService: CE });
    peer.expect('.');
    peer.emit('P.', { seq: 1, ack: 1, len: 10, typeOfService: ECT_0 });
    peer.advance(SECOND);
    peer.expect('.');
    peer.finish(socket);
    const without = new ScriptedPeer(PROFILE);
    const { socket: plain } = without.client();
    without.emit('P.', { seq: 1, ack: 1, len: 10, typeOfService: CE });
    without.advance(SECOND);
    without.expect('.');
    without.finish(plain);
  });
});

describe('the sender (6.1.2)', () => {
  test('halves its window once for a window of data, says CWR on the next new data, and does not grow meanwhile', () => {
    const { peer, socket } = opened();
    for (let i = 0; i < 20; i++) peer.send(socket, FULL);
    for (let i = 0; i < 10; i++) peer.expect('P.');
    peer.emit('.E', { seq: 1, ack: 1 + FULL });
    expect([socket.cwnd, socket.ssthresh].map((octets) => Math.round(octets / FULL))).toEqual([5, 5]);
    const reduced = socket.cwnd;
    for (let i = 2; i <= 6; i++) peer.emit('.E', { seq: 1, ack: 1 + i * FULL });
    expect(socket.cwnd).toBe(reduced);
    const first = peer.expect('P.W', { typeOfService: ECT_0 });
    expect((first.sequence - peer.hostIss) | 0).toBe(1 + 10 * FULL);
    while (peer.waiting > 0) peer.expect('P.');
    peer.emit('.E', { seq: 1, ack: 1 + 10 * FULL });
    expect(socket.cwnd).toBe(reduced);
    while (peer.waiting > 0) peer.expect('P.');
    // An echo beyond what was outstanding at the reduction is a new one.
    peer.emit('.E', { seq: 1, ack: 1 + 12 * FULL });
    expect(socket.cwnd).toBeLessThan(reduced);
    expect(peer.tcp.counters.congestionEchoes).toBe(2);
    peer.finish(socket);
  });

  test('says CWR after a loss too', () => {
    const { peer, socket } = opened();
    peer.send(socket, FULL);
    peer.expect('P.');
    peer.waitForSegment(2 * SECOND);
    peer.expect('P.', { seq: 1 });
    peer.emit('.', { seq: 1, ack: 1 + FULL });
    peer.send(socket, 10);
    peer.expect('P.W');
    peer.emit('.', { seq: 1, ack: 11 + FULL });
    peer.send(socket, 10);
    peer.expect('P.');
    peer.finish(socket);
  });
});
