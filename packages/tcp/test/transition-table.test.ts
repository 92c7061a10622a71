import { expect, test } from '@jest/globals';
import { drawTransitions, netxTcpProfile, TCP_STATE_NAMES, TCP_TRANSITIONS } from '../src/index.ts';
import { mayBecome, transition } from '../src/transition.ts';
import { ScriptedPeer } from './support/peer.ts';

test('every state but DELETED is entered and left, and each edge stands in the table once', () => {
  const from = new Set(TCP_TRANSITIONS.map((edge) => edge[0]));
  const to = new Set(TCP_TRANSITIONS.map((edge) => edge[1]));
  for (let state = 1; state < TCP_STATE_NAMES.length; state++) {
    expect(from.has(state)).toBe(true);
    expect(to.has(state)).toBe(true);
  }
  expect(new Set(TCP_TRANSITIONS.map(([a, b]) => a * 16 + b)).size).toBe(TCP_TRANSITIONS.length);
});

test('the edges of RFC 9293 figure 5 are all there', () => {
  const figure = 'CLOSED LISTEN,CLOSED SYN_SENT,LISTEN SYN_RECEIVED,SYN_SENT SYN_RECEIVED,SYN_SENT ESTABLISHED,'
    .concat(
      'SYN_SENT CLOSED,SYN_RECEIVED ESTABLISHED,SYN_RECEIVED FIN_WAIT_1,SYN_RECEIVED LISTEN,ESTABLISHED FIN_WAIT_1,',
    )
    .concat('ESTABLISHED CLOSE_WAIT,FIN_WAIT_1 FIN_WAIT_2,FIN_WAIT_1 CLOSING,FIN_WAIT_2 TIMED_WAIT,CLOSING TIMED_WAIT,')
    .concat('CLOSE_WAIT LAST_ACK,LAST_ACK CLOSED,TIMED_WAIT CLOSED,LISTEN CLOSED');
  for (const edge of figure.split(',')) {
    const [from = '', to = ''] = edge.split(' ');
    expect([edge, mayBecome(TCP_STATE_NAMES.indexOf(from), TCP_STATE_NAMES.indexOf(to))]).toEqual([edge, true]);
  }
});

test('a change that is not in the table is refused', () => {
  const peer = new ScriptedPeer(netxTcpProfile);
  const socket = peer.tcp.createSocket();
  expect(() => transition(socket, 5)).toThrow('CLOSED -> ESTABLISHED');
  peer.finish(socket);
});

test('the diagram names every edge', () => {
  const text = drawTransitions();
  expect(text.startsWith('stateDiagram-v2\n  [*] --> CLOSED\n')).toBe(true);
  expect(text.match(/-->/g)?.length).toBe(TCP_TRANSITIONS.length + 1);
  expect(text).toContain('  SYN_SENT --> ESTABLISHED: SYN-ACK / ACK\n');
});
