import { TRACE_EVENTS, type TraceArgument, type TraceEventDescription } from '@strata/contracts';
import { formatAddress, formatMac } from '@strata/wire';
import { hex } from './text.ts';
import { argumentText } from './trace-arguments.ts';

const events: ReadonlyMap<number, TraceEventDescription> = new Map(TRACE_EVENTS.map((event) => [event.id, event]));

/** What is known about a trace event; null for a number that no layer has declared. */
export function traceEvent(id: number): TraceEventDescription | null {
  return events.get(id) ?? null;
}

const MAC_PAIR = /MAC \{([a-d])\}:\{([a-d])\}/g;
const PLACEHOLDER = /\{([a-d])(?::([^}|]+)(?:\|([^}]+))?)?\}/g;

/** A trace event as a sentence: its template with the four arguments put in as they are meant. */
export function describeTraceEvent(id: number, a: number, b: number, c: number, d: number): string {
  const event = events.get(id);
  const values: Readonly<Record<string, number>> = { a, b, c, d };
  if (event === undefined) return `event ${hex(id, 4)} ${a} ${b} ${c} ${d}`;
  return event.text
    .replaceAll(
      MAC_PAIR,
      (_, upper: string, lower: string) => `MAC ${formatMac(values[upper] as number, values[lower] as number)}`,
    )
    .replaceAll(PLACEHOLDER, (_, letter: string, noun?: string, nouns?: string) => {
      const index = 'abcd'.indexOf(letter);
      const kind = event.arguments[index] as TraceArgument;
      if (kind === 'address6') return formatAddress({ family: 6, w0: a, w1: b, w2: c, w3: d });
      const value = values[letter] as number;
      const text = argumentText(kind, value, [a, b, c, d][index + 1] ?? 0);
      return noun === undefined ? text : `${text} ${value === 1 ? noun : (nouns ?? `${noun}s`)}`;
    });
}
