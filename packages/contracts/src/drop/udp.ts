import type { DropDescription } from '../drop.ts';

/** Reasons 0xb0 and up. */
export const DROP_UDP: readonly DropDescription[] = [];
