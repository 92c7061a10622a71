import { wrap } from './table.ts';

/** Kinds of values that yargs puts behind each flag. The examples in the descriptions say them. */
const KIND = / +\[(?:string|boolean|array)\](?: \[default: \[\]\])?$/;
/** Blanks before an explanation that stands below a line to type. */
const BELOW = 6;

/**
 * Help text of yargs, made without a width, fitted into `width` columns between words. An explanation stays in its column; where
 * that is too far right it moves below what it explains, and a line to type is never broken.
 */
export function fitHelp(text: string, width: number): string {
  const blocks = text
    .split('\n\n')
    .map((block) => withPlaceholders(block.split('\n').map((line) => line.replace(KIND, '').trimEnd())));
  return blocks.map((lines) => fitBlock(lines, width).join('\n')).join('\n\n');
}

/** What a flag wants, in front of its description: `<FILE> write a capture`. */
const PLACEHOLDER = /^<([^>]+)> (.*)$/;

/** Moves what a flag wants beside its name; descriptions stay in one column. */
function withPlaceholders(lines: readonly string[]): readonly string[] {
  const rows = lines.map((line) => {
    const columns = COLUMNS.exec(line);
    const [, wanted = '', rest = ''] = PLACEHOLDER.exec(columns?.[2] ?? '') ?? [];
    if (columns === null || wanted === '') return { line, left: columns?.[1].trimEnd(), right: columns?.[2] ?? '' };
    return { line, left: `${columns[1].trimEnd()} ${wanted}`, right: rest, wanted };
  });
  if (rows.every(({ wanted }) => wanted === undefined)) return lines;
  const width = Math.max(...rows.map(({ left }) => left?.length ?? 0)) + 2;
  return rows.map(({ line, left, right }) => (left === undefined ? line : left.padEnd(width) + right));
}

/** Left and right column of a line. */
const COLUMNS = /^( *\S.*? {2,})(\S.*)$/;

/** Lines without a blank one between them look alike: their right column stays for all of them, or moves below for all. */
function fitBlock(lines: readonly string[], width: number): string[] {
  const below = lines.some((line) => line.length > width && (COLUMNS.exec(line)?.[1].length ?? 0) > width / 2);
  return lines.flatMap((line) => fitLine(line, width, below));
}

function fitLine(line: string, width: number, below: boolean): string[] {
  const columns = COLUMNS.exec(line);
  if (columns !== null && below) {
    return [columns[1].trimEnd(), ...wrap(columns[2], width, BELOW)];
  }
  if (line.length <= width) {
    return [line];
  }
  if (columns === null) {
    return line.startsWith(' ') ? [line] : wrap(line, width);
  }
  const [, left, right] = columns;
  const [first, ...rest] = wrap(right, width, left.length);
  return [left + first.trimStart(), ...rest];
}
