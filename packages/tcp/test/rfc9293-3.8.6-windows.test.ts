import { expect, test } from '@jest/globals';
import { MILLISECOND, NX_WINDOW_OVERFLOW, SECOND } from '@strata/contracts';
import { modernTcpProfile, TCP_ESTABLISHED, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const MSS = [2, 4, 5, 0xb4];
const SCALE_7 = [2, 4, 5, 0xb4, 1, 3, 3, 7];
const ONLY_SCALING = { timestamps: false, sack: false, windowScale: true };

test('RFC 7323 2: windows are scaled both ways when both ends say so, never in a SYN', () => {
  const peer = new ScriptedPeer({ ...modernTcpProfile, options: tcpOptions(ONLY_SCALING) });
  const socket = peer.tcp.createSocket({ windowSize: 1 << 20 });
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.expect('S', { win: 65535, options: [2, 4, 5, 0xb4, 1, 3, 3, 5] });
  peer.emit('S.', { ack: 1, win: 1000, options: SCALE_7 });
  peer.expect('.', { win: (1 << 20) >> 5 });
  expect(socket.inspect()).toMatchObject({ sndWnd: 1000, sndScale: 7, rcvScale: 5 });
  peer.emit('.', { seq: 1, ack: 1, win: 1000 });
  expect(socket.inspect().sndWnd).toBe(128000);
  peer.finish(socket);
});

test('RFC 7323 2.2: without the option in the SYN-ACK nothing is scaled; a shift above 14 counts as 14', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({ windowSize: 1 << 20 }, MSS, 1000);
  expect(socket.inspect()).toMatchObject({ sndScale: 0, rcvScale: 0 });
  const other = new ScriptedPeer(modernTcpProfile);
  const { socket: scaled } = other.client({}, [2, 4, 5, 0xb4, 1, 3, 3, 200], 1);
  expect(scaled.sndScale).toBe(14);
  other.finish(scaled);
  peer.finish(socket);
});

test('a server answers with window scaling only a SYN that has it', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  peer.tcp.listen(80, { socket: { windowSize: 1 << 18 }, onConnection: () => {} });
  peer.hostPort = 80;
  peer.emit('S', { seq: 0, options: MSS });
  peer.expect('S.', { options: MSS });
  peer.emit('S', { seq: 0, sourcePort: 5, options: SCALE_7 });
  peer.expect('S.', { options: [2, 4, 5, 0xb4, 1, 3, 3, 3] });
  peer.finish();
});

test('3.7.4 Nagle: a small segment waits while another is outstanding, and noDelay sends it', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.send(socket, 10);
  peer.expect('P.', { seq: 1, len: 10 });
  peer.send(socket, 20);
  peer.send(socket, 30);
  peer.silence();
  peer.emit('.', { seq: 1, ack: 11 });
  peer.expect('P.', { seq: 11, len: 50 });
  peer.send(socket, 5);
  peer.silence();
  socket.setNoDelay(true);
  peer.expect('P.', { seq: 61, len: 5 });
  peer.send(socket, 6);
  peer.expect('P.', { seq: 66, len: 6 });
  peer.finish(socket);
});

test('small writes become full segments', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.send(socket, 1000);
  peer.expect('P.', { len: 1000 });
  for (let i = 0; i < 6; i++) peer.send(socket, 1000);
  for (let i = 0; i < 4; i++) peer.expect('.', { seq: 1001 + i * 1460, len: 1460 });
  peer.silence();
  peer.emit('.', { seq: 1, ack: 1001 });
  peer.silence();
  peer.emit('.', { seq: 1, ack: 1001 + 4 * 1460 });
  peer.expect('P.', { seq: 1001 + 4 * 1460, len: 160 });
  peer.finish(socket);
});

test('3.8.6.2.1: a small window is used only when it is half of the largest, or when the override timer says so', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 4000);
  for (let i = 0; i < 4; i++) peer.send(socket, 1460);
  peer.expect('P.', { seq: 1 });
  peer.expect('P.', { seq: 1461, len: 1460 });
  peer.emit('.', { seq: 1, ack: 2921, win: 500 });
  peer.silence(100 * MILLISECOND);
  peer.waitForSegment(SECOND);
  peer.expect('.', { seq: 2921, len: 500 });
  peer.finish(socket);
});

test('3.8.6.1: a closed window is probed with one octet after one RTO, then at doubling intervals, without giving up', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 1000);
  peer.send(socket, 1000);
  peer.expect('P.', { len: 1000 });
  peer.send(socket, 700, 0x62);
  peer.emit('.', { seq: 1, ack: 1001, win: 0 });
  const rto = socket.rto.timeout(0);
  expect(peer.waitForSegment(SECOND)).toBe(rto);
  for (let i = 1; i < 30; i++) {
    peer.expect('.', { seq: 1001, len: 1, data: new Uint8Array([0x62]) });
    peer.emit('.', { seq: 1, ack: 1001, win: 0 });
    const wait = peer.waitForSegment(200 * SECOND);
    expect(wait).toBe(Math.min(rto * 2 ** i, 120 * SECOND));
  }
  expect(socket.state).toBe(TCP_ESTABLISHED);
  peer.expect('.', { seq: 1001, len: 1 });
  peer.emit('.', { seq: 1, ack: 1001, win: 5000 });
  peer.expect('P.', { seq: 1001, len: 700, data: new Uint8Array(700).fill(0x62) });
  peer.finish(socket);
});

test('SHLD-30: a window that closes on what is on its way is probed at doubling intervals too, and opens to a prompt repetition', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 3000);
  peer.send(socket, 1000, 0x61);
  peer.expect('P.', { seq: 1, len: 1000 });
  peer.emit('.', { seq: 1, ack: 1, win: 0 });
  const rto = socket.rto.timeout(0);
  for (let i = 0; i < 20; i++) {
    expect(peer.waitForSegment(200 * SECOND)).toBe(Math.min(rto * 2 ** i, 120 * SECOND));
    peer.expect('.', { seq: 1, len: 1 });
    peer.emit('.', { seq: 1, ack: 1, win: 0 });
  }
  peer.emit('.', { seq: 1, ack: 1, win: 3000 });
  expect(peer.waitForSegment(SECOND)).toBeLessThanOrEqual(rto);
  peer.expect('P.', { seq: 1, len: 1000 });
  peer.emit('.', { seq: 1, ack: 1001, win: 3000 });
  peer.silence(100 * SECOND);
  peer.finish(socket);
});

test('a peer that takes the octet of a probe gets the rest, and nothing twice', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 1000);
  peer.send(socket, 1000);
  peer.expect('P.');
  const packet = socket.allocate();
  const bytes = new Uint8Array(100).map((_, i) => i + 1);
  packet?.appendBytes(bytes, 0, 100);
  if (packet !== null) socket.send(packet);
  peer.emit('.', { seq: 1, ack: 1001, win: 0 });
  peer.waitForSegment(SECOND);
  peer.expect('.', { seq: 1001, len: 1, data: bytes.slice(0, 1) });
  peer.emit('.', { seq: 1, ack: 1002, win: 0 });
  peer.waitForSegment(5 * SECOND);
  peer.expect('.', { seq: 1002, len: 1, data: bytes.slice(1, 2) });
  peer.emit('.', { seq: 1, ack: 1003, win: 1000 });
  peer.expect('P.', { seq: 1003, len: 98, data: bytes.slice(2) });
  peer.emit('.', { seq: 1, ack: 1101, win: 1000 });
  expect(socket.inspect()).toMatchObject({ flight: 0, transmitPackets: 0, transmitBytes: 0 });
  peer.finish(socket);
});

test('two ends that have taken each other’s probe octet do not answer each other for ever', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 1000);
  peer.send(socket, 1000);
  peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 1001, win: 0 });
  peer.send(socket, 500);
  peer.waitForSegment(SECOND);
  peer.expect('.', { seq: 1001, len: 1 });
  // The peer probes too, and its octet is taken; it does not know yet, and acknowledges from where it was.
  peer.emit('.', { seq: 1, ack: 1001, win: 0, len: 1 });
  peer.advance(50 * MILLISECOND);
  peer.expect('.', { seq: 1001, ack: 2 });
  peer.emit('.', { seq: 1, ack: 1002, win: 5000 });
  peer.expect('P.', { seq: 1002, ack: 2, len: 499 });
  peer.emit('.', { seq: 2, ack: 1501, win: 5000 });
  peer.silence(100 * SECOND);
  peer.finish(socket);
});

test('an old segment’s acknowledgment counts, its window does not: the edge stays where the newest one put it', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 1000);
  peer.send(socket, 1000);
  peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 1, win: 1000, len: 10 });
  peer.emit('.', { seq: 11, ack: 1, win: 1000 });
  peer.emit('.', { seq: 10, ack: 501, win: 2000 });
  peer.expect('.', { ack: 11 });
  expect(socket.inspect()).toMatchObject({ flight: 500, sndWnd: 500 });
  peer.finish(socket);
});

test('unacceptable acknowledgments are answered a few times in half a second, unacceptable data always', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  for (let i = 0; i < 50; i++) peer.emit('.', { seq: -1000, ack: 1 });
  expect(peer.waiting).toBe(4);
  while (peer.waiting > 0) peer.expect('.', { seq: 1, ack: 1 });
  for (let i = 0; i < 10; i++) {
    peer.emit('.', { seq: -1000, ack: 1, len: 10 });
    peer.expect('.', { seq: 1, ack: 1 });
  }
  peer.advance(500 * MILLISECOND);
  peer.emit('.', { seq: 0, ack: 1 });
  peer.expect('.', { seq: 1, ack: 1 });
  peer.finish(socket);
});

test.each([0, 5000])('a FIN behind the one octet that a probe has delivered still follows (window then %i)', (win) => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 1000);
  peer.send(socket, 1000);
  peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 1001, win: 0 });
  peer.send(socket, 1, 0x7a);
  socket.shutdown();
  peer.settle();
  peer.waitForSegment(SECOND);
  peer.expect('.', { seq: 1001, len: 1, data: new Uint8Array([0x7a]) });
  peer.emit('.', { seq: 1, ack: 1002, win });
  peer.expect('F.', { seq: 1002, len: 0 });
  peer.emit('.', { seq: 1, ack: 1003, win });
  expect(socket.inspect()).toMatchObject({ state: 'FIN_WAIT_2', transmitPackets: 0, transmitBytes: 0 });
  peer.silence(10 * SECOND);
  peer.finish(socket);
});

test('MUST-34: a window that shrinks below what is outstanding does no harm', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, MSS, 10000);
  for (let i = 0; i < 8; i++) peer.send(socket, 1460);
  for (let i = 0; i < 6; i++) peer.expect('P.', { seq: 1 + i * 1460 });
  peer.emit('.', { seq: 1, ack: 1461, win: 2000 });
  peer.silence(100 * MILLISECOND);
  peer.emit('.', { seq: 1, ack: 1 + 6 * 1460, win: 20000 });
  peer.expect('P.', { seq: 1 + 6 * 1460 });
  peer.expect('P.', { seq: 1 + 7 * 1460 });
  peer.finish(socket);
});

test('3.8.6.2.2: a window that has closed opens again only by a segment or half the buffer', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({ windowSize: 4000 }, MSS);
  for (let i = 0; i < 4; i++) peer.emit('P.', { seq: 1 + i * 1000, ack: 1, len: 1000 });
  while (peer.waiting > 0) peer.expect('.');
  peer.advance(SECOND);
  while (peer.waiting > 0) peer.expect('.', { win: 0 });
  const first = socket.receive();
  first?.release();
  peer.settle();
  peer.silence(5 * SECOND);
  socket.receive()?.release();
  peer.receive(socket);
  peer.expect('.', { ack: 4001 });
  peer.finish(socket);
});

test('RFC 5681 4.2: every second full segment is acknowledged at once, a single one after 40 ms, a filled gap at once', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.emit('.', { seq: 1, ack: 1, len: 1460 });
  peer.silence();
  peer.emit('.', { seq: 1461, ack: 1, len: 1460 });
  peer.expect('.', { ack: 2921 });
  peer.emit('.', { seq: 2921, ack: 1, len: 1460 });
  expect(peer.waitForSegment(SECOND)).toBe(40 * MILLISECOND);
  peer.expect('.', { ack: 4381 });
  peer.emit('.', { seq: 5841, ack: 1, len: 1460 });
  peer.expect('.', { ack: 4381 });
  peer.emit('.', { seq: 4381, ack: 1, len: 1460 });
  peer.expect('.', { ack: 7301 });
  peer.receive(socket);
  peer.finish(socket);
});

test('a send buffer that is full refuses, and says when it has room', () => {
  const peer = new ScriptedPeer({ ...modernTcpProfile, sendBuffer: 10000 });
  const { socket, ear } = peer.client({}, MSS, 2920);
  let taken = 0;
  while (peer.send(socket, 1460) === 0) taken++;
  expect(taken).toBe(6);
  expect(peer.send(socket, 1460)).toBe(NX_WINDOW_OVERFLOW);
  expect(ear.heard).toEqual(['established']);
  peer.emit('.', { seq: 1, ack: 2921, win: 2920 });
  expect(ear.heard).toEqual(['established', 'sendable']);
  peer.finish(socket);
});

test('3.8.6.2.2: reading much at once tells the peer of it once', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({ windowSize: 14600 });
  for (let i = 0; i < 10; i++) peer.emit('.', { seq: 1 + i * 1460, ack: 1, len: 1460 });
  peer.ignore();
  expect(socket.receiveBytes).toBe(14600);
  expect(peer.receive(socket).length).toBeGreaterThan(5);
  peer.expect('.', { ack: 14601, win: 14600 });
  peer.silence();
  peer.finish(socket);
});

test('two ends that have filled each other’s windows and lost it all believe each other’s acknowledgments', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({ windowSize: 2000 }, [2, 4, 3, 0xe8], 2000);
  peer.send(socket, 1000);
  peer.send(socket, 1000);
  peer.expect('P.', { seq: 1, len: 1000 });
  peer.expect('P.', { seq: 1001, len: 1000 });
  // The peer's 2000 octets were lost, ours were not: its acknowledgment comes from behind them.
  peer.emit('.', { seq: 2001, ack: 2001, win: 2000 });
  peer.silence(5_000_000);
  expect(socket.inspect()).toMatchObject({ flight: 0 });
  // A reset or data from there is as unacceptable as ever.
  peer.emit('R', { seq: 2001 });
  peer.silence();
  peer.emit('.', { seq: 2001, ack: 2001, len: 10 });
  peer.expect('.', { ack: 1 });
  peer.finish(socket);
});
