import type { Expression, Script } from './ast.ts';

/** Packets of the pool; more for scripts that write much, fewer for those that do little or inject large ones. */
const PACKETS = 2048;
/** What a host needs so that its pool never limits a window, and what each packet and each so many octets may add to it. */
const FEWEST_PACKETS = 320;
const PER_INBOUND = 4;
const FEWEST_OCTETS = 50;
const MOST_MEMORY = 32 << 20;

/** The pool that a script needs. */
export function poolFor(script: Script, mtu: number): { readonly packets: number; readonly payloadSize: number } {
  const payloadSize = (Math.max(mtu, 576, largestInbound(script)) + 68 + 7) & ~7;
  const octets = writtenOctets(script);
  const inbound = script.events.filter(({ action }) => action.kind === 'packet' && action.inbound).length;
  const enough = FEWEST_PACKETS + PER_INBOUND * inbound + Math.ceil(octets / FEWEST_OCTETS);
  const wanted = Math.min(enough, Math.max(PACKETS, Math.ceil(octets / PACKET_SHARE)));
  return { packets: Math.min(wanted, Math.floor(MOST_MEMORY / payloadSize)), payloadSize };
}

/** Octets of the largest packet that a script injects, all headers included. */
export function largestInbound(script: Script): number {
  let largest = 0;
  for (const { action } of script.events) {
    if (action.kind === 'packet' && action.inbound && 'length' in action.body) {
      largest = Math.max(largest, action.body.length);
    }
  }
  return largest + MOST_HEADERS;
}

/** Octets that the system calls of a script write in all. */
function writtenOctets(script: Script): number {
  let octets = 0;
  for (const { action } of script.events) {
    if (action.kind !== 'call' || !/^(?:write|send|splice)/.test(action.name)) continue;
    for (const argument of action.arguments) octets += numbersIn(argument);
  }
  return octets;
}

function numbersIn(expression: Expression): number {
  switch (expression.kind) {
    case 'number':
      return Math.max(expression.value, 0);
    case 'list':
      return expression.items.reduce((sum, item) => sum + numbersIn(item), 0);
    case 'struct':
      return expression.fields.reduce((sum, { value }) => sum + numbersIn(value), 0);
    default:
      return 0;
  }
}

/** A connection may hold a part of the pool, in segments that may be small. */
const PACKET_SHARE = 200;

/** IPv6 and TCP with all its options. */
const MOST_HEADERS = 100;
