/** The values of `%{ … }%` snippets and what Python's operators make of them. */

/** What an expression can be. Python's None is null. */
export type Value = number | boolean | string | null | readonly Value[];

/** A snippet that cannot be read, or asks for something that is not there. */
export class SnippetError extends Error {
  /** True when the snippet is beyond what is understood here, rather than wrong. */
  readonly unsupported: boolean;

  constructor(message: string, unsupported = false) {
    super(message);
    this.name = 'SnippetError';
    this.unsupported = unsupported;
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function truth(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  return value !== null && value !== false && value !== 0 && value !== '';
}

export function numeric(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && /^\s*-?[0-9]+(?:\.[0-9]+)?\s*$/.test(value)) return Number(value);
  throw new SnippetError(`a number expected, not ${display(value)}`);
}

/** Texts are cut beyond this. */
const LONGEST_TEXT = 65536;

export function binary(sign: string, left: Value, right: Value): Value {
  if (sign === '+' && typeof left === 'string' && typeof right === 'string')
    return (left + right).slice(0, LONGEST_TEXT);
  if (sign === '+' && isList(left) && isList(right)) return [...left, ...right];
  if (sign === '%' && typeof left === 'string') return substitute(left, isList(right) ? right : [right]);
  if (sign === '*' && typeof left === 'string') {
    return left.repeat(Math.max(0, Math.min(numeric(right), 1000))).slice(0, LONGEST_TEXT);
  }
  const [a, b] = [numeric(left), numeric(right)];
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '**':
      return a ** b;
    case '/':
      if (b === 0) throw new SnippetError('division by zero');
      return a / b;
    case '//':
      if (b === 0) throw new SnippetError('division by zero');
      return Math.floor(a / b);
    case '%':
      if (b === 0) throw new SnippetError('division by zero');
      return a - b * Math.floor(a / b);
    default:
      return Number(bitwise(sign, BigInt(Math.trunc(a)), BigInt(Math.trunc(b))));
  }
}

function bitwise(sign: string, a: bigint, b: bigint): bigint {
  switch (sign) {
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
    case '>>':
      if (b < 0n || b > 64n) throw new SnippetError(`a shift by ${b} is beyond 0..64`);
      return sign === '<<' ? a << b : a >> b;
    default:
      throw new SnippetError(`the operator ${sign} is not known here`, true);
  }
}

/** `"%d of %s" % (…)`. */
function substitute(format: string, values: readonly Value[]): string {
  let next = 0;
  return format.replace(/%(?:%|[-+ 0-9.]*([dsixXfur]))/g, (all, kind: string | undefined) => {
    if (kind === undefined) return all === '%%' ? '%' : all;
    const value = values[next++] ?? null;
    if (kind === 'x') return Math.trunc(numeric(value)).toString(16);
    if (kind === 'X') return Math.trunc(numeric(value)).toString(16).toUpperCase();
    if (kind === 'd' || kind === 'i' || kind === 'u') return String(Math.trunc(numeric(value)));
    return display(value);
  });
}

/** Python's format specification, as far as numbers need it: width, `.2f`, `d`, `x`, `%`. */
export function formatValue(value: Value, format: string): string {
  const found = /^([<>^]?)(0?)([0-9]*),?(?:\.([0-9]+))?([dfxXs%]?)$/.exec(format);
  if (format === '' || found === null) return display(value);
  const [, , zero, width, precision, kind] = found;
  let text = display(value);
  if (kind === 'x' || kind === 'X') text = Math.trunc(numeric(value)).toString(16);
  else if (kind === 'd') text = String(Math.trunc(numeric(value)));
  else if (kind === '%') text = `${(numeric(value) * 100).toFixed(Math.min(Number(precision ?? 6), 20))}%`;
  else if (kind === 'f' || precision !== undefined) {
    text = numeric(value).toFixed(Math.min(Number(precision ?? 6), 20));
  }
  return text.padStart(Math.min(Number(width || 0), 200), zero === '0' ? '0' : ' ');
}

/** `"{} of {0:.2f}".format(…)`. */
export function formatBraces(text: string, values: readonly Value[]): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{([0-9]*)(?::([^{}]*))?\}/g, (all, index: string | undefined, format?: string) => {
    if (index === undefined) return all.charAt(0);
    return formatValue(values[index === '' ? next++ : Number(index)] ?? null, format ?? '');
  });
}

export function equal(left: Value, right: Value): boolean {
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((one, i) => equal(one, right[i] ?? null));
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    return (typeof left === 'boolean' ? Number(left) : left) === (typeof right === 'boolean' ? Number(right) : right);
  }
  return left === right;
}

export function compare(sign: string, left: Value, right: Value): boolean {
  if (sign === '==') return equal(left, right);
  if (sign === '!=') return !equal(left, right);
  if (sign === 'in' || sign === 'not in') {
    let found: boolean;
    if (isList(right)) found = right.some((one) => equal(one, left));
    else if (typeof right === 'string' && typeof left === 'string') found = right.includes(left);
    else throw new SnippetError(`${display(right)} has no elements`);
    return found === (sign === 'in');
  }
  if (typeof left === 'string' && typeof right === 'string') {
    return sign === '<' ? left < right : sign === '>' ? left > right : sign === '<=' ? left <= right : left >= right;
  }
  const [a, b] = [numeric(left), numeric(right)];
  return sign === '<' ? a < b : sign === '>' ? a > b : sign === '<=' ? a <= b : a >= b;
}

/** A value as Python prints it. */
export function display(value: Value): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (isList(value)) return `(${value.map(display).join(', ')})`;
  return String(value);
}
