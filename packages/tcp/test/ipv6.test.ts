import { describe, expect, test } from '@jest/globals';
import { ERROR_TOO_BIG, NX_IP_ADDRESS_ERROR } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import { modernTcpProfile, netxTcpProfile, TCP_ESTABLISHED, type TcpSocket, tcpOptions } from '../src/index.ts';
import { addressInfo } from './support/network.ts';
import { ScriptedPeer } from './support/peer.ts';

const PROFILE = { ...modernTcpProfile, options: tcpOptions({ timestamps: false, sack: false, windowScale: false }) };
const V6 = { family: 6 as const };
const MSS_1440 = [2, 4, 5, 0xa0];

describe.each([
  ['modern', PROFILE],
  ['netx', { ...netxTcpProfile }],
])('TCP over IPv6, %s profile', (name, profile) => {
  test('announces what an IPv6 packet leaves for a segment, and 1220 is the default of a peer (RFC 9293 3.7.1)', () => {
    const peer = new ScriptedPeer(profile, V6);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    expect(peer.expect('S').mss).toBe(1440);
    peer.emit('S.', { ack: 1 });
    peer.expect('.');
    expect(socket.mss).toBe(1220);
    expect(socket.inspect()).toMatchObject({ local: '2001:db8::1', remote: '2001:db8::2' });
    peer.finish(socket);
  });

  test('moves data both ways with good checksums, and closes', () => {
    const peer = new ScriptedPeer(profile, V6);
    const { socket } = peer.client({}, MSS_1440);
    expect(socket.mss).toBe(1440);
    peer.send(socket, 1440);
    peer.expect('P.', { seq: 1, len: 1440 });
    peer.emit('P.', { seq: 1, ack: 1441, len: 100 });
    expect(peer.receive(socket)).toEqual([100]);
    peer.advance(300_000);
    peer.expect('.', { ack: 101 });
    socket.disconnect(false);
    peer.expect('F.');
    peer.emit('F.', { seq: 101, ack: 1442 });
    peer.expect('.', { ack: 102 });
    expect(socket.inspect().state).toBe('TIMED_WAIT');
    peer.finish(socket);
  });

  test(`a ${name} server takes both families on one port, and tells them apart`, () => {
    const peer = new ScriptedPeer(profile, V6);
    const accepted: TcpSocket[] = [];
    peer.tcp.listen(80, { onConnection: (socket) => accepted.push(socket) });
    peer.hostPort = 80;
    peer.emit('S', { options: MSS_1440 });
    peer.expect('S.');
    peer.emit('.', { seq: 1, ack: 1 });
    expect(accepted[0]?.state).toBe(TCP_ESTABLISHED);
    const four = new ScriptedPeer(profile);
    const syn = new Uint8Array(20);
    const view = new DataView(syn.buffer);
    view.setInt32(0, (peer.peerPort << 16) | 80);
    view.setUint16(12, 0x5002);
    view.setUint16(14, 1000);
    const info = addressInfo(four.remote, four.local);
    info.checksumVerified = true;
    peer.network.deliver(peer.pool, syn, info);
    expect(peer.network.flows.map((flow) => flow.family)).toEqual([6, 4]);
    expect(peer.tcp.connections.count).toBe(2);
    peer.finish(...accepted);
  });

  test('no connection to groups or to nobody', () => {
    const peer = new ScriptedPeer(profile, V6);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    for (const text of ['ff02::1', '::']) {
      const address = parseAddress(text);
      if (address === null) throw new Error(text);
      expect(socket.connect(address, 80)).toBe(NX_IP_ADDRESS_ERROR);
    }
    peer.finish(socket);
  });

  test('a reset answers what nobody wants', () => {
    const peer = new ScriptedPeer(profile, V6);
    peer.hostPort = 9;
    peer.emit('S', { seq: 0 });
    peer.expect('R.', { ack: 1 });
    peer.finish();
  });
});

test('cookies carry the sizes of IPv6', () => {
  const peer = new ScriptedPeer(PROFILE, V6);
  const accepted: TcpSocket[] = [];
  peer.tcp.listen(80, { backlog: 1, onConnection: (socket) => accepted.push(socket) });
  peer.hostPort = 80;
  peer.emit('S', { options: MSS_1440 });
  peer.expect('S.');
  for (const [mss, taken] of [
    [1440, 1440],
    [1400, 1300],
    [500, 256],
  ] as const) {
    peer.peerPort++;
    peer.emit('S', { options: [2, 4, mss >> 8, mss & 255] });
    peer.expect('S.', { ack: 1, options: MSS_1440 });
    peer.emit('.', { seq: 1, ack: 1 });
    expect(accepted[accepted.length - 1]?.mss).toBe(taken);
  }
  peer.finish(...accepted);
});

test('initial numbers and timestamp offsets depend on every word of the addresses', () => {
  const peer = new ScriptedPeer(modernTcpProfile, V6);
  const numbers = new Set<number>();
  const offsets = new Set<number>();
  for (const text of ['2001:db8::3', '2001:db8::1:3', '2001:db8:0:0:1::3', '2001:db8:1::3', '2001:db9::3']) {
    const remote = parseAddress(text);
    if (remote === null) throw new Error(text);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(remote, 80);
    numbers.add(socket.iss);
    offsets.add(socket.tsOffset);
  }
  expect([numbers.size, offsets.size]).toEqual([5, 5]);
  peer.finish();
});

test('a Packet Too Big lowers the MSS to what is left of the path (RFC 8201)', () => {
  const peer = new ScriptedPeer(PROFILE, V6);
  const { socket } = peer.client({}, MSS_1440);
  peer.send(socket, 1440);
  peer.expect('P.', { len: 1440 });
  peer.network.mtu = 1280;
  peer.tcp.networkError({
    family: 6,
    kind: ERROR_TOO_BIG,
    type: 2,
    code: 0,
    mtu: 1280,
    local: peer.local,
    remote: peer.remote,
    protocol: 6,
    localPort: socket.localPort,
    remotePort: 9123,
    sequence: socket.sndUna,
  });
  peer.expect('.', { seq: 1, len: 1220 });
  peer.expect('P.', { seq: 1221, len: 220 });
  peer.finish(socket);
});
