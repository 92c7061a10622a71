import {
  DROP_REASONS,
  TRACE_ARP_DROPPED,
  TRACE_ARP_RECEIVED,
  TRACE_ETHERNET_DROPPED,
  TRACE_EVENTS,
  TRACE_ICMP_ECHO_ANSWERED,
  TRACE_ICMP_ECHO_REPLY,
  TRACE_ICMP_ERROR_RECEIVED,
  TRACE_IGMP_QUERY_RECEIVED,
  TRACE_IP_DROPPED,
  TRACE_IP_FORWARDED,
  TRACE_IP_FRAGMENT_KEPT,
  TRACE_IP_ROUTE_REDIRECTED,
  TRACE_LINK_LOST,
  TRACE_TCP_DROP,
  TRACE_TCP_RECEIVE,
  TRACE_UDP_RECEIVED,
  type TraceRef,
} from '@strata/contracts';
import type { TraceListener } from '@strata/stack';

/** Events that end a frame's way, with its reason as first argument. */
const DROPS: ReadonlySet<number> = new Set([
  TRACE_ETHERNET_DROPPED,
  TRACE_ARP_DROPPED,
  TRACE_IP_DROPPED,
  TRACE_LINK_LOST,
]);

/** Events by which a layer says that it has taken the frame. */
const TAKEN: ReadonlySet<number> = new Set([
  TRACE_ARP_RECEIVED,
  TRACE_ICMP_ECHO_ANSWERED,
  TRACE_ICMP_ECHO_REPLY,
  TRACE_ICMP_ERROR_RECEIVED,
  TRACE_IGMP_QUERY_RECEIVED,
  TRACE_IP_FORWARDED,
  TRACE_IP_FRAGMENT_KEPT,
  TRACE_IP_ROUTE_REDIRECTED,
  TRACE_UDP_RECEIVED,
  TRACE_TCP_RECEIVE,
]);

const REASON_NAMES: ReadonlyMap<number, string> = new Map(DROP_REASONS.map(([reason, name]) => [reason, name]));
const KNOWN_EVENTS: ReadonlySet<number> = new Set(TRACE_EVENTS.map((event) => event.id));

/** What became of a frame: a layer took it, or one below dropped it; or nobody said so. */
export type FrameEnd = 'taken' | 'dropped' | 'vanished';

/** Follows every frame by the events of one host: each must be taken by a layer or dropped for a known reason. */
export class StormAuditor implements TraceListener {
  /** Frames dropped, by the reason's name; TCP's drops of segments it had taken count too. */
  readonly drops: Map<string, number>;
  readonly faults: Set<string>;
  private readonly sources: readonly string[];
  private fate: FrameEnd;

  /** @param sources the host and the link it is on, by their names in traces */
  constructor(sources: readonly string[]) {
    this.drops = new Map();
    this.faults = new Set();
    this.sources = sources;
    this.fate = 'vanished';
  }

  /** The next frame is about to arrive. */
  begin(): void {
    this.fate = 'vanished';
  }

  /** What became of that frame; `vanished` when nobody said it. */
  end(): FrameEnd {
    return this.fate;
  }

  traced(
    source: string,
    _time: number,
    id: number,
    a: number,
    _b: number,
    _c: number,
    _d: number,
    _ref: TraceRef | null,
  ): void {
    if (!KNOWN_EVENTS.has(id)) this.faults.add(`event 0x${id.toString(16)} has no description`);
    if (!this.sources.includes(source)) return;
    if (TAKEN.has(id)) this.settle('taken');
    else if (DROPS.has(id)) {
      this.settle('dropped');
      this.count(a, id);
    } else if (id === TRACE_TCP_DROP) this.count(a, id);
  }

  private settle(fate: FrameEnd): void {
    if (this.fate === 'vanished') this.fate = fate;
  }

  private count(reason: number, id: number): void {
    const name = REASON_NAMES.get(reason);
    if (name === undefined) this.faults.add(`event 0x${id.toString(16)} names the unknown reason ${reason}`);
    else this.drops.set(name, (this.drops.get(name) ?? 0) + 1);
  }
}
