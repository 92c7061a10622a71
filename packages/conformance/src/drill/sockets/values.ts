import type { Expression, StructField } from '../ast.ts';
import { formatExpression } from '../format.ts';
import { CONSTANTS, ERRNO } from './constants.ts';

/** A call whose arguments make no sense here: the script is wrong, or asks for what does not exist. */
export class ArgumentError extends Error {
  readonly unsupported: boolean;

  constructor(message: string, unsupported: boolean) {
    super(message);
    this.name = 'ArgumentError';
    this.unsupported = unsupported;
  }
}

/** The number of an argument; null for `...`. */
export function numberOf(expression: Expression | undefined): number | null {
  if (expression === undefined) return null;
  switch (expression.kind) {
    case 'any':
      return null;
    case 'number':
      return expression.value;
    case 'symbol': {
      if (expression.name === 'NULL') return 0;
      const value = CONSTANTS[expression.name] ?? ERRNO[expression.name];
      if (value === undefined) throw new ArgumentError(`the constant ${expression.name} is not known here`, true);
      return value;
    }
    case 'or': {
      let sum = 0n;
      for (const part of expression.parts) sum |= BigInt(numberOf(part) ?? 0);
      return Number(sum);
    }
    case 'call':
      if (/^(?:htons|htonl|ntohs|ntohl|msg_name|msg_iov)$/.test(expression.name))
        return numberOf(expression.arguments[0]);
      break;
    case 'list':
      if (expression.items.length === 1) return numberOf(expression.items[0]);
      break;
    default:
      break;
  }
  throw new ArgumentError(`a number expected, not ${formatExpression(expression)}`, true);
}

/** As {@link numberOf}, where there must be one. */
export function needNumber(expression: Expression | undefined, what: string): number {
  const value = numberOf(expression);
  if (value === null) throw new ArgumentError(`${what} must be a number`, false);
  return value;
}

/** The symbols of an argument: `A|B` gives both. Numbers are left out. */
export function symbolOf(expression: Expression | undefined): string {
  if (expression?.kind === 'symbol') return expression.name;
  return expression === undefined ? '' : formatExpression(expression);
}

/** A field of a structure, or undefined. */
export function field(expression: Expression | undefined, name: string): Expression | undefined {
  return fieldOf(expression, name)?.value;
}

export function fieldOf(expression: Expression | undefined, name: string): StructField | undefined {
  return expression?.kind === 'struct' ? expression.fields.find((one) => one.name === name) : undefined;
}

/** Octets of the buffers of a `struct msghdr`. */
export function iovLength(message: Expression | undefined): number {
  const vector = field(message, 'msg_iov');
  return vectorLength(vector);
}

/** Octets of `[{..., 1000}, {..., 500}]`. */
export function vectorLength(vector: Expression | undefined): number {
  if (vector?.kind !== 'list') throw new ArgumentError('a list of buffers like [{..., 1000}] expected', false);
  let total = 0;
  for (const item of vector.items) {
    if (item.kind !== 'struct') throw new ArgumentError('a buffer like {..., 1000} expected', false);
    const length = field(item, 'iov_len') ?? item.fields[item.fields.length - 1]?.value;
    total += needNumber(length, 'the length of a buffer');
  }
  return total;
}

/** A pointer that points to no memory. */
export function isNowhere(buffer: Expression | undefined): boolean {
  return (buffer?.kind === 'symbol' && buffer.name === 'NULL') || (buffer?.kind === 'number' && buffer.value !== 0);
}

export function dataOf(event: Expression | undefined): string {
  for (const name of ['fd', 'ptr', 'u32', 'u64']) {
    const value = numberOf(field(event, name));
    if (value !== null) return `${name}=${value}`;
  }
  return '';
}

const POLL_NAMES = [
  'POLLIN',
  'POLLPRI',
  'POLLOUT',
  'POLLERR',
  'POLLHUP',
  'POLLNVAL',
  'POLLRDNORM',
  'POLLWRNORM',
  'POLLRDHUP',
];

export function pollNames(bits: number): string {
  const names = POLL_NAMES.filter((name) => bits & (CONSTANTS[name] as number));
  return names.length === 0 ? String(bits) : names.join('|');
}
