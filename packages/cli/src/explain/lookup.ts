import { LAYER_NAMES, TRACE_EVENTS, type TraceEventDescription } from '@strata/contracts';
import { nearest } from '../nearest.ts';
import { type DropEntry, dropEntries, OTHER_SPELLINGS, type StatusEntry, statusEntries } from './catalogue.ts';

/** What was found for one word. */
export type Found =
  | {
      readonly kind: 'status';
      readonly value: number;
      readonly entries: readonly StatusEntry[];
      readonly alsoNamed: readonly string[];
    }
  | { readonly kind: 'drop'; readonly entry: DropEntry }
  | { readonly kind: 'trace'; readonly event: TraceEventDescription; readonly layer: string }
  | { readonly kind: 'nothing'; readonly suggestions: readonly string[] };

/** Spellings are compared without case, and `-`, `_`, `.` and blank are the same. */
function plain(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[-_.\s]+/g, '-');
}

/** Looks a word up: a status by number (decimal or 0x) or name, a drop reason by name, a trace event by name. */
export function lookUp(word: string): Found {
  const statuses = statusEntries();
  const text = word.trim();
  if (/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) {
    return byNumber(Number(text), statuses);
  }
  const name = OTHER_SPELLINGS[text.toUpperCase()] ?? text;
  return byName(name, statuses, (one) => one.toLowerCase()) ?? byName(name, statuses, plain) ?? byPart(name, statuses);
}

/** What a whole name means, when two spellings that `spell` makes equal are the same. */
function byName(name: string, statuses: readonly StatusEntry[], spell: (name: string) => string): Found | null {
  const wanted = spell(name);
  const status = statuses.find((entry) => spell(entry.name) === wanted);
  if (status !== undefined) {
    return named(status, statuses);
  }
  const drop = dropEntries().find((entry) => spell(entry.name) === wanted);
  if (drop !== undefined) {
    return { kind: 'drop', entry: drop };
  }
  const event = TRACE_EVENTS.find((candidate) => spell(candidate.name) === wanted);
  return event === undefined ? null : { kind: 'trace', event, layer: LAYER_NAMES[event.id >> 8] ?? '' };
}

/** The only name with this ending, or suggestions. */
function byPart(text: string, statuses: readonly StatusEntry[]): Found {
  const wanted = plain(text);
  const names = [
    ...statuses.map((entry) => entry.name),
    ...dropEntries().map((entry) => entry.name),
    ...TRACE_EVENTS.map((candidate) => candidate.name),
  ];
  const endings = wanted.length < 4 ? [] : names.filter((name) => plain(name).endsWith(`-${wanted}`));
  if (endings.length === 1) {
    return lookUp(endings[0]);
  }
  const containing = wanted.length < 3 ? [] : names.filter((name) => plain(name).includes(wanted));
  const similar = nearest(text, names, 5);
  return { kind: 'nothing', suggestions: [...new Set([...endings, ...similar, ...containing])].slice(0, 6) };
}

function byNumber(value: number, statuses: readonly StatusEntry[]): Found {
  const entries = statuses.filter((entry) => entry.value === value);
  if (entries.length > 0) {
    return { kind: 'status', value, entries, alsoNamed: [] };
  }
  const event = TRACE_EVENTS.find((candidate) => candidate.id === value);
  return event === undefined
    ? { kind: 'nothing', suggestions: [] }
    : { kind: 'trace', event, layer: LAYER_NAMES[event.id >> 8] ?? '' };
}

function named(status: StatusEntry, statuses: readonly StatusEntry[]): Found {
  const alsoNamed = statuses.filter((entry) => entry.value === status.value && entry.name !== status.name);
  return { kind: 'status', value: status.value, entries: [status], alsoNamed: alsoNamed.map((entry) => entry.name) };
}
