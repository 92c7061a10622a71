import { parseAddress, parseMac, parsePrefix } from '@strata/wire';
import { hexBytes } from '../drill/hex.ts';
import type { ExpectStep, ForbidStep, ReplayHeader, ReplayScript, ReplaySettings, ReplayStep } from './steps.ts';

/** The version of the form that is read here. */
const VERSION = 1;
/** An Ethernet header; shorter octets are no frame. */
const SHORTEST_FRAME = 14;
const LONGEST_FRAME = 65_575;

/** A line that cannot be read: which, and why. */
export class ReplaySyntaxError extends Error {
  override readonly name: string = 'ReplaySyntaxError';
  readonly line: number;

  constructor(line: number, why: string) {
    super(why);
    this.line = line;
  }
}

/** Reads a recorded sequence, one JSON object a line; empty lines are skipped. @throws ReplaySyntaxError */
export function readReplay(text: string): ReplayScript {
  const lines = text
    .split('\n')
    .map((content, i) => ({ content: content.trim(), line: i + 1 }))
    .filter(({ content }) => content !== '');
  const [first, ...rest] = lines;
  if (first === undefined) throw new ReplaySyntaxError(1, 'the file is empty; its first line is {"replay":1,…}');
  return {
    header: readHeader(new Line(first.content, first.line)),
    steps: rest.map(({ content, line }) => readStep(new Line(content, line))),
  };
}

/** Members that any line may have and that mean nothing here. */
const REMARKS: ReadonlySet<string> = new Set(['comment', 'note', 'source', 'title']);

/** One line: takes members out one by one, so that what is left is known to be a mistake. */
class Line {
  readonly line: number;
  private readonly members: Map<string, unknown>;

  constructor(content: string, line: number) {
    this.line = line;
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw new ReplaySyntaxError(line, `it is not JSON: ${(error as Error).message}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.refuse('it is not a JSON object');
    this.members = new Map(Object.entries(value as object));
  }

  refuse(why: string): never {
    throw new ReplaySyntaxError(this.line, why);
  }

  has(name: string): boolean {
    return this.members.has(name);
  }

  /** Takes a member that passes `fits`; `otherwise` when it is missing, or a complaint. */
  take<T>(name: string, wanted: string, fits: (value: unknown) => value is T, otherwise?: T): T {
    const value = this.members.get(name);
    this.members.delete(name);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (!fits(value)) this.refuse(`"${name}" must be ${wanted}, not ${JSON.stringify(value) ?? 'missing'}`);
    return value;
  }

  /** Refuses whatever has not been taken, but for what only people read. */
  done(): void {
    const name = [...this.members.keys()].find((one) => !REMARKS.has(one));
    if (name !== undefined) this.refuse(`"${name}" is not known here`);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isTrue = (value: unknown): value is true => value === true;
const isSeconds = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1e9;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isOctet = (value: unknown): value is number => isCount(value) && value <= 255;
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isHex = (value: unknown): value is string => isText(value) && /^(?:[0-9a-f]{2})*$/i.test(value);
const isFrame = (value: unknown): value is string =>
  isHex(value) && value.length >= 2 * SHORTEST_FRAME && value.length <= 2 * LONGEST_FRAME;

function listOf<T>(fits: (value: unknown) => value is T): (value: unknown) => value is T[] {
  return (value): value is T[] => Array.isArray(value) && value.every(fits);
}

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0] <= value[1];

function readHeader(line: Line): ReplayHeader {
  line.take('replay', `${VERSION}, in the first line`, (value): value is number => value === VERSION);
  const header: ReplayHeader = {
    title: line.take('title', 'a text', isText, ''),
    mac: line.take('mac', 'a MAC address', (value): value is string => isText(value) && parseMac(value) !== null),
    addresses: line.take(
      'addresses',
      'a list of addresses with prefix lengths',
      listOf((value): value is string => isText(value) && value.includes('/') && parsePrefix(value) !== null),
    ),
    dad: line.take('dad', 'true or false', isFlag, true),
    profile: line.take(
      'profile',
      '"netx" or "modern"',
      (value): value is 'netx' | 'modern' => value === 'netx' || value === 'modern',
      'netx',
    ),
    set: readSettings(line, {}),
    udpListen: line.take(
      'udpListen',
      'a list of ports',
      listOf((value): value is number => isCount(value) && value > 0 && value < 65536),
      [],
    ),
  };
  line.done();
  return header;
}

function readSettings(line: Line, otherwise?: object): ReplaySettings {
  const members = line.take('set', 'an object of settings', isObject, otherwise);
  const inner = new Line(JSON.stringify(members), line.line);
  const number = (name: string, most = Number.MAX_SAFE_INTEGER) => {
    const fits = (value: unknown): value is number => isCount(value) && value <= most;
    const wanted = most === Number.MAX_SAFE_INTEGER ? 'a whole number' : `a whole number up to ${most}`;
    return inner.has(name) ? { [name]: inner.take(name, wanted, fits) } : {};
  };
  const flag = (name: string) => (inner.has(name) ? { [name]: inner.take(name, 'true or false', isFlag) } : {});
  const settings: ReplaySettings = {
    ...number('hopLimit', 255),
    ...number('fragmentId', 0xffffffff),
    ...number('dadTransmits', 255),
    ...flag('mld'),
    ...number('retransTimerMs'),
    ...number('reachableTimeMs'),
    ...flag('reachableRandom'),
  };
  inner.done();
  return settings;
}

function readStep(line: Line): ReplayStep {
  const step = stepOf(line);
  line.done();
  return step;
}

function stepOf(at: Line): ReplayStep {
  const { line } = at;
  const hex = (name: string) => hexBytes(at.take(name, 'a frame in hexadecimal digits', isFrame));
  if (at.has('wait')) return { kind: 'wait', line, seconds: at.take('wait', 'a number of seconds', isSeconds) };
  if (at.has('inject')) return { kind: 'inject', line, frame: hex('inject') };
  if (at.has('expect')) return readExpect(at, hex('expect'));
  if (at.has('forbid')) return readForbid(at);
  if (at.has('call')) return readCall(at);
  if (at.has('set')) return { kind: 'set', line, settings: readSettings(at) };
  for (const kind of ['flush', 'reboot', 'cleanup'] as const) {
    if (!at.has(kind)) continue;
    at.take(kind, 'true', isTrue);
    return { kind, line };
  }
  return at.refuse('it is none of wait, inject, expect, forbid, flush, call, set, reboot, cleanup');
}

function readExpect(at: Line, frame: Uint8Array): ExpectStep {
  return {
    kind: 'expect',
    line: at.line,
    frame,
    within: at.take('within', 'a number of seconds', isSeconds, 0),
    fromIp:
      at.take(
        'from',
        '"ip" or "ethernet"',
        (value): value is string => value === 'ip' || value === 'ethernet',
        'ethernet',
      ) === 'ip',
    ignore: at.take('ignore', 'a list of [from, to]', listOf(isRange), []),
  };
}

function readForbid(at: Line): ForbidStep {
  const inner = new Line(JSON.stringify(at.take('forbid', 'an object such as {"icmpv6":[136]}', isObject)), at.line);
  const icmpv6 = inner.take('icmpv6', 'a list of ICMPv6 types', listOf(isOctet));
  inner.done();
  return {
    kind: 'forbid',
    line: at.line,
    icmpv6,
    seconds: at.take('for', 'a number of seconds', isSeconds, 0),
    exceptUnspecifiedSource: at.take('exceptUnspecifiedSource', 'true or false', isFlag, false),
  };
}

function readCall(at: Line): ReplayStep {
  at.take('call', '"ping", the only call there is', (value): value is string => value === 'ping');
  const fill = at.take(
    'fill',
    'octets in hexadecimal digits',
    (value): value is string => isHex(value) && value !== '',
    '00',
  );
  return {
    kind: 'ping',
    line: at.line,
    to: at.take('to', 'an address', (value): value is string => isText(value) && parseAddress(value) !== null),
    bytes: at.take('bytes', 'a number of octets', (value): value is number => isCount(value) && value <= 65_507, 0),
    fill: hexBytes(fill),
  };
}
