/**
 * The part of Python that `%{ … }%` snippets use: `assert`, `print`, assignments, `pass`, `if`, `for`, `while`; comparisons
 * (chained), `and`, `or`, `not`, `in`, arithmetic, bits, tuples and lists, and a few functions. Nothing is executed that is not written here.
 */

import { type Block, parseBlocks } from './python-blocks.ts';
import {
  binary,
  compare,
  display,
  formatBraces,
  formatValue,
  isList,
  numeric,
  SnippetError,
  truth,
  type Value,
} from './python-values.ts';

export { display, SnippetError, type Value } from './python-values.ts';

/** An `assert` that does not hold. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssertionFailure';
  }
}

/** What snippets of one script share. */
export class SnippetScope {
  /** Assigned by snippets; these stay from one to the next. */
  readonly variables: Map<string, Value>;
  /** What `print` wrote. */
  readonly output: string[];

  constructor() {
    this.variables = new Map();
    this.output = [];
  }

  /** `names = value`; several names take a value apart. */
  assign(names: readonly string[], value: Value): void {
    const [only] = names;
    if (names.length === 1 && only !== undefined) {
      this.variables.set(only, value);
      return;
    }
    if (!isList(value) || value.length !== names.length) {
      throw new SnippetError(`${display(value)} cannot be taken apart into ${names.join(', ')}`);
    }
    for (const [i, name] of names.entries()) this.variables.set(name, value[i] as Value);
  }
}

/**
 * Runs a snippet. `names` are the values known at its place (`tcpi_…` and constants); variables of the scope come first.
 * @throws AssertionFailure, SnippetError
 */
export function runSnippet(text: string, names: ReadonlyMap<string, Value>, scope: SnippetScope): void {
  try {
    runBlocks(parseBlocks(text), { names, scope, left: MOST_STATEMENTS });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SnippetError(`"${text.trim().slice(0, 40)}…" is too much to evaluate`);
  }
}

/** Statements that a snippet may run through, loops included. */
const MOST_STATEMENTS = 100_000;

interface Surroundings {
  readonly names: ReadonlyMap<string, Value>;
  readonly scope: SnippetScope;
  left: number;
}

function runBlocks(blocks: readonly Block[], around: Surroundings): void {
  const { names, scope } = around;
  const value = (text: string) => new Evaluator(text, names, scope).whole();
  for (const block of blocks) {
    if (--around.left < 0) throw new SnippetError('the snippet never ends');
    switch (block.kind) {
      case 'simple':
        new Evaluator(block.text, names, scope).statement();
        break;
      case 'if': {
        const chosen = block.branches.find(({ condition }) => condition === null || truth(value(condition)));
        if (chosen !== undefined) runBlocks(chosen.body, around);
        break;
      }
      case 'while':
        while (truth(value(block.condition))) runBlocks(block.body, around);
        break;
      case 'for': {
        const over = value(block.over);
        if (!isList(over)) throw new SnippetError(`${display(over)} has no elements`);
        for (const one of over) {
          scope.assign(block.names, one);
          runBlocks(block.body, around);
        }
        break;
      }
    }
  }
}

/** The value of one expression, for tests and tools. */
export function evaluate(text: string, names: ReadonlyMap<string, Value> = new Map()): Value {
  const evaluator = new Evaluator(text, names, new SnippetScope());
  return evaluator.whole();
}

const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+)|([rRbBuUfF]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))|([A-Za-z_][A-Za-z0-9_]*)|(\*\*=?|\/\/=?|<<=?|>>=?|[-+*/%&|^<>=!]=|[-+*/%&|^~<>=()[\]{},.:]))/y;

interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'sign' | 'end';
  readonly text: string;
}

/** Expressions inside expressions. */
const DEEPEST = 50;

const END: Token = { kind: 'end', text: 'the end' };
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'assert', 'print', 'pass', 'lambda', 'for']);
const BEYOND = /^(?:def|class|if|for|while|try|with|return|raise|del|global|lambda|break|continue|elif|else)\b/;

/** One statement. Recursive descent over Python's precedence; values are computed as they are read. */
class Evaluator {
  private readonly source: string;
  private readonly tokens: Token[];
  private at: number;
  private readonly names: ReadonlyMap<string, Value>;
  private readonly scope: SnippetScope;
  /** Above 0 in a part whose value does not matter: nothing there can fail. */
  private idle: number;
  private depth: number;

  constructor(source: string, names: ReadonlyMap<string, Value>, scope: SnippetScope) {
    this.source = source;
    this.names = names;
    this.scope = scope;
    this.at = 0;
    this.idle = 0;
    this.depth = 0;
    this.tokens = [];
    if (BEYOND.test(source)) throw new SnippetError(`statements like "${source}" are not understood`, true);
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const found = TOKEN.exec(source);
      if (found === null) throw new SnippetError(`"${source.slice(from).trim()}" cannot be read`, true);
      const [, number, text, name, sign] = found;
      if (number !== undefined) this.tokens.push({ kind: 'number', text: number });
      else if (name !== undefined) this.tokens.push({ kind: 'name', text: name });
      else if (text !== undefined) this.tokens.push({ kind: 'text', text });
      else this.tokens.push({ kind: 'sign', text: sign as string });
    }
  }

  private get token(): Token {
    return this.tokens[this.at] ?? END;
  }

  private take(text: string): boolean {
    const { token } = this;
    if (token.text !== text || token.kind === 'text') return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw new SnippetError(`"${text}" expected in "${this.source}", not ${this.token.text}`);
  }

  private finish(): void {
    if (this.token.kind !== 'end') {
      throw new SnippetError(`"${this.token.text}" does not belong in "${this.source}"`, true);
    }
  }

  /** The statement is an expression and nothing more. */
  whole(): Value {
    const value = this.expressions();
    this.finish();
    return value;
  }

  statement(): void {
    if (this.take('pass')) {
      this.finish();
      return;
    }
    if (/^(?:import\s|from\s+\S+\s+import\s)/.test(this.source)) return;
    if (this.take('assert')) {
      this.assertion();
      return;
    }
    if (this.token.text === 'print' && this.token.kind === 'name') {
      this.print();
      return;
    }
    const several = /^[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)+\s*=(?!=)/.exec(this.source)?.[0];
    if (several !== undefined) {
      const names = several.slice(0, -1).split(',');
      this.at += 2 * names.length;
      const value = this.expressions();
      this.finish();
      this.scope.assign(
        names.map((one) => one.trim()),
        value,
      );
      return;
    }
    const name = this.token;
    const sign = this.tokens[this.at + 1]?.text ?? '';
    if (name.kind === 'name' && !KEYWORDS.has(name.text) && /^(?:[-+*/%&|^]|\*\*|\/\/|<<|>>)?=$/.test(sign)) {
      this.at += 2;
      const value = this.expressions();
      this.finish();
      const combined = sign === '=' ? value : binary(sign.slice(0, -1), this.lookUp(name.text), value);
      this.scope.variables.set(name.text, combined);
      return;
    }
    this.expressions();
    this.finish();
  }

  private assertion(): void {
    const from = this.at;
    const holds = truth(this.expression());
    const to = this.at;
    const message = this.take(',') ? display(this.expressions()) : '';
    this.finish();
    if (holds) return;
    const known: string[] = [];
    for (const token of this.tokens.slice(from, to)) {
      if (token.kind !== 'name' || KEYWORDS.has(token.text)) continue;
      const value = this.scope.variables.get(token.text) ?? this.names.get(token.text);
      const text = `${token.text} is ${value === undefined ? 'unknown' : display(value)}`;
      if (value !== undefined && !known.includes(text)) known.push(text);
    }
    const because = known.length === 0 ? '' : ` (${known.join(', ')})`;
    throw new AssertionFailure(
      `${this.source.replace(/\s+/g, ' ')} does not hold${because}${message === '' ? '' : `: ${message}`}`,
    );
  }

  private print(): void {
    this.at++;
    const value = this.token.kind === 'end' ? '' : this.expressions();
    this.finish();
    this.scope.output.push(isList(value) ? value.map(display).join(' ') : display(value));
  }

  /** One expression, or a tuple without parentheses. */
  private expressions(): Value {
    const first = this.expression();
    if (this.token.text !== ',' || this.token.kind !== 'sign') return first;
    const items = [first];
    while (this.take(',')) {
      if (this.at >= this.tokens.length) break;
      items.push(this.expression());
    }
    return items;
  }

  private expression(): Value {
    const from = this.at;
    if (++this.depth > DEEPEST) throw new SnippetError(`"${this.source.slice(0, 40)}…" is nested too deeply`, true);
    this.idle++;
    const first = this.disjunction();
    this.idle--;
    this.depth--;
    if (this.token.text !== 'if' || this.token.kind !== 'name') {
      if (this.idle > 0) return first;
      this.at = from;
      return this.disjunction();
    }
    const behind = this.at + 1;
    this.at = behind;
    const condition = truth(this.disjunction());
    this.expect('else');
    const other = this.at;
    this.at = from;
    const value = this.when(condition, () => this.disjunction());
    this.at = other;
    const otherwise = this.when(!condition, () => this.expression());
    return condition ? value : otherwise;
  }

  /** Reads a part; its value matters only on a condition. */
  private when(matters: boolean, read: () => Value): Value {
    if (matters) return read();
    this.idle++;
    try {
      return read();
    } finally {
      this.idle--;
    }
  }

  private disjunction(): Value {
    let value = this.conjunction();
    while (this.take('or')) {
      const known = truth(value);
      const other = this.when(!known, () => this.conjunction());
      if (!known) value = other;
    }
    return value;
  }

  private conjunction(): Value {
    let value = this.negation();
    while (this.take('and')) {
      const known = truth(value);
      const other = this.when(known, () => this.negation());
      if (known) value = other;
    }
    return value;
  }

  private negation(): Value {
    return this.take('not') ? !truth(this.negation()) : this.comparison();
  }

  private comparison(): Value {
    let left = this.bits(0);
    let holds: boolean | null = null;
    for (let sign = this.comparator(); sign !== ''; sign = this.comparator()) {
      const right = this.bits(0);
      const one = this.idle > 0 || compare(sign, left, right);
      holds = holds === null ? one : holds && one;
      left = right;
    }
    return holds ?? left;
  }

  private comparator(): string {
    const { token } = this;
    if (token.kind === 'sign' && /^(?:==|!=|<=|>=|<|>)$/.test(token.text)) {
      this.at++;
      return token.text;
    }
    if (this.take('is')) return this.take('not') ? '!=' : '==';
    if (this.take('in')) return 'in';
    if (token.text === 'not' && this.tokens[this.at + 1]?.text === 'in') {
      this.at += 2;
      return 'not in';
    }
    return '';
  }

  /** Binary operators by level, loosest first. */
  private bits(level: number): Value {
    const signs = LEVELS[level];
    if (signs === undefined) return this.unary();
    let value = this.bits(level + 1);
    while (this.token.kind === 'sign' && signs.includes(this.token.text)) {
      const sign = this.token.text;
      this.at++;
      const right = this.bits(level + 1);
      value = this.idle > 0 ? 0 : binary(sign, value, right);
    }
    return value;
  }

  private unary(): Value {
    if (this.take('-')) return -this.number(this.unary());
    if (this.take('+')) return this.number(this.unary());
    if (this.take('~')) return ~this.number(this.unary());
    const base = this.primary();
    return this.take('**') ? this.number(base) ** this.number(this.unary()) : base;
  }

  private number(value: Value): number {
    return this.idle > 0 ? 0 : numeric(value);
  }

  private primary(): Value {
    const { token } = this;
    this.at++;
    if (token.kind === 'number') return Number(token.text.replaceAll('_', '').replace(/\.$/, ''));
    if (token.kind === 'text') {
      let text = this.literal(token.text);
      while (this.token.kind === 'text') {
        text += this.literal(this.token.text);
        this.at++;
      }
      return this.trailers(text);
    }
    if (token.text === '(') {
      if (this.take(')')) return [];
      const value = this.expressions();
      this.expect(')');
      return this.trailers(value);
    }
    if (token.text === '[') {
      if (this.take(']')) return [];
      const value = this.expressions();
      const isTuple = isList(value) && this.tokens[this.at - 1]?.text !== ']';
      this.expect(']');
      return this.trailers(isTuple ? value : [value]);
    }
    if (token.kind === 'name' && !KEYWORDS.has(token.text)) {
      if (this.take('(')) return this.trailers(this.call(token.text));
      return this.trailers(this.lookUp(token.text));
    }
    throw new SnippetError(`a value expected in "${this.source}", not ${token.text}`, token.kind === 'name');
  }

  private trailers(value: Value): Value {
    let result = value;
    for (;;) {
      if (this.take('[')) {
        const index = this.number(this.expression());
        this.expect(']');
        result = this.idle > 0 ? 0 : this.element(result, index);
      } else if (this.token.kind === 'sign' && this.take('.')) {
        const method = this.token.text;
        this.at++;
        if (method !== 'format' || !this.take('(')) {
          throw new SnippetError(`methods as in "${this.source}" are not understood`, true);
        }
        const args = this.arguments();
        if (this.idle === 0) result = formatBraces(display(result), args);
      } else return result;
    }
  }

  private element(value: Value, index: number): Value {
    if (!isList(value) && typeof value !== 'string') throw new SnippetError(`${display(value)} has no elements`);
    const found = value[index < 0 ? value.length + index : index];
    if (found === undefined) throw new SnippetError(`index ${index} is out of range in "${this.source}"`);
    return found;
  }

  /** The text of a literal; one marked with `f` has the values of its expressions put in. */
  private literal(written: string): string {
    const prefix = /^[A-Za-z]*/.exec(written)?.[0] ?? '';
    const quoted = written.slice(prefix.length);
    const ends = /^(?:"""|''')/.test(quoted) ? 3 : 1;
    const text = quoted.slice(ends, -ends);
    const plain = /[rR]/.test(prefix)
      ? text
      : text.replace(/\\(.)/g, (_, code: string) => ({ n: '\n', t: '\t' })[code] ?? code);
    if (!/[fF]/.test(prefix) || this.idle > 0) return plain;
    return plain.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (all, inner: string | undefined) => {
      if (inner === undefined) return all.charAt(0);
      const [, code = '', equals, format = ''] = /^(.*?)(=?)(?:![rs])?(?::([^:]*))?$/.exec(inner) ?? [];
      const value = new Evaluator(code, this.names, this.scope).whole();
      return (equals === '=' ? `${code}=` : '') + formatValue(value, format);
    });
  }

  /** Values up to the closing parenthesis. */
  private arguments(): Value[] {
    const args: Value[] = [];
    while (!this.take(')')) {
      if (args.length > 0) this.expect(',');
      if (this.tokens[this.at + 1]?.text === '=' && this.token.kind === 'name') this.at += 2;
      args.push(this.expression());
    }
    return args;
  }

  private call(name: string): Value {
    const args = this.arguments();
    if (this.idle > 0) return 0;
    switch (name) {
      case 'abs':
        return Math.abs(numeric(args[0] ?? null));
      case 'min':
      case 'max': {
        const list = (args.length === 1 && isList(args[0] as Value) ? (args[0] as readonly Value[]) : args).map(
          numeric,
        );
        return name === 'min' ? Math.min(...list) : Math.max(...list);
      }
      case 'int':
        return Math.trunc(numeric(args[0] ?? null));
      case 'float':
        return numeric(args[0] ?? null);
      case 'round':
        return Math.round(numeric(args[0] ?? null));
      case 'bool':
        return truth(args[0] ?? null);
      case 'str':
      case 'repr':
        return display(args[0] ?? null);
      case 'hex':
        return `0x${numeric(args[0] ?? null).toString(16)}`;
      case 'sum':
        return (isList(args[0] ?? null) ? (args[0] as readonly Value[]) : []).reduce<number>(
          (total, one) => total + numeric(one),
          0,
        );
      case 'all':
      case 'any': {
        const list = isList(args[0] ?? null) ? (args[0] as readonly Value[]) : [];
        return name === 'all' ? list.every(truth) : list.some(truth);
      }
      case 'tuple':
      case 'list':
        return args[0] ?? [];
      case 'range': {
        const [from, to] = args.length > 1 ? args.map(numeric) : [0, numeric(args[0] ?? null)];
        const count = Math.max(0, Math.min((to as number) - (from as number), 10_000));
        return Array.from({ length: count }, (_, i) => (from as number) + i);
      }
      case 'len': {
        const value = args[0] ?? null;
        if (isList(value) || typeof value === 'string') return value.length;
        throw new SnippetError(`${display(value)} has no length`);
      }
      default:
        throw new SnippetError(`the function ${name}() is not known here`, true);
    }
  }

  private lookUp(name: string): Value {
    if (name === 'True') return true;
    if (name === 'False') return false;
    if (name === 'None') return null;
    const value = this.scope.variables.get(name) ?? this.names.get(name);
    if (value === undefined && this.idle > 0) return 0;
    if (value === undefined) throw new SnippetError(`"${name}" has no value here`, name.startsWith('tcpi_'));
    return value;
  }
}

const LEVELS: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%']];
