/** One column of a table: its heading and on which side its cells line up. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/** ANSI colour takes no room on the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour
const COLOUR = /\u001b\[[0-9;]*m/g;

/** Columns that a text takes on the screen. */
export function displayWidth(text: string): number {
  return text.replace(COLOUR, '').length;
}

/** Fills a text with blanks to `width`. A longer text is left as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Lines of a table: headings, then rows, columns two blanks apart, no trailing blanks. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map((column) => column.heading), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => displayWidth(cells[index] ?? ''))));
  return lines.map((cells) =>
    columns
      .map((column, index) => pad(cells[index] ?? '', widths[index], column.align ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
}

/** Breaks a paragraph between words so that no line is longer than `width`, each line after `indent` blanks. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') {
    lines.push(margin + line);
  }
  return lines;
}
