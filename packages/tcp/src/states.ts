/** Connection states with NetX's numbers (RFC 9293 3.3.2; NX_TCP_CLOSED ... NX_TCP_LAST_ACK). 0 is a deleted socket. */
export const TCP_DELETED = 0;
export const TCP_CLOSED = 1;
export const TCP_LISTEN = 2;
export const TCP_SYN_SENT = 3;
export const TCP_SYN_RECEIVED = 4;
export const TCP_ESTABLISHED = 5;
export const TCP_CLOSE_WAIT = 6;
export const TCP_FIN_WAIT_1 = 7;
export const TCP_FIN_WAIT_2 = 8;
export const TCP_CLOSING = 9;
export const TCP_TIMED_WAIT = 10;
export const TCP_LAST_ACK = 11;

/** Names by number, as NetX writes them. */
export const TCP_STATE_NAMES: readonly string[] = [
  'DELETED',
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSING',
  'TIMED_WAIT',
  'LAST_ACK',
];

/** Why a connection ended; finer than the status that NetX gives. */
export const CAUSE_NONE = 0;
/** Both directions were closed in order. */
export const CAUSE_ORDERLY = 1;
/** The peer answered our SYN with a reset. */
export const CAUSE_REFUSED = 2;
/** The peer reset an open connection. */
export const CAUSE_RESET = 3;
/** Retransmissions or probes went unanswered too often, or the user timeout expired. */
export const CAUSE_TIMED_OUT = 4;
/** Keepalive probes went unanswered. */
export const CAUSE_KEEPALIVE = 5;
/** The application aborted it. */
export const CAUSE_ABORTED = 6;
/** The network reported a hard error. */
export const CAUSE_UNREACHABLE = 7;
/** Data came after the application had closed, and was refused with a reset. */
export const CAUSE_UNREAD_DATA = 8;

/** The pool was nearly used up, and for long the application had not read or the peer had taken nothing. */
export const CAUSE_EVICTED = 9;

/** Names by number, for people. */
export const CAUSE_NAMES: readonly string[] = [
  'none',
  'orderly',
  'refused',
  'reset by peer',
  'timed out',
  'keepalive timed out',
  'aborted',
  'unreachable',
  'closed with unread data',
  'evicted, packets short',
];

/** True from ESTABLISHED on: both ends know each other's sequence numbers. */
export function isSynchronized(state: number): boolean {
  return state >= TCP_ESTABLISHED;
}
