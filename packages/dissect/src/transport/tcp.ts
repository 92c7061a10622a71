import { decodeMqttSegment } from '../application/mqtt.ts';
import { decodeTls } from '../application/tls.ts';
import type { Context } from '../context.ts';
import type { TcpFacts } from '../facts.ts';
import type { Layer } from '../field.ts';
import { hex } from '../text.ts';
import { decodeTcpOptions } from './tcp-options.ts';

export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_PSH = 8;
export const TCP_ACK = 16;
export const TCP_URG = 32;

const FLAG_NAMES: readonly string[] = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** `SYN, ACK` for the lower eight bits of the flags; `none` without any. */
export function tcpFlagsText(flags: number): string {
  const set = FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0);
  return set.length === 0 ? 'none' : set.join(', ');
}

export function decodeTcp(context: Context, start: number, end: number): void {
  const layer = context.layer('tcp', 'TCP', start, end, 'RFC 9293 3.1');
  if (context.quoted && end - start >= 4 && end - start < 20) {
    quotedPorts(context, layer, start, end);
    return;
  }
  if (!context.holds(layer, 20)) return;
  const headerLength = (context.u8(start + 12) >>> 4) * 4;
  const headerEnd = start + Math.max(20, Math.min(headerLength, end - start));
  const facts: TcpFacts = {
    sourcePort: context.u16(start),
    destinationPort: context.u16(start + 2),
    sequence: context.u32(start + 4),
    acknowledgment: context.u32(start + 8),
    flags: context.u8(start + 13),
    window: context.u16(start + 14),
    windowShift: -1,
    maximumSegment: -1,
    payloadOffset: headerEnd,
    payloadLength: end - headerEnd,
    words: '',
    sack: [],
    damaged: false,
  };
  context.tcp = facts;
  const { flags } = facts;
  layer.length = headerEnd - start;
  layer.text = `${facts.sourcePort} → ${facts.destinationPort} [${tcpFlagsText(flags)}]`;
  layer.add('Source port', start, 2, facts.sourcePort);
  layer.add('Destination port', start + 2, 2, facts.destinationPort);
  layer.add('Sequence number', start + 4, 4, facts.sequence);
  const acknowledgment = layer.add('Acknowledgment number', start + 8, 4, facts.acknowledgment);
  if ((flags & TCP_ACK) === 0) {
    acknowledgment.text += ' (not in use)';
    if (facts.acknowledgment !== 0 && (flags & TCP_RST) === 0)
      acknowledgment.problem('unusual', 'the number is not zero although ACK is not set');
  }
  const headerField = layer.add('Header length', start + 12, 1, headerLength, `${headerLength} B`);
  const reserved = context.u8(start + 12) & 15;
  if (reserved !== 0) headerField.problem('unusual', 'reserved bits are set');
  const flagField = layer.add('Flags', start + 13, 1, flags, tcpFlagsText(flags));
  judgeFlags(flags, (text) => flagField.problem('unusual', text));
  layer.add('Window', start + 14, 2, facts.window);
  const checksum = layer.add('Checksum', start + 16, 2, context.u16(start + 16), hex(context.u16(start + 16), 4));
  const urgent = layer.add('Urgent pointer', start + 18, 2, context.u16(start + 18));
  if ((flags & TCP_URG) === 0) urgent.text += ' (not in use)';
  const ip = context.ip;
  if (ip !== null) {
    context.judgeChecksum(checksum, start, end, context.pseudoHeader(6, end - start), ip.whole && !ip.fragment);
    if (checksum.problems.length > 0) facts.damaged = true;
  }
  if (headerLength < 20 || start + headerLength > end) {
    facts.damaged = true;
    headerField.problem('malformed', `a header of ${headerLength} bytes does not fit a segment of ${end - start}`);
    layer.summary = describeTcp(facts, facts.sequence, facts.acknowledgment, facts.window, 0);
    return;
  }
  decodeTcpOptions(context, layer, facts, start + 20, headerEnd);
  layer.summary = describeTcp(facts, facts.sequence, facts.acknowledgment, facts.window, 0);
  if (facts.payloadLength === 0 || context.quoted) return;
  const isOneOf = (ports: readonly number[]) =>
    ports.includes(facts.sourcePort) || ports.includes(facts.destinationPort);
  if (isOneOf(context.settings.mqttPorts)) decodeMqttSegment(context, headerEnd, end);
  else if (isOneOf(context.settings.tlsPorts)) decodeTls(context, headerEnd, end);
  else context.data(headerEnd, end);
}

/**
 * `TCP 49152 → 1883 [PSH, ACK] seq=1 ack=1 win=8192 len=21`, with the numbers the caller wants shown.
 *
 * @param peerBase what to subtract from the edges of SACK blocks
 */
export function describeTcp(
  facts: TcpFacts,
  sequence: number,
  acknowledgment: number,
  window: number,
  peerBase: number,
): string {
  const ack = (facts.flags & TCP_ACK) !== 0 ? ` ack=${acknowledgment}` : '';
  const title = `TCP ${facts.sourcePort} → ${facts.destinationPort} [${tcpFlagsText(facts.flags)}]`;
  const edges = facts.sack.map(([left, right]) => `${(left - peerBase) >>> 0}-${(right - peerBase) >>> 0}`);
  const sack = edges.length === 0 ? '' : ` sack=${edges.join(',')}`;
  return `${title} seq=${sequence}${ack} win=${window} len=${facts.payloadLength}${facts.words}${sack}`;
}

function judgeFlags(flags: number, complain: (text: string) => void): void {
  const control = flags & (TCP_SYN | TCP_FIN | TCP_RST);
  if (control === (TCP_SYN | TCP_FIN)) complain('SYN and FIN together make no sense');
  else if ((flags & TCP_RST) !== 0 && control !== TCP_RST) complain('RST together with SYN or FIN makes no sense');
  else if ((flags & (TCP_SYN | TCP_RST | TCP_ACK)) === 0)
    complain('a segment without SYN, RST or ACK is ignored by every state');
}

/** What an ICMP error quotes of a TCP header may be no more than its first eight bytes (RFC 792). */
function quotedPorts(context: Context, layer: Layer, start: number, end: number): void {
  layer.add('Source port', start, 2, context.u16(start));
  layer.add('Destination port', start + 2, 2, context.u16(start + 2));
  layer.text = `${context.u16(start)} → ${context.u16(start + 2)}`;
  layer.summary = `TCP ${layer.text}`;
  if (end - start < 8) return;
  layer.add('Sequence number', start + 4, 4, context.u32(start + 4));
  layer.summary += ` seq=${context.u32(start + 4)}`;
}
