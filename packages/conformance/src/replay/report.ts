import { formatTree, summary } from '@strata/dissect';
import { LINKTYPE_ETHERNET, MemorySink, PcapngWriter } from '@strata/pcap-writer';
import { hexText } from '../drill/hex.ts';
import type { ReplayFailure, ReplayResult } from './run.ts';

/** What moment 0 of a sequence is called in a capture: 2025-01-01, so that the same run gives the same bytes. */
const EPOCH_SECONDS = 1_735_689_600;
/** Frames shown in front of a failure. */
const SHOWN = 8;

/** A sequence in a line, and, if it failed, what was expected beside what came, and the frames so far. */
export function formatReplayResult(result: ReplayResult): string {
  const verdict = result.pass ? 'pass' : result.malformed ? 'unreadable' : 'FAIL';
  const head = `${verdict}  ${result.name}${result.title === '' ? '' : `  ${result.title}`}`;
  const { failure, name } = result;
  const notes = result.notes.map(({ line, text }) => `  ${name}:${line}: ${text}`);
  if (failure === null) return [head, ...notes].join('\n');
  return [head, ...notes, ...formatFailure(failure, result).map((line) => `  ${line}`)].join('\n');
}

function formatFailure(failure: ReplayFailure, result: ReplayResult): string[] {
  const lines = [`${result.name}:${failure.line}: ${failure.message}`];
  if (failure.differsAt >= 0 && failure.expected !== null && failure.actual !== null) {
    lines.push(`the first octet that differs is ${failure.differsAt}, counted from the Ethernet header`);
  }
  if (failure.expected !== null || failure.actual !== null)
    lines.push('', ...sideBySide(failure.expected, failure.actual));
  const earlier = result.frames.slice(-SHOWN);
  if (earlier.length > 0) {
    lines.push('', 'the last frames:');
    for (const { at, direction, bytes } of earlier) {
      lines.push(`${(at / 1e6).toFixed(6).padStart(12)}  ${direction === 'in' ? '<' : '>'}  ${summary(bytes)}`);
    }
  }
  return lines;
}

/** Two frames, taken apart, in two columns; lines that differ have a mark between them. */
function sideBySide(expected: Uint8Array | null, actual: Uint8Array | null): string[] {
  const left = ['expected', ...(expected === null ? ['(nothing)'] : formatTree(expected).split('\n'))];
  const right = ['actual', ...(actual === null ? ['(nothing)'] : formatTree(actual).split('\n'))];
  const width = Math.max(...left.map((line) => line.length));
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [one, other] = [left[i] ?? '', right[i] ?? ''];
    return `${one.padEnd(width)} ${i === 0 || one === other ? ' ' : '|'} ${other}`.trimEnd();
  });
}

/** Several results in a line. */
export function summarizeReplays(results: readonly ReplayResult[]): string {
  const passed = results.filter(({ pass }) => pass).length;
  return `${passed} of ${results.length} sequences pass`;
}

/** A result for machines: frames as hexadecimal digits. */
export function replayJson(result: ReplayResult): unknown {
  const { name, title, pass, malformed, failure, notes, frames, duration } = result;
  const frame = (bytes: Uint8Array | null) =>
    bytes === null ? null : { hex: hexText(bytes), decoded: formatTree(bytes) };
  return {
    file: name,
    title,
    pass,
    result: pass ? 'pass' : malformed ? 'unreadable' : 'fail',
    seconds: duration / 1e6,
    frames: frames.length,
    notes,
    failure:
      failure === null
        ? null
        : {
            line: failure.line,
            message: failure.message,
            differsAt: failure.differsAt,
            expected: frame(failure.expected),
            actual: frame(failure.actual),
          },
  };
}

/** The frames of a run as a pcapng file; each says to which line it belongs. */
export function replayCapture(result: ReplayResult): Uint8Array {
  const sink = new MemorySink();
  const comments = [`${result.name}: ${result.pass ? 'pass' : 'fail'}`];
  if (result.failure !== null) comments.push(`line ${result.failure.line}: ${result.failure.message}`);
  const writer = new PcapngWriter(sink, { application: 'Strata', comments });
  const link = writer.addInterface({
    linkType: LINKTYPE_ETHERNET,
    name: 'eth0',
    timeOffsetSeconds: EPOCH_SECONDS,
  });
  for (const { at, bytes, direction, line } of result.frames) {
    writer.writePacket(link, at, bytes, {
      direction: direction === 'in' ? 'inbound' : 'outbound',
      comments: line === 0 ? [] : [`line ${line}`],
    });
  }
  void writer.end();
  return sink.bytes();
}
