import * as contracts from '@strata/contracts';
import { DROP_REASONS, TRACE_EVENTS, type TraceArgument, type TraceEventDescription } from '@strata/contracts';
import { formatAddress, formatIpv4, formatMac } from '@strata/wire';
import { mqttTypeName } from './application/mqtt-message.ts';
import { durationText, hex } from './text.ts';
import { tcpFlagsText } from './transport/tcp.ts';

/** TCP states by the numbers of NetX (NX_TCP_CLOSED is 1). */
const TCP_STATES: readonly string[] = [
  '',
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

/** States of the MQTT client; 1 to 3 are NetX Duo's. */
const MQTT_STATES: readonly string[] = ['deleted', 'idle', 'connecting', 'connected', 'disconnecting'];

/** DHCP messages (RFC 2132 9.6), and the states of the client by its numbers (RFC 2131 figure 5). */
const DHCP_MESSAGES: readonly string[] = [
  '',
  'DISCOVER',
  'OFFER',
  'REQUEST',
  'DECLINE',
  'ACK',
  'NAK',
  'RELEASE',
  'INFORM',
];
const DHCP_STATES: readonly string[] = [
  'STOPPED',
  'INIT',
  'SELECTING',
  'REQUESTING',
  'REBOOTING',
  'CHECKING',
  'BOUND',
  'RENEWING',
  'REBINDING',
  'DECLINED',
  'RELEASING',
];

/** Phases of loss recovery, by the engine's numbers. */
const RECOVERY_PHASES: readonly string[] = ['open', 'disorder', 'window reduction', 'fast recovery', 'loss'];

/** Why TCP sends something again. */
const REPEAT_CAUSES: readonly string[] = [
  'no cause',
  'the retransmission timer expired',
  'a segment sent later was delivered, and the reordering window is over (RACK)',
  'enough was SACKed above it (RFC 6675)',
  'a probe of the tail (TLP)',
  'a rescue retransmission (RFC 6675)',
  'three duplicate ACKs',
];

/** What showed that a repair was needless. */
const UNDO_EVIDENCE: readonly string[] = [
  'none',
  'every repeat was reported as a duplicate',
  'the echoed timestamp is older than the first repeat',
  'segments sent once were delivered after the timeout',
];

const STATUS_NAME = /^(NX|NXD|TX)_/;

/** Names of the contracts that look like statuses and are head-rooms or wait options. */
const NO_STATUS: ReadonlySet<string> = new Set([
  'NX_RECEIVE_PACKET',
  'NX_PHYSICAL_HEADER',
  'NX_PHYSICAL_TRAILER',
  'NX_IP_PACKET',
  'NX_ICMP_PACKET',
  'NX_UDP_PACKET',
  'NX_TCP_PACKET',
  'NX_IPV4_TCP_PACKET',
  'NX_IPV6_TCP_PACKET',
  'NX_NO_WAIT',
  'NX_WAIT_FOREVER',
]);

/** Names of status codes, by number; several where NetX, ThreadX and the MQTT client share one. */
const statusNames: ReadonlyMap<number, readonly string[]> = (() => {
  const names = new Map<number, string[]>();
  for (const [name, value] of Object.entries(contracts)) {
    if (typeof value !== 'number' || !STATUS_NAME.test(name) || NO_STATUS.has(name)) continue;
    const known = names.get(value);
    if (known === undefined) names.set(value, [name]);
    else known.push(name);
  }
  // The name of the stack itself first, then the MQTT client's, ThreadX's, and those of its secure and WebSocket parts.
  const order = [/^NX_(?!SECURE_|WEBSOCKET_)/, /^NXD_/, /^TX_/, /^NX_/];
  const rank = (name: string) => order.findIndex((pattern) => pattern.test(name));
  // Of names of one rank the shortest is the plainest: NX_SUCCESS, not NX_SECURE_TLS_SUCCESS.
  for (const list of names.values()) list.sort((a, b) => rank(a) - rank(b) || a.length - b.length);
  return names;
})();

/** `NX_NO_PACKET (0x1)`; the number alone when no service returns it. */
export function describeStatus(code: number): string {
  const names = statusNames.get(code);
  return names === undefined ? hex(code, 1) : `${names[0]} (${hex(code, 1)})`;
}

/** Every name of a status code; empty when there is none. */
export function statusNamesOf(code: number): readonly string[] {
  return statusNames.get(code) ?? [];
}

/** The number of a status by its name, such as `NX_NO_PACKET`; null when there is none of this name. */
export function statusByName(name: string): number | null {
  for (const [code, names] of statusNames) if (names.includes(name)) return code;
  return null;
}

const dropSentences: ReadonlyMap<number, string> = new Map(
  DROP_REASONS.map(([reason, , sentence]) => [reason, sentence]),
);
const dropNames: ReadonlyMap<number, string> = new Map(DROP_REASONS.map(([reason, name]) => [reason, name]));

/** The sentence for a drop reason. */
export function describeDrop(reason: number): string {
  return dropSentences.get(reason) ?? `reason ${hex(reason, 2)}`;
}

/** The short, stable name of a drop reason. */
export function dropName(reason: number): string {
  return dropNames.get(reason) ?? `drop-${hex(reason, 2)}`;
}

const events: ReadonlyMap<number, TraceEventDescription> = new Map(TRACE_EVENTS.map((event) => [event.id, event]));

/** What is known about a trace event; null for a number that no layer has declared. */
export function traceEvent(id: number): TraceEventDescription | null {
  return events.get(id) ?? null;
}

const MAC_PAIR = /MAC \{([a-d])\}:\{([a-d])\}/g;
const PLACEHOLDER = /\{([a-d])\}/g;

/** A trace event as a sentence: its template with the four arguments put in as they are meant. */
export function describeTraceEvent(id: number, a: number, b: number, c: number, d: number): string {
  const event = events.get(id);
  const values: Readonly<Record<string, number>> = { a, b, c, d };
  if (event === undefined) return `event ${hex(id, 4)} ${a} ${b} ${c} ${d}`;
  return event.text
    .replaceAll(
      MAC_PAIR,
      (_, upper: string, lower: string) => `MAC ${formatMac(values[upper] as number, values[lower] as number)}`,
    )
    .replaceAll(PLACEHOLDER, (_, letter: string) => {
      const kind = event.arguments['abcd'.indexOf(letter)] as TraceArgument;
      if (kind === 'address6') return formatAddress({ family: 6, w0: a, w1: b, w2: c, w3: d });
      return argumentText(kind, values[letter] as number);
    });
}

function argumentText(kind: TraceArgument, value: number): string {
  switch (kind) {
    case 'bytes':
      return `${value} B`;
    case 'microseconds':
      return durationText(value);
    case 'address':
      return formatIpv4(value);
    case 'port':
      return String(value & 0xffff);
    case 'sequence':
      return String(value >>> 0);
    case 'tcpState':
      return TCP_STATES[value] || `state ${value}`;
    case 'tcpFlags':
      return tcpFlagsText(value);
    case 'recoveryPhase':
      return RECOVERY_PHASES[value] ?? `phase ${value}`;
    case 'repeatCause':
      return REPEAT_CAUSES[value] ?? `cause ${value}`;
    case 'undoEvidence':
      return UNDO_EVIDENCE[value] ?? `evidence ${value}`;
    case 'mqttType':
      return mqttTypeName(value);
    case 'dhcpMessage':
      return DHCP_MESSAGES[value] ?? `message ${value}`;
    case 'dhcpState':
      return DHCP_STATES[value] ?? `state ${value}`;
    case 'mqttState':
      return MQTT_STATES[value] ?? `in state ${value}`;
    case 'status':
      return describeStatus(value);
    case 'reason':
      return describeDrop(value);
    case 'hex':
    case 'address6':
      return hex(value, 1);
    case 'count':
    case 'none':
      return String(value);
  }
}
