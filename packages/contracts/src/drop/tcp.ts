import type { DropDescription } from '../drop.ts';

/** Reasons 0xc0 and up. */
export const DROP_TCP: readonly DropDescription[] = [];
