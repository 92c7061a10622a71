import type { DropDescription } from '../drop.ts';

/** Reasons 0x80 and up. */
export const DROP_IPV6: readonly DropDescription[] = [];
