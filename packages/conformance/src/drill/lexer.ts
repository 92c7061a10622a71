import type { Location } from './ast.ts';

/** A script that cannot be read: where, and what was expected there. */
export class DrillSyntaxError extends Error {
  readonly location: Location;
  /** The message without the place. */
  readonly complaint: string;

  constructor(location: Location, complaint: string) {
    super(`${location.line}:${location.column}: ${complaint}`);
    this.name = 'DrillSyntaxError';
    this.location = location;
    this.complaint = complaint;
  }
}

/** From `at` in the text after substitution on, offsets are those of the original plus `shift`. */
interface Shift {
  readonly at: number;
  readonly shift: number;
}

/**
 * A position in a script. The language has no tokens that are the same everywhere (`.1` is a number after `+` and two
 * things after `>`), so the parser says what it wants next and this class looks for exactly that, past blanks and comments.
 */
export class Lexer {
  readonly text: string;
  offset: number;
  /** How deep the parser is in something that may hold itself. */
  depth: number;
  private readonly shifts: readonly Shift[];
  private readonly lineStarts: readonly number[];

  /** @param defines words to be replaced wherever they stand alone (`--define`) */
  constructor(source: string, defines: ReadonlyMap<string, string> = new Map()) {
    const { text, shifts } = substitute(source, defines);
    this.text = text;
    this.shifts = shifts;
    this.offset = 0;
    this.depth = 0;
    const starts = [0];
    for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) starts.push(i + 1);
    this.lineStarts = starts;
  }

  /** Moves past blanks, line ends and comments (`//`, `#` and C's). */
  skip(): void {
    const { text } = this;
    for (;;) {
      const character = text.charCodeAt(this.offset);
      if (character === 0x20 || (character >= 0x09 && character <= 0x0d) || character === 0xfeff) {
        this.offset++;
      } else if (character === 0x23 || text.startsWith('//', this.offset)) {
        const end = text.indexOf('\n', this.offset);
        this.offset = end < 0 ? text.length : end;
      } else if (text.startsWith('/*', this.offset)) {
        const end = text.indexOf('*/', this.offset + 2);
        if (end < 0) {
          throw new DrillSyntaxError(this.locationOf(this.offset), 'this comment is never closed; "*/" expected');
        }
        this.offset = end + 2;
      } else return;
    }
  }

  get atEnd(): boolean {
    this.skip();
    return this.offset >= this.text.length;
  }

  /** Where the next thing begins. */
  location(): Location {
    this.skip();
    return this.locationOf(this.offset);
  }

  /** True when the text goes on with `what`; moves nothing but blanks. */
  sees(what: string): boolean {
    this.skip();
    return this.text.startsWith(what, this.offset);
  }

  /** Takes `what` if it comes next. */
  take(what: string): boolean {
    if (!this.sees(what)) return false;
    this.offset += what.length;
    return true;
  }

  /** Takes `what`. @throws DrillSyntaxError when something else comes next; `purpose` says what it would be for */
  expect(what: string, purpose: string): void {
    if (!this.take(what)) throw this.error(`"${what}" expected ${purpose}, not ${this.next()}`);
  }

  /** Takes what a sticky expression matches here, or null. */
  match(expression: RegExp): RegExpExecArray | null {
    const found = this.look(expression);
    if (found !== null) this.offset += found[0].length;
    return found;
  }

  /** What a sticky expression matches here, or null. */
  look(expression: RegExp): RegExpExecArray | null {
    this.skip();
    expression.lastIndex = this.offset;
    return expression.exec(this.text);
  }

  /** Takes the word if it comes next, alone. */
  takeWord(word: string): boolean {
    const found = this.look(WORD);
    if (found === null || found[0] !== word) return false;
    this.offset += word.length;
    return true;
  }

  /** The word here without taking it, or an empty text. */
  get word(): string {
    return this.look(WORD)?.[0] ?? '';
  }

  /** Text up to `end`, which is taken too. */
  until(end: string, what: string): string {
    const stop = this.text.indexOf(end, this.offset);
    if (stop < 0) {
      throw new DrillSyntaxError(this.locationOf(this.offset), `${what} is never closed; "${end}" expected`);
    }
    const text = this.text.slice(this.offset, stop);
    this.offset = stop + end.length;
    return text;
  }

  /** An integer, decimal or hexadecimal, in `low..high`. */
  integer(what: string, low: number, high: number): number {
    const where = this.location();
    const found = this.match(INTEGER);
    if (found === null) throw this.error(`${what} expected, not ${this.next()}`);
    const value = Number(found[0]);
    if (!(value >= low && value <= high)) {
      throw new DrillSyntaxError(where, `${what} is ${found[0]}; it must be ${low}..${high}`);
    }
    return value;
  }

  error(complaint: string): DrillSyntaxError {
    return new DrillSyntaxError(this.location(), complaint);
  }

  /** What comes next, for a message. */
  next(): string {
    const found = this.look(ANYTHING);
    return found === null ? 'the end of the script' : `"${found[0]}"`;
  }

  private locationOf(offset: number): Location {
    let shift = 0;
    for (const each of this.shifts) {
      if (each.at > offset) break;
      shift = each.shift;
    }
    const original = offset + shift;
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] as number) <= original) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: original - (this.lineStarts[low] as number) + 1 };
  }
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const INTEGER = /0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+/y;
const ANYTHING = /[A-Za-z0-9_]+|\.{3}|[^\s]/y;

function substitute(source: string, defines: ReadonlyMap<string, string>): { text: string; shifts: Shift[] } {
  const shifts: Shift[] = [];
  if (defines.size === 0) return { text: source, shifts };
  let text = '';
  let from = 0;
  // Words inside comments, texts, commands and code stay as they are.
  const words =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|--define=\S*|"(?:[^"\\\n]|\\.)*"|`[^`]*`|%\{[\s\S]*?\}%|[A-Za-z_][A-Za-z0-9_]*/g;
  for (let found = words.exec(source); found !== null; found = words.exec(source)) {
    const value = defines.get(found[0]);
    if (value === undefined) continue;
    text += source.slice(from, found.index) + value;
    from = found.index + found[0].length;
    shifts.push({ at: text.length, shift: from - text.length });
  }
  return { text: text + source.slice(from), shifts };
}
