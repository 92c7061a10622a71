import {
  DROP_LINK_DOWN,
  type LinkProperties,
  type Random,
  type TimeService,
  TRACE_LINK_CHANGED,
  type Tracer,
} from '@strata/contracts';
import type { PacketMemory } from '@strata/packet';
import { SeededRandom } from '@strata/time';
import { ETHERNET_HEADER, VLAN_TAG } from '@strata/wire';
import type { EndCounters } from './end-counters.ts';
import type { FaultPlan } from './fault-plan.ts';
import { FrameStore } from './in-flight.ts';
import { SegmentEnd } from './segment-end.ts';
import { FrameIds, type FrameTap } from './tap.ts';
import type { Wire } from './wire-state.ts';

/** How to make a {@link Segment}. */
export interface SegmentOptions {
  readonly time: TimeService;
  /** Shown in reports, and tells the random streams of a lab's links apart. Default 'segment'. */
  readonly name?: string;
  /** How many ends: 2 is a cable; with more it is a shared medium, on which everybody hears everybody. Default 2. */
  readonly ends?: number;
  /** Largest IP packet in bytes, 68..65535. Default 1500. */
  readonly mtu?: number;
  /** Sum of CAPABILITY_ bits that the ends claim. Default 0. */
  readonly capabilities?: number;
  /** Where the faults' randomness comes from: forked by the segment's name, then for each direction and kind of fault. */
  readonly random?: Random;
  /** For every direction; `setFaults` and `SegmentEnd.setFaults` change it later. */
  readonly faults?: FaultPlan | null;
  /** The lab's frame numbers. Its own when absent. */
  readonly frameIds?: FrameIds;
  /** Where frames in flight are kept while there is room, so that copying stays within one buffer. */
  readonly memory?: PacketMemory;
  /** Frames on their way per direction when there is a delay; one more is lost as a queue overflow. Default 65536. */
  readonly maximumInFlight?: number;
  readonly tap?: FrameTap | null;
  readonly tracer?: Tracer | null;
}

/** Properties of the ends. They have no address of their own: a driver brings its. */
class SegmentProperties implements LinkProperties {
  readonly macMsw: number;
  readonly macLsw: number;
  readonly mtu: number;
  readonly capabilities: number;
  up: boolean;

  constructor(mtu: number, capabilities: number) {
    this.macMsw = 0;
    this.macLsw = 0;
    this.mtu = mtu;
    this.capabilities = capabilities;
    this.up = true;
  }
}

/**
 * A link between two ends, or a shared medium between more. Whatever is sent at one end arrives at all others, later, as a
 * scheduler event of its own, unless a fault has it otherwise.
 *
 * On a cable without faults a frame is copied once, into a packet of the receiver's pool, when it is sent; an empty pool
 * loses the frame there, as in NetX's RAM driver. In all other cases it travels in the link's own memory and needs a packet
 * of the receiver only when it arrives.
 */
export class Segment implements Wire {
  readonly name: string;
  readonly time: TimeService;
  readonly random: Random;
  readonly frameIds: FrameIds;
  readonly store: FrameStore;
  readonly longestFrame: number;
  readonly maximumInFlight: number;
  readonly ends: readonly SegmentEnd[];
  tap: FrameTap | null;
  tracer: Tracer | null;
  private readonly state: SegmentProperties;

  /** @throws RangeError when an option is out of its range. */
  constructor(options: SegmentOptions) {
    const ends = options.ends ?? 2;
    const mtu = options.mtu ?? 1500;
    if (!Number.isInteger(ends) || ends < 2) throw new RangeError(`a segment has at least 2 ends, not ${ends}`);
    if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) throw new RangeError(`an MTU is 68..65535 B, not ${mtu}`);
    this.name = options.name ?? 'segment';
    this.time = options.time;
    this.random = (options.random ?? new SeededRandom('strata')).fork(this.name);
    this.frameIds = options.frameIds ?? new FrameIds();
    this.longestFrame = mtu + ETHERNET_HEADER + VLAN_TAG;
    this.store = new FrameStore(this.longestFrame, options.memory ?? null);
    this.maximumInFlight = options.maximumInFlight ?? 65536;
    this.tap = options.tap ?? null;
    this.tracer = options.tracer ?? null;
    this.state = new SegmentProperties(mtu, options.capabilities ?? 0);
    const made: SegmentEnd[] = [];
    for (let i = 0; i < ends; i++) made.push(new SegmentEnd(this, i, this.state, this.random));
    for (const end of made) for (const other of made) if (other !== end) end.outgoing.addReceiver(other);
    this.ends = made;
    if (options.faults !== undefined) this.setFaults(options.faults);
  }

  get properties(): LinkProperties {
    return this.state;
  }

  get up(): boolean {
    return this.state.up;
  }

  /** End `index`, 0 .. ends-1. @throws RangeError when there is none such. */
  end(index: number): SegmentEnd {
    const end = this.ends[index];
    if (end === undefined) throw new RangeError(`${this.name} has ends 0..${this.ends.length - 1}, not ${index}`);
    return end;
  }

  /** Plugs the cable in or pulls it. What is on its way is lost; whoever is attached is told. */
  setUp(up: boolean): void {
    if (up === this.state.up) return;
    this.state.up = up;
    if (!up) for (const end of this.ends) end.outgoing.flush(DROP_LINK_DOWN);
    if (this.tracer !== null) this.tracer.event(TRACE_LINK_CHANGED, up ? 1 : 0, 0, 0, 0, null);
    for (const end of this.ends) end.sink?.linkChanged(up);
  }

  /**
   * The same faults for every direction, or none; `SegmentEnd.setFaults` sets those of one.
   * @throws RangeError for a plan that makes no sense
   */
  setFaults(plan: FaultPlan | null): void {
    for (const end of this.ends) end.setFaults(plan);
  }

  /** Counters of every end. */
  counters(): EndCounters[] {
    return this.ends.map((end) => end.count());
  }

  /** Loses what is on its way and leaves the scheduler. The segment is of no use afterwards. */
  close(): void {
    this.state.up = false;
    for (const end of this.ends) {
      end.outgoing.close();
      end.attach(null);
    }
  }
}

/** The embedded default: a cable of two ends without delay and without faults, until somebody sets some. */
export class LoopbackBridge extends Segment {
  readonly a: SegmentEnd;
  readonly b: SegmentEnd;

  constructor(options: Omit<SegmentOptions, 'ends'>) {
    super({ name: 'loopback', ...options, ends: 2 });
    this.a = this.end(0);
    this.b = this.end(1);
  }
}
