import type { Trial } from '../../suite/trial.ts';
import type { NetxBench } from './bench.ts';

/** How far apart the same event may be, in ticks. */
const TOLERANCE = 1;
/** Lines shown around the first difference. */
const CONTEXT = 4;

/** What is not compared in a run besides what never is. */
export interface CompareOptions {
  /**
   * Both nodes act at the same moment, and which of them goes first is the scheduler's choice: frames of one tick are
   * compared as a set, without their identifications.
   */
  readonly unorderedTicks?: boolean;
}

/**
 * Compares the frames of a run with those of the real stack, in order, field by field, and times within a tick; takes the
 * bench down. @throws CheckFailure at the first difference
 */
export function compareRun(t: Trial, bench: NetxBench, expected: string, options: CompareOptions = {}): void {
  bench.end();
  t.mask('initial sequence numbers: random; numbers are compared by their distance from them');
  t.mask('checksums: compared with those computed, not with those of the run');
  const wanted = expected.trim().split('\n');
  const came = bench.lines;
  if (options.unorderedTicks === true) {
    t.mask('the order, and so the identifications, of frames that both nodes send in one tick');
    compareLines(t, unordered(came), unordered(wanted));
  } else compareLines(t, came, wanted);
}

/** Frames with the timestamps of their tick, sorted within it, without identifications. */
function unordered(lines: readonly string[]): string[] {
  const plain = lines.map((line) => line.replace(/^(\d+ \S) \d+/, '$1'));
  return plain.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10) || (x < y ? -1 : 1));
}

function compareLines(t: Trial, came: readonly string[], wanted: readonly string[]): void {
  const count = Math.max(came.length, wanted.length);
  for (let i = 0; i < count; i++) {
    if (alike(came[i], wanted[i])) continue;
    const show = (lines: readonly string[]) => excerpt(lines, i);
    t.fail(`frame ${i + 1} of ${wanted.length} is not the real stack's`, show(wanted), show(came));
  }
}

function alike(line: string | undefined, wanted: string | undefined): boolean {
  if (line === undefined || wanted === undefined) return false;
  const [tick = '', ...rest] = line.split(' ');
  const [wantedTick = '', ...wantedRest] = wanted.split(' ');
  return Math.abs(Number(tick) - Number(wantedTick)) <= TOLERANCE && rest.join(' ') === wantedRest.join(' ');
}

/** The line in question, marked, between its neighbours. */
function excerpt(lines: readonly string[], at: number): string {
  const from = Math.max(0, at - CONTEXT);
  const shown = lines.slice(from, at + CONTEXT);
  if (at >= lines.length) shown.push('(nothing more)');
  return shown.map((line, i) => `${from + i === at ? '>' : ' '} ${line}`).join('\n');
}
