import type { Clock, IpAddress } from '@strata/contracts';
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_SYN } from '@strata/wire';
import type { IcmpBody, Location, PacketAction, Script, TcpBody } from './ast.ts';
import { Connection, MappingError } from './connection.ts';
import { type Endpoints, emitIcmpPacket, emitTcpPacket, emitUdpPacket, quotePacket } from './emit-packet.ts';
import { formatTcp } from './format.ts';
import { icmpNumbers, icmpText } from './icmp-names.ts';
import type { PacketTaker } from './link.ts';
import { type LivePacket, readPacket } from './live-packet.ts';
import type { DrillFrame } from './result.ts';
import type { DrillSettings } from './settings.ts';
import type { SocketFile } from './sockets/file.ts';
import type { SocketWatcher } from './sockets/layer.ts';
import type { TcpFile } from './sockets/tcp-file.ts';
import { failAt } from './stop.ts';
import { optionsLength } from './tcp-options.ts';

/** Ports of remote ends that connect to the stack. */
const FIRST_REMOTE_PORT = 40000;

/** A packet that the stack has sent, and its place in the record. */
export interface SentPacket {
  readonly packet: LivePacket;
  readonly frame: DrillFrame;
}

/**
 * What goes over the link while a script runs: which connection the script is about, packets to inject made of the script's
 * words, and packets of the stack put into them.
 */
export class Conversation implements SocketWatcher, PacketTaker {
  /** Every packet, in order. */
  readonly frames: DrillFrame[];
  /** Packets of the connection under test that no event has claimed. */
  readonly outbox: SentPacket[];
  /** Expected packets that have had their turn. */
  readonly claimed: Set<PacketAction>;
  connection: Connection | null;
  /** The socket that packets and snippets are about. */
  tested: SocketFile | null;
  /** The script is done; what is sent now is not recorded. */
  over: boolean;
  private readonly script: Script;
  private readonly settings: DrillSettings;
  private readonly local: IpAddress;
  private readonly remote: IpAddress;
  private readonly clock: Clock;
  private nextRemotePort: number;

  constructor(script: Script, settings: DrillSettings, local: IpAddress, remote: IpAddress, clock: Clock) {
    this.frames = [];
    this.outbox = [];
    this.claimed = new Set();
    this.connection = null;
    this.tested = null;
    this.over = false;
    this.script = script;
    this.settings = settings;
    this.local = local;
    this.remote = remote;
    this.clock = clock;
    this.nextRemotePort = FIRST_REMOTE_PORT;
  }

  socketMade(file: SocketFile): void {
    this.tested = file;
    this.connection = null;
  }

  listening(file: TcpFile): void {
    this.tested = file;
    this.connection = null;
  }

  connecting(file: SocketFile): void {
    if (this.tested === file && this.connection?.protocol === 'udp') return;
    this.tested = file;
    const protocol = file.type;
    this.connection = new Connection(protocol, false, 0, this.settings.connectPort, this.settings.scaledEcho);
  }

  accepted(file: TcpFile): void {
    const { connection } = this;
    const current = connection === null || file.socket?.remotePort === connection.remotePort;
    if (current) this.tested = file;
  }

  /** The connection that an inbound packet belongs to; a new one when a listener, or nobody, is there to take it. */
  private connectionFor(protocol: 'tcp' | 'udp'): Connection {
    const { connection, tested } = this;
    if (connection !== null && connection.protocol === protocol) return connection;
    const port = tested?.type === protocol && tested.port !== 0 ? tested.port : this.settings.bindPort;
    const made = new Connection(protocol, true, port, this.nextRemotePort++, this.settings.scaledEcho);
    this.connection = made;
    return made;
  }

  private ends(connection: Connection, packet: PacketAction, inbound: boolean): Endpoints {
    const source = inbound ? this.remote : this.local;
    const destination = inbound ? this.local : this.remote;
    const ports = packet.ports ?? {
      source: inbound ? connection.remotePort : connection.localPort,
      destination: inbound ? connection.localPort : connection.remotePort,
    };
    return { source, destination, sourcePort: ports.source, destinationPort: ports.destination };
  }

  /** A segment larger than the link takes goes in as several, as a receive offload would have found them on the wire. */
  splitToFit(packet: PacketAction): PacketAction[] {
    const { body } = packet;
    const header = this.settings.family === 4 ? 40 : 60;
    if (body.protocol !== 'tcp') return [packet];
    const room = this.settings.mtu - header - optionsLength(body.options ?? []);
    if (body.length <= room || room <= 0) return [packet];
    this.settings.notes.push('inbound segments larger than the MTU went in as several');
    const pieces: PacketAction[] = [];
    for (let at = 0; at < body.length; at += room) {
      const length = Math.min(room, body.length - at);
      const last = at + length >= body.length;
      const flags = last ? body.flags : body.flags & ~(TCP_FIN | TCP_PSH);
      pieces.push({ ...packet, body: { ...body, flags, sequence: (body.sequence + at) % 2 ** 32, length } });
    }
    return pieces;
  }

  /** Of the acknowledgments that pieces of one segment cause, all but the last are as if a receive offload had saved them. */
  mergeAcknowledgments(from: number): void {
    for (let i = this.outbox.length - 2; i >= from; i--) {
      const { packet, frame } = this.outbox[i] as SentPacket;
      const { transport } = packet;
      if (transport?.kind !== 'tcp' || transport.length > 0 || transport.flags !== TCP_ACK) continue;
      frame.comments.push('one acknowledgment too many, because the segment went in as several');
      this.outbox.splice(i, 1);
    }
  }

  makePacket(location: Location, packet: PacketAction): Uint8Array {
    const { body } = packet;
    if (body.protocol === 'icmp') return this.makeIcmp(location, packet, body);
    const connection = this.connectionFor(body.protocol);
    if (packet.ports !== null && !connection.localIsnKnown) {
      connection.remotePort = packet.ports.source;
      connection.localPort = packet.ports.destination;
    }
    const ends = this.ends(connection, packet, true);
    if (body.protocol === 'udp') return emitUdpPacket(ends, packet.ip, body.length);
    try {
      const wire = connection.toWire(body);
      return emitTcpPacket(ends, packet.ip, {
        ...wire,
        flags: body.flags,
        window: body.window ?? 0,
        urgent: body.urgent ?? 0,
        length: body.length,
      });
    } catch (error) {
      if (error instanceof MappingError) throw failAt(location, error.message);
      throw error;
    }
  }

  private makeIcmp(location: Location, packet: PacketAction, body: IcmpBody): Uint8Array {
    const numbers = icmpNumbers(this.settings.family, body.type, body.code);
    if (numbers === null) {
      throw failAt(location, `ICMP for IPv${this.settings.family} has no "${body.type} ${body.code ?? ''}"`);
    }
    const ends: Endpoints = { source: this.remote, destination: this.local, sourcePort: 0, destinationPort: 0 };
    let data = new Uint8Array(0);
    let rest = body.mtu ?? 0;
    if (body.id !== null) rest = body.id * 65536;
    const { quote } = body;
    if (quote !== null) {
      const protocol = quote.protocol === 'udp' ? 'udp' : 'tcp';
      const connection = this.connection?.protocol === protocol ? this.connection : this.connectionFor(protocol);
      const quoted = { ...this.ends(connection, { ...packet, ports: null }, false) };
      if (packet.ports !== null) {
        quoted.sourcePort = packet.ports.source;
        quoted.destinationPort = packet.ports.destination;
      }
      const sequence = quote.protocol === 'tcp' ? connection.localSequence(quote.sequence) : 0;
      data = new Uint8Array(quotePacket(quoted, quote.protocol, sequence, quote.length));
    }
    return emitIcmpPacket(ends, packet.ip, { ...numbers, rest: rest >>> 0, data });
  }

  packetSent(bytes: Uint8Array): void {
    if (this.over) return;
    const copy = bytes.slice();
    const packet = readPacket(copy, this.clock.now);
    const frame: DrillFrame = {
      time: this.clock.now,
      direction: 'out',
      text: '',
      bytes: copy,
      line: null,
      comments: [],
    };
    this.frames.push(frame);
    const mine = this.isTested(packet);
    Object.assign(frame, { text: this.describe(packet, mine) });
    if (mine) this.outbox.push({ packet, frame });
    else frame.comments.push('not of the connection under test');
  }

  /** True when the packet belongs to what the script is about. Learns the port that the stack has picked. */
  private isTested(packet: LivePacket): boolean {
    const { transport } = packet;
    if (transport === null) return false;
    if (transport.kind === 'icmp') return true;
    const { connection } = this;
    if (connection === null || connection.protocol !== transport.kind) return false;
    if (connection.localPort === 0) {
      connection.localPort = transport.sourcePort;
      if (transport.kind === 'udp') connection.remotePort = transport.destinationPort;
    }
    if (connection.localPort !== transport.sourcePort || connection.remotePort !== transport.destinationPort)
      return false;
    if (transport.kind === 'tcp' && connection.localIsnKnown === false) connection.learn(transport, this.expectedSyn());
    return true;
  }

  /** What the script says of the next SYN of the stack: its sequence number names the initial one. */
  private expectedSyn(): TcpBody | null {
    for (const { action } of this.script.events) {
      if (action.kind !== 'packet' || action.inbound || action.body.protocol !== 'tcp') continue;
      if (action.body.flags & TCP_SYN && !this.claimed.has(action)) return action.body;
    }
    return null;
  }

  /** A packet in the script's words and numbers. */
  private describe(packet: LivePacket, mine: boolean): string {
    const { transport } = packet;
    if (transport === null) return `> (${packet.bytes.length} octets of another protocol)`;
    if (transport.kind === 'udp') return `> udp (${transport.length})`;
    if (transport.kind === 'icmp') return `> icmp ${icmpText(packet.family, transport.type, transport.code)}`;
    const { connection } = this;
    if (mine && connection !== null) return `> ${formatTcp(connection.toScript(transport))}`;
    const raw: TcpBody = {
      protocol: 'tcp',
      flags: transport.flags,
      sequence: transport.sequence,
      length: transport.length,
      acknowledgment: transport.acknowledgment,
      window: transport.window,
      urgent: null,
      options: transport.options,
    };
    return `> ${transport.sourcePort} > ${transport.destinationPort} ${formatTcp(raw)}`;
  }
}
