import { describe, expect, test } from '@jest/globals';
import { ERROR_TOO_BIG, MILLISECOND, type NetworkError, SECOND } from '@strata/contracts';
import { modernTcpProfile, netxTcpProfile, type TcpSocket, tcpOptions } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const PROFILE = {
  ...modernTcpProfile,
  options: tcpOptions({ timestamps: false, sack: false, windowScale: false }),
};

function tooBig(peer: ScriptedPeer, socket: TcpSocket, sequence: number): NetworkError {
  return {
    family: 4,
    kind: ERROR_TOO_BIG,
    type: 3,
    code: 4,
    mtu: peer.network.mtu,
    local: peer.local,
    remote: peer.remote,
    protocol: 6,
    localPort: socket.localPort,
    remotePort: socket.remotePort,
    sequence,
  };
}

describe('a router says that a segment was too big (RFC 1191 6.4, RFC 8201 5.2)', () => {
  test('what was too big goes again at once, cut to size, and congestion control does not hear of it', () => {
    const peer = new ScriptedPeer(PROFILE);
    const { socket } = peer.client();
    socket.setNoDelay(true);
    for (const octets of [1460, 1460, 100]) peer.send(socket, octets);
    for (const len of [1460, 1460, 100]) peer.expect('P.', { len });
    const { cwnd, ssthresh } = socket;
    peer.network.mtu = 1040;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    expect([socket.mss, socket.cwnd, socket.ssthresh, socket.retries]).toEqual([1000, cwnd, ssthresh, 0]);
    peer.expect('.', { seq: 1, len: 1000 });
    peer.expect('P.', { seq: 1001, len: 460 });
    peer.expect('.', { seq: 1461, len: 1000 });
    peer.expect('P.', { seq: 2461, len: 460 });
    peer.silence();
    peer.emit('.', { seq: 1, ack: 1001 });
    peer.emit('.', { seq: 1, ack: 3021 });
    expect(socket.inspect()).toMatchObject({ flight: 0, transmitPackets: 0, transmitBytes: 0 });
    peer.send(socket, 1400);
    peer.expect('.', { seq: 3021, len: 1000 });
    peer.expect('P.', { seq: 4021, len: 400 });
    peer.finish(socket);
  });

  test('the octets stay in order and whole, FIN and all', () => {
    const peer = new ScriptedPeer({ ...PROFILE, nagle: false });
    const { socket } = peer.client();
    const packet = socket.allocate();
    if (packet === null) throw new Error('no packet');
    const data = Uint8Array.from({ length: 1460 }, (_, i) => (i * 7) & 255);
    // Held back by a closed window, so that the FIN rides on it.
    peer.emit('.', { seq: 1, ack: 1, win: 0 });
    packet.appendBytes(data, 0, data.length);
    socket.send(packet);
    socket.shutdown();
    peer.emit('.', { seq: 1, ack: 1, win: 5000 });
    peer.expect('FP.', { len: 1460, data });
    peer.network.mtu = 640;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    peer.expect('.', { seq: 1, len: 600, data: data.subarray(0, 600) });
    peer.expect('.', { seq: 601, len: 600, data: data.subarray(600, 1200) });
    peer.expect('FP.', { seq: 1201, len: 260, data: data.subarray(1200) });
    peer.emit('.', { seq: 1, ack: 1462 });
    expect(socket.inspect().state).toBe('FIN_WAIT_2');
    peer.finish(socket);
  });

  test('what waits unsent goes out in the new size', () => {
    const peer = new ScriptedPeer(PROFILE);
    const { socket } = peer.client({}, [2, 4, 5, 0xb4], 1460);
    peer.send(socket, 1460);
    peer.send(socket, 1460);
    peer.expect('P.', { len: 1460 });
    peer.network.mtu = 1040;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    peer.expect('.', { seq: 1, len: 1000 });
    peer.expect('P.', { seq: 1001, len: 460 });
    peer.emit('.', { seq: 1, ack: 1461, win: 5000 });
    peer.expect('.', { seq: 1461, len: 1000 });
    peer.silence();
    peer.emit('.', { seq: 1, ack: 2461, win: 5000 });
    peer.expect('P.', { seq: 2461, len: 460 });
    peer.finish(socket);
  });

  test('a packet that a driver still holds is cut when it comes back', () => {
    const peer = new ScriptedPeer(PROFILE);
    const { socket } = peer.client();
    peer.network.holding = true;
    peer.send(socket, 1460);
    peer.expect('P.');
    peer.network.mtu = 1040;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    peer.silence(100 * MILLISECOND);
    peer.network.letGo();
    peer.network.holding = false;
    peer.waitForSegment(3 * SECOND);
    peer.expect('.', { seq: 1, len: 1000 });
    peer.finish(socket);
  });

  test('is believed only of a segment that is in flight, and only downwards', () => {
    const peer = new ScriptedPeer(PROFILE);
    const { socket } = peer.client();
    peer.send(socket, 1460);
    peer.expect('P.');
    peer.network.mtu = 1040;
    for (const sequence of [socket.sndUna - 1, socket.sndNxt, socket.sndNxt + 1000]) {
      expect(peer.tcp.confirms(tooBig(peer, socket, sequence | 0))).toBe(false);
      peer.tcp.networkError(tooBig(peer, socket, sequence | 0));
    }
    expect(socket.mss).toBe(1460);
    peer.network.mtu = 9000;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    expect(socket.mss).toBe(1460);
    peer.silence();
    peer.finish(socket);
  });

  test('leaves segments alone when the pool has no packet for the rest, and cuts them later', () => {
    const peer = new ScriptedPeer(PROFILE, { packets: 16 });
    const { socket } = peer.client();
    peer.send(socket, 1460);
    peer.expect('P.');
    const hoard: { release(): number }[] = [];
    for (let packet = peer.pool.allocate(0); packet !== null; packet = peer.pool.allocate(0)) hoard.push(packet);
    peer.network.mtu = 1040;
    peer.tcp.networkError(tooBig(peer, socket, socket.sndUna));
    peer.silence();
    for (const packet of hoard) packet.release();
    peer.waitForSegment(3 * SECOND);
    peer.expect('.', { seq: 1, len: 1000 });
    peer.finish(socket);
  });
});

test('segments ask not to be fragmented, unless the socket or the profile says otherwise', () => {
  const flags = (profile: typeof modernTcpProfile, options: object) => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client(options);
    const asks = socket.flow?.dontFragment;
    peer.finish(socket);
    return asks;
  };
  expect(flags(PROFILE, {})).toBe(true);
  expect(flags(PROFILE, { dontFragment: false })).toBe(false);
  expect(flags(netxTcpProfile, {})).toBe(false);
});
