import { LAYER_NAMES, TRACE_EVENTS, type TraceRef } from '@strata/contracts';
import { describeTraceEvent } from '@strata/dissect';
import type { TraceListener } from '@strata/stack';
import { tracesEvent } from '../flags/common.ts';
import { formatTimestamp } from '../terminal/format.ts';

const NAMES = new Map(TRACE_EVENTS.map((event) => [event.id, event.name]));

/** Prints the trace events of chosen layers as they happen: a readable line each, or a JSON object each. */
export class TracePrinter implements TraceListener {
  private readonly layers: number;
  private readonly ndjson: boolean;
  private readonly print: (line: string) => void;
  /** Events printed. */
  printed: number;

  /** @param layers one bit per layer */
  constructor(layers: number, ndjson: boolean, print: (line: string) => void) {
    this.layers = layers;
    this.ndjson = ndjson;
    this.print = print;
    this.printed = 0;
  }

  traced(
    source: string,
    time: number,
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    ref: TraceRef | null,
  ): void {
    if (!tracesEvent(this.layers, id)) {
      return;
    }
    this.printed++;
    const name = NAMES.get(id) ?? `event-${id}`;
    const text = describeTraceEvent(id, a, b, c, d);
    if (this.ndjson) {
      const layer = LAYER_NAMES[id >> 8];
      this.print(JSON.stringify({ time, source, layer, event: name, id, a, b, c, d, frame: ref?.frameId ?? 0, text }));
    } else {
      const frame = ref === null || ref.frameId === 0 ? '' : `  #${ref.frameId}`;
      this.print(`${formatTimestamp(time).padStart(12)}  ${source.padEnd(8)} ${name.padEnd(27)} ${text}${frame}`);
    }
  }
}
