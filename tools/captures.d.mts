export interface GoldenCapture {
  readonly file: string;
  readonly words: readonly string[];
}
export function goldenCaptures(): GoldenCapture[];
export function makeCapture(words: readonly string[], path: string): void;
