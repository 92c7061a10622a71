/**
 * What arrives in a synchronized state, and what RFC 9293 3.10.7.4 (with RFC 5961) has the stack do: for each kind of segment
 * a function of the state that gives the clause, a sentence, the lines of the script and how the connection fares. Null where
 * the kind says nothing about the state.
 */

/** Octets of the receive window, and more than it. */
const WINDOW = 65535;
const BEYOND = 100_000;

const wrap = (number) => ((number % 2 ** 32) + 2 ** 32) % 2 ** 32;

/** A segment that arrives a little later. */
function arrives(flags, sequence, { length = 0, ack = null, urgent = null, time = '+.1' } = {}) {
  const from = wrap(sequence);
  const number = ack === null ? '' : ` ack ${wrap(ack)}`;
  const pointer = urgent === null ? '' : ` urg ${urgent}`;
  return `  ${time} < ${flags} ${from}:${wrap(from + length)}(${length})${number} win 65535${pointer}\n`;
}

/** An acknowledgment by itself. */
const answer = (state, ack = state.received) => `   +0 > . ${state.sent}:${state.sent}(0) ack ${ack}\n`;
/** The acknowledgment of data or a FIN, which may be late (RFC 9293 3.8.6.3). */
const lateAnswer = (state, ack) => answer(state, ack).replace('+0 >', '+0~+.2 >');
const reset = (sequence) => `   +0 > R ${wrap(sequence)}:${wrap(sequence)}(0)\n`;

/** Whoever repeats an octet from before the window gets an acknowledgment while there is a connection … */
const lives = (state, received = state.received) =>
  `${arrives('P.', received - 1, { length: 1, ack: state.unacknowledged })}${answer(state, received)}`;
/** … and a reset when there is none. */
const gone = (state) => `${arrives('.', state.received, { ack: state.sent })}${reset(state.sent)}`;
/** How the application sees the state; what only waits may be over for it. */
const is = (name) =>
  name === undefined || name === 'TCP_TIME_WAIT' ? '' : `   +0 %{ assert tcpi_state == ${name} }%\n`;

const unchanged = (state, lines) => lines + is(state.name) + lives(state);
const opening = (state) => state.unacknowledged === 0;
/** States in which the peer may still send. */
const open = (state) => state.finished !== true;
/** What the peer's next segment acknowledges: our SYN while the handshake is not over, otherwise what it has before. */
const known = (state) => (opening(state) ? state.sent : state.unacknowledged);

const FIRST = 'RFC 9293 3.10.7.4, first';
const RESET = 'RFC 9293 3.10.7.4, second; RFC 5961 3.2';
const SYN = 'RFC 9293 3.10.7.4, fourth; RFC 5961 4.2';
const ACK = 'RFC 9293 3.10.7.4, fifth';
const TEXT = 'RFC 9293 3.10.7.4, seventh';
const FIN = 'RFC 9293 3.10.7.4, eighth';

/** A kind of segment that is answered and changes nothing. */
const challenged =
  (clause, sentence, segment, when = () => true) =>
  (state) =>
    when(state) ? { clause, sentence, lines: unchanged(state, segment(state) + answer(state)) } : null;
/** A kind of segment that is dropped without a word. */
const ignored =
  (clause, sentence, segment, when = () => true) =>
  (state) =>
    when(state) ? { clause, sentence, lines: unchanged(state, segment(state)) } : null;
/** A kind of segment that ends the connection. */
const ends =
  (clause, sentence, segment, when = () => true) =>
  (state) =>
    when(state) ? { clause, sentence, lines: segment(state) + gone(state) } : null;

/** A SYN inside the window: an opening from outside goes back to LISTEN, all others are challenged. */
const synInside = (flags, distance) => (state) => {
  const segment = (one) => arrives(flags, one.received + distance, flags.includes('.') ? { ack: one.sent } : {});
  if (state.passive) return ends(SYN, 'a SYN inside the window returns it to LISTEN', segment)(state);
  // A SYN beyond the old numbers may open anew in TIME-WAIT, which has scripts of its own.
  if (state.over && !flags.includes('.') && !flags.includes('F') && distance > 0) return null;
  return challenged(SYN, 'a SYN inside the window is answered with a challenge ACK', segment)(state);
};

/** Where the peer's FIN leads to. */
const AFTER_FIN = {
  TCP_ESTABLISHED: 'TCP_CLOSE_WAIT',
  TCP_FIN_WAIT1: 'TCP_CLOSING',
};

/** Data, and perhaps a FIN behind it, of which `taken` numbers are new. */
const text =
  (clause, sentence, flags, distance, length, taken, urgent = null) =>
  (state) => {
    if (!open(state)) return null;
    const received = state.received + taken;
    const finished = flags.includes('F') && taken > 0;
    const name = finished ? AFTER_FIN[state.name] : state.name;
    const after = opening(state) ? { ...state, unacknowledged: state.sent } : state;
    const line = arrives(flags, state.received + distance, { length, ack: known(state), urgent });
    return {
      clause,
      sentence,
      lines: line + lateAnswer(state, received) + is(name) + lives(after, received),
    };
  };

export const SEGMENTS = {
  'reset-exact': ends(RESET, 'a reset with the next number ends the connection', (s) => arrives('R', s.received)),
  'reset-with-ack-exact': ends(RESET, 'a reset with ACK and the next number ends the connection', (s) =>
    arrives('R.', s.received, { ack: s.sent }),
  ),
  'reset-with-data-exact': ends(RESET, 'a reset with data and the next number ends the connection', (s) =>
    arrives('R.', s.received, { length: 10, ack: s.sent }),
  ),
  'reset-inside': challenged(RESET, 'a reset that is merely inside the window is answered with a challenge ACK', (s) =>
    arrives('R', s.received + 1),
  ),
  'reset-last-inside': challenged(RESET, 'a reset at the last number of the window is challenged', (s) =>
    arrives('R.', s.received + WINDOW - 1, { ack: s.sent }),
  ),
  'reset-left': ignored(RESET, 'a reset from before the window is dropped', (s) => arrives('R', s.received - 10)),
  'reset-right': ignored(RESET, 'a reset from behind the window is dropped', (s) => arrives('R', s.received + WINDOW)),
  'reset-far-right': ignored(RESET, 'a reset from far behind the window is dropped', (s) =>
    arrives('R.', s.received + BEYOND, { ack: s.sent }),
  ),
  'everything-and-reset': ends(RESET, 'a reset counts before SYN and FIN', (s) => arrives('FSRPU', s.received)),

  'syn-exact': synInside('S', 0),
  'syn-inside': synInside('S', 5),
  'syn-ack-inside': synInside('S.', 5),
  'syn-fin-inside': synInside('SF', 5),
  'syn-left': challenged(SYN, 'a SYN from before the window is answered with an ACK', (s) =>
    arrives('S', s.received - 10),
  ),
  'syn-right': challenged(
    SYN,
    'a SYN from behind the window is answered with an ACK',
    (s) => arrives('S', s.received + BEYOND),
    (s) => !s.over,
  ),
  'syn-ack-left': challenged(SYN, 'a SYN-ACK from before the window is answered with an ACK', (s) =>
    arrives('S.', s.received - 10, { ack: known(s) }),
  ),
  'syn-ack-right': challenged(SYN, 'a SYN-ACK from behind the window is answered with an ACK', (s) =>
    arrives('S.', s.received + BEYOND, { ack: known(s) }),
  ),

  'no-flags': ignored(ACK, 'a segment without any flag is dropped', (s) => arrives('-', s.received)),
  'data-without-ack': ignored(
    ACK,
    'data without ACK is dropped',
    (s) => arrives('P', s.received, { length: 10 }),
    (s) => !s.over,
  ),
  'fin-without-ack': ignored(ACK, 'a FIN without ACK is dropped', (s) => arrives('F', s.received)),
  'urgent-without-ack': ignored(
    ACK,
    'urgent data without ACK is dropped',
    (s) => arrives('U', s.received, { length: 10, urgent: 5 }),
    (s) => !s.over,
  ),
  'ack-duplicate': ignored(
    ACK,
    'an acknowledgment once more changes nothing',
    (s) => arrives('.', s.received, { ack: s.unacknowledged }),
    (s) => !opening(s),
  ),
  'ack-old': ignored(
    ACK,
    'an old acknowledgment is ignored',
    (s) => arrives('.', s.received, { ack: s.unacknowledged - 10 }),
    (s) => !opening(s),
  ),
  'ack-too-old': challenged(
    'RFC 5961 5.2',
    'an acknowledgment older than the largest window is challenged',
    (s) => arrives('.', s.received, { ack: s.unacknowledged - BEYOND }),
    (s) => !opening(s) && !s.over,
  ),
  'ack-of-the-future': (state) => {
    if (state.over) return null;
    const line = arrives('.', state.received, { ack: state.sent + 10 });
    const sentence = opening(state)
      ? 'an acknowledgment of what was never sent is answered with a reset, and changes nothing'
      : 'an acknowledgment of what was never sent is answered with an ACK';
    const said = opening(state) ? reset(state.sent + 10) : answer(state);
    return { clause: ACK, sentence, lines: unchanged(state, line + said) };
  },
  'ack-of-the-past': (state) => {
    if (!opening(state)) return null;
    const line = arrives('.', state.received, { ack: state.unacknowledged });
    return {
      clause: ACK,
      sentence: 'an acknowledgment that does not cover the SYN is answered with a reset, and changes nothing',
      lines: unchanged(state, line + reset(state.unacknowledged)),
    };
  },
  'ack-completes': (state) => {
    if (!opening(state)) return null;
    const after = { ...state, unacknowledged: state.sent };
    return {
      clause: ACK,
      sentence: 'the acknowledgment of the SYN completes the handshake',
      lines: arrives('.', state.received, { ack: state.sent }) + lives(after),
    };
  },
  'ack-of-fin': (state) => {
    if (state.unacknowledged === state.sent || opening(state) || state.name === 'TCP_ESTABLISHED') return null;
    const line = arrives('.', state.received, { ack: state.sent });
    const after = { ...state, unacknowledged: state.sent };
    if (state.name === 'TCP_LAST_ACK') {
      return { clause: ACK, sentence: 'the acknowledgment of our FIN ends the connection', lines: line + gone(state) };
    }
    const name = state.name === 'TCP_FIN_WAIT1' ? 'TCP_FIN_WAIT2' : 'TCP_TIME_WAIT';
    return {
      clause: ACK,
      sentence: `the acknowledgment of our FIN leads to ${name === 'TCP_FIN_WAIT2' ? 'FIN-WAIT-2' : 'TIME-WAIT'}`,
      lines: line + is(name) + lives(after),
    };
  },

  'data-left': challenged(FIRST, 'data from before the window is answered with an ACK', (s) =>
    arrives('P.', s.received - 10, { length: 5, ack: known(s) }),
  ),
  'data-right': challenged(FIRST, 'data from behind the window is answered with an ACK', (s) =>
    arrives('P.', s.received + WINDOW, { length: 10, ack: known(s) }),
  ),
  'data-in-order': text(TEXT, 'data in order is taken', 'P.', 0, 10, 10),
  'data-overlaps': text(TEXT, 'the new part of a segment is taken', 'P.', -5, 10, 5),
  'data-behind-gap': text(TEXT, 'data behind a gap is answered with a duplicate ACK', 'P.', 10, 10, 0),
  'urgent-data': text('RFC 9293 3.10.7.4, sixth', 'urgent data is taken as data', 'U.', 0, 10, 10, 5),
  'data-after-fin': ignored(
    TEXT,
    'data behind the FIN of the peer is ignored',
    (s) => arrives('P.', s.received, { length: 10, ack: s.unacknowledged }),
    (s) => s.finished === true && !s.over,
  ),

  fin: text(FIN, 'a FIN is acknowledged', 'F.', 0, 0, 1),
  'fin-with-data': text(FIN, 'data and FIN of one segment are acknowledged', 'FP.', 0, 10, 11),
  'fin-overlaps': text(FIN, 'the new part of a segment counts, its FIN too', 'FP.', -5, 10, 6),
  'fin-behind-gap': text(FIN, 'a FIN behind a gap is answered with a duplicate ACK', 'F.', 10, 0, 0),
  'fin-left': challenged(FIRST, 'a FIN from before the window is answered with an ACK', (s) =>
    arrives('F.', s.received - 10, { ack: known(s) }),
  ),
  'fin-again': challenged(
    FIN,
    'the FIN of the peer once more is acknowledged once more',
    (s) => arrives('F.', s.received - 1, { ack: s.unacknowledged }),
    (s) => s.finished === true,
  ),
  'fin-acknowledges-fin': (state) => {
    if (state.name !== 'TCP_FIN_WAIT1') return null;
    const after = { ...state, unacknowledged: state.sent };
    return {
      clause: FIN,
      sentence: 'a FIN that acknowledges ours leads to TIME-WAIT',
      lines:
        arrives('F.', state.received, { ack: state.sent }) +
        lateAnswer(state, state.received + 1) +
        is('TCP_TIME_WAIT') +
        lives(after, state.received + 1),
    };
  },
};
