import { UsageError } from '../errors.ts';

/** What yargs hands to a command: every flag as text, as a list of texts when given several times, or as a boolean. */
export type Arguments = Readonly<Record<string, unknown>>;

/** A flag as it is typed: `-c`, `--seed`. */
export function spell(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}

/** Every text given for a flag, in order. */
export function texts(args: Arguments, flag: string): string[] {
  const value = args[flag];
  return value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];
}

/** The text of a flag, the last one when it was given several times, or undefined when it was not given. */
export function text(args: Arguments, flag: string): string | undefined {
  return texts(args, flag).at(-1);
}

/** True when a flag without a value was given. */
export function given(args: Arguments, flag: string): boolean {
  const value = args[flag];
  return Array.isArray(value) ? value.at(-1) === true : value === true;
}

/** A whole number between two bounds, or undefined when the flag was not given. */
export function wholeNumber(args: Arguments, flag: string, lowest: number, highest: number): number | undefined {
  const value = text(args, flag);
  if (value === undefined) {
    return undefined;
  }
  const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= lowest && number <= highest)) {
    throw new UsageError(`${spell(flag)} ${value}`, `a whole number from ${lowest} to ${highest} is wanted`);
  }
  return number;
}

/** A number of seconds, fractions allowed, as integer microseconds. */
export function seconds(args: Arguments, flag: string): number | undefined {
  const value = text(args, flag);
  if (value === undefined) {
    return undefined;
  }
  const number = /^[0-9]+(\.[0-9]+)?s?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (!(number > 0 && number <= 1e9)) {
    throw new UsageError(`${spell(flag)} ${value}`, 'a number of seconds greater than 0 is wanted');
  }
  return Math.round(number * 1e6);
}
