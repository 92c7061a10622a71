import type { Script } from './ast.ts';

/** Packets of the pool; more for scripts that write much, fewer for those that inject large ones. */
const PACKETS = 2048;
const MOST_MEMORY = 32 << 20;

/** The pool that a script needs. */
export function poolFor(script: Script, mtu: number): { readonly packets: number; readonly payloadSize: number } {
  const payloadSize = (Math.max(mtu, 576, largestInbound(script)) + 68 + 7) & ~7;
  const wanted = Math.max(PACKETS, Math.ceil(writtenOctets(script) / PACKET_SHARE));
  return { packets: Math.min(wanted, Math.floor(MOST_MEMORY / payloadSize)), payloadSize };
}

/** Octets of the largest packet that a script injects, all headers included. */
export function largestInbound(script: Script): number {
  let largest = 0;
  for (const { action } of script.events) {
    if (action.kind === 'packet' && action.inbound && action.body.protocol !== 'icmp') {
      largest = Math.max(largest, action.body.length);
    }
  }
  return largest + MOST_HEADERS;
}

/** Octets that the system calls of a script write in all. */
function writtenOctets(script: Script): number {
  let octets = 0;
  for (const { action } of script.events) {
    if (action.kind !== 'call' || !/^(?:write|send)/.test(action.name)) continue;
    for (const argument of action.arguments) if (argument.kind === 'number') octets += Math.max(argument.value, 0);
  }
  return octets;
}

/** A connection may hold a part of the pool, in segments that may be small. */
const PACKET_SHARE = 200;

/** IPv6 and TCP with all its options. */
const MOST_HEADERS = 100;
