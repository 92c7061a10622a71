import { type LinkPort, NEVER, type Random, SECOND, type Tracer } from '@strata/contracts';
import { type FaultPlan, FrameIds, LoopbackBridge, Segment, Switch } from '@strata/ethernet';
import { PacketMemory, PacketPool } from '@strata/packet';
import type { ByteSink } from '@strata/pcap-writer';
import { probeRow, type TcpProbe, type TcpProbeRow } from '@strata/tcp';
import { type ClockDriver, type RunEnd, SeededRandom, VirtualClock } from '@strata/time';
import { DEFAULT_EPOCH, type TlsSecrets } from '@strata/tls';
import { Capture, type CaptureOptions } from './capture.ts';
import { type Environment, Host, type HostOptions } from './host.ts';
import { netxProfile, type Profile } from './profile.ts';
import { SecretsRelay } from './secrets-relay.ts';
import { TraceHub, type TraceListener } from './trace-hub.ts';

/** How to make a {@link Lab}. */
export interface LabOptions {
  /** Everything random comes from it: same seed, same bytes. Default 1. */
  readonly seed?: number | string;
  /** Of hosts that do not choose their own. Default: NetX's. */
  readonly profile?: Profile;
  /** Default: a `VirtualClock`. A `HostClock` makes a live lab, a `PacedClock` one to watch. */
  readonly clock?: ClockDriver;
  /** Who hears trace events. Layers trace only when somebody is named here, or when there is a capture. */
  readonly listeners?: readonly TraceListener[];
  /** Where every frame of every link is recorded. */
  readonly capture?: ByteSink;
  readonly captureOptions?: CaptureOptions;
  /** What moment 0 is, in seconds since 1970 UTC: for captures and certificates. Default 2025-01-01. */
  readonly epochSeconds?: number;
  /** Every line of the TLS key log (NSS format), of all hosts; a capture has them anyway. */
  readonly onKeyLog?: (line: string) => void;
  /** The state of each TCP connection of all hosts after each of its segments. */
  readonly tcpProbe?: TcpProbeSink;
  /** Bytes of memory that all pools share; committed only as it is used. Default 64 MiB. */
  readonly memoryBytes?: number;
}

/** Takes TCP's numbers, one row per segment. */
export interface TcpProbeSink {
  write(row: TcpProbeRow): void;
  /** The lab has closed. */
  close(): void;
}

/** A link between two hosts. */
export interface LinkOptions {
  readonly name?: string;
  readonly mtu?: number;
  /** For both directions; `Segment.setFaultsFrom` tells them apart. */
  readonly faults?: FaultPlan | null;
}

const DEFAULT_MEMORY = 64 << 20;
/** A switch stores a frame of 1500 octets and its tag while it forwards it. */
const SWITCH_PAYLOAD = 1568;
const SWITCH_PACKETS = 256;

/**
 * A world in one process: hosts, links, switches, faults and captures, on one queue of events and one seed.
 *
 * ```ts
 * const lab = new Lab({ seed: 42 });
 * const [a, b] = [lab.host('a'), lab.host('b')];
 * const bridge = lab.bridge();
 * a.attach(bridge.a, { address: '192.0.2.1/24' });
 * b.attach(bridge.b, { address: '192.0.2.2/24' });
 * const result = await lab.run(() => a.ping('192.0.2.2'));
 * await lab.close();
 * ```
 */
export class Lab {
  readonly seed: number | string;
  readonly profile: Profile;
  readonly clock: ClockDriver;
  readonly random: Random;
  readonly memory: PacketMemory;
  readonly frameIds: FrameIds;
  readonly hosts: Map<string, Host>;
  readonly links: Segment[];
  readonly switches: Switch[];
  /** Null when the lab does not trace. */
  readonly hub: TraceHub | null;
  readonly capture: Capture | null;
  readonly epochSeconds: number;
  private readonly secrets: TlsSecrets | null;
  private readonly tcpProbe: TcpProbeSink | null;

  constructor(options: LabOptions = {}) {
    this.seed = options.seed ?? 1;
    this.profile = options.profile ?? netxProfile;
    this.clock = options.clock ?? new VirtualClock();
    this.random = new SeededRandom(this.seed);
    this.memory = new PacketMemory(options.memoryBytes ?? DEFAULT_MEMORY);
    this.frameIds = new FrameIds();
    this.hosts = new Map();
    this.links = [];
    this.switches = [];
    this.tcpProbe = options.tcpProbe ?? null;
    this.epochSeconds = options.epochSeconds ?? options.captureOptions?.epochSeconds ?? DEFAULT_EPOCH;
    this.capture =
      options.capture === undefined
        ? null
        : new Capture(options.capture, { epochSeconds: this.epochSeconds, ...options.captureOptions });
    const { capture } = this;
    const { onKeyLog } = options;
    this.secrets = capture === null && onKeyLog === undefined ? null : new SecretsRelay(capture, onKeyLog ?? null);
    const listeners = [...(options.listeners ?? []), ...(this.capture === null ? [] : [this.capture])];
    this.hub = listeners.length === 0 ? null : new TraceHub(this.clock.scheduler);
    for (const listener of listeners) this.hub?.listen(listener);
  }

  /** Now, in microseconds since the lab began. */
  get now(): number {
    return this.clock.now;
  }

  /** A new host. @throws RangeError when the name is taken */
  host(name: string, options: HostOptions = {}): Host {
    if (this.hosts.has(name))
      throw new RangeError(`the lab has a host "${name}" already; give the new one another name`);
    const host = new Host(name, this.environment(), options.profile ?? this.profile, options);
    this.hosts.set(name, host);
    return host;
  }

  private environment(): Environment {
    return {
      scheduler: this.clock.scheduler,
      islands: this.clock.islands,
      memory: this.memory,
      random: this.random,
      epochSeconds: this.epochSeconds,
      secrets: this.secrets,
      tracerFor: (name) => this.tracerFor(name),
      tcpProbeFor: (name) => this.tcpProbeFor(name),
    };
  }

  private tcpProbeFor(name: string): TcpProbe | null {
    const sink = this.tcpProbe;
    return sink === null ? null : { sample: (tcb, what) => sink.write(probeRow(tcb, what, name)) };
  }

  private tracerFor(name: string): Tracer | null {
    return this.hub?.tracer(name) ?? null;
  }

  /** A cable with two ends, `a` and `b`: without faults the in-process loopback bridge. */
  bridge(options: LinkOptions = {}): LoopbackBridge {
    const name = options.name ?? `link${this.links.length}`;
    const bridge = new LoopbackBridge(this.segmentOptions(name, options));
    this.links.push(bridge);
    bridge.tap = this.capture?.tap(name, ['a', 'b']) ?? null;
    return bridge;
  }

  /** A shared medium on which everybody hears everybody. */
  segment(ends: number, options: LinkOptions = {}): Segment {
    const name = options.name ?? `segment${this.links.length}`;
    const segment = new Segment({ ...this.segmentOptions(name, options), ends });
    this.links.push(segment);
    segment.tap =
      this.capture?.tap(
        name,
        segment.ends.map((_, i) => `end ${i}`),
      ) ?? null;
    return segment;
  }

  private segmentOptions(name: string, options: LinkOptions) {
    return {
      name,
      time: this.clock.scheduler,
      random: this.random,
      frameIds: this.frameIds,
      memory: this.memory,
      tracer: this.tracerFor(name),
      ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
      ...(options.faults === undefined ? {} : { faults: options.faults }),
    };
  }

  /** A cable from a host, or any port, to a new port of the switch. Returns the free end. */
  plug(into: Switch, options: LinkOptions = {}): LinkPort {
    const cable = this.bridge(options);
    into.attach(cable.b);
    return cable.a;
  }

  /** A learning switch without cables. */
  switch(name = `switch${this.switches.length}`): Switch {
    const pool = new PacketPool({
      name: `${name} pool`,
      payloadSize: SWITCH_PAYLOAD,
      packets: SWITCH_PACKETS,
      memory: this.memory,
    });
    const made = new Switch({ name, time: this.clock.scheduler, pool, tracer: this.tracerFor(name) });
    this.switches.push(made);
    return made;
  }

  /** Runs `work` and the lab until its promise is settled. @throws whatever it rejects with */
  run<T>(work: () => Promise<T>, what = 'the lab’s work'): Promise<T> {
    return this.clock.runWith(work(), { what });
  }

  /** Runs for so many seconds of the lab's time, or until nothing is left to happen. */
  runFor(seconds: number): Promise<RunEnd> {
    return this.clock.run({ until: this.now + seconds * SECOND });
  }

  /** Runs until `done` says so, asked before the first and after each event, or until nothing is left to happen. */
  runUntil(done: () => boolean): Promise<RunEnd> {
    return this.clock.run({ until: done });
  }

  /** Processes the next event, one frame or one deadline, whenever that is. False when there is none. */
  step(): boolean {
    return this.clock.scheduler.step(NEVER);
  }

  /** Runs until nothing is left to happen. Periodic timers keep a lab busy for ever. */
  runUntilIdle(): Promise<RunEnd> {
    return this.clock.run({ until: NEVER });
  }

  /** Packets that are out, over all hosts. 0 when everything was given back. */
  outstanding(): number {
    let count = 0;
    for (const host of this.hosts.values()) count += host.pool.total - host.pool.available;
    return count;
  }

  /** Takes the links down and ends the capture. */
  async close(): Promise<void> {
    for (const link of this.links) link.close();
    this.tcpProbe?.close();
    await this.capture?.end();
  }
}
