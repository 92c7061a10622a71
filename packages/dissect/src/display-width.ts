/** Ranges of characters that take two columns of a terminal: East Asian wide and full-width forms, pictographs. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x300) width++;
    else if (WIDE.some(([first, last]) => code >= first && code <= last)) width += 2;
    else if (!NO_WIDTH.test(character)) width++;
  }
  return width;
}

/** Cuts text into lines of at most `width` columns, between words where that is possible. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let taken = 0;
  for (const word of text.split(' ')) {
    const size = displayWidth(word);
    if (taken > 0 && taken + 1 + size <= width) {
      line += ` ${word}`;
      taken += 1 + size;
      continue;
    }
    if (taken > 0) lines.push(line);
    line = '';
    taken = 0;
    for (const character of word) {
      const one = displayWidth(character);
      if (taken + one > width && taken > 0) {
        lines.push(line);
        line = '';
        taken = 0;
      }
      line += character;
      taken += one;
    }
  }
  lines.push(line);
  return lines;
}
