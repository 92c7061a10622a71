import type { FrameSink, LinkPort, LinkProperties, Packet, Random } from '@strata/contracts';
import { Direction } from './direction.ts';
import { type EndCounters, EndTally } from './end-counters.ts';
import { checkFaultPlan, type FaultPlan } from './fault-plan.ts';
import type { Wire, WireEnd } from './wire-state.ts';

/** One end of a segment: the port that a driver, a switch or a test plugs into. */
export class SegmentEnd implements LinkPort, WireEnd {
  readonly index: number;
  readonly counters: EndTally;
  readonly properties: LinkProperties;
  sink: FrameSink | null;
  private readonly direction: Direction;
  private plan: FaultPlan | null;

  /** @internal made by its segment */
  constructor(wire: Wire, index: number, properties: LinkProperties, random: Random) {
    this.index = index;
    this.counters = new EndTally();
    this.properties = properties;
    this.sink = null;
    this.direction = new Direction(wire, this, random.fork(String(index)));
    this.plan = null;
  }

  attach(sink: FrameSink | null): void {
    this.sink = sink;
  }

  send(frame: Packet): void {
    this.direction.send(frame);
  }

  /** What happens to frames sent at this end now. */
  get faults(): FaultPlan | null {
    return this.plan;
  }

  /**
   * What is to happen to frames sent at this end; null for nothing. Frames on their way are not touched.
   * @throws RangeError for a plan that makes no sense
   */
  setFaults(plan: FaultPlan | null): void {
    if (plan !== null) checkFaultPlan(plan);
    this.direction.setFaults(plan);
    this.plan = plan;
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
