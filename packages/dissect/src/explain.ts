import * as contracts from '@strata/contracts';
import { DROP_REASONS } from '@strata/contracts';
import { hex } from './text.ts';

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
