import type { Context } from '../context.ts';
import type { Layer } from '../field.ts';

export const IP_PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'Hop-by-hop options'],
  [1, 'ICMP'],
  [2, 'IGMP'],
  [4, 'IPv4 in IP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [41, 'IPv6 in IP'],
  [43, 'Routing header'],
  [44, 'Fragment header'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'Authentication header'],
  [58, 'ICMPv6'],
  [59, 'No next header'],
  [60, 'Destination options'],
  [89, 'OSPF'],
  [132, 'SCTP'],
  [135, 'Mobility header'],
]);

export function ipProtocolText(protocol: number): string {
  const name = IP_PROTOCOL_NAMES.get(protocol);
  return name === undefined ? String(protocol) : `${name} (${protocol})`;
}

/** Hands the payload of an IP packet to whoever knows its protocol. */
export function decodeIpPayload(context: Context, network: Layer, protocol: number, start: number, end: number): void {
  const decoder = context.table.ipProtocols.get(protocol);
  if (decoder === undefined) {
    network.summary += `, ${ipProtocolText(protocol)}, ${end - start} B`;
    context.data(start, end);
    return;
  }
  decoder(context, start, end);
}
