import { type IpAddress, NEVER, SECOND } from '@strata/contracts';
import { type Host, Lab, type Profile } from '@strata/stack';
import type { Scheduler } from '@strata/time';
import { formatAddress, parseAddress, TCP_ACK, TCP_FIN, TCP_PSH, TCP_SYN } from '@strata/wire';
import type { CallAction, IcmpBody, Location, PacketAction, Script, ScriptEvent, TcpBody, TimeSpec } from './ast.ts';
import { compareIp, compareTcp, LENIENT, type Leniency, mergePieces } from './compare.ts';
import { Connection, MappingError } from './connection.ts';
import { type Endpoints, emitIcmpPacket, emitTcpPacket, emitUdpPacket, quotePacket } from './emit-packet.ts';
import { AssertionFailure, runSnippet, SnippetError, SnippetScope, type Value } from './expression.ts';
import { formatAction, formatPacket, formatSeconds, formatTcp } from './format.ts';
import { icmpNumbers, icmpText } from './icmp-names.ts';
import { DrillSyntaxError } from './lexer.ts';
import { DrillLink, PEER_MAC, STACK_MAC } from './link.ts';
import { type LivePacket, readPacket } from './live-packet.ts';
import { parseScript } from './parser.ts';
import { drillProfile } from './profile.ts';
import type { DrillFailure, DrillFrame, DrillResult } from './result.ts';
import { applyOptions, type DrillSettings, defaultSettings } from './settings.ts';
import { runShell } from './shell.ts';
import type { CallOutcome, PendingCall, SocketFile } from './sockets/file.ts';
import { SocketLayer, type SocketWatcher } from './sockets/layer.ts';
import { TcpFile } from './sockets/tcp-file.ts';
import { snippetNames } from './sockets/tcp-info.ts';
import { optionsLength } from './tcp-options.ts';

/** How to run a script. */
export interface DrillOptions {
  /** Shown in results. Default "script". */
  readonly name?: string;
  /** Symbols to replace, as `--define` does. */
  readonly defines?: ReadonlyMap<string, string>;
  /** Options as on packetdrill's command line; they win over those in the script. */
  readonly scriptOptions?: readonly { readonly name: string; readonly value: string | null }[];
  /** The host's policies. Its TCP profile is changed by the script's sysctls. Default {@link drillProfile}. */
  readonly profile?: Profile;
  /** Default {@link LENIENT}. */
  readonly leniency?: Leniency;
  /** Packets after the last event that the script says nothing of: report them (default), or fail. */
  readonly unexpectedAtEnd?: 'report' | 'fail';
  /** Default 1. */
  readonly seed?: number;
}

/** How long an expected packet is waited for beyond its time, and a packet that may come at any time. */
const PATIENCE = 2 * SECOND;
const PATIENCE_ANY = 600 * SECOND;
/** A call that should return at once may take so long before it counts as blocked. */
const BLOCKED = 10 * SECOND;
/** A blocking call that should be over may delay the next one by so much. */
const OVERLAP = SECOND;
/** An event may ask for so much time at most, a day. */
const LONGEST_STEP = 86_400 * SECOND;
const PACKETS = 2048;
/** Memory beside the pool. */
const SPARE_MEMORY = 64 << 10;
/** Ports of remote ends that connect to the stack. */
const FIRST_REMOTE_PORT = 40000;
/** One eighth of the time since the event before is tolerated. */
const TOLERANCE_SHARE = 0.125;

/** Runs a script. Never throws, whatever the script says: a script that cannot be read has failed. */
export function runDrill(source: string, options: DrillOptions = {}): DrillResult {
  const name = options.name ?? 'script';
  let script: Script;
  try {
    script = parseScript(source, options.defines);
  } catch (error) {
    if (!(error instanceof DrillSyntaxError)) throw error;
    return emptyResult(name, {
      location: error.location,
      message: `syntax error: ${error.complaint}`,
      expected: null,
      actual: null,
      differences: [],
    });
  }
  const settings = defaultSettings();
  if (options.profile !== undefined) {
    settings.tcp = options.profile.tcp;
    settings.receiveBuffer = options.profile.tcp.defaultWindow;
  }
  applyOptions(settings, script, options.scriptOptions ?? []);
  if (settings.dryRun) return { ...emptyResult(name, null), notes: ['--dry_run: the script was only read'] };
  if (script.init !== null) {
    const outcome = runShell(script.init.command, settings, true);
    if (outcome.unsupported !== null) settings.unsupported.push(outcome.unsupported);
  }
  for (const event of script.events) {
    if (event.action.kind !== 'shell') break;
    runShell(event.action.command, settings, true);
  }
  checkAvailability(script, settings);
  if (settings.unsupported.length > 0) return unsupportedResult(name, settings.unsupported, settings.notes);
  return new DrillRun(name, script, settings, options).run();
}

function emptyResult(name: string, failure: DrillFailure | null): DrillResult {
  return {
    name,
    verdict: failure === null ? 'pass' : 'fail',
    failure,
    reasons: [],
    notes: [],
    overlooked: [],
    unexpected: [],
    output: [],
    frames: [],
    duration: 0,
  };
}

function unsupportedResult(name: string, reasons: readonly string[], notes: readonly string[]): DrillResult {
  return { ...emptyResult(name, null), verdict: 'unsupported', reasons: [...new Set(reasons)], notes };
}

/** Finds what no run of this script could show. */
function checkAvailability(script: Script, settings: DrillSettings): void {
  const { unsupported } = settings;
  if (settings.family === 6) unsupported.push('IPv6');
  for (const { action, location } of script.events) {
    if (action.kind !== 'packet') continue;
    if (action.tunnels.length > 0) unsupported.push(`encapsulation (line ${location.line}: ${action.tunnels[0]})`);
    const options = action.body.protocol === 'tcp' ? (action.body.options ?? []) : [];
    const foreign = options.find((option) => option.kind === 'foreign');
    if (foreign?.kind === 'foreign') unsupported.push(`the TCP option ${foreign.text} (line ${location.line})`);
  }
  for (const [what, text] of [
    ['local', settings.local],
    ['remote', settings.remote],
  ]) {
    const address = parseAddress(text as string);
    if (address === null || address.family !== settings.family) unsupported.push(`the ${what} address "${text}"`);
  }
  if (!Number.isInteger(settings.mtu) || settings.mtu < 68 || settings.mtu > 65535)
    unsupported.push(`an MTU of ${settings.mtu}`);
}

/** Ends a run. */
class Stop extends Error {
  readonly failure: DrillFailure | null;
  readonly unsupported: string | null;

  constructor(failure: DrillFailure | null, unsupported: string | null) {
    super(failure?.message ?? unsupported ?? '');
    this.failure = failure;
    this.unsupported = unsupported;
  }
}

/** A system call in its own thread. */
interface Blocking {
  readonly event: ScriptEvent;
  readonly action: CallAction;
  readonly pending: PendingCall;
  readonly start: number;
  readonly end: number;
  outcome: CallOutcome | null;
  returnedAt: number;
}

/** A packet that the stack has sent, and its place in the record. */
interface SentPacket {
  readonly packet: LivePacket;
  readonly frame: DrillFrame;
}

interface Snippet {
  readonly text: string;
  readonly location: Location;
  readonly names: ReadonlyMap<string, Value>;
}

/** One run of one script. */
class DrillRun implements SocketWatcher {
  private readonly name: string;
  private readonly script: Script;
  private readonly settings: DrillSettings;
  private readonly leniency: Leniency;
  private readonly failAtEnd: boolean;
  private readonly lab: Lab;
  private readonly host: Host;
  private readonly scheduler: Scheduler;
  private readonly link: DrillLink;
  private readonly sockets: SocketLayer;
  private readonly local: IpAddress;
  private readonly remote: IpAddress;
  private readonly frames: DrillFrame[];
  /** Packets of the connection under test that no event has claimed. */
  private readonly outbox: SentPacket[];
  private readonly overlooked: Set<string>;
  private readonly snippets: Snippet[];
  private readonly flowLabels: Map<number, number>;
  private connection: Connection | null;
  /** The socket that packets and snippets are about. */
  private tested: SocketFile | null;
  private nextRemotePort: number;
  private blocking: Blocking | null;
  /** Script time of the event before, and whether it was inbound. */
  private previousTime: number;
  private previousInbound: boolean;
  private readonly scope: SnippetScope;
  /** Expected packets that have had their turn. */
  private readonly claimed: Set<PacketAction>;
  /** The script is done; what is sent now is not recorded. */
  private over: boolean;

  constructor(name: string, script: Script, settings: DrillSettings, options: DrillOptions) {
    this.name = name;
    this.script = script;
    this.settings = settings;
    this.leniency = options.leniency ?? LENIENT;
    this.failAtEnd = options.unexpectedAtEnd === 'fail';
    this.frames = [];
    this.outbox = [];
    this.overlooked = new Set();
    this.snippets = [];
    this.flowLabels = new Map();
    this.connection = null;
    this.tested = null;
    this.nextRemotePort = FIRST_REMOTE_PORT;
    this.blocking = null;
    this.previousTime = 0;
    this.previousInbound = false;
    this.scope = new SnippetScope();
    this.claimed = new Set();
    this.over = false;
    const base = options.profile ?? drillProfile;
    const profile: Profile = { ...base, tcp: settings.tcp };
    const payloadSize = (Math.max(settings.mtu, 576) + 68 + 7) & ~7;
    this.lab = new Lab({ seed: options.seed ?? 1, profile, memoryBytes: PACKETS * payloadSize + SPARE_MEMORY });
    this.scheduler = this.lab.clock.scheduler;
    this.host = this.lab.host('stack', { packets: PACKETS, payloadSize });
    this.local = parseAddress(settings.local) as IpAddress;
    this.remote = parseAddress(settings.remote) as IpAddress;
    this.link = new DrillLink(settings.mtu, { packetSent: (bytes) => this.packetSent(bytes) });
    const gateway = this.gateway();
    this.host.attach(this.link, {
      address: `${settings.local}/16`,
      gateway: formatAddress(gateway),
      mac: STACK_MAC,
      name: 'tun0',
    });
    for (const neighbour of [gateway, this.remote]) {
      this.host.ip.arp.createStaticEntry(neighbour.w3, PEER_MAC.msw, PEER_MAC.lsw);
    }
    this.sockets = new SocketLayer(
      {
        host: this.host,
        remote: this.remote,
        bindPort: settings.bindPort,
        connectPort: settings.connectPort,
        defaults: {
          receiveBuffer: settings.receiveBuffer,
          sendBuffer: settings.sendBuffer,
          notsentLowat: settings.notsentLowat,
          timeToLive: settings.timeToLive,
        },
      },
      this,
    );
  }

  /** An address on the stack's own link that is not the stack's. */
  private gateway(): IpAddress {
    const own = this.local.w3;
    const last = (own & 0xffff0000) | 0xfffe;
    return { ...this.local, w3: last === own ? last - 1 : last };
  }

  private get now(): number {
    return this.scheduler.now;
  }

  run(): DrillResult {
    let stop: Stop | null = null;
    try {
      for (const event of this.script.events) this.runEvent(event);
      this.finishBlocking(NEVER);
      this.runSnippets();
      this.checkEnd();
    } catch (error) {
      stop = error instanceof Stop ? error : this.broken(error);
    }
    if (this.script.cleanup !== null) {
      const cleanup = defaultSettings();
      const outcome = runShell(this.script.cleanup.command, cleanup, true);
      if (outcome.unsupported !== null) this.settings.notes.push(`after the script: ${outcome.unsupported}`);
    }
    const unexpected = this.outbox.map(({ frame }) => `${formatSeconds(frame.time)} ${frame.text}`);
    const duration = this.now;
    if (stop === null) stop = this.checkLeaks();
    else this.letGo();
    let verdict: DrillResult['verdict'] = 'pass';
    if (stop?.failure != null) verdict = 'fail';
    else if (stop !== null) verdict = 'unsupported';
    return {
      name: this.name,
      verdict,
      failure: stop?.failure ?? null,
      reasons: stop?.unsupported == null ? [] : [stop.unsupported],
      notes: [...new Set(this.settings.notes)],
      overlooked: [...this.overlooked],
      unexpected: stop === null ? unexpected : [],
      output: this.scope.output,
      frames: this.frames,
      duration,
    };
  }

  /** The stack or this runner has thrown, which neither may: the script is not to blame, and has not passed either. */
  private broken(error: unknown): Stop {
    const last = this.frames[this.frames.length - 1];
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return this.fail({ line: last?.line ?? 1, column: 1 }, `the stack broke down behind the last packet: ${text}`);
  }

  // Time.

  /** When an event is due, from now on. */
  private due(time: TimeSpec, inbound: boolean): { from: number; to: number | null } {
    if (time.kind === 'any') return { from: this.now, to: null };
    let base = 0;
    if (time.kind.startsWith('relative')) base = inbound && this.previousInbound ? this.previousTime : this.now;
    return { from: base + time.at, to: 'to' in time ? base + time.to : null };
  }

  /** Lets the stack live until `time`, without what is due exactly then: the script comes first. */
  private advance(time: number, location: Location): void {
    if (time - this.now > LONGEST_STEP) throw this.fail(location, `the event is more than a day away`);
    this.live(time - 1);
    this.scheduler.advanceTo(time);
    this.pollBlocking();
  }

  /** Processes the stack's events up to and including `until`, and whatever a blocking call waits for. */
  private live(until: number): void {
    for (;;) {
      const next = Math.min(this.scheduler.nextTime(), this.callDeadline());
      if (next > until) return;
      this.step(next);
    }
  }

  private callDeadline(): number {
    const { blocking } = this;
    if (blocking === null || blocking.outcome !== null) return NEVER;
    return blocking.pending.deadline > this.now ? blocking.pending.deadline : NEVER;
  }

  /** One event of the stack, not later than `until`. */
  private step(until: number): void {
    if (!this.scheduler.step(until)) this.scheduler.advanceTo(until);
    this.pollBlocking();
  }

  /** Tells applications what has happened, at this instant. */
  private settle(): void {
    while (this.scheduler.nextTime() <= this.now) {
      const before = this.scheduler.processed + this.scheduler.told;
      if (!this.scheduler.step(this.now) || this.scheduler.processed + this.scheduler.told === before) break;
    }
    this.pollBlocking();
  }

  // Events.

  private runEvent(event: ScriptEvent): void {
    const { action, time, location } = event;
    const inbound = action.kind === 'packet' && action.inbound;
    const { from, to } = this.due(time, inbound);
    const before = this.previousTime;
    if (action.kind === 'packet' && !action.inbound)
      this.expectPacket(event, action, from, to, time.kind === 'any', before);
    else {
      if (from < this.now) {
        throw this.fail(
          location,
          `the event is due at ${formatSeconds(from)}, but it is ${formatSeconds(this.now)} already`,
        );
      }
      this.advance(from, location);
      if (action.kind === 'packet') this.inject(event, action);
      else if (action.kind === 'call') this.call(event, action, to);
      else if (action.kind === 'shell') this.shell(event, action.command);
      else this.snippets.push({ text: action.text, location: action.location, names: this.snippetValues() });
    }
    this.previousTime = time.kind === 'any' ? this.now : from;
    this.previousInbound = inbound;
  }

  private shell(event: ScriptEvent, command: string): void {
    const outcome = runShell(command, this.settings, this.frames.length === 0 && this.tested === null);
    if (outcome.unsupported !== null) throw new Stop(null, `${outcome.unsupported} (line ${event.location.line})`);
    if (outcome.duration > 0) {
      const until = this.now + outcome.duration;
      if (outcome.duration > LONGEST_STEP) throw this.fail(event.location, 'the command sleeps for more than a day');
      this.live(until);
      this.scheduler.advanceTo(until);
    }
  }

  private snippetValues(): ReadonlyMap<string, Value> {
    const file = this.tested;
    return snippetNames(file instanceof TcpFile ? file.socket : null, this.now);
  }

  /** All snippets run after the script, in order and with what was known at their time. */
  private runSnippets(): void {
    for (const { text, location, names } of this.snippets) {
      try {
        runSnippet(text, names, this.scope);
      } catch (error) {
        if (error instanceof AssertionFailure) throw this.fail(location, error.message);
        if (!(error instanceof SnippetError)) throw error;
        if (error.unsupported) throw new Stop(null, `in the code of line ${location.line}: ${error.message}`);
        throw this.fail(location, error.message);
      }
    }
  }

  // System calls.

  private call(event: ScriptEvent, action: CallAction, end: number | null): void {
    this.waitForBlocking(event);
    const start = this.now;
    const pending = this.sockets.begin(action);
    let outcome = pending.attempt();
    this.settle();
    if (end !== null) {
      this.blocking = { event, action, pending, start, end, outcome, returnedAt: this.now };
      if (outcome !== null) this.checkReturn(this.blocking);
      return;
    }
    const limit = Math.max(start + BLOCKED, pending.deadline === NEVER ? 0 : pending.deadline);
    while (outcome === null) {
      const later = pending.deadline > this.now ? pending.deadline : NEVER;
      const next = Math.min(this.scheduler.nextTime(), later);
      if (next > limit) {
        throw this.fail(
          event.location,
          `${action.name}() blocks; a call that is to wait needs a start and an end, as in "+0...1"`,
        );
      }
      this.step(next);
      outcome = pending.attempt();
    }
    this.settle();
    this.checkOutcome(event, action, outcome);
  }

  private pollBlocking(): void {
    const { blocking } = this;
    if (blocking === null || blocking.outcome !== null) return;
    const outcome = blocking.pending.attempt();
    if (outcome === null) return;
    blocking.outcome = outcome;
    blocking.returnedAt = this.now;
    this.checkReturn(blocking);
  }

  /** A blocking call has returned: right, and at the right time? */
  private checkReturn(blocking: Blocking): void {
    this.blocking = null;
    const { event, action, outcome, end, start, returnedAt } = blocking;
    if (outcome === null) return;
    this.checkOutcome(event, action, outcome);
    const tolerance = this.tolerance(end - start);
    if (Math.abs(returnedAt - end) > tolerance) {
      throw this.fail(
        event.location,
        `${action.name}() returned at ${formatSeconds(returnedAt)}, expected at ${formatSeconds(end)} (tolerance ${formatSeconds(tolerance)})`,
      );
    }
  }

  /** One blocking call at a time: the next one waits for it. */
  private waitForBlocking(event: ScriptEvent): void {
    const { blocking } = this;
    if (blocking === null) return;
    this.finishBlocking(this.now + OVERLAP);
    if (this.blocking !== null) {
      throw this.fail(
        event.location,
        `${blocking.action.name}() of line ${blocking.event.location.line} has not returned yet`,
      );
    }
  }

  private finishBlocking(limit: number): void {
    const { blocking } = this;
    if (blocking === null) return;
    const until = Math.min(limit, blocking.end + PATIENCE);
    while (this.blocking === blocking) {
      const next = Math.min(this.scheduler.nextTime(), this.callDeadline());
      if (next > until) break;
      this.step(next);
    }
    if (this.blocking === blocking && limit === NEVER) {
      this.scheduler.advanceTo(until);
      throw this.fail(
        blocking.event.location,
        `${blocking.action.name}() never returns; it should at ${formatSeconds(blocking.end)}`,
      );
    }
  }

  private checkOutcome(event: ScriptEvent, action: CallAction, outcome: CallOutcome): void {
    const { value, errno } = action.result;
    const names =
      action.name === 'socket' || action.name.startsWith('accept') || action.name.startsWith('epoll_create');
    const valueAgrees = value === null || (names && value >= 0 ? outcome.value >= 0 : value === outcome.value);
    const errnoAgrees =
      errno === null || errno === outcome.errno || (errno === 'EWOULDBLOCK' && outcome.errno === 'EAGAIN');
    if (valueAgrees && errnoAgrees && outcome.mismatch === null) return;
    if (outcome.unsupported !== null) throw new Stop(null, `${outcome.unsupported} (line ${event.location.line})`);
    if (this.settings.bsd && outcome.mismatch !== null && /^SO_(?:RCV|SND)BUF is /.test(outcome.mismatch)) {
      this.settings.notes.push('sizes of buffers are FreeBSD’s and were not compared');
      return;
    }
    const shown = (result: number | null, error: string | null) =>
      `${result ?? '...'}${error === null ? '' : ` ${error}`}`;
    const message =
      outcome.mismatch ?? `it returned ${shown(outcome.value, outcome.errno)}, expected ${shown(value, errno)}`;
    throw this.fail(
      event.location,
      `${formatAction({ ...action, result: { value: null, errno: null } }).replace(/ = .*$/, '')}: ${message}`,
    );
  }

  // Which socket.

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

  // Packets in.

  private inject(event: ScriptEvent, packet: PacketAction): void {
    const pieces = this.splitToFit(packet);
    const before = this.outbox.length;
    for (const piece of pieces) {
      const bytes = this.makePacket(event, piece);
      const text = formatPacket(piece);
      this.frames.push({ time: this.now, direction: 'in', text, bytes, line: event.location.line, comments: [] });
      if (!this.link.inject(bytes)) throw this.fail(event.location, 'the stack has no packet left to receive into');
    }
    if (pieces.length > 1) this.mergeAcknowledgments(before);
    this.settle();
  }

  /** A segment larger than the link takes goes in as several, as a receive offload would have found them on the wire. */
  private splitToFit(packet: PacketAction): PacketAction[] {
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
  private mergeAcknowledgments(from: number): void {
    for (let i = this.outbox.length - 2; i >= from; i--) {
      const { packet, frame } = this.outbox[i] as SentPacket;
      const { transport } = packet;
      if (transport?.kind !== 'tcp' || transport.length > 0 || transport.flags !== TCP_ACK) continue;
      frame.comments.push('one acknowledgment too many, because the segment went in as several');
      this.outbox.splice(i, 1);
    }
  }

  private makePacket(event: ScriptEvent, packet: PacketAction): Uint8Array {
    const { body } = packet;
    if (body.protocol === 'icmp') return this.makeIcmp(event, packet, body);
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
      if (error instanceof MappingError) throw this.fail(event.location, error.message);
      throw error;
    }
  }

  private makeIcmp(event: ScriptEvent, packet: PacketAction, body: IcmpBody): Uint8Array {
    const numbers = icmpNumbers(this.settings.family, body.type, body.code);
    if (numbers === null) {
      throw this.fail(event.location, `ICMP for IPv${this.settings.family} has no "${body.type} ${body.code ?? ''}"`);
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

  // Packets out.

  private packetSent(bytes: Uint8Array): void {
    if (this.over) return;
    const copy = bytes.slice();
    const packet = readPacket(copy, this.now);
    const frame: DrillFrame = { time: this.now, direction: 'out', text: '', bytes: copy, line: null, comments: [] };
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

  private tolerance(gap: number): number {
    return Math.max(this.settings.tolerance, gap * TOLERANCE_SHARE);
  }

  private expectPacket(
    event: ScriptEvent,
    packet: PacketAction,
    from: number,
    to: number | null,
    anyTime: boolean,
    before: number,
  ): void {
    this.claimed.add(packet);
    const limit = anyTime ? this.now + PATIENCE_ANY : (to ?? from) + PATIENCE;
    const first = this.nextPacket(limit);
    if (first === null) {
      const waited = anyTime ? '' : ` by ${formatSeconds(limit)}`;
      throw this.fail(
        event.location,
        `the packet never came${waited}`,
        `${this.timeText(from, to, anyTime)} ${formatPacket(packet)}`,
        null,
      );
    }
    const taken = [first];
    const differences = compareIp(packet.ip, first.packet);
    const actualText = this.compareBody(packet, taken, limit, differences);
    this.checkFlowLabel(packet, first.packet, differences);
    this.checkTimes(taken, from, to, anyTime, before, differences);
    for (const { frame } of taken) frame.line = event.location.line;
    if (differences.length === 0) return;
    for (const { frame } of taken) frame.comments.push(...differences);
    throw this.fail(
      event.location,
      differences[0] as string,
      `${this.timeText(from, to, anyTime)} ${formatPacket(packet)}`,
      `${formatSeconds(first.frame.time)} ${actualText}`,
      differences,
    );
  }

  /** Compares what is behind the IP header, taking more packets when the script means several. Returns what came, as text. */
  private compareBody(packet: PacketAction, taken: SentPacket[], limit: number, differences: string[]): string {
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
    const { connection } = this;
    if (transport?.kind !== 'tcp' || connection === null) {
      differences.push('a TCP segment expected');
      return first.frame.text;
    }
    connection.learn(transport, body);
    const pieces = [connection.toScript(transport)];
    let length = transport.length;
    while (!this.settings.strictSegments && length > 0 && length < body.length) {
      const more = this.nextPacket(limit);
      const next = more?.packet.transport;
      if (more === null || next?.kind !== 'tcp' || next.length === 0) {
        if (more !== null) this.outbox.unshift(more);
        break;
      }
      taken.push(more);
      connection.learn(next, body);
      pieces.push(connection.toScript(next));
      length += next.length;
    }
    const merged = mergePieces(pieces);
    const actual = typeof merged === 'string' ? (pieces[0] as TcpBody) : merged;
    const comparison = compareTcp(body, actual, this.leniency, this.timestampCheck(first.packet.time, body));
    differences.push(...comparison.differences);
    if (typeof merged === 'string') differences.push(`the segments cannot be taken as one: ${merged}`);
    for (const what of comparison.overlooked) this.overlooked.add(what);
    if (typeof merged === 'string') return taken.map(({ frame }) => frame.text).join('\n');
    return `> ${formatTcp(actual)}`;
  }

  private timeText(from: number, to: number | null, anyTime: boolean): string {
    if (anyTime) return '*';
    return to === null ? formatSeconds(from) : `${formatSeconds(from)}~${formatSeconds(to)}`;
  }

  private checkTimes(
    taken: readonly { readonly packet: LivePacket }[],
    from: number,
    to: number | null,
    anyTime: boolean,
    before: number,
    differences: string[],
  ): void {
    if (anyTime) return;
    const tolerance = this.tolerance(from - before);
    for (const { packet } of taken) {
      if (packet.time >= from - tolerance && packet.time <= (to ?? from) + tolerance) continue;
      differences.push(
        `time: expected ${this.timeText(from, to, false)}, got ${formatSeconds(packet.time)} (tolerance ${formatSeconds(tolerance)})`,
      );
      return;
    }
  }

  private timestampCheck(sentAt: number, body: TcpBody): ((value: number) => string | null) | null {
    const tick = this.settings.timestampTick;
    const said = body.options?.find((option) => option.kind === 'TS');
    if (tick <= 0 || said?.kind !== 'TS') return null;
    return (value) => {
      const off = Math.abs(((value - said.value) | 0) * tick);
      if (off <= this.tolerance(sentAt)) return null;
      return `timestamp: expected ${said.value}, got ${value}`;
    };
  }

  /** Equal labels in the script are equal on the wire, different ones differ. */
  private checkFlowLabel(packet: PacketAction, live: LivePacket, differences: string[]): void {
    const label = packet.ip.flowLabel;
    if (label === null) return;
    const known = this.flowLabels.get(label);
    if (known === undefined) {
      if ([...this.flowLabels.values()].includes(live.flowLabel))
        differences.push('flow label: expected another than before');
      this.flowLabels.set(label, live.flowLabel);
    } else if (known !== live.flowLabel) differences.push(`flow label: expected the same as before, got another`);
  }

  /** The next packet of the connection under test, waiting for it; null when none comes by `limit`. */
  private nextPacket(limit: number): SentPacket | null {
    while (this.outbox.length === 0) {
      const next = Math.min(this.scheduler.nextTime(), this.callDeadline());
      if (next > limit) {
        this.scheduler.advanceTo(limit);
        return null;
      }
      this.step(next);
    }
    return this.outbox.shift() ?? null;
  }

  // The end.

  private checkEnd(): void {
    const [first] = this.outbox;
    if (first === undefined || !this.failAtEnd) return;
    first.frame.comments.push('the script says nothing of this packet');
    const last = this.script.events[this.script.events.length - 1];
    throw this.fail(
      last?.location ?? { line: 1, column: 1 },
      `after the last event ${this.outbox.length === 1 ? 'a packet is' : `${this.outbox.length} packets are`} left that nobody expects`,
      'no packet',
      this.outbox.map(({ frame }) => `${formatSeconds(frame.time)} ${frame.text}`).join('\n'),
    );
  }

  private letGo(): void {
    this.over = true;
    this.sockets.destroy();
    this.host.ip.close();
    void this.lab.close();
  }

  /** Everything is closed: the stack must hold no packet. */
  private checkLeaks(): Stop | null {
    this.letGo();
    const out = this.lab.outstanding();
    if (out === 0) return null;
    return this.fail({ line: 1, column: 1 }, `the stack still holds ${out} packets after everything was closed`);
  }

  private fail(
    location: Location,
    message: string,
    expected: string | null = null,
    actual: string | null = null,
    differences: readonly string[] = [],
  ): Stop {
    return new Stop({ location, message, expected, actual, differences }, null);
  }
}
