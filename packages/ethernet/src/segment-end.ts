import type { FrameSink, LinkPort, LinkProperties, Packet } from '@strata/contracts';
import { Direction } from './direction.ts';
import { DropCounters } from './drop-counters.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Segment } from './segment.ts';

/** What passed one end of a link, as plain data. */
export interface EndCounters {
  /** Sent by whoever is attached here. */
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Handed to whoever is attached here. */
  readonly framesIn: number;
  readonly bytesIn: number;
  /** Of the frames sent here: how many were damaged, repeated, or held back. */
  readonly corrupted: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Of the frames sent here: lost on the link, by the reason's name. */
  readonly lost: Readonly<Record<string, number>>;
  /** Frames that reached this end and could not be handed over, by the reason's name. */
  readonly missed: Readonly<Record<string, number>>;
  /** Sent here and still on their way. */
  readonly inFlight: number;
}

/** The counters as they are kept. */
export class EndTally {
  framesOut: number;
  bytesOut: number;
  framesIn: number;
  bytesIn: number;
  corrupted: number;
  duplicated: number;
  reordered: number;
  readonly lost: DropCounters;
  readonly missed: DropCounters;

  constructor() {
    this.framesOut = 0;
    this.bytesOut = 0;
    this.framesIn = 0;
    this.bytesIn = 0;
    this.corrupted = 0;
    this.duplicated = 0;
    this.reordered = 0;
    this.lost = new DropCounters();
    this.missed = new DropCounters();
  }
}

/** One end of a {@link Segment}: the port that a driver, a switch or a test plugs into. */
export class SegmentEnd implements LinkPort {
  readonly index: number;
  readonly counters: EndTally;
  sink: FrameSink | null;
  private readonly segment: Segment;
  private readonly direction: Direction;

  /** @internal made by its segment */
  constructor(segment: Segment, index: number) {
    this.index = index;
    this.counters = new EndTally();
    this.sink = null;
    this.segment = segment;
    this.direction = new Direction(segment, this, segment.random.fork(String(index)));
  }

  get properties(): LinkProperties {
    return this.segment.properties;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
  }

  send(frame: Packet): void {
    this.direction.send(frame);
  }

  /** What happens to frames sent at this end; null for nothing. @throws RangeError for a plan that makes no sense. */
  setFaults(plan: FaultPlan | null): void {
    this.segment.setFaultsFrom(this.index, plan);
  }

  /** @internal */
  get outgoing(): Direction {
    return this.direction;
  }

  count(): EndCounters {
    const { counters } = this;
    return {
      framesOut: counters.framesOut,
      bytesOut: counters.bytesOut,
      framesIn: counters.framesIn,
      bytesIn: counters.bytesIn,
      corrupted: counters.corrupted,
      duplicated: counters.duplicated,
      reordered: counters.reordered,
      lost: counters.lost.toRecord(),
      missed: counters.missed.toRecord(),
      inFlight: this.direction.inFlight,
    };
  }
}
