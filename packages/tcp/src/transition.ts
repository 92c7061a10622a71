import { TRACE_TCP_STATE } from '@strata/contracts';
import type { ControlBlock } from './control-block.ts';
import {
  TCP_CLOSE_WAIT,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_1,
  TCP_FIN_WAIT_2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_STATE_NAMES,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
  TCP_TIMED_WAIT,
} from './states.ts';

/** One edge of the state diagram: from, to, what leads along it. */
export type TcpEdge = readonly [from: number, to: number, cause: string];

/**
 * Every change of state there is: RFC 9293 figure 5, and NetX's habit of returning a server socket to LISTEN (the edges
 * marked "server socket"). The diagram in the documentation is drawn from this table.
 */
export const TCP_TRANSITIONS: readonly TcpEdge[] = [
  [TCP_CLOSED, TCP_LISTEN, 'listen, relisten'],
  [TCP_CLOSED, TCP_SYN_SENT, 'connect / SYN'],
  [TCP_LISTEN, TCP_SYN_RECEIVED, 'SYN and accept / SYN-ACK'],
  [TCP_LISTEN, TCP_CLOSED, 'unlisten, unaccept'],
  [TCP_SYN_SENT, TCP_ESTABLISHED, 'SYN-ACK / ACK'],
  [TCP_SYN_SENT, TCP_SYN_RECEIVED, 'SYN / SYN-ACK (simultaneous open)'],
  [TCP_SYN_SENT, TCP_CLOSED, 'RST, timeout, close'],
  [TCP_SYN_RECEIVED, TCP_ESTABLISHED, 'ACK of SYN'],
  [TCP_SYN_RECEIVED, TCP_FIN_WAIT_1, 'close / FIN'],
  [TCP_SYN_RECEIVED, TCP_LISTEN, 'RST, timeout, close (server socket)'],
  [TCP_SYN_RECEIVED, TCP_CLOSED, 'RST, timeout, abort'],
  [TCP_ESTABLISHED, TCP_FIN_WAIT_1, 'close / FIN'],
  [TCP_ESTABLISHED, TCP_CLOSE_WAIT, 'FIN / ACK'],
  [TCP_ESTABLISHED, TCP_CLOSED, 'RST, timeout, abort'],
  [TCP_ESTABLISHED, TCP_LISTEN, 'RST, timeout, abort (server socket)'],
  [TCP_CLOSE_WAIT, TCP_LAST_ACK, 'close / FIN'],
  [TCP_CLOSE_WAIT, TCP_CLOSED, 'RST, timeout, abort, unaccept'],
  [TCP_CLOSE_WAIT, TCP_LISTEN, 'RST, timeout, abort (server socket)'],
  [TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, 'ACK of FIN'],
  [TCP_FIN_WAIT_1, TCP_CLOSING, 'FIN / ACK'],
  [TCP_FIN_WAIT_1, TCP_TIMED_WAIT, 'ACK of FIN and FIN / ACK'],
  [TCP_FIN_WAIT_1, TCP_CLOSED, 'RST, timeout, abort, unaccept'],
  [TCP_FIN_WAIT_1, TCP_LISTEN, 'RST, timeout, abort (server socket)'],
  [TCP_FIN_WAIT_2, TCP_TIMED_WAIT, 'FIN / ACK'],
  [TCP_FIN_WAIT_2, TCP_CLOSED, 'RST, timeout, abort, unaccept'],
  [TCP_FIN_WAIT_2, TCP_LISTEN, 'RST, timeout, abort (server socket)'],
  [TCP_CLOSING, TCP_TIMED_WAIT, 'ACK of FIN'],
  [TCP_CLOSING, TCP_CLOSED, 'RST, timeout, unaccept'],
  [TCP_CLOSING, TCP_LISTEN, 'RST, timeout (server socket)'],
  [TCP_LAST_ACK, TCP_CLOSED, 'ACK of FIN, RST, timeout, unaccept'],
  [TCP_LAST_ACK, TCP_LISTEN, 'ACK of FIN, RST, timeout (server socket)'],
  [TCP_TIMED_WAIT, TCP_CLOSED, '2 MSL, unbind, unaccept, RST'],
  [TCP_TIMED_WAIT, TCP_LISTEN, '2 MSL, RST (server socket)'],
];

/** The table as one bit set per state. */
const ALLOWED = new Int32Array(TCP_STATE_NAMES.length);
for (const [from, to] of TCP_TRANSITIONS) ALLOWED[from] = (ALLOWED[from] as number) | (1 << to);

/** True when the table has the edge. */
export function mayBecome(from: number, to: number): boolean {
  return ((ALLOWED[from] as number) & (1 << to)) !== 0;
}

/** The only place where a connection's state changes. */
export function transition(tcb: ControlBlock, next: number): void {
  const previous = tcb.state;
  if (!mayBecome(previous, next)) {
    throw new Error(`TCP: no transition ${TCP_STATE_NAMES[previous]} -> ${TCP_STATE_NAMES[next]}`);
  }
  tcb.state = next;
  const tracer = tcb.service.tracer;
  if (tracer !== null)
    tracer.event(TRACE_TCP_STATE, previous, next, tcb.localPort, tcb.remotePort, tcb.service.current);
}

/** The state diagram in Mermaid's language, drawn from the table. */
export function drawTransitions(): string {
  const lines = ['stateDiagram-v2', '  [*] --> CLOSED'];
  for (const [from, to, cause] of TCP_TRANSITIONS) {
    lines.push(`  ${TCP_STATE_NAMES[from]} --> ${TCP_STATE_NAMES[to]}: ${cause}`);
  }
  return `${lines.join('\n')}\n`;
}
