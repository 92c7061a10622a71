import { type Line, splitStatements } from './python-statements.ts';
import { SnippetError } from './python-values.ts';

/** A statement, or one that holds others. */
export type Block =
  | { readonly kind: 'simple'; readonly text: string }
  /** The first branch that holds runs; a condition of null always does (`else`). */
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: string | null; readonly body: readonly Block[] }[];
    }
  | { readonly kind: 'while'; readonly condition: string; readonly body: readonly Block[] }
  | { readonly kind: 'for'; readonly names: readonly string[]; readonly over: string; readonly body: readonly Block[] };

/** Statements inside statements. */
const DEEPEST = 20;

/** Reads a snippet. What a compound statement holds is what stands behind its colon, or the deeper lines below it. */
export function parseBlocks(text: string): Block[] {
  return new BlockReader(splitStatements(text)).blocks(-1, 0);
}

class BlockReader {
  private readonly lines: readonly Line[];
  private at: number;

  constructor(lines: readonly Line[]) {
    this.lines = lines;
    this.at = 0;
  }

  /** The statements that stand deeper than `indent`. */
  blocks(indent: number, depth: number): Block[] {
    if (depth > DEEPEST) throw new SnippetError('statements are nested too deeply', true);
    const found: Block[] = [];
    for (let line = this.lines[this.at]; line !== undefined && line.indent > indent; line = this.lines[this.at]) {
      found.push(this.block(line, depth));
    }
    return found;
  }

  private block(line: Line, depth: number): Block {
    this.at++;
    const keyword = /^(?:if|while|for)\b/.exec(line.text)?.[0];
    if (keyword === undefined) return { kind: 'simple', text: line.text };
    const head = this.head(line, keyword, depth);
    if (keyword === 'while') return { kind: 'while', condition: head.text, body: head.body };
    if (keyword === 'for') {
      const parts = /^\(?\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s*\)?\s+in\s+(.*)$/s.exec(head.text);
      if (parts === null) throw new SnippetError(`"for ${head.text}" is not understood`, true);
      const names = (parts[1] as string).split(',').map((name) => name.trim());
      return { kind: 'for', names, over: parts[2] as string, body: head.body };
    }
    const branches: { condition: string | null; body: readonly Block[] }[] = [
      { condition: head.text, body: head.body },
    ];
    for (
      let next = this.lines[this.at];
      next !== undefined && next.indent === line.indent;
      next = this.lines[this.at]
    ) {
      const other = /^(?:elif|else)\b/.exec(next.text)?.[0];
      if (other === undefined) break;
      this.at++;
      const { text, body } = this.head(next, other, depth);
      branches.push({ condition: other === 'else' ? null : text, body });
      if (other === 'else') break;
    }
    return { kind: 'if', branches };
  }

  /** What stands between the keyword and the colon, and what the statement holds. */
  private head(line: Line, keyword: string, depth: number): { text: string; body: Block[] } {
    const colon = colonOf(line.text, keyword.length);
    const inline = line.text.slice(colon + 1).trim();
    const text = line.text.slice(keyword.length, colon).trim();
    const body: Block[] = inline === '' ? this.blocks(line.indent, depth + 1) : [{ kind: 'simple', text: inline }];
    // What follows behind a semicolon on the same line belongs to it too.
    if (inline !== '') {
      for (let next = this.lines[this.at]; next?.joined === true; next = this.lines[this.at]) {
        this.at++;
        body.push({ kind: 'simple', text: next.text });
      }
    }
    if (body.length === 0) throw new SnippetError(`nothing stands below "${line.text}"`);
    return { text, body };
  }
}

/** Where the colon of a compound statement is: outside brackets and texts. */
function colonOf(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"' || character === "'") {
      const end = text.indexOf(character, i + 1);
      if (end < 0) break;
      i = end;
    } else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === ':' && depth === 0) return i;
  }
  throw new SnippetError(`":" expected in "${text}"`);
}
