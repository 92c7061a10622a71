import { LAYER_TCP, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_TCP << 8;

export const TRACE_TCP_STATE = LAYER | 1;
export const TRACE_TCP_SEND = LAYER | 2;
export const TRACE_TCP_RECEIVE = LAYER | 3;
export const TRACE_TCP_DROP = LAYER | 4;
export const TRACE_TCP_RETRANSMIT_TIMEOUT = LAYER | 5;
export const TRACE_TCP_FAST_RETRANSMIT = LAYER | 6;
export const TRACE_TCP_PARTIAL_ACK = LAYER | 7;
export const TRACE_TCP_RECOVERED = LAYER | 8;
export const TRACE_TCP_WINDOW_PROBE = LAYER | 9;
export const TRACE_TCP_KEEPALIVE = LAYER | 10;
export const TRACE_TCP_RESET_SENT = LAYER | 11;
export const TRACE_TCP_RESET_RECEIVED = LAYER | 12;
export const TRACE_TCP_GAVE_UP = LAYER | 13;
export const TRACE_TCP_RTT = LAYER | 14;
export const TRACE_TCP_CONGESTION = LAYER | 15;
export const TRACE_TCP_CHALLENGE_ACK = LAYER | 16;
export const TRACE_TCP_SYN_QUEUED = LAYER | 17;
export const TRACE_TCP_NO_PACKET = LAYER | 18;
export const TRACE_TCP_NETWORK_ERROR = LAYER | 19;
export const TRACE_TCP_RETRANSMIT_SLOW_START = LAYER | 20;
export const TRACE_TCP_RETRANSMIT = LAYER | 32;
export const TRACE_TCP_PHASE = LAYER | 33;
export const TRACE_TCP_UNDO = LAYER | 34;
export const TRACE_TCP_TAIL_PROBE = LAYER | 35;
export const TRACE_TCP_CONGESTION_MARK = LAYER | 40;
export const TRACE_TCP_CONGESTION_ECHO = LAYER | 41;
export const TRACE_TCP_COOKIE_SENT = LAYER | 42;
export const TRACE_TCP_COOKIE_GOOD = LAYER | 43;
export const TRACE_TCP_PATH_MTU = LAYER | 44;

export const TCP_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_TCP_STATE,
    name: 'tcp.state',
    arguments: ['tcpState', 'tcpState', 'port', 'port'],
    text: '{c}->{d}: {a} to {b}',
    comment: true,
  },
  {
    id: TRACE_TCP_SEND,
    name: 'tcp.send',
    arguments: ['tcpFlags', 'sequence', 'sequence', 'bytes'],
    text: 'send {a} seq {b} ack {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_TCP_RECEIVE,
    name: 'tcp.receive',
    arguments: ['tcpFlags', 'sequence', 'sequence', 'bytes'],
    text: 'receive {a} seq {b} ack {c}, {d}',
    comment: false,
  },
  {
    id: TRACE_TCP_DROP,
    name: 'tcp.drop',
    arguments: ['reason', 'port', 'port', 'sequence'],
    text: 'dropped: {a} ({b}->{c}, seq {d})',
    comment: true,
  },
  {
    id: TRACE_TCP_RETRANSMIT_TIMEOUT,
    name: 'tcp.retransmit-timeout',
    arguments: ['sequence', 'count', 'microseconds', 'bytes'],
    text: 'retransmission timer expired: sequence {a}, attempt {b}, timeout {c}, cwnd {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_FAST_RETRANSMIT,
    name: 'tcp.fast-retransmit',
    arguments: ['sequence', 'count', 'bytes', 'bytes'],
    text: 'fast retransmit of sequence {a} after {b:duplicate ACK}, ssthresh {c}, cwnd {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_PARTIAL_ACK,
    name: 'tcp.partial-ack',
    arguments: ['sequence', 'sequence', 'bytes', 'none'],
    text: 'partial ACK {a} below the recovery point {b}: next hole is sent again, cwnd {c}',
    comment: true,
  },
  {
    id: TRACE_TCP_RECOVERED,
    name: 'tcp.recovered',
    arguments: ['sequence', 'bytes', 'bytes', 'none'],
    text: 'recovery ends at {a}: cwnd {b}, ssthresh {c}',
    comment: true,
  },
  {
    id: TRACE_TCP_WINDOW_PROBE,
    name: 'tcp.window-probe',
    arguments: ['sequence', 'count', 'bytes', 'microseconds'],
    text: 'zero-window probe {b} at sequence {a}, {c}, next after {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_KEEPALIVE,
    name: 'tcp.keepalive',
    arguments: ['sequence', 'count', 'microseconds', 'none'],
    text: 'keepalive probe {b} at sequence {a}, idle for {c}',
    comment: true,
  },
  {
    id: TRACE_TCP_RESET_SENT,
    name: 'tcp.reset-sent',
    arguments: ['port', 'port', 'sequence', 'reason'],
    text: 'reset {a}->{b}, seq {c}: {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_RESET_RECEIVED,
    name: 'tcp.reset-received',
    arguments: ['port', 'port', 'sequence', 'tcpState'],
    text: 'reset by {b} in {d}, seq {c}',
    comment: true,
  },
  {
    id: TRACE_TCP_GAVE_UP,
    name: 'tcp.gave-up',
    arguments: ['port', 'port', 'count', 'status'],
    text: '{a}->{b}: gave up after {c:attempt}',
    comment: true,
  },
  {
    id: TRACE_TCP_RTT,
    name: 'tcp.round-trip',
    arguments: ['microseconds', 'microseconds', 'microseconds', 'microseconds'],
    text: 'round trip {a}: srtt {b}, rttvar {c} (0 where the profile estimates none), rto {d}',
    comment: false,
  },
  {
    id: TRACE_TCP_CONGESTION,
    name: 'tcp.congestion',
    arguments: ['bytes', 'bytes', 'bytes', 'bytes'],
    text: 'cwnd {a}, ssthresh {b}, in flight {c}, peer window {d}',
    comment: false,
  },
  {
    id: TRACE_TCP_CHALLENGE_ACK,
    name: 'tcp.challenge-ack',
    arguments: ['port', 'port', 'sequence', 'tcpFlags'],
    text: 'challenge ACK {a}->{b} for {d} at {c} (RFC 5961)',
    comment: true,
  },
  {
    id: TRACE_TCP_SYN_QUEUED,
    name: 'tcp.syn-queued',
    arguments: ['port', 'port', 'count', 'none'],
    text: 'SYN {b}->{a} waits in the listen queue ({c} queued)',
    comment: true,
  },
  {
    id: TRACE_TCP_NO_PACKET,
    name: 'tcp.no-packet',
    arguments: ['port', 'port', 'tcpFlags', 'none'],
    text: '{a}->{b}: no packet in the pool for {c}',
    comment: false,
  },
  {
    id: TRACE_TCP_NETWORK_ERROR,
    name: 'tcp.network-error',
    arguments: ['networkError', 'port', 'port', 'sequence'],
    text: 'network error "{a}" for {b}->{c}, seq {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_RETRANSMIT_SLOW_START,
    name: 'tcp.retransmit-slow-start',
    arguments: ['sequence', 'bytes', 'bytes', 'none'],
    text: 'sequence {a} sent again in slow start, cwnd {b}, ssthresh {c}',
    comment: true,
  },
  {
    id: TRACE_TCP_CONGESTION_MARK,
    name: 'tcp.congestion-mark',
    arguments: ['port', 'port', 'sequence', 'none'],
    text: 'congestion mark on sequence {c}: {a}->{b} echoes it until the peer has slowed down (ECN)',
    comment: true,
  },
  {
    id: TRACE_TCP_CONGESTION_ECHO,
    name: 'tcp.congestion-echo',
    arguments: ['sequence', 'bytes', 'bytes', 'none'],
    text: 'the peer echoes a congestion mark at {a}: cwnd {b}, ssthresh {c} (ECN)',
    comment: true,
  },
  {
    id: TRACE_TCP_COOKIE_SENT,
    name: 'tcp.cookie-sent',
    arguments: ['port', 'port', 'sequence', 'bytes'],
    text: 'backlog full: SYN {b}->{a} is answered with a cookie, nothing is kept, MSS {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_COOKIE_GOOD,
    name: 'tcp.cookie-good',
    arguments: ['port', 'port', 'sequence', 'bytes'],
    text: 'the cookie in the ACK {b}->{a} is ours: a connection with MSS {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_PATH_MTU,
    name: 'tcp.path-mtu',
    arguments: ['port', 'port', 'bytes', 'bytes'],
    text: '{a}->{b}: the path takes packets of {c}, so segments have {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_RETRANSMIT,
    name: 'tcp.retransmit',
    arguments: ['sequence', 'count', 'repeatCause', 'bytes'],
    text: 'sequence {a} sent again, repeat {b}: {c}; cwnd {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_PHASE,
    name: 'tcp.recovery-phase',
    arguments: ['recoveryPhase', 'recoveryPhase', 'bytes', 'bytes'],
    text: 'recovery: {a} to {b}, cwnd {c}, ssthresh {d}',
    comment: true,
  },
  {
    id: TRACE_TCP_UNDO,
    name: 'tcp.undo',
    arguments: ['sequence', 'bytes', 'bytes', 'undoEvidence'],
    text: 'the repair up to {a} was needless ({d}): cwnd {b} and ssthresh {c} again',
    comment: true,
  },
  {
    id: TRACE_TCP_TAIL_PROBE,
    name: 'tcp.tail-probe',
    arguments: ['sequence', 'count', 'microseconds', 'none'],
    text: 'tail loss probe: what lies before {a} is unacknowledged after two round trips of {c}; segments sent again: {b}',
    comment: true,
  },
];
