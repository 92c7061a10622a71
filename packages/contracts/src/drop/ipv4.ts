import type { DropDescription } from '../drop.ts';

/** Reasons 0x40 and up. */
export const DROP_IPV4: readonly DropDescription[] = [];
