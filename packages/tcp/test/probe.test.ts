import { expect, test } from '@jest/globals';
import {
  modernTcpProfile,
  PROBE_COLUMNS,
  probeCsvHeader,
  probeCsvLine,
  probeRow,
  type TcpProbeRow,
} from '../src/index.ts';
import { ScriptedPeer } from './support/peer.ts';

test('a probe sees every segment of every connection, with the numbers after it', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const rows: TcpProbeRow[] = [];
  peer.tcp.probe = { sample: (tcb, what) => rows.push(probeRow(tcb, what, 'host')) };
  const { socket } = peer.client();
  peer.send(socket, 1000);
  peer.expect('P.');
  peer.advance(10_000);
  peer.emit('.', { seq: 1, ack: 1001 });
  peer.tcp.probe = null;
  peer.send(socket, 10);
  expect(rows.map(({ event, state, flight }) => `${event} ${state} ${flight}`)).toEqual([
    'sent SYN_SENT 1',
    'sent ESTABLISHED 0',
    'received ESTABLISHED 0',
    'sent ESTABLISHED 1000',
    'received ESTABLISHED 0',
  ]);
  const last = rows[rows.length - 1] as TcpProbeRow;
  expect(last).toMatchObject({
    host: 'host',
    remote: '192.0.2.2:9123',
    snd_una: 1001,
    snd_nxt: 1001,
    phase: 'open',
    ssthresh: -1,
  });
  expect(Object.keys(last)).toEqual([...PROBE_COLUMNS]);
  expect(probeCsvLine(last).split(',').length).toBe(probeCsvHeader().split(',').length);
  peer.finish(socket);
});

test('a snapshot has the options in force, the path and the phase', () => {
  const peer = new ScriptedPeer(modernTcpProfile);
  const { socket } = peer.client({}, [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]);
  expect(socket.snapshot()).toMatchObject({
    state: 'ESTABLISHED',
    congestion: 'cubic',
    recovery: 'open',
    mss: 1448,
    peerMss: 1460,
    pathMtu: 1500,
    timestamps: true,
    sack: true,
    scaling: true,
    ecn: false,
    flight: 0,
    pipe: 0,
    cwnd: 14480,
  });
  expect(socket.snapshot()).toEqual(socket.inspect());
  peer.finish(socket);
});
