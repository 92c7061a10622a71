import { ConversationFollower } from '@strata/dissect';
import { MemorySink, readCapture } from '@strata/pcap-writer';
import { Lab, type LabOptions, type Profile } from '@strata/stack';
import { CheckFailure, show } from './failure.ts';
import { Peer, type PeerOptions } from './peer/peer.ts';

/** Memory of a lab: two pools of 512 packets. */
const MEMORY = 4 << 20;
/** How many frames before a failure are shown. */
const SHOWN_FRAMES = 30;

/** What a trial is made for. */
export interface TrialOptions {
  readonly profile: Profile;
  readonly ipVersion: 4 | 6;
  readonly seed: number;
  /** Record the frames of every lab, with the reasons beside them. */
  readonly recording: boolean;
}

interface OpenLab {
  readonly lab: Lab;
  readonly sink: MemorySink;
}

/**
 * One run of one scenario for one profile: makes labs and scripted peers in virtual time, judges, and keeps what is needed to
 * show a failure. Everything made here is taken down and checked for leaks when the scenario is over.
 */
export class Trial {
  readonly profile: Profile;
  readonly ipVersion: 4 | 6;
  readonly seed: number;
  /** Differences that were not counted, by rule. */
  readonly masked: Set<string>;
  private readonly recording: boolean;
  private readonly labs: OpenLab[];
  private readonly peers: Peer[];

  constructor(options: TrialOptions) {
    this.profile = options.profile;
    this.ipVersion = options.ipVersion;
    this.seed = options.seed;
    this.masked = new Set();
    this.recording = options.recording;
    this.labs = [];
    this.peers = [];
  }

  /** True when this is the profile called so. */
  is(profile: string): boolean {
    return this.profile.name === profile;
  }

  /** A lab, of which the trial takes care. */
  lab(options: Omit<LabOptions, 'capture'> = {}): Lab {
    const sink = new MemorySink();
    const record = this.recording ? { capture: sink } : {};
    const lab = new Lab({ seed: this.seed, profile: this.profile, memoryBytes: MEMORY, ...options, ...record });
    this.labs.push({ lab, sink });
    return lab;
  }

  /** A host under test with this scenario as everybody else on its link. */
  peer(options: PeerOptions = {}): Peer {
    const profile = options.profile ?? this.profile;
    const lab = this.lab({
      profile: options.tcp === undefined ? profile : { ...profile, tcp: { ...profile.tcp, ...options.tcp } },
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
    const peer = new Peer(lab, this.ipVersion, options);
    this.peers.push(peer);
    return peer;
  }

  /** Names a rule by which a legitimate difference is not counted; the report lists them. */
  mask(rule: string): void {
    this.masked.add(rule);
  }

  /** @throws CheckFailure */
  fail(message: string, expected: unknown = null, actual: unknown = null): never {
    throw new CheckFailure(message, expected === null ? null : show(expected), actual === null ? null : show(actual));
  }

  /** @throws CheckFailure unless the condition holds */
  ok(condition: boolean, message: string): void {
    if (!condition) this.fail(message);
  }

  /** Compares by value. @throws CheckFailure when they differ */
  equal(actual: unknown, expected: unknown, what: string): void {
    if (show(actual) !== show(expected)) this.fail(`${what} is not what it should be`, show(expected), show(actual));
  }

  /** @throws CheckFailure unless low <= actual <= high */
  between(actual: number, low: number, high: number, what: string): void {
    if (!(actual >= low && actual <= high)) this.fail(`${what} is out of range`, `${low} to ${high}`, actual);
  }

  /** @internal Takes everything down. @throws CheckFailure when packets are missing */
  async end(): Promise<void> {
    for (const peer of this.peers) peer.close();
    for (const { lab } of this.labs) {
      const { scheduler } = lab.clock;
      while (scheduler.step(scheduler.now));
      await lab.close();
      for (const host of lab.hosts.values()) {
        if (host.pool.available !== host.pool.total) {
          this.fail(`${host.name} has lost packets`, host.pool.total, host.pool.available);
        }
        if (host.pool.invalidReleases > 0)
          this.fail(`${host.name} released packets twice`, 0, host.pool.invalidReleases);
      }
    }
  }

  /** The last frames, one line each. */
  frames(): string[] {
    const lines: string[] = [];
    for (const { lab } of this.labs) void lab.capture?.end();
    for (const { sink } of this.labs) {
      const follower = new ConversationFollower();
      for (const event of readCapture(sink.bytes())) {
        if (event.kind !== 'packet') continue;
        const { summary, dissection } = follower.follow(event.data);
        const seconds = (Number((event.time ?? 0n) % 1_000_000_000_000_000n) / 1e9 - EPOCH_REST).toFixed(6);
        lines.push(`${seconds.padStart(12)}  ${(dissection.ip?.source ?? '').padEnd(12)}  ${summary}`);
      }
    }
    return lines.slice(-SHOWN_FRAMES);
  }

  /** The frames of the first lab as a pcapng file. */
  capture(): Uint8Array | null {
    for (const { lab } of this.labs) void lab.capture?.end();
    return this.recording ? (this.labs[0]?.sink.bytes() ?? null) : null;
  }
}

/** Captures of labs begin at 2025-01-01; the seconds of that moment that are left after the division in `frames`. */
const EPOCH_REST = 1_735_689_600 % 1_000_000;
