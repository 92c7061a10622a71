import { expect, test } from '@jest/globals';
import { SECOND, TICK } from '@strata/contracts';
import { FixedRto, netxTcpProfile, TCP_CLOSED, TCP_ESTABLISHED } from '../src/index.ts';
import { netxIsn } from '../src/isn.ts';
import { ScriptedPeer } from './support/peer.ts';

/** The captures of the real stack start their traffic at tick 12, the timer grid at tick 0. */
const START = 12 * TICK;
const MSS_OPTION = [2, 4, 5, 0xb4, 1, 1, 1, 0];

test('a SYN without answer goes again after 98 ticks, then every 100, eleven copies in all, and fails after the last', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  expect(socket.connect(peer.remote, 9123)).toBe(0x37);
  peer.expect('S', { seq: 0, win: 8192, len: 0, options: MSS_OPTION });
  expect(peer.waitForSegment(2 * SECOND)).toBe(98 * TICK);
  peer.expect('S', { seq: 0, options: MSS_OPTION });
  for (let copy = 3; copy <= 11; copy++) {
    expect(peer.waitForSegment(2 * SECOND)).toBe(100 * TICK);
    peer.expect('S', { seq: 0 });
  }
  peer.silence(99 * TICK);
  expect(socket.state).not.toBe(TCP_CLOSED);
  peer.silence(TICK);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.bound).toBe(true);
  expect(peer.now - START).toBe(1098 * TICK);
  peer.finish(socket);
});

test('the window starts at three segments of 1460, and at one when the SYN had to be repeated', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 8192);
  expect(socket.inspect()).toMatchObject({ cwnd: 4380, ssthresh: 8192, mss: 1460 });
  peer.finish(socket);

  const slow = new ScriptedPeer(netxTcpProfile, { start: START });
  const late = slow.tcp.createSocket();
  late.bind(0);
  late.connect(slow.remote, 9123);
  slow.expect('S');
  slow.waitForSegment(SECOND);
  slow.expect('S');
  slow.emit('S.', { ack: 1, options: MSS_OPTION });
  slow.expect('.');
  expect(late.inspect()).toMatchObject({ cwnd: 1460, mss: 1460, state: 'ESTABLISHED' });
  slow.finish(late);
});

test('a lost segment goes again after 98 ticks, byte for byte', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 8192);
  expect(peer.send(socket, 512)).toBe(0);
  peer.expect('P.', { seq: 1, ack: 1, len: 512, data: new Uint8Array(512).fill(0x61) });
  expect(peer.waitForSegment(2 * SECOND)).toBe(98 * TICK);
  peer.expect('P.', { seq: 1, ack: 1, len: 512, data: new Uint8Array(512).fill(0x61) });
  peer.emit('.', { seq: 1, ack: 513 });
  expect(socket.inspect()).toMatchObject({ transmitPackets: 0, flight: 0 });
  peer.silence(20 * SECOND);
  peer.finish(socket);
});

test('data that nobody acknowledges goes eleven times, then the connection is reset here without a segment', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket, ear } = peer.client({}, MSS_OPTION, 8192);
  peer.send(socket, 300);
  peer.expect('P.', { seq: 1, len: 300 });
  for (let copy = 2; copy <= 11; copy++) {
    peer.waitForSegment(2 * SECOND);
    peer.expect('P.', { seq: 1, len: 300 });
  }
  peer.silence(2 * SECOND);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(ear.heard).toEqual(['established', 'closed 0x38']);
  peer.finish(socket);
});

test('after a timeout segments go again while they fit one MSS together, and the window is the threshold', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 8192);
  for (let i = 0; i < 4; i++) {
    expect(peer.send(socket, 600)).toBe(0);
    peer.expect('P.', { seq: 1 + i * 600, len: 600 });
  }
  peer.waitForSegment(2 * SECOND);
  peer.expect('P.', { seq: 1, len: 600 });
  peer.expect('P.', { seq: 601, len: 600 });
  peer.silence();
  expect(socket.inspect()).toMatchObject({ cwnd: 2920, ssthresh: 2920 });
  peer.finish(socket);
});

test('data is acknowledged when the timer has ticked twice, 180 ms here', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 8192);
  peer.emit('P.', { seq: 1, ack: 1, len: 100 });
  expect(peer.receive(socket)).toEqual([100]);
  expect(peer.waitForSegment(SECOND)).toBe(18 * TICK);
  peer.expect('.', { seq: 1, ack: 101, win: 8192, len: 0 });
  peer.finish(socket);
});

test('reading acknowledges at once when the window has grown by half its size', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 8192);
  for (let i = 0; i < 4; i++) {
    peer.silence();
    peer.emit('P.', { seq: 1 + i * 1024, ack: 1, len: 1024 });
    expect(peer.receive(socket)).toEqual([1024]);
  }
  peer.expect('.', { ack: 4097, win: 8192 });
  peer.silence(SECOND);
  peer.finish(socket);
});

test('TIMED_WAIT lasts 240 seconds', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  const { socket, ear } = peer.client({}, MSS_OPTION, 8192);
  expect(socket.disconnect(false)).toBe(0x37);
  peer.expect('F.', { seq: 1, ack: 1 });
  peer.emit('.', { seq: 1, ack: 2 });
  peer.emit('F.', { seq: 1, ack: 2 });
  peer.expect('.', { seq: 2, ack: 2 });
  expect(ear.heard).toEqual(['established', 'peerFinished', 'closed 0x0']);
  peer.silence(239 * SECOND);
  expect(socket.inspect().state).toBe('TIMED_WAIT');
  peer.silence(SECOND);
  expect(socket.inspect().state).toBe('CLOSED');
  expect(socket.state).not.toBe(TCP_ESTABLISHED);
  peer.finish(socket);
});

test('a shift doubles the spacing of data, SYNs and probes with each', () => {
  const profile = { ...netxTcpProfile, rto: () => new FixedRto(SECOND, 1) };
  const peer = new ScriptedPeer(profile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 1000);
  peer.send(socket, 1000);
  peer.expect('P.');
  for (const ticks of [98, 200, 400, 800]) {
    expect(peer.waitForSegment(20 * SECOND)).toBe(ticks * TICK);
    peer.expect('P.', { seq: 1, len: 1000 });
  }
  peer.emit('.', { seq: 1, ack: 1001, win: 0 });
  peer.send(socket, 1000);
  peer.waitForSegment(30 * SECOND);
  for (const ticks of [200, 400, 800]) {
    peer.expect('.');
    peer.emit('.', { seq: 1, ack: 1001, win: 0 });
    expect(peer.waitForSegment(30 * SECOND)).toBe(ticks * TICK);
  }
  peer.finish(socket);
  const other = new ScriptedPeer(profile, { start: START });
  const opening = other.tcp.createSocket();
  opening.bind(0);
  opening.connect(other.remote, 9123);
  other.expect('S');
  for (const ticks of [98, 200, 400]) {
    expect(other.waitForSegment(20 * SECOND)).toBe(ticks * TICK);
    other.expect('S');
  }
  other.finish(opening);
});

test('a socket that connects again begins beyond where its last connection got to', () => {
  const zero = { uint32: () => 0, below: () => 0, fork: () => zero };
  const profile = { ...netxTcpProfile, isn: () => netxIsn(zero as never) };
  const peer = new ScriptedPeer(profile, { start: START });
  const { socket } = peer.client({}, MSS_OPTION, 65535);
  let next = 1;
  for (let i = 0; i < 100; i++, next += 1460) {
    peer.send(socket, 1460);
    peer.expect('P.', { seq: next });
    peer.emit('.', { seq: 1, ack: next + 1460 });
  }
  const last = socket.sndNxt;
  peer.emit('R', { seq: 1 });
  expect(socket.state).toBe(TCP_CLOSED);
  socket.connect(peer.remote, 9123);
  expect((peer.take()?.sequence ?? 0) - last).toBe(0x10000);
  peer.finish(socket);
});
