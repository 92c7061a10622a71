import { expect, test } from '@jest/globals';
import { NX_SUCCESS, NX_TX_QUEUE_DEPTH, NX_WINDOW_OVERFLOW, SECOND, TICK } from '@strata/contracts';
import { netxTcpProfile, type TcpSocket } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const START = 12 * TICK;

function start(win: number, windowSize = 65535) {
  const peer = new ScriptedPeer(netxTcpProfile, { start: START });
  return { peer, ...peer.client({ windowSize }, undefined, win) };
}

/** Grows the window in slow start: `rounds` times a full window is sent and acknowledged at once. */
function warmUp(peer: ScriptedPeer, socket: TcpSocket, rounds: number): number {
  let next = 1;
  for (let round = 0; round < rounds; round++) {
    let count = 0;
    while (peer.send(socket, 1460) === NX_SUCCESS) {
      peer.expect('P.', { seq: next + count * 1460, len: 1460 });
      count++;
    }
    while (peer.waiting > 0) peer.expect('P.');
    next = 1 + ((socket.sndNxt - socket.iss - 1) | 0);
    peer.emit('.', { seq: 1, ack: next });
  }
  return next;
}

test('the third duplicate ACK repeats the head; window and threshold are those of the captured run', () => {
  const { peer, socket } = start(65535);
  const next = warmUp(peer, socket, 1);
  expect(socket.cwnd).toBe(5840);
  for (let i = 0; i < 4; i++) {
    peer.send(socket, 1460);
    peer.expect('P.', { seq: next + i * 1460, len: 1460 });
  }
  expect(peer.send(socket, 1460)).toBe(NX_WINDOW_OVERFLOW);
  peer.emit('.', { seq: 1, ack: next });
  expect(socket.inspect().duplicateAcks).toBe(1);
  peer.send(socket, 1460);
  peer.expect('P.', { seq: next + 4 * 1460, len: 1460 });
  peer.emit('.', { seq: 1, ack: next });
  peer.send(socket, 1460);
  peer.expect('P.', { seq: next + 5 * 1460, len: 1460 });
  expect(peer.send(socket, 1460)).toBe(NX_WINDOW_OVERFLOW);
  peer.emit('.', { seq: 1, ack: next });
  peer.expect('P.', { seq: next, len: 1460 });
  expect(socket.inspect()).toMatchObject({ ssthresh: 4380, cwnd: 4380 + 3 * 1460, recovery: 'fast recovery' });
  expect(peer.send(socket, 1460)).toBe(NX_WINDOW_OVERFLOW);
  peer.emit('.', { seq: 1, ack: next });
  expect(socket.cwnd).toBe(4380 + 4 * 1460);
  peer.emit('.', { seq: 1, ack: next + 6 * 1460 });
  expect(socket.inspect()).toMatchObject({
    ssthresh: 4380,
    recovery: 'open',
    cwnd: 4380 + Math.trunc((1460 * 1460) / 4380),
  });
  peer.finish(socket);
});

test('a partial ACK in recovery repeats the next hole at once', () => {
  const { peer, socket } = start(65535);
  const next = warmUp(peer, socket, 2);
  for (let i = 0; i < 5; i++) {
    peer.send(socket, 1460);
    peer.expect('P.');
  }
  for (let i = 0; i < 3; i++) peer.emit('.', { seq: 1, ack: next });
  peer.expect('P.', { seq: next, len: 1460 });
  peer.emit('.', { seq: 1, ack: next + 2 * 1460 });
  peer.expect('P.', { seq: next + 2 * 1460, len: 1460 });
  peer.emit('.', { seq: 1, ack: next + 5 * 1460 });
  peer.silence(5 * SECOND);
  peer.finish(socket);
});

test('after a timeout three duplicate ACKs repeat the next hole too, although they are below what was out then', () => {
  const { peer, socket } = start(65535);
  const next = warmUp(peer, socket, 2);
  for (let i = 0; i < 5; i++) {
    peer.send(socket, 1460);
    peer.expect('P.');
  }
  peer.waitForSegment(2 * SECOND);
  peer.expect('P.', { seq: next, len: 1460 });
  peer.emit('.', { seq: 1, ack: next + 1460 });
  peer.silence();
  for (let i = 0; i < 3; i++) peer.emit('.', { seq: 1, ack: next + 1460 });
  peer.expect('P.', { seq: next + 1460, len: 1460 });
  peer.silence();
  peer.finish(socket);
});

test('an acknowledgment that leapt ahead after a timeout leaves duplicates that mean nothing (RFC 6582 4.1)', () => {
  const { peer, socket } = start(65535);
  const next = warmUp(peer, socket, 3);
  for (let i = 0; i < 6; i++) {
    peer.send(socket, 1460);
    peer.expect('P.');
  }
  peer.waitForSegment(2 * SECOND);
  peer.expect('P.', { seq: next, len: 1460 });
  peer.emit('.', { seq: 1, ack: next + 5 * 1460 });
  for (let i = 0; i < 3; i++) peer.emit('.', { seq: 1, ack: next + 5 * 1460 });
  peer.silence();
  peer.finish(socket);
});

test('data segments with an old acknowledgment are not duplicate ACKs', () => {
  const { peer, socket } = start(65535);
  peer.send(socket, 1460);
  peer.expect('P.');
  for (let i = 0; i < 5; i++) peer.emit('P.', { seq: 1 + i * 10, ack: 1, len: 10 });
  expect(socket.inspect().duplicateAcks).toBe(0);
  peer.silence(10 * TICK);
  peer.finish(socket);
});

test('a packet that does not fit the window is cut; the rest stays with the caller', () => {
  const { peer, socket } = start(1000);
  const packet = socket.allocate();
  packet?.appendBytes(new Uint8Array(1400).fill(7), 0, 1400);
  if (packet === null) throw new Error('no packet');
  expect(socket.send(packet)).toBe(NX_WINDOW_OVERFLOW);
  peer.expect('P.', { seq: 1, len: 1000 });
  expect(packet.length).toBe(400);
  peer.emit('.', { seq: 1, ack: 1001, win: 1000 });
  expect(socket.send(packet)).toBe(NX_SUCCESS);
  peer.expect('P.', { seq: 1001, len: 400, data: new Uint8Array(400).fill(7) });
  peer.finish(socket);
});

test('twenty packets may wait for acknowledgment; the next is refused and told when there is room', () => {
  const { peer, socket, ear } = start(65535);
  for (let i = 0; i < 20; i++) {
    expect(peer.send(socket, 10)).toBe(NX_SUCCESS);
    peer.expect('P.', { len: 10 });
  }
  expect(peer.send(socket, 10)).toBe(NX_TX_QUEUE_DEPTH);
  peer.emit('.', { seq: 1, ack: 11 });
  expect(ear.heard).toEqual(['established', 'sendable']);
  peer.finish(socket);
});

test('a zero window is probed when the transmit timer would have expired, every second, for as long as the peer answers', () => {
  const { peer, socket, ear } = start(4096);
  for (let i = 0; i < 4; i++) {
    expect(peer.send(socket, 1024)).toBe(NX_SUCCESS);
    peer.expect('P.', { seq: 1 + i * 1024 });
  }
  expect(peer.send(socket, 1024)).toBe(NX_WINDOW_OVERFLOW);
  peer.advance(18 * TICK);
  peer.emit('.', { seq: 1, ack: 4097, win: 0 });
  expect(peer.waitForSegment(2 * SECOND)).toBe(80 * TICK);
  // Nothing is committed to the stream, so the probe carries nothing that the peer could keep.
  peer.expect('.', { seq: 4096, ack: 1, len: 0 });
  for (let probe = 0; probe < 30; probe++) {
    peer.emit('.', { seq: 1, ack: 4097, win: 0 });
    expect(peer.waitForSegment(2 * SECOND)).toBe(100 * TICK);
    peer.expect('.', { seq: 4096, len: 0 });
  }
  peer.emit('.', { seq: 1, ack: 4097, win: 2048 });
  expect(ear.heard).toEqual(['established', 'sendable']);
  expect(peer.send(socket, 1024)).toBe(NX_SUCCESS);
  peer.expect('P.', { seq: 4097, len: 1024 });
  peer.finish(socket);
});

test('ten probes without an answer end the connection', () => {
  const { peer, socket, ear } = start(1024);
  peer.send(socket, 1024);
  peer.expect('P.');
  expect(peer.send(socket, 1)).toBe(NX_WINDOW_OVERFLOW);
  peer.emit('.', { seq: 1, ack: 1025, win: 0 });
  for (let probe = 0; probe < 10; probe++) {
    peer.waitForSegment(2 * SECOND);
    peer.expect('.', { seq: 1024, len: 0 });
  }
  peer.silence(2 * SECOND);
  expect(ear.heard).toEqual(['established', 'closed 0x38']);
  peer.finish(socket);
});

test('data on the way into a window that closes is probed with its first octet', () => {
  const { peer, socket } = start(4096);
  peer.send(socket, 1000);
  peer.expect('P.', { seq: 1, len: 1000 });
  peer.emit('.', { seq: 1, ack: 1, win: 0 });
  peer.waitForSegment(2 * SECOND);
  peer.expect('.', { seq: 1, len: 1, data: new Uint8Array([0x61]) });
  peer.emit('.', { seq: 1, ack: 2, win: 4096 });
  peer.waitForSegment(2 * SECOND);
  peer.expect('P.', { seq: 1, len: 1000 });
  peer.finish(socket);
});

test('out-of-order data is acknowledged at once each time; the segment that fills the gap waits for the timer', () => {
  const { peer, socket } = start(65535);
  peer.emit('P.', { seq: 1, ack: 1, len: 1000 });
  peer.silence();
  for (let i = 2; i < 6; i++) {
    peer.emit('P.', { seq: 1 + i * 1000, ack: 1, len: 1000 });
    peer.expect('.', { ack: 1001, win: 65535 - 1000 });
  }
  peer.emit('P.', { seq: 1001, ack: 1, len: 1000 });
  peer.silence(10 * TICK);
  expect(peer.receive(socket)).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
  expect(peer.waitForSegment(SECOND)).toBe(8 * TICK);
  peer.expect('.', { ack: 6001, win: 65535 });
  peer.finish(socket);
});
