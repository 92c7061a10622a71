import { parseAddress, parseMac, parsePrefix } from '@strata/wire';
import { hexBytes } from '../drill/hex.ts';
import { pingData } from './ping-data.ts';
import type {
  ExpectStep,
  ForbidStep,
  PingStep,
  ReplayHeader,
  ReplayNote,
  ReplayScript,
  ReplaySettings,
  ReplayStep,
} from './steps.ts';

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

/**
 * Reads a recorded sequence, one JSON object a line; empty lines and lines that begin with `#` or `//` are skipped. Members that
 * are not known are noted and overlooked, so that a recorder may say more than is read here. @throws ReplaySyntaxError
 */
export function readReplay(text: string): ReplayScript {
  const lines = text
    .split('\n')
    .map((content, i) => ({ content: content.trim(), line: i + 1 }))
    .filter(({ content }) => content !== '' && !/^(?:#|\/\/)/.test(content));
  const [first, ...rest] = lines;
  if (first === undefined) throw new ReplaySyntaxError(1, 'the file is empty; its first line is {"replay":1,…}');
  const notes: ReplayNote[] = [];
  const header = readHeader(new Line(first.content, first.line, notes));
  const steps = rest.map(({ content, line }) => readStep(new Line(content, line, notes)));
  return {
    header,
    steps: steps.map((step, i) => (step.kind === 'ping' ? settled(step, steps.slice(i + 1)) : step)),
    notes,
  };
}

/** Decides what a ping carries; see {@link pingData}. */
function settled(step: PingStep, later: readonly ReplayStep[]): PingStep {
  const next = later.findIndex(({ kind }) => kind === 'ping');
  const until = next < 0 ? later : later.slice(0, next);
  const expected = until.filter((each): each is ExpectStep => each.kind === 'expect').map(({ frame }) => frame);
  return { ...step, data: pingData(step.fill, step.bytes, expected) };
}

/** Members that any line may have and that mean nothing here. */
const REMARKS: ReadonlySet<string> = new Set(['comment', 'note', 'source', 'title']);
/** Members of which a step has exactly one: what it does. */
const KINDS: readonly string[] = ['wait', 'inject', 'expect', 'forbid', 'flush', 'call', 'set', 'reboot', 'cleanup'];

/** One line: takes members out one by one, so that what is left is known to be a mistake. */
class Line {
  readonly line: number;
  readonly notes: ReplayNote[];
  private readonly members: Map<string, unknown>;

  constructor(content: string, line: number, notes: ReplayNote[]) {
    this.line = line;
    this.notes = notes;
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
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    if (!fits(value)) this.refuse(`"${name}" must be ${wanted}, not ${JSON.stringify(value) ?? 'missing'}`);
    return value;
  }

  /** Notes whatever has not been taken, but for what only people read. A second thing to do is refused. */
  done(): void {
    for (const name of this.members.keys()) {
      if (KINDS.includes(name)) this.refuse(`"${name}" is another step: one a line`);
      if (!REMARKS.has(name))
        this.notes.push({ line: this.line, text: `"${name}" is not known here and is overlooked` });
    }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isSaid = (value: unknown): value is string | number => isText(value) || typeof value === 'number';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isTrue = (value: unknown): value is true => value === true;
const isSeconds = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1e9;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isOctet = (value: unknown): value is number => isCount(value) && value <= 255;
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Hexadecimal digits; spaces and colons between octets are for people. */
const digitsOf = (value: string): string => value.replaceAll(/[\s:]/g, '');
const isHex = (value: unknown): value is string => isText(value) && /^(?:[0-9a-f]{2})*$/i.test(digitsOf(value));
const isFrame = (value: unknown): value is string =>
  isHex(value) && digitsOf(value).length >= 2 * SHORTEST_FRAME && digitsOf(value).length <= 2 * LONGEST_FRAME;
const isOwnAddress = (value: unknown): value is string => isText(value) && parsePrefix(value) !== null;
/** An address without a prefix length is one of a network of the usual size. */
const withLength = (text: string): string =>
  text.includes('/') ? text : `${text}/${parsePrefix(text)?.address.family === 4 ? 24 : 64}`;

function listOf<T>(fits: (value: unknown) => value is T): (value: unknown) => value is T[] {
  return (value): value is T[] => Array.isArray(value) && value.every(fits);
}

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0] <= value[1];

function readHeader(line: Line): ReplayHeader {
  line.take('replay', `${VERSION}, in the first line`, (value): value is number => value === VERSION);
  const header: ReplayHeader = {
    title: String(line.take('title', 'a text', isSaid, '')),
    mac: line.take('mac', 'a MAC address', (value): value is string => isText(value) && parseMac(value) !== null),
    addresses: line
      .take('addresses', 'a list of addresses with prefix lengths', listOf(isOwnAddress), [])
      .map(withLength),
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
  const inner = new Line(JSON.stringify(members), line.line, line.notes);
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
  const hex = (name: string) => hexBytes(digitsOf(at.take(name, 'a frame in hexadecimal digits', isFrame)));
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
  return at.refuse(`it is none of ${KINDS.join(', ')}`);
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
  const members = at.take('forbid', 'an object such as {"icmpv6":[136]}', isObject);
  const inner = new Line(JSON.stringify(members), at.line, at.notes);
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
  return {
    kind: 'ping',
    line: at.line,
    to: at.take('to', 'an address', (value): value is string => isText(value) && parseAddress(value) !== null),
    bytes: at.take('bytes', 'a number of octets', (value): value is number => isCount(value) && value <= 65_507, 0),
    fill: at.take('fill', 'octets in hexadecimal digits, or a text', isText, '00'),
    data: new Uint8Array(0),
  };
}
