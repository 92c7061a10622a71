import { describe, expect, test } from '@jest/globals';
import { SECOND } from '@strata/contracts';
import { netxScaledOptions, netxTcpProfile, TCP_CLOSED, TCP_SYN_SENT, type TcpProfile } from '../src/index.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

const MSS_1460 = [2, 4, 5, 0xb4, 1, 1, 1, 0];
const scaled: TcpProfile = { ...netxTcpProfile, options: netxScaledOptions, maximumWindow: 1 << 30 };

/** A socket that has sent its SYN. */
function opening(profile: TcpProfile, windowSize = 8192, family: 4 | 6 = 4) {
  const peer = new ScriptedPeer(profile, { family });
  const socket = peer.tcp.createSocket({ windowSize });
  const ear = new Ear();
  socket.listener = ear;
  socket.bind(0);
  socket.connect(peer.remote, peer.peerPort);
  return { peer, socket, ear };
}

/** A socket that listens on port 80 and has accepted. */
function listening(profile: TcpProfile, windowSize = 8192) {
  const peer = new ScriptedPeer(profile);
  const socket = peer.tcp.createSocket({ windowSize });
  peer.hostPort = 80;
  peer.tcp.serverListen(80, socket, 5, null);
  socket.accept();
  return { peer, socket };
}

describe('the MSS of the peer', () => {
  test.each([
    ['absent, over IPv4', [], 4, 536],
    ['absent, over IPv6', [], 6, 1220],
    ['in front of NOPs and the end', [2, 4, 5, 0xb4, 1, 1, 1, 0], 4, 1460],
    ['behind NOPs', [1, 1, 1, 1, 2, 4, 2, 0], 4, 512],
    ['behind an option that nobody knows', [0xfd, 6, 1, 2, 3, 4, 2, 4, 2, 0, 0, 0], 4, 512],
    ['behind the end, where nothing is', [0, 0, 0, 0, 2, 4, 2, 0], 4, 536],
    ['larger than the path takes', [2, 4, 0x23, 0x28], 4, 1460],
  ] as const)('%s', (_what, options, family, mss) => {
    const { peer, socket } = opening(netxTcpProfile, 8192, family);
    peer.expect('S', { seq: 0 });
    peer.emit('S.', { ack: 1, options });
    peer.expect('.', { seq: 1 });
    expect(socket.mss).toBe(mss);
    peer.finish(socket);
  });

  test('on a segment with data changes nothing', () => {
    const { peer, socket } = opening(netxTcpProfile);
    peer.expect('S');
    peer.emit('S.', { ack: 1, options: MSS_1460 });
    peer.expect('.');
    for (const [seq, length] of [
      [1, 4],
      [11, 6],
    ] as const) {
      peer.emit('P.', { seq, ack: 1, len: 10, options: [2, length, 1, 0, 0, 0, 0, 0] });
      expect(socket.mss).toBe(1460);
      expect(peer.receive(socket)).toEqual([10]);
    }
    peer.finish(socket);
  });
});

describe('options that cannot be read (RFC 9293 MUST-7)', () => {
  const bad: [string, number[]][] = [
    ['an MSS of three octets', [2, 3, 5, 0]],
    ['an MSS of six octets', [2, 6, 5, 0xb4, 0, 0, 0, 0]],
    ['an MSS of no length', [2, 0, 5, 0xb4]],
    ['an option longer than the header', [1, 1, 0xfd, 9]],
  ];

  test.each(bad)('%s in a SYN: a reset, and the socket goes on listening', (_what, options) => {
    const { peer, socket } = listening(netxTcpProfile);
    peer.emit('S', { seq: 0, options });
    peer.hostIss = 0;
    const reset = peer.take();
    expect([reset?.flags, reset?.sequence, ((reset?.acknowledgment ?? 0) - peer.peerIss) | 0]).toEqual([0x14, 0, 1]);
    peer.silence(2 * SECOND);
    peer.emit('S', { seq: 0, options: MSS_1460 });
    peer.expect('S.', { seq: 0, ack: 1 });
    peer.finish(socket);
  });

  test.each(bad)('%s in a SYN-ACK: a reset, and the connect has failed', (_what, options) => {
    const { peer, socket, ear } = opening(netxTcpProfile);
    peer.expect('S', { seq: 0 });
    peer.emit('S.', { ack: 1, options });
    peer.expect('R', { seq: 1, len: 0 });
    peer.silence(2 * SECOND);
    expect([socket.state, socket.bound, ear.heard]).toEqual([TCP_CLOSED, true, ['closed 0x38']]);
    peer.finish(socket);
  });

  test('a SYN-ACK that does not acknowledge our SYN ends nothing', () => {
    const { peer, socket } = opening(netxTcpProfile);
    peer.expect('S', { seq: 0 });
    peer.emit('S.', { ack: 7, options: [2, 3, 5, 0] });
    expect(socket.state).toBe(TCP_SYN_SENT);
    peer.silence();
    peer.finish(socket);
  });
});

describe('window scaling, as in NetX built with it', () => {
  test('is offered behind the MSS, with the smallest shift that the window needs, and the end', () => {
    for (const [windowSize, shift, field] of [
      [8192, 0, 8192],
      [65536, 1, 65535],
      [1 << 20, 5, 65535],
      [1 << 30, 14, 65535],
    ] as const) {
      const { peer, socket } = opening(scaled, windowSize);
      peer.expect('S', { win: field, options: [2, 4, 5, 0xb4, 3, 3, shift, 0] });
      peer.finish(socket);
    }
  });

  test('is taken up in the SYN-ACK when the SYN has it, and is in force afterwards', () => {
    const { peer, socket } = listening(scaled, 1 << 20);
    peer.emit('S', { seq: 0, win: 1000, options: [2, 4, 5, 0xb4, 3, 3, 2, 0] });
    peer.expect('S.', { win: 65535, options: [2, 4, 5, 0xb4, 3, 3, 5, 0] });
    peer.emit('.', { seq: 1, ack: 1, win: 1000 });
    expect(socket.inspect()).toMatchObject({ sndWnd: 4000 });
    peer.send(socket, 10);
    peer.expect('P.', { win: (1 << 20) >> 5 });
    peer.finish(socket);
  });

  test('is left out of the SYN-ACK when the SYN lacks it', () => {
    const { peer, socket } = listening(scaled, 1 << 20);
    peer.emit('S', { seq: 0, win: 1000, options: MSS_1460 });
    peer.expect('S.', { win: 65535, options: MSS_1460 });
    peer.emit('.', { seq: 1, ack: 1, win: 1000 });
    expect(socket.inspect()).toMatchObject({ sndWnd: 1000 });
    peer.send(socket, 10);
    peer.expect('P.', { win: 65535 });
    peer.finish(socket);
  });
});
