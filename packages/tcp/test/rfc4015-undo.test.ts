import { describe, expect, test } from '@jest/globals';
import { MILLISECOND, SECOND } from '@strata/contracts';
import { modernTcpProfile, renoController, type TcpSocket, tcpOptions } from '../src/index.ts';
import type { ScriptedPeer } from './support/peer.ts';
import { connectSack, MSS, octets, range, sackOption, sackProfile, sender } from './support/sack.ts';

const RTT = 100 * MILLISECOND;
const lossPolicies = { ...modernTcpProfile.lossPolicies, tailLossProbe: false, frto: false };
const profile = { ...sackProfile, congestion: () => renoController, lossPolicies };

describe('RFC 3708: duplicates that the peer reports', () => {
  test('a repair whose every repeat came twice is taken back', () => {
    const one = sender(RTT, 20, profile);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    expect(one.sent()).toContain(0);
    expect(one.socket.inspect()).toMatchObject({ ssthresh: 5 * MSS, recovery: 'fast recovery' });
    one.ack(4);
    one.ack(4, [0, 1]);
    expect(one.socket.inspect()).toMatchObject({ undone: 1, recovery: 'open' });
    expect(one.window).toBeGreaterThanOrEqual(10);
    expect(one.socket.ssthresh).toBeGreaterThanOrEqual(7 * MSS);
    one.finish();
  });

  test('it may be reported after the recovery has ended', () => {
    const one = sender(RTT, 10, profile);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    one.sends(0);
    one.ack(10);
    expect(one.socket.inspect().recovery).toBe('open');
    expect(one.window).toBeLessThan(10);
    one.ack(10, [0, 1]);
    expect(one.socket.inspect()).toMatchObject({ undone: 1 });
    expect(one.window).toBeGreaterThanOrEqual(10);
    one.finish();
  });

  test('one duplicate of two repeats is not enough', () => {
    const one = sender(RTT, 10, profile);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [2, 5]);
    one.ack(0, [2, 9]);
    expect(one.sent()).toEqual([0, 1]);
    one.ack(9, [0, 1]);
    expect(one.socket.inspect()).toMatchObject({ undone: 0, recovery: 'fast recovery' });
    one.ack(9, [1, 2]);
    expect(one.socket.inspect()).toMatchObject({ undone: 1 });
    one.finish();
  });

  test('a duplicate of something that was never repeated undoes nothing', () => {
    const one = sender(RTT, 10, profile);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(4);
    one.ack(4, [0, 1]);
    one.ack(4, [5, 8]);
    expect(one.sent()).toContain(4);
    expect(one.socket.inspect()).toMatchObject({ undone: 0, recovery: 'fast recovery' });
    one.finish();
  });

  test('on an acknowledgment that is older than others it counts too', () => {
    const one = sender(RTT, 10, profile);
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    one.sends(0);
    one.ack(10);
    one.ack(6, [0, 1]);
    expect(one.socket.inspect()).toMatchObject({ undone: 1 });
    one.finish();
  });

  test('without the policy nothing is taken back', () => {
    const one = sender(RTT, 10, { ...profile, lossPolicies: { ...lossPolicies, undo: false } });
    one.sends(...range(0, 10));
    one.peer.advance(RTT);
    one.ack(0, [1, 4]);
    one.ack(10);
    expect(one.window).toBeLessThan(10);
    one.ack(10, [0, 1]);
    expect(one.socket.inspect()).toMatchObject({ undone: 0 });
    expect(one.window).toBeLessThan(10);
    one.peer.discard();
    one.finish();
  });
});

describe('RFC 3522 and 4015: timestamps', () => {
  const stamped = { ...profile, options: tcpOptions({ sack: true, timestamps: true, windowScale: true }) };

  /** The peer's acknowledgment of all before segment `n`, echoing `echo`. */
  function ack(peer: ScriptedPeer, n: number, echo: number, ...blocks: (readonly [number, number])[]): void {
    const runs = blocks.map(([from, to]) => [1 + from * MSS, 1 + to * MSS] as const);
    const options = [1, 1, 8, 10, ...octets(500 + Math.floor(peer.now / 1000)), ...octets(echo)];
    peer.emit('.', { seq: 1, ack: 1 + n * MSS, options: [...options, ...sackOption(peer, ...runs)] });
  }

  function start(): { peer: ScriptedPeer; socket: TcpSocket; first: number } {
    const { peer, socket } = connectSack(RTT, stamped, [2, 4, 3, 0xf4, 4, 2, 8, 10, ...octets(500), 0, 0, 0, 0]);
    expect(socket.mss).toBe(MSS);
    for (let i = 0; i < 10; i++) peer.send(socket, MSS);
    const first = peer.take()?.timestampValue ?? 0;
    peer.discard();
    return { peer, socket, first };
  }

  test('3522 3.2: an acknowledgment that echoes the first sending shows that the timeout was needless', () => {
    const { peer, socket, first } = start();
    peer.waitForSegment(2 * SECOND);
    const again = peer.take();
    expect(((again?.timestampValue ?? 0) - first) | 0).toBeGreaterThan(0);
    expect(socket.inspect().recovery).toBe('loss');
    ack(peer, 1, first);
    expect(socket.inspect()).toMatchObject({ recovery: 'open', undone: 1, spuriousTimeouts: 1, lostPackets: 0 });
    expect(socket.cwnd).toBeGreaterThanOrEqual(10 * MSS);
    peer.silence();
    peer.discard();
    peer.finish(socket);
  });

  test('an echo of the repeat shows that it was needed', () => {
    const { peer, socket } = start();
    peer.waitForSegment(2 * SECOND);
    const again = peer.take()?.timestampValue ?? 0;
    peer.advance(RTT);
    ack(peer, 1, again);
    expect(socket.inspect()).toMatchObject({ recovery: 'loss', undone: 0 });
    peer.discard();
    peer.finish(socket);
  });

  test('a fast retransmit is taken back in the same way', () => {
    const { peer, socket, first } = start();
    peer.advance(RTT);
    ack(peer, 0, first, [1, 4]);
    expect(socket.inspect().recovery).toBe('fast recovery');
    peer.advance(5 * MILLISECOND);
    ack(peer, 4, first);
    expect(socket.inspect()).toMatchObject({ recovery: 'open', undone: 1 });
    expect(socket.cwnd).toBeGreaterThanOrEqual(10 * MSS);
    peer.discard();
    peer.finish(socket);
  });
});
