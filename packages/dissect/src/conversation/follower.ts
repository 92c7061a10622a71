import type { MqttMessage } from '../application/mqtt-message.ts';
import { type Dissection, type DissectOptions, dissect } from '../dissect.ts';
import type { TcpFacts } from '../facts.ts';
import { describeTcp, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../transport/tcp.ts';
import { Direction } from './direction.ts';
import { FramedStream, type Framing, MQTT_FRAMING, type StreamUnit, TLS_FRAMING } from './framed-stream.ts';

/** A frame, seen as part of its conversation. */
export interface FollowedFrame {
  readonly dissection: Dissection;
  /** One line: the messages that this frame completes, or its TCP segment with numbers counted from the SYN. */
  readonly summary: string;
  /** What is noteworthy, such as `retransmission`, `out of order`, `zero window`; also in the summary, in brackets. */
  readonly notes: readonly string[];
  /** Number of the TCP connection, from 1 in the order of appearance; 0 for anything else. */
  readonly connection: number;
  /** Sequence number counted from the SYN, and what it acknowledges; null outside TCP. */
  readonly sequence: number | null;
  readonly acknowledgment: number | null;
  /** MQTT packets that this frame completes. */
  readonly messages: readonly MqttMessage[];
}

export interface FollowOptions extends DissectOptions {
  /** Connections remembered at a time; the one begun first is forgotten. Default 1024. */
  readonly maximumConnections?: number | undefined;
}

interface Connection {
  readonly id: number;
  /** Key of the side that is direction 0. */
  readonly first: string;
  readonly directions: readonly [Direction, Direction];
}

/**
 * Follows TCP connections through the frames of a capture, in the order of the wire: counts sequence numbers from the SYN,
 * puts MQTT packets and TLS records together that lie across segments, and names what is sent again.
 *
 * Frames with a wrong checksum are described and otherwise ignored, as a receiver would.
 */
export class ConversationFollower {
  private readonly options: FollowOptions;
  private readonly mqttPorts: readonly number[];
  private readonly tlsPorts: readonly number[];
  private readonly maximum: number;
  private readonly connections: Map<string, Connection>;
  private lastId: number;

  constructor(options: FollowOptions = {}) {
    this.options = options;
    this.mqttPorts = options.mqttPorts ?? [1883];
    this.tlsPorts = options.tlsPorts ?? [443, 8883];
    this.maximum = options.maximumConnections ?? 1024;
    this.connections = new Map();
    this.lastId = 0;
  }

  /** Takes the next frame and says what it is. Never throws. */
  follow(frame: Uint8Array): FollowedFrame {
    const dissection = dissect(frame, this.options);
    const { tcp, ip } = dissection;
    const notes: string[] = [];
    if (dissection.problems.some((problem) => problem.kind === 'checksum')) notes.push('bad checksum');
    const followed = tcp !== null && ip !== null && notes.length === 0 && ip.whole && !ip.fragment && !tcp.damaged;
    if (!followed) {
      const tcpLayer = dissection.layers.find((layer) => layer.protocol === 'tcp');
      const text = notes.length > 0 && tcpLayer !== undefined ? tcpLayer.summary : dissection.summary;
      return plain(dissection, withNotes(text, notes), notes);
    }
    const from = `${ip.source} ${tcp.sourcePort}`;
    const connection = this.connection(from, `${ip.destination} ${tcp.destinationPort}`);
    const index = connection.first === from ? 0 : 1;
    return this.followSegment(dissection, tcp, connection, index);
  }

  private connection(from: string, to: string): Connection {
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const known = this.connections.get(key);
    if (known !== undefined) return known;
    if (this.connections.size >= this.maximum) {
      for (const oldest of this.connections.keys()) {
        this.connections.delete(oldest);
        break;
      }
    }
    const added: Connection = { id: ++this.lastId, first: from, directions: [new Direction(), new Direction()] };
    this.connections.set(key, added);
    return added;
  }

  private stream(tcp: TcpFacts, fromStart: boolean): FramedStream | null {
    const either = (ports: readonly number[]) => ports.includes(tcp.sourcePort) || ports.includes(tcp.destinationPort);
    const framing: Framing | null = either(this.mqttPorts) ? MQTT_FRAMING : either(this.tlsPorts) ? TLS_FRAMING : null;
    return framing === null ? null : new FramedStream(framing, fromStart);
  }

  private followSegment(dissection: Dissection, tcp: TcpFacts, connection: Connection, index: 0 | 1): FollowedFrame {
    const mine = connection.directions[index];
    const theirs = connection.directions[index === 0 ? 1 : 0];
    const syn = (tcp.flags & TCP_SYN) !== 0;
    const acks = (tcp.flags & TCP_ACK) !== 0;
    this.place(tcp, mine, theirs);
    const sequence = mine.relative(tcp.sequence);
    const acknowledgment = acks ? theirs.relative(tcp.acknowledgment) : 0;
    const bytes = dissection.bytes.subarray(tcp.payloadOffset, tcp.payloadOffset + tcp.payloadLength);
    const data = syn ? sequence + 1 : sequence;
    const notes = this.judge(tcp, mine, theirs, sequence, data, acknowledgment);
    const scaled = !syn && mine.windowShift >= 0 && theirs.windowShift >= 0;
    const window = scaled ? tcp.window * 2 ** mine.windowShift : tcp.window;
    const line = describeTcp(tcp, sequence, acknowledgment, window, theirs.base);

    const found: StreamUnit[] = [];
    const known = mine.has(data, data + bytes.length) ? mine.remembers(data, data + bytes.length) : [];
    if ((tcp.flags & TCP_RST) === 0) mine.take(data, bytes, (tcp.flags & TCP_FIN) !== 0, found);
    if (syn) {
      mine.windowShift = tcp.windowShift;
      mine.highest = Math.max(mine.highest, 1);
    }
    if (acks) {
      mine.acknowledged = acknowledgment;
      mine.window = tcp.window;
    }
    return {
      dissection,
      summary: withNotes(describe(line, tcp, mine, bytes.length, found, known), notes),
      notes,
      connection: connection.id,
      sequence,
      acknowledgment: acks ? acknowledgment : null,
      messages: found.flatMap((unit) => (unit.message === null ? [] : [unit.message])),
    };
  }

  /** Decides where the segment's numbers are counted from. */
  private place(tcp: TcpFacts, mine: Direction, theirs: Direction): void {
    const syn = (tcp.flags & TCP_SYN) !== 0;
    const acks = (tcp.flags & TCP_ACK) !== 0;
    if (syn && (!mine.known || mine.base !== tcp.sequence)) {
      mine.begin(tcp.sequence, this.stream(tcp, true));
      // A SYN without ACK from new numbers is a new connection between the same ports.
      if (!acks) theirs.known = false;
    }
    if (!mine.known) mine.join(tcp.sequence, this.stream(tcp, false));
    if (acks && !theirs.known) theirs.join(tcp.acknowledgment, this.stream(tcp, false));
  }

  private judge(
    tcp: TcpFacts,
    mine: Direction,
    theirs: Direction,
    sequence: number,
    data: number,
    acknowledgment: number,
  ): string[] {
    const { flags, payloadLength } = tcp;
    const acks = (flags & TCP_ACK) !== 0;
    const control = flags & (TCP_SYN | TCP_FIN | TCP_RST);
    const end = data + payloadLength + ((flags & TCP_FIN) !== 0 ? 1 : 0);
    const notes: string[] = [];
    if ((flags & TCP_RST) === 0 && end > sequence) {
      if (control === 0 && payloadLength === 1 && theirs.window === 0) {
        notes.push('zero-window probe');
        mine.probedAt = sequence;
      } else if (control === 0 && payloadLength === 1 && sequence === mine.next - 1) notes.push('keep-alive');
      else if (end <= mine.highest && mine.has(data, end)) notes.push('retransmission');
      else if (sequence > mine.highest) notes.push(`${sequence - mine.highest} B before it not seen`);
      else if (sequence < mine.highest && sequence < mine.next) {
        // The octet of a probe that found no room is sent again as a matter of course.
        if (sequence !== mine.probedAt) notes.push('partly a retransmission');
      } else if (sequence < mine.highest) notes.push('out of order');
    } else if (control === 0 && acks && sequence === mine.next - 1 && mine.highest === mine.next) {
      notes.push('keep-alive');
    }
    if (acks && control === 0 && payloadLength === 0 && acknowledgment === mine.acknowledged) {
      if (tcp.window !== mine.window) {
        if (tcp.window > mine.window) notes.push('window update');
      } else if (theirs.highest > acknowledgment && tcp.window !== 0) notes.push(`duplicate ACK ${++mine.duplicates}`);
    } else if (acks && acknowledgment !== mine.acknowledged) mine.duplicates = 0;
    if (acks && tcp.window === 0 && (flags & (TCP_SYN | TCP_RST)) === 0) notes.push('zero window');
    return notes;
  }
}

function describe(
  line: string,
  tcp: TcpFacts,
  mine: Direction,
  length: number,
  found: readonly StreamUnit[],
  known: readonly StreamUnit[],
): string {
  const units = found.length > 0 ? found : known;
  let text = units.map((unit) => unit.summary).join('; ');
  if (text === '' && length > 1) text = mine.stream?.pending ?? '';
  if (text === '') return line;
  return (tcp.flags & TCP_FIN) !== 0 ? `${text} [FIN]` : text;
}

function withNotes(text: string, notes: readonly string[]): string {
  return notes.length === 0 ? text : `${text} ${notes.map((note) => `[${note}]`).join(' ')}`;
}

function plain(dissection: Dissection, summary: string, notes: readonly string[]): FollowedFrame {
  return { dissection, summary, notes, connection: 0, sequence: null, acknowledgment: null, messages: [] };
}
