/**
 * What the application does in a synchronized state (RFC 9293 3.10.1 to 3.10.5) and what comes of it; functions of the state as
 * in segments.mjs. Only states whose connection has been accepted have a socket to call.
 */

const accepted = (state) => state.unacknowledged > 0;
const at = (state) => `${state.sent}:${state.sent}(0)`;

/** Our FIN has not gone out. */
const maySend = (state) => state.name === 'TCP_ESTABLISHED' || state.name === 'TCP_CLOSE_WAIT';
/** Both FINs have been seen, or ours has and the peer's connection is over for the application. */
const ABORTED_WITH_RESET = ['TCP_ESTABLISHED', 'TCP_CLOSE_WAIT', 'TCP_FIN_WAIT1', 'TCP_FIN_WAIT2'];

/** A stranger's question afterwards: there is no connection any more. */
const gone = (state) =>
  `  +.1 < . ${state.received}:${state.received}(0) ack ${state.sent} win 65535\n   +0 > R ${at(state)}\n`;
const lives = (state, sent = state.sent) =>
  `  +.1 < P. ${state.received - 1}:${state.received}(1) ack ${state.unacknowledged} win 65535\n` +
  `   +0 > . ${sent}:${sent}(0) ack ${state.received}\n`;

export const CALLS = {
  'write-call': (state) => {
    if (!accepted(state)) return null;
    const clause = 'RFC 9293 3.10.2';
    if (!maySend(state)) {
      const sentence = 'nothing can be sent behind our FIN';
      const lines = `   +0 send(4, ..., 10, MSG_NOSIGNAL) = -1 EPIPE (Broken pipe)\n`;
      return { clause, sentence, lines: lines + lives(state) };
    }
    const end = state.sent + 10;
    const lines =
      `   +0 write(4, ..., 10) = 10\n   +0 > P. ${state.sent}:${end}(10) ack ${state.received}\n` +
      `  +.1 < . ${state.received}:${state.received}(0) ack ${end} win 65535\n`;
    return { clause, sentence: 'data is sent', lines: lines + lives({ ...state, unacknowledged: end }, end) };
  },
  'read-call': (state) => {
    if (!accepted(state)) return null;
    const result = state.finished ? '0' : '-1 EAGAIN (Resource temporarily unavailable)';
    return {
      clause: 'RFC 9293 3.10.3',
      sentence: state.finished ? 'behind the FIN of the peer nothing is left to read' : 'data may still come',
      lines: `   +0 recv(4, ..., 10, MSG_DONTWAIT) = ${result}\n${lives(state)}`,
    };
  },
  'shutdown-call': (state) => {
    if (!accepted(state) || state.over) return null;
    const fin = maySend(state);
    const after = fin ? { ...state, sent: state.sent + 1 } : state;
    return {
      clause: 'RFC 9293 3.10.4',
      sentence: fin ? 'the application has nothing more to send: a FIN' : 'one FIN is enough',
      lines: `   +0 shutdown(4, SHUT_WR) = 0\n${fin ? `   +0 > F. ${at(state)} ack ${state.received}\n` : ''}${lives(after)}`,
    };
  },
  'close-call': (state) => {
    if (!accepted(state)) return null;
    const fin = maySend(state);
    const after = fin ? { ...state, sent: state.sent + 1 } : state;
    return {
      clause: 'RFC 9293 3.10.4',
      sentence: fin ? 'closing sends a FIN' : 'closing what is half closed sends nothing, and the connection goes on',
      lines: `   +0 close(4) = 0\n${fin ? `   +0 > F. ${at(state)} ack ${state.received}\n` : ''}${lives(after)}`,
    };
  },
  'abort-call': (state) => {
    if (!accepted(state)) return null;
    const told = ABORTED_WITH_RESET.includes(state.name);
    // What waits for nothing but time may wait on.
    const after = state.over ? lives(state) : gone(state);
    return {
      clause: 'RFC 9293 3.10.5',
      sentence: told ? 'giving up is told with a reset' : 'giving up what both ends have closed is told nobody',
      lines:
        `   +0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n   +0 close(4) = 0\n` +
        (told ? `   +0 > R. ${at(state)} ack ${state.received}\n` : '') +
        after,
    };
  },
};
