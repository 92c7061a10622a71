import { expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, Rfc6298Rto, renoController, SteadyRto, TCP_CLOSED, tcpOptions } from '../src/index.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

const MS = MILLISECOND;
const limits = {
  initial: SECOND,
  minimum: SECOND,
  maximum: 60 * SECOND,
  granularity: 10 * MS,
  afterLostSyn: 3 * SECOND,
};

test('2.2 and 2.3: the estimator follows the formulas', () => {
  const rto = new Rfc6298Rto(limits);
  expect(rto.timeout(0)).toBe(SECOND);
  rto.sample(500 * MS);
  expect([rto.srtt, rto.rttvar, rto.timeout(0)]).toEqual([500 * MS, 250 * MS, 1500 * MS]);
  rto.sample(900 * MS);
  const rttvar = 0.75 * 250 + 0.25 * 400;
  const srtt = 0.875 * 500 + 0.125 * 900;
  expect(rto.rttvar / MS).toBeCloseTo(rttvar, 6);
  expect(rto.srtt / MS).toBeCloseTo(srtt, 6);
  expect(rto.timeout(0)).toBe(Math.ceil((srtt + 4 * rttvar) * MS));
});

test('2.4 and 2.5: bounded below and above; doubled by each expiry', () => {
  const rto = new Rfc6298Rto(limits);
  for (let i = 0; i < 50; i++) rto.sample(1 * MS);
  expect(rto.timeout(0)).toBe(SECOND);
  expect([1, 2, 3, 5, 6, 40].map((n) => rto.timeout(n) / SECOND)).toEqual([2, 4, 8, 32, 60, 60]);
});

test('a SYN goes again after 1, 2, 4 … seconds and for at least three minutes (MUST-23)', () => {
  const options = tcpOptions({ timestamps: false, sack: false, windowScale: true });
  const peer = new ScriptedPeer({ ...modernTcpProfile, options });
  const socket = peer.tcp.createSocket();
  const ear = new Ear();
  socket.listener = ear;
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.expect('S', { win: 65535, options: [2, 4, 5, 0xb4, 1, 3, 3, 0] });
  for (const seconds of [1, 2, 4, 8, 16, 32, 64]) {
    expect(peer.waitForSegment(200 * SECOND)).toBe(seconds * SECOND);
    peer.expect('S', { seq: 0 });
  }
  peer.silence(200 * SECOND);
  expect(peer.now).toBeGreaterThan(180 * SECOND);
  expect(ear.heard).toEqual(['closed 0x38']);
  expect(socket.cause).toBe(4);
  peer.finish(socket);
});

test('5: the timer runs while something is outstanding, starts again with each new acknowledgment, backs off, gives up', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.expect('S');
  peer.advance(100 * MS);
  peer.emit('S.', { ack: 1, options: [2, 4, 5, 0xb4] });
  peer.expect('.');
  expect(socket.inspect()).toMatchObject({ srtt: 100 * MS, rttvar: 50 * MS, rto: 300 * MS });
  peer.send(socket, 1460);
  peer.send(socket, 1460);
  peer.expect('P.');
  peer.expect('P.');
  peer.advance(200 * MS);
  peer.emit('.', { seq: 1, ack: 1461 });
  const rto = socket.inspect().rto;
  expect(peer.waitForSegment(10 * SECOND)).toBe(rto);
  peer.expect('P.', { seq: 1461 });
  for (const factor of [2, 4, 8]) {
    expect(peer.waitForSegment(100 * SECOND)).toBe(rto * factor);
    peer.expect('P.', { seq: 1461 });
  }
  expect(socket.cwnd).toBe(1460);
  peer.emit('.', { seq: 1, ack: 2921 });
  // Karn: the acknowledgment of what was sent twice measures nothing, and the timeout stays as long as it has become.
  expect(socket.inspect().rto).toBe(rto * 16);
  peer.silence(100 * SECOND);
  peer.finish(socket);
});

test('5.5 (Karn): a path that has become slower than the timeout is measured, because the backed-off timeout stays', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  expect(socket.inspect().rto).toBe(200 * MS);
  let next = 1;
  const copies: number[] = [];
  for (let i = 0; i < 6; i++) {
    peer.send(socket, 1000);
    peer.advance(900 * MS);
    copies.push(peer.waiting);
    while (peer.waiting > 0) peer.expect('P.', { seq: next, len: 1000 });
    next += 1000;
    peer.emit('.', { seq: 1, ack: next });
  }
  // 200 and 400 ms for the first, 800 ms for the second; the third waits 1.6 s, goes once and is measured.
  expect(copies).toEqual([3, 2, 1, 1, 1, 1]);
  expect(socket.inspect().srtt).toBeGreaterThan(300 * MS);
  peer.finish(socket);
});

test('R2: after fifteen retransmissions the connection is given up', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket, ear } = peer.client();
  peer.send(socket, 10);
  peer.expect('P.');
  for (let i = 0; i < 15; i++) {
    peer.waitForSegment(200 * SECOND);
    peer.expect('P.', { seq: 1 });
  }
  peer.silence(200 * SECOND);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(ear.heard.at(-1)).toBe('closed 0x38');
  expect(peer.now).toBeGreaterThan(100 * SECOND);
  peer.finish(socket);
});

test('the user timeout replaces the count', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  socket.userTimeout = 5 * SECOND;
  peer.send(socket, 10);
  while (socket.state !== TCP_CLOSED && peer.now < 60 * SECOND) peer.advance(SECOND);
  expect(peer.now).toBeLessThan(16 * SECOND);
  peer.finish(socket);
});

test('after a timeout everything outstanding goes again in slow start', () => {
  const peer = new ScriptedPeer({ ...modernTcpProfile, congestion: () => renoController });
  const { socket } = peer.client();
  for (let i = 0; i < 8; i++) peer.send(socket, 1460);
  for (let i = 0; i < 8; i++) peer.expect('P.', { seq: 1 + i * 1460 });
  peer.waitForSegment(5 * SECOND);
  peer.expect('P.', { seq: 1 });
  expect(socket.inspect()).toMatchObject({ cwnd: 1460, ssthresh: 4 * 1460 });
  peer.emit('.', { seq: 1, ack: 1461 });
  peer.expect('P.', { seq: 1461 });
  peer.expect('P.', { seq: 2921 });
  peer.emit('.', { seq: 1, ack: 4381 });
  for (let i = 3; i < 7; i++) peer.expect('P.', { seq: 1 + i * 1460 });
  peer.emit('.', { seq: 1, ack: 7 * 1460 + 1 });
  peer.expect('P.', { seq: 7 * 1460 + 1 });
  peer.emit('.', { seq: 1, ack: 8 * 1460 + 1 });
  expect(socket.inspect()).toMatchObject({ flight: 0, transmitPackets: 0 });
  peer.finish(socket);
});

test('a packet that the driver has not sent yet does not go again', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.network.holding = true;
  peer.send(socket, 100);
  peer.expect('P.');
  peer.silence(SECOND);
  peer.network.letGo();
  peer.network.holding = false;
  peer.waitForSegment(10 * SECOND);
  peer.expect('P.', { seq: 1, len: 100 });
  peer.emit('.', { seq: 1, ack: 101 });
  peer.finish(socket);
});

test('a packet acknowledged while the driver holds it goes back to the pool when the driver lets go', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.network.holding = true;
  peer.send(socket, 100);
  peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 101 });
  expect(peer.pool.available).toBe(peer.pool.total - 1);
  peer.network.letGo();
  expect(peer.pool.available).toBe(peer.pool.total);
  peer.finish(socket);
});

test('a packet that IP refused stays queued and goes with the timer', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.network.status = 0x20;
  expect(peer.send(socket, 100)).toBe(0);
  peer.silence();
  peer.network.status = 0;
  peer.waitForSegment(5 * SECOND);
  peer.expect('P.', { seq: 1, len: 100 });
  peer.finish(socket);
});

test('the steady estimator keeps its variation over quick round trips, and lets go of it slowly', () => {
  const steady = new SteadyRto({ ...limits, minimum: 200 * MS, granularity: 200 * MS });
  const plain = new Rfc6298Rto({ ...limits, minimum: 200 * MS, granularity: 200 * MS });
  for (const rto of [steady, plain]) {
    rto.sample(100 * MS, true);
    expect([rto.srtt, rto.timeout(0)]).toEqual([100 * MS, 300 * MS]);
    rto.sample(500 * MS, true);
    for (let i = 0; i < 8; i++) rto.sample(100 * MS, i === 0);
  }
  // Eight samples of one round trip: RFC 6298 follows each, the other only the round trip.
  expect(steady.srtt).toBe(plain.srtt);
  expect(steady.timeout(0)).toBeGreaterThan(plain.timeout(0));
  for (let i = 0; i < 60; i++) steady.sample(100 * MS, true);
  expect(steady.timeout(0)).toBeLessThan(320 * MS);
  expect(steady.timeout(0)).toBeGreaterThanOrEqual(300 * MS);
});
