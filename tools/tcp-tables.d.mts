export interface TableSize {
  readonly file: string;
}
export const FULL: TableSize;
export const SMALL: TableSize;
/** All tables of a size, as text. `stack` is what `@strata/stack`, `@strata/tcp` and `@strata/wire` export. */
export function tables(size: TableSize, stack: object): string;
