import { MILLISECOND, SECOND } from '@strata/contracts';
import type { ChosenFrames, FaultAction, FaultPlan, FramePredicate, GilbertElliott, Outage } from './fault-plan.ts';
import { ETHERTYPE_PREDICATES } from './predicates.ts';

/** A value that a person wrote and that cannot be read. `message` says what was found and what would be right. */
export class FaultValueError extends Error {
  override readonly name = 'FaultValueError';
  /** The value as written. */
  readonly value: string;
  /** What would be right, with an example. */
  readonly expected: string;
  /** The member of {@link FaultTexts} it came from; empty when read on its own. */
  field: string;

  constructor(value: string, expected: string) {
    super(`"${value}" is not ${expected}`);
    this.value = value;
    this.expected = expected;
    this.field = '';
  }
}

/** `20ms`, `1.5s`, `300us`, `2min`, `0`. Returns microseconds. @throws FaultValueError */
export function parseDuration(text: string): number {
  const [number, unit] = split(text, 'a time such as 20ms, 1.5s or 300us');
  if (number === 0 && unit === '') return 0;
  const scale = { us: 1, µs: 1, μs: 1, ms: MILLISECOND, s: SECOND, sec: SECOND, m: 60 * SECOND, min: 60 * SECOND }[
    unit
  ];
  if (scale === undefined) {
    throw new FaultValueError(
      text,
      unit === '' ? `a time: it has no unit; write ${text}ms or ${text}s` : 'a time such as 20ms, 1.5s or 300us',
    );
  }
  return Math.round(number * scale);
}

/** `5%` or `0.05`. Returns a probability 0..1. @throws FaultValueError */
export function parseProbability(text: string): number {
  const expected = 'a probability such as 5% or 0.05';
  const [number, unit] = split(text, expected);
  if (unit === '%' && number <= 100) return number / 100;
  if (unit === '' && number <= 1) return number;
  if (unit === '' && number <= 100)
    throw new FaultValueError(text, `a probability: it is above 1; for percent write ${text}%`);
  throw new FaultValueError(text, expected);
}

/** `1mbit`, `9600bit`, `2.5gbit`; `/s` may follow. Returns bits a second. @throws FaultValueError */
export function parseRate(text: string): number {
  const expected = 'a rate such as 1mbit, 64kbit or 9600bit';
  const [number, unit] = split(text.replace(/\/s$/i, ''), expected, text);
  const scale = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 }[unit];
  if (scale === undefined) {
    throw new FaultValueError(
      text,
      /^[kmg]?bps$/.test(unit) ? `a rate: ${unit} may mean bits or bytes; write ${number}mbit` : expected,
    );
  }
  const rate = Math.round(number * scale);
  if (rate < 1) throw new FaultValueError(text, `${expected}; it must be at least 1bit`);
  return rate;
}

/** `1500`, `64kB`, `1MiB`. Returns bytes. @throws FaultValueError */
export function parseSize(text: string): number {
  const expected = 'a number of bytes such as 1500, 64kB or 1MiB';
  const [number, unit] = split(text, expected);
  const scale = { '': 1, b: 1, k: 1e3, kb: 1e3, kib: 1024, m: 1e6, mb: 1e6, mib: 1 << 20 }[unit];
  if (scale === undefined || !Number.isInteger(number * scale)) throw new FaultValueError(text, expected);
  return number * scale;
}

/** `3s+10s`: from 3 s on, for 10 s. `3s-13s`: from 3 s to 13 s. Several with commas. @throws FaultValueError */
export function parseOutages(text: string): Outage[] {
  const expected = 'an outage such as 3s+10s (start and length) or 3s-13s (start and end)';
  return text.split(',').map((part) => {
    const [, start, sign, rest] = /^\s*([^+-]+)([+-])([^+-]+)$/.exec(part) ?? [];
    if (start === undefined || sign === undefined || rest === undefined) throw new FaultValueError(text, expected);
    const fromMicroseconds = parseDuration(start.trim());
    const second = parseDuration(rest.trim());
    const toMicroseconds = sign === '+' ? fromMicroseconds + second : second;
    if (toMicroseconds <= fromMicroseconds) throw new FaultValueError(text, `${expected} that ends after it begins`);
    return { fromMicroseconds, toMicroseconds };
  });
}

/** `1%:25%`: into the bad state and out of it, per frame; then optionally the loss in it and outside. @throws FaultValueError */
export function parseGilbertElliott(text: string): GilbertElliott {
  const parts = text.split(':').map((part) => part.trim());
  if (parts.length < 2 || parts.length > 4) {
    throw new FaultValueError(text, 'burst loss such as 1%:25% (into and out of the bad state) or 1%:25%:80%:0.1%');
  }
  const [goodToBad = 0, badToGood = 0, lossInBad = 1, lossInGood = 0] = parts.map(parseProbability);
  return { goodToBad, badToGood, lossInBad, lossInGood };
}

/**
 * `2`: the second frame. `arp:1`: the first that matches. `arp:1:3`: three from the first on; `arp:1:all`: all of them.
 * @param predicates names that may stand before the number; EtherTypes when absent
 * @throws FaultValueError
 */
export function parseChosenFrames(
  text: string,
  action: FaultAction,
  predicates: Readonly<Record<string, FramePredicate>> = ETHERTYPE_PREDICATES,
): ChosenFrames {
  const parts = text.split(':').map((part) => part.trim());
  const names = Object.keys(predicates).join(', ');
  const expected = `a choice of frames such as 2, arp:2 or arp:2:3 (kind of frame, number of the first one, how many); the kinds are ${names}`;
  const name = /^[0-9]+$/.test(parts[0] ?? '') ? 'any' : (parts.shift() ?? '');
  const matches = Object.hasOwn(predicates, name) ? predicates[name] : name === 'any' ? () => true : undefined;
  const [nth, count = '1', ...rest] = parts;
  if (matches === undefined || nth === undefined || rest.length > 0) throw new FaultValueError(text, expected);
  const number = (digits: string) => {
    if (!/^[1-9][0-9]{0,8}$/.test(digits)) throw new FaultValueError(text, expected);
    return Number(digits);
  };
  return { matches, nth: number(nth), count: count === 'all' ? Number.POSITIVE_INFINITY : number(count), action };
}

/** A {@link FaultPlan} as a person writes it; absent members are off. */
export interface FaultTexts {
  readonly loss?: string | undefined;
  /** Gilbert–Elliott; see {@link parseGilbertElliott}. */
  readonly burstLoss?: string | undefined;
  readonly delay?: string | undefined;
  readonly jitter?: string | undefined;
  readonly duplicate?: string | undefined;
  readonly reorder?: string | undefined;
  readonly reorderDelay?: string | undefined;
  readonly corrupt?: string | undefined;
  /** Up to how many bits of a corrupted frame. */
  readonly corruptBits?: string | undefined;
  readonly rate?: string | undefined;
  /** A number of frames, or of bytes when it has a unit: `50`, `64kB`. */
  readonly queue?: string | undefined;
  readonly mtu?: string | undefined;
  readonly outage?: string | readonly string[] | undefined;
  /** See {@link parseChosenFrames}. */
  readonly dropNth?: string | readonly string[] | undefined;
  readonly corruptNth?: string | readonly string[] | undefined;
  readonly duplicateNth?: string | readonly string[] | undefined;
  /** As the others, with a time at the end: `arp:1@50ms`. */
  readonly delayNth?: string | readonly string[] | undefined;
}

/**
 * Reads a plan as the command line has it. Null when nothing is on.
 * @throws FaultValueError with `field` set to the member that cannot be read
 */
export function parseFaultPlan(
  texts: FaultTexts,
  predicates: Readonly<Record<string, FramePredicate>> = ETHERTYPE_PREDICATES,
): FaultPlan | null {
  const chosen = [
    ...choices('dropNth', texts.dropNth, 'drop', predicates),
    ...choices('corruptNth', texts.corruptNth, 'corrupt', predicates),
    ...choices('duplicateNth', texts.duplicateNth, 'duplicate', predicates),
    ...choices('delayNth', texts.delayNth, 'delay', predicates),
  ];
  const outages = list(texts.outage).flatMap((text) => read('outage', text, parseOutages) ?? []);
  const plan: FaultPlan = {
    ...part('lossRate', read('loss', texts.loss, parseProbability)),
    ...part('gilbertElliott', read('burstLoss', texts.burstLoss, parseGilbertElliott)),
    ...part('delayMicroseconds', read('delay', texts.delay, parseDuration)),
    ...part('jitterMicroseconds', read('jitter', texts.jitter, parseDuration)),
    ...part('duplicateRate', read('duplicate', texts.duplicate, parseProbability)),
    ...part('reorderRate', read('reorder', texts.reorder, parseProbability)),
    ...part('reorderDelayMicroseconds', read('reorderDelay', texts.reorderDelay, parseDuration)),
    ...part('corruptRate', read('corrupt', texts.corrupt, parseProbability)),
    ...part('corruptBits', read('corruptBits', texts.corruptBits, parseCount)),
    ...part('rateBitsPerSecond', read('rate', texts.rate, parseRate)),
    ...(read('queue', texts.queue, parseQueue) ?? {}),
    ...part('mtuBytes', read('mtu', texts.mtu, parseMtu)),
    ...(outages.length > 0 ? { outages } : {}),
    ...(chosen.length > 0 ? { chosen } : {}),
  };
  return Object.keys(plan).length === 0 ? null : plan;
}

function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text.trim())) throw new FaultValueError(text, 'a whole number from 1 up');
  return Number(text);
}

function parseMtu(text: string): number {
  const size = parseSize(text);
  if (size < 68 || size > 65535) throw new FaultValueError(text, 'an MTU of 68..65535 bytes');
  return size;
}

function parseQueue(text: string): Pick<FaultPlan, 'queueFrames' | 'queueBytes'> {
  if (/^[1-9][0-9]{0,8}$/.test(text.trim())) return { queueFrames: Number(text) };
  const size = /[a-z]\s*$/i.test(text) ? parseSize(text) : 0;
  if (size < 1) throw new FaultValueError(text, 'a queue such as 50 (frames) or 64kB (bytes)');
  return { queueBytes: size };
}

function choices(
  field: string,
  texts: string | readonly string[] | undefined,
  action: FaultAction,
  predicates: Readonly<Record<string, FramePredicate>>,
): ChosenFrames[] {
  return list(texts).map((text) =>
    reading(field, () => {
      if (action !== 'delay') return parseChosenFrames(text, action, predicates);
      const at = text.lastIndexOf('@');
      if (at < 0) throw new FaultValueError(text, 'a choice of frames with a time such as arp:1@50ms');
      const chosen = parseChosenFrames(text.slice(0, at), action, predicates);
      return { ...chosen, delayMicroseconds: parseDuration(text.slice(at + 1)) };
    }),
  );
}

function list(texts: string | readonly string[] | undefined): readonly string[] {
  if (texts === undefined) return [];
  return typeof texts === 'string' ? [texts] : texts;
}

function part<K extends keyof FaultPlan>(name: K, value: FaultPlan[K] | undefined): Pick<FaultPlan, K> | object {
  return value === undefined ? {} : { [name]: value };
}

function read<T>(field: string, text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : reading(field, () => parse(text));
}

function reading<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FaultValueError) error.field = field;
    throw error;
  }
}

/** A number without sign and the lower-case unit behind it. */
function split(text: string, expected: string, whole = text): [number: number, unit: string] {
  const [, digits, unit] = /^\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([a-zµμ%]*)\s*$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) throw new FaultValueError(whole, expected);
  return [Number(digits), unit.toLowerCase()];
}
