import { type Dissection, type DissectOptions, dissect } from './dissect.ts';
import type { Field } from './field.ts';

export interface FormatTreeOptions {
  /** Byte ranges in front of each line. Default true. */
  readonly offsets?: boolean | undefined;
  /** References to the specifications behind the lines. Default true. */
  readonly references?: boolean | undefined;
}

/** A frame as text, one field a line, children indented, problems marked with `!`. */
export function formatTree(frame: Uint8Array | Dissection, options: FormatTreeOptions & DissectOptions = {}): string {
  const dissection = frame instanceof Uint8Array ? dissect(frame, options) : frame;
  const lines: string[] = [];
  for (const layer of dissection.layers) format(layer, 0, options, lines);
  return `${lines.join('\n')}\n`;
}

function format(field: Field, depth: number, options: FormatTreeOptions, lines: string[]): void {
  const range = `${field.offset}..${field.offset + field.length}`.padStart(9);
  const front = `${options.offsets === false ? '' : `${range}  `}${'  '.repeat(depth)}`;
  const text = field.text === '' ? field.name : `${field.name}: ${field.text}`;
  const reference = options.references === false || field.reference === null ? '' : `  [${field.reference}]`;
  lines.push(`${front}${text}${reference}`);
  const indent = options.offsets === false ? '  '.repeat(depth + 1) : ' '.repeat(11 + 2 * (depth + 1));
  for (const problem of field.problems) lines.push(`${indent}! ${problem.kind}: ${problem.text}`);
  for (const child of field.children) format(child, depth + 1, options, lines);
}
