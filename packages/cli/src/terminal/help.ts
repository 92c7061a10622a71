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
  return text
    .split('\n')
    .flatMap((line) => fitLine(line.replace(KIND, '').trimEnd(), width))
    .join('\n');
}

function fitLine(line: string, width: number): string[] {
  if (line.length <= width) {
    return [line];
  }
  const columns = /^( *\S.*? {2,})(\S.*)$/.exec(line);
  if (columns === null) {
    return line.startsWith(' ') ? [line] : wrap(line, width);
  }
  const [, left, right] = columns;
  if (left.length > width / 2) {
    return [left.trimEnd(), ...wrap(right, width, BELOW)];
  }
  const [first, ...rest] = wrap(right, width, left.length);
  return [left + first.trimStart(), ...rest];
}
