import { SnippetError } from './python-values.ts';

/** Statements end at `;` or at the end of a line, outside brackets and strings; `\` continues a line; `#` begins a comment. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let current = '';
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"' || character === "'") {
      const end = endOfText(text, i);
      current += text.slice(i, end);
      i = end - 1;
    } else if (character === '\\' && /^\\[ \t\r]*\n/.test(text.slice(i))) {
      i = text.indexOf('\n', i);
      current += ' ';
    } else if (character === '#') {
      const end = text.indexOf('\n', i);
      i = (end < 0 ? text.length : end) - 1;
    } else if ((character === '\n' || character === ';') && depth === 0) {
      statements.push(current);
      current = '';
    } else {
      if ('([{'.includes(character)) depth++;
      if (')]}'.includes(character)) depth--;
      current += character === '\n' ? ' ' : character;
    }
  }
  statements.push(current);
  return statements.map((one) => one.trim()).filter((one) => one !== '');
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
