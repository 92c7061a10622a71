import { SnippetError } from './python-values.ts';

/** One statement, and how far its line is indented. */
export interface Line {
  readonly text: string;
  readonly indent: number;
  /** It stands behind a `;` of the same line. */
  readonly joined: boolean;
}

/** Columns to the next place where a tab ends. */
const TAB = 8;

/** Statements end at `;` or at the end of a line, outside brackets and strings; `\` continues a line; `#` begins a comment. */
export function splitStatements(text: string): Line[] {
  const statements: Line[] = [];
  let current = '';
  let depth = 0;
  // What stands right behind the opening bracket is not indented.
  let indent = 0;
  let joined = false;
  const end = (mark: string, at: number) => {
    if (current.trim() !== '') statements.push({ text: current.trim(), indent, joined });
    current = '';
    joined = mark === ';';
    if (mark === '\n') indent = indentAt(text, at + 1);
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"' || character === "'") {
      const close = endOfText(text, i);
      current += text.slice(i, close);
      i = close - 1;
    } else if (character === '\\' && /^\\[ \t\r]*\n/.test(text.slice(i))) {
      i = text.indexOf('\n', i);
      current += ' ';
    } else if (character === '#') {
      const close = text.indexOf('\n', i);
      i = (close < 0 ? text.length : close) - 1;
    } else if ((character === '\n' || character === ';') && depth === 0) {
      end(character, i);
    } else {
      if ('([{'.includes(character)) depth++;
      if (')]}'.includes(character)) depth--;
      current += character === '\n' ? ' ' : character;
    }
  }
  end('', text.length);
  return statements;
}

function indentAt(text: string, from: number): number {
  let columns = 0;
  for (let i = from; text[i] === ' ' || text[i] === '\t'; i++) {
    columns = text[i] === '\t' ? columns - (columns % TAB) + TAB : columns + 1;
  }
  return columns;
}

function endOfText(text: string, from: number): number {
  const quote = text[from] as string;
  const triple = quote.repeat(3);
  if (text.startsWith(triple, from)) {
    const end = text.indexOf(triple, from + 3);
    if (end >= 0) return end + 3;
  }
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i + 1;
  }
  throw new SnippetError(`the text that begins with ${text.slice(from, from + 20)} is never closed`);
}
