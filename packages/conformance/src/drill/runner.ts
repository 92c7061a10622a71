import { type IpAddress, NEVER, SECOND } from '@strata/contracts';
import { parseAddress } from '@strata/wire';
import type { CallAction, Location, PacketAction, Script, ScriptEvent, TimeSpec } from './ast.ts';
import { compareIp, LENIENT } from './compare.ts';
import { Conversation, type SentPacket } from './conversation.ts';
import type { DrillOptions } from './drill.ts';
import { AssertionFailure, runSnippet, SnippetError, SnippetScope, type Value } from './expression.ts';
import { formatAction, formatPacket, formatSeconds } from './format.ts';
import { Judge, toleranceOf } from './judge.ts';
import type { DrillMachine } from './machine.ts';
import { drillProfile } from './profile.ts';
import type { DrillResult } from './result.ts';
import { type DrillSettings, defaultSettings } from './settings.ts';
import { runShell } from './shell.ts';
import type { CallOutcome, PendingCall } from './sockets/file.ts';
import { StackMachine } from './stack-machine.ts';
import { failAt, Stop } from './stop.ts';

/** How long an expected packet is waited for beyond its time, and a packet that may come at any time. */
const PATIENCE = 2 * SECOND;
const PATIENCE_ANY = 600 * SECOND;
/** A call that should return at once may take so long before it counts as blocked. */
const BLOCKED = 10 * SECOND;
/** A blocking call that should be over may delay the next one by so much. */
const OVERLAP = SECOND;
/** An event may ask for so much time at most, a day. */
const LONGEST_STEP = 86_400 * SECOND;
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

interface Snippet {
  readonly text: string;
  readonly location: Location;
  readonly names: ReadonlyMap<string, Value>;
}

/** One run of one script. */
export class DrillRun {
  private readonly name: string;
  private readonly script: Script;
  private readonly settings: DrillSettings;
  private readonly failAtEnd: boolean;
  private readonly machine: DrillMachine;
  private readonly conversation: Conversation;
  private readonly judge: Judge;
  private readonly snippets: Snippet[];
  private blocking: Blocking | null;
  /** Script time of the event before, and whether it was inbound. */
  private previousTime: number;
  private previousInbound: boolean;
  private readonly scope: SnippetScope;

  constructor(name: string, script: Script, settings: DrillSettings, options: DrillOptions) {
    this.name = name;
    this.script = script;
    this.settings = settings;
    this.failAtEnd = options.unexpectedAtEnd === 'fail';
    this.snippets = [];
    this.blocking = null;
    this.previousTime = 0;
    this.previousInbound = false;
    this.scope = new SnippetScope();
    const local = parseAddress(settings.local) as IpAddress;
    const remote = parseAddress(settings.remote) as IpAddress;
    const setup = { script, settings, local, remote };
    this.machine =
      options.machine?.(setup) ?? new StackMachine(setup, options.profile ?? drillProfile, options.seed ?? 1);
    this.conversation = new Conversation(script, settings, local, remote, this.machine);
    this.judge = new Judge(this.conversation, settings, options.leniency ?? LENIENT, (limit) => this.nextPacket(limit));
    this.machine.open(this.conversation);
  }

  private get now(): number {
    return this.machine.now;
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
      const outcome = runShell(this.script.cleanup.command, cleanup);
      if (outcome.unsupported !== null) this.settings.notes.push(`after the script: ${outcome.unsupported}`);
    }
    const unexpected = this.conversation.outbox.map(({ frame }) => `${formatSeconds(frame.time)} ${frame.text}`);
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
      overlooked: [...this.judge.overlooked],
      unexpected: stop === null ? unexpected : [],
      output: this.scope.output,
      frames: this.conversation.frames,
      duration,
    };
  }

  /** The stack or this runner has thrown, which neither may: the script is not to blame, and has not passed either. */
  private broken(error: unknown): Stop {
    const last = this.conversation.frames[this.conversation.frames.length - 1];
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return failAt({ line: last?.line ?? 1, column: 1 }, `the stack broke down behind the last packet: ${text}`);
  }

  // Time.

  /** When an event is due, from now on. */
  private due(time: TimeSpec, inbound: boolean): { from: number; to: number | null } {
    if (time.kind === 'any') return { from: this.now, to: null };
    let base = 0;
    if (time.kind.startsWith('relative')) base = inbound && this.previousInbound ? this.previousTime : this.now;
    return { from: base + time.at, to: 'to' in time ? base + time.to : null };
  }

  /** Lets the host live until `time`, without what is due exactly then: the script comes first. */
  private advance(time: number, location: Location): void {
    if (time - this.now > LONGEST_STEP) throw failAt(location, `the event is more than a day away`);
    this.live(time - 1);
    this.machine.advanceTo(time);
    this.pollBlocking();
  }

  /** Lets the host live up to and including `until`, and sees to the call that is blocked. */
  private live(until: number): void {
    while (this.step(until));
  }

  /** Lets something happen up to `until`; false when nothing does. */
  private step(until: number): boolean {
    const happened = this.machine.live(until);
    if (happened) this.pollBlocking();
    return happened;
  }

  private settle(): void {
    this.machine.settle();
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
      if (from < this.now - this.machine.lateness) {
        throw failAt(
          location,
          `the event is due at ${formatSeconds(from)}, but it is ${formatSeconds(this.now)} already`,
        );
      }
      this.advance(from, location);
      if (action.kind === 'packet') this.inject(event, action);
      else if (action.kind === 'call') this.call(event, action, to);
      else if (action.kind === 'shell') this.shell(event, action.command);
      else this.snippets.push({ text: action.text, location: action.location, names: this.machine.snippetValues() });
    }
    this.previousTime = time.kind === 'any' ? this.now : from;
    this.previousInbound = inbound;
  }

  private shell(event: ScriptEvent, command: string): void {
    const outcome = runShell(command, this.settings);
    const problem = outcome.unsupported ?? this.machine.configure(command);
    if (problem !== null) throw new Stop(null, `${problem} (line ${event.location.line})`);
    if (outcome.duration > 0) {
      const until = this.now + outcome.duration;
      if (outcome.duration > LONGEST_STEP) throw failAt(event.location, 'the command sleeps for more than a day');
      this.live(until);
      this.machine.advanceTo(until);
    }
  }

  /** All snippets run after the script, in order and with what was known at their time. */
  private runSnippets(): void {
    for (const { text, location, names } of this.snippets) {
      try {
        runSnippet(text, names, this.scope);
      } catch (error) {
        if (error instanceof AssertionFailure) throw failAt(location, error.message);
        if (!(error instanceof SnippetError)) throw error;
        if (error.unsupported) throw new Stop(null, `in the code of line ${location.line}: ${error.message}`);
        throw failAt(location, error.message);
      }
    }
  }

  // System calls.

  private call(event: ScriptEvent, action: CallAction, end: number | null): void {
    this.waitForBlocking(event);
    const start = this.now;
    const pending = this.machine.begin(action);
    let outcome = pending.attempt();
    this.settle();
    if (end !== null) {
      this.blocking = { event, action, pending, start, end, outcome, returnedAt: this.now };
      if (outcome !== null) this.checkReturn(this.blocking);
      return;
    }
    const limit = Math.max(start + BLOCKED, pending.deadline === NEVER ? 0 : pending.deadline);
    while (outcome === null) {
      if (!this.step(limit)) {
        throw failAt(
          event.location,
          `${action.name}() blocks; a call that is to wait needs a start and an end, as in "+0...1"`,
        );
      }
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
    const tolerance = toleranceOf(this.settings, end - start);
    if (Math.abs(returnedAt - end) > tolerance) {
      throw failAt(
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
      throw failAt(
        event.location,
        `${blocking.action.name}() of line ${blocking.event.location.line} has not returned yet`,
      );
    }
  }

  private finishBlocking(limit: number): void {
    const { blocking } = this;
    if (blocking === null) return;
    const until = Math.min(limit, blocking.end + PATIENCE);
    while (this.blocking === blocking && this.step(until));
    if (this.blocking === blocking && limit === NEVER) {
      this.machine.advanceTo(until);
      throw failAt(
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
    throw failAt(
      event.location,
      `${formatAction({ ...action, result: { value: null, errno: null } }).replace(/ = .*$/, '')}: ${message}`,
    );
  }

  // Packets in.

  private inject(event: ScriptEvent, packet: PacketAction): void {
    const bytes = this.conversation.makePacket(event.location, packet);
    this.conversation.frames.push({
      time: this.now,
      direction: 'in',
      text: formatPacket(packet),
      bytes,
      line: event.location.line,
      comments: [],
    });
    if (!this.machine.inject(bytes)) throw failAt(event.location, 'the stack has no packet left to receive into');
    this.settle();
  }

  // Packets out.

  private expectPacket(
    event: ScriptEvent,
    packet: PacketAction,
    from: number,
    to: number | null,
    anyTime: boolean,
    before: number,
  ): void {
    this.conversation.claimed.add(packet);
    this.conversation.expecting(packet);
    const limit = anyTime ? this.now + PATIENCE_ANY : (to ?? from) + PATIENCE;
    const first = this.nextPacket(limit);
    if (first === null) {
      const waited = anyTime ? '' : ` by ${formatSeconds(limit)}`;
      throw failAt(
        event.location,
        `the packet never came${waited}`,
        `${this.timeText(from, to, anyTime)} ${formatPacket(packet)}`,
        null,
      );
    }
    const taken = [first];
    const differences = compareIp(packet.ip, first.packet);
    const actualText = this.judge.compareBody(packet, taken, limit, differences);
    this.judge.checkFlowLabel(packet, first.packet, differences);
    this.checkTimes(taken, from, to, anyTime, before, differences);
    for (const { frame } of taken) frame.line = event.location.line;
    if (differences.length === 0) return;
    for (const { frame } of taken) frame.comments.push(...differences);
    throw failAt(
      event.location,
      differences[0] as string,
      `${this.timeText(from, to, anyTime)} ${formatPacket(packet)}`,
      `${formatSeconds(first.frame.time)} ${actualText}`,
      differences,
    );
  }

  private timeText(from: number, to: number | null, anyTime: boolean): string {
    if (anyTime) return '*';
    return to === null ? formatSeconds(from) : `${formatSeconds(from)}~${formatSeconds(to)}`;
  }

  private checkTimes(
    taken: readonly SentPacket[],
    from: number,
    to: number | null,
    anyTime: boolean,
    before: number,
    differences: string[],
  ): void {
    if (anyTime) return;
    const tolerance = toleranceOf(this.settings, from - before);
    for (const { packet } of taken) {
      if (packet.time >= from - tolerance && packet.time <= (to ?? from) + tolerance) continue;
      differences.push(
        `time: expected ${this.timeText(from, to, false)}, got ${formatSeconds(packet.time)} (tolerance ${formatSeconds(tolerance)})`,
      );
      return;
    }
  }

  /** The next packet of the connection under test, waiting for it; null when none comes by `limit`. */
  private nextPacket(limit: number): SentPacket | null {
    for (;;) {
      const packet = this.conversation.takePacket();
      if (packet !== null) return packet;
      if (this.step(limit)) continue;
      this.machine.advanceTo(limit);
      return this.conversation.takePacket();
    }
  }

  // The end.

  private checkEnd(): void {
    const [first] = this.conversation.outbox;
    if (first === undefined || !this.failAtEnd) return;
    first.frame.comments.push('the script says nothing of this packet');
    const last = this.script.events[this.script.events.length - 1];
    throw failAt(
      last?.location ?? { line: 1, column: 1 },
      `after the last event ${this.conversation.outbox.length === 1 ? 'a packet is' : `${this.conversation.outbox.length} packets are`} left that nobody expects`,
      'no packet',
      this.conversation.outbox.map(({ frame }) => `${formatSeconds(frame.time)} ${frame.text}`).join('\n'),
    );
  }

  private letGo(): string | null {
    this.conversation.over = true;
    return this.machine.close();
  }

  private checkLeaks(): Stop | null {
    const problem = this.letGo();
    return problem === null ? null : failAt({ line: 1, column: 1 }, problem);
  }
}
