import type { Clock, TraceRef, Tracer } from '@strata/contracts';

/** One trace event with who, when and where: a plain record's worth of arguments, passed and not kept. */
export interface TraceListener {
  /**
   * @param source the host or link that the event happened in
   * @param time microseconds
   * @param ref the packet concerned, or null; valid during the call only
   */
  traced(
    source: string,
    time: number,
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    ref: TraceRef | null,
  ): void;
}

/** Where the tracers of all hosts and links of a lab come together, and from where listeners are told. */
export class TraceHub {
  private readonly clock: Clock;
  private readonly listeners: TraceListener[];

  constructor(clock: Clock) {
    this.clock = clock;
    this.listeners = [];
  }

  listen(listener: TraceListener): void {
    this.listeners.push(listener);
  }

  /** A tracer that speaks for `source`. */
  tracer(source: string): Tracer {
    return new SourceTracer(this, source);
  }

  event(source: string, id: number, a: number, b: number, c: number, d: number, ref: TraceRef | null): void {
    for (const listener of this.listeners) listener.traced(source, this.clock.now, id, a, b, c, d, ref);
  }
}

class SourceTracer implements Tracer {
  private readonly hub: TraceHub;
  private readonly source: string;

  constructor(hub: TraceHub, source: string) {
    this.hub = hub;
    this.source = source;
  }

  event(id: number, a: number, b: number, c: number, d: number, ref: TraceRef | null): void {
    this.hub.event(this.source, id, a, b, c, d, ref);
  }
}
