import { describe, expect, test } from '@jest/globals';
import { DROP_TCP_CONNECTION_LIMIT, SECOND } from '@strata/contracts';
import { SeededRandom } from '@strata/time';
import { parseAddress } from '@strata/wire';
import { Demultiplexer } from '../src/demultiplexer.ts';
import type { ControlBlock } from '../src/index.ts';
import { modernTcpProfile, TCP_ESTABLISHED, TCP_TIMED_WAIT, type TcpSocket, tcpOptions } from '../src/index.ts';
import { addressInfo } from './support/network.ts';
import { ScriptedPeer } from './support/peer.ts';

const PROFILE = { ...modernTcpProfile, options: tcpOptions({ timestamps: false, sack: false, windowScale: false }) };

function server(change: object, packets = 128): { peer: ScriptedPeer; accepted: TcpSocket[] } {
  const peer = new ScriptedPeer({ ...PROFILE, ...change }, { packets });
  const accepted: TcpSocket[] = [];
  peer.tcp.listen(80, { onConnection: (socket) => accepted.push(socket) });
  peer.hostPort = 80;
  return { peer, accepted };
}

/** A peer at `port` connects; returns the host's initial number. */
function connect(peer: ScriptedPeer, port: number): number {
  peer.peerPort = port;
  peer.emit('S', { options: [2, 4, 5, 0xb4] });
  peer.expect('S.');
  peer.emit('.', { seq: 1, ack: 1 });
  return peer.hostIss;
}

describe('connections of a service are bounded', () => {
  test('one too many is not begun', () => {
    const { peer, accepted } = server({ maximumConnections: 3 });
    for (let port = 1; port <= 3; port++) connect(peer, port);
    peer.peerPort = 4;
    peer.emit('S');
    peer.silence();
    expect([accepted.length, peer.tcp.dropped(DROP_TCP_CONNECTION_LIMIT)]).toEqual([3, 1]);
    accepted[0]?.destroy();
    connect(peer, 5);
    expect(accepted.length).toBe(4);
    peer.finish(...accepted);
  });

  test('the oldest TIMED_WAIT makes room, for a new connection and for another TIMED_WAIT', () => {
    const { peer, accepted } = server({ maximumConnections: 4, maximumTimeWait: 2 });
    const end = (index: number, port: number, iss: number) => {
      peer.peerPort = port;
      peer.hostIss = iss;
      accepted[index]?.shutdown();
      peer.expect('F.');
      peer.emit('F.', { seq: 1, ack: 2 });
      peer.expect('.');
    };
    for (let i = 0; i < 3; i++) end(i, i + 1, connect(peer, i + 1));
    expect(accepted.map((socket) => socket.inspect().state)).toEqual(['CLOSED', 'TIMED_WAIT', 'TIMED_WAIT']);
    for (let port = 10; port < 13; port++) connect(peer, port);
    expect(accepted.map((socket) => socket.state).filter((state) => state === TCP_ESTABLISHED).length).toBe(3);
    expect(accepted.map((socket) => socket.state).filter((state) => state === TCP_TIMED_WAIT).length).toBe(1);
    expect(peer.tcp.counters.timeWaitsCut).toBe(2);
    peer.advance(61 * SECOND);
    expect(peer.tcp.waiting.size).toBe(0);
    peer.finish(...accepted);
  });
});

describe('a pool that unread data has used up', () => {
  /** More connections than the pool has packets, each with a packet of data that nobody reads. */
  function besieged(change: object): { peer: ScriptedPeer; accepted: TcpSocket[] } {
    const { peer, accepted } = server(change, 128);
    for (let port = 1000; port < 1150; port++) {
      connect(peer, port);
      peer.emit('P.', { seq: 1, ack: 1, len: 1400 });
      peer.ignore();
    }
    return { peer, accepted };
  }

  test('is relieved of the connections that have waited longest, and new ones are served', () => {
    const { peer, accepted } = besieged({});
    expect(peer.pool.available).toBeLessThan(20);
    peer.advance(20 * SECOND);
    peer.ignore();
    connect(peer, 5000);
    const last = accepted[accepted.length - 1] as TcpSocket;
    // The first segment finds no room and calls for relief; it is sent again.
    peer.emit('P.', { seq: 1, ack: 1, len: 1400 });
    expect(peer.tcp.counters.evicted).toBeGreaterThan(0);
    for (let i = 0; i < 10; i++) {
      peer.emit('P.', { seq: 1 + i * 1400, ack: 1, len: 1400 });
      expect(peer.receive(last)).toEqual([1400]);
    }
    expect(accepted[0]?.inspect().cause).toBe('evicted, packets short');
    peer.finish(...accepted);
  });

  test('keeps everybody where the profile says so, and those that were read lately in any case', () => {
    const { peer, accepted } = besieged({ unreadLife: Number.POSITIVE_INFINITY });
    peer.advance(100 * SECOND);
    peer.ignore();
    connect(peer, 5000);
    peer.emit('P.', { seq: 1, ack: 1, len: 1400 });
    expect(peer.tcp.counters.evicted).toBe(0);
    peer.finish(...accepted);
    const young = besieged({});
    young.peer.advance(SECOND);
    young.peer.ignore();
    connect(young.peer, 5000);
    young.peer.emit('P.', { seq: 1, ack: 1, len: 1400 });
    expect(young.peer.tcp.counters.evicted).toBe(0);
    young.peer.finish(...young.accepted);
  });
});

describe('a pool that data has used up which peers do not take', () => {
  /** Connections with a closed window, or with none that answer any more, and as much to send as the pool gives. */
  function besieged(window: number): { peer: ScriptedPeer; accepted: TcpSocket[] } {
    const { peer, accepted } = server({}, 128);
    for (let port = 1000; port < 1060; port++) {
      connect(peer, port);
      peer.emit('.', { seq: 1, ack: 1, win: window });
      const socket = accepted[accepted.length - 1] as TcpSocket;
      for (let packet = socket.allocate(); packet !== null; packet = socket.allocate()) {
        packet.appendBytes(new Uint8Array(1000), 0, 1000);
        if (socket.send(packet) !== 0) packet.release();
      }
      peer.ignore();
    }
    return { peer, accepted };
  }

  test.each([
    ['closed windows', 0],
    ['silence', 65535],
  ])('%s: those that have been so for long make room (RFC 6429), and not before', (_what, window) => {
    const { peer, accepted } = besieged(window);
    const starved = accepted[accepted.length - 1] as TcpSocket;
    expect(peer.pool.available).toBeLessThan(20);
    peer.advance(5 * SECOND);
    peer.ignore();
    starved.allocate()?.release();
    expect(peer.tcp.counters.evicted).toBe(0);
    peer.advance(20 * SECOND);
    peer.ignore();
    connect(peer, 5000);
    const last = accepted[accepted.length - 1] as TcpSocket;
    const packet = last.allocate();
    expect(packet).not.toBeNull();
    packet?.release();
    expect(peer.tcp.counters.evicted).toBeGreaterThan(0);
    expect(accepted.filter((socket) => socket.state === TCP_ESTABLISHED).length).toBeGreaterThan(10);
    peer.finish(...accepted);
  });
});

describe('the demultiplexer', () => {
  const local = parseAddress('2001:db8::1');
  const remote = parseAddress('2001:db8::2');
  if (local === null || remote === null) throw new Error('addresses');

  const entry = (port: number, w: readonly number[]) => {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = w;
    return {
      flow: { family: 6, local, remote: { family: 6, w0, w1, w2, w3 } },
      localPort: 80,
      remotePort: port,
      ports: 0,
      remote3: 0,
      hashed: false,
      hashNext: null,
    } as unknown as ControlBlock;
  };

  /** Steps that finding each of `many` takes. */
  function longestChain(table: Demultiplexer): number {
    const chains = (table as unknown as { table: (ControlBlock | null)[] }).table;
    let longest = 0;
    for (let at of chains) {
      let length = 0;
      for (; at !== null; at = at.hashNext) length++;
      if (length > longest) longest = length;
    }
    return longest;
  }

  test.each([
    ['ports', (i: number) => entry(i, [1, 2, 3, 4])],
    ['the first word of the address', (i: number) => entry(7, [i, 2, 3, 4])],
    ['the second', (i: number) => entry(7, [1, i << 16, 3, 4])],
    ['the third', (i: number) => entry(7, [1, 2, i * 0x01000193, 4])],
    ['the last', (i: number) => entry(7, [1, 2, 3, i << 8])],
    // What left the sum of an unkeyed hash the same.
    ['ports and address together', (i: number) => entry(i, [0, 0, 0, Math.imul(i ^ 5, -1_640_531_535)])],
  ])('spreads connections that differ in %s', (_what, make) => {
    const table = new Demultiplexer(new SeededRandom('demultiplexer'));
    for (let i = 0; i < 4096; i++) table.insert(make(i));
    expect(table.count).toBe(4096);
    expect(longestChain(table)).toBeLessThan(24);
  });

  test('puts the same connections into other chains on another host', () => {
    const order = (seed: string) => {
      const table = new Demultiplexer(new SeededRandom(seed));
      for (let i = 0; i < 40; i++) table.insert(entry(i, [1, 2, 3, i * 77]));
      return table.all().map((tcb) => tcb.remotePort);
    };
    expect(order('a')).not.toEqual(order('b'));
    expect(order('a')).toEqual(order('a'));
  });

  test('finds by all four words of both addresses', () => {
    const table = new Demultiplexer(new SeededRandom(1));
    const one = entry(9, [1, 2, 3, 4]);
    table.insert(one);
    const from = (w0: number, w1: number, w2: number, w3: number) =>
      table.find((80 << 16) | 9, addressInfo({ family: 6, w0, w1, w2, w3 }, local));
    expect(from(1, 2, 3, 4)).toBe(one);
    for (const words of [
      [0, 2, 3, 4],
      [1, 0, 3, 4],
      [1, 2, 0, 4],
      [1, 2, 3, 0],
    ] as [number, number, number, number][]) {
      expect(from(words[0], words[1], words[2], words[3])).toBeNull();
    }
    const elsewhere = addressInfo({ family: 6, w0: 1, w1: 2, w2: 3, w3: 4 }, { ...local, w0: 0 });
    expect(table.find((80 << 16) | 9, elsewhere)).toBeNull();
    table.remove(one);
    expect(from(1, 2, 3, 4)).toBeNull();
  });
});
