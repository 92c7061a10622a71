import { expect, test } from '@jest/globals';
import { SECOND, TICK } from '@strata/contracts';
import { netxTcpProfile, TCP_CLOSED } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

const profile = {
  ...netxTcpProfile,
  keepalive: true,
  keepaliveIdle: 10 * SECOND,
  keepaliveInterval: 5 * SECOND,
  keepaliveProbes: 3,
};

test('an idle connection is probed on the one-second grid with an old sequence number and no data', () => {
  const peer = new ScriptedPeer(profile, { start: 12 * TICK });
  const { socket, ear } = peer.client();
  expect(peer.waitForSegment(20 * SECOND)).toBe(988 * TICK);
  for (let round = 0; round < 3; round++) {
    peer.expect('.', { seq: 0, ack: 1, len: 0 });
    peer.emit('.', { seq: 1, ack: 1 });
    expect(peer.waitForSegment(20 * SECOND)).toBe(1000 * TICK);
  }
  peer.expect('.', { seq: 0 });
  for (let retry = 0; retry < 2; retry++) {
    expect(peer.waitForSegment(20 * SECOND)).toBe(500 * TICK);
    peer.expect('.', { seq: 0 });
  }
  peer.silence(499 * TICK);
  expect(ear.heard).toEqual(['established']);
  peer.silence(TICK);
  expect(socket.state).toBe(TCP_CLOSED);
  expect(socket.cause).toBe(5);
  peer.finish(socket);
});

test("the peer's probe is answered", () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: 12 * TICK });
  const { socket } = peer.client();
  peer.emit('.', { seq: 0, ack: 1 });
  peer.expect('.', { seq: 1, ack: 1 });
  peer.emit('.', { seq: 0, ack: 1, len: 1 });
  peer.expect('.', { seq: 1, ack: 1 });
  peer.finish(socket);
});

test('keepalive is off unless asked for, and can be switched per connection', () => {
  const peer = new ScriptedPeer(netxTcpProfile, { start: 12 * TICK });
  const { socket } = peer.client();
  peer.silence(8000 * SECOND);
  socket.setKeepalive(true, 10 * SECOND, 5 * SECOND, 3);
  peer.waitForSegment(11 * SECOND);
  peer.expect('.', { seq: 0 });
  peer.emit('.', { seq: 1, ack: 1 });
  socket.setKeepalive(false);
  peer.silence(8000 * SECOND);
  peer.finish(socket);
});
