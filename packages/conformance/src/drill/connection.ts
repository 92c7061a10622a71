import { TCP_ACK, TCP_RST, TCP_SYN } from '@strata/wire';
import type { TcpBody, TcpOption } from './ast.ts';
import type { LiveTcp } from './live-packet.ts';

const WRAP = 2 ** 32;

/** Modulo 2^32, unsigned. */
function wrap(value: number): number {
  return ((value % WRAP) + WRAP) % WRAP;
}

/** A number of the script that cannot be put on the wire, because nothing said what it stands for. */
export class MappingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MappingError';
  }
}

/**
 * The connection under test: how its ports, sequence numbers and timestamps in the script relate to those on the wire.
 *
 * The stack's initial sequence number is learned from its SYN. In SYN segments a script writes numbers as they are; in all
 * others a side's numbers count from that side's initial sequence number.
 */
export class Connection {
  readonly protocol: 'tcp' | 'udp';
  /** True: the stack listens, or nobody has opened anything; false: the stack connects. */
  passive: boolean;
  /** 0: not known yet. */
  localPort: number;
  remotePort: number;
  /** Of the stack: on the wire and in the script. */
  private localIsn: number;
  private scriptIsn: number;
  localIsnKnown: boolean;
  private remoteIsn: number;
  /** The stack has acknowledged a SYN of the peer: a SYN with another number does not change what numbers count from. */
  private remoteSettled: boolean;
  /** Timestamps of the stack: value in the script, value on the wire. */
  private readonly timestamps: Map<number, number>;
  private firstTimestamp: readonly [script: number, live: number] | null;
  private readonly scaledEcho: boolean;

  constructor(protocol: 'tcp' | 'udp', passive: boolean, localPort: number, remotePort: number, scaledEcho: boolean) {
    this.protocol = protocol;
    this.passive = passive;
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.localIsn = 0;
    this.scriptIsn = 0;
    this.localIsnKnown = false;
    this.remoteIsn = 0;
    this.remoteSettled = false;
    this.timestamps = new Map();
    this.firstTimestamp = null;
    this.scaledEcho = scaledEcho;
  }

  /** Wire numbers of a segment to be injected. @throws MappingError for an echoed timestamp that was never seen */
  toWire(body: TcpBody): { sequence: number; acknowledgment: number; options: TcpOption[] } {
    const syn = (body.flags & TCP_SYN) !== 0;
    const ack = (body.flags & TCP_ACK) !== 0;
    let sequence = body.sequence;
    if (syn) {
      if (!this.remoteSettled) this.remoteIsn = body.sequence;
    } else if (body.absolute?.sequence !== true) sequence = wrap(body.sequence + this.remoteIsn);
    let acknowledgment = body.acknowledgment ?? 0;
    if (ack && body.absolute?.acknowledgment !== true)
      acknowledgment = wrap(acknowledgment + this.localIsn - (syn ? this.scriptIsn : 0));
    const edge = (value: number) => wrap(value + this.localIsn - (syn ? this.scriptIsn : 0));
    const options = (body.options ?? []).map((option): TcpOption => {
      if (option.kind === 'sack') {
        return { kind: 'sack', blocks: option.blocks.map(([left, right]) => [edge(left), edge(right)] as const) };
      }
      if (option.kind === 'TS' && ack && body.absolute?.echo !== true)
        return { ...option, echo: this.echoToWire(option.echo) };
      return option;
    });
    return { sequence, acknowledgment, options };
  }

  private echoToWire(echo: number): number {
    const known = this.timestamps.get(echo);
    if (known !== undefined) return known;
    const first = this.firstTimestamp;
    if (echo === 0 && first === null) return 0;
    if (this.scaledEcho && first !== null) return wrap(first[1] + echo - first[0]);
    throw new MappingError(
      `the segment echoes timestamp ${echo}, which no outbound packet of the script has carried; ` +
        'give one of those a "TS val", or set --tcp_ts_ecr_scaled',
    );
  }

  /** Learns from a segment that the stack has sent, before it is compared. `expected` is what the script says of it. */
  learn(live: LiveTcp, expected: TcpBody | null): void {
    const syn = (live.flags & TCP_SYN) !== 0;
    if (syn && !this.localIsnKnown) {
      this.localIsnKnown = true;
      this.localIsn = live.sequence;
      this.scriptIsn = expected?.sequence ?? 0;
    } else if (syn && live.sequence !== this.localIsn && expected !== null) {
      // Another connection between the same ports (TIME-WAIT reuse): the script's number of this SYN says where it is.
      this.localIsn = wrap(live.sequence - expected.sequence);
      this.scriptIsn = 0;
    }
    if (live.flags & TCP_ACK && (live.flags & TCP_RST) === 0) this.remoteSettled = true;
    const said = expected?.options?.find((option) => option.kind === 'TS');
    const sent = live.options.find((option) => option.kind === 'TS');
    if (said?.kind === 'TS' && sent?.kind === 'TS') {
      this.firstTimestamp ??= [said.value, sent.value];
      this.timestamps.set(said.value, sent.value);
    }
  }

  /** A segment of the stack in the script's numbers; those that `expected` marks are left as they are on the wire. */
  toScript(live: LiveTcp, expected: TcpBody | null = null): TcpBody {
    const body = this.relative(live);
    const absolute = expected?.absolute;
    if (absolute === undefined) return body;
    return {
      ...body,
      sequence: absolute.sequence ? live.sequence : body.sequence,
      acknowledgment: absolute.acknowledgment ? live.acknowledgment : body.acknowledgment,
      absolute,
    };
  }

  private relative(live: LiveTcp): TcpBody {
    const syn = (live.flags & TCP_SYN) !== 0;
    const ack = (live.flags & TCP_ACK) !== 0;
    let sequence = wrap(live.sequence - this.localIsn + (syn ? this.scriptIsn : 0));
    // RFC 9293 3.10.7.1: a reset in answer to a segment without ACK has sequence number 0 as it is.
    if (live.flags & TCP_RST && live.sequence === 0) sequence = 0;
    let acknowledgment: number | null = null;
    if (ack) acknowledgment = syn ? live.acknowledgment : wrap(live.acknowledgment - this.remoteIsn);
    else if (live.acknowledgment !== 0) acknowledgment = live.acknowledgment;
    const options = live.options.map((option): TcpOption => {
      if (option.kind === 'sack') {
        return {
          kind: 'sack',
          blocks: option.blocks.map(
            ([left, right]) => [wrap(left - this.remoteIsn), wrap(right - this.remoteIsn)] as const,
          ),
        };
      }
      if (option.kind === 'TS') return { ...option, value: this.timestampToScript(option.value) };
      return option;
    });
    return {
      protocol: 'tcp',
      flags: live.flags,
      sequence,
      length: live.length,
      acknowledgment,
      window: live.window,
      urgent: live.urgent === 0 ? null : live.urgent,
      options,
    };
  }

  private timestampToScript(value: number): number {
    const first = this.firstTimestamp;
    return first === null ? value : wrap(first[0] + value - first[1]);
  }

  /** Wire number of an octet that the stack has sent. */
  localSequence(script: number): number {
    return wrap(script + this.localIsn);
  }
}
