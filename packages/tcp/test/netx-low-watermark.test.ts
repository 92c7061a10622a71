import { expect, test } from '@jest/globals';
import { modernTcpProfile, netxTcpProfile } from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

test.each([
  ['netx', netxTcpProfile],
  ['modern', modernTcpProfile],
] as const)(
  'below the low watermark of the pool data is dropped and the window is closed, until packets are free again (%s)',
  (_name, profile) => {
    const peer = new ScriptedPeer(profile);
    const { socket } = peer.client();
    peer.emit('P.', { seq: 1, ack: 1, len: 100 });
    peer.advance(1_000_000);
    peer.discard();
    peer.pool.setLowWatermark(peer.pool.total);
    peer.emit('P.', { seq: 101, ack: 1, len: 100 });
    peer.expect('.', { seq: 1, ack: 101, win: 0 });
    expect(peer.tcp.info.receivePacketsDropped).toBe(1);
    // The peer probes the closed window; with packets free again it hears of the open one, and repeats its data.
    expect(peer.receive(socket)).toEqual([100]);
    peer.discard();
    peer.pool.setLowWatermark(0);
    peer.emit('.', { seq: 100, ack: 1 });
    expect(peer.take()?.window).toBeGreaterThan(0);
    peer.emit('P.', { seq: 101, ack: 1, len: 100 });
    expect(peer.receive(socket)).toEqual([100]);
    peer.finish(socket);
  },
);
