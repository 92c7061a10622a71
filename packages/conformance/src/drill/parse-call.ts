import type { CallAction, CallResult, Expression, StructField } from './ast.ts';
import { DrillSyntaxError, type Lexer } from './lexer.ts';
import { CONSTANTS } from './sockets/constants.ts';

/** Reads `name(arguments) = result`. */
export function parseCall(lexer: Lexer): CallAction {
  const name = lexer.word;
  lexer.takeWord(name);
  lexer.expect('(', `behind the name of the system call "${name}"`);
  const args = parseList(lexer, ')', `the arguments of ${name}`);
  lexer.expect('=', `and the result of ${name}`);
  return { kind: 'call', name, arguments: args, result: parseResult(lexer) };
}

function parseList(lexer: Lexer, close: string, what: string): Expression[] {
  const items: Expression[] = [];
  while (!lexer.take(close)) {
    if (items.length > 0) lexer.expect(',', `or "${close}" in ${what}`);
    items.push(parseExpression(lexer));
  }
  return items;
}

function parseResult(lexer: Lexer): CallResult {
  let value: number | null = null;
  if (!lexer.take('...')) value = parseResultValue(lexer);
  let errno: string | null = null;
  if (/^E[A-Z0-9]+$/.test(lexer.word)) {
    errno = lexer.word;
    lexer.takeWord(errno);
  }
  for (let notes = 0; notes < 2 && lexer.sees('('); notes++) parseNote(lexer);
  return { value, errno };
}

/** A number, or flags by name as `fcntl(fd, F_GETFL)` gives them. */
function parseResultValue(lexer: Lexer): number {
  let value = 0;
  do {
    const where = lexer.location();
    const found = lexer.match(NUMBER);
    const named = found === null ? CONSTANTS[lexer.word] : signed(found[0]);
    if (named === undefined) {
      throw new DrillSyntaxError(where, `the result of the call (a number or "...") expected, not ${lexer.next()}`);
    }
    if (found === null) lexer.takeWord(lexer.word);
    // The first one alone may be negative.
    value = value === 0 ? named : value | named;
  } while (lexer.take('|'));
  return value;
}

/** Free words in parentheses, which may be nested. */
function parseNote(lexer: Lexer): void {
  const start = lexer.error('this note is never closed; ")" expected');
  let depth = 0;
  for (; lexer.offset < lexer.text.length; lexer.offset++) {
    const character = lexer.text[lexer.offset];
    if (character === '(') depth++;
    else if (character === ')' && --depth === 0) {
      lexer.offset++;
      return;
    }
  }
  throw start;
}

/** Lists and structures inside each other. */
const DEEPEST = 64;

/** One argument. */
export function parseExpression(lexer: Lexer): Expression {
  const location = lexer.location();
  if (lexer.depth >= DEEPEST) throw lexer.error('arguments are nested too deeply');
  lexer.depth++;
  const first = parsePrimary(lexer);
  const parts = [first];
  while (lexer.take('|')) parts.push(parsePrimary(lexer));
  lexer.depth--;
  return parts.length === 1 ? first : { kind: 'or', parts, location };
}

function parsePrimary(lexer: Lexer): Expression {
  const location = lexer.location();
  if (lexer.take('...')) return { kind: 'any', location };
  if (lexer.take('[')) return { kind: 'list', items: parseList(lexer, ']', 'this list'), location };
  if (lexer.take('{')) return { kind: 'struct', fields: parseFields(lexer), location };
  if (lexer.sees('"')) {
    const value = parseText(lexer);
    // "text"... is a text of which only the beginning is shown.
    lexer.take('...');
    return { kind: 'text', value, location };
  }
  const number = lexer.match(NUMBER);
  if (number !== null) return { kind: 'number', value: signed(number[0]), location };
  // Where a structure is, and how large it is, do not matter here.
  lexer.take('&');
  const size = lexer.match(/sizeof\s*\([^()]*\)/y);
  if (size !== null) return { kind: 'any', location };
  const name = lexer.word;
  if (name === '') throw lexer.error(`an argument expected, not ${lexer.next()}`);
  lexer.takeWord(name);
  if (lexer.take('(')) {
    return { kind: 'call', name, arguments: parseList(lexer, ')', `the arguments of ${name}`), location };
  }
  return { kind: 'symbol', name, location };
}

function parseFields(lexer: Lexer): StructField[] {
  const fields: StructField[] = [];
  while (!lexer.take('}')) {
    if (fields.length > 0) {
      lexer.expect(',', 'or "}" in this structure');
      if (lexer.take('}')) break;
    }
    const named = lexer.look(/([A-Za-z_][A-Za-z0-9_]*)\s*(\(|=)/y);
    if (named === null) {
      fields.push({ name: null, size: null, value: parseExpression(lexer) });
      continue;
    }
    const before = lexer.offset;
    const name = named[1] as string;
    lexer.takeWord(name);
    let size: Expression | null = null;
    let isField = true;
    if (lexer.take('(')) {
      size = parseExpression(lexer);
      isField = lexer.take(')');
    }
    if (isField && lexer.take('=')) fields.push({ name, size, value: parseExpression(lexer) });
    else {
      lexer.offset = before;
      fields.push({ name: null, size: null, value: parseExpression(lexer) });
    }
  }
  return fields;
}

function parseText(lexer: Lexer): string {
  const found = lexer.match(/"((?:[^"\\\n]|\\.)*)"/y);
  if (found === null) throw lexer.error("this text is never closed; '\"' expected");
  return (found[1] as string).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ({ n: '\n', t: '\t', r: '\r', '0': '\0' } as Record<string, string>)[code] ?? code;
  });
}

const NUMBER = /-?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+(?:\.[0-9]+)?)(?![0-9A-Za-z_])/y;

function signed(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}
