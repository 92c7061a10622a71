import { type Clock, type IpAddress, NEVER } from '@strata/contracts';
import { TCP_ACK, TCP_SYN } from '@strata/wire';
import type { IcmpBody, Location, PacketAction, Script, TcpBody, UdpBody } from './ast.ts';
import { Connection, MappingError } from './connection.ts';
import { type Endpoints, emitIcmpPacket, emitTcpPacket, emitUdpPacket, quotePacket } from './emit-packet.ts';
import { formatTcp } from './format.ts';
import { icmpNumbers, icmpText } from './icmp-names.ts';
import type { PacketTaker } from './link.ts';
import { type LivePacket, readPacket } from './live-packet.ts';
import type { DrillFrame } from './result.ts';
import type { DrillSettings } from './settings.ts';
import type { SocketWatcher, WatchedSocket } from './sockets/layer.ts';
import { failAt } from './stop.ts';

/** Ports of remote ends that connect to the stack. */
const FIRST_REMOTE_PORT = 40000;

/** A packet that the stack has sent, and its place in the record. */
export interface SentPacket {
  readonly packet: LivePacket;
  readonly frame: DrillFrame;
  /** Null: ICMP, which belongs to whatever is tested. */
  readonly connection: Connection | null;
}

/** What the socket under test has sent and got, in segments with data and in microseconds; NEVER: nothing yet. */
export interface Traffic {
  dataIn: number;
  dataOut: number;
  /** When data came last, or when the connection was opened. */
  lastDataIn: number;
  lastAckIn: number;
  /** Octets of the largest segment that the peer may have sent; larger ones are as from a receive offload. */
  readonly largest: number;
}

const LARGEST_SEGMENT = 1460;

function noTraffic({ inboundMss }: DrillSettings): Traffic {
  const largest = inboundMss > 0 ? inboundMss : LARGEST_SEGMENT;
  return { dataIn: 0, dataOut: 0, lastDataIn: NEVER, lastAckIn: NEVER, largest };
}

/**
 * What goes over the link while a script runs: which connection the script is about, packets to inject made of the script's
 * words, and packets of the stack put into them.
 */
export class Conversation implements SocketWatcher, PacketTaker {
  /** Every packet, in order. */
  readonly frames: DrillFrame[];
  /** Packets of the connection under test, and of those that the script names by ports, that no event has claimed. */
  readonly outbox: SentPacket[];
  /** Expected packets that have had their turn. */
  readonly claimed: Set<PacketAction>;
  connection: Connection | null;
  /** The socket that packets and snippets are about. */
  tested: WatchedSocket | null;
  traffic: Traffic;
  /** The script is done; what is sent now is not recorded. */
  over: boolean;
  private readonly script: Script;
  private readonly settings: DrillSettings;
  private readonly local: IpAddress;
  private readonly remote: IpAddress;
  private readonly clock: Clock;
  private nextRemotePort: number;
  /** Connections that the script has named by their ports. */
  private readonly named: Connection[];

  constructor(script: Script, settings: DrillSettings, local: IpAddress, remote: IpAddress, clock: Clock) {
    this.frames = [];
    this.outbox = [];
    this.claimed = new Set();
    this.connection = null;
    this.tested = null;
    this.traffic = noTraffic(settings);
    this.over = false;
    this.script = script;
    this.settings = settings;
    this.local = local;
    this.remote = remote;
    this.clock = clock;
    this.nextRemotePort = FIRST_REMOTE_PORT;
    this.named = [];
  }

  socketMade(file: WatchedSocket): void {
    this.traffic = noTraffic(this.settings);
    this.tested = file;
    this.connection = null;
  }

  listening(file: WatchedSocket): void {
    this.tested = file;
    this.connection = null;
  }

  connecting(file: WatchedSocket, port: number): void {
    if (this.tested === file && this.connection?.protocol === 'udp') return;
    this.tested = file;
    const protocol = file.type;
    this.connection = new Connection(protocol, false, 0, port, this.settings.scaledEcho);
  }

  accepted(file: WatchedSocket): void {
    const { connection } = this;
    const current = connection === null || file.remotePort === connection.remotePort;
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

  /** Makes the connection with these ports, as the stack has them, the one that the script is about. */
  private selectPorts(protocol: 'tcp' | 'udp', local: number, remote: number, make: boolean): void {
    const { connection } = this;
    const fits = (one: Connection) => one.protocol === protocol && one.localPort === local && one.remotePort === remote;
    if (connection !== null && connection.protocol === protocol) {
      if (fits(connection)) return;
      if (make && connection.passive && !connection.localIsnKnown) {
        connection.localPort = local;
        connection.remotePort = remote;
        return;
      }
    }
    const known = this.named.find(fits);
    if (known === undefined && !make) return;
    if (connection !== null && !this.named.includes(connection)) this.named.push(connection);
    const chosen = known ?? new Connection(protocol, true, local, remote, this.settings.scaledEcho);
    if (known === undefined) this.named.push(chosen);
    this.connection = chosen;
  }

  /** The next packet that the script can be about, if it has been sent. */
  takePacket(): SentPacket | null {
    const at = this.outbox.findIndex(({ connection }) => connection === null || connection === this.connection);
    return at < 0 ? null : (this.outbox.splice(at, 1)[0] ?? null);
  }

  /** An expected packet with ports says which connection it is of. */
  expecting({ ports, body }: PacketAction): void {
    if (ports !== null && (body.protocol === 'tcp' || body.protocol === 'udp')) {
      this.selectPorts(body.protocol, ports.source, ports.destination, false);
    }
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

  makePacket(location: Location, packet: PacketAction): Uint8Array {
    const { body } = packet;
    if (body.protocol === 'icmp') return this.makeIcmp(location, packet, body);
    if (body.protocol === 'foreign') throw failAt(location, `packets like "${body.text}" cannot be made here`);
    const { ports } = packet;
    if (ports !== null) this.selectPorts(body.protocol, ports.destination, ports.source, true);
    const connection = this.connectionFor(body.protocol);
    this.noteInbound(body);
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

  private noteInbound(body: TcpBody | UdpBody): void {
    if (body.protocol !== 'tcp') return;
    const { traffic } = this;
    const { now } = this.clock;
    if (body.length > 0) traffic.dataIn++;
    if (body.length > 0 || (traffic.lastDataIn === NEVER && body.flags & TCP_ACK)) traffic.lastDataIn = now;
    if (body.flags & TCP_ACK) traffic.lastAckIn = now;
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
    const connection = this.connectionOf(packet);
    Object.assign(frame, { text: this.describe(packet, connection ?? null) });
    if (connection === this.connection && packet.transport?.kind === 'tcp' && packet.transport.length > 0) {
      this.traffic.dataOut++;
    }
    if (connection !== undefined) this.outbox.push({ packet, frame, connection });
    else frame.comments.push('not of the connection under test');
  }

  /**
   * The connection that a packet of the stack belongs to, if the script is about it; null for ICMP, undefined for others.
   * Learns the port that the stack has picked.
   */
  private connectionOf({ transport }: LivePacket): Connection | null | undefined {
    if (transport === null) return undefined;
    if (transport.kind === 'icmp') return null;
    const { connection } = this;
    if (connection !== null && connection.protocol === transport.kind && connection.localPort === 0) {
      connection.localPort = transport.sourcePort;
      if (transport.kind === 'udp') connection.remotePort = transport.destinationPort;
    }
    const candidates = connection === null ? this.named : [connection, ...this.named];
    const found = candidates.find(
      (one) =>
        one.protocol === transport.kind &&
        one.localPort === transport.sourcePort &&
        one.remotePort === transport.destinationPort,
    );
    if (found !== undefined && transport.kind === 'tcp' && !found.localIsnKnown) {
      found.learn(transport, this.expectedSyn());
    }
    return found;
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
  private describe(packet: LivePacket, connection: Connection | null): string {
    const { transport } = packet;
    if (transport === null) return `> (${packet.bytes.length} octets of another protocol)`;
    if (transport.kind === 'udp') return `> udp (${transport.length})`;
    if (transport.kind === 'icmp') return `> icmp ${icmpText(packet.family, transport.type, transport.code)}`;
    if (connection !== null) return `> ${formatTcp(connection.toScript(transport))}`;
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
