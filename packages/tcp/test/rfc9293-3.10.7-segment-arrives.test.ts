import { describe, expect, test } from '@jest/globals';
import {
  DROP_TCP_ACKNOWLEDGMENT,
  DROP_TCP_CHECKSUM,
  DROP_TCP_DATA_OFFSET,
  DROP_TCP_LAND,
  DROP_TCP_NO_CONNECTION,
  DROP_TCP_NOT_UNICAST,
  DROP_TCP_SHORT,
  HANDLED,
  SECOND,
} from '@strata/contracts';
import { ipv4Address } from '@strata/wire';
import {
  modernTcpProfile,
  netxTcpProfile,
  TCP_CLOSED,
  TCP_ESTABLISHED,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
  type TcpProfile,
  type TcpSocket,
} from '../src/index.ts';
import { addressInfo } from './support/network.ts';
import { Ear, ScriptedPeer } from './support/peer.ts';

const profiles: [string, TcpProfile][] = [
  ['netx', netxTcpProfile],
  ['modern', modernTcpProfile],
];

describe.each(profiles)('%s profile', (_name, profile) => {
  const listening = (backlog = 2) => {
    const peer = new ScriptedPeer({ ...profile, synCookies: false });
    const accepted: TcpSocket[] = [];
    const server = peer.tcp.listen(80, { backlog, onConnection: (socket) => accepted.push(socket) });
    if (server === null) throw new Error('not listening');
    peer.hostPort = 80;
    peer.peerPort = 4000;
    return { peer, accepted, server };
  };

  test('3.10.7.1: a port without a listener answers with the reset that the segment calls for', () => {
    const peer = new ScriptedPeer(profile);
    peer.hostPort = 9;
    peer.emit('S', { seq: 7 });
    const toSyn = peer.expect('R.', { win: 0, len: 0 });
    expect([toSyn.sequence, (toSyn.acknowledgment - peer.peerIss) | 0]).toEqual([0, 8]);
    peer.emit('.', { seq: 7, ack: 1234, len: 5 });
    expect(peer.expect('R', { win: 0 }).sequence).toBe(1234);
    peer.emit('F', { seq: 7, len: 5 });
    expect((peer.expect('R.').acknowledgment - peer.peerIss) | 0).toBe(13);
    peer.emit('R', { seq: 7 });
    peer.silence();
    expect(peer.tcp.dropped(DROP_TCP_NO_CONNECTION)).toBe(4);
    peer.finish();
  });

  test('3.10.7.2: in LISTEN a reset is ignored, an acknowledgment is reset, a SYN is answered', () => {
    const { peer, accepted } = listening();
    peer.emit('R', { seq: 0 });
    peer.silence();
    peer.emit('.', { seq: 0, ack: 55 });
    expect(peer.expect('R').sequence).toBe(55);
    for (const flags of ['', 'F', 'P', 'FPU', 'SF']) peer.emit(flags, { seq: 0 });
    peer.silence();
    peer.emit('S', { seq: 0, options: [2, 4, 5, 0xb4] });
    peer.expect('S.', { seq: 0, ack: 1 });
    peer.emit('.', { seq: 1, ack: 1 });
    expect(accepted.length).toBe(1);
    peer.finish();
  });

  test('MUST-43: a port listened on at another local address is a closed port here', () => {
    const peer = new ScriptedPeer(profile);
    const server = peer.tcp.listen(80, { localAddress: ipv4Address(0xc6336401), onConnection: () => {} });
    peer.hostPort = 80;
    peer.emit('S', { seq: 7 });
    expect((peer.expect('R.', { win: 0 }).acknowledgment - peer.peerIss) | 0).toBe(8);
    peer.silence();
    server?.close();
    peer.finish();
  });

  test('3.10.7.3: in SYN_SENT only an acknowledged reset counts, and a wrong acknowledgment is reset', () => {
    const peer = new ScriptedPeer(profile);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('S');
    peer.emit('R', { seq: 0 });
    peer.emit('S.', { seq: 0, ack: 2 });
    peer.expect('R', { seq: 2 });
    peer.emit('R.', { seq: 0, ack: 2 });
    peer.emit('.', { seq: 0, ack: 0 });
    peer.expect('R', { seq: 0 });
    expect(socket.state).toBe(TCP_SYN_SENT);
    peer.emit('S.', { seq: 0, ack: 1 });
    peer.expect('.', { seq: 1, ack: 1 });
    expect(socket.state).toBe(TCP_ESTABLISHED);
    peer.finish(socket);
  });

  test('3.5 figure 8: a simultaneous open ends in ESTABLISHED', () => {
    const peer = new ScriptedPeer(profile);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('S', { seq: 0 });
    peer.emit('S', { seq: 0 });
    peer.expect('S.', { seq: 0, ack: 1 });
    expect(socket.state).toBe(TCP_SYN_RECEIVED);
    peer.emit('S.', { seq: 0, ack: 1 });
    expect(socket.state).toBe(TCP_ESTABLISHED);
    peer.expect('.', { seq: 1, ack: 1 });
    peer.finish(socket);
  });

  test('3.10.7.4: SYN_RECEIVED answers a repeated SYN, resets a wrong acknowledgment, and gives way to a reset', () => {
    const { peer, accepted, server } = listening();
    peer.emit('S', { seq: 0 });
    peer.expect('S.', { seq: 0, ack: 1 });
    peer.emit('S', { seq: 0 });
    peer.expect('S.', { seq: 0, ack: 1 });
    peer.emit('.', { seq: 1, ack: 2 });
    peer.expect('R', { seq: 2 });
    expect(server.halfOpen).toBe(1);
    peer.emit('R', { seq: 1 });
    expect(server.halfOpen).toBe(0);
    expect(peer.tcp.connections.count).toBe(0);
    peer.emit('S', { seq: 100 });
    peer.expect('S.', { ack: 101 });
    peer.emit('P.', { seq: 101, ack: 1, len: 20 });
    expect(accepted.length).toBe(1);
    expect(accepted[0]?.receiveBytes).toBe(20);
    peer.finish(...accepted);
  });

  test('half-open connections are bounded by the backlog: one more takes the place of the oldest', () => {
    const { peer, accepted, server } = listening(2);
    for (const sourcePort of [1, 2, 3]) {
      peer.emit('S', { seq: 0, sourcePort });
      peer.expect('S.');
    }
    expect(server.halfOpen).toBe(2);
    peer.emit('.', { seq: 1, ack: 1, sourcePort: 3 });
    expect(accepted.map((socket) => socket.remotePort)).toEqual([3]);
    peer.emit('.', { seq: 1, ack: 1, sourcePort: 1 });
    peer.expect('R');
    accepted[0]?.destroy();
    expect(server.halfOpen).toBe(1);
    server.close();
    peer.advance(1);
    peer.finish();
  });

  test('a segment outside the window is answered with an acknowledgment and changes nothing', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client({ windowSize: 1000 });
    peer.emit('P.', { seq: 1001, ack: 1, len: 10 });
    peer.expect('.', { seq: 1, ack: 1 });
    peer.emit('P.', { seq: -50, ack: 1, len: 10 });
    peer.expect('.', { seq: 1, ack: 1 });
    peer.emit('R', { seq: 1001 });
    peer.emit('R', { seq: 0 });
    peer.silence();
    expect(socket.state).toBe(TCP_ESTABLISHED);
    peer.finish(socket);
  });

  test('an acknowledgment of what was never sent is answered and dropped, data and all', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    peer.emit('P.', { seq: 1, ack: 2, len: 10 });
    peer.expect('.', { seq: 1, ack: 1 });
    expect(peer.tcp.dropped(DROP_TCP_ACKNOWLEDGMENT)).toBe(1);
    expect(socket.receiveBytes).toBe(0);
    peer.emit('P', { seq: 1, len: 10 });
    peer.silence();
    expect(socket.receiveBytes).toBe(0);
    peer.finish(socket);
  });

  test('data across the edges of the window is cut to what is new and fits', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client({ windowSize: 100 });
    peer.emit('P.', { seq: 1, ack: 1, len: 40 });
    peer.emit('P.', { seq: 21, ack: 1, len: 200 });
    expect(socket.receiveBytes).toBe(100);
    while (peer.waiting > 0) peer.expect('.', {});
    expect(socket.rcvNxt).toBe((peer.peerIss + 101) | 0);
    peer.emit('.', { seq: 101, ack: 1, len: 1 });
    peer.expect('.', { ack: 101, win: 0 });
    peer.receive(socket);
    peer.expect('.', { ack: 101, win: 100 });
    peer.finish(socket);
  });

  test('a reset and an acknowledgment count even when the window is closed', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client({ windowSize: 50 });
    peer.emit('P.', { seq: 1, ack: 1, len: 50 });
    peer.send(socket, 30);
    while (peer.waiting > 0) peer.expect(peer.waiting > 1 ? '.' : 'P.');
    peer.emit('.', { seq: 51, ack: 31, len: 10 });
    peer.expect('.', { ack: 51, win: 0 });
    expect(socket.inspect().flight).toBe(0);
    peer.emit('R', { seq: 51 });
    expect(socket.state).toBe(TCP_CLOSED);
    peer.finish(socket);
  });

  test('a FIN that overtakes data waits for it', () => {
    const peer = new ScriptedPeer(profile);
    const { socket, ear } = peer.client();
    peer.emit('F.', { seq: 101, ack: 1, len: 50 });
    peer.expect('.', { ack: 1 });
    expect(ear.heard).toEqual(['established']);
    peer.emit('P.', { seq: 1, ack: 1, len: 100 });
    peer.expect('.', { ack: 152 });
    expect(ear.heard).toEqual(['established', 'receivable', 'peerFinished']);
    expect(socket.inspect().state).toBe('CLOSE_WAIT');
    expect(peer.receive(socket).reduce((sum, n) => sum + n, 0)).toBe(150);
    peer.emit('F.', { seq: 101, ack: 1, len: 50 });
    peer.expect('.', { ack: 152 });
    peer.finish(socket);
  });

  test('3.6: the active closer passes FIN_WAIT_1, FIN_WAIT_2 and TIMED_WAIT, and receives until the peer is done', () => {
    const peer = new ScriptedPeer(profile);
    const { socket, ear } = peer.client();
    expect(socket.shutdown()).toBe(0);
    peer.expect('F.', { seq: 1, ack: 1 });
    peer.emit('P.', { seq: 1, ack: 1, len: 10 });
    expect(socket.inspect().state).toBe('FIN_WAIT_1');
    peer.emit('P.', { seq: 11, ack: 2, len: 10 });
    expect(socket.inspect().state).toBe('FIN_WAIT_2');
    while (peer.waiting > 0) peer.expect('.');
    expect(peer.receive(socket).reduce((sum, n) => sum + n, 0)).toBe(20);
    peer.emit('F.', { seq: 21, ack: 2 });
    while (peer.waiting > 1) peer.expect('.');
    peer.expect('.', { seq: 2, ack: 22 });
    expect(socket.inspect().state).toBe('TIMED_WAIT');
    expect(ear.heard.at(-1)).toBe('closed 0x0');
    peer.emit('F.', { seq: 21, ack: 2 });
    peer.expect('.', { seq: 2, ack: 22 });
    peer.silence(300 * SECOND);
    expect(socket.state).toBe(TCP_CLOSED);
    peer.finish(socket);
  });

  test('3.6: a simultaneous close passes CLOSING', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    socket.shutdown();
    peer.expect('F.', { seq: 1 });
    peer.emit('F.', { seq: 1, ack: 1 });
    peer.expect('.', { seq: 2, ack: 2 });
    expect(socket.inspect().state).toBe('CLOSING');
    peer.emit('.', { seq: 2, ack: 2 });
    expect(socket.inspect().state).toBe('TIMED_WAIT');
    peer.finish(socket);
  });

  test('3.6: the passive closer keeps sending in CLOSE_WAIT, and its FIN follows all data', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    peer.emit('F.', { seq: 1, ack: 1 });
    peer.expect('.', { ack: 2 });
    peer.send(socket, 100);
    peer.expect('P.', { seq: 1, len: 100 });
    socket.shutdown();
    peer.expect('F.', { seq: 101, len: 0 });
    peer.emit('.', { seq: 2, ack: 101 });
    expect(socket.inspect().state).toBe('LAST_ACK');
    peer.emit('.', { seq: 2, ack: 102 });
    expect(socket.state).toBe(TCP_CLOSED);
    peer.finish(socket);
  });

  test('a lost FIN goes again', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    socket.shutdown();
    peer.expect('F.', { seq: 1 });
    peer.waitForSegment(5 * SECOND);
    peer.expect('F.', { seq: 1, ack: 1, len: 0 });
    peer.emit('.', { seq: 1, ack: 2 });
    peer.silence(5 * SECOND);
    peer.finish(socket);
  });

  test('malformed segments are named and left with the caller', () => {
    const peer = new ScriptedPeer(profile);
    const info = addressInfo(peer.remote, peer.local);
    const bytes = new Uint8Array(24);
    expect(peer.network.deliver(peer.pool, bytes.subarray(0, 19), info)).toBe(DROP_TCP_SHORT);
    bytes[12] = 0x40;
    expect(peer.network.deliver(peer.pool, bytes, info)).toBe(DROP_TCP_DATA_OFFSET);
    bytes[12] = 0x70;
    expect(peer.network.deliver(peer.pool, bytes, info)).toBe(DROP_TCP_DATA_OFFSET);
    bytes[12] = 0x50;
    expect(peer.network.deliver(peer.pool, bytes, info)).toBe(DROP_TCP_CHECKSUM);
    info.checksumVerified = true;
    expect(peer.network.deliver(peer.pool, bytes, info)).toBe(HANDLED);
    peer.silence();
    peer.finish();
  });

  test('3.9.2.3: a SYN to or from what is no host is dropped in silence', () => {
    const { peer } = listening();
    const bytes = new Uint8Array(20);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 4000);
    view.setUint16(2, 80);
    view.setUint16(12, 0x5002);
    const deliver = (change: object) =>
      peer.network.deliver(peer.pool, bytes, {
        ...addressInfo(peer.remote, peer.local),
        checksumVerified: true,
        ...change,
      });
    deliver({ toUnicast: false });
    deliver({ linkCast: 2 });
    deliver({ source3: ipv4Address(0xe0000001).w3 });
    deliver({ source3: -1 });
    deliver({ source3: 0 });
    expect(peer.tcp.dropped(DROP_TCP_NOT_UNICAST)).toBe(5);
    view.setUint16(0, 80);
    deliver({ source3: peer.local.w3 });
    expect(peer.tcp.dropped(DROP_TCP_LAND)).toBe(1);
    peer.silence();
    peer.finish();
  });

  test('options: any alignment, unknown ones skipped, an illegal length does no harm', () => {
    const peer = new ScriptedPeer(profile);
    const socket = peer.tcp.createSocket();
    socket.bind(0);
    socket.connect(peer.remote, 9123);
    peer.expect('S');
    peer.emit('S.', { ack: 1, options: [1, 253, 3, 9, 1, 1, 2, 4, 2, 0x58, 0, 0] });
    peer.expect('.');
    expect(socket.peerMss).toBe(600);
    for (const options of [
      [2, 0, 0, 0],
      [2, 1, 0, 0],
      [2, 9, 0, 0],
      [253, 0, 0, 0],
    ]) {
      peer.emit('P.', { seq: 1, ack: 1, len: 5, options });
    }
    peer.silence();
    expect(socket.receiveBytes).toBe(0);
    peer.emit('P.', { seq: 1, ack: 1, len: 5, options: [99, 4, 1, 2] });
    expect(socket.receiveBytes).toBe(5);
    peer.finish(socket);
  });

  test('without an MSS option segments hold 536 octets', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client({}, []);
    expect(socket.mss).toBe(536);
    peer.send(socket, 1000);
    peer.expect(profile === netxTcpProfile ? 'P.' : '.', { len: 536 });
    peer.finish(socket);
  });

  test('urgent data stays in the stream and is announced', () => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    let urgent = 0;
    socket.notifications.urgent = () => urgent++;
    peer.emit('PU.', { seq: 1, ack: 1, len: 10, urgent: 4 });
    expect(urgent).toBe(1);
    expect(socket.urgentBytes).toBe(4);
    peer.emit('P.', { seq: 11, ack: 1, len: 10 });
    expect(urgent).toBe(1);
    expect(peer.receive(socket).reduce((sum, n) => sum + n, 0)).toBe(20);
    expect(socket.urgentBytes).toBe(0);
    // What was urgent once is forgotten, or it would hide new urgent data half a sequence space later.
    expect(socket.rcvUrgent).toBe(false);
    while (peer.waiting > 0) peer.expect('.');
    const packet = socket.allocate();
    packet?.appendBytes(new Uint8Array(8), 0, 8);
    if (packet !== null) socket.sendUrgent(packet);
    peer.expect('PU.', { seq: 1, len: 8, urgent: 8 });
    peer.finish(socket);
  });

  test('a segment for a connection in every state, of every kind of flags, throws nothing and leaks nothing', () => {
    const all = ['F', 'S', 'R', 'P', '.', 'U'];
    for (let mask = 0; mask < 64; mask++) {
      const flags = all.filter((_, i) => mask & (1 << i)).join('');
      for (let state = 0; state < 7; state++) {
        const peer = new ScriptedPeer(profile);
        const socket = peer.tcp.createSocket();
        socket.listener = new Ear();
        socket.bind(0);
        socket.connect(peer.remote, 9123);
        peer.expect('S');
        if (state > 0) peer.emit('S.', { ack: 1 });
        if (state === 2 || state === 6) peer.emit('F.', { seq: 1, ack: 1 });
        if (state >= 3) socket.shutdown();
        if (state >= 4 && state < 6) peer.emit('.', { seq: 1, ack: 2 });
        if (state === 5) peer.emit('F.', { seq: 1, ack: 2 });
        for (const seq of [0, 1, 2, 70000]) {
          for (const ack of [0, 1, 2, 3]) peer.emit(flags, { seq, ack, len: (mask + seq) % 3 });
        }
        peer.advance(SECOND);
        peer.finish(socket);
      }
    }
  });
});
