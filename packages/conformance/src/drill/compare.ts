import { TCP_ACK, TCP_AE, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '@strata/wire';
import type { IpInfo, TcpBody, TcpOption } from './ast.ts';
import { formatOption } from './format.ts';
import type { LivePacket } from './live-packet.ts';

/** Where a stack may differ from what a script was written for without being wrong; see {@link DrillOptions}. */
export interface Leniency {
  /** Options of a SYN in any order, padded in any way, with any window scale. */
  readonly synOptions: boolean;
  /** PSH on segments with data does not matter. */
  readonly push: boolean;
  /** Pieces of one expected segment may be of any sizes. */
  readonly pieces: boolean;
  /** What the TS option echoes is not compared; packetdrill never does. */
  readonly echo: boolean;
}

export const STRICT: Leniency = { synOptions: false, push: false, pieces: false, echo: false };
export const LENIENT: Leniency = { synOptions: true, push: true, pieces: true, echo: true };

/** What differs between the packet that a script expects and the one that came. */
export interface Comparison {
  /** One sentence each; none: they agree. */
  readonly differences: readonly string[];
  /** What was overlooked, as {@link Leniency} allows. */
  readonly overlooked: readonly string[];
}

const NAMES: readonly (readonly [name: string, bit: number])[] = [
  ['FIN', TCP_FIN],
  ['SYN', TCP_SYN],
  ['RST', TCP_RST],
  ['PSH', TCP_PSH],
  ['ACK', TCP_ACK],
  ['URG', TCP_URG],
  ['ECE', TCP_ECE],
  ['CWR', TCP_CWR],
  ['AE', TCP_AE],
];

/** Compares what is said of the IP header with what came. */
export function compareIp(expected: IpInfo, live: LivePacket): string[] {
  const differences: string[] = [];
  const differ = (what: string, want: unknown, got: unknown) =>
    differences.push(`${what}: expected ${want}, got ${got}`);
  if (expected.tos !== null && expected.tos !== live.tos) differ('type of service', hex(expected.tos), hex(live.tos));
  const ecn = live.tos & 3;
  const codepoints: Record<string, number[]> = { noecn: [0], ect1: [1], ect0: [2], ce: [3], ect01: [1, 2] };
  if (expected.ecn !== null && !codepoints[expected.ecn]?.includes(ecn)) {
    differ('ECN', expected.ecn, ['noecn', 'ect1', 'ect0', 'ce'][ecn]);
  }
  if (expected.ttl !== null && expected.ttl !== live.ttl) differ('time to live', expected.ttl, live.ttl);
  return [...differences, ...live.problems];
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

/** Compares a segment, both in the script's numbers. `checkTimestamp` judges a TS value when that is asked for. */
export function compareTcp(
  expected: TcpBody,
  actual: TcpBody,
  leniency: Leniency,
  checkTimestamp: ((value: number) => string | null) | null,
): Comparison {
  const differences: string[] = [];
  const overlooked: string[] = [];
  const differ = (what: string, want: unknown, got: unknown) =>
    differences.push(`${what}: expected ${want}, got ${got}`);
  for (const [name, bit] of NAMES) {
    if (((expected.flags ^ actual.flags) & bit) === 0) continue;
    const want = expected.flags & bit ? 'set' : 'clear';
    if (bit === TCP_PSH && leniency.push && expected.length > 0 && actual.length > 0) overlooked.push('PSH');
    else differ(name, want, want === 'set' ? 'clear' : 'set');
  }
  if (expected.sequence !== actual.sequence) differ('sequence number', expected.sequence, actual.sequence);
  if (expected.length !== actual.length) differ('payload length', expected.length, actual.length);
  if ((expected.acknowledgment ?? 0) !== (actual.acknowledgment ?? 0)) {
    differ('acknowledgment number', expected.acknowledgment ?? 0, actual.acknowledgment ?? 0);
  }
  if (expected.window !== null && expected.window !== actual.window) differ('window', expected.window, actual.window);
  if ((expected.urgent ?? 0) !== (actual.urgent ?? 0))
    differ('urgent pointer', expected.urgent ?? 0, actual.urgent ?? 0);
  if (expected.options !== null) {
    judgeOptions(expected, actual.options ?? [], leniency, checkTimestamp, differences, overlooked);
  }
  return { differences, overlooked };
}

/** The options of a segment, which the script says. */
function judgeOptions(
  expected: TcpBody,
  list: readonly TcpOption[],
  leniency: Leniency,
  checkTimestamp: ((value: number) => string | null) | null,
  differences: string[],
  overlooked: string[],
): void {
  const options = expected.options ?? [];
  if (checkTimestamp !== null) {
    const both = options.some((option) => option.kind === 'TS') && list.find((option) => option.kind === 'TS');
    const complaint = both !== false && both?.kind === 'TS' ? checkTimestamp(both.value) : null;
    if (complaint !== null) differences.push(complaint);
  }
  const echoed = options.find((option) => option.kind === 'TS');
  const echo = list.find((option) => option.kind === 'TS');
  if (!leniency.echo && echoed?.kind === 'TS' && echo?.kind === 'TS' && echoed.echo !== echo.echo) {
    differences.push(`echoed timestamp: expected ${echoed.echo}, got ${echo.echo}`);
  }
  const difference = compareOptions(options, list);
  if (difference !== null) {
    const syn = (expected.flags & TCP_SYN) !== 0;
    if (syn && leniency.synOptions && sameSet(options, list)) overlooked.push('layout of the SYN’s options');
    else differences.push(difference);
  }
}

/** Kind, length and value of each option in order; values of timestamps are judged elsewhere or not at all. */
function compareOptions(expected: readonly TcpOption[], actual: readonly TcpOption[]): string | null {
  const want = expected.map(comparable);
  const got = actual.map(comparable);
  if (want.length === got.length && want.every((one, i) => one === got[i])) return null;
  const list = (options: readonly TcpOption[]) =>
    options.length === 0 ? 'none' : `<${options.map(formatOption).join(',')}>`;
  return `TCP options: expected ${list(expected)}, got ${list(actual)}`;
}

function comparable(option: TcpOption): string {
  return option.kind === 'TS' ? 'TS' : formatOption(option);
}

function sameSet(expected: readonly TcpOption[], actual: readonly TcpOption[]): boolean {
  const reduce = (options: readonly TcpOption[]) =>
    options
      .filter((option) => option.kind !== 'nop' && option.kind !== 'eol')
      .map((option) => (option.kind === 'wscale' ? 'wscale' : comparable(option)))
      .sort()
      .join(',');
  return reduce(expected) === reduce(actual);
}

/** Flags that pieces of one larger segment may differ in. */
const PIECE_EXEMPT = TCP_FIN | TCP_PSH | TCP_CWR;

/** Puts pieces together that a segmentation offload would have sent as one; a text says why they are none. */
export function mergePieces(pieces: readonly TcpBody[], leniency: Leniency): TcpBody | string {
  const first = pieces[0] as TcpBody;
  let length = 0;
  for (const [i, piece] of pieces.entries()) {
    if (piece.sequence !== (first.sequence + length) % 2 ** 32) {
      return `piece ${i + 1} begins at ${piece.sequence}, not at ${(first.sequence + length) % 2 ** 32}`;
    }
    if (piece.length !== first.length && i < pieces.length - 1 && !leniency.pieces) {
      return `piece ${i + 1} has ${piece.length} octets, the first ${first.length}`;
    }
    if (piece.length > first.length && !leniency.pieces) return `piece ${i + 1} is longer than the first`;
    if ((piece.flags ^ first.flags) & ~PIECE_EXEMPT) return `piece ${i + 1} has other flags than the first`;
    if (piece.acknowledgment !== first.acknowledgment) return `piece ${i + 1} acknowledges ${piece.acknowledgment}`;
    if (piece.window !== first.window) return `piece ${i + 1} has window ${piece.window}, the first ${first.window}`;
    if (compareOptions(first.options ?? [], piece.options ?? []) !== null) return `piece ${i + 1} has other options`;
    length += piece.length;
  }
  const last = pieces[pieces.length - 1] as TcpBody;
  const flags = (last.flags & ~TCP_CWR) | (first.flags & TCP_CWR);
  return { ...last, flags, sequence: first.sequence, length };
}
