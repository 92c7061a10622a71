import { expect, test } from '@jest/globals';
import { modernTcpProfile, type TcpProfile, tcpOptions } from '../src/index.ts';
import { type Expectation, ScriptedPeer } from './support/peer.ts';
import { connectSack, hostSack, octets, sackProfile } from './support/sack.ts';

type Block = readonly [number, number];

/** Data from `from` to `to` comes; the host must answer at once with this acknowledgment and these blocks. */
function arrives(peer: ScriptedPeer, from: number, to: number, ack: number, ...blocks: Block[]): void {
  peer.emit('.', { seq: from, ack: 1, len: to - from });
  const want: Expectation = { ack, len: 0, options: blocks.length === 0 ? [] : hostSack(peer, ...blocks) };
  peer.expect('.', want);
  peer.silence();
}

/** The first data, in order; its acknowledgment may be delayed. */
function begins(peer: ScriptedPeer): void {
  peer.emit('.', { seq: 1, ack: 1, len: 1000 });
  peer.advance(500_000);
  peer.expect('.', { ack: 1001, options: [] });
}

test('4: the first block holds the segment that has just come, the others what was reported before', () => {
  const { peer, socket } = connectSack(1000);
  arrives(peer, 1001, 2001, 1, [1001, 2001]);
  arrives(peer, 3001, 4001, 1, [3001, 4001], [1001, 2001]);
  arrives(peer, 5001, 6001, 1, [5001, 6001], [3001, 4001], [1001, 2001]);
  arrives(peer, 7001, 8001, 1, [7001, 8001], [5001, 6001], [3001, 4001], [1001, 2001]);
  // 3: an option of 40 octets holds four blocks; the one reported longest ago is left out.
  arrives(peer, 9001, 10001, 1, [9001, 10001], [7001, 8001], [5001, 6001], [3001, 4001]);
  arrives(peer, 6001, 7001, 1, [5001, 8001], [9001, 10001], [3001, 4001]);
  peer.finish(socket);
});

test('4: a block ends where the data does, and is gone once it is acknowledged', () => {
  const { peer, socket } = connectSack(1000);
  arrives(peer, 1001, 2001, 1, [1001, 2001]);
  arrives(peer, 3001, 4001, 1, [3001, 4001], [1001, 2001]);
  arrives(peer, 1, 1001, 2001, [3001, 4001]);
  arrives(peer, 2001, 3001, 4001);
  peer.finish(socket);
});

test('beside timestamps there is room for three blocks', () => {
  const profile: TcpProfile = {
    ...modernTcpProfile,
    options: tcpOptions({ sack: true, timestamps: true, windowScale: true }),
  };
  const stamp = (value: number) => [8, 10, ...octets(value), 0, 0, 0, 0];
  const { peer, socket } = connectSack(1000, profile, [2, 4, 5, 0xb4, 4, 2, ...stamp(100)]);
  for (let i = 0; i < 4; i++) {
    peer.emit('.', { seq: 1001 + 2000 * i, ack: 1, len: 1000, options: [1, 1, ...stamp(101 + i)] });
    if (i < 3) peer.expect('.', { ack: 1 });
  }
  const header = peer.take();
  expect(header?.headerLength).toBe(20 + 12 + 28);
  expect(header?.hasTimestamps).toBe(true);
  expect(header?.sackCount).toBe(3);
  const relative = [...(header?.sackEdges ?? [])].slice(0, 6).map((edge) => (edge - peer.peerIss) | 0);
  expect(relative).toEqual([7001, 8001, 5001, 6001, 3001, 4001]);
  peer.finish(socket);
});

test('2: nothing is reported to a peer that did not say SACK-permitted', () => {
  const { peer, socket } = connectSack(1000, sackProfile, [2, 4, 3, 0xe8]);
  arrives(peer, 1001, 2001, 1);
  peer.finish(socket);
});

test('a host that is told not to use SACK neither offers nor reports it', () => {
  const peer = new ScriptedPeer({
    ...sackProfile,
    options: tcpOptions({ sack: false, timestamps: false, windowScale: false }),
  });
  const socket = peer.tcp.createSocket();
  socket.bind(0);
  socket.connect(peer.remote, peer.peerPort);
  peer.expect('S', { options: [2, 4, 5, 0xb4] });
  peer.emit('S.', { ack: 1, options: [2, 4, 5, 0xb4, 1, 1, 4, 2] });
  peer.expect('.');
  arrives(peer, 1001, 2001, 1);
  peer.finish(socket);
});

test('a FIN behind a gap takes a sequence number of its block', () => {
  const { peer, socket } = connectSack(1000);
  peer.emit('F.', { seq: 1001, ack: 1, len: 1000 });
  peer.expect('.', { ack: 1, options: hostSack(peer, [1001, 2002]) });
  arrives(peer, 1, 1001, 2002);
  peer.finish(socket);
});

test('data that we send meanwhile carries the report where there is room, and an acknowledgment of its own does where not', () => {
  const { peer, socket } = connectSack(1000);
  peer.emit('.', { seq: 1001, ack: 1, len: 1000 });
  peer.expect('.', { ack: 1 });
  peer.send(socket, 100);
  peer.expect('P.', { seq: 1, len: 100, options: hostSack(peer, [1001, 2001]) });
  peer.send(socket, 1000);
  peer.expect('P.', { seq: 101, len: 1000, options: [] });
  peer.silence();
  peer.finish(socket);
});

test('RFC 2883 4.1: a whole segment that came before is reported first', () => {
  const { peer, socket } = connectSack(1000);
  begins(peer);
  arrives(peer, 1, 1001, 1001, [1, 1001]);
  // It is reported once.
  arrives(peer, 2001, 3001, 1001, [2001, 3001]);
  arrives(peer, 1, 1001, 1001, [1, 1001], [2001, 3001]);
  peer.finish(socket);
});

test('RFC 2883 4.1: of data behind a gap the block that holds the duplicate follows it', () => {
  const { peer, socket } = connectSack(1000);
  arrives(peer, 1001, 2001, 1, [1001, 2001]);
  arrives(peer, 2001, 3001, 1, [1001, 3001]);
  arrives(peer, 5001, 6001, 1, [5001, 6001], [1001, 3001]);
  arrives(peer, 1501, 2501, 1, [1501, 2501], [1001, 3001], [5001, 6001]);
  peer.finish(socket);
});

test('RFC 2883 4.2: of a segment that is old in part only that part is reported', () => {
  const { peer, socket } = connectSack(1000);
  begins(peer);
  arrives(peer, 501, 1501, 1501, [501, 1001]);
  arrives(peer, 2001, 3001, 1501, [2001, 3001]);
  arrives(peer, 2501, 3501, 1501, [2501, 3001], [2001, 3501]);
  arrives(peer, 1801, 2201, 1501, [2001, 2201], [1801, 3501]);
  peer.finish(socket);
});

test('duplicates are not reported where the profile says so', () => {
  const { peer, socket } = connectSack(1000, { ...sackProfile, reportDuplicates: false });
  begins(peer);
  arrives(peer, 1, 1001, 1001);
  peer.finish(socket);
});
