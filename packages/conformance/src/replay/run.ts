import { SECOND } from '@strata/contracts';
import { type Host, Lab, modernProfile, netxProfile } from '@strata/stack';
import { VirtualClock } from '@strata/time';
import { parseAddress } from '@strata/wire';
import { firstDifference, fromUnspecified, icmpv6Type } from './match.ts';
import { ReplaySyntaxError, readReplay } from './read.ts';
import type { ExpectStep, ForbidStep, ReplayHeader, ReplayNote, ReplaySettings, ReplayStep } from './steps.ts';
import { type ReplayFrame, ReplayWire } from './wire.ts';

/** Enough for two datagrams of the largest size in pieces; the less memory a host has, the sooner a sequence has run. */
const PACKETS = 192;
const MEMORY = 1 << 20;
/**
 * Microseconds from a host's beginning to the moment at which it gets its addresses and the sequence starts, as in the runs of
 * the real NetX Duo: its timers' beats then fall between whole seconds, not on the very moments of the steps.
 */
const HEAD_START = 100_000;

/** Why a sequence failed. */
export interface ReplayFailure {
  readonly line: number;
  readonly message: string;
  /** The frame that was wanted, if one was. */
  readonly expected: Uint8Array | null;
  /** The frame that came instead: the one most like it, or the forbidden one. */
  readonly actual: Uint8Array | null;
  /** The first octet in which the two differ, or -1. */
  readonly differsAt: number;
}

/** How a sequence went. */
export interface ReplayResult {
  readonly name: string;
  readonly title: string;
  readonly pass: boolean;
  /** True when the file could not be read. */
  readonly malformed: boolean;
  readonly failure: ReplayFailure | null;
  /** What of the file was overlooked. */
  readonly notes: readonly ReplayNote[];
  /** Every frame of the run, in order. */
  readonly frames: readonly ReplayFrame[];
  /** Microseconds of virtual time. */
  readonly duration: number;
}

/** Drives a recorded sequence through a host, in virtual time. Never throws: what goes wrong is in the result. */
export async function runReplay(text: string, name: string): Promise<ReplayResult> {
  let run: ReplayRun;
  let steps: readonly ReplayStep[];
  let title = '';
  let notes: readonly ReplayNote[] = [];
  try {
    const script = readReplay(text);
    ({ title } = script.header);
    ({ steps, notes } = script);
    run = new ReplayRun(script.header);
  } catch (error) {
    // A host that cannot be set up as the first line says: a MAC address of a group, more addresses than it takes.
    const line = error instanceof ReplaySyntaxError ? error.line : 1;
    const { message } = error as Error;
    const failure = { line, message, expected: null, actual: null, differsAt: -1 };
    return { name, title, pass: false, malformed: true, failure, notes, frames: [], duration: 0 };
  }
  let failure: ReplayFailure | null = null;
  let skipping = false;
  for (const step of steps) {
    if (step.kind === 'cleanup') skipping = false;
    if (skipping) continue;
    const found = await attempt(run, step);
    if (found === null || failure !== null) continue;
    failure = found;
    skipping = true;
  }
  await run.end();
  const { wire, now } = run;
  return { name, title, pass: failure === null, malformed: false, failure, notes, frames: wire.frames, duration: now };
}

/** A step that throws has found a fault of the stack, which must not keep other sequences from being run. */
async function attempt(run: ReplayRun, step: ReplayStep): Promise<ReplayFailure | null> {
  try {
    return await run.do(step);
  } catch (error) {
    return failure(step.line, `the stack failed: ${(error as Error).message}`);
  }
}

/** The host of a sequence, and what it has sent that nobody has asked for yet. */
class ReplayRun {
  readonly wire: ReplayWire;
  private readonly header: ReplayHeader;
  /** What the host is switched on with: the first line's settings, and those made on the way. */
  private settings: ReplaySettings;
  private clock: VirtualClock;
  private lab: Lab;
  private host: Host;
  /** Time before the last restart. */
  private before: number;
  /** Index of the first frame after the one that was matched last; what is older was passed over. */
  private cursor: number;
  /** Index of the frame that was injected last, or of the first after the last call: what comes then may answer it. */
  private asked: number;
  /** Index of the first frame that is still remembered. */
  private remembered: number;

  constructor(header: ReplayHeader) {
    this.header = header;
    this.settings = header.set;
    this.before = 0;
    this.cursor = 0;
    this.remembered = 0;
    this.asked = 0;
    this.wire = new ReplayWire(() => this.now);
    this.clock = new VirtualClock();
    this.lab = this.newLab();
    this.host = this.start();
  }

  /** Microseconds since the sequence began. */
  get now(): number {
    return this.before + this.clock.scheduler.now;
  }

  private newLab(): Lab {
    return new Lab({
      seed: 1,
      clock: this.clock,
      memoryBytes: MEMORY,
      profile: this.header.profile === 'modern' ? modernProfile : netxProfile,
    });
  }

  /** Switches the host on. */
  private start(): Host {
    const { addresses, dad, mac, udpListen } = this.header;
    const set = this.settings;
    const host = this.lab.host('host', { packets: PACKETS });
    const on = host.attach(this.wire, { mac });
    this.clock.runSync({ until: HEAD_START });
    this.before -= HEAD_START;
    const { ipv6 } = host.ip;
    ipv6.set(dad ? set : { ...set, dadTransmits: 0 });
    for (const address of addresses) host.addAddress(on, address);
    // Without any address of its own choice a host still has that of the link.
    if (addresses.length === 0) ipv6.enable(on);
    const { dadTransmits = host.profile.ip.ipv6.dadTransmits } = set;
    if (!dad) ipv6.set({ dadTransmits, dadOptimistic: true });
    for (const port of udpListen) {
      const socket = host.udp.createSocket({
        listener: {
          receivable: () => {
            for (let packet = socket.receive(); packet !== null; packet = socket.receive()) packet.release();
          },
          failed: () => {},
        },
      });
      socket.bind(port);
    }
    return host;
  }

  /** Does one step. Null when it went as it should. */
  async do(step: ReplayStep): Promise<ReplayFailure | null> {
    switch (step.kind) {
      case 'wait':
        this.pass(step.seconds);
        return null;
      case 'inject':
        this.asked = this.wire.frames.length;
        if (!this.wire.inject(step.frame, step.line))
          return failure(step.line, 'the host has no packet left for a frame');
        this.pass(0);
        return null;
      case 'expect':
        return this.expect(step);
      case 'forbid':
        return this.forbid(step);
      case 'flush':
        this.remembered = this.wire.frames.length;
        this.cursor = this.remembered;
        return null;
      case 'ping':
        this.ping(step.to, step.data);
        return null;
      case 'set':
        this.set(step.settings);
        return null;
      case 'reboot':
        await this.reboot();
        return null;
      case 'cleanup':
        return null;
    }
  }

  async end(): Promise<void> {
    await this.lab.close();
  }

  private pass(seconds: number): void {
    this.clock.runSync({ until: this.lab.now + seconds * SECOND });
  }

  /** A setting outlives a restart; the identification that fragments have reached does not. */
  private set(settings: ReplaySettings): void {
    this.host.ip.ipv6.set(settings);
    const { fragmentId } = this.header.set;
    this.settings = { ...this.settings, ...settings, ...(fragmentId === undefined ? {} : { fragmentId }) };
  }

  private async reboot(): Promise<void> {
    this.before = this.now;
    await this.lab.close();
    this.clock = new VirtualClock();
    this.lab = this.newLab();
    this.host = this.start();
    this.pass(0);
  }

  /** What becomes of it is not judged: a host without a way there sends nothing, and that is what frames then show. */
  private ping(to: string, data: Uint8Array): void {
    const remote = parseAddress(to);
    if (remote === null) return;
    const listener = {
      pinged: (_status: number, response: { release(): number } | null) => {
        response?.release();
      },
    };
    this.asked = this.wire.frames.length;
    this.host.ip.icmp.echo.ping(remote, data, SECOND, listener);
    this.pass(0);
  }

  /** The first frame that fits counts, and those before it are passed over. */
  private expect(step: ExpectStep): ReplayFailure | null {
    const { frames } = this.wire;
    let next = this.cursor;
    const fits = (): boolean => {
      for (; next < frames.length; next++) {
        const frame = frames[next] as ReplayFrame;
        if (frame.direction === 'out' && firstDifference(frame.bytes, step) < 0) return true;
      }
      return false;
    };
    const deadline = this.lab.now + step.within * SECOND;
    let found = fits();
    while (!found && this.clock.scheduler.step(deadline)) found = fits();
    if (!found) this.clock.runSync({ until: deadline });
    if (!found) next = this.passedOver(step);
    const frame = frames[next];
    if (frame === undefined) return this.missing(step);
    frame.line = step.line;
    this.cursor = Math.max(this.cursor, next + 1);
    return null;
  }

  /** A frame that an earlier step passed over, or -1. */
  private passedOver(step: ExpectStep): number {
    const { frames } = this.wire;
    for (let i = this.remembered; i < this.cursor; i++) {
      const frame = frames[i] as ReplayFrame;
      if (frame.direction === 'out' && frame.line === 0 && firstDifference(frame.bytes, step) < 0) return i;
    }
    return -1;
  }

  private missing(step: ExpectStep): ReplayFailure {
    let actual: Uint8Array | null = null;
    let differsAt = -1;
    for (const frame of this.wire.frames.slice(this.remembered)) {
      if (frame.direction === 'in' || frame.line !== 0) continue;
      const at = firstDifference(frame.bytes, step);
      if (at < differsAt) continue;
      differsAt = at;
      actual = frame.bytes;
    }
    const when = step.within === 0 ? 'so far' : `within ${step.within} s`;
    const message = actual === null ? `no frame was sent ${when}` : `no such frame was sent ${when}`;
    return { line: step.line, message, expected: step.frame, actual, differsAt };
  }

  private forbid(step: ForbidStep): ReplayFailure | null {
    const { frames } = this.wire;
    const { icmpv6, seconds, exceptUnspecifiedSource } = step;
    this.pass(seconds);
    for (const frame of frames.slice(Math.max(this.cursor, this.asked))) {
      if (frame.direction === 'in') continue;
      const type = icmpv6Type(frame.bytes);
      if (type === null || !icmpv6.includes(type)) continue;
      if (exceptUnspecifiedSource && fromUnspecified(frame.bytes)) continue;
      const message = `the host sent an ICMPv6 message of type ${type}, which it must not`;
      return { line: step.line, message, expected: null, actual: frame.bytes, differsAt: -1 };
    }
    return null;
  }
}

function failure(line: number, message: string): ReplayFailure {
  return { line, message, expected: null, actual: null, differsAt: -1 };
}
