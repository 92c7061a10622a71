/** CLOSED, LISTEN and SYN-SENT (RFC 9293 3.10.7.1 to 3.10.7.3), where each kind of segment has an answer of its own. */
import { LISTENING } from './states.mjs';

const CLOSED_CLAUSE = 'RFC 9293 3.10.7.1';
const LISTEN_CLAUSE = 'RFC 9293 3.10.7.2';
const SENT_CLAUSE = 'RFC 9293 3.10.7.3';

const script = (clause, sentence, lines) => ({ clause, sentence, lines });

/** Nobody is there: a segment with ACK is answered by what it acknowledges, one without by what it takes. */
const stray = (flags, length, ack) => {
  const flagged = (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0);
  const segment = `${flags} 100:${100 + length}(${length})${ack === null ? '' : ` ack ${ack}`} win 1000`;
  if (flags.includes('R')) return script(CLOSED_CLAUSE, 'a reset is never answered', `    0 < ${segment}\n`);
  // Numbers of a SYN are as they are; those of others count from the initial number, which is not known: 0.
  const reset = ack === null ? `R. 0:0(0) ack ${100 + length + flagged}` : `R ${ack}:${ack}(0)`;
  return script(
    CLOSED_CLAUSE,
    ack === null
      ? 'a segment without ACK is answered with a reset that acknowledges it'
      : 'a segment with ACK is answered with a reset of the number that it acknowledges',
    `    0 < ${segment}\n   +0 > ${flags.includes('S') && ack === null ? reset.replace(`ack ${100 + length + flagged}`, `ack ${length + flagged}`) : reset}\n`,
  );
};

/** A listener that still listens, as the next SYN shows. */
const STILL_LISTENS = `  +.1 < S 0:0(0) win 65535 <mss 1460>
   +0 > S. 0:0(0) ack 1 <mss 1460>
  +.1 < . 1:1(0) ack 1 win 65535
   +0 accept(3, ..., ...) = 4
`;
const listening = (sentence, lines) => script(LISTEN_CLAUSE, sentence, `${LISTENING}\n${lines}${STILL_LISTENS}`);
const ignored = (sentence, segment) => listening(sentence, `   +0 < ${segment}\n`);
const refused = (sentence, segment, ack) => listening(sentence, `   +0 < ${segment}\n   +0 > R ${ack}:${ack}(0)\n`);

const CONNECTING = `    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 connect(4, ..., ...) = -1 EINPROGRESS (Operation now in progress)
   +0 > S 0:0(0) <...>
`;
/** The opening goes on, as the SYN-ACK shows. */
const STILL_OPENS = `  +.1 < S. 0:0(0) ack 1 win 65535 <mss 1460>
   +0 > . 1:1(0) ack 1
   +0 %{ assert tcpi_state == TCP_ESTABLISHED }%
`;
const connecting = (sentence, lines) => script(SENT_CLAUSE, sentence, `${CONNECTING}${lines}${STILL_OPENS}`);
/** The opening is over; whoever acknowledges the SYN later meets nobody. */
const failed = (sentence, segment) =>
  script(
    SENT_CLAUSE,
    sentence,
    `${CONNECTING}  +.1 < ${segment}
   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0
  +.1 < . 1:1(0) ack 1 win 65535
   +0 > R 1:1(0)
`,
  );

export const UNSYNCHRONIZED = {
  closed: {
    reset: stray('R', 0, null),
    'reset-with-ack': stray('R.', 0, 200),
    'reset-with-data': stray('RP.', 10, 200),
    syn: stray('S', 0, null),
    'syn-with-data': stray('S', 10, null),
    'syn-fin': stray('SF', 0, null),
    'syn-ack': stray('S.', 0, 200),
    ack: stray('.', 0, 200),
    'data-with-ack': stray('P.', 10, 200),
    data: stray('P', 10, null),
    fin: stray('F', 0, null),
    'fin-with-data': stray('FP', 10, null),
    'fin-with-ack': stray('F.', 0, 200),
    'no-flags': stray('-', 0, null),
    urgent: stray('U', 0, null),
    everything: stray('FSRPU.', 0, 200),
  },
  listen: {
    reset: ignored('a reset is ignored', 'R 100:100(0) win 0'),
    'reset-with-ack': ignored('a reset with ACK is ignored', 'R. 100:100(0) ack 200 win 0'),
    'reset-with-syn': ignored('a reset is ignored, with a SYN too', 'SR 100:100(0) win 0'),
    everything: ignored('a reset is ignored, whatever else the segment says', 'FSRPU. 100:100(0) ack 200 win 0'),
    ack: refused('an ACK is answered with a reset', '. 100:100(0) ack 200 win 1000', 200),
    'data-with-ack': refused('data with ACK is answered with a reset', 'P. 100:110(10) ack 200 win 1000', 200),
    'fin-with-ack': refused('a FIN with ACK is answered with a reset', 'F. 100:100(0) ack 200 win 1000', 200),
    'syn-ack': refused('a SYN-ACK is answered with a reset', 'S. 100:100(0) ack 200 win 1000', 200),
    'no-flags': ignored('a segment without any flag is dropped', '- 100:100(0) win 1000'),
    data: ignored('data without ACK is dropped', 'P 100:110(10) win 1000'),
    fin: ignored('a FIN without ACK is dropped', 'F 100:100(0) win 1000'),
    urgent: ignored('urgent data without ACK is dropped', 'U 100:110(10) win 1000 urg 5'),
  },
  'syn-sent': {
    'reset-with-ack': failed('a reset that acknowledges the SYN ends the opening', 'R. 0:0(0) ack 1 win 0'),
    'reset-with-ack-and-any-number': failed(
      'the sequence number of such a reset may be any',
      'R. 5000:5000(0) ack 1 win 0',
    ),
    'reset-without-ack': connecting('a reset without ACK is dropped', '  +.1 < R 0:0(0) win 0\n'),
    'reset-of-the-future': connecting(
      'a reset that acknowledges what was never sent is dropped',
      '  +.1 < R. 0:0(0) ack 11 win 0\n',
    ),
    'reset-of-the-past': connecting(
      'a reset that does not acknowledge the SYN is dropped',
      '  +.1 < R. 0:0(0) ack 0 win 0\n',
    ),
    'ack-of-the-future': connecting(
      'an acknowledgment of what was never sent is answered with a reset',
      '  +.1 < . 0:0(0) ack 11 win 1000\n   +0 > R 11:11(0)\n',
    ),
    'ack-of-the-past': connecting(
      'an acknowledgment that does not cover the SYN is answered with a reset',
      '  +.1 < . 0:0(0) ack 0 win 1000\n   +0 > R 0:0(0)\n',
    ),
    'ack-without-syn': connecting(
      'an acknowledgment of the SYN without a SYN is dropped',
      '  +.1 < . 0:0(0) ack 1 win 1000\n',
    ),
    'data-with-ack': connecting('data without a SYN is dropped', '  +.1 < P. 0:10(10) ack 1 win 1000\n'),
    'fin-with-ack': connecting('a FIN without a SYN is dropped', '  +.1 < F. 0:0(0) ack 1 win 1000\n'),
    'data-without-ack': connecting('data without SYN and ACK is dropped', '  +.1 < P 0:10(10) win 1000\n'),
    fin: connecting('a FIN without SYN and ACK is dropped', '  +.1 < F 0:0(0) win 1000\n'),
    'no-flags': connecting('a segment without any flag is dropped', '  +.1 < - 0:0(0) win 1000\n'),
    urgent: connecting('urgent data without SYN and ACK is dropped', '  +.1 < U 0:10(10) win 1000 urg 5\n'),
    'syn-ack-of-the-future': connecting(
      'a SYN-ACK of what was never sent is answered with a reset',
      '  +.1 < S. 0:0(0) ack 11 win 1000 <mss 1460>\n   +0 > R 11:11(0)\n',
    ),
    'syn-ack-of-the-past': connecting(
      'a SYN-ACK of something older is answered with a reset',
      '  +.1 < S. 0:0(0) ack 0 win 1000 <mss 1460>\n   +0 > R 0:0(0)\n',
    ),
    'write-call': connecting('what is written waits for the handshake', '   +0 write(4, ..., 10) = -1 EAGAIN\n'),
    'read-call': connecting('nothing can be read yet', '   +0 read(4, ..., 10) = -1 EAGAIN\n'),
    'close-call': script(
      'RFC 9293 3.10.4',
      'closing gives the opening up, without a word',
      `${CONNECTING}   +0 close(4) = 0\n  +.1 < S. 0:0(0) ack 1 win 65535 <mss 1460>\n   +0 > R 1:1(0)\n`,
    ),
  },
};
