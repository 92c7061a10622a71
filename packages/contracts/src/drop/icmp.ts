import type { DropDescription } from '../drop.ts';

/** Reasons 0x60 and up. */
export const DROP_ICMP: readonly DropDescription[] = [];
