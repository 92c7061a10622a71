export interface Drawing {
  readonly file: string;
  readonly text: string;
}
export function drawings(): Drawing[];
export function outdated(): string[];
