import { LAYER_TLS, type TraceEventDescription } from '../trace.ts';

const LAYER = LAYER_TLS << 8;

/** The session changed state. a from, b to (0 idle, 1 connecting, 2 handshake, 3 open, 4 ending, 5 closed). */
export const TRACE_TLS_STATE = LAYER | 0x01;
/** The handshake is complete. a version as on the wire, b certificates that the peer sent. */
export const TRACE_TLS_OPEN = LAYER | 0x02;
/** A record is handed to the stream below. a record type, b octets with the header. */
export const TRACE_TLS_RECORD_SENT = LAYER | 0x03;
/** The plaintext of a record arrived. a octets, b octets that wait to be received. */
export const TRACE_TLS_RECEIVED = LAYER | 0x04;
/** An alert. a level, b value, c 0 sent or 1 received. */
export const TRACE_TLS_ALERT = LAYER | 0x05;
/** The peer's certificates were refused. a status, b the alert to send, c certificates. */
export const TRACE_TLS_CERTIFICATE_REFUSED = LAYER | 0x06;
/** The session is over. a status. */
export const TRACE_TLS_ENDED = LAYER | 0x07;
/** A packet was needed and the pool was empty; it is tried again at the next tick. a octets that wait for it. */
export const TRACE_TLS_POOL_EMPTY = LAYER | 0x08;

export const TLS_EVENTS: readonly TraceEventDescription[] = [
  {
    id: TRACE_TLS_STATE,
    name: 'tls.state',
    arguments: ['tlsState', 'tlsState', 'none', 'none'],
    text: 'TLS session {a} -> {b}',
    comment: true,
  },
  {
    id: TRACE_TLS_OPEN,
    name: 'tls.open',
    arguments: ['tlsVersion', 'count', 'none', 'none'],
    text: 'TLS handshake complete: {a}, {b:certificate} of the peer',
    comment: true,
  },
  {
    id: TRACE_TLS_RECORD_SENT,
    name: 'tls.record-sent',
    arguments: ['tlsRecord', 'bytes', 'none', 'none'],
    text: 'TLS {a} record sent, {b}',
    comment: false,
  },
  {
    id: TRACE_TLS_RECEIVED,
    name: 'tls.received',
    arguments: ['bytes', 'bytes', 'none', 'none'],
    text: 'TLS plaintext received, {a}; {b} waiting',
    comment: false,
  },
  {
    id: TRACE_TLS_ALERT,
    name: 'tls.alert',
    arguments: ['count', 'tlsAlert', 'yesNo', 'none'],
    text: 'TLS alert {b} of level {a} (received: {c})',
    comment: true,
  },
  {
    id: TRACE_TLS_CERTIFICATE_REFUSED,
    name: 'tls.certificate-refused',
    arguments: ['status', 'tlsAlert', 'count', 'none'],
    text: 'TLS peer certificate refused: {a}; alert {b}, {c:certificate}',
    comment: true,
  },
  {
    id: TRACE_TLS_ENDED,
    name: 'tls.ended',
    arguments: ['status', 'none', 'none', 'none'],
    text: 'TLS session over: {a}',
    comment: true,
  },
  {
    id: TRACE_TLS_POOL_EMPTY,
    name: 'tls.pool-empty',
    arguments: ['bytes', 'none', 'none', 'none'],
    text: 'TLS needs a packet for {a} and the pool is empty',
    comment: true,
  },
];
