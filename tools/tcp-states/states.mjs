/**
 * Every synchronized state of RFC 9293 3.3.2, and how a script brings the stack there. `received` is RCV.NXT, `sent` SND.NXT
 * and `unacknowledged` SND.UNA, counted from the initial sequence numbers; the window reaches 65535 octets beyond RCV.NXT.
 */

const LISTENING = `    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
`;

const ESTABLISHED = `${LISTENING}
   +0 < S 0:0(0) win 65535 <mss 1460>
   +0 > S. 0:0(0) ack 1 <mss 1460>
  +.1 < . 1:1(0) ack 1 win 65535
   +0 accept(3, ..., ...) = 4
`;

const FIN_OUT = `${ESTABLISHED}   +0 shutdown(4, SHUT_WR) = 0
   +0 > F. 1:1(0) ack 1
`;

const FIN_IN = `${ESTABLISHED}   +0 < F. 1:1(0) ack 1 win 65535
   +0~+.2 > . 1:1(0) ack 2
`;

/** States in which both ends have sent a SYN, and the segments of the table apply alike. */
export const SYNCHRONIZED = {
  'syn-received': {
    setup: `${LISTENING}
   +0 < S 0:0(0) win 65535 <mss 1460>
   +0 > S. 0:0(0) ack 1 <mss 1460>
`,
    received: 1,
    sent: 1,
    unacknowledged: 0,
    passive: true,
  },
  'syn-received-active': {
    setup: `    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 connect(4, ..., ...) = -1 EINPROGRESS (Operation now in progress)
   +0 > S 0:0(0) <...>
  +.1 < S 0:0(0) win 65535 <mss 1460>
   +0 > S. 0:0(0) ack 1 <...>
`,
    received: 1,
    sent: 1,
    unacknowledged: 0,
  },
  established: { setup: ESTABLISHED, received: 1, sent: 1, unacknowledged: 1, name: 'TCP_ESTABLISHED' },
  'fin-wait-1': { setup: FIN_OUT, received: 1, sent: 2, unacknowledged: 1, name: 'TCP_FIN_WAIT1' },
  'fin-wait-2': {
    setup: `${FIN_OUT}  +.1 < . 1:1(0) ack 2 win 65535\n`,
    received: 1,
    sent: 2,
    unacknowledged: 2,
    name: 'TCP_FIN_WAIT2',
  },
  closing: {
    setup: `${FIN_OUT}   +0 < F. 1:1(0) ack 1 win 65535\n   +0~+.2 > . 2:2(0) ack 2\n`,
    received: 2,
    sent: 2,
    unacknowledged: 1,
    name: 'TCP_CLOSING',
    finished: true,
  },
  'close-wait': {
    setup: FIN_IN,
    received: 2,
    sent: 1,
    unacknowledged: 1,
    name: 'TCP_CLOSE_WAIT',
    finished: true,
  },
  'last-ack': {
    setup: `${FIN_IN}   +0 shutdown(4, SHUT_WR) = 0\n   +0 > F. 1:1(0) ack 2\n`,
    received: 2,
    sent: 2,
    unacknowledged: 1,
    name: 'TCP_LAST_ACK',
    finished: true,
  },
  'time-wait': {
    setup: `${FIN_OUT}  +.1 < F. 1:1(0) ack 2 win 65535\n   +0~+.2 > . 2:2(0) ack 2\n`,
    received: 2,
    sent: 2,
    unacknowledged: 2,
    finished: true,
    over: true,
  },
};

export { ESTABLISHED, LISTENING };
