import type { PacketAction, TcpBody } from './ast.ts';
import { compareTcp, type Leniency, mergePieces } from './compare.ts';
import type { Conversation, SentPacket } from './conversation.ts';
import { formatTcp } from './format.ts';
import { icmpNumbers } from './icmp-names.ts';
import type { LivePacket } from './live-packet.ts';
import type { DrillSettings } from './settings.ts';

/** What may be off, in microseconds, when so much time lies between two events. */
export function toleranceOf(settings: DrillSettings, gap: number): number {
  return Math.max(settings.tolerance, gap * settings.toleranceShare);
}

/** Holds expected packets against those that came. */
export class Judge {
  /** What was overlooked. */
  readonly overlooked: Set<string>;
  private readonly conversation: Conversation;
  private readonly settings: DrillSettings;
  private readonly leniency: Leniency;
  private readonly nextPacket: (limit: number) => SentPacket | null;
  /** Flow labels of the script and on the wire. */
  private readonly flowLabels: Map<number, number>;

  constructor(
    conversation: Conversation,
    settings: DrillSettings,
    leniency: Leniency,
    nextPacket: (limit: number) => SentPacket | null,
  ) {
    this.overlooked = new Set();
    this.conversation = conversation;
    this.settings = settings;
    this.leniency = leniency;
    this.nextPacket = nextPacket;
    this.flowLabels = new Map();
  }

  /** Compares what is behind the IP header, taking more packets when the script means several. Returns what came, as text. */
  compareBody(packet: PacketAction, taken: SentPacket[], limit: number, differences: string[]): string {
    const first = taken[0] as SentPacket;
    const { transport } = first.packet;
    const { body } = packet;
    if (body.protocol === 'tcp') return this.compareSegments(body, taken, limit, differences);
    if (body.protocol === 'udp') {
      if (transport?.kind !== 'udp') differences.push('a UDP datagram expected');
      else if (transport.length !== body.length) {
        differences.push(`payload length: expected ${body.length}, got ${transport.length}`);
      }
      return first.frame.text;
    }
    if (body.protocol === 'foreign') {
      differences.push(`"${body.text}" is never sent here`);
      return first.frame.text;
    }
    const numbers = icmpNumbers(first.packet.family, body.type, body.code);
    if (transport?.kind !== 'icmp') differences.push('an ICMP message expected');
    else if (numbers === null) differences.push(`there is no ICMP "${body.type} ${body.code ?? ''}" in this version`);
    else if (numbers.type !== transport.type || numbers.code !== transport.code) {
      differences.push(
        `ICMP type and code: expected ${numbers.type} ${numbers.code}, got ${transport.type} ${transport.code}`,
      );
    }
    return first.frame.text;
  }

  /** Compares a segment, or several that add up to the one which the script expects. */
  private compareSegments(body: TcpBody, taken: SentPacket[], limit: number, differences: string[]): string {
    const first = taken[0] as SentPacket;
    const { transport } = first.packet;
    const { connection } = first;
    if (transport?.kind !== 'tcp' || connection === null) {
      differences.push('a TCP segment expected');
      return first.frame.text;
    }
    connection.learn(transport, body);
    const pieces = [connection.toScript(transport, body)];
    let length = transport.length;
    while (!this.settings.strictSegments && length > 0 && length < body.length) {
      const more = this.nextPacket(limit);
      const next = more?.packet.transport;
      if (more === null || next?.kind !== 'tcp' || next.length === 0) {
        if (more !== null) this.conversation.outbox.unshift(more);
        break;
      }
      taken.push(more);
      connection.learn(next, body);
      pieces.push(connection.toScript(next, body));
      length += next.length;
    }
    const merged = mergePieces(pieces, this.leniency);
    const actual = typeof merged === 'string' ? (pieces[0] as TcpBody) : merged;
    const comparison = compareTcp(body, actual, this.leniency, this.timestampCheck(first.packet.time, body));
    differences.push(...comparison.differences);
    if (typeof merged === 'string') differences.push(`the segments cannot be taken as one: ${merged}`);
    for (const what of comparison.overlooked) this.overlooked.add(what);
    if (typeof merged === 'string') return taken.map(({ frame }) => frame.text).join('\n');
    return `> ${formatTcp(actual)}`;
  }

  private timestampCheck(sentAt: number, body: TcpBody): ((value: number) => string | null) | null {
    const tick = this.settings.timestampTick;
    const said = body.options?.find((option) => option.kind === 'TS');
    if (tick <= 0 || said?.kind !== 'TS') return null;
    return (value) => {
      const off = Math.abs(((value - said.value) | 0) * tick);
      if (off <= toleranceOf(this.settings, sentAt)) return null;
      return `timestamp: expected ${said.value}, got ${value}`;
    };
  }

  /** Equal labels in the script are equal on the wire, different ones differ. */
  checkFlowLabel(packet: PacketAction, live: LivePacket, differences: string[]): void {
    const label = packet.ip.flowLabel;
    if (label === null) return;
    const known = this.flowLabels.get(label);
    if (known === undefined) {
      if ([...this.flowLabels.values()].includes(live.flowLabel))
        differences.push('flow label: expected another than before');
      this.flowLabels.set(label, live.flowLabel);
    } else if (known !== live.flowLabel) differences.push(`flow label: expected the same as before, got another`);
  }
}
