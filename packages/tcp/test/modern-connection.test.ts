import { expect, test } from '@jest/globals';
import { ERROR_HOST_UNREACHABLE, ERROR_PORT_UNREACHABLE, SECOND } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import {
  modernTcpProfile,
  netxTcpProfile,
  renoController,
  TCP_CLOSED,
  TCP_ESTABLISHED,
  TCP_SYN_SENT,
  TCP_TIMED_WAIT,
} from '../src/index.ts';
import { halfSipHash } from '../src/keyed-hash.ts';
import { randomPorts } from '../src/ports.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

test('RFC 6928: ten segments go out at once; one when the SYN was lost', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  for (let i = 0; i < 20; i++) peer.send(socket, 1460);
  expect(peer.waiting).toBe(10);
  peer.finish(socket);
});

test('RFC 6582: NewReno repairs several losses in one recovery, one hole per round trip', () => {
  const peer = new ScriptedPeer({ ...modernTcpProfile, congestion: () => renoController });
  const { socket } = peer.client();
  for (let i = 0; i < 10; i++) peer.send(socket, 1460);
  for (let i = 0; i < 10; i++) peer.expect('P.');
  const at = (n: number) => 1 + n * 1460;
  for (let i = 0; i < 3; i++) peer.emit('.', { seq: 1, ack: 1 });
  peer.expect('P.', { seq: at(0), len: 1460 });
  expect(socket.inspect()).toMatchObject({ ssthresh: 5 * 1460, cwnd: 8 * 1460 });
  for (let i = 0; i < 4; i++) peer.emit('.', { seq: 1, ack: 1 });
  expect(socket.cwnd).toBe(12 * 1460);
  peer.emit('.', { seq: 1, ack: at(4) });
  peer.expect('P.', { seq: at(4), len: 1460 });
  expect(socket.inspect().recovery).toBe('fast recovery');
  peer.emit('.', { seq: 1, ack: at(10) });
  expect(socket.inspect()).toMatchObject({ recovery: 'open', flight: 0 });
  expect(socket.cwnd).toBeLessThanOrEqual(5 * 1460);
  peer.finish(socket);
});

test('RFC 3042: the first two duplicate ACKs let new segments out', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  for (let i = 0; i < 13; i++) peer.send(socket, 1460);
  for (let i = 0; i < 10; i++) peer.expect('P.');
  peer.emit('.', { seq: 1, ack: 1 });
  peer.expect('P.', { seq: 1 + 10 * 1460 });
  peer.emit('.', { seq: 1, ack: 1 });
  peer.expect('P.', { seq: 1 + 11 * 1460 });
  peer.silence();
  peer.finish(socket);
});

test('FIN rides on the last segment that waits', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.send(socket, 10);
  peer.expect('P.');
  peer.send(socket, 20);
  socket.shutdown();
  peer.expect('FP.', { seq: 11, len: 20 });
  peer.waitForSegment(5 * SECOND);
  peer.expect('P.', { seq: 1, len: 10 });
  peer.emit('.', { seq: 1, ack: 11 });
  peer.expect('FP.', { seq: 11, len: 20 });
  peer.emit('.', { seq: 1, ack: 32 });
  expect(socket.inspect().state).toBe('FIN_WAIT_2');
  peer.finish(socket);
});

test('SHLD-3: closing with unread data resets, and so does data after the close', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  peer.emit('P.', { seq: 1, ack: 1, len: 10 });
  socket.disconnect(false);
  peer.expect('R.', { seq: 1 });
  expect(socket.state).toBe(TCP_CLOSED);
  peer.finish(socket);
  const other = new ScriptedPeer(modernTcpProfile);
  const late = other.client().socket;
  late.disconnect(false);
  other.expect('F.', { seq: 1 });
  other.emit('P.', { seq: 1, ack: 2, len: 10 });
  other.expect('R', { seq: 2 });
  expect(late.state).toBe(TCP_CLOSED);
  other.finish(late);
});

test('FIN_WAIT_2 does not last for ever once the application has gone', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client();
  socket.disconnect(false);
  peer.expect('F.');
  peer.emit('.', { seq: 1, ack: 2 });
  peer.silence(61 * SECOND);
  expect(socket.state).toBe(TCP_CLOSED);
  peer.finish(socket);
});

test('MAY-2: a higher SYN reopens a connection in TIMED_WAIT', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const accepted: import('../src/index.ts').TcpSocket[] = [];
  peer.tcp.listen(80, { onConnection: (socket) => accepted.push(socket) });
  peer.hostPort = 80;
  peer.emit('S', { seq: 0 });
  peer.expect('S.');
  peer.emit('.', { seq: 1, ack: 1 });
  accepted[0]?.shutdown();
  peer.expect('F.');
  peer.emit('F.', { seq: 1, ack: 2 });
  peer.expect('.');
  expect(accepted[0]?.state).toBe(TCP_TIMED_WAIT);
  peer.emit('S', { seq: 2 });
  peer.expect('.', { ack: 2 });
  peer.emit('S', { seq: 5000 });
  peer.expect('S.', { ack: 5001 });
  peer.emit('.', { seq: 5001, ack: 1 });
  expect(accepted[1]?.state).toBe(TCP_ESTABLISHED);
  peer.finish(...accepted);
});

test('RFC 5461: a hard ICMP error ends a connection that is being opened, never an open one; NetX ignores all', () => {
  const errorFor = (peer: ScriptedPeer, port: number, kind: number, sequence: number) => ({
    family: 4 as const,
    kind,
    type: 3,
    code: 3,
    mtu: 0,
    local: peer.local,
    remote: peer.remote,
    protocol: 6,
    localPort: port,
    remotePort: 9123,
    sequence,
  });
  const peer = new ScriptedPeer(modernTcpProfile);
  const socket = peer.tcp.createSocket();
  const ear = new Ear();
  socket.listener = ear;
  socket.bind(0);
  socket.connect(peer.remote, 9123);
  peer.tcp.networkError(errorFor(peer, socket.localPort, ERROR_HOST_UNREACHABLE, socket.iss));
  expect([socket.state, socket.softError]).toEqual([TCP_SYN_SENT, ERROR_HOST_UNREACHABLE]);
  peer.tcp.networkError(errorFor(peer, socket.localPort, ERROR_PORT_UNREACHABLE, (socket.iss + 5) | 0));
  expect(socket.state).toBe(TCP_SYN_SENT);
  peer.tcp.networkError(errorFor(peer, socket.localPort, ERROR_PORT_UNREACHABLE, socket.iss));
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.cause).toBe(7);
  peer.settle();
  peer.finish(socket);
  const open = new ScriptedPeer(modernTcpProfile);
  const client = open.client().socket;
  open.tcp.networkError(errorFor(open, client.localPort, ERROR_PORT_UNREACHABLE, client.sndUna));
  expect(client.state).toBe(TCP_ESTABLISHED);
  open.finish(client);
  const netx = new ScriptedPeer(netxTcpProfile);
  const deaf = netx.tcp.createSocket();
  deaf.bind(0);
  deaf.connect(netx.remote, 9123);
  netx.tcp.networkError(errorFor(netx, deaf.localPort, ERROR_PORT_UNREACHABLE, deaf.iss));
  expect(deaf.state).toBe(TCP_SYN_SENT);
  netx.finish(deaf);
});

test('RFC 6528: the initial number differs per connection by a secret and grows with the clock', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const numbers = new Set<number>();
  for (let port = 1; port <= 50; port++) {
    const socket = peer.tcp.createSocket();
    socket.bind(20000);
    socket.connect(peer.remote, port);
    numbers.add(socket.iss);
    socket.disconnect(true);
    socket.unbind();
    socket.delete();
  }
  expect(numbers.size).toBe(50);
  const once = peer.tcp.createSocket();
  once.bind(20000);
  once.connect(peer.remote, 7);
  const first = once.iss;
  once.disconnect(true);
  peer.advance(4000);
  once.connect(peer.remote, 7);
  expect((once.iss - first) | 0).toBe(1000);
  peer.finish(once);
});

test('the keyed hash depends on every bit of key and text', () => {
  const words = new Int32Array([1, 2, 3]);
  const seen = new Set([halfSipHash(1, 2, words), halfSipHash(1, 3, words), halfSipHash(0, 2, words)]);
  for (let bit = 0; bit < 96; bit++) {
    const changed = words.slice();
    changed[bit >> 5] = (changed[bit >> 5] as number) ^ (1 << (bit & 31));
    seen.add(halfSipHash(1, 2, changed));
  }
  expect(seen.size).toBe(99);
});

test('RFC 6056: ephemeral ports are spread over the dynamic range and never taken ones', () => {
  const chooser = randomPorts(new SeededRandom(5));
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16000; i++) {
    const port = chooser.choose((candidate) => candidate !== 50000, 80);
    expect(port).toBeGreaterThanOrEqual(0xc000);
    expect(port).not.toBe(50000);
    const bin = (port - 0xc000) >> 10;
    counts[bin] = (counts[bin] as number) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(160);
  expect(chooser.choose(() => false, 0)).toBe(0);
});
